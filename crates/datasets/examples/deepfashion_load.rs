//! How long lists of DeepFashion's real size take to load, and how much memory.
//!
//! `cargo run --release -p wardrobe-datasets --example deepfashion_load -- write FOLDER [ROWS]`
//! generates lists (289,222 rows of 1,000 attributes by default, close to 1 GB);
//! `… -- read FOLDER` loads them and prints the time and the peak of the process's memory (`VmHWM`,
//! Linux). Two processes, so that the peak is the reader's alone.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{COARSE_TYPES, Kind, landmark_schemas, read, write};
use wardrobe_datasets::sample::{
    AttributeGroup, AttributeVocabulary, BBox, Category, DataSet, ImageFile, Judgement, Landmark,
    Landmarks, Object, Record, Split, Visibility,
};

/// Pictures of the data set.
const ROWS: usize = 289_222;
/// Attributes of each type, 1,000 in all.
const ATTRIBUTES: [usize; 5] = [156, 218, 180, 216, 230];
/// Categories of each kind: labels 1–20 upper, 21–36 lower, 37–50 full.
const CATEGORIES: [(Kind, usize); 3] = [(Kind::Upper, 20), (Kind::Lower, 16), (Kind::Full, 14)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", folder] => generate(Path::new(folder), ROWS),
        ["write", folder, rows] => generate(Path::new(folder), rows.parse()?),
        ["read", folder] => load(Path::new(folder)),
        _ => Err("write FOLDER [ROWS], or read FOLDER".into()),
    }
}

fn load(folder: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let lists = read(folder, Mode::Strict)?;
    let seconds = start.elapsed().as_secs_f64();
    let data = &lists.loaded.value;
    let known: usize = data
        .records
        .iter()
        .map(|record| record.objects[0].attributes.with(Judgement::Yes).count())
        .sum();
    println!(
        "{} records, {} attributes, {known} of them yes: {seconds:.2} s, peak {}",
        data.records.len(),
        data.attributes.len(),
        peak_memory()
    );
    Ok(())
}

/// The most memory the process had.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib: Option<f64> = status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?
            .trim()
            .strip_suffix("kB")?
            .trim()
            .parse()
            .ok()
    });
    kib.map_or("unknown".into(), |kib| format!("{:.0} MiB", kib / 1024.0))
}

fn generate(folder: &Path, rows: usize) -> Result<(), Box<dyn Error>> {
    let categories: Vec<Category> = CATEGORIES
        .iter()
        .flat_map(|&(kind, count)| std::iter::repeat_n(kind, count))
        .zip(1..)
        .map(|(kind, id)| Category {
            name: format!("Category-{id}"),
            group: Some(kind.name().into()),
            id,
        })
        .collect();
    let groups = COARSE_TYPES
        .iter()
        .zip(ATTRIBUTES)
        .map(|(name, count)| AttributeGroup {
            name: (*name).into(),
            values: (0..count)
                .map(|value| format!("{name} attribute {value}"))
                .collect(),
            exclusive: false,
        });
    let mut data = DataSet {
        categories,
        attributes: AttributeVocabulary::new(groups.collect()),
        landmark_schemas: landmark_schemas(),
        ..DataSet::default()
    };
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        // xorshift64, Marsaglia 2003: the numbers need to vary, no more.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for row in 0..rows {
        let category = random(50) as u32;
        let kind = if category < 20 {
            Kind::Upper
        } else if category < 36 {
            Kind::Lower
        } else {
            Kind::Full
        };
        let [x1, y1] = [random(150), random(150)].map(|corner| corner as f32);
        // Three attributes a picture are yes, as in the data set.
        let marked: Vec<u64> = (0..3).map(|_| random(1000)).collect();
        let judgement = |index: u64| {
            if marked.contains(&index) {
                Judgement::Yes
            } else {
                Judgement::No
            }
        };
        let points = kind.points().iter().map(|_| Landmark {
            x: random(300) as f32,
            y: random(300) as f32,
            visibility: [
                Visibility::Visible,
                Visibility::Occluded,
                Visibility::Absent,
            ][random(3) as usize],
        });
        let landmarks = Landmarks {
            schema: kind.number() as u16 - 1,
            points: points.collect(),
        };
        data.records.push(Record {
            image: ImageFile {
                path: format!(
                    "img/Sheer_Pleated-Front_Garment_{}/img_{:08}.jpg",
                    row / 56,
                    row % 56 + 1
                ),
                size: None,
            },
            objects: vec![Object {
                category: Some(category),
                bbox: Some(BBox::new(x1, y1, x1 + 120.0, y1 + 130.0)),
                attributes: (0..1000).map(judgement).collect(),
                landmarks: Some(landmarks),
                ..Object::default()
            }],
            split: Some(match row % 289 {
                0..209 => Split::Train,
                209..249 => Split::Validation,
                _ => Split::Test,
            }),
            ..Record::default()
        });
    }
    let losses = write(&data, folder)?;
    println!("{rows} rows written, {losses}");
    Ok(())
}
