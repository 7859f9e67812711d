//! Ends of runs and of threads, odd sets, settings.

use super::samples::{numbered, sample};
use std::sync::Arc;
use std::time::Duration;

use wardrobe_datasets::loader::{Batching, FnSource, Loader, LoaderConfig, Sampling};

#[test]
fn sets_smaller_than_a_batch_and_empty_sets_end() {
    let batches = |len, drop_last, until| {
        let config = LoaderConfig {
            batching: Batching {
                drop_last,
                ..Batching::of(8)
            },
            ..LoaderConfig::new(8)
        };
        let loader = Loader::new(numbered(len), config).unwrap();
        let mut batches = loader.run(until).unwrap();
        let sizes: Vec<usize> = batches.by_ref().map(|b| b.unwrap().samples.len()).collect();
        (sizes, batches.state().epoch)
    };
    assert_eq!(batches(3, false, 2), (vec![3, 3], 2));
    // An endless run over nothing ends after the first epoch.
    assert_eq!(batches(3, true, u64::MAX), (vec![], 1));
    assert_eq!(batches(0, false, u64::MAX), (vec![], 1));
}

#[test]
fn an_endless_run_goes_through_the_epochs() {
    let loader = Loader::new(numbered(4), LoaderConfig::new(4)).unwrap();
    for (epoch, batch) in loader.run(u64::MAX).unwrap().take(20).enumerate() {
        let batch = batch.unwrap();
        assert_eq!((batch.epoch, batch.number), (epoch as u64, 0));
        assert_eq!(batch.indices, loader.plan(epoch as u64).unwrap().batch(0));
    }
}

#[test]
fn dropping_a_run_ends_its_threads() {
    for delay in [0, 20] {
        let token = Arc::new(());
        let held_by_source = Arc::clone(&token);
        let source = FnSource::new(1000, move |index| {
            assert_eq!(Arc::strong_count(&held_by_source), 2);
            std::thread::sleep(Duration::from_millis(delay));
            Ok(sample(index))
        });
        let config = LoaderConfig {
            workers: 4,
            // Room for a few: without delay, the threads wait for room when the run is dropped.
            max_bytes: 2000,
            ..LoaderConfig::new(2)
        };
        let loader = Loader::new(source, config).unwrap();
        let mut batches = loader.run(u64::MAX).unwrap();
        batches.next().unwrap().unwrap();
        drop(loader);
        assert_eq!(Arc::strong_count(&token), 2);
        drop(batches);
        // The source is gone, so no thread holds it any more.
        assert_eq!(Arc::strong_count(&token), 1, "delay {delay}");
    }
}

#[test]
fn a_run_never_taken_from_can_be_dropped() {
    let loader = Loader::new(numbered(100), LoaderConfig::new(3)).unwrap();
    drop(loader.run(u64::MAX).unwrap());
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let refused = |change: fn(&mut LoaderConfig)| {
        let mut config = LoaderConfig::new(2);
        change(&mut config);
        Loader::new(numbered(4), config).unwrap_err().to_string()
    };
    for (message, part) in [
        (refused(|c| c.batching.size = 0), "batching.size: found 0"),
        (
            refused(|c| c.batching.aspect_edges = vec![1.0, 1.0]),
            "batching.aspect_edges: found [1.0, 1.0]",
        ),
        (
            refused(|c| c.batching.aspect_edges = vec![f32::NAN]),
            "batching.aspect_edges: found [NaN]",
        ),
        (
            refused(|c| {
                c.sampling = Sampling::Weighted {
                    weights: vec![1.0; 3],
                    draws: None,
                };
            }),
            "sampling.weights: found 3 weights for 4 samples",
        ),
        (
            refused(|c| c.sampling = Sampling::RepeatFactor { threshold: 2.0 }),
            "sampling.threshold: found 2",
        ),
    ] {
        assert!(message.contains(part), "{message}");
    }
}
