//! Mixed precision: the type an operation computes in where its inputs are of several.
//!
//! The rules of PyTorch's autocast (`torch.amp`, the op lists of 2.9): convolutions and linear layers run in 16 bits as
//! soon as one of their factors has them; statistics of a norm, RoI pooling, losses and everything about boxes stay in f32.
//! A tensor that is of the wanted type already passes untouched, so networks in f32 compute as if nothing were here.

use burn::tensor::{DType, FloatDType, Tensor};

/// A 16-bit tensor in f32, which loses nothing; any other as it is.
///
/// # Example
/// ```
/// use burn::tensor::{DType, Device, FloatDType, Tensor};
/// use wardrobe_kernels::precision::widened;
///
/// let x = Tensor::<1>::from_floats([0.5, 3.0], &Device::flex());
/// let back = widened(x.clone().cast(FloatDType::BF16));
/// assert_eq!((back.dtype(), back.into_data()), (DType::F32, x.into_data()));
/// ```
pub fn widened<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if is_half(x.dtype()) {
        x.cast(FloatDType::F32)
    } else {
        x
    }
}

/// The type the product of two tensors is computed in: f32 gives way to the other's.
///
/// # Example
/// ```
/// use burn::tensor::{DType, FloatDType};
/// use wardrobe_kernels::precision::product_type;
///
/// assert_eq!(product_type(DType::F32, DType::F32), FloatDType::F32);
/// assert_eq!(product_type(DType::BF16, DType::F32), FloatDType::BF16);
/// assert_eq!(product_type(DType::F32, DType::F16), FloatDType::F16);
/// ```
pub fn product_type(a: DType, b: DType) -> FloatDType {
    let wanted = if a == DType::F32 { b } else { a };
    wanted.into()
}

/// Whether a type is one of the 16-bit floats.
pub(crate) const fn is_half(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::BF16)
}
