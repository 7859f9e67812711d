//! Files that cannot be used, and panics.

use super::samples::{config, numbered, sample};
use std::sync::Arc;

use wardrobe_datasets::loader::{DataSetSource, FnSource, Loader, LoaderError, OnBadFile, Source};
use wardrobe_datasets::{
    DataSet, DecodeLimits, Picture, PictureError, Record, Sample, save_picture,
};

/// Ten pictures `0.png` … `9.png`, of which 4 is cut short and 7 is missing.
fn folder() -> (tempfile::TempDir, DataSetSource) {
    let folder = tempfile::tempdir().unwrap();
    let mut set = DataSet {
        root: folder.path().into(),
        ..DataSet::default()
    };
    for index in 0..10_u8 {
        let mut record = Record::default();
        record.image.path = format!("{index}.png");
        let path = folder.path().join(&record.image.path);
        let data = (0..3 * 30 * 20)
            .map(|byte| (byte % 251) as u8 ^ index)
            .collect();
        save_picture(&Picture::new(data, 30, 20), &path).unwrap();
        match index {
            4 => {
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            }
            7 => std::fs::remove_file(&path).unwrap(),
            _ => {}
        }
        set.records.push(record);
    }
    let source = DataSetSource::new(Arc::new(set), DecodeLimits::default());
    (folder, source)
}

#[test]
fn bad_files_are_left_out_counted_and_named() {
    let (_folder, source) = folder();
    let loader = Loader::new(source, config(3, OnBadFile::Skip)).unwrap();
    let mut batches = loader.run(2).unwrap();
    let mut indices = Vec::new();
    for batch in &mut batches {
        indices.push(batch.unwrap().indices);
    }
    let epoch = [vec![0, 1, 2], vec![3, 5], vec![6, 8], vec![9]];
    assert_eq!(indices, [&epoch[..], &epoch[..]].concat());
    let skipped = batches.skipped();
    assert_eq!((skipped.files(), skipped.draws()), (2, 4));
    let [cut, missing] = skipped.first() else {
        panic!("{skipped}");
    };
    assert_eq!((cut.index, cut.name.as_str()), (4, "4.png"));
    assert!(
        cut.problem
            .contains("4.png: the PNG file ends before its picture does")
    );
    assert!(
        missing.problem.contains("7.png: cannot be read"),
        "{skipped}"
    );
}

#[test]
fn a_bad_file_ends_the_run_at_its_place_when_asked_to() {
    let (folder, source) = folder();
    let loader = Loader::new(source.clone(), config(3, OnBadFile::Fail)).unwrap();
    let mut batches = loader.epoch(0).unwrap();
    assert_eq!(batches.next().unwrap().unwrap().indices, [0, 1, 2]);
    let error = batches.next().unwrap().unwrap_err();
    assert!(matches!(
        error,
        LoaderError::Picture {
            epoch: 0,
            batch: 1,
            index: 4,
            source: PictureError::Truncated { .. }
        }
    ));
    assert!(
        error.to_string().starts_with("epoch 0, batch 1: "),
        "{error}"
    );
    assert!(error.to_string().contains("4.png"), "{error}");
    assert!(batches.next().is_none());

    // The state names the batch that failed: with the file mended the run goes on there.
    let state = batches.state();
    assert_eq!((state.epoch, state.next_batch), (0, 1));
    std::fs::copy(folder.path().join("3.png"), folder.path().join("4.png")).unwrap();
    let next = loader.resume(&state, 1).unwrap().next().unwrap().unwrap();
    assert_eq!(next.indices, [3, 4, 5]);
}

/// Twelve samples in batches of 3 of which the second batch (3, 4, 5) and the last (9, 10, 11) are
/// unusable.
fn two_bad_batches() -> Loader {
    let source = FnSource::new(12, |index| match index / 3 {
        1 | 3 => Err(PictureError::Empty {
            path: format!("{index}.jpg").into(),
        }),
        _ => Ok(sample(index)),
    });
    Loader::new(source, config(3, OnBadFile::Skip)).unwrap()
}

#[test]
fn a_batch_without_a_usable_file_is_passed_over() {
    let mut batches = two_bad_batches().run(2).unwrap();
    let places: Vec<_> = batches
        .by_ref()
        .map(Result::unwrap)
        .map(|batch| (batch.epoch, batch.number, batch.indices[0]))
        .collect();
    assert_eq!(places, [(0, 0, 0), (0, 2, 6), (1, 0, 0), (1, 2, 6)]);
    assert_eq!(
        (batches.skipped().files(), batches.skipped().draws()),
        (6, 12)
    );
    // The bad batch at the end is passed too: a loop over epochs makes progress.
    assert_eq!((batches.state().epoch, batches.state().next_batch), (2, 0));
}

#[test]
fn runs_with_bad_batches_resume_at_every_boundary() {
    let loader = two_bad_batches();
    let whole: Vec<_> = loader.run(3).unwrap().map(Result::unwrap).collect();
    for (place, batch) in whole.iter().enumerate() {
        let rest: Vec<_> = loader
            .resume(&batch.next, 3)
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(rest, whole[place + 1..]);
    }
}

#[test]
fn an_epoch_without_a_usable_file_is_an_error_even_when_skipping() {
    let set = DataSet {
        root: "/nowhere".into(),
        records: (0..5)
            .map(|index| {
                let mut record = Record::default();
                record.image.path = format!("{index}.jpg");
                record
            })
            .collect(),
        ..DataSet::default()
    };
    let source = DataSetSource::new(Arc::new(set), DecodeLimits::default());
    let loader = Loader::new(source, config(2, OnBadFile::Skip)).unwrap();
    let mut batches = loader.run(u64::MAX).unwrap();
    let message = batches.next().unwrap().unwrap_err().to_string();
    assert!(
        message.contains("none of its 5 pictures can be used"),
        "{message}"
    );
    assert!(message.contains("0.jpg"), "{message}");
    assert!(batches.next().is_none());
    assert_eq!(batches.skipped().files(), 5);
}

#[test]
fn a_decoder_that_panics_is_a_bad_file() {
    let loader = |on_bad_file| {
        let source = FnSource::new(6, |index| {
            if index == 3 {
                std::panic::resume_unwind(Box::new("index out of bounds"));
            }
            Ok(sample(index))
        });
        Loader::new(source, config(2, on_bad_file)).unwrap()
    };
    let mut batches = loader(OnBadFile::Skip).epoch(0).unwrap();
    let sizes: Vec<_> = batches.by_ref().map(|b| b.unwrap().samples.len()).collect();
    assert_eq!(sizes, [2, 1, 2]);
    assert_eq!(
        batches.skipped().first()[0].problem,
        "sample 3: reading it panicked: index out of bounds"
    );
    let error = loader(OnBadFile::Fail)
        .epoch(0)
        .unwrap()
        .nth(1)
        .unwrap()
        .unwrap_err();
    assert!(
        matches!(error, LoaderError::SourcePanicked { index: 3, .. }),
        "{error}"
    );
}

#[test]
fn a_transform_that_panics_is_an_error_under_either_policy() {
    for on_bad_file in [OnBadFile::Skip, OnBadFile::Fail] {
        let (_folder, source) = folder();
        let loader = Loader::new(source, config(2, on_bad_file))
            .unwrap()
            .with_map(|sample, seed| {
                assert!(seed.index != 3, "crop of width {}", 0);
                sample
            });
        let mut batches = loader.epoch(0).unwrap();
        assert!(batches.next().unwrap().is_ok());
        let message = batches.next().unwrap().unwrap_err().to_string();
        for part in [
            "3.png",
            "a transform panicked",
            "crop of width 0",
            "batch 1",
        ] {
            assert!(message.contains(part), "{message}");
        }
        assert!(batches.next().is_none());
    }
}

#[test]
fn a_sample_the_map_refuses_is_a_bad_file() {
    let loader = |on_bad_file| {
        Loader::new(numbered(6), config(2, on_bad_file))
            .unwrap()
            .with_try_map(|sample, seed| match seed.index {
                3 => Err("its mask is broken"),
                _ => Ok(sample),
            })
    };
    let mut batches = loader(OnBadFile::Skip).epoch(0).unwrap();
    let sizes: Vec<_> = batches.by_ref().map(|b| b.unwrap().samples.len()).collect();
    assert_eq!(sizes, [2, 1, 2]);
    let [refused] = batches.skipped().first() else {
        panic!("{}", batches.skipped());
    };
    assert_eq!(refused.problem, "sample 3: its mask is broken");
    let error = loader(OnBadFile::Fail)
        .epoch(0)
        .unwrap()
        .nth(1)
        .unwrap()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "epoch 0, batch 1: sample 3: its mask is broken"
    );
}

#[test]
fn a_source_that_panics_over_a_cheap_fact_is_an_error_and_no_hang() {
    struct Broken;
    impl Source for Broken {
        fn len(&self) -> usize {
            3
        }
        fn get(&self, index: usize) -> Result<Sample, PictureError> {
            Ok(sample(index))
        }
        fn bytes(&self, index: usize) -> Option<usize> {
            if index == 2 {
                std::panic::resume_unwind(Box::new("no size"));
            }
            None
        }
    }
    let loader = Loader::new(Broken, config(3, OnBadFile::Skip)).unwrap();
    let error = loader.epoch(0).unwrap().next().unwrap().unwrap_err();
    assert!(
        matches!(&error, LoaderError::WorkerPanicked { message } if message == "no size"),
        "{error}"
    );
}
