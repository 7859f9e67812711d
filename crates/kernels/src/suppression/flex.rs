//! Suppression on Flex: the host kernels on the tensors' own memory.

use burn::{
    backend::{
        Flex,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{DType, TensorData},
};
use burn_flex::FlexTensor;

use super::{NmsOptions, SoftNmsOptions, SuppressionOps, host};

impl SuppressionOps for Flex {
    fn nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>) {
        let (boxes, scores) = (boxes.to_contiguous(), scores.to_contiguous());
        let order = host::nms(
            floats(&boxes),
            floats(&scores),
            &group_ids(&groups),
            &options,
        );
        kept(&order, &groups)
    }

    fn soft_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: SoftNmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>) {
        let (boxes, scores) = (boxes.to_contiguous(), scores.to_contiguous());
        let (order, lowered) = host::soft_nms(
            floats(&boxes),
            floats(&scores),
            &group_ids(&groups),
            &options,
        );
        let (order, count) = kept(&order, &groups);
        (order, count, padded(lowered, floats(&scores).len()))
    }

    fn iou_guided_nms(
        boxes: FloatTensor<Self>,
        scores: FloatTensor<Self>,
        localisation: FloatTensor<Self>,
        groups: IntTensor<Self>,
        options: NmsOptions,
    ) -> (IntTensor<Self>, IntTensor<Self>, FloatTensor<Self>) {
        let (boxes, scores) = (boxes.to_contiguous(), scores.to_contiguous());
        let (order, taken) = host::iou_guided_nms(
            floats(&boxes),
            floats(&scores),
            floats(&localisation.to_contiguous()),
            &group_ids(&groups),
            &options,
        );
        let (order, count) = kept(&order, &groups);
        (order, count, padded(taken, floats(&scores).len()))
    }

    fn top_k(values: FloatTensor<Self>, k: usize) -> (FloatTensor<Self>, IntTensor<Self>) {
        let values = values.to_contiguous();
        let [rows, columns] = values.layout().shape().dims();
        let (best, indices) = host::top_k(floats(&values), columns, k);
        let indices: Vec<i32> = indices.into_iter().map(|index| index as i32).collect();
        (
            FlexTensor::from_data(TensorData::new(best, [rows, k])),
            FlexTensor::from_data(TensorData::new(indices, [rows, k])),
        )
    }
}

/// The numbers of a contiguous `f32` tensor.
fn floats(tensor: &FlexTensor) -> &[f32] {
    tensor
        .as_slice()
        .expect("the tensor was made contiguous before")
}

/// The group of each box.
fn group_ids(groups: &FlexTensor) -> Vec<i64> {
    let groups = groups.to_contiguous();
    match groups.dtype() {
        DType::I64 => groups.as_slice().map(<[i64]>::to_vec),
        DType::I32 => groups
            .as_slice::<i32>()
            .map(|ids| ids.iter().map(|&id| id.into()).collect()),
        other => unreachable!("groups of {other:?}, where `ranked_type` leaves i32 or i64"),
    }
    .expect("the tensor was made contiguous before")
}

/// (order `[N]` padded with −1, count `[1]`) in the integer type of `groups` `[N]`.
fn kept(order: &[u32], groups: &FlexTensor) -> (FlexTensor, FlexTensor) {
    let len = groups.layout().shape().num_elements();
    let padded = order
        .iter()
        .map(|&index| i64::from(index))
        .chain(std::iter::repeat(-1))
        .take(len);
    let count = order.len() as i64;
    if groups.dtype() == DType::I64 {
        let order: Vec<i64> = padded.collect();
        (
            FlexTensor::from_data(TensorData::new(order, [len])),
            FlexTensor::from_data(TensorData::new(vec![count], [1])),
        )
    } else {
        let order: Vec<i32> = padded.map(|index| index as i32).collect();
        (
            FlexTensor::from_data(TensorData::new(order, [len])),
            FlexTensor::from_data(TensorData::new(vec![count as i32], [1])),
        )
    }
}

/// Scores `[N]`, 0 after the real ones.
fn padded(mut scores: Vec<f32>, len: usize) -> FlexTensor {
    scores.resize(len, 0.);
    FlexTensor::from_data(TensorData::new(scores, [len]))
}
