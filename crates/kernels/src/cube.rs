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
/// The device's quotient is moved by units in the last place until its residual a − q·b is at most
/// half a unit. The residual is taken in integers: WGSL lets compilers reassociate float sums, which
/// undoes every scheme of exact float products. Denormal and special numbers are left as they are.
#[cube]
#[allow(clippy::verbose_bit_mask)]
pub(crate) fn divide(a: f32, b: f32) -> f32 {
    let a_bits = u32::reinterpret(a);
    let b_bits = u32::reinterpret(b);
    let mut bits = u32::reinterpret(a / b);
    let a_exponent = (a_bits >> 23) & 0xff;
    let b_exponent = (b_bits >> 23) & 0xff;
    let exponent = (bits >> 23) & 0xff;
    let normal = a_exponent > 0
        && a_exponent < 255
        && b_exponent > 0
        && b_exponent < 255
        && exponent > 1
        && exponent < 254;
    if normal {
        let dividend = (a_bits & 0x7f_ffff) | 0x80_0000;
        let divisor = (b_bits & 0x7f_ffff) | 0x80_0000;
        let half = i32::cast_from(divisor >> 1);
        let mut steps = 0u32;
        while steps < 8 {
            // dividend · 2^shift − quotient · divisor: a few divisors at most, so 32 bits hold it.
            let shift = a_exponent + 150 - b_exponent - ((bits >> 23) & 0xff);
            let quotient = (bits & 0x7f_ffff) | 0x80_0000;
            let residual = i32::reinterpret((dividend << shift) - quotient * divisor);
            // Below a power of two the units are half as large.
            let mut half_down = half;
            if (bits & 0x7f_ffff) == 0 {
                half_down = half >> 1;
            }
            if residual > half {
                bits += 1;
                steps += 1;
            } else if residual < -half_down {
                bits -= 1;
                steps += 1;
            } else {
                steps = 8u32.runtime();
            }
        }
    }
    f32::reinterpret(bits)
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

#[cfg(all(test, feature = "wgpu"))]
mod tests {
    use super::*;

    #[cube(launch)]
    fn arithmetic_kernel(
        a: &[f32],
        b: &[f32],
        quotients: &mut [f32],
        keys: &mut [u32],
        back: &mut [f32],
    ) {
        if ABSOLUTE_POS < a.len() {
            quotients[ABSOLUTE_POS] = divide(a[ABSOLUTE_POS], b[ABSOLUTE_POS]);
            let key = sort_key(a[ABSOLUTE_POS]);
            keys[ABSOLUTE_POS] = key;
            back[ABSOLUTE_POS] = float_of_key(key);
        }
    }

    #[test]
    fn the_device_divides_and_orders_as_the_host() {
        let mut a = vec![
            0.0,
            -0.0,
            1.0,
            -1.0,
            7.0,
            f32::INFINITY,
            f32::NEG_INFINITY,
            f32::NAN,
            1e-38,
        ];
        let mut b = vec![3.0, 3.0, 3.0, 49.0, 7.0, 2.0, 2.0, 1.0, 3.0];
        // Every exponent and many mantissas, from the bits of a linear congruential generator.
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let exponent = 90 + (state >> 8) % 75;
            f32::from_bits(((state >> 3) & 0x807f_ffff) | (exponent << 23))
        };
        for _ in 0..5000 {
            a.push(next());
            b.push(next());
        }
        let client = cubecl::Device::default().client();
        let input = |values: &[f32]| client.create_from_slice(f32::as_bytes(values));
        let output = || client.empty(4 * a.len());
        let [quotients, keys, back] = [output(), output(), output()];
        // SAFETY: every buffer holds as many elements as it is said to.
        let arg = |handle: &cubecl::server::Handle| unsafe {
            BufferArg::from_raw_parts(handle.clone(), a.len())
        };
        let dim = CubeDim::new_1d(64);
        arithmetic_kernel::launch(
            &client,
            calculate_cube_count_elemwise(&client, a.len(), dim),
            dim,
            arg(&input(&a)),
            arg(&input(&b)),
            arg(&quotients),
            arg(&keys),
            arg(&back),
        );
        let quotients = client.read_one_unchecked(quotients);
        let keys = client.read_one_unchecked(keys);
        let back = client.read_one_unchecked(back);
        for (i, (&a, &b)) in a.iter().zip(&b).enumerate() {
            let [quotient, back] = [&quotients, &back].map(|bytes| f32::from_bytes(bytes)[i]);
            assert_eq!(u32::from_bytes(&keys)[i], host_sort_key(a), "key of {a}");
            if a.is_nan() {
                continue;
            }
            assert_eq!(back, a, "back from the key of {a}");
            // Denormals may be flushed.
            if a.is_infinite() || (a / b).is_normal() || a == 0.0 {
                assert_eq!(quotient, a / b, "{a} / {b}");
            }
        }
    }
}
