//! Draws the contact sheets of the synthetic wardrobe.
//!
//! `cargo run --release -p wardrobe-datasets --example wardrobe_sheet -- wardrobe OUT.png` draws the
//! twenty categories, worn and flat; `attributes OUT.png` the 54 values of FashionAI's dimensions;
//! `random OUT.png [DIFFICULTY [SEED]]` a page of whatever comes.

use wardrobe_datasets::synthetic::{Dimension, Frame, GarmentKind, SyntheticSample, SyntheticWardrobe, WardrobeConfig, Wish};
use wardrobe_datasets::{Annotation, Picture, draw, save_picture};
use wardrobe_datasets::sample::Mask;

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

    fn put(&mut self, place: usize, picture: &Picture) {
        let (left, top) = (place % self.columns * (self.cell + 2), place / self.columns * (self.cell + 2));
        for (row, line) in picture.data().chunks_exact(3 * picture.width()).enumerate() {
            let start = 3 * ((top + row) * self.width + left);
            self.data[start..start + line.len()].copy_from_slice(line);
        }
    }

    fn save(self, path: &str) -> Result<(), wardrobe_datasets::OutputError> {
        let height = self.data.len() / 3 / self.width;
        save_picture(&Picture::new(self.data, self.width, height), path)
    }
}

fn annotated(drawn: &SyntheticSample) -> Picture {
    let annotation = |object: &wardrobe_datasets::Object| {
        let label = object.category.unwrap_or_default() as usize;
        Annotation {
            corners: object.bbox.map(wardrobe_datasets::sample::BBox::corners).unwrap_or_default(),
            label: label + 1,
            name: GarmentKind::NAMES[label].to_owned(),
            score: 1.0,
            mask: match &object.mask {
                Some(Mask::Region(region)) => Some(region.clone()),
                _ => None,
            },
        }
    };
    let annotations: Vec<Annotation> = drawn.sample.objects.iter().map(annotation).collect();
    draw(&drawn.sample.picture, &annotations)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, path, rest @ ..] = arguments.as_slice() else {
        return Err("usage: wardrobe_sheet wardrobe|attributes|random OUT.png [DIFFICULTY [SEED]]".into());
    };
    let difficulty = rest.first().map_or(Ok(0.35), |text| text.parse())?;
    let seed = rest.get(1).map_or(Ok(1), |text| text.parse())?;
    let cell = rest.get(2).map_or(Ok(192), |text| text.parse())?;
    let wardrobe = SyntheticWardrobe::new(WardrobeConfig {
        seed,
        difficulty,
        long_side: [cell, cell],
        garments: [1, 2],
        ..WardrobeConfig::default()
    })?;
    let cell = cell as usize;
    match what.as_str() {
        "wardrobe" => {
            let mut sheet = Sheet::new(8, 5, cell);
            for (index, &kind) in GarmentKind::ALL.iter().enumerate() {
                for worn in [true, false] {
                    let wish = Wish {
                        kind: Some(kind),
                        worn: Some(worn),
                        garments: true,
                        frame: Some(Frame::Garment),
                        ..Wish::default()
                    };
                    let place = 2 * index + usize::from(!worn);
                    let drawn = wardrobe.sample_of(place as u64, &wish);
                    sheet.put(place, &drawn.sample.picture);
                }
            }
            sheet.save(path)?;
        }
        "attributes" => {
            let mut sheet = Sheet::new(9, 6, cell);
            let mut place = 0;
            for dimension in Dimension::ALL {
                for value in 1..dimension.values().len() {
                    let wish = Wish {
                        value: Some((dimension, value as u8)),
                        garments: true,
                        ..Wish::default()
                    };
                    sheet.put(place, &wardrobe.sample_of(place as u64, &wish).sample.picture);
                    place += 1;
                }
            }
            sheet.save(path)?;
        }
        "random" | "annotated" => {
            let mut sheet = Sheet::new(8, 5, cell);
            for place in 0..40 {
                let drawn = wardrobe.sample(place as u64);
                let picture = if what == "annotated" { annotated(&drawn) } else { drawn.sample.picture.clone() };
                if picture.width() == cell {
                    sheet.put(place, &picture);
                }
            }
            sheet.save(path)?;
        }
        other => return Err(format!("{other}: expected wardrobe, attributes, random or annotated").into()),
    }
    Ok(())
}
