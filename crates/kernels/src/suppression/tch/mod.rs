//! Suppression on LibTorch: tensors in main memory go through the host kernels, those on a GPU stay
//! there and go through composed operations ([`composed`]).

mod composed;

use burn::backend::{
    LibTorch,
    tensor::{FloatTensor, IntTensor},
};
use burn_tch::TchTensor;
use tch::{Device, Kind, Tensor};

use super::{NmsOptions, SoftNmsOptions, SuppressionOps, host};

impl SuppressionOps for LibTorch {
    fn nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>) {
        if boxes.tensor.device() != Device::Cpu {
            let (order, count) =
                composed::nms(&boxes.tensor, &scores.tensor, &groups.tensor, &options);
            return (TchTensor::new(order), TchTensor::new(count));
        }
        let order = host::nms(
            floats(&boxes.tensor.contiguous()),
            floats(&scores.tensor.contiguous()),
            integers(&widened(&groups.tensor)),
            &options,
        );
        kept(&order, &groups.tensor)
    }

    /// Each pick depends on the one before, so a GPU would run thousands of tiny operations in a row:
    /// boxes on a GPU come to the host and their ranking goes back.
    fn soft_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: SoftNmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>) {
        let (order, lowered) = host::soft_nms(
            floats(&on_host(&boxes.tensor)),
            floats(&on_host(&scores.tensor)),
            integers(&widened(&on_host(&groups.tensor))),
            &options,
        );
        let (order, count) = kept(&order, &groups.tensor);
        (order, count, padded(lowered, &scores.tensor))
    }

    fn iou_guided_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        localisation: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>) {
        if boxes.tensor.device() != Device::Cpu {
            let (order, count, taken) = composed::iou_guided_nms(
                &boxes.tensor,
                &scores.tensor,
                &localisation.tensor,
                &groups.tensor,
                &options,
            );
            return (
                TchTensor::new(order),
                TchTensor::new(count),
                TchTensor::new(taken),
            );
        }
        let (order, taken) = host::iou_guided_nms(
            floats(&boxes.tensor.contiguous()),
            floats(&scores.tensor.contiguous()),
            floats(&localisation.tensor.contiguous()),
            integers(&widened(&groups.tensor)),
            &options,
        );
        let (order, count) = kept(&order, &groups.tensor);
        (order, count, padded(taken, &scores.tensor))
    }

    fn top_k(values: FloatTensor<Self>, k: usize) -> (FloatTensor<Self>, IntTensor<Self>) {
        if values.tensor.device() != Device::Cpu {
            let (best, indices) = composed::top_k(&values.tensor, k as i64);
            return (TchTensor::new(best), TchTensor::new(indices));
        }
        let (rows, columns) = values.tensor.size2().expect("values are [R, M]");
        let values = values.tensor.contiguous();
        let (best, indices) = host::top_k(floats(&values), columns as usize, k);
        let indices: Vec<i64> = indices.into_iter().map(i64::from).collect();
        let shape = [rows, k as i64];
        (
            TchTensor::new(Tensor::from_slice(&best).reshape(shape)),
            TchTensor::new(Tensor::from_slice(&indices).reshape(shape)),
        )
    }
}

/// A contiguous copy in main memory, or the tensor itself if it is that already.
fn on_host(tensor: &Tensor) -> Tensor {
    tensor.to_device(Device::Cpu).contiguous()
}

/// Group ids as contiguous `i64`.
fn widened(groups: &Tensor) -> Tensor {
    groups.to_kind(Kind::Int64).contiguous()
}

/// The numbers of a contiguous `f32` tensor in main memory.
///
/// # Panics
/// If it is not one.
fn floats(tensor: &Tensor) -> &[f32] {
    assert!(
        tensor.device() == Device::Cpu && tensor.kind() == Kind::Float && tensor.is_contiguous(),
        "{tensor:?} must be contiguous f32 in main memory"
    );
    // SAFETY: checked above; a contiguous tensor holds `numel` elements from `data_ptr` on, and the
    // slice borrows the tensor. Kernels run on tensors that nothing writes to meanwhile.
    unsafe { elements(tensor) }
}

/// The numbers of a contiguous `i64` tensor in main memory.
///
/// # Panics
/// If it is not one.
fn integers(tensor: &Tensor) -> &[i64] {
    assert!(
        tensor.device() == Device::Cpu && tensor.kind() == Kind::Int64 && tensor.is_contiguous(),
        "{tensor:?} must be contiguous i64 in main memory"
    );
    // SAFETY: as in `floats`.
    unsafe { elements(tensor) }
}

/// # Safety
/// The tensor must be contiguous, in main memory, and of elements `T`.
unsafe fn elements<T>(tensor: &Tensor) -> &[T] {
    if tensor.numel() == 0 {
        return &[];
    }
    // SAFETY: see above.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), tensor.numel()) }
}

/// (order `[N]` padded with −1, count `[1]`) with the integer type and device of `groups` `[N]`.
fn kept(order: &[u32], groups: &Tensor) -> (TchTensor, TchTensor) {
    let like = |values: &[i64]| {
        let values = Tensor::from_slice(values);
        TchTensor::new(values.to_device(groups.device()).to_kind(groups.kind()))
    };
    let padded: Vec<i64> = order
        .iter()
        .map(|&index| index.into())
        .chain(std::iter::repeat(-1))
        .take(groups.numel())
        .collect();
    (like(&padded), like(&[order.len() as i64]))
}

/// Scores `[N]`, 0 after the real ones, on the device of `like` `[N]`.
fn padded(mut scores: Vec<f32>, like: &Tensor) -> TchTensor {
    scores.resize(like.numel(), 0.);
    TchTensor::new(Tensor::from_slice(&scores).to_device(like.device()))
}
