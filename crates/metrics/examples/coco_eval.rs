//! Writes a set the size of COCO's val2017 and times its evaluation from the files on disk.
//!
//! ```text
//! coco_eval generate FOLDER [PICTURES]             truth.json and found.json; 5000 pictures by default
//! coco_eval time FOLDER boxes|masks [REPEATS]      one JSON line: median milliseconds and the table
//! ```
//!
//! `benches/peers/coco_eval.py` runs it beside pycocotools on the same files.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use hotcoco::mask::{area, fr_polys, rle_to_string};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use wardrobe_metrics::coco::{self, CocoDetections, CocoSettings, CocoTruth};

/// As in val2017: 80 categories, 36,781 objects in 5,000 pictures; about 36 detections a picture, as
/// an R-CNN leaves above a score of 0.05.
const CATEGORIES: u64 = 80;
const OBJECTS: std::ops::Range<u32> = 0..15;
const NOISE: std::ops::Range<u32> = 0..50;
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 480.0;
const OUTLINE: usize = 24;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["generate", folder] => generate(Path::new(folder), 5000),
        ["generate", folder, pictures] => generate(Path::new(folder), pictures.parse()?),
        ["time", folder, kind] => time(Path::new(folder), kind, 5),
        ["time", folder, kind, repeats] => time(Path::new(folder), kind, repeats.parse()?),
        _ => Err(
            "usage: coco_eval generate FOLDER [PICTURES] | time FOLDER boxes|masks [REPEATS]"
                .into(),
        ),
    }
}

fn time(folder: &Path, kind: &str, repeats: usize) -> Result<(), Box<dyn Error>> {
    let settings = match kind {
        "boxes" => CocoSettings::boxes(),
        "masks" => CocoSettings::masks(),
        other => return Err(format!("the kind is `{other}`; expected boxes or masks").into()),
    };
    let (mut reads, mut evaluations, mut wholes) = (Vec::new(), Vec::new(), Vec::new());
    let mut stats = Vec::new();
    for _ in 0..repeats.max(1) {
        let start = Instant::now();
        let truth = CocoTruth::read(folder.join("truth.json"))?;
        let found = CocoDetections::read(folder.join("found.json"))?;
        let read = start.elapsed().as_secs_f64() * 1e3;
        stats = coco::evaluate(&truth, &found, &settings)?.as_pycocotools();
        let whole = start.elapsed().as_secs_f64() * 1e3;
        reads.push(read);
        evaluations.push(whole - read);
        wholes.push(whole);
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let line = json!({
        "milliseconds": median(wholes),
        "read_milliseconds": median(reads),
        "evaluate_milliseconds": median(evaluations),
        "stats": stats,
    });
    println!("{line}");
    Ok(())
}

fn generate(folder: &Path, pictures: u64) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut objects: Vec<Value> = Vec::new();
    let mut found = BufWriter::new(File::create(folder.join("found.json"))?);
    let mut separator = "[";
    for picture in 1..=pictures {
        let mut detections = Vec::new();
        for _ in 0..random.random_range(OBJECTS) {
            let bbox = any_box(&mut random);
            let category = random.random_range(1..=CATEGORIES);
            let outline = outline(&mut random, bbox);
            let id = objects.len() + 1;
            let crowd = random.random_bool(0.012);
            let (run_lengths, pixels) = run_lengths(&outline)?;
            objects.push(json!({
                "id": id, "image_id": picture, "category_id": category, "bbox": bbox, "area": pixels,
                "iscrowd": u8::from(crowd),
                "segmentation": if crowd { run_lengths } else { json!([outline]) },
            }));
            for _ in 0..random.random_range(0..4) {
                let spread = [0.01, 0.05, 0.15][random.random_range(0..3)];
                detections.push((category, jittered(&mut random, bbox, spread)));
            }
        }
        for _ in 0..random.random_range(NOISE) {
            let category = random.random_range(1..=CATEGORIES);
            detections.push((category, any_box(&mut random)));
        }
        for (category, bbox) in detections {
            let outline = outline(&mut random, bbox);
            let detection = json!({
                "image_id": picture, "category_id": category, "bbox": bbox,
                "score": round(random.random_range(0.05..1.0), 1e6),
                "segmentation": run_lengths(&outline)?.0,
            });
            write!(found, "{separator}{detection}")?;
            separator = ",\n";
        }
    }
    if separator == "[" {
        write!(found, "[")?;
    }
    writeln!(found, "]")?;
    found.flush()?;
    let truth = json!({
        "images": (1..=pictures).map(|id| json!({"id": id, "width": WIDTH as u32, "height": HEIGHT as u32})).collect::<Vec<_>>(),
        "categories": (1..=CATEGORIES).map(|id| json!({"id": id, "name": format!("category {id}")})).collect::<Vec<_>>(),
        "annotations": objects,
    });
    serde_json::to_writer(
        BufWriter::new(File::create(folder.join("truth.json"))?),
        &truth,
    )?;
    Ok(())
}

fn round(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}

/// Sides from 8 pixels to the picture's, evenly spread in the logarithm.
fn any_box(random: &mut ChaCha8Rng) -> [f64; 4] {
    let mut side = |most: f64| random.random_range(8.0_f64.ln()..(most * 0.9).ln()).exp();
    let (w, h) = (side(WIDTH), side(HEIGHT));
    let (x, y) = (
        random.random_range(0.0..WIDTH - w),
        random.random_range(0.0..HEIGHT - h),
    );
    [x, y, w, h].map(|v| round(v, 100.0))
}

fn jittered(random: &mut ChaCha8Rng, [x, y, w, h]: [f64; 4], spread: f64) -> [f64; 4] {
    let mut by = |side: f64| side * spread * random.random_range(-1.0..1.0);
    [x + by(w), y + by(h), w + by(w), h + by(h)].map(|v| round(v, 100.0))
}

/// A closed outline within the box, with dents.
fn outline(random: &mut ChaCha8Rng, [x, y, w, h]: [f64; 4]) -> Vec<f64> {
    let mut point = |i: usize| {
        let (sin, cos) = (i as f64 / OUTLINE as f64 * std::f64::consts::TAU).sin_cos();
        let radius = 0.5 * random.random_range(0.85..1.0);
        [x + w * (0.5 + radius * cos), y + h * (0.5 + radius * sin)].map(|v| round(v, 100.0))
    };
    (0..OUTLINE).flat_map(&mut point).collect()
}

/// The compressed run lengths of an outline, and its pixels.
fn run_lengths(outline: &[f64]) -> Result<(Value, u64), hotcoco::Error> {
    let mask = fr_polys(&[outline.to_vec()], HEIGHT as u32, WIDTH as u32)?;
    Ok((
        json!({"size": [mask.h, mask.w], "counts": rle_to_string(&mask)}),
        area(&mask),
    ))
}
