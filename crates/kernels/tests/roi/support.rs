//! What the RoI tests share.

use burn::tensor::{Device, Int, Tensor, TensorData};
use safetensors::SafeTensors;
use wardrobe_kernels::device::test_device;

pub fn device() -> Device {
    test_device()
}

/// Where the plain twins run: one oracle for all backends, and the only one that composes a few hundred
/// small operations without compiling a kernel for each.
pub fn oracle() -> Device {
    Device::flex()
}

/// A device that records gradients.
pub fn tracking() -> Device {
    test_device().autodiff()
}

/// Reproducible numbers in −1…1: a linear congruential generator (Numerical Recipes' constants).
pub struct Numbers(u32);

impl Numbers {
    pub fn new(seed: u32) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    pub fn tensor<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Tensor<D> {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.next()).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// Boxes around and over the border of an image of `width` × `height` pixels, some inverted.
    pub fn rois(&mut self, count: usize, images: usize, width: f32, height: f32) -> Vec<[f32; 5]> {
        (0..count)
            .map(|k| {
                let x = (self.next() + 0.5) * width;
                let y = (self.next() + 0.5) * height;
                let side = |n: &mut Self, whole: f32| (n.next() + 0.9) * 0.6 * whole;
                let (w, h) = (side(self, width), side(self, height));
                [(k % images) as f32, x, y, x + w, y + h]
            })
            .collect()
    }
}

pub fn rois(rows: &[[f32; 5]], device: &Device) -> Tensor<2> {
    let values: Vec<f32> = rows.iter().flatten().copied().collect();
    Tensor::from_data(TensorData::new(values, [rows.len(), 5]), device)
}

pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Asserts that two tensors agree to `tolerance`, and names the worst element.
#[track_caller]
pub fn assert_close<const D: usize>(
    actual: Tensor<D>,
    expected: Tensor<D>,
    tolerance: f32,
    what: &str,
) {
    assert_eq!(actual.dims(), expected.dims(), "{what}: shapes");
    let dims = actual.dims();
    for (i, (a, e)) in values(actual).into_iter().zip(values(expected)).enumerate() {
        assert!(
            (a - e).abs() <= tolerance,
            "{what}: element {i} of {dims:?} is {a}, expected {e}"
        );
    }
}

/// Tensors of a fixture file.
pub struct Fixture(Vec<u8>);

impl Fixture {
    pub fn open(name: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        let bytes = std::fs::read(format!("{folder}/{name}.safetensors")).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let versions = header.metadata().as_ref().expect("versions in the header");
        assert!(versions["torchvision"].starts_with("0.24"));
        Self(bytes)
    }

    pub fn float<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (values, shape) = self.read(name, |bytes: [u8; 4]| f32::from_le_bytes(bytes));
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    pub fn int<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D, Int> {
        let (values, shape) = self.read(name, |bytes: [u8; 8]| i64::from_le_bytes(bytes));
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn read<const B: usize, T>(&self, name: &str, value: fn([u8; B]) -> T) -> (Vec<T>, Vec<usize>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let tensor = file.tensor(name).unwrap();
        let (bytes, rest) = tensor.data().as_chunks::<B>();
        assert!(rest.is_empty(), "{name} has elements of another size");
        (
            bytes.iter().copied().map(value).collect(),
            tensor.shape().to_vec(),
        )
    }
}
