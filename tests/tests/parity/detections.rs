//! Whole detectors against torchvision's: from two 8-bit pictures of different size to boxes, scores, labels and masks.
//!
//! The bounds are the project's promise. That they can be met by any correct implementation is a property of the fixtures: their
//! seeds were chosen so that 64-bit arithmetic and weights moved by 1e-6 make the same decisions (README.md).

use wardrobe::backbones::weights::LoadOptions;
use wardrobe::kernels::device::test_device;
use wardrobe::{Architecture, Detector, DetectorOptions, Instance, RgbPicture};
use wardrobe_tests::compare::{box_distance, mask_iou};
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::weights_file;

const FEATURES: f64 = 1e-4;
const PIXELS: f32 = 0.05;
const SCORE: f32 = 1e-4;
const MASK_IOU: f64 = 0.999;

struct Case {
    fixture: Fixture,
    name: String,
    architecture: Architecture,
    options: DetectorOptions,
}

impl Case {
    fn open(name: &str) -> Self {
        let fixture = Fixture::open(&format!("detections_{name}")).unwrap();
        let arch: String = fixture.fact("arch");
        let architecture = arch.replace('_', "-").parse().unwrap();
        let options = DetectorOptions {
            min_size: fixture.fact("min_size"),
            max_size: fixture.fact("max_size"),
            ..DetectorOptions::new(fixture.fact("num_classes"))
        };
        Self {
            fixture,
            name: name.to_owned(),
            architecture,
            options,
        }
    }

    fn pictures(&self) -> Vec<RgbPicture<'_>> {
        let picture = |name: &str| {
            let shape = self.fixture.shape(name);
            RgbPicture {
                data: self.fixture.bytes(name),
                width: shape[1],
                height: shape[0],
            }
        };
        ["0.picture", "1.picture"].map(picture).to_vec()
    }

    /// The detector as a user loads it: batch norm folded.
    fn load(&self) -> Detector {
        let folder = tempfile::tempdir().unwrap();
        let path = weights_file(&self.fixture, folder.path());
        Detector::load_with(self.architecture, &self.options, path, &test_device()).unwrap()
    }

    /// The same with its batch norms as they are.
    fn load_unfolded(&self) -> Detector {
        let folder = tempfile::tempdir().unwrap();
        let path = weights_file(&self.fixture, folder.path());
        let detector = Detector::new(self.architecture, &self.options, &test_device()).unwrap();
        detector
            .with_weights(path, &LoadOptions::strict(), self.options.num_classes)
            .unwrap()
            .0
    }

    fn assert_pyramid(&self, detector: &Detector) {
        let (transform, backbone) = match detector {
            Detector::Boxes(model) => (model.transform(), &model.backbone),
            Detector::Masks(model) => (model.transform(), &model.backbone),
        };
        let images = transform.batch(&self.pictures(), &test_device()).unwrap();
        for (index, level) in backbone
            .forward(images.pixels)
            .levels
            .into_iter()
            .enumerate()
        {
            self.fixture
                .assert_close(&format!("pyramid.{index}"), level, FEATURES);
        }
    }

    fn assert_detections(&self, detector: &Detector) {
        let pictures = self.pictures();
        let found = detector.detect(&pictures).unwrap();
        for (image, (found, picture)) in found.iter().zip(&pictures).enumerate() {
            let expected = self.expected(image, picture);
            assert_eq!(
                found.len(),
                expected.len(),
                "{}: detections of picture {image}",
                self.name
            );
            for (rank, (one, expected)) in found.iter().zip(&expected).enumerate() {
                expected.assert_is(
                    one,
                    picture,
                    &format!("{}: detection {rank} of picture {image}", self.name),
                );
            }
        }
    }

    fn expected(&self, image: usize, picture: &RgbPicture<'_>) -> Vec<Expected> {
        let fixture = &self.fixture;
        let pixels = picture.width * picture.height;
        let packed = self
            .architecture
            .has_masks()
            .then(|| fixture.bytes(&format!("{image}.masks")));
        let bit = |bytes: &[u8], index: usize| bytes[index / 8] >> (7 - index % 8) & 1 == 1;
        let boxes = fixture.boxes(&format!("{image}.boxes"));
        let scores = fixture.floats(&format!("{image}.scores"));
        let labels = fixture.integers(&format!("{image}.labels"));
        let one = |rank: usize| Expected {
            corners: boxes[rank],
            score: scores[rank],
            label: labels[rank],
            mask: packed.map(|bytes| {
                (rank * pixels..(rank + 1) * pixels)
                    .map(|index| bit(bytes, index))
                    .collect()
            }),
        };
        (0..boxes.len()).map(one).collect()
    }
}

struct Expected {
    corners: [f32; 4],
    score: f32,
    label: i64,
    mask: Option<Vec<bool>>,
}

impl Expected {
    fn assert_is(&self, found: &Instance, picture: &RgbPicture<'_>, what: &str) {
        assert_eq!(found.label as i64, self.label, "{what}: label");
        let distance = box_distance(&found.corners, &self.corners);
        assert!(
            distance <= PIXELS,
            "{what}: {:?} is {distance} px away from {:?}",
            found.corners,
            self.corners
        );
        let distance = (found.score - self.score).abs();
        assert!(
            distance <= SCORE,
            "{what}: score {} is {distance} away from {}",
            found.score,
            self.score
        );
        let (Some(mask), Some(expected)) = (&found.mask, &self.mask) else {
            assert_eq!(found.mask.is_some(), self.mask.is_some(), "{what}: mask");
            return;
        };
        let mask: Vec<bool> = (0..picture.height)
            .flat_map(|row| (0..picture.width).map(move |column| mask.contains(column, row)))
            .collect();
        let iou = mask_iou(&mask, expected);
        assert!(iou > MASK_IOU, "{what}: mask IoU {iou}");
    }
}

fn assert_case(name: &str) {
    let case = Case::open(name);
    let detector = case.load();
    case.assert_pyramid(&detector);
    case.assert_detections(&detector);
}

#[test]
fn maskrcnn_of_91_classes() {
    assert_case("maskrcnn_resnet50_fpn_91");
}

#[test]
fn maskrcnn_of_21_classes() {
    assert_case("maskrcnn_resnet50_fpn_21");
}

/// Pictures small enough for a device on which the others take minutes.
#[test]
fn maskrcnn_on_small_pictures() {
    assert_case("maskrcnn_resnet50_fpn_21_small");
}

#[test]
fn maskrcnn_v2_of_91_classes() {
    assert_case("maskrcnn_resnet50_fpn_v2_91");
}

#[test]
fn maskrcnn_v2_of_21_classes() {
    assert_case("maskrcnn_resnet50_fpn_v2_21");
}

#[test]
fn maskrcnn_v2_with_batch_norm_not_folded() {
    let case = Case::open("maskrcnn_resnet50_fpn_v2_21");
    let detector = case.load_unfolded();
    case.assert_pyramid(&detector);
    case.assert_detections(&detector);
}

#[test]
fn fasterrcnn_of_21_classes() {
    assert_case("fasterrcnn_resnet50_fpn_21");
}

/// The norms of torchvision's released COCO_V1 files have ε = 0.
#[test]
fn fasterrcnn_of_coco_v1() {
    let mut case = Case::open("fasterrcnn_resnet50_fpn_21_coco_v1");
    case.options.norm_epsilon = Some(0.0);
    let detector = case.load();
    case.assert_pyramid(&detector);
    case.assert_detections(&detector);
}

#[test]
fn fasterrcnn_v2() {
    assert_case("fasterrcnn_resnet50_fpn_v2_21");
}

/// Needs buffers beyond 128 MiB: its first linear layer has 411 MB.
#[test]
fn fasterrcnn_on_vgg16() {
    assert_case("fasterrcnn_vgg16_21");
}
