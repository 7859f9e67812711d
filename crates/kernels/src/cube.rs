//! What the CubeCL kernels of all families share: arguments, launch sizes, and arithmetic that
//! gives the same bits on every GPU.
//!
//! Kernels compute in `f32` and `i32`; other element types are converted at the door. WGSL
//! compilers may assume that there are no NaNs and may divide with an error of 2.5 ulp, so NaNs
//! are told by their bits and divisions that decide something go through [`divide`].

use burn::tensor::{DType, Shape};
use burn_cubecl::{
    kernel::{cast, into_contiguous, untile},
    ops::numeric::{empty_device_contiguous_dtype, zeros_client},
    tensor::CubeTensor,
};
use cubecl::{calculate_cube_count_elemwise, prelude::*};

/// A contiguous `f32` tensor.
pub(crate) fn floats(tensor: CubeTensor) -> CubeTensor {
    into_contiguous(cast(tensor, DType::F32))
}

/// An `f32` tensor in whatever layout it has, for kernels that follow its strides.
pub(crate) fn strided_floats(tensor: CubeTensor) -> CubeTensor {
    untile(cast(tensor, DType::F32))
}

/// A contiguous `i32` tensor.
pub(crate) fn ints(tensor: CubeTensor) -> CubeTensor {
    into_contiguous(cast(tensor, DType::I32))
}

/// An uninitialised contiguous tensor on the device of `like`.
pub(crate) fn empty<const D: usize>(
    like: &CubeTensor,
    shape: [usize; D],
    dtype: DType,
) -> CubeTensor {
    empty_device_contiguous_dtype(
        like.client.clone(),
        like.device.clone(),
        Shape::new(shape),
        dtype,
    )
}

/// A contiguous tensor of `f32` zeros on the device of `like`.
pub(crate) fn zeros<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    filled(like, shape, DType::F32)
}

/// A contiguous tensor of `u32` zeros on the device of `like`.
pub(crate) fn zero_words<const D: usize>(like: &CubeTensor, shape: [usize; D]) -> CubeTensor {
    filled(like, shape, DType::U32)
}

fn filled<const D: usize>(like: &CubeTensor, shape: [usize; D], dtype: DType) -> CubeTensor {
    zeros_client(
        like.client.clone(),
        like.device.clone(),
        Shape::new(shape),
        dtype,
    )
}

/// One unit per element, over as many grid axes as the device's limits ask for.
pub(crate) fn per_element(like: &CubeTensor, elements: usize) -> (CubeCount, CubeDim) {
    let dim = CubeDim::new(&like.client, elements);
    let count = calculate_cube_count_elemwise(&like.client, elements, dim);
    (count, dim)
}

/// A launch of at least `cubes` cubes, over as many grid axes as the device's limits ask for.
pub(crate) fn cubes(like: &CubeTensor, cubes: usize) -> CubeCount {
    calculate_cube_count_elemwise(&like.client, cubes, CubeDim::new_1d(1))
}

/// `a / b` rounded to nearest, as IEEE 754 asks and WGSL does not.
///
/// The residual a − q·b of the device's quotient q is exact: q and b are split into halves of 12
/// bits, whose products fit 24. Quotients outside the normal range are left as they are.
#[cube]
pub(crate) fn divide(a: f32, b: f32) -> f32 {
    let quotient = a / b;
    let exponent = (u32::reinterpret(quotient) >> 23) & 0xff;
    let divisor_exponent = (u32::reinterpret(b) >> 23) & 0xff;
    let mut result = quotient;
    // 2^-77 … 2^73 on both sides: no half and no product of halves leaves the normal range.
    if exponent > 50 && exponent < 200 && divisor_exponent > 50 && divisor_exponent < 200 {
        let quotient_high = f32::reinterpret(u32::reinterpret(quotient) & 0xffff_f000);
        let quotient_low = quotient - quotient_high;
        let divisor_high = f32::reinterpret(u32::reinterpret(b) & 0xffff_f000);
        let divisor_low = b - divisor_high;
        let mut residual = a - quotient_high * divisor_high;
        residual -= quotient_high * divisor_low;
        residual -= quotient_low * divisor_high;
        residual -= quotient_low * divisor_low;
        result = quotient + residual / b;
    }
    result
}

/// Neither NaN nor infinite.
#[cube]
pub(crate) fn finite(x: f32) -> bool {
    (u32::reinterpret(x) & 0x7fff_ffff) < 0x7f80_0000
}

/// An unsigned key in the order of the floats: −∞ is 0x007f_ffff, both zeros are equal, NaN is 0.
#[cube]
pub(crate) fn sort_key(x: f32) -> u32 {
    let bits = u32::reinterpret(x);
    let magnitude = bits & 0x7fff_ffff;
    let mut key = bits | 0x8000_0000;
    if (bits >> 31) == 1 {
        key = !bits;
    }
    if magnitude == 0 {
        key = 0x8000_0000u32.runtime();
    }
    if magnitude > 0x7f80_0000 {
        key = 0u32.runtime();
    }
    key
}

/// [`sort_key`] on the host, for thresholds.
pub(crate) fn host_sort_key(x: f32) -> u32 {
    let bits = x.to_bits();
    if x.is_nan() {
        0
    } else if x == 0.0 {
        0x8000_0000
    } else if bits >> 31 == 1 {
        !bits
    } else {
        bits | 0x8000_0000
    }
}

/// The float that [`sort_key`] made `key` of; zero comes back as +0.
#[cube]
pub(crate) fn float_of_key(key: u32) -> f32 {
    let mut bits = !key;
    if (key >> 31) == 1 {
        bits = key ^ 0x8000_0000;
    }
    f32::reinterpret(bits)
}
