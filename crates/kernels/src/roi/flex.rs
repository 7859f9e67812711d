//! RoI pooling on Flex: the host kernels on the tensors' own storage.

use burn::{
    backend::{
        Flex,
        tensor::{FloatTensor, IntTensor},
    },
    tensor::{DType, Shape, TensorData},
};
use burn_flex::FlexTensor;

use super::{
    FeatureLevels, RoiAlignOptions, RoiOps, RoiPoolOptions, SampleReduction,
    host::{self, FeatureMap, Gradient},
};

/// Sizes `[N, C, H, W]`.
fn sizes(tensor: &FlexTensor) -> [usize; 4] {
    let shape = tensor.layout().shape();
    [shape[0], shape[1], shape[2], shape[3]]
}

/// `tensor` in single precision, which the kernels compute in.
fn single(tensor: FlexTensor) -> FlexTensor {
    use burn::backend::ops::FloatTensorOps;
    if tensor.dtype() == DType::F32 {
        tensor
    } else {
        Flex::float_cast(tensor, burn::tensor::FloatDType::F32)
    }
}

/// A tensor that [`view`] can read: single precision, strides that only go forward.
fn readable(tensor: FlexTensor) -> FlexTensor {
    let tensor = single(tensor);
    if tensor.layout().strides().iter().all(|&stride| stride >= 0) {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

fn view(tensor: &FlexTensor) -> FeatureMap<'_> {
    let strides = tensor.layout().strides();
    let stride = [0, 1, 2, 3].map(|i| strides[i].unsigned_abs());
    let data = &tensor.storage::<f32>()[tensor.layout().start_offset()..];
    FeatureMap::new(data, sizes(tensor), stride)
}

/// All values in order.
fn values(tensor: FlexTensor) -> Vec<f32> {
    single(tensor).into_data().iter::<f32>().collect()
}

/// Runs `read` on the values in order, without a copy where they are contiguous.
fn with_values<T>(tensor: FlexTensor, read: impl FnOnce(&[f32]) -> T) -> T {
    let tensor = single(tensor).to_contiguous();
    read(&tensor.storage::<f32>()[..tensor.layout().num_elements()])
}

fn tensor(values: Vec<f32>, shape: impl Into<Shape>, dtype: DType) -> FlexTensor {
    use burn::backend::ops::FloatTensorOps;
    let tensor = FlexTensor::from_data(TensorData::new(values, shape.into()));
    if dtype == DType::F32 {
        tensor
    } else {
        Flex::float_cast(tensor, dtype.into())
    }
}

/// The gradient of a map while it is summed up.
struct Sum {
    values: Vec<f32>,
    sizes: [usize; 4],
    channels_last: bool,
}

impl Sum {
    /// `reads`: whether the gradient depends on the values of the map, and so follows its layout.
    fn new(map: &FeatureMap<'_>, reads: bool) -> Self {
        let sizes = [map.images, map.channels, map.height, map.width];
        Self {
            values: host::zeroed(sizes.iter().product()),
            sizes,
            channels_last: map.is_wide() && (!reads || map.is_channels_last()),
        }
    }

    fn gradient(&mut self) -> Gradient<'_> {
        Gradient {
            data: &mut self.values,
            channels_last: self.channels_last,
        }
    }

    fn tensor(self, dtype: DType) -> FlexTensor {
        let [n, c, h, w] = self.sizes;
        if self.channels_last {
            tensor(self.values, [n, h, w, c], dtype).permute(&[0, 3, 1, 2])
        } else {
            tensor(self.values, self.sizes, dtype)
        }
    }
}

/// Sizes of a pooled tensor `[K, C, PH, PW]`.
fn pooled(features: &FlexTensor, rois: &FlexTensor, [height, width]: [usize; 2]) -> [usize; 4] {
    [rois.layout().shape()[0], sizes(features)[1], height, width]
}

impl RoiOps for Flex {
    fn roi_align(
        levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        options: RoiAlignOptions,
    ) -> FloatTensor<Self> {
        let FeatureLevels { l0, l1, l2, l3 } = levels;
        let dtype = l0.dtype();
        let real = options.scales.len();
        let levels: Vec<FlexTensor> = [l0, l1, l2, l3]
            .into_iter()
            .take(real)
            .map(readable)
            .collect();
        let shape = pooled(&levels[0], &rois, options.output_size);
        let maps: Vec<FeatureMap<'_>> = levels.iter().map(view).collect();
        let level_of: Vec<i64> = level_of.into_data().iter::<i64>().collect();
        let mut out = host::zeroed(shape.iter().product());
        host::roi_align(&maps, &values(rois), &level_of, &options, &mut out);
        tensor(out, shape, dtype)
    }

    fn roi_align_backward(
        levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiAlignOptions,
    ) -> FeatureLevels<Self> {
        let FeatureLevels { l0, l1, l2, l3 } = levels;
        let dtype = l0.dtype();
        let real = options.scales.len();
        let levels: Vec<FlexTensor> = [l0, l1, l2, l3]
            .into_iter()
            .take(real)
            .map(readable)
            .collect();
        let maps: Vec<FeatureMap<'_>> = levels.iter().map(view).collect();
        let level_of: Vec<i64> = level_of.into_data().iter::<i64>().collect();
        let reads = options.reduction == SampleReduction::Max;
        let mut sums: Vec<Sum> = maps.iter().map(|map| Sum::new(map, reads)).collect();
        let out = sums.iter_mut().map(Sum::gradient).collect();
        let rois = values(rois);
        with_values(grad, |grad| {
            host::roi_align_backward(&maps, &rois, &level_of, grad, &options, out);
        });
        let mut grads = sums.into_iter().map(|sum| sum.tensor(dtype));
        let mut last = None;
        let mut next = || {
            last = grads.next().or_else(|| last.take());
            last.clone().expect("a pyramid has a level")
        };
        FeatureLevels {
            l0: next(),
            l1: next(),
            l2: next(),
            l3: next(),
        }
    }

    fn roi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let dtype = features.dtype();
        let features = readable(features);
        let shape = pooled(&features, &rois, options.output_size);
        let mut out = host::zeroed(shape.iter().product());
        host::roi_pool(view(&features), &values(rois), &options, &mut out);
        tensor(out, shape, dtype)
    }

    fn roi_pool_backward(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let dtype = features.dtype();
        let features = readable(features);
        let map = view(&features);
        let mut sum = Sum::new(&map, true);
        let rois = values(rois);
        with_values(grad, |grad| {
            host::roi_pool_backward(map, &rois, grad, &options, sum.gradient());
        });
        sum.tensor(dtype)
    }

    fn prroi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let dtype = features.dtype();
        let features = readable(features);
        let shape = pooled(&features, &rois, options.output_size);
        let mut out = host::zeroed(shape.iter().product());
        host::prroi_pool(view(&features), &values(rois), &options, &mut out);
        tensor(out, shape, dtype)
    }

    fn prroi_pool_backward_features(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let map = FeatureMap::sizes_only(sizes(&features));
        let mut sum = Sum::new(&map, false);
        let rois = values(rois);
        with_values(grad, |grad| {
            host::prroi_pool_backward_features(map, &rois, grad, &options, sum.gradient());
        });
        sum.tensor(features.dtype())
    }

    fn prroi_pool_backward_rois(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let dtype = rois.dtype();
        let features = readable(features);
        let rois = values(rois);
        let out = with_values(grad, |grad| {
            host::prroi_pool_backward_rois(view(&features), &rois, grad, &options)
        });
        let shape = [rois.len() / 5, 5];
        tensor(out, shape, dtype)
    }
}
