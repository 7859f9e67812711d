//! Pictures a second from disk to memory: plain decoding, the loader, and collated batches.
//!
//! `cargo run --release -p wardrobe-datasets --example loader_speed -- [PICTURES] [ROUNDS]` writes
//! PICTURES (200) JPEG files of 600 × 800 pixels to a temporary folder, reads each of them once so that
//! the system has them in memory, and prints the median and the range of ROUNDS (5) passes.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use image::codecs::jpeg::JpegEncoder;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wardrobe_datasets::collate::{DetectionCollate, DetectionCollateConfig};
use wardrobe_datasets::loader::{DataSetSource, Loader, LoaderConfig, Sampling};
use wardrobe_datasets::sample::BBox;
use wardrobe_datasets::{DataSet, DecodeLimits, Object, Record, read_picture};

const WIDTH: u32 = 600;
const HEIGHT: u32 = 800;
const QUALITY: u8 = 90;
const BATCH: usize = 8;

/// Folds and weave with sensor noise: about as hard to decode as a photograph (some 120 kB).
fn write_picture(path: &Path, index: u64) -> Result<u64, Box<dyn Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(index);
    let (pitch, tilt) = (
        rng.random_range(0.02..0.2_f32),
        rng.random_range(-0.1..0.1_f32),
    );
    let mut data = Vec::with_capacity((3 * WIDTH * HEIGHT) as usize);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (x, y) = (x as f32, y as f32);
            let fold = 60.0 * (x * pitch + y * tilt).sin();
            let weave = 10.0 * (x * 0.9).sin() * (y * 0.9).sin();
            for base in [150.0, 110.0, 90.0] {
                let noise = rng.random_range(-6.0..6.0_f32);
                data.push((base + fold + weave + noise).clamp(0.0, 255.0) as u8);
            }
        }
    }
    let file = BufWriter::new(std::fs::File::create(path)?);
    JpegEncoder::new_with_quality(file, QUALITY).encode(
        &data,
        WIDTH,
        HEIGHT,
        image::ExtendedColorType::Rgb8,
    )?;
    Ok(std::fs::metadata(path)?.len())
}

fn data_set(folder: &Path, pictures: usize) -> Result<DataSet, Box<dyn Error>> {
    let mut bytes = 0;
    let mut records = Vec::new();
    for index in 0..pictures {
        let mut record = Record::default();
        record.image.path = format!("{index:05}.jpg");
        record.image.size = Some([WIDTH, HEIGHT]);
        record.objects.push(Object {
            category: Some(0),
            bbox: Some(BBox::new(10.0, 10.0, 500.0, 700.0)),
            ..Object::default()
        });
        bytes += write_picture(&folder.join(&record.image.path), index as u64)?;
        records.push(record);
    }
    println!(
        "{pictures} JPEG files of {WIDTH}x{HEIGHT}, quality {QUALITY}, {} kB each",
        bytes / 1000 / pictures.max(1) as u64
    );
    Ok(DataSet {
        root: folder.into(),
        records,
        ..DataSet::default()
    })
}

/// Runs `pass` `rounds` times; it returns how many pictures it had.
fn measure(
    name: &str,
    rounds: usize,
    mut pass: impl FnMut() -> Result<usize, Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let mut rates = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let pictures = pass()?;
        rates.push(pictures as f64 / start.elapsed().as_secs_f64());
    }
    rates.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (rates.first(), rates.last()) else {
        return Ok(());
    };
    let median = rates[rates.len() / 2];
    println!("{name:<44} {median:7.1} pictures/s   ({least:.1} to {most:.1})");
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let pictures = arguments.next().transpose()?.unwrap_or(200);
    let rounds = arguments.next().transpose()?.unwrap_or(5);
    let folder = tempfile::tempdir()?;
    let set = Arc::new(data_set(folder.path(), pictures)?);
    let limits = DecodeLimits::default();
    let decode_all = || -> Result<usize, Box<dyn Error>> {
        for record in &set.records {
            let picture = read_picture(set.root.join(&record.image.path), &limits)?;
            std::hint::black_box(picture);
        }
        Ok(pictures)
    };
    decode_all()?;
    measure("read_picture, one after another", rounds, decode_all)?;

    let collate = DetectionCollate::new(DetectionCollateConfig::default())?;
    let cores = std::thread::available_parallelism()?.get();
    for workers in [1, 2, cores] {
        let source = DataSetSource::new(Arc::clone(&set), limits);
        let config = LoaderConfig {
            workers,
            sampling: Sampling::Shuffled,
            ..LoaderConfig::new(BATCH)
        };
        let loader = Loader::new(source, config)?;
        let name = format!("Loader, workers: {workers}");
        measure(&name, rounds, || {
            let mut had = 0;
            for batch in loader.epoch(0)? {
                had += std::hint::black_box(batch?).samples.len();
            }
            Ok(had)
        })?;
        let collated = format!("{name}, collated");
        measure(&collated, rounds, || {
            let mut had = 0;
            for batch in loader.epoch(0)? {
                let batch = collate.collate(batch?.samples)?;
                had += std::hint::black_box(batch).targets.len();
            }
            Ok(had)
        })?;
        let mut buffer = Vec::new();
        measure(&format!("{collated} into one buffer"), rounds, || {
            let mut had = 0;
            for batch in loader.epoch(0)? {
                let batch = collate.collate_into(batch?.samples, std::mem::take(&mut buffer))?;
                had += std::hint::black_box(&batch).targets.len();
                buffer = batch.images.values;
            }
            Ok(had)
        })?;
        if workers == cores {
            break;
        }
    }
    Ok(())
}
