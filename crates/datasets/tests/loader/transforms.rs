//! Transforms in the loader's threads: what comes out follows from seed, epoch and sample alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use wardrobe_datasets::collate::{ClassificationCollate, ClassificationCollateConfig};
use wardrobe_datasets::loader::{
    Batch, DataSetSource, Loader, LoaderConfig, LoaderError, OnBadFile, Sampling,
};
use wardrobe_datasets::sample::{Judgement, LabelMap, Split};
use wardrobe_datasets::synthetic::{Layout, WardrobeConfig, synthesise, write_annotations};
use wardrobe_datasets::transforms::{
    HorizontalFlip, Mirrors, PerBatch, Pipeline, Range, Rotate, Step, presets,
};
use wardrobe_datasets::{DataSet, DecodeLimits, Picture, Sample};

use super::samples::{all, config, numbered};

/// A FashionAI tree of 12 pictures, opened.
fn drawn() -> (tempfile::TempDir, Arc<DataSet>) {
    let folder = tempfile::tempdir().unwrap();
    let config = WardrobeConfig {
        seed: 2,
        long_side: [48, 48],
        ..WardrobeConfig::default()
    };
    let set = synthesise(&config, 12, Layout::FashionAi, folder.path(), &|| ()).unwrap();
    write_annotations(&set, Layout::FashionAi, folder.path()).unwrap();
    let set = Arc::new(DataSet::open(folder.path()).unwrap());
    (folder, set)
}

fn loader(set: &Arc<DataSet>, step: Step, config: LoaderConfig) -> Loader {
    let pipeline = Pipeline::new(step, Mirrors::of(set)).unwrap();
    let source = DataSetSource::new(Arc::clone(set), DecodeLimits::default());
    Loader::new(source, config)
        .unwrap()
        .with_transforms(pipeline)
}

fn seeded(workers: usize) -> LoaderConfig {
    LoaderConfig {
        seed: 9,
        workers,
        ..LoaderConfig::new(5)
    }
}

/// Every sample of a run by epoch and index.
fn by_index(batches: Vec<Batch>) -> BTreeMap<(u64, usize), Sample> {
    let mut found = BTreeMap::new();
    for batch in batches {
        for (sample, &index) in batch.samples.iter().zip(&batch.indices) {
            found.insert((batch.epoch, index), sample.clone());
        }
    }
    found
}

#[test]
fn any_number_of_threads_gives_the_same_batches() {
    let (_folder, set) = drawn();
    let run = |workers| {
        all(loader(&set, presets::paper_b(32), seeded(workers))
            .run(2)
            .unwrap())
    };
    let alone = run(1);
    assert_eq!(alone.len(), 6);
    for workers in [2, 7] {
        assert_eq!(run(workers), alone, "{workers} workers");
    }
}

#[test]
fn the_order_changes_no_sample_and_the_epoch_every_one() {
    let (_folder, set) = drawn();
    let run = |sampling| {
        let config = LoaderConfig {
            sampling,
            ..seeded(3)
        };
        by_index(all(loader(&set, presets::paper_b(32), config)
            .run(2)
            .unwrap()))
    };
    let shuffled = run(Sampling::Shuffled);
    assert_eq!(shuffled.len(), 2 * 12);
    assert_eq!(run(Sampling::Sequential), shuffled);
    for index in 0..12 {
        assert_ne!(shuffled[&(0, index)].picture, shuffled[&(1, index)].picture);
    }
    let other_seed = LoaderConfig {
        seed: 10,
        ..seeded(3)
    };
    let other = by_index(all(loader(&set, presets::paper_b(32), other_seed)
        .epoch(0)
        .unwrap()));
    for index in 0..12 {
        assert_ne!(other[&(0, index)].picture, shuffled[&(0, index)].picture);
    }
}

#[test]
fn a_killed_run_goes_on_with_the_same_pixels() {
    let (_folder, set) = drawn();
    let run = || loader(&set, presets::paper_b(32), seeded(2));
    let whole = all(run().run(2).unwrap());
    let rest = all(run().resume(&whole[1].next, 2).unwrap());
    assert_eq!(rest, whole[2..]);
}

#[test]
fn steps_for_the_batch_draw_once_a_batch() {
    let (_folder, set) = drawn();
    let flip = PerBatch {
        steps: vec![HorizontalFlip { probability: 0.5 }.into()],
    };
    let plain = by_index(all(loader(&set, flip_never(), seeded(3)).run(6).unwrap()));
    let mut seen = [0, 0];
    for batch in all(loader(&set, flip.into(), seeded(3)).run(6).unwrap()) {
        let flipped = |(sample, &index): (&Sample, &usize)| {
            sample.picture != plain[&(batch.epoch, index)].picture
        };
        let count = batch
            .samples
            .iter()
            .zip(&batch.indices)
            .filter(|&pair| flipped(pair))
            .count();
        assert!(count == 0 || count == batch.samples.len(), "{count}");
        seen[usize::from(count > 0)] += 1;
    }
    // 18 batches: all alike in one of 2^17 seeds.
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

fn flip_never() -> Step {
    HorizontalFlip { probability: 0.0 }.into()
}

#[test]
fn maps_and_transforms_follow_one_another() {
    let first = |level: u8| {
        move |sample: Sample, _: &_| {
            let data = sample.picture.data().iter();
            // ×3 and then +level is not +level and then ×3.
            let data = data.map(|value| value.wrapping_mul(3).wrapping_add(level));
            Sample {
                picture: Picture::new(data.collect(), 2, 1),
                ..sample
            }
        }
    };
    let flip = Pipeline::new(HorizontalFlip { probability: 1.0 }, Mirrors::default()).unwrap();
    let loader = Loader::new(numbered(3), config(3, OnBadFile::Fail))
        .unwrap()
        .with_map(first(1))
        .with_transforms(flip)
        .with_map(first(2));
    let batch = loader.epoch(0).unwrap().next().unwrap().unwrap();
    // Sample 2 is (2, 0, 0), (0, 0, 0): ((2 · 3 + 1) · 3 + 2) = 23, ((0 · 3 + 1) · 3 + 2) = 5; mirrored.
    assert_eq!(batch.samples[2].picture.data(), [5, 5, 5, 23, 5, 5]);
}

#[test]
fn a_sample_that_cannot_be_transformed_is_a_bad_file() {
    let broken = |on_bad_file| {
        let turn = Rotate {
            degrees: Range::fixed(10.0),
            fill: [0; 3],
            min_visible: 0.0,
        };
        Loader::new(numbered(4), config(2, on_bad_file))
            .unwrap()
            .with_map(|mut sample, seed| {
                if seed.index == 1 {
                    sample.parsing = Some(LabelMap::new(vec![0; 9], 3, 3));
                }
                sample
            })
            .with_transforms(Pipeline::new(turn, Mirrors::default()).unwrap())
    };
    let mut batches = broken(OnBadFile::Skip).epoch(0).unwrap();
    let sizes: Vec<_> = batches
        .by_ref()
        .map(|batch| batch.unwrap().samples.len())
        .collect();
    assert_eq!((sizes, batches.skipped().files()), (vec![1, 2], 1));
    let error = broken(OnBadFile::Fail)
        .epoch(0)
        .unwrap()
        .next()
        .unwrap()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "epoch 0, batch 0: sample 1: the parsing map is 3x3, its picture 2x1; use the map of this picture"
    );
}

#[test]
fn a_tree_on_disk_becomes_batches_of_numbers() -> Result<(), Box<dyn std::error::Error>> {
    let (folder, _) = drawn();
    let set = DataSet::open(folder.path())?;
    let pipeline = Pipeline::new(presets::paper_b(32), Mirrors::of(&set))?;
    let collate = ClassificationCollate::new(ClassificationCollateConfig::new(32, 32), &set)?;
    let train = DataSetSource::of_split(set, Split::Train, DecodeLimits::default())?;
    let loader = Loader::new(train, LoaderConfig::new(5))?.with_transforms(pipeline);
    let mut mixes = Vec::new();
    for batch in loader.run(2)? {
        let batch = batch?;
        let (stream, samples) = (batch.stream, batch.samples);
        let judged: Vec<usize> = samples
            .iter()
            .map(|sample| sample.objects[0].attributes.with(Judgement::Yes).count())
            .collect();
        let mut numbers = collate.collate(samples)?;
        let [pictures, classes] = numbers.attributes.dims();
        assert_eq!(numbers.images.dims, [pictures, 3, 32, 32]);
        assert_eq!(classes, 54);
        for (row, judged) in numbers.attributes.weights().chunks_exact(54).zip(judged) {
            assert_eq!((row.iter().sum::<f32>(), judged), (1.0, 1));
        }
        mixes.push(numbers.mixup(0.2, &stream)?.lambda);
    }
    // Each of the six batches mixes in its own way, and in the same way each time.
    let again = loader.run(2)?.map(|batch| batch.map(|batch| batch.stream));
    let again: Vec<_> = again.collect::<Result<_, LoaderError>>()?;
    assert_eq!(again.len(), 6);
    for (place, stream) in again.iter().enumerate() {
        assert_eq!(stream.dice().beta(f64::from(0.2_f32)) as f32, mixes[place]);
        assert!(again[..place].iter().all(|other| other != stream));
    }
    Ok(())
}
