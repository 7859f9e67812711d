//! Samples that can be told apart, and a map that shows its random numbers.

use rand::Rng;
use wardrobe_datasets::loader::{
    Batch, FnSource, Loader, LoaderConfig, LoaderError, OnBadFile, Sampling,
};
use wardrobe_datasets::{Picture, PictureError, Sample};

/// Two pixels: the index in the first two bytes, room for noise in the fourth and fifth.
pub fn sample(index: usize) -> Sample {
    let [low, high] = (index as u16).to_le_bytes();
    Sample {
        picture: Picture::new(vec![low, high, 0, 0, 0, 0], 2, 1),
        objects: Vec::new(),
        parsing: None,
    }
}

/// The index a sample was made for.
pub fn id(sample: &Sample) -> usize {
    let data = sample.picture.data();
    usize::from(u16::from_le_bytes([data[0], data[1]]))
}

/// The random number [`noisy`] left in a sample.
pub fn noise(sample: &Sample) -> u16 {
    let data = sample.picture.data();
    u16::from_le_bytes([data[3], data[4]])
}

/// `len` samples.
pub fn numbered(len: usize) -> FnSource<fn(usize) -> Result<Sample, PictureError>> {
    FnSource::new(len, |index| Ok(sample(index)))
}

/// With a map that writes the first random number of each sample into it.
pub fn noisy(loader: Loader) -> Loader {
    loader.with_map(|sample, seed| {
        let mut data = sample.picture.data().to_vec();
        data[3..5].copy_from_slice(&seed.rng().random::<u16>().to_le_bytes());
        Sample {
            picture: Picture::new(data, 2, 1),
            ..sample
        }
    })
}

/// The batches of a run in which nothing fails.
pub fn all(batches: impl Iterator<Item = Result<Batch, LoaderError>>) -> Vec<Batch> {
    batches.collect::<Result<_, _>>().unwrap()
}

/// Batches in the source's order, from three threads.
pub fn config(size: usize, on_bad_file: OnBadFile) -> LoaderConfig {
    LoaderConfig {
        sampling: Sampling::Sequential,
        workers: 3,
        on_bad_file,
        ..LoaderConfig::new(size)
    }
}
