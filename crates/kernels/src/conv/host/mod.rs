//! Slice kernels of the convolution blocks: channels-last, parallel over rayon.
//!
//! Legend: N images of H×W cells and C channels in, OH×OW cells and D channels out; a *row* is one
//! cell's channels, contiguous. Every kernel reads and writes rows, so the innermost loop of a
//! convolution is a dot product or an AXPY over contiguous floats.
//!
//! - [`gemm`]: rows × packed weights with bias, residual and ReLU as it leaves the registers;
//! - [`direct`]: any kernel, as gathered patches times packed weights (a 1×1 kernel of stride 1
//!   reads its input in place);
//! - [`winograd`]: 3×3 kernels of stride 1 as F(4×4, 3×3): 36 products for 16 outputs instead of 144;
//! - [`input_gradient`], [`weight_gradient`], [`pointwise`]: the way back;
//! - [`pool`], [`layout`]: window maximum, nearest upsampling, and the way in and out of NCHW;
//! - [`cache`]: weights are packed once.

pub mod cache;
pub mod direct;
pub mod gemm;
pub mod input_gradient;
pub mod isa;
mod lanes;
pub mod layout;
pub mod pointwise;
pub mod pool;
pub mod weight_gradient;
pub mod winograd;

use super::ConvOptions;
use gemm::PackedMatrix;
use winograd::WinogradWeights;

/// Geometry of one convolution over host memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Images.
    pub n: usize,
    /// Input height.
    pub h: usize,
    /// Input width.
    pub w: usize,
    /// Input channels.
    pub c: usize,
    /// Output channels.
    pub d: usize,
    /// Kernel height and width.
    pub kernel: [usize; 2],
    /// Output height and width.
    pub out: [usize; 2],
    /// Stride, padding, dilation, activation.
    pub options: ConvOptions,
}

impl ConvShape {
    /// From the input's `[N, C, H, W]` and the weight's `[D, C, KH, KW]`.
    pub fn new(x: [usize; 4], weight: [usize; 4], options: ConvOptions) -> Self {
        let kernel = [weight[2], weight[3]];
        Self {
            n: x[0],
            h: x[2],
            w: x[3],
            c: x[1],
            d: weight[0],
            kernel,
            out: options.output_size([x[2], x[3]], kernel),
            options,
        }
    }

    /// Whether Winograd's form applies and pays: with few channels its transforms outweigh the
    /// products they save.
    pub fn suits_winograd(&self) -> bool {
        const MIN_CHANNELS: usize = 32;
        self.kernel == [3, 3]
            && self.options.stride == [1, 1]
            && self.options.dilation == [1, 1]
            && self.c >= MIN_CHANNELS
            && self.d >= MIN_CHANNELS
    }

    /// Floats of the output.
    pub fn output_len(&self) -> usize {
        self.n * self.out[0] * self.out[1] * self.d
    }
}

/// A weight tensor in the form its kernel reads.
#[derive(Debug)]
pub enum PackedWeights {
    /// For [`direct`].
    Direct(PackedMatrix),
    /// For [`winograd`].
    Winograd(WinogradWeights),
}

impl PackedWeights {
    /// Packs `weight` `[D, C, KH, KW]`, row-major, for convolutions like `shape`.
    pub fn pack(weight: &[f32], shape: &ConvShape) -> Self {
        if shape.suits_winograd() {
            Self::Winograd(WinogradWeights::pack(weight, shape.d, shape.c))
        } else {
            Self::Direct(direct::pack(weight, shape))
        }
    }
}

/// `out = activation(conv(x) + bias + residual)` over channels-last slices, `out` `[N, OH, OW, D]`.
///
/// # Panics
/// If a slice is shorter than its shape says.
pub fn conv(
    x: &[f32],
    weights: &PackedWeights,
    bias: &[f32],
    residual: Option<&[f32]>,
    out: &mut [f32],
    shape: &ConvShape,
) {
    assert!(
        x.len() >= shape.n * shape.h * shape.w * shape.c,
        "conv: input too short"
    );
    assert_eq!(
        bias.len(),
        shape.d,
        "conv: bias must have one value per output channel"
    );
    if let Some(residual) = residual {
        assert!(
            residual.len() >= shape.output_len(),
            "conv: residual too short"
        );
    }
    assert_eq!(out.len(), shape.output_len(), "conv: output length");
    match weights {
        PackedWeights::Direct(weights) => direct::conv(x, weights, bias, residual, out, shape),
        PackedWeights::Winograd(weights) => winograd::conv(x, weights, bias, residual, out, shape),
    }
}

/// A vector of `len` floats that the caller writes in full before reading.
pub(crate) fn uninit(len: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(len);
    // SAFETY: the capacity is `len`, f32 has no invalid bit pattern and no drop, and every kernel
    // here writes each element before anyone reads it.
    #[allow(clippy::uninit_vec)]
    unsafe {
        values.set_len(len);
    }
    values
}

/// A raw pointer that rayon's closures may share; each writes its own rows.
#[derive(Clone, Copy)]
pub(crate) struct SharedMut(pub *mut f32);

// SAFETY: the holders write disjoint ranges, which each use states.
unsafe impl Send for SharedMut {}
unsafe impl Sync for SharedMut {}

impl SharedMut {
    /// The pointer, by method so that closures capture the whole wrapper.
    pub fn get(self) -> *mut f32 {
        self.0
    }
}
