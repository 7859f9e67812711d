//! Burn's random generator, which is one for the whole process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::Device;

/// The generator, seeded, in the hands of whoever asked for it. Others that ask wait until this is dropped:
/// two that drew from it in turns would both lose their seed, and with it their repeatable numbers.
///
/// Keep it until everything is drawn. The parameters of a Burn module are drawn when they are first used, dropout
/// draws in every training pass.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Distribution, Tensor};
/// use wardrobe_kernels::generator::Generator;
///
/// let device = Device::flex();
/// let draw = || {
///     let _generator = Generator::seeded(&device, 7);
///     Tensor::<1>::random([4], Distribution::Default, &device).into_data()
/// };
/// assert_eq!(draw(), draw());
/// ```
#[derive(Debug)]
#[must_use = "it is free for others as soon as this is dropped"]
pub struct Generator {
    _held: MutexGuard<'static, ()>,
}

impl Generator {
    /// Waits for the one before, then seeds the device's generator.
    ///
    /// Whoever holds one and asks for another waits for ever.
    pub fn seeded(device: &Device, seed: u64) -> Self {
        static ONE: Mutex<()> = Mutex::new(());
        // A holder that panicked left the generator somewhere, which the seed makes good.
        let held = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        device.seed(seed);
        Self { _held: held }
    }
}
