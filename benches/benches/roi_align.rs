//! `RoIAlign` on the finest level of a pyramid for a picture of 800 × 1088: 256 channels of 200 × 272 cells.
//!
//! Workloads, with the boxes and features that `peers/peer.py` gives torchvision:
//! - `boxes`: 1,000 boxes, 7×7 bins (the box head at test time);
//! - `masks`: 100 boxes, 14×14 bins (the mask head);
//! - `training`: 512 boxes, 7×7 bins, forward and the gradient of the features;
//! - `pyramid`: 1,000 boxes over four levels in one launch.
//!
//! `planar` features are contiguous `[N, C, H, W]`; `channels_last` ones a view of `[N, H, W, C]`,
//! which is what this project's convolutions hand on.
#![allow(missing_docs)]

use std::{hint::black_box, time::Duration};

use burn::tensor::{Device, Tensor, TensorData};
use criterion::{Criterion, criterion_group, criterion_main};
use wardrobe::kernels::roi::{
    LevelAssignment, RoiAlignOptions, assign_levels, pyramid_roi_align, roi_align,
};
use wardrobe_benches::device;
use wardrobe_tests::parameters::{boxes, noise};

const PICTURE: [usize; 2] = [800, 1088];
const SMALLEST: f64 = 16.0;
const CHANNELS: usize = 256;
/// Cells per pixel of the finest level.
const SCALE: f32 = 0.25;

#[derive(Clone, Copy)]
enum Layout {
    Planar,
    ChannelsLast,
}

impl Layout {
    const ALL: [(&str, Self); 2] = [
        ("planar", Self::Planar),
        ("channels_last", Self::ChannelsLast),
    ];

    fn map(self, stride: usize, device: &Device) -> Tensor<4> {
        let [height, width] = PICTURE.map(|side| side / stride);
        let values = noise("features", CHANNELS * height * width, 0);
        match self {
            Self::Planar => Tensor::from_data(
                TensorData::new(values, [1, CHANNELS, height, width]),
                device,
            ),
            Self::ChannelsLast => {
                let stored = TensorData::new(values, [1, height, width, CHANNELS]);
                Tensor::<4>::from_data(stored, device).permute([0, 3, 1, 2])
            }
        }
    }
}

fn rois(count: usize, device: &Device) -> Tensor<2> {
    let rows: Vec<f32> = boxes("boxes", count, PICTURE, SMALLEST)
        .into_iter()
        .flat_map(|[x1, y1, x2, y2]| [0.0, x1, y1, x2, y2])
        .collect();
    Tensor::from_data(TensorData::new(rows, [count, 5]), device)
}

/// Reading one value ends the work on every backend.
fn finish(pooled: Tensor<4>) -> f32 {
    pooled.slice([0..1, 0..1, 0..1, 0..1]).into_scalar::<f32>()
}

fn forward(criterion: &mut Criterion) {
    let (backend, device) = device();
    for (workload, count, side) in [("boxes", 1_000, 7), ("masks", 100, 14)] {
        let rois = rois(count, &device);
        let options = RoiAlignOptions::new([side, side], SCALE);
        for (name, layout) in Layout::ALL {
            let features = layout.map(4, &device);
            criterion.bench_function(
                &format!("roi_align/{backend}/{workload}/{name}"),
                |bencher| {
                    bencher.iter(|| {
                        let pooled = roi_align(features.clone(), rois.clone(), &options);
                        black_box(finish(pooled))
                    });
                },
            );
        }
    }
}

fn training(criterion: &mut Criterion) {
    let (backend, device) = device();
    let device = device.autodiff();
    let rois = rois(512, &device);
    let options = RoiAlignOptions::new([7, 7], SCALE);
    let weights = Tensor::<4>::ones([512, CHANNELS, 7, 7], &device);
    for (name, layout) in Layout::ALL {
        let features = layout.map(4, &device);
        criterion.bench_function(&format!("roi_align/{backend}/training/{name}"), |bencher| {
            bencher.iter(|| {
                let features = features.clone().require_grad();
                let pooled = roi_align(features.clone(), rois.clone(), &options);
                let gradients = (pooled * weights.clone()).sum().backward();
                black_box(features.grad(&gradients).map(finish))
            });
        });
    }
}

fn pyramid(criterion: &mut Criterion) {
    let (backend, device) = device();
    let rois = rois(1_000, &device);
    let strides = [4, 8, 16, 32];
    let scales = strides.iter().map(|&stride| 1.0 / stride as f32).collect();
    let options = RoiAlignOptions::new([7, 7], SCALE).with_scales(scales);
    for (name, layout) in Layout::ALL {
        let levels = strides.map(|stride| layout.map(stride, &device));
        criterion.bench_function(&format!("roi_align/{backend}/pyramid/{name}"), |bencher| {
            bencher.iter(|| {
                let level_of = assign_levels(rois.clone(), &LevelAssignment::default());
                let pooled = pyramid_roi_align(&levels, rois.clone(), level_of, &options);
                black_box(finish(pooled))
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = forward, training, pyramid
}
criterion_main!(benches);
