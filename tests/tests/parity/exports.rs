//! What is written is what torchvision's `load_state_dict` asks for: its names and shapes, and of values that were loaded every
//! bit.

use std::collections::BTreeSet;
use std::fs;

use safetensors::SafeTensors;
use wardrobe::backbones::weights::LoadOptions;
use wardrobe::kernels::device::test_device;
use wardrobe::{Detector, DetectorOptions};
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::weights_file;

/// torchvision's state dicts have a counter beside each trained norm; the fixtures' lists of parameters leave them out.
const COUNTER: &str = "num_batches_tracked";

fn assert_comes_back(name: &str) {
    let fixture = Fixture::open(&format!("detections_{name}")).unwrap();
    let arch: String = fixture.fact("arch");
    let classes = fixture.fact("num_classes");
    let folder = tempfile::tempdir().unwrap();
    let read = weights_file(&fixture, folder.path());
    let written = folder.path().join("written.safetensors");
    let architecture = arch.replace('_', "-").parse().unwrap();
    let fresh =
        Detector::new(architecture, &DetectorOptions::new(classes), &test_device()).unwrap();
    let (detector, _) = fresh
        .with_weights(&read, &LoadOptions::strict(), classes)
        .unwrap();
    detector.save(&written).unwrap();

    let [read, written] = [read, written].map(|path| fs::read(path).unwrap());
    let [read, written] = [&read, &written].map(|bytes| SafeTensors::deserialize(bytes).unwrap());
    let (counters, names): (BTreeSet<_>, BTreeSet<_>) = written
        .names()
        .into_iter()
        .partition(|name| name.ends_with(COUNTER));
    assert_eq!(names, read.names().into_iter().collect::<BTreeSet<_>>());
    for name in names {
        let [read, written] = [&read, &written].map(|file| file.tensor(name).unwrap());
        assert_eq!(
            (read.shape(), read.dtype()),
            (written.shape(), written.dtype()),
            "{name}"
        );
        assert!(read.data() == written.data(), "{name}");
    }
    // The second versions train every norm, the first freeze theirs.
    let expected: BTreeSet<_> = read
        .names()
        .into_iter()
        .filter_map(|name| name.strip_suffix("running_var"))
        .filter(|_| arch.ends_with("_v2"))
        .map(|norm| format!("{norm}{COUNTER}"))
        .collect();
    let found: BTreeSet<_> = counters.into_iter().map(str::to_owned).collect();
    assert_eq!(found, expected);
}

#[test]
fn of_mask_rcnn() {
    assert_comes_back("maskrcnn_resnet50_fpn_91");
}

#[test]
fn of_mask_rcnn_v2() {
    assert_comes_back("maskrcnn_resnet50_fpn_v2_91");
}

#[test]
fn of_faster_rcnn() {
    assert_comes_back("fasterrcnn_resnet50_fpn_21");
}

#[test]
fn of_faster_rcnn_v2() {
    assert_comes_back("fasterrcnn_resnet50_fpn_v2_21");
}
