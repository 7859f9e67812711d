//! Seeds, threads, combinations, presets.

use wardrobe_datasets::Picture;
use wardrobe_datasets::sample::{BBox, LabelMap, Object, Sample};
use wardrobe_datasets::transforms::{
    Brightness, CoarseDropout, GaussianNoise, Mirrors, OneOf, PerBatch, Pipeline, Range,
    Sequential, SomeOf, Sometimes, SquarePad, Step, Stream, Transform, presets,
};

pub(crate) fn sample_of(width: usize, height: usize) -> Sample {
    let data = (0..3 * width * height).map(|i| (i * 31 % 251) as u8);
    Sample {
        picture: Picture::new(data.collect(), width, height),
        objects: vec![Object {
            bbox: Some(BBox::new(0.0, 0.0, width as f32, height as f32)),
            ..Object::default()
        }],
        parsing: Some(LabelMap::new(vec![14; width * height], width, height)),
    }
}

pub(crate) fn apply(step: impl Into<Step>, sample: Sample, stream: &Stream) -> Sample {
    let pipeline = Pipeline::new(step.into(), Mirrors::default()).unwrap();
    pipeline.apply(sample, stream).unwrap()
}

pub(crate) fn sequential(steps: Vec<Step>) -> Step {
    Sequential {
        steps,
        shuffled: false,
    }
    .into()
}

pub(crate) fn noise() -> Step {
    GaussianNoise {
        sigma: Range::fixed(20.0),
        per_channel: 0.5,
    }
    .into()
}

/// Adds a number to every value: which steps ran can be read off a black picture.
fn add(levels: f32) -> Step {
    Brightness {
        add: Range::fixed(levels),
        ..Brightness::default()
    }
    .into()
}

fn black() -> Sample {
    Sample {
        picture: Picture::new(vec![0; 3], 1, 1),
        objects: Vec::new(),
        parsing: None,
    }
}

/// The value a black pixel has, over many samples.
fn values(step: impl Into<Step>, batch: Option<u64>) -> Vec<u8> {
    let pipeline = Pipeline::new(step.into(), Mirrors::default()).unwrap();
    let stream = |sample| {
        let stream = Stream::new(5, sample);
        batch.map_or(stream, |batch| stream.in_batch(batch))
    };
    (0..400)
        .map(|sample| {
            pipeline
                .apply(black(), &stream(sample))
                .unwrap()
                .picture
                .data()[0]
        })
        .collect()
}

fn count(values: &[u8], wanted: u8) -> usize {
    values
        .iter()
        .map(|&value| usize::from(value == wanted))
        .sum()
}

#[test]
fn neither_threads_nor_order_change_a_byte() {
    let pipeline = Pipeline::new(presets::paper_b(64), Mirrors::default()).unwrap();
    let samples: Vec<(u64, Sample)> = (0..12)
        .map(|i| (i, sample_of(50 + i as usize, 70)))
        .collect();
    let run = |threads: usize, samples: Vec<(u64, Sample)>| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| pipeline.apply_batch(samples, 9, 0))
            .unwrap()
    };
    let one = run(1, samples.clone());
    assert_eq!(run(4, samples.clone()), one);
    let reversed = run(3, samples.iter().cloned().rev().collect());
    assert!(reversed.iter().rev().eq(&one));
    // Every sample has numbers of its own, and another seed has others.
    let alike: Vec<_> = (0..4).map(|i| (i, sample_of(60, 70))).collect();
    let drawn = run(2, alike.clone());
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2] && drawn[2] != drawn[3]);
    let other = pipeline.apply_batch(alike, 10, 0).unwrap();
    assert_ne!(other[0], drawn[0]);
}

/// FNV-1a over the pixels; pinned, so that a byte that differs on any machine shows.
#[test]
fn the_same_bytes_on_every_machine() {
    let digest = |step: Step| {
        let made = apply(step, sample_of(90, 60), &Stream::new(3, 1));
        made.picture
            .data()
            .iter()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, &byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
            })
    };
    let found = [
        presets::paper_b(64),
        presets::bag_of_tricks(48),
        presets::detector(),
    ]
    .map(digest);
    assert_eq!(found, DIGESTS, "{found:#x?}");
}
const DIGESTS: [u64; 3] = [
    0x5fec_2045_b576_83ed,
    0x421d_3e94_ddb5_6d60,
    0xf91b_a057_2fa0_aa49,
];

#[test]
fn a_step_draws_the_same_whatever_stands_before_it() {
    let alone = sequential(vec![add(0.0), noise()]);
    let after_draws = sequential(vec![
        CoarseDropout {
            probability: Range::new(0.0, 0.0),
            grid: Range::new(0.1, 0.9),
            per_channel: 1.0,
            fill: [0; 3],
        }
        .into(),
        noise(),
    ]);
    let stream = Stream::new(8, 2);
    assert_eq!(
        apply(alone, sample_of(30, 20), &stream),
        apply(after_draws, sample_of(30, 20), &stream)
    );
}

#[test]
fn some_of_draws_each_number_and_no_step_twice() {
    let some = SomeOf {
        count: [1, 2],
        steps: vec![add(1.0), add(2.0), add(4.0)],
        shuffled: false,
    };
    let values = values(some, None);
    // One step (1, 2, 4) or two different ones (3, 5, 6), each set with probability 1/6: 67 ± 37.
    let counts: Vec<usize> = (0..8).map(|value| count(&values, value)).collect();
    assert_eq!([counts[0], counts[7]], [0, 0]);
    assert!(
        counts[1..7].iter().all(|count| (30..=104).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn one_of_sometimes_and_otherwise() {
    let one = OneOf {
        steps: vec![add(1.0), add(2.0)],
    };
    let found = values(one, None);
    assert!(
        (150..=250).contains(&count(&found, 1)),
        "{}",
        count(&found, 1)
    );
    assert_eq!(count(&found, 1) + count(&found, 2), 400);
    let sometimes = Sometimes {
        probability: 0.25,
        steps: vec![add(1.0), add(2.0)],
        otherwise: vec![add(4.0)],
    };
    let found = values(sometimes, None);
    // 100 ± 5 · √(400 · ¼ · ¾) = 43.
    assert!(
        (57..=143).contains(&count(&found, 3)),
        "{}",
        count(&found, 3)
    );
    assert_eq!(count(&found, 3) + count(&found, 4), 400);
}

#[test]
fn a_shuffled_sequence_runs_in_every_order() {
    // 0 + 10, then doubled: 20; doubled, then + 10: 10.
    let double = Brightness {
        multiply: Range::fixed(2.0),
        ..Brightness::default()
    };
    let steps = vec![add(10.0), double.into()];
    let found = values(
        Sequential {
            steps,
            shuffled: true,
        },
        None,
    );
    assert!(
        (150..=250).contains(&count(&found, 10)),
        "{}",
        count(&found, 10)
    );
    assert_eq!(count(&found, 10) + count(&found, 20), 400);
}

#[test]
fn per_batch_steps_agree_within_a_batch_alone() {
    let random = || -> Step {
        Brightness {
            add: Range::new(0.0, 255.0),
            ..Brightness::default()
        }
        .into()
    };
    let shared = || PerBatch {
        steps: vec![random()],
    };
    let first = values(shared(), Some(1));
    assert!(first.iter().all(|value| *value == first[0]));
    assert_ne!(values(shared(), Some(2))[0], first[0]);
    // Without a batch every sample is one of its own.
    let mut alone = values(shared(), None);
    alone.sort_unstable();
    alone.dedup();
    assert!(alone.len() > 100, "{}", alone.len());
    // A step that only some samples take moves nothing that follows it.
    let mixed = sequential(vec![
        Sometimes {
            probability: 0.5,
            steps: vec![
                PerBatch {
                    steps: vec![add(0.0)],
                }
                .into(),
            ],
            otherwise: Vec::new(),
        }
        .into(),
        shared().into(),
    ]);
    let found = values(mixed, Some(1));
    assert!(found.iter().all(|value| *value == found[0]));
}

#[test]
fn noise_has_its_deviation() {
    let grey = Sample {
        picture: Picture::new(vec![128; 3 * 200 * 100], 200, 100),
        objects: Vec::new(),
        parsing: None,
    };
    for (per_channel, together) in [(1.0, false), (0.0, true)] {
        let step = GaussianNoise {
            sigma: Range::fixed(12.0),
            per_channel,
        };
        let noisy = apply(step, grey.clone(), &Stream::new(2, 0));
        let values = noisy.picture.data();
        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let variance = values
            .iter()
            .map(|&v| (f64::from(v) - mean).powi(2))
            .sum::<f64>()
            / count;
        // Five standard errors of 20,000 draws: 12 · 5 / √20000 = 0.42; 5 · √(2 / 20000) = 5 %.
        assert!((mean - 128.0).abs() < 0.42, "{mean}");
        assert!(
            (variance / (144.0 + 1.0 / 12.0) - 1.0).abs() < 0.05,
            "{variance}"
        );
        let equal = values
            .chunks_exact(3)
            .filter(|p| p[0] == p[1] && p[1] == p[2])
            .count();
        assert_eq!(equal == 20_000, together, "{equal}");
    }
}

#[test]
fn dropout_blanks_whole_cells_of_its_share() {
    let white = Sample {
        picture: Picture::new(vec![255; 3 * 100 * 100], 100, 100),
        objects: Vec::new(),
        parsing: None,
    };
    let step = CoarseDropout {
        probability: Range::fixed(0.3),
        grid: Range::fixed(0.2),
        per_channel: 0.0,
        fill: [0, 0, 0],
    };
    let made = apply(step, white, &Stream::new(4, 0));
    // 20 × 20 cells of 5 × 5 pixels: 400 · 0.3 = 120 ± 46 blank ones.
    let pixel = |x: usize, y: usize| made.picture.data()[3 * (100 * y + x)];
    let mut blank = 0;
    for (cx, cy) in (0..20).flat_map(|y| (0..20).map(move |x| (x, y))) {
        let first = pixel(5 * cx, 5 * cy);
        assert!((0..25).all(|i| pixel(5 * cx + i % 5, 5 * cy + i / 5) == first));
        blank += usize::from(first == 0);
    }
    assert!((74..=166).contains(&blank), "{blank}");
}

// A table, however long.
#[allow(clippy::too_many_lines)]
#[test]
fn presets_survive_json_and_run() {
    for (step, width, height) in [
        (presets::paper_b(48), 48, 48),
        (presets::paper_b_test(48), 48, 48),
        (presets::bag_of_tricks(32), 32, 32),
        (presets::bag_of_tricks_test(224), 224, 224),
    ] {
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
        for seed in 0..20 {
            let made = apply(step.clone(), sample_of(70, 90), &Stream::new(seed, 0));
            assert_eq!(
                (made.picture.width(), made.picture.height()),
                (width, height)
            );
        }
    }
    // min(800 / 70, 1333 / 90) by the short side: 90 · 800 / 70 = 1028.
    let made = apply(presets::detector(), sample_of(70, 90), &Stream::new(0, 0));
    assert_eq!((made.picture.width(), made.picture.height()), (800, 1028));
    assert!(SquarePad::default().check().is_ok());
}
