//! Tensors from lists and from fixtures, and back.

use burn::tensor::{Device, Int, Tensor, TensorData};
use safetensors::SafeTensors;
use wardrobe_kernels::suppression::Kept;

/// Where the plain twins run: one oracle for all backends, and the only one that composes a few hundred
/// small operations without compiling a kernel for each.
pub fn oracle() -> Device {
    Device::flex()
}

/// Three boxes in a row, 10 × 10, each 2 further right: neighbours have IoU 80 / 120 = 0.67, the
/// outer two 60 / 140 = 0.43.
pub const ROW: [[f32; 4]; 3] = [[0., 0., 10., 10.], [2., 0., 12., 10.], [4., 0., 14., 10.]];

/// Boxes `[N, 4]`.
pub fn boxes(corners: &[[f32; 4]], device: &Device) -> Tensor<2> {
    let data = TensorData::new(corners.concat(), [corners.len(), 4]);
    Tensor::from_data(data, device)
}

/// Numbers `[N]`.
pub fn floats(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

/// Group numbers `[N]` in the device's integer type.
pub fn groups(values: &[i32], device: &Device) -> Tensor<1, Int> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

/// The kept indices, after checking that `order` and `count` agree.
pub fn kept(result: &Kept) -> Vec<i64> {
    let order: Vec<i64> = result.order.to_data().iter().collect();
    let count = result.len();
    assert_eq!(result.count.dims(), [1]);
    assert!(order[..count].iter().all(|&index| index >= 0), "{order:?}");
    assert!(order[count..].iter().all(|&index| index == -1), "{order:?}");
    let indices: Vec<i64> = result.indices().to_data().iter().collect();
    assert_eq!(indices, order[..count]);
    indices
}

/// The numbers of a float tensor.
pub fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// Numbers in 0..1: the upper bits of a 64-bit linear congruential generator (Knuth's MMIX).
pub struct Noise(pub u64);

impl Noise {
    /// The next number.
    pub fn next(&mut self) -> f32 {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A box inside `extent`, with sides from 5 to 5 + `side`.
    pub fn corners(&mut self, extent: f32, side: f32) -> [f32; 4] {
        let (x, y) = (self.next() * extent, self.next() * extent);
        let (w, h) = (5. + self.next() * side, 5. + self.next() * side);
        [x, y, x + w, y + h]
    }
}

/// A fixture file of `tests/fixtures`.
pub struct Fixture(Vec<u8>);

impl Fixture {
    /// Opens `<name>.safetensors`.
    pub fn open(name: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
        Self(std::fs::read(format!("{folder}/{name}.safetensors")).unwrap())
    }

    /// Names of the tensors that end with `suffix`, without it.
    pub fn cases(&self, suffix: &str) -> Vec<String> {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let names = file.names();
        let mut cases: Vec<String> = names
            .iter()
            .filter_map(|name| name.strip_suffix(suffix).map(str::to_owned))
            .collect();
        cases.sort();
        assert!(!cases.is_empty());
        cases
    }

    /// A float tensor.
    pub fn floats<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        let (shape, bytes) = self.tensor(name);
        let (numbers, _) = bytes.as_chunks();
        let numbers: Vec<f32> = numbers.iter().map(|&b| f32::from_le_bytes(b)).collect();
        Tensor::from_data(TensorData::new(numbers, shape), device)
    }

    /// A list of `i32`.
    pub fn integers(&self, name: &str) -> Vec<i32> {
        let (_, bytes) = self.tensor(name);
        let (numbers, _) = bytes.as_chunks();
        numbers.iter().map(|&b| i32::from_le_bytes(b)).collect()
    }

    fn tensor(&self, name: &str) -> (Vec<usize>, Vec<u8>) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(name).unwrap();
        (view.shape().to_vec(), view.data().to_vec())
    }
}
