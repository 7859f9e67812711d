//! Backbones for inference (batch norm folded) on one picture of 800 × 1088, the network's size for COCO's usual 3:4 pictures.
//!
//! - `resnet50`: C2 to C5 (strides 4 to 32); `resnet18`: the same of the smallest;
//! - `vgg16`: conv1_1 to conv5_3 and the pools between (stride 16);
//! - `fpn`: P2 to P5 and the pool above from ResNet-50's C2 to C5.
#![allow(missing_docs)]

use std::{hint::black_box, time::Duration};

use burn::tensor::Tensor;
use criterion::{Criterion, criterion_group, criterion_main};
use wardrobe::backbones::{FpnConfig, ResNetConfig, VggConfig};
use wardrobe_benches::{device, generated};
use wardrobe_tests::generated::input;

const PICTURE: [usize; 2] = [800, 1088];

/// Reading one value ends the work on every backend.
fn finish(map: Tensor<4>) -> f32 {
    map.slice([0..1, 0..1, 0..1, 0..1]).into_scalar::<f32>()
}

fn resnets(criterion: &mut Criterion) {
    let (backend, device) = device();
    let [height, width] = PICTURE;
    let x = input::<4>("picture", &[1, 3, height, width], &device);
    for (name, config) in [
        ("resnet18", ResNetConfig::resnet18()),
        ("resnet50", ResNetConfig::resnet50()),
    ] {
        let body = generated(config.with_classes(None).init(&device)).fold_batch_norm();
        criterion.bench_function(&format!("backbones/{backend}/{name}"), |bencher| {
            bencher.iter(|| {
                for stage in body.stages(x.clone()) {
                    black_box(finish(stage));
                }
            });
        });
    }
}

fn vgg(criterion: &mut Criterion) {
    let (backend, device) = device();
    let [height, width] = PICTURE;
    let x = input::<4>("picture", &[1, 3, height, width], &device);
    let trunk = generated(VggConfig::vgg16().init_trunk(&device));
    criterion.bench_function(&format!("backbones/{backend}/vgg16"), |bencher| {
        bencher.iter(|| black_box(finish(trunk.forward(x.clone()))));
    });
}

fn fpn(criterion: &mut Criterion) {
    let (backend, device) = device();
    let [height, width] = PICTURE;
    // ResNet-50's stages: channels at strides 4, 8, 16, 32.
    let channels = [256, 512, 1024, 2048];
    let stages: Vec<Tensor<4>> = channels
        .iter()
        .zip([4, 8, 16, 32])
        .map(|(&channels, stride)| {
            let shape = [1, channels, height.div_ceil(stride), width.div_ceil(stride)];
            input("stage", &shape, &device)
        })
        .collect();
    let fpn = generated(FpnConfig::new(channels.to_vec()).init(&device));
    criterion.bench_function(&format!("backbones/{backend}/fpn"), |bencher| {
        bencher.iter(|| {
            for level in fpn.forward(stages.clone()).levels {
                black_box(finish(level));
            }
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(8));
    targets = resnets, vgg, fpn
}
criterion_main!(benches);
