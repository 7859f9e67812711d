//! Home of the benches: `benches/` (criterion), `src/bin/measure` and `peers/` (the same work in Python peers); here, the
//! inputs they share.

use burn::module::Module;
use burn::tensor::Device;
use wardrobe::BackendKind;
use wardrobe::backbones::weights::apply_named;
use wardrobe_tests::parameters::{Draw, noise, parameter};

/// The backend named by `WARDROBE_BACKEND` (default `flex`), with its name.
///
/// # Panics
/// If there is no such backend, it is not compiled in or the machine has no device for it.
pub fn device() -> (String, Device) {
    let name = std::env::var("WARDROBE_BACKEND").unwrap_or_else(|_| "flex".to_owned());
    let device = name
        .parse::<BackendKind>()
        .and_then(BackendKind::device)
        .unwrap_or_else(|error| panic!("WARDROBE_BACKEND: {error}"));
    (name, device)
}

/// The module with generated parameters: those that `peers/workloads.py` writes for the peers.
pub fn generated<M: Module>(module: M) -> M {
    apply_named(module, |name, shape| {
        parameter(name, shape, Draw::default())
    })
}

/// RGB bytes of a picture: blocks of 16 pixels with a fine grain, as `workloads.py` paints them.
pub fn picture(height: usize, width: usize) -> Vec<u8> {
    let columns = width / 16 + 1;
    let coarse = noise("picture.coarse", (height / 16 + 1) * columns * 3, 0);
    let fine = noise("picture.fine", height * width * 3, 0);
    let value = |index: usize| {
        let (pixel, channel) = (index / 3, index % 3);
        let (row, column) = (pixel / width, pixel % width);
        let block = coarse[((row / 16) * columns + column / 16) * 3 + channel];
        (128.0 + 80.0 * f64::from(block) + 40.0 * f64::from(fine[index])) as u8
    };
    (0..height * width * 3).map(value).collect()
}
