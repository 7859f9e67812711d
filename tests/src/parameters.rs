//! The parameter generator shared with Python (`tests/fixtures/parameters.py`): README.md is its specification.
//!
//! A parameter is a pure function of its torchvision name, its shape and a seed, so a fixture stores a list of names and
//! shapes instead of hundreds of megabytes of weights. All arithmetic is in 64-bit floats with one rounding to 32 bits at the
//! end; every operation is correctly rounded in IEEE 754, so both languages give the same bits.

use std::path::Path;

use rayon::prelude::*;
use safetensors::{Dtype, SafeTensorError, serialize_to_file, tensor::TensorView};

/// Offset basis and prime of FNV-1a, 64 bits (Fowler, Noll and Vo).
const FNV_OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01B3;
/// Increment of splitmix64: 2^64 divided by the golden ratio (Steele, Lea and Flood 2014).
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// (part of the name, gain): the first match wins. A gain multiplies He's bound √(6 / fan in).
const GAINS: [(&str, f64); 7] = [
    ("fpn.layer_blocks.", 0.3),
    ("rpn.head.cls_logits.weight", 1.0),
    ("rpn.head.bbox_pred.weight", 0.12),
    ("box_head.5.weight", 4.0),
    ("box_predictor.cls_score.weight", 0.8),
    ("box_predictor.bbox_pred.weight", 0.25),
    ("mask_fcn_logits.weight", 0.8),
];

/// Names and shapes in PyTorch's layout, in the order of torchvision's state dict.
pub type Listing = Vec<(String, Vec<usize>)>;

/// What the values depend on besides the name and the index.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Draw {
    /// Chooses one of many networks.
    pub seed: u64,
    /// Added to the background's class bias: the larger, the fewer detections.
    pub background: f64,
}

/// FNV-1a of the UTF-8 bytes.
fn fnv1a64(text: &str) -> u64 {
    text.bytes().fold(FNV_OFFSET, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
    })
}

/// The name's stream: element `index` is in [−1, 1), a multiple of 2⁻²³.
fn stream(name: &str, seed: u64) -> impl Fn(usize) -> f64 + Sync {
    let start = fnv1a64(&format!("{seed}/{name}"));
    move |index| {
        let mut z = start.wrapping_add((index as u64 + 1).wrapping_mul(GOLDEN));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 40) as f64 / f64::from(1 << 23) - 1.0
    }
}

/// The interval [centre − scale, centre + scale) that the parameter is drawn from.
fn centre_and_scale(name: &str, shape: &[usize]) -> (f64, f64) {
    if name.ends_with("running_var") {
        return (1.0, 0.5);
    }
    if name.ends_with("running_mean") {
        return (0.0, 0.1);
    }
    if shape.len() == 1 {
        return if name.ends_with("weight") {
            (0.75, 0.25)
        } else {
            (0.0, 0.1)
        };
    }
    // A transposed convolution with kernel = stride = 2 reads each input channel once.
    let fan_in = if name.ends_with("conv5_mask.weight") {
        shape[0]
    } else {
        shape[1..].iter().product()
    };
    let gain = GAINS
        .iter()
        .find(|(part, _)| name.contains(part))
        .map_or(1.0, |(_, gain)| *gain);
    (0.0, gain * (6.0 / fan_in as f64).sqrt())
}

/// The values of the parameter `name`, row-major in PyTorch's layout.
pub fn parameter(name: &str, shape: &[usize], draw: Draw) -> Vec<f32> {
    let (centre, scale) = centre_and_scale(name, shape);
    let uniform = stream(name, draw.seed);
    let background = name.ends_with("box_predictor.cls_score.bias");
    let value = |index: usize| {
        let raised = if background && index == 0 {
            draw.background
        } else {
            0.0
        };
        (centre + scale * uniform(index) + raised) as f32
    };
    (0..shape.iter().product())
        .into_par_iter()
        .map(value)
        .collect()
}

/// `count` values in [−1, 1): inputs that are not worth storing.
pub fn noise(name: &str, count: usize, seed: u64) -> Vec<f32> {
    let uniform = stream(name, seed);
    (0..count)
        .into_par_iter()
        .map(|index| uniform(index) as f32)
        .collect()
}

/// `count` boxes `[x1, y1, x2, y2]` inside `height` × `width`; sides grow from `smallest` with the square of a uniform
/// number, so that small boxes are common and large ones are not missing.
pub fn boxes(
    name: &str,
    count: usize,
    [height, width]: [usize; 2],
    smallest: f64,
) -> Vec<[f32; 4]> {
    let uniform = stream(name, 0);
    let (height, width) = (height as f64, width as f64);
    let one = |row: usize| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|column| f64::midpoint(uniform(4 * row + column), 1.0));
        let w = smallest + c * c * (width - smallest);
        let h = smallest + d * d * (height - smallest);
        let (x, y) = (a * (width - w), b * (height - h));
        [x, y, x + w, y + h].map(|value| value as f32)
    };
    (0..count).map(one).collect()
}

/// Writes all parameters of a listing as a file that torchvision's names load from.
///
/// # Errors
/// If the file cannot be written.
pub fn write_safetensors(
    listing: &Listing,
    draw: Draw,
    path: &Path,
) -> Result<(), SafeTensorError> {
    let bytes: Vec<Vec<u8>> = listing
        .iter()
        .map(|(name, shape)| {
            parameter(name, shape, draw)
                .into_iter()
                .flat_map(f32::to_le_bytes)
                .collect()
        })
        .collect();
    let views = listing.iter().zip(&bytes).map(|((name, shape), bytes)| {
        Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?))
    });
    serialize_to_file(
        views.collect::<Result<Vec<_>, SafeTensorError>>()?,
        None,
        path,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // The published test vectors of the 64-bit hash.
        assert_eq!(fnv1a64(""), 0xCBF2_9CE4_8422_2325);
        assert_eq!(fnv1a64("a"), 0xAF63_DC4C_8601_EC8C);
        assert_eq!(fnv1a64("foobar"), 0x8594_4171_F739_67E8);
    }

    #[test]
    fn fan_in_of_a_transposed_convolution_is_its_input_channels() {
        // √(6 / 24) = 0.5
        assert_eq!(
            centre_and_scale("mask_predictor.conv5_mask.weight", &[24, 8, 2, 2]),
            (0.0, 0.5)
        );
        // √(6 / (6·2·2)) = 0.5
        assert_eq!(
            centre_and_scale("layer1.0.conv1.weight", &[24, 6, 2, 2]),
            (0.0, 0.5)
        );
    }
}
