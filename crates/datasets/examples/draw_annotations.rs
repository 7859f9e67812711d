//! Draws annotated garments: the picture of the README.
//!
//! `cargo run -p wardrobe-datasets --example draw_annotations -- OUT.png`. The garments are polygons
//! laid on a table, and the annotations are those polygons, so the picture shows what a perfect
//! detector would draw.

use wardrobe_datasets::{Annotation, MaskRegion, Picture, draw, save_picture};

const WIDTH: usize = 960;
const HEIGHT: usize = 600;

/// Name, label, score, colour and outline of a garment.
struct Garment {
    name: &'static str,
    label: usize,
    score: f32,
    colour: [f32; 3],
    outline: &'static [[f32; 2]],
}

const GARMENTS: [Garment; 3] = [
    Garment {
        name: "Tee",
        label: 1,
        score: 0.98,
        colour: [196.0, 70.0, 62.0],
        outline: &[
            [130.0, 110.0],
            [185.0, 84.0],
            [212.0, 102.0],
            [248.0, 102.0],
            [275.0, 84.0],
            [330.0, 110.0],
            [398.0, 200.0],
            [340.0, 240.0],
            [312.0, 208.0],
            [316.0, 430.0],
            [144.0, 430.0],
            [148.0, 208.0],
            [120.0, 240.0],
            [62.0, 200.0],
        ],
    },
    Garment {
        name: "Skirt",
        label: 2,
        score: 0.94,
        colour: [84.0, 118.0, 92.0],
        outline: &[
            [424.0, 260.0],
            [560.0, 260.0],
            [572.0, 300.0],
            [640.0, 545.0],
            [566.0, 566.0],
            [490.0, 570.0],
            [414.0, 566.0],
            [340.0, 545.0],
            [412.0, 300.0],
        ],
    },
    Garment {
        name: "Jeans",
        label: 3,
        score: 0.91,
        colour: [58.0, 84.0, 128.0],
        outline: &[
            [690.0, 60.0],
            [860.0, 60.0],
            [872.0, 130.0],
            [890.0, 540.0],
            [806.0, 546.0],
            [778.0, 200.0],
            [744.0, 546.0],
            [660.0, 540.0],
            [678.0, 130.0],
        ],
    },
];

/// Whether a point lies inside a polygon (even–odd rule).
fn inside(outline: &[[f32; 2]], x: f32, y: f32) -> bool {
    let edges = outline.iter().zip(outline.iter().cycle().skip(1));
    let crossings = edges.filter(|&(&[x0, y0], &[x1, y1])| {
        (y0 > y) != (y1 > y) && x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
    });
    crossings.count() % 2 == 1
}

impl Garment {
    fn corners(&self) -> [f32; 4] {
        self.outline.iter().fold(
            [f32::INFINITY, f32::INFINITY, 0.0, 0.0],
            |[x1, y1, x2, y2], &[x, y]| [x1.min(x), y1.min(y), x2.max(x), y2.max(y)],
        )
    }

    fn annotation(&self) -> Annotation {
        let corners = self.corners();
        let [left, top, right, bottom] = corners.map(|corner| corner as usize);
        let cells = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
        let bits = cells.map(|(x, y)| inside(self.outline, x as f32 + 0.5, y as f32 + 0.5));
        Annotation {
            corners,
            label: self.label,
            name: self.name.to_owned(),
            score: self.score,
            mask: Some(MaskRegion::new(left, top, right - left, bits.collect())),
        }
    }
}

/// Wood under the garments, weave on them.
fn pixel(x: usize, y: usize) -> [f32; 3] {
    let (fx, fy) = (x as f32, y as f32);
    let garment = GARMENTS
        .iter()
        .rev()
        .find(|garment| inside(garment.outline, fx + 0.5, fy + 0.5));
    if let Some(garment) = garment {
        let weave = 8.0 * ((fx * 0.9).sin() * (fy * 0.9).sin());
        let fold = 14.0 * (fx * 0.045 + (fy * 0.012).sin() * 2.0).sin();
        garment.colour.map(|channel| channel + weave + fold)
    } else {
        let grain = 7.0 * (fy * 0.21 + (fx * 0.013).sin() * 3.0).sin();
        let plank = if y % 150 < 3 { -40.0 } else { 0.0 };
        [206.0, 184.0, 152.0].map(|channel| channel + grain + plank)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: draw_annotations OUT.png")?;
    let cells = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| (x, y)));
    let data = cells.flat_map(|(x, y)| pixel(x, y).map(|channel| channel.clamp(0.0, 255.0) as u8));
    let picture = Picture::new(data.collect(), WIDTH, HEIGHT);
    let annotations: Vec<_> = GARMENTS.iter().map(Garment::annotation).collect();
    save_picture(&draw(&picture, &annotations), path)?;
    Ok(())
}
