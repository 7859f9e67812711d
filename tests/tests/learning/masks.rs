//! Mask R-CNN and Cascade Mask R-CNN, masks included.

use burn::module::Module;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wardrobe::mask_head::config::MaskConfig;
use wardrobe::mask_head::{DetectorConfig, InstanceTruth, MaskRcnnConfig, TruthMask};
use wardrobe::rpn_roi::GroundTruth;

use super::{CLASSES, FEW_STEPS, Lesson, SIDE, STEPS, drawn, learn, rgb, training_device};

fn miniature() -> MaskRcnnConfig {
    let mut config = MaskRcnnConfig::faster(super::miniature());
    config.mask = MaskConfig {
        layers: vec![16, 16],
        reduced: 16,
        ..config.mask
    };
    config.mask.pooler.canonical_size = 32.0;
    config
}

/// A disc of radius 11 and the lower left half of a square.
fn shapes() -> [Vec<bool>; 2] {
    let grid = |inside: fn(f32, f32) -> bool| {
        (0..SIDE * SIDE)
            .map(|pixel| inside((pixel % SIDE) as f32 + 0.5, (pixel / SIDE) as f32 + 0.5))
            .collect()
    };
    let disc = |x: f32, y: f32| (x - 16.0).powi(2) + (y - 15.0).powi(2) <= 11.0 * 11.0;
    let half = |x: f32, y: f32| x >= 24.0 && y <= 45.0 && x - 24.0 <= y - 24.0;
    [grid(disc), grid(half)]
}

/// The same branch over three box stages.
fn cascade() -> MaskRcnnConfig {
    MaskRcnnConfig {
        detector: DetectorConfig::Cascade(super::cascade()),
        ..miniature()
    }
}

#[test]
fn masks_are_learnt_by_heart() {
    assert_learns(&miniature(), 0.05);
}

#[test]
fn masks_of_a_cascade_are_learnt_by_heart() {
    assert_learns(&cascade(), 0.3);
}

/// Asserts that the last loss of everything but the masks is below `share` of the first.
fn assert_learns(config: &MaskRcnnConfig, share: f32) {
    let lesson = Lesson::new(STEPS, FEW_STEPS);
    let (device, _generator) = training_device(33);
    let shapes = shapes();
    let mut bytes = vec![90_u8; 3 * SIDE * SIDE];
    for (shape, colour) in shapes.iter().zip([[220, 30, 40], [40, 200, 60]]) {
        for (pixel, _) in shape.iter().enumerate().filter(|(_, inside)| **inside) {
            bytes[3 * pixel..][..3].copy_from_slice(&colour);
        }
    }
    let truth = InstanceTruth {
        objects: GroundTruth {
            boxes: vec![[5.0, 4.0, 27.0, 26.0], [24.0, 24.0, 45.0, 45.0]],
            labels: vec![1, 2],
            ignored: Vec::new(),
        },
        masks: shapes
            .iter()
            .map(|bits| TruthMask {
                x: 0,
                y: 0,
                width: SIDE,
                bits: bits.clone(),
            })
            .collect(),
    };
    let picture = rgb(&bytes);
    let model = drawn(&device, |device| config.init(device).unwrap());
    let (images, truths) = model
        .training_batch(&[picture], vec![truth], CLASSES)
        .unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let first = model.losses(&images, &truths, &mut rng);
    let model = learn(model, lesson.steps, |model| {
        model.losses(&images, &truths, &mut rng).total()
    });
    let last = model.losses(&images, &truths, &mut rng);
    let [first_masks, masks] =
        [&first, &last].map(|losses| -> f32 { losses.masks.clone().into_scalar() });
    let [first, last] =
        [first, last].map(|losses| -> f32 { losses.detector.total().into_scalar() });
    lesson.assert_fell(first, last, share);

    let found = &model.valid().detect(&[picture]).unwrap()[0];
    let found = found.instances();
    if !lesson.by_heart {
        assert!(masks < first_masks, "mask loss {first_masks} → {masks}");
        return;
    }
    // The border of a shape passes through pixels of a mask: their targets are no numbers that logits reach.
    assert!(masks < 0.15, "mask loss {masks}");
    for (label, shape) in [1, 2].into_iter().zip(&shapes) {
        let best = found
            .iter()
            .filter(|one| one.detection.label == label && one.detection.score > 0.5)
            .map(|one| {
                let mask = &one.mask;
                let inside = |pixel: usize| {
                    let (x, y) = (pixel % SIDE, pixel / SIDE);
                    let column = x.checked_sub(mask.x0).filter(|column| *column < mask.width);
                    let row = y.checked_sub(mask.y0).filter(|row| *row < mask.height);
                    match (column, row) {
                        (Some(column), Some(row)) => mask.values[row * mask.width + column] >= 0.5,
                        _ => false,
                    }
                };
                let count = |test: &dyn Fn(usize) -> bool| {
                    (0..SIDE * SIDE).filter(|pixel| test(*pixel)).count() as f32
                };
                let both = count(&|pixel| shape[pixel] && inside(pixel));
                both / count(&|pixel| shape[pixel] || inside(pixel))
            })
            .fold(0.0, f32::max);
        // A box in place of the disc would have π/4, in place of the half square ½.
        assert!(best > 0.85, "class {label}: mask IoU {best}");
    }
}

#[test]
fn a_picture_without_objects_has_a_loss() {
    let (device, _generator) = training_device(34);
    let model = drawn(&device, |device| miniature().init(device).unwrap());
    let bytes = vec![90_u8; 3 * SIDE * SIDE];
    let picture = rgb(&bytes);
    let (images, truths) = model
        .training_batch(&[picture], vec![InstanceTruth::default()], CLASSES)
        .unwrap();
    let losses = model.losses(&images, &truths, &mut ChaCha8Rng::seed_from_u64(1));
    let named: Vec<(String, f32)> = losses
        .named()
        .into_iter()
        .map(|(name, loss)| (name, loss.into_scalar()))
        .collect();
    for (name, loss) in &named {
        // Only "is there an object" and "what is it" have something to say: nothing, and background.
        let silent = name.ends_with("box_reg") || name == "loss_mask";
        assert_eq!(*loss == 0.0, silent, "{name}: {loss}");
    }
}
