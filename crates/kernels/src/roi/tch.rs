//! RoI pooling on LibTorch: the host kernels on the memory of CPU tensors, [`super::composed`]
//! operations on every other device.

use burn::backend::{
    LibTorch,
    tensor::{FloatTensor, IntTensor},
};
use burn_tch::TchTensor;
use tch::{Device, Kind, Tensor};

use super::{
    FeatureLevels, RoiAlignOptions, RoiOps, RoiPoolOptions, SampleReduction, composed,
    host::{self, FeatureMap, Gradient},
};

/// Sizes `[N, C, H, W]`.
fn sizes(tensor: &Tensor) -> [usize; 4] {
    let size = tensor.size();
    [0, 1, 2, 3].map(|i| size[i] as usize)
}

/// Reads a CPU tensor in single precision where it lies, whatever its strides.
fn view(tensor: &Tensor) -> FeatureMap<'_> {
    let sizes = sizes(tensor);
    let strides = tensor.stride();
    let stride = [0, 1, 2, 3].map(|i| strides[i] as usize);
    if tensor.numel() == 0 {
        return FeatureMap::sizes_only(sizes);
    }
    let last: usize = sizes
        .iter()
        .zip(stride)
        .map(|(size, step)| (size - 1) * step)
        .sum();
    // SAFETY: LibTorch strides are not negative, so the elements of the tensor lie between the
    // first and the last; the tensor keeps them alive and nothing writes to it meanwhile.
    let data = unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<f32>(), last + 1) };
    FeatureMap::new(data, sizes, stride)
}

/// The values of a contiguous CPU tensor in single precision.
fn values(tensor: &Tensor) -> &[f32] {
    debug_assert!(tensor.is_contiguous() && tensor.kind() == Kind::Float);
    if tensor.numel() == 0 {
        return &[];
    }
    // SAFETY: contiguous, alive as long as the borrow, and not written to meanwhile.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<f32>(), tensor.numel()) }
}

/// A new tensor that `fill` writes in full.
fn filled(shape: [usize; 4], fill: impl FnOnce(&mut [f32])) -> Tensor {
    let tensor = Tensor::empty(shape.map(|size| size as i64), (Kind::Float, Device::Cpu));
    fill(values_mut(&tensor));
    tensor
}

/// The values of a contiguous CPU tensor that has just been made.
#[allow(clippy::mut_from_ref)]
fn values_mut(fresh: &Tensor) -> &mut [f32] {
    if fresh.numel() == 0 {
        return &mut [];
    }
    // SAFETY: contiguous, alive as long as the borrow, and its only user is the caller.
    let values =
        unsafe { std::slice::from_raw_parts_mut(fresh.data_ptr().cast::<f32>(), fresh.numel()) };
    host::advise(values);
    values
}

/// The gradients of maps while they are summed up.
struct Sums {
    tensors: Vec<Tensor>,
    channels_last: Vec<bool>,
}

impl Sums {
    /// `reads`: whether the gradient depends on the values of the map, and so follows its layout.
    fn new(maps: &[FeatureMap<'_>], reads: bool) -> Self {
        let channels_last: Vec<bool> = maps
            .iter()
            .map(|map| map.is_wide() && (!reads || map.is_channels_last()))
            .collect();
        let tensors = maps.iter().zip(&channels_last).map(|(map, last)| {
            let [n, c, h, w] = [map.images, map.channels, map.height, map.width];
            let shape = if *last { [n, h, w, c] } else { [n, c, h, w] };
            filled(shape, |values| values.fill(0.0))
        });
        Self {
            tensors: tensors.collect(),
            channels_last,
        }
    }

    fn gradients(&mut self) -> Vec<Gradient<'_>> {
        let pairs = self.tensors.iter().zip(&self.channels_last);
        pairs
            .map(|(tensor, &channels_last)| Gradient {
                data: values_mut(tensor),
                channels_last,
            })
            .collect()
    }

    /// As `[N, C, H, W]`.
    fn finish(self) -> Vec<Tensor> {
        let pairs = self.tensors.into_iter().zip(self.channels_last);
        pairs
            .map(|(tensor, last)| {
                if last {
                    tensor.permute([0, 3, 1, 2])
                } else {
                    tensor
                }
            })
            .collect()
    }

    /// The only one, as `[N, C, H, W]`.
    fn finish_one(self) -> Tensor {
        self.finish().remove(0)
    }
}

/// In single precision, which the kernels compute in.
fn single(tensor: &TchTensor) -> Tensor {
    tensor.tensor.to_kind(Kind::Float)
}

fn contiguous(tensor: &TchTensor) -> Tensor {
    single(tensor).contiguous()
}

/// A fresh tensor handed back in the precision of the input.
fn result(tensor: Tensor, like: &TchTensor) -> TchTensor {
    TchTensor::new(tensor.to_kind(like.tensor.kind()))
}

fn on_host(tensor: &TchTensor) -> bool {
    tensor.tensor.device() == Device::Cpu
}

/// Sizes of a pooled tensor `[K, C, PH, PW]`.
fn pooled(features: &Tensor, rois: &Tensor, [height, width]: [usize; 2]) -> [usize; 4] {
    [rois.size()[0] as usize, sizes(features)[1], height, width]
}

/// The real levels of a pyramid, in single precision.
fn real_levels(levels: &FeatureLevels<LibTorch>, options: &RoiAlignOptions) -> Vec<Tensor> {
    let FeatureLevels { l0, l1, l2, l3 } = levels;
    let all = [l0, l1, l2, l3].into_iter();
    all.take(options.scales.len()).map(single).collect()
}

fn indices(level_of: &TchTensor) -> Vec<i64> {
    let level_of = level_of.tensor.to_kind(Kind::Int64).contiguous();
    let mut indices = vec![0; level_of.numel()];
    level_of.copy_data(&mut indices, level_of.numel());
    indices
}

impl RoiOps for LibTorch {
    fn roi_align(
        levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        options: RoiAlignOptions,
    ) -> FloatTensor<Self> {
        let maps = real_levels(&levels, &options);
        let output = if on_host(&levels.l0) {
            let rois = contiguous(&rois);
            let views: Vec<FeatureMap<'_>> = maps.iter().map(view).collect();
            filled(pooled(&maps[0], &rois, options.output_size), |out| {
                host::roi_align(&views, values(&rois), &indices(&level_of), &options, out);
            })
        } else {
            composed::roi_align(&maps, &single(&rois), &level_of.tensor, &options)
        };
        result(output, &levels.l0)
    }

    fn roi_align_backward(
        levels: FeatureLevels<Self>,
        rois: FloatTensor<Self>,
        level_of: IntTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiAlignOptions,
    ) -> FeatureLevels<Self> {
        let maps = real_levels(&levels, &options);
        let grads = if on_host(&levels.l0) {
            let (rois, grad) = (contiguous(&rois), contiguous(&grad));
            let views: Vec<FeatureMap<'_>> = maps.iter().map(view).collect();
            let mut sums = Sums::new(&views, options.reduction == SampleReduction::Max);
            let level_of = indices(&level_of);
            let (rois, grad) = (values(&rois), values(&grad));
            host::roi_align_backward(&views, rois, &level_of, grad, &options, sums.gradients());
            sums.finish()
        } else {
            let (rois, level_of) = (single(&rois), &level_of.tensor);
            composed::gradients(&maps, &single(&grad), |maps| {
                composed::roi_align(maps, &rois, level_of, &options)
            })
        };
        let level = |i: usize| {
            // Repetitions are tensors of their own: burn may write to any of the four in place.
            let last = &grads[grads.len() - 1];
            let grad = grads
                .get(i)
                .map_or_else(|| last.copy(), Tensor::shallow_clone);
            result(grad, &levels.l0)
        };
        FeatureLevels {
            l0: level(0),
            l1: level(1),
            l2: level(2),
            l3: level(3),
        }
    }

    fn roi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let map = single(&features);
        let output = if on_host(&features) {
            let rois = contiguous(&rois);
            filled(pooled(&map, &rois, options.output_size), |out| {
                host::roi_pool(view(&map), values(&rois), &options, out);
            })
        } else {
            composed::roi_pool(&map, &single(&rois), &options)
        };
        result(output, &features)
    }

    fn roi_pool_backward(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let map = single(&features);
        let output = if on_host(&features) {
            let (rois, grad) = (contiguous(&rois), contiguous(&grad));
            let mut sum = Sums::new(&[view(&map)], true);
            let out = sum.gradients().remove(0);
            host::roi_pool_backward(view(&map), values(&rois), values(&grad), &options, out);
            sum.finish_one()
        } else {
            let rois = single(&rois);
            composed::gradient(&map, &single(&grad), |map| {
                composed::roi_pool(map, &rois, &options)
            })
        };
        result(output, &features)
    }

    fn prroi_pool(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let map = single(&features);
        let output = if on_host(&features) {
            let rois = contiguous(&rois);
            filled(pooled(&map, &rois, options.output_size), |out| {
                host::prroi_pool(view(&map), values(&rois), &options, out);
            })
        } else {
            composed::prroi_pool(&map, &single(&rois), &options)
        };
        result(output, &features)
    }

    fn prroi_pool_backward_features(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let map = single(&features);
        let output = if on_host(&features) {
            let (rois, grad) = (contiguous(&rois), contiguous(&grad));
            let map = FeatureMap::sizes_only(sizes(&map));
            let mut sum = Sums::new(&[map], false);
            let out = sum.gradients().remove(0);
            let (rois, grad) = (values(&rois), values(&grad));
            host::prroi_pool_backward_features(map, rois, grad, &options, out);
            sum.finish_one()
        } else {
            let rois = single(&rois);
            composed::gradient(&map, &single(&grad), |map| {
                composed::prroi_pool(map, &rois, &options)
            })
        };
        result(output, &features)
    }

    fn prroi_pool_backward_rois(
        features: FloatTensor<Self>,
        rois: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        options: RoiPoolOptions,
    ) -> FloatTensor<Self> {
        let map = single(&features);
        let output = if on_host(&features) {
            let (rois, grad) = (contiguous(&rois), contiguous(&grad));
            let (rois, grad) = (values(&rois), values(&grad));
            let out = host::prroi_pool_backward_rois(view(&map), rois, grad, &options);
            Tensor::from_slice(&out).reshape([-1, 5])
        } else {
            composed::gradient(&single(&rois), &single(&grad), |rois| {
                composed::prroi_pool(&map, rois, &options)
            })
        };
        result(output, &rois)
    }
}
