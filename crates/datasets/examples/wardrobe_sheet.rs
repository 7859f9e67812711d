//! Draws the contact sheets of the synthetic wardrobe.
//!
//! `cargo run --release -p wardrobe-datasets --example wardrobe_sheet -- wardrobe OUT.png` draws the
//! twenty categories, worn and flat; `attributes OUT.png` the 54 values of FashionAI's dimensions;
//! `random OUT.png [DIFFICULTY [SEED [SIDE]]]` a page of whatever comes, and `annotated` the same
//! with contours, boxes, landmarks and joints.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};
use wardrobe_datasets::Picture;
use wardrobe_datasets::sample::{Mask, Visibility};
use wardrobe_datasets::synthetic::{
    Dimension, Frame, GarmentKind, SyntheticSample, SyntheticWardrobe, WardrobeConfig, Wish,
};

/// Pictures side by side on white.
struct Sheet {
    columns: usize,
    cell: usize,
    data: Vec<u8>,
    width: usize,
}

impl Sheet {
    fn new(columns: usize, rows: usize, cell: usize) -> Self {
        let (width, height) = (columns * (cell + 2) - 2, rows * (cell + 2) - 2);
        Self {
            columns,
            cell,
            data: vec![255; 3 * width * height],
            width,
        }
    }

    /// Half as large as it was drawn: the mean of two by two pixels.
    fn put(&mut self, place: usize, picture: &Picture) {
        let (left, top) = (
            place % self.columns * (self.cell + 2),
            place / self.columns * (self.cell + 2),
        );
        let stride = 3 * picture.width();
        for row in 0..(picture.height() / 2).min(self.cell) {
            for column in 0..(picture.width() / 2).min(self.cell) {
                for channel in 0..3 {
                    let at = 2 * row * stride + 6 * column + channel;
                    let four = [at, at + 3, at + stride, at + stride + 3];
                    let sum: u32 = four.iter().map(|&at| u32::from(picture.data()[at])).sum();
                    self.data[3 * ((top + row) * self.width + left + column) + channel] =
                        (sum / 4) as u8;
                }
            }
        }
    }

    /// Writes a small PNG: 32 levels a channel, which hides the noise that does not compress.
    fn save(mut self, path: &str) -> Result<(), Box<dyn std::error::Error>> {
        let height = self.data.len() / 3 / self.width;
        for level in &mut self.data {
            // 5 bits, spread over 0–255 again.
            let step = (u32::from(*level) * 31 + 127) / 255;
            *level = (step * 255 / 31) as u8;
        }
        let file = std::io::BufWriter::new(std::fs::File::create(path)?);
        PngEncoder::new_with_quality(file, CompressionType::Best, FilterType::Adaptive)
            .write_image(
                &self.data,
                self.width as u32,
                height as u32,
                ExtendedColorType::Rgb8,
            )?;
        Ok(())
    }
}

/// Contours, boxes, landmarks and joints, one colour a garment.
fn annotated(drawn: &SyntheticSample) -> Picture {
    const COLOURS: [[u8; 3]; 4] = [[255, 60, 40], [40, 120, 255], [20, 170, 60], [220, 40, 220]];
    let picture = &drawn.sample.picture;
    let (width, height) = (picture.width(), picture.height());
    let mut data = picture.data().to_vec();
    let mut dot = |x: i64, y: i64, colour: [u8; 3]| {
        if x >= 0 && y >= 0 && x < width as i64 && y < height as i64 {
            let at = 3 * (y as usize * width + x as usize);
            data[at..at + 3].copy_from_slice(&colour);
        }
    };
    let mut mark =
        |x: f32, y: f32, colour: [u8; 3], size: i64, dot: &mut dyn FnMut(i64, i64, [u8; 3])| {
            for dy in -size..=size {
                for dx in -size..=size {
                    let rim = dx.abs() == size || dy.abs() == size;
                    dot(
                        x as i64 + dx,
                        y as i64 + dy,
                        if rim { [255; 3] } else { colour },
                    );
                }
            }
        };
    for (index, object) in drawn.sample.objects.iter().enumerate() {
        let colour = COLOURS[index % COLOURS.len()];
        if let Some(Mask::Region(mask)) = &object.mask {
            for y in 0..height {
                for x in 0..width {
                    let beside = [
                        (x + 1, y),
                        (x, y + 1),
                        (x.wrapping_sub(1), y),
                        (x, y.wrapping_sub(1)),
                    ];
                    if mask.contains(x, y) && beside.iter().any(|&(x, y)| !mask.contains(x, y)) {
                        dot(x as i64, y as i64, colour);
                    }
                }
            }
        }
        if let Some(bbox) = object.bbox {
            let [x1, y1, x2, y2] = bbox.corners().map(|corner| corner as i64);
            (x1..x2).for_each(|x| [y1, y2 - 1].iter().for_each(|&y| dot(x, y, colour)));
            (y1..y2).for_each(|y| [x1, x2 - 1].iter().for_each(|&x| dot(x, y, colour)));
        }
        for point in object
            .landmarks
            .iter()
            .flat_map(|landmarks| &landmarks.points)
        {
            match point.visibility {
                Visibility::Visible => mark(point.x, point.y, colour, 2, &mut dot),
                Visibility::Occluded => mark(point.x, point.y, [120; 3], 2, &mut dot),
                Visibility::Absent => {}
            }
        }
    }
    for person in &drawn.facts.people {
        for joint in person
            .points
            .iter()
            .filter(|joint| joint.visibility != Visibility::Absent)
        {
            mark(joint.x, joint.y, [255, 210, 0], 2, &mut dot);
        }
    }
    Picture::new(data, width, height)
}

/// A picture of a garment that fills the frame.
fn about(kind: GarmentKind, worn: bool) -> Wish {
    Wish {
        kind: Some(kind),
        worn: Some(worn),
        garments: true,
        frame: Some(Frame::Garment),
        ..Wish::default()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, path, rest @ ..] = arguments.as_slice() else {
        return Err(
            "usage: wardrobe_sheet wardrobe|attributes|random|annotated OUT.png [DIFFICULTY [SEED [SIDE]]]".into(),
        );
    };
    let difficulty = rest.first().map_or(Ok(0.35), |text| text.parse())?;
    let seed = rest.get(1).map_or(Ok(1), |text| text.parse())?;
    let cell = rest.get(2).map_or(Ok(256), |text| text.parse())?;
    let wardrobe = SyntheticWardrobe::new(WardrobeConfig {
        seed,
        difficulty,
        long_side: [cell, cell],
        garments: if what == "wardrobe" || what == "attributes" {
            [1, 1]
        } else {
            [1, 3]
        },
        ..WardrobeConfig::default()
    })?;
    let cell = cell as usize / 2;
    match what.as_str() {
        "wardrobe" => {
            let mut sheet = Sheet::new(8, 6, cell);
            for (index, &kind) in GarmentKind::ALL.iter().enumerate() {
                for worn in [true, false] {
                    let place = 2 * index + usize::from(!worn);
                    sheet.put(
                        place,
                        &wardrobe
                            .sample_of(place as u64, about(kind, worn))
                            .sample
                            .picture,
                    );
                }
            }
            // A row with what is annotated.
            for place in 40..48 {
                let kind = GarmentKind::ALL[(place * 7) % GarmentKind::ALL.len()];
                let drawn = wardrobe.sample_of(place as u64, about(kind, place % 4 != 3));
                sheet.put(place, &annotated(&drawn));
            }
            sheet.save(path)?;
        }
        "attributes" => {
            // A row for each dimension; Invisible is no picture.
            let mut sheet = Sheet::new(9, 8, cell);
            for (row, dimension) in Dimension::ALL.into_iter().enumerate() {
                for value in 1..dimension.values().len() {
                    let wish = Wish {
                        value: Some((dimension, value as u8)),
                        garments: true,
                        worn: Some(value % 3 != 0),
                        frame: Some(if dimension.is_length() {
                            Frame::Whole
                        } else {
                            Frame::Bust
                        }),
                        ..Wish::default()
                    };
                    let place = 9 * row + value - 1;
                    sheet.put(
                        place,
                        &wardrobe.sample_of(place as u64, wish).sample.picture,
                    );
                }
            }
            sheet.save(path)?;
        }
        "random" | "annotated" => {
            let mut sheet = Sheet::new(8, 5, cell);
            for place in 0..40 {
                let drawn = wardrobe.sample(place as u64);
                let picture = if what == "annotated" {
                    annotated(&drawn)
                } else {
                    drawn.sample.picture.clone()
                };
                sheet.put(place, &picture);
            }
            sheet.save(path)?;
        }
        other => {
            return Err(
                format!("{other}: expected wardrobe, attributes, random or annotated").into(),
            );
        }
    }
    Ok(())
}
