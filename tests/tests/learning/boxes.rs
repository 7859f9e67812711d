//! Detectors of boxes: Faster R-CNN with every pooling, box loss and backbone, the IoU head, Cascade R-CNN.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wardrobe::backbones::{BackboneConfig, VggConfig};
use wardrobe::rpn_roi::config::{AnchorConfig, IouHeadConfig, RefinementConfig, Suppression};
use wardrobe::rpn_roi::transform::ImageTransform;
use wardrobe::rpn_roi::{
    CascadeRcnn, Detection, Detections, DetectorLosses, FasterRcnn, FasterRcnnConfig, GroundTruth,
    ImageBatch, RgbPicture, RpnRoiError,
};

use super::{
    CLASSES, FEW_STEPS, Lesson, SIDE, STEPS, cascade, drawn, miniature, rgb, training_device,
    with_other_poolings,
};

/// What an object's best detection overlaps with it at least.
const LEAST_IOU: f32 = 0.8;

/// A red square of class 1 and a green upright box of class 2 on grey; in the second picture nothing.
pub fn pictures() -> ([Vec<u8>; 2], [GroundTruth; 2]) {
    let truth = GroundTruth {
        boxes: vec![[4.0, 6.0, 22.0, 24.0], [28.0, 14.0, 42.0, 46.0]],
        labels: vec![1, 2],
        ignored: Vec::new(),
    };
    let mut drawn = vec![90_u8; 3 * SIDE * SIDE];
    for (corners, colour) in truth.boxes.iter().zip([[220, 30, 40], [40, 200, 60]]) {
        let [x1, y1, x2, y2] = corners.map(|corner| corner as usize);
        for y in y1..y2 {
            for x in x1..x2 {
                drawn[3 * (y * SIDE + x)..][..3].copy_from_slice(&colour);
            }
        }
    }
    let empty = vec![90_u8; 3 * SIDE * SIDE];
    ([drawn, empty], [truth, GroundTruth::default()])
}

/// Trains a detector on a lesson's pictures and asserts that its loss ends below `share` of the first. Returns what it became,
/// and its losses before and after.
fn learn<M: Module>(
    lesson: &Lesson,
    share: f32,
    init: impl FnOnce(&Device) -> M,
    transform: impl FnOnce(&M) -> &ImageTransform,
    losses: impl Fn(&M, &ImageBatch, &[GroundTruth], &mut ChaCha8Rng) -> DetectorLosses,
) -> (M, [DetectorLosses; 2]) {
    let (device, _generator) = training_device(21);
    let (bytes, truths) = pictures();
    let pictures = bytes.each_ref().map(|data| rgb(data));
    let model = drawn(&device, init);
    let (images, truths) = transform(&model)
        .training_batch(
            &pictures[..lesson.pictures],
            &truths[..lesson.pictures],
            CLASSES,
            &device,
        )
        .unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let first = losses(&model, &images, &truths, &mut rng);
    let model = super::learn(model, lesson.steps, |model| {
        losses(model, &images, &truths, &mut rng).total()
    });
    let last = losses(&model, &images, &truths, &mut rng);
    let [before, after] = [&first, &last].map(|losses| losses.total().into_scalar());
    lesson.assert_fell(before, after, share);
    (model.valid(), [first, last])
}

/// Asserts, of a whole lesson, that `detect` finds what was taught, and nothing where nothing is.
fn assert_knows(
    lesson: &Lesson,
    least_iou: f32,
    detect: impl FnOnce(&[RgbPicture<'_>]) -> Result<Vec<Detections>, RpnRoiError>,
) {
    let (bytes, truths) = pictures();
    let found = detect(&bytes.each_ref().map(|data| rgb(data))[..lesson.pictures]).unwrap();
    if lesson.by_heart {
        assert_found(&found[0].to_vec(), &truths[0], least_iou);
        for empty in &found[1..] {
            assert!(empty.to_vec().iter().all(|one| one.score < 0.5));
        }
    }
}

fn assert_found(found: &[Detection], truth: &GroundTruth, least_iou: f32) {
    for (wanted, &label) in truth.boxes.iter().zip(&truth.labels) {
        let best = found
            .iter()
            .filter(|one| one.label == label && one.score > 0.5)
            .map(|one| iou(one.bbox, *wanted))
            .fold(0.0, f32::max);
        assert!(
            best > least_iou,
            "class {label} at {wanted:?}: best IoU {best} in {found:?}"
        );
    }
}

fn iou(a: [f32; 4], b: [f32; 4]) -> f32 {
    let device = Device::flex();
    let tensor = |corners| Tensor::<2>::from_floats([corners], &device);
    wardrobe::kernels::boxes::box_iou(tensor(a), tensor(b)).into_scalar()
}

/// Asserts that the last loss is below `share` of the first, and that the detections fit.
fn assert_faster_learns(config: &FasterRcnnConfig, share: f32, least_iou: f32) {
    let lesson = Lesson::new(STEPS, FEW_STEPS);
    let (model, _) = learn(
        &lesson,
        share,
        |device| config.init(device).unwrap(),
        FasterRcnn::transform,
        FasterRcnn::losses,
    );
    assert_knows(&lesson, least_iou, |pictures| model.detect(pictures));
}

#[test]
fn faster_rcnn() {
    assert_faster_learns(&miniature(), 0.05, LEAST_IOU);
}

#[test]
fn faster_rcnn_on_vgg() {
    let mut config = miniature();
    config.backbone = BackboneConfig::Vgg(VggConfig {
        groups: vec![vec![16], vec![24], vec![32]],
        ..VggConfig::vgg16()
    });
    config.rpn.anchors = AnchorConfig {
        sizes: vec![vec![16.0, 32.0, 64.0]],
        ..AnchorConfig::single_level()
    };
    config.roi_heads.pooler.levels = 1;
    assert_faster_learns(&config, 0.1, LEAST_IOU);
}

#[test]
fn faster_rcnn_with_other_poolings_and_box_losses() {
    for config in with_other_poolings() {
        // Pooling in whole cells of four pixels sees small objects roughly.
        assert_faster_learns(&config, 0.05, 0.5);
    }
}

#[test]
fn faster_rcnn_with_an_iou_head_that_suppresses_and_refines() {
    let mut config = miniature();
    config.roi_heads.postprocess.suppression = Suppression::IouGuided;
    config.roi_heads.iou_head = Some(IouHeadConfig {
        features: 64,
        refinement: Some(RefinementConfig::default()),
        ..IouHeadConfig::new(4)
    });
    let lesson = Lesson::new(STEPS, FEW_STEPS);
    // New boxes to predict the IoU of are drawn in each step.
    let (model, losses) = learn(
        &lesson,
        0.04,
        |device| config.init(device).unwrap(),
        FasterRcnn::transform,
        FasterRcnn::losses,
    );
    let [before, after] = losses.map(|mut losses| losses.stages.remove(0).iou.unwrap());
    if lesson.by_heart {
        lesson.assert_fell(before.into_scalar(), after.into_scalar(), 0.05);
    }
    assert_knows(&lesson, LEAST_IOU, |pictures| model.detect(pictures));
}

#[test]
fn cascade_rcnn() {
    let lesson = Lesson::new(STEPS, FEW_STEPS);
    // The later stages' targets are drawn anew with every box that an earlier one moves.
    let (model, [_, losses]) = learn(
        &lesson,
        0.15,
        |device| cascade().init(device).unwrap(),
        CascadeRcnn::transform,
        CascadeRcnn::losses,
    );
    let names: Vec<String> = losses.named().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), 2 + 3 * 2);
    assert_eq!(names[7], "loss_box_reg_stage2");
    assert_knows(&lesson, LEAST_IOU, |pictures| model.detect(pictures));
}
