//! Pictures per second of processor time of resizing and augmenting, on one thread.
//!
//! `cargo run --release -p wardrobe-datasets --example augment_speed -- FOLDER [SECONDS]` makes JPEG pictures
//! of 600 × 800 in FOLDER (unless they are there) and prints pictures per second with and without
//! decoding them. `benches/peers/augment.py FOLDER` does the same steps with imgaug and Pillow on the
//! same files. Time spent waiting for other work on the machine does not count (on Linux; elsewhere
//! it is time on the clock).

use std::path::{Path, PathBuf};
use std::time::Instant;

use wardrobe_datasets::sample::Sample;
use wardrobe_datasets::transforms::{
    Affine, ChannelPermutation, Filter, GaussianNoise, HorizontalFlip, Mirrors, Pipeline, Range,
    Resize, ResizeTo, Sequential, SquarePad, Step, Stream,
};
use wardrobe_datasets::{DecodeLimits, Picture, read_picture, save_picture};

const PICTURES: usize = 8;
const WIDTH: usize = 600;
const HEIGHT: usize = 800;
const SIDE: usize = 480;
const WHITE: [u8; 3] = [255; 3];

/// Soft shapes with cloth-like texture: neither flat (too easy to decode) nor noise (too hard).
fn drawn(seed: usize) -> Picture {
    let mut data = Vec::with_capacity(3 * WIDTH * HEIGHT);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let (fx, fy) = (x as f32, y as f32);
            let phase = seed as f32;
            let weave = 9.0 * (fx * 0.8).sin() * (fy * 0.8).sin();
            let fold = 30.0 * (fx * 0.02 + phase + (fy * 0.011).sin() * 2.0).sin();
            let dx = (fx - 300.0) / 190.0;
            let dy = (fy - 400.0) / 310.0;
            let colour = if dx * dx + dy * dy < 1.0 {
                [150.0 + 20.0 * phase, 80.0, 120.0 - 10.0 * phase].map(|c| c + weave + fold)
            } else {
                [225.0, 220.0, 210.0].map(|c| c + 0.2 * fold)
            };
            data.extend(colour.map(|channel| channel.clamp(0.0, 255.0) as u8));
        }
    }
    Picture::new(data, WIDTH, HEIGHT)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    (0..PICTURES)
        .map(|seed| {
            let path = folder.join(format!("{seed}.jpg"));
            if !path.exists() {
                save_picture(&drawn(seed), &path)?;
            }
            Ok(path)
        })
        .collect()
}

fn resize() -> Vec<Step> {
    let pad = SquarePad {
        fill: WHITE,
        ..SquarePad::default()
    };
    let resize = Resize {
        to: ResizeTo::Exact {
            width: SIDE,
            height: SIDE,
        },
        filter: Filter::Bilinear,
    };
    vec![pad.into(), resize.into()]
}

/// Paper B's steps, rotation and affine in one as an imgaug user would write them.
fn augment() -> Vec<Step> {
    let affine = Affine {
        scale: Range::new(0.8, 1.2),
        translate_x: Range::new(-0.2, 0.2),
        translate_y: Range::new(-0.2, 0.2),
        shear_x: Range::new(-8.0, 8.0),
        degrees: Range::new(-25.0, 25.0),
        fill: WHITE,
        ..Affine::default()
    };
    let noise = GaussianNoise {
        sigma: Range::new(0.0, 0.05 * 255.0),
        per_channel: 0.5,
    };
    vec![
        HorizontalFlip { probability: 0.5 }.into(),
        affine.into(),
        ChannelPermutation {
            probability: 0.5,
            order: None,
        }
        .into(),
        noise.into(),
    ]
}

/// Seconds this thread has run: the first number of its `schedstat`, in nanoseconds.
fn thread_seconds(start: Instant) -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(
            || start.elapsed().as_secs_f64(),
            |nanoseconds| nanoseconds * 1e-9,
        )
}

/// Pictures per second of `work`, which takes the count of pictures done before.
fn rate(seconds: f64, mut work: impl FnMut(u64)) -> f64 {
    (0..PICTURES as u64).for_each(&mut work);
    let clock = Instant::now();
    let start = thread_seconds(clock);
    let mut done = 0;
    loop {
        for _ in 0..PICTURES {
            work(done);
            done += 1;
        }
        let spent = thread_seconds(clock) - start;
        if spent >= seconds {
            return done as f64 / spent;
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments
        .next()
        .ok_or("usage: augment_speed FOLDER [SECONDS]")?;
    let seconds = arguments.next().map_or(Ok(3.0), |text| text.parse())?;
    let paths = files(Path::new(&folder))?;
    let limits = DecodeLimits::default();
    let read = |index: u64| -> Sample {
        let path = &paths[index as usize % PICTURES];
        // A damaged benchmark picture is worth the panic.
        let picture = read_picture(path, &limits).unwrap_or_else(|error| panic!("{error}"));
        Sample {
            picture,
            objects: Vec::new(),
            parsing: None,
        }
    };
    let decoded: Vec<Sample> = (0..PICTURES as u64).map(read).collect();
    let pipeline = |steps| {
        Pipeline::new(
            Sequential {
                steps,
                shuffled: false,
            },
            Mirrors::default(),
        )
    };
    let run = |pipeline: &Pipeline<Sequential>, sample: Sample, index: u64| {
        let made = pipeline.apply(sample, &Stream::new(1, index));
        std::hint::black_box(made.unwrap_or_else(|error| panic!("{error}")));
    };
    let of = |index: u64| decoded[index as usize % PICTURES].clone();

    let only_resize = pipeline(resize())?;
    let both = pipeline([resize(), augment()].concat())?;
    let only_augment = pipeline(augment())?;
    let small: Vec<Sample> = (0..PICTURES as u64)
        .map(|index| only_resize.apply(of(index), &Stream::new(1, index)))
        .collect::<Result<_, _>>()?;
    let mut report = vec![
        ("resize", rate(seconds, |i| run(&only_resize, of(i), i))),
        (
            "augment",
            rate(seconds, |i| {
                run(&only_augment, small[i as usize % PICTURES].clone(), i)
            }),
        ),
        ("resize+augment", rate(seconds, |i| run(&both, of(i), i))),
        (
            "decode+resize+augment",
            rate(seconds, |i| run(&both, read(i), i)),
        ),
    ];
    report.push((
        "decode",
        rate(seconds, |i| drop(std::hint::black_box(read(i)))),
    ));
    for step in augment() {
        let name = step.name();
        let one = pipeline(vec![step])?;
        let each = rate(seconds / 4.0, |i| {
            run(&one, small[i as usize % PICTURES].clone(), i);
        });
        report.push((name, each));
    }
    let mut out = std::io::stdout().lock();
    for (name, rate) in report {
        use std::io::Write;
        writeln!(out, "{name} {rate:.1}")?;
    }
    Ok(())
}
