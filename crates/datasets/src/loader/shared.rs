//! What the threads of a run share: the source, and everything that decides what comes.

use std::sync::Arc;

use crate::sample::Sample;

use super::{LoaderConfig, LoaderError, Plan, SampleSeed, Sampler, Source};

/// Any error that may cross threads.
pub(super) type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// A transform of one sample.
pub(super) type Map = dyn Fn(Sample, &SampleSeed) -> Result<Sample, AnyError> + Send + Sync;

#[derive(Clone)]
pub(super) struct Shared {
    pub source: Arc<dyn Source>,
    pub sampler: Arc<dyn Sampler>,
    pub map: Option<Arc<Map>>,
    pub config: Arc<LoaderConfig>,
}

impl Shared {
    /// The batches of an epoch.
    pub fn plan(&self, epoch: u64) -> Result<Plan, LoaderError> {
        let order = self.sampler.order(self.config.seed, epoch);
        let len = self.source.len();
        if let Some(index) = order.iter().find(|&&index| index >= len) {
            return Err(LoaderError::Setting {
                field: "sampler",
                found: format!("index {index} in the order of epoch {epoch}"),
                expected: "indices below the source's count of samples",
            });
        }
        Ok(Plan::new(order, &self.config.batching, |index| {
            self.source.aspect(index)
        }))
    }

    /// A number that differs, but for one case in 2³², between loaders that give other batches:
    /// seed, names of all samples, and the batches of epoch 0.
    ///
    /// FNV-1a with 64 bits (RFC 9923), its halves combined by exclusive or.
    pub fn digest(&self) -> Result<u32, LoaderError> {
        const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut hash = OFFSET_BASIS;
        let mut add = |bytes: &[u8]| {
            for &byte in bytes {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        };
        let number = |value: usize| (value as u64).to_le_bytes();
        add(&self.config.seed.to_le_bytes());
        for index in 0..self.source.len() {
            let name = self.source.name(index);
            add(&number(name.len()));
            add(name.as_bytes());
        }
        for batch in self.plan(0)?.batches() {
            add(&number(batch.len()));
            for &index in batch {
                add(&number(index));
            }
        }
        Ok((hash ^ hash >> 32) as u32)
    }
}
