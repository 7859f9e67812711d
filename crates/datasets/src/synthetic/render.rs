//! Draws a scene in painter's order.

use super::background::Thing;
use super::canvas::{Canvas, Owner, Rgb};
use super::fabric::Light;
use super::fabric::{darker, lit};
use super::figure::{
    Body, Side, draw_arms, draw_back_hair, draw_front_locks, draw_head, draw_legs, draw_torso,
};
use super::garment::{self, Garment};
use super::geometry::{Affine, Outline, p, spline};
use super::random::mix;
use super::scene::{Figure, Finish, Scene};
use crate::image_file::Picture;

/// The canvas with every garment's pixels. Garments are numbered from 1 through all figures in
/// order.
pub fn draw(scene: &Scene) -> Canvas {
    let garments: usize = scene
        .figures
        .iter()
        .map(|figure| figure.garments.len())
        .sum();
    let mut canvas = Canvas::new(scene.width, scene.height, garments);
    scene.background.paint(&mut canvas, &scene.light);
    let ground = canvas.view();
    let flat = scene.figures.iter().all(|figure| figure.looks.is_none());
    things(&mut canvas, ground, &scene.behind, &scene.light, flat);
    let mut first = 1;
    for figure in &scene.figures {
        canvas.look(figure.view);
        draw_figure(&mut canvas, figure, &scene.light, first);
        first += figure.garments.len() as u8;
    }
    things(&mut canvas, ground, &scene.before, &scene.light, true);
    canvas
}

fn things(canvas: &mut Canvas, ground: Affine, things: &[Thing], light: &Light, shadow: bool) {
    canvas.look(ground);
    for thing in things {
        thing.paint(canvas, light, shadow);
    }
}

type Part = fn(&mut Canvas, &Body, &Light, &Garment, Owner, bool);

fn draw_figure(canvas: &mut Canvas, figure: &Figure, light: &Light, first: u8) {
    let body = Body::new(figure.build, figure.pose);
    let flat = figure.looks.is_none();
    let owner = |index: usize| Owner {
        instance: first + index as u8,
        class: figure.garments[index].parsing_class(),
    };
    let part = |canvas: &mut Canvas, index: usize, part: Part| {
        part(
            canvas,
            &body,
            light,
            &figure.garments[index],
            owner(index),
            flat,
        );
    };
    let all: Vec<usize> = (0..figure.garments.len()).collect();
    if let Some(looks) = &figure.looks {
        draw_back_hair(canvas, &body, looks, light);
    }
    for &index in all.iter().rev() {
        part(canvas, index, garment::draw_behind);
    }
    if let Some(looks) = &figure.looks {
        draw_legs(canvas, &body, looks, light);
        draw_torso(canvas, &body, looks, light);
    }
    // A tucked shirt goes below the waistband.
    let mut fronts = all.clone();
    if figure.tucked && fronts.len() > 1 {
        fronts.swap(0, 1);
    }
    let outermost = all.last().copied();
    for &index in &fronts {
        part(canvas, index, garment::draw_front);
        if Some(index) != outermost {
            part(canvas, index, garment::draw_top_edge);
        }
    }
    if let Some(looks) = &figure.looks {
        let covered = figure.garments.iter().any(Garment::covers_shoulders);
        draw_arms(canvas, &body, looks, light, covered);
    }
    for &index in &all {
        // Under another garment's sleeves only what they let out can be seen.
        let above = figure.garments[index + 1..]
            .iter()
            .rfind(|garment| garment.covers_shoulders());
        match above.and_then(|garment| garment.sleeves) {
            None => part(canvas, index, garment::draw_sleeves),
            Some(sleeves) => {
                garment::draw_sleeve_ends(
                    canvas,
                    &body,
                    light,
                    &figure.garments[index],
                    owner(index),
                    sleeves.part,
                );
            }
        }
    }
    if let Some(outermost) = outermost {
        part(canvas, outermost, garment::draw_top_edge);
    }
    if let Some(looks) = &figure.looks {
        draw_head(canvas, &body, looks, light);
        draw_front_locks(canvas, &body, looks, light);
    }
    if let Some(colour) = figure.bag {
        draw_bag(canvas, &body, light, colour);
    }
}

/// A bag at the hip on a strap across the chest.
fn draw_bag(canvas: &mut Canvas, body: &Body, light: &Light, colour: Rgb) {
    let shoulder = body.shoulder_tip(Side::Left).lerp(p(0.0, 1.4), 0.35);
    let hip = p(body.centre(3.6) + body.half(3.6) + 0.12, 3.5);
    let strap = Outline::ribbon(
        &spline(&[shoulder, shoulder.lerp(hip, 0.5) + p(0.05, 0.0), hip]),
        |_| 0.07,
    );
    let at = |x: f32, y: f32| hip + p(x, y);
    let bag = Outline(vec![
        at(-0.36, -0.05),
        at(0.28, -0.05),
        at(0.34, 0.5),
        at(-0.42, 0.5),
    ]);
    let flap = Outline(vec![
        at(-0.36, -0.05),
        at(0.28, -0.05),
        at(0.24, 0.2),
        at(-0.32, 0.2),
    ]);
    let nobody = Owner::default();
    for (outline, shade) in [(strap, 0.75), (bag, 0.95), (flap, 1.08)] {
        canvas.shadow(&outline, p(0.0, 0.05), 0.06, 0.4 * light.shadows, |owner| {
            owner.class != 0
        });
        canvas.fill(&outline, nobody, |_| lit(colour, shade));
    }
    canvas.fill(
        &Outline::ellipse(at(-0.04, 0.18), 0.04, 0.04),
        nobody,
        |_| darker([0.85, 0.75, 0.45], 0.1),
    );
}

/// What the camera makes of the colours: tint, blur, vignette, noise, 8 bits.
pub fn develop(canvas: &Canvas, light: &Light, finish: &Finish) -> Picture {
    let (width, height) = (canvas.width(), canvas.height());
    let blurred;
    let colours = if finish.blur >= 0.5 {
        blurred = blur(&canvas.colours, width, height, finish.blur);
        &blurred
    } else {
        &canvas.colours
    };
    let mut data = Vec::with_capacity(3 * width * height);
    let middle = p(width as f32 / 2.0, height as f32 / 2.0);
    let reach = 1.0 / middle.dot(middle);
    for (row, line) in colours.chunks_exact(width).enumerate() {
        for (column, colour) in line.iter().enumerate() {
            let away = p(column as f32, row as f32) - middle;
            let dim = 1.0 - finish.vignette * away.dot(away) * reach;
            let bits = mix(finish.seed ^ (row * width + column) as u32);
            for (channel, (value, tint)) in colour.iter().zip(light.tint).enumerate() {
                let noise = gaussian(mix(
                    bits.wrapping_add((channel as u32).wrapping_mul(0x9E37_79B1))
                ));
                let value = value * tint * dim + finish.noise * noise;
                data.push((value * 255.0 + 0.5).clamp(0.0, 255.0) as u8);
            }
        }
    }
    Picture::new(data, width, height)
}

/// Nearly normal, mean 0, deviation 1: the sum of four uniform bytes, which has mean 4 · 127.5 and
/// variance 4 · (256² − 1) / 12.
fn gaussian(bits: u32) -> f32 {
    const MEAN: f32 = 510.0;
    /// 1 / √21845
    const SCALE: f32 = 0.006_765_8;
    let sum: u32 = bits.to_le_bytes().into_iter().map(u32::from).sum();
    (sum as f32 - MEAN) * SCALE
}

/// Weighted means over three pixels, along both axes, as often as the radius asks for: each round
/// of (1, 2, 1) / 4 adds a variance of 1/2.
fn blur(colours: &[Rgb], width: usize, height: usize, radius: f32) -> Vec<Rgb> {
    let rounds = ((2.0 * radius * radius + 0.5) as usize).clamp(1, 64);
    let mut now = colours.to_vec();
    let mut next = now.clone();
    let mut pass = |step: usize, horizontal: bool| {
        let limit = if horizontal { width } else { height };
        for (index, to) in next.iter_mut().enumerate() {
            let place = if horizontal {
                index % width
            } else {
                index / width
            };
            let before = now[if place > 0 { index - step } else { index }];
            let after = now[if place + 1 < limit {
                index + step
            } else {
                index
            }];
            for channel in 0..3 {
                to[channel] = 0.25 * (before[channel] + after[channel]) + 0.5 * now[index][channel];
            }
        }
        std::mem::swap(&mut now, &mut next);
    };
    for _ in 0..rounds {
        pass(1, true);
        pass(width, false);
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_the_stated_deviation() {
        let count = 20_000_u32;
        let values: Vec<f32> = (0..count).map(|index| gaussian(mix(index))).collect();
        let mean = values.iter().sum::<f32>() / count as f32;
        let variance = values
            .iter()
            .map(|value| (value - mean) * (value - mean))
            .sum::<f32>()
            / count as f32;
        // The standard error of the mean is 1/√20000 = 0.007.
        assert!(mean.abs() < 0.03, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn blur_keeps_an_even_picture_and_spreads_a_point() {
        let even = blur(&[[0.5; 3]; 12], 4, 3, 1.0);
        assert!(
            even.iter()
                .flatten()
                .all(|value| (value - 0.5).abs() < 1e-6)
        );
        let mut point = vec![[0.0; 3]; 25];
        point[12] = [1.0; 3];
        // Radius 0.5: one round, so 1/2 · 1/2 stays.
        assert!((blur(&point, 5, 5, 0.5)[12][0] - 0.25).abs() < 1e-6);
    }
}
