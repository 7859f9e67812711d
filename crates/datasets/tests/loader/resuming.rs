//! Runs that were killed, and where they go on.

use super::samples::{all, noisy, numbered, sample};
use std::sync::Arc;

use wardrobe_datasets::loader::{
    Batching, FnSource, Loader, LoaderConfig, LoaderError, Sampling, Source, State,
};

#[test]
fn resumed_at_any_batch_a_run_gives_what_it_would_have_given() {
    for sampling in [
        Sampling::Sequential,
        Sampling::Shuffled,
        Sampling::RepeatFactor { threshold: 0.5 },
        Sampling::ClassBalanced { draws: Some(9) },
    ] {
        let source = Labelled;
        let config = LoaderConfig {
            seed: 5,
            workers: 3,
            sampling,
            batching: Batching {
                aspect_edges: vec![1.0],
                ..Batching::of(3)
            },
            ..LoaderConfig::new(3)
        };
        let loader = noisy(Loader::new(source, config.clone()).unwrap());
        let whole = all(loader.run(3).unwrap());
        assert!(whole.len() >= 9);
        for killed_after in 0..whole.len() {
            // Another process has only the settings and the state's text.
            let text = serde_json::to_string(&whole[killed_after].next).unwrap();
            let state: State = serde_json::from_str(&text).unwrap();
            let again = noisy(Loader::new(Labelled, config.clone()).unwrap());
            let rest = all(again.resume(&state, 3).unwrap());
            assert_eq!(
                rest,
                whole[killed_after + 1..],
                "after batch {killed_after}"
            );
        }
    }
}

/// Ten samples; every third has category 1, all but the last category 0; odd ones are wide.
struct Labelled;

impl Source for Labelled {
    fn len(&self) -> usize {
        10
    }

    fn get(
        &self,
        index: usize,
    ) -> Result<wardrobe_datasets::Sample, wardrobe_datasets::PictureError> {
        Ok(sample(index))
    }

    fn aspect(&self, index: usize) -> Option<f32> {
        Some(if index % 2 == 1 { 1.5 } else { 0.7 })
    }

    fn categories(&self, index: usize) -> Vec<u32> {
        match index {
            9 => vec![],
            index if index % 3 == 0 => vec![0, 1],
            _ => vec![0],
        }
    }
}

#[test]
fn resuming_decodes_nothing_that_came_before() {
    let read = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&read);
    let source = FnSource::new(12, move |index| {
        log.lock().unwrap().push(index);
        Ok(sample(index))
    });
    let config = LoaderConfig {
        sampling: Sampling::Sequential,
        workers: 2,
        ..LoaderConfig::new(4)
    };
    let loader = Loader::new(source, config).unwrap();
    let second = loader.epoch(0).unwrap().nth(1).unwrap().unwrap();
    read.lock().unwrap().clear();
    assert_eq!(all(loader.resume(&second.next, 1).unwrap()).len(), 1);
    let mut read = read.lock().unwrap().clone();
    read.sort_unstable();
    assert_eq!(read, [8, 9, 10, 11]);
}

#[test]
fn states_of_another_run_are_refused() {
    let loader = |len, seed, size| {
        let config = LoaderConfig {
            seed,
            ..LoaderConfig::new(size)
        };
        Loader::new(numbered(len), config).unwrap()
    };
    let state = loader(10, 1, 2)
        .epoch(0)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .next;
    assert!(loader(10, 1, 2).resume(&state, 9).is_ok());
    for other in [loader(11, 1, 2), loader(10, 2, 2), loader(10, 1, 3)] {
        assert!(matches!(
            other.resume(&state, 9),
            Err(LoaderError::OtherRun { found, .. }) if found == state.order
        ));
    }
    let damaged = State {
        next_batch: 6,
        ..state
    };
    let message = loader(10, 1, 2)
        .resume(&damaged, 9)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("no batch 6 in epoch 0, which has 5"),
        "{message}"
    );
}

#[test]
fn the_state_after_a_run_starts_the_next_epoch() {
    let loader = Loader::new(numbered(5), LoaderConfig::new(2)).unwrap();
    let mut batches = loader.epoch(4).unwrap();
    let places: Vec<_> = batches
        .by_ref()
        .map(|batch| batch.unwrap())
        .map(|batch| (batch.number, batch.next.epoch, batch.next.next_batch))
        .collect();
    assert_eq!(places, [(0, 4, 1), (1, 4, 2), (2, 5, 0)]);
    assert_eq!((batches.state().epoch, batches.state().next_batch), (5, 0));
    // Nothing is left of a run that is resumed where it ends.
    assert!(loader.resume(&batches.state(), 5).unwrap().next().is_none());
}
