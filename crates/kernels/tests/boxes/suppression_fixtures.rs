//! Kept sets against torchvision's (`fixtures/nms_generate.py`): equal to the index.

use crate::support::{Fixture, groups, kept, oracle};
use burn::tensor::{Device, Int, Tensor};
use wardrobe_kernels::{
    device::test_device,
    suppression::{Kept, NmsOptions, batched_nms, nms, twin},
};

const THRESHOLDS: [(f32, u32); 3] = [(0.5, 50), (0.7, 70), (0.75, 75)];

/// Asserts that `suppress` keeps, of every case and at every threshold, what the column says. It gets boxes, scores and groups.
#[track_caller]
fn assert_kept(
    column: &str,
    device: &Device,
    suppress: impl Fn(Tensor<2>, Tensor<1>, Tensor<1, Int>, &NmsOptions) -> Kept,
) {
    let fixture = Fixture::open("nms_cases");
    for case in fixture.cases(".boxes") {
        let boxes = fixture.floats::<2>(&format!("{case}.boxes"), device);
        let scores = fixture.floats::<1>(&format!("{case}.scores"), device);
        let ids = groups(&fixture.integers(&format!("{case}.groups")), device);
        for (threshold, percent) in THRESHOLDS {
            let expected = fixture.integers(&format!("{case}.{column}_{percent}"));
            let options = NmsOptions::new(threshold);
            let result = suppress(boxes.clone(), scores.clone(), ids.clone(), &options);
            let expected: Vec<i64> = expected.into_iter().map(i64::from).collect();
            assert_eq!(kept(&result), expected, "{case} at {threshold}");
        }
    }
}

#[test]
fn nms_keeps_what_torchvision_keeps() {
    assert_kept("nms", &test_device(), |boxes, scores, _, options| {
        nms(boxes, scores, options)
    });
}

#[test]
fn batched_nms_keeps_what_torchvision_keeps_per_group() {
    assert_kept("batched", &test_device(), batched_nms);
}

#[test]
fn the_twin_keeps_what_torchvision_keeps() {
    assert_kept("batched", &oracle(), twin::nms);
}
