//! Non-maximum suppression of 1,000 to 100,000 boxes in one group, and of 20,000 in 80.
//!
//! Workloads, on a picture of 800 × 1088:
//! - `spread`: the boxes and scores that `peers/peer.py` gives torchvision (`nms_1000` …), from the
//!   parameter generator of `tests/fixtures/parameters.py`: most survive, the quadratic case;
//! - `clustered`: fifty jittered copies of each box, the shape of a detector's raw output.
#![allow(missing_docs)]

use std::{hint::black_box, time::Duration};

use burn::tensor::{Device, Int, Tensor, TensorData};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use wardrobe::kernels::suppression::{NmsOptions, batched_nms, nms, top_k};
use wardrobe_benches::device;
use wardrobe_tests::parameters::{boxes, noise};

const PICTURE: [usize; 2] = [800, 1088];
const SMALLEST: f64 = 16.0;
const PER_CLUSTER: usize = 50;

/// The boxes of the comparison with torchvision.
fn spread(count: usize) -> Vec<[f32; 4]> {
    boxes("boxes", count, PICTURE, SMALLEST)
}

/// Copies of `spread` boxes, every corner moved by up to a fifth of the side.
fn clustered(count: usize) -> Vec<[f32; 4]> {
    let centres = spread(count / PER_CLUSTER);
    noise("jitter", 4 * count, 0)
        .chunks_exact(4)
        .zip(centres.iter().cycle())
        .map(|(u, &[x1, y1, x2, y2])| {
            let (w, h) = (0.2 * (x2 - x1), 0.2 * (y2 - y1));
            [x1 + u[0] * w, y1 + u[1] * h, x2 + u[2] * w, y2 + u[3] * h]
        })
        .collect()
}

fn tensors(workload: &str, count: usize, device: &Device) -> (Tensor<2>, Tensor<1>) {
    let boxes = match workload {
        "spread" => spread(count),
        _ => clustered(count),
    };
    let scores = noise("scores", count, 0);
    (
        Tensor::from_data(TensorData::new(boxes.concat(), [count, 4]), device),
        Tensor::from_data(TensorData::new(scores, [count]), device),
    )
}

fn one_group(criterion: &mut Criterion) {
    let (backend, device) = device();
    for workload in ["spread", "clustered"] {
        for threshold in [0.7, 0.5] {
            let mut group =
                criterion.benchmark_group(format!("nms/{backend}/{workload}/{threshold}"));
            for count in [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000] {
                let (boxes, scores) = tensors(workload, count, &device);
                let options = NmsOptions::new(threshold);
                group.throughput(Throughput::Elements(count as u64));
                group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
                    bencher.iter(|| {
                        // Reading the count back ends the work on every backend.
                        black_box(nms(boxes.clone(), scores.clone(), &options).len())
                    });
                });
            }
        }
    }
}

fn many_groups(criterion: &mut Criterion) {
    let (backend, device) = device();
    let (boxes, scores) = tensors("spread", 20_000, &device);
    let classes: Vec<i32> = (0..20_000).map(|i| i * 7 % 80).collect();
    let classes = Tensor::<1, Int>::from_data(TensorData::new(classes, [20_000]), &device);
    let options = NmsOptions::new(0.5);
    criterion.bench_function(
        &format!("batched_nms/{backend}/80 groups/20000"),
        |bencher| {
            bencher.iter(|| {
                let kept = batched_nms(boxes.clone(), scores.clone(), classes.clone(), &options);
                black_box(kept.len())
            });
        },
    );
}

/// The region proposal network's choice before suppression: the best 2,000 of the anchors of the
/// finest level (200 × 272 cells, 3 anchors) of each of two images.
fn best_anchors(criterion: &mut Criterion) {
    let (backend, device) = device();
    let logits: Vec<f32> = noise("logits", 2 * 163_200, 0)
        .into_iter()
        .map(|u| 5. * u - 3.)
        .collect();
    let logits = Tensor::<2>::from_data(TensorData::new(logits, [2, 163_200]), &device);
    criterion.bench_function(&format!("top_k/{backend}/2 x 163200, 2000"), |bencher| {
        bencher.iter(|| black_box(top_k(logits.clone(), 2_000).1.into_data()));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = one_group, many_groups, best_anchors
}
criterion_main!(benches);
