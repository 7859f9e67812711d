//! Every transform on one sheet, with the annotations it moved.
//!
//! `cargo run --release -p wardrobe-datasets --example transform_sheet -- OUT.png`. A drawn person in a coat
//! and a skirt goes through each step of `presets::one_of_each` and through the papers' pipelines.
//! Dark red: boxes; white: outlines; dots: landmarks. What the parsing map calls left (arm, leg, shoe,
//! landmark of the wearer) is tinted blue, right orange: a mirrored picture must swap them.

mod person;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use wardrobe_datasets::sample::{BBox, Mask, Sample, Visibility};
use wardrobe_datasets::transforms::{
    AffineMap, Filter, Mirrors, Pipeline, Resize, ResizeTo, Step, Stream, presets,
};
use wardrobe_datasets::{Picture, save_picture};

use person::{PAIRS, person};

const COLUMNS: usize = 6;
const TILE: usize = 160;
const GAP: usize = 8;
const CAPTION: usize = 22;

const LEFT: [u8; 3] = [30, 90, 230];
const RIGHT: [u8; 3] = [240, 130, 20];
const BOX: [u8; 3] = [170, 20, 40];
const OUTLINE: [u8; 3] = [255; 3];

/// A picture that is drawn on.
struct Board {
    data: Vec<u8>,
    width: usize,
    height: usize,
}

impl Board {
    fn blend(&mut self, x: i64, y: i64, colour: [u8; 3], part: f32) {
        if x < 0 || y < 0 || x >= self.width as i64 || y >= self.height as i64 {
            return;
        }
        let at = 3 * (y as usize * self.width + x as usize);
        for (value, new) in self.data[at..at + 3].iter_mut().zip(colour) {
            *value = (f32::from(*value) * (1.0 - part) + f32::from(new) * part) as u8;
        }
    }

    fn dot(&mut self, [x, y]: [f32; 2], radius: f32, colour: [u8; 3]) {
        let reach = radius.ceil() as i64 + 1;
        let (cx, cy) = (x.floor() as i64, y.floor() as i64);
        for (px, py) in
            (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (cx + dx, cy + dy)))
        {
            let distance = (px as f32 + 0.5 - x).hypot(py as f32 + 0.5 - y);
            self.blend(px, py, colour, (radius + 0.5 - distance).clamp(0.0, 1.0));
        }
    }

    fn line(&mut self, from: [f32; 2], to: [f32; 2], width: f32, colour: [u8; 3]) {
        let steps = (to[0] - from[0]).hypot(to[1] - from[1]).ceil().max(1.0) as usize;
        for step in 0..=steps {
            let part = step as f32 / steps as f32;
            let point = [0, 1].map(|axis| from[axis] + part * (to[axis] - from[axis]));
            self.dot(point, width / 2.0, colour);
        }
    }

    fn outline(&mut self, points: &[[f32; 2]], width: f32, colour: [u8; 3]) {
        for (&from, &to) in points.iter().zip(points.iter().cycle().skip(1)) {
            self.line(from, to, width, colour);
        }
    }

    fn text(&mut self, text: &str, left: usize, top: usize) {
        let (weight, height) = (FontWeight::Bold, RasterHeight::Size16);
        for (place, character) in text.chars().enumerate() {
            let Some(glyph) = get_raster(character, weight, height) else {
                continue;
            };
            let x = left + place * get_raster_width(weight, height);
            for (dx, dy) in
                (0..glyph.height()).flat_map(|y| (0..glyph.width()).map(move |x| (x, y)))
            {
                let part = f32::from(glyph.pixel(dx, dy).unwrap_or(0)) / 255.0;
                self.blend((x + dx) as i64, (top + dy) as i64, [20, 20, 24], part);
            }
        }
    }
}

/// The sample with its annotations drawn, no side longer than a tile.
fn tile(sample: &Sample) -> Result<Picture, Box<dyn std::error::Error>> {
    let picture = &sample.picture;
    let longer = picture.width().max(picture.height());
    let scale = longer as f32 / TILE as f32;
    let mut board = Board {
        data: picture.data().to_vec(),
        width: picture.width(),
        height: picture.height(),
    };
    if let Some(map) = &sample.parsing {
        for (index, &label) in map.labels().iter().enumerate() {
            let (x, y) = ((index % map.width()) as i64, (index / map.width()) as i64);
            match label {
                14 | 16 | 18 => board.blend(x, y, LEFT, 0.55),
                15 | 17 | 19 => board.blend(x, y, RIGHT, 0.55),
                _ => {}
            }
        }
    }
    for object in &sample.objects {
        if let Some(Mask::Polygons(polygons)) = &object.mask {
            for polygon in polygons {
                board.outline(&polygon.0, 1.5 * scale, OUTLINE);
            }
        }
        if let Some([x1, y1, x2, y2]) = object.bbox.map(BBox::corners) {
            let corners = [[x1, y1], [x2, y1], [x2, y2], [x1, y2]];
            board.outline(&corners, 1.5 * scale, BOX);
        }
        for (place, mark) in object
            .landmarks
            .iter()
            .flat_map(|marks| marks.points.iter())
            .enumerate()
        {
            if mark.visibility != Visibility::Absent {
                board.dot([mark.x, mark.y], 3.6 * scale, OUTLINE);
                let colour = if place % 2 == 0 { LEFT } else { RIGHT };
                board.dot([mark.x, mark.y], 2.4 * scale, colour);
            }
        }
    }
    let fit = Resize {
        to: ResizeTo::Long { side: TILE },
        filter: Filter::Bilinear,
    };
    let drawn = Sample {
        picture: Picture::new(board.data, board.width, board.height),
        objects: Vec::new(),
        parsing: None,
    };
    let fitted = Pipeline::new(fit, Mirrors::default())?.apply(drawn, &Stream::new(0, 0))?;
    Ok(fitted.picture)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("usage: transform_sheet OUT.png")?;
    let mirrors = Mirrors {
        landmarks: vec![PAIRS.to_vec()],
        ..Mirrors::default()
    };
    let mut tiles = vec![("original".to_owned(), tile(&person())?)];
    let named = |step: Step| (step.name().to_owned(), step, 0);
    let mut steps: Vec<(String, Step, u64)> =
        presets::one_of_each().into_iter().map(named).collect();
    steps.push(("paper B".into(), presets::paper_b(240), 3));
    steps.push(("paper B, again".into(), presets::paper_b(240), 4));
    steps.push(("bag of tricks".into(), presets::bag_of_tricks(224), 6));
    for (name, step, seed) in steps {
        let pipeline = Pipeline::new(step, mirrors.clone())?;
        let made = pipeline.apply(person(), &Stream::new(seed, 0))?;
        tiles.push((name, tile(&made)?));
    }
    let rows = tiles.len().div_ceil(COLUMNS);
    let (step_x, step_y) = (TILE + GAP, TILE + CAPTION + GAP);
    let (width, height) = (COLUMNS * step_x + GAP, rows * step_y + GAP);
    let mut sheet = Board {
        data: vec![246; 3 * width * height],
        width,
        height,
    };
    for (index, (name, picture)) in tiles.iter().enumerate() {
        let (left, top) = (
            GAP + index % COLUMNS * step_x,
            GAP + index / COLUMNS * step_y,
        );
        sheet.text(name, left, top);
        let centre = AffineMap::shift(
            (left + (TILE - picture.width()) / 2) as f64,
            (top + CAPTION + (TILE - picture.height()) / 2) as f64,
        );
        for (place, pixel) in picture.data().chunks_exact(3).enumerate() {
            let at = [place % picture.width(), place / picture.width()].map(|value| value as f64);
            let [x, y] = centre.apply(at);
            sheet.blend(x as i64, y as i64, [pixel[0], pixel[1], pixel[2]], 1.0);
        }
    }
    save_picture(&Picture::new(sheet.data, width, height), path)?;
    Ok(())
}
