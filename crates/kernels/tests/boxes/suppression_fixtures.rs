//! Kept sets against torchvision's (`fixtures/nms_generate.py`): equal to the index.

use crate::support::{Fixture, groups, kept, oracle};
use wardrobe_kernels::{
    device::test_device,
    suppression::{NmsOptions, batched_nms, nms, twin},
};

const THRESHOLDS: [(f32, u32); 3] = [(0.5, 50), (0.7, 70), (0.75, 75)];

#[test]
fn nms_keeps_what_torchvision_keeps() {
    let (device, fixture) = (test_device(), Fixture::open("nms_cases"));
    for case in fixture.cases(".boxes") {
        let boxes = fixture.floats::<2>(&format!("{case}.boxes"), &device);
        let scores = fixture.floats::<1>(&format!("{case}.scores"), &device);
        for (threshold, percent) in THRESHOLDS {
            let expected = fixture.integers(&format!("{case}.nms_{percent}"));
            let result = nms(boxes.clone(), scores.clone(), &NmsOptions::new(threshold));
            let expected: Vec<i64> = expected.into_iter().map(i64::from).collect();
            assert_eq!(kept(&result), expected, "{case} at {threshold}");
        }
    }
}

#[test]
fn batched_nms_keeps_what_torchvision_keeps_per_group() {
    let (device, fixture) = (test_device(), Fixture::open("nms_cases"));
    for case in fixture.cases(".boxes") {
        let boxes = fixture.floats::<2>(&format!("{case}.boxes"), &device);
        let scores = fixture.floats::<1>(&format!("{case}.scores"), &device);
        let ids = groups(&fixture.integers(&format!("{case}.groups")), &device);
        for (threshold, percent) in THRESHOLDS {
            let expected = fixture.integers(&format!("{case}.batched_{percent}"));
            let options = NmsOptions::new(threshold);
            let result = batched_nms(boxes.clone(), scores.clone(), ids.clone(), &options);
            let expected: Vec<i64> = expected.into_iter().map(i64::from).collect();
            assert_eq!(kept(&result), expected, "{case} at {threshold}");
        }
    }
}

#[test]
fn the_twin_keeps_what_torchvision_keeps() {
    let (device, fixture) = (oracle(), Fixture::open("nms_cases"));
    for case in fixture.cases(".boxes") {
        let boxes = fixture.floats::<2>(&format!("{case}.boxes"), &device);
        let scores = fixture.floats::<1>(&format!("{case}.scores"), &device);
        let ids = groups(&fixture.integers(&format!("{case}.groups")), &device);
        for (threshold, percent) in THRESHOLDS {
            let expected = fixture.integers(&format!("{case}.batched_{percent}"));
            let options = NmsOptions::new(threshold);
            let result = twin::nms(boxes.clone(), scores.clone(), ids.clone(), &options);
            let expected: Vec<i64> = expected.into_iter().map(i64::from).collect();
            assert_eq!(kept(&result), expected, "{case} at {threshold}");
        }
    }
}
