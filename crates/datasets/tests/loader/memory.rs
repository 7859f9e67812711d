//! Samples ahead of the consumer within a bound of bytes.

use super::samples::{config, id};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wardrobe_datasets::loader::{FnSource, Loader, LoaderConfig, OnBadFile, Source};
use wardrobe_datasets::{Picture, PictureError, Sample};

const WEIGHT: usize = 11_000;

/// Samples of 9,999 bytes of pixels (announced as [`WEIGHT`], which is more than they weigh), and
/// how many were made and given back.
struct Weighed {
    made: Arc<AtomicUsize>,
    given_back: Arc<AtomicUsize>,
    most_alive: Arc<AtomicUsize>,
}

impl Weighed {
    fn new() -> Self {
        Self {
            made: Arc::default(),
            given_back: Arc::default(),
            most_alive: Arc::default(),
        }
    }
}

impl Source for Weighed {
    fn len(&self) -> usize {
        200
    }

    fn get(&self, index: usize) -> Result<Sample, PictureError> {
        let made = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        let alive = made - self.given_back.load(Ordering::SeqCst);
        self.most_alive.fetch_max(alive, Ordering::SeqCst);
        let mut data = vec![0; 9999];
        data[0] = index as u8;
        Ok(Sample {
            picture: Picture::new(data, 3333, 1),
            objects: Vec::new(),
            parsing: None,
        })
    }

    fn bytes(&self, _index: usize) -> Option<usize> {
        Some(WEIGHT)
    }
}

/// Takes all batches of one sample; the most that were alive besides the consumer's own.
fn most_alive(max_bytes: usize, workers: usize) -> usize {
    let source = Weighed::new();
    let (given_back, most) = (
        Arc::clone(&source.given_back),
        Arc::clone(&source.most_alive),
    );
    let config = LoaderConfig {
        max_bytes,
        workers,
        ..config(1, OnBadFile::Fail)
    };
    let loader = Loader::new(source, config).unwrap();
    let mut expected = 0;
    for batch in loader.epoch(0).unwrap() {
        let batch = batch.unwrap();
        assert_eq!(id(&batch.samples[0]) % 256, expected % 256);
        expected += 1;
        drop(batch);
        given_back.fetch_add(1, Ordering::SeqCst);
    }
    assert_eq!(expected, 200);
    // One was with the consumer.
    most.load(Ordering::SeqCst) - 1
}

#[test]
fn samples_ahead_of_the_consumer_stay_within_the_bytes_allowed() {
    // A sample weighs its 9,999 bytes of pixels and some hundred more: ⌊55,000 / 10,1xx⌋ = 5,
    // ⌊30,000 / 10,1xx⌋ = 2, and one at the least.
    for workers in [1, 4] {
        assert!(most_alive(55_000, workers) <= 5);
        assert!(most_alive(30_000, workers) <= 2);
        assert!(most_alive(1, workers) <= 1);
        assert!(most_alive(0, workers) <= 1);
    }
}

#[test]
fn the_bytes_allowed_are_used() {
    let source = Weighed::new();
    let made = Arc::clone(&source.made);
    let config = LoaderConfig {
        max_bytes: 55_000,
        workers: 4,
        ..config(1, OnBadFile::Fail)
    };
    let loader = Loader::new(source, config).unwrap();
    let batches = loader.epoch(0).unwrap();
    // Nobody takes anything: exactly five are made, whatever the time.
    while made.load(Ordering::SeqCst) < 5 {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(made.load(Ordering::SeqCst), 5);
    drop(batches);
    assert_eq!(made.load(Ordering::SeqCst), 5);
}

#[test]
fn samples_of_unknown_size_pass_the_bound_by_one_a_thread_at_most() {
    let alive = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (made, peak) = (Arc::clone(&alive), Arc::clone(&most));
    let source = FnSource::new(100, move |_| {
        let now = made.fetch_add(1, Ordering::SeqCst) + 1;
        peak.fetch_max(now, Ordering::SeqCst);
        // Long enough for all threads to start before the first is finished.
        std::thread::sleep(Duration::from_millis(2));
        Ok(Sample {
            picture: Picture::new(vec![0; 9999], 3333, 1),
            objects: Vec::new(),
            parsing: None,
        })
    });
    let config = LoaderConfig {
        max_bytes: 25_000,
        workers: 3,
        ..config(1, OnBadFile::Fail)
    };
    for batch in Loader::new(source, config).unwrap().epoch(0).unwrap() {
        drop(batch.unwrap());
        alive.fetch_sub(1, Ordering::SeqCst);
    }
    // Two samples of some 10 kB fit; three threads may each have begun one too many; one is with
    // the consumer.
    let most = most.load(Ordering::SeqCst);
    assert!(most <= 2 + 3 + 1, "{most}");
}
