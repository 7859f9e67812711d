//! Burn's random generator, which is one for the whole process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;

/// The generator in the hands of one run. Another run waits until this is dropped: two that drew in
/// turns would both lose their seed, and with it the exact resume.
pub struct Generator {
    _held: MutexGuard<'static, ()>,
}

impl Generator {
    /// Waits for the run before, then seeds: the first weights of a model are the seed's, whatever was
    /// drawn before.
    pub fn seeded(device: &Device, seed: u64) -> Self {
        static ONE_RUN: Mutex<()> = Mutex::new(());
        // A run that panicked left the generator somewhere, which the seed makes good.
        let held = ONE_RUN.lock().unwrap_or_else(PoisonError::into_inner);
        device.seed(seed);
        Self { _held: held }
    }
}
