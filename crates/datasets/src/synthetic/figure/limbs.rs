//! Torso, arms and legs: skin, hands, socks and shoes.

use super::super::canvas::{Canvas, Owner, Rgb};
use super::super::fabric::{Light, darker, lit};
use super::super::geometry::{Outline, P2, p, sides};
use super::body::{Body, CROTCH};
use super::looks::{Footwear, Looks};
use super::pose::Side;

const ARM: [u8; 2] = [14, 15];
const LEG: [u8; 2] = [16, 17];
const SHOE: [u8; 2] = [18, 19];
const FACE: u8 = 13;
const SOCKS: u8 = 8;
const GLOVE: u8 = 3;

/// A round form around a line: light falls on it by the distance from the line's nearest piece.
fn round(light: Light, line: Vec<P2>, half: f32, colour: Rgb) -> impl Fn(P2) -> Rgb {
    move |at| {
        let mut nearest = (f32::INFINITY, 0.0, p(1.0, 0.0));
        for piece in line.windows(2) {
            let along = piece[1] - piece[0];
            let part = ((at - piece[0]).dot(along) / along.dot(along).max(1e-6)).clamp(0.0, 1.0);
            let away = at - piece[0].lerp(piece[1], part);
            let distance = away.dot(away);
            if distance < nearest.0 {
                let across = along.unit().normal();
                nearest = (distance, away.dot(across) / half, across);
            }
        }
        let t = nearest.1.clamp(-1.0, 1.0);
        lit(colour, light.on(nearest.2.x * t, nearest.2.y * t))
    }
}

/// The part of a limb between two parts of its length.
fn limb(
    on: impl Fn(f32) -> P2,
    half: impl Fn(f32) -> f32,
    from: f32,
    to: f32,
) -> (Outline, Vec<P2>) {
    const PIECES: usize = 16;
    let parts = |index: f32| from + (to - from) * index;
    let line: Vec<P2> = (0..=PIECES)
        .map(|index| on(parts(index as f32 / PIECES as f32)))
        .collect();
    let (left, right) = sides(&line, |t| half(parts(t)), |t| half(parts(t)));
    (
        Outline(left.into_iter().chain(right.into_iter().rev()).collect()),
        line,
    )
}

/// Torso and neck. What no garment covers is the neck, the chest or the belly; LIP counts the neck
/// as face and has no class for the rest, which goes with it.
pub fn draw_torso(canvas: &mut Canvas, body: &Body, looks: &Looks, light: &Light) {
    let contour = |side: Side| {
        let at = |y: f32| p(body.centre(y) + side.sign() * body.half(y), y);
        let slope = |part: f32| {
            let x = 0.21 + (0.74 * body.build.shoulders - 0.21) * part;
            p(side.sign() * x, body.shoulder_line(x))
        };
        let mut points = vec![p(side.sign() * 0.19, 0.75), p(side.sign() * 0.19, 1.12)];
        points.extend([0.0, 0.35, 0.7, 1.0].map(slope));
        points.extend([1.75, 2.05, 2.4, 2.9, 3.3, 3.75, CROTCH].map(at));
        points
    };
    let (left, right) = (contour(Side::Left), contour(Side::Right));
    let outline = Outline::from(left[0])
        .curve(&left[1..])
        .line(p(body.centre(CROTCH), CROTCH + 0.12))
        .lines(
            Outline::from(right[right.len() - 1])
                .curve(&right.iter().rev().skip(1).copied().collect::<Vec<_>>())
                .0,
        );
    let shade = |at: P2| {
        let t = ((at.x - body.centre(at.y)) / body.half(at.y.max(1.5))).clamp(-1.0, 1.0);
        lit(looks.skin, light.on(0.9 * t, 0.0))
    };
    let skin = Owner::of_class(FACE);
    canvas.fill(&outline, skin, shade);
    // Collar bones and the shadow of the chin.
    for side in Side::BOTH {
        let bone = [
            p(side.sign() * 0.08, 1.53),
            p(side.sign() * 0.3, 1.47),
            p(side.sign() * 0.55, 1.50),
        ];
        let line = Outline::ribbon(&super::super::geometry::spline(&bone), |_| 0.035);
        canvas.mark(&line, skin, 0.3, |_| darker(looks.skin, 0.35));
    }
}

/// Legs with socks and shoes.
pub fn draw_legs(canvas: &mut Canvas, body: &Body, looks: &Looks, light: &Light) {
    for side in Side::BOTH {
        let on = |part: f32| body.on_leg(side, part);
        let half = |part: f32| body.leg_half(part);
        let (outline, line) = limb(on, half, 0.0, 1.02);
        canvas.fill(
            &outline,
            Owner::of_class(side.lip(LEG)),
            round(*light, line, 0.26, looks.skin),
        );
        let knee = Outline::ellipse(body.on_leg(side, 0.5) + p(0.0, 0.05), 0.12, 0.07);
        canvas.mark(&knee, Owner::of_class(side.lip(LEG)), 0.12, |_| {
            darker(looks.skin, 0.5)
        });
        if let Some((colour, height)) = looks.socks {
            let (outline, line) = limb(on, |part| half(part) + 0.012, 1.0 - height, 1.02);
            canvas.fill(
                &outline,
                Owner::of_class(SOCKS),
                round(*light, line, 0.2, colour),
            );
        }
        draw_shoe(canvas, body, looks, light, side);
    }
}

fn draw_shoe(canvas: &mut Canvas, body: &Body, looks: &Looks, light: &Light, side: Side) {
    let ankle = body.ankle[side as usize];
    let out = side.sign();
    let owner = Owner::of_class(side.lip(SHOE));
    let foot = |width: f32, length: f32| {
        Outline::blob(&[
            ankle + p(-0.14, -0.06),
            ankle + p(0.14, -0.06),
            ankle + p(out * 0.09 + width, 0.18 * length / 0.4),
            ankle + p(out * 0.12 + width * 0.9, length),
            ankle + p(out * 0.12 - width * 0.9, length),
            ankle + p(out * 0.03 - width, 0.18 * length / 0.4),
        ])
    };
    let shade = |colour: Rgb| {
        let light = *light;
        move |at: P2| {
            lit(
                colour,
                light.on(((at.x - ankle.x) * 3.0).clamp(-1.0, 1.0) * 0.8, 0.1),
            )
        }
    };
    match looks.footwear {
        Footwear::Bare => canvas.fill(
            &foot(0.15, 0.4),
            Owner::of_class(side.lip(LEG)),
            shade(looks.skin),
        ),
        Footwear::Sneakers => {
            canvas.fill(&foot(0.19, 0.44), owner, shade(looks.shoes));
            let sole = Outline::rectangle(
                ankle + p(out * 0.12 - 0.24, 0.37),
                ankle + p(out * 0.12 + 0.24, 0.5),
            );
            canvas.mark(&sole, owner, 1.0, |_| [0.9, 0.9, 0.88]);
            for lace in [0.1, 0.19, 0.28] {
                let line = [
                    ankle + p(out * 0.1 - 0.08, lace),
                    ankle + p(out * 0.1 + 0.08, lace),
                ];
                canvas.mark(&Outline::ribbon(&line, |_| 0.035), owner, 0.8, |_| {
                    [0.95, 0.95, 0.93]
                });
            }
        }
        Footwear::Heels => {
            canvas.fill(
                &foot(0.14, 0.52),
                Owner::of_class(side.lip(LEG)),
                shade(looks.skin),
            );
            let toe = Outline::blob(&[
                ankle + p(out * 0.1 - 0.16, 0.28),
                ankle + p(out * 0.1, 0.36),
                ankle + p(out * 0.1 + 0.16, 0.28),
                ankle + p(out * 0.13, 0.6),
            ]);
            canvas.fill(&toe, owner, shade(looks.shoes));
        }
        Footwear::Boots => {
            let (shaft, line) = limb(
                |part| body.on_leg(side, part),
                |part| body.leg_half(part) + 0.06,
                0.72,
                1.02,
            );
            canvas.fill(&shaft, owner, round(*light, line, 0.26, looks.shoes));
            canvas.fill(&foot(0.19, 0.45), owner, shade(looks.shoes));
        }
    }
}

/// Arms with hands, from the shoulders; where sleeves cover the shoulders, from just below.
pub fn draw_arms(canvas: &mut Canvas, body: &Body, looks: &Looks, light: &Light, covered: bool) {
    for side in Side::BOTH {
        draw_arm(canvas, body, looks, light, side, covered);
    }
}

fn draw_arm(
    canvas: &mut Canvas,
    body: &Body,
    looks: &Looks,
    light: &Light,
    side: Side,
    covered: bool,
) {
    let owner = Owner::of_class(side.lip(ARM));
    let from = if covered { 0.15 } else { 0.0 };
    let (outline, line) = limb(
        |part| body.on_arm(side, part),
        |part| body.arm_half(part),
        from,
        1.02,
    );
    let wrist = body.wrist[side as usize];
    let along = (wrist - body.elbow[side as usize]).unit();
    let across = along.normal() * side.sign();
    let place = |a: f32, b: f32| wrist + along * a + across * b;
    let hand = Outline::blob(&[
        place(-0.03, -0.09),
        place(0.12, -0.14),
        place(0.34, -0.12),
        place(0.52, -0.04),
        place(0.50, 0.05),
        place(0.28, 0.13),
        place(0.06, 0.10),
    ]);
    let on_person = |owner: Owner| owner.class != 0;
    if !covered {
        let cap = Outline::ellipse(
            body.on_arm(side, 0.0),
            body.arm_half(0.0),
            body.arm_half(0.0),
        );
        canvas.fill(&cap, owner, round(*light, line.clone(), 0.17, looks.skin));
    }
    canvas.shadow(
        &outline,
        p(0.03, 0.05),
        0.07,
        0.3 * light.shadows,
        on_person,
    );
    canvas.shadow(&hand, p(0.03, 0.05), 0.07, 0.35 * light.shadows, on_person);
    canvas.fill(&outline, owner, round(*light, line, 0.16, looks.skin));
    let thumb = Outline::blob(&[
        place(0.04, -0.08),
        place(0.2, -0.2),
        place(0.3, -0.17),
        place(0.16, -0.04),
    ]);
    let (hand_owner, colour) = looks.gloves.map_or((owner, looks.skin), |colour| {
        (Owner::of_class(GLOVE), colour)
    });
    for part in [&hand, &thumb] {
        canvas.fill(
            part,
            hand_owner,
            round(*light, vec![wrist, place(0.5, 0.0)], 0.17, colour),
        );
    }
    for finger in [-0.06, 0.0, 0.055] {
        let line = [place(0.3, finger), place(0.5, finger * 0.7)];
        canvas.mark(&Outline::ribbon(&line, |_| 0.018), hand_owner, 0.35, |_| {
            darker(colour, 0.5)
        });
    }
}
