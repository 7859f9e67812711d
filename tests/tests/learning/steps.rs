//! The first step of every detector in miniature: losses and gradients as the pure-Rust backend has them, from the same
//! parameters. (On that backend itself: a step repeats.) `parity/training.rs` holds Faster and Mask R-CNN against torchvision;
//! this reaches the heads, poolings and losses that torchvision has not.

use burn::module::Module;
use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wardrobe::backbones::weights::named_gradients;
use wardrobe::rpn_roi::config::IouHeadConfig;
use wardrobe::rpn_roi::transform::ImageTransform;
use wardrobe::rpn_roi::{
    CascadeRcnn, DetectorLosses, FasterRcnn, FasterRcnnConfig, GroundTruth, ImageBatch,
};

use super::{CLASSES, boxes, cascade, miniature, rgb, training_device, with_other_poolings};

/// Losses, relative to the larger.
const LOSS: f32 = 1e-4;

/// Gradients, relative to the norm of the parameter's own. Sums in another order were seen to end 2e-5 apart; a missing term or a
/// wrong scale is at least a percent.
const GRADIENT: f64 = 1e-3;

/// More than there are: with every anchor and proposal taken, the draw plays no part.
const ALL: usize = 1_000_000;

/// Asserts that the model's losses, and the gradient of their sum for each parameter, are the same on both devices.
fn assert_same_step<M: Module>(
    init: impl FnOnce(&Device) -> M,
    transform: impl Fn(&M) -> &ImageTransform,
    losses: impl Fn(&M, &ImageBatch, &[GroundTruth], &mut ChaCha8Rng) -> DetectorLosses,
) {
    let (bytes, truths) = boxes::pictures();
    let pictures = bytes.each_ref().map(|data| rgb(data));
    let (device, _generator) = training_device(21);
    let host = Device::flex().autodiff();
    let model = init(&host);
    let step = |model: &M, device: &Device| {
        let (images, truths) = transform(model)
            .training_batch(&pictures, &truths, CLASSES, device)
            .unwrap();
        let losses = losses(model, &images, &truths, &mut ChaCha8Rng::seed_from_u64(1));
        let named: Vec<(String, f32)> = losses
            .named()
            .into_iter()
            .map(|(name, loss)| (name, loss.into_scalar()))
            .collect();
        (named, named_gradients(model, &losses.total().backward()))
    };
    let (expected_losses, expected) = step(&model, &host);
    let (found_losses, found) = step(&model.clone().fork(&device), &device);

    assert_eq!(found_losses.len(), expected_losses.len());
    for ((name, found), (_, expected)) in found_losses.iter().zip(&expected_losses) {
        let difference = (found - expected).abs();
        assert!(
            difference <= LOSS * found.max(*expected),
            "{name}: {found}, on flex {expected}"
        );
    }
    assert_eq!(
        found.len(),
        expected.len(),
        "parameters that have a gradient"
    );
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        let numbers = expected.iter::<f64>().zip(found.iter::<f64>());
        let (square, distance) = numbers.fold((0.0, 0.0), |(square, distance), (a, b)| {
            (square + a * a, distance + (a - b) * (a - b))
        });
        assert!(
            distance.sqrt() <= GRADIENT * square.sqrt(),
            "gradient of {name}: {:.2e} off, of {:.2e}",
            distance.sqrt(),
            square.sqrt()
        );
    }
}

fn assert_faster(mut config: FasterRcnnConfig) {
    config.rpn.sampler.per_image = ALL;
    config.roi_heads.sampler.per_image = ALL;
    assert_same_step(
        |device| config.init(device).unwrap(),
        FasterRcnn::transform,
        FasterRcnn::losses,
    );
}

#[test]
fn of_faster_rcnn_with_every_pooling_and_box_loss() {
    for config in with_other_poolings() {
        assert_faster(config);
    }
}

#[test]
fn of_an_iou_head() {
    let mut config = miniature();
    config.roi_heads.iou_head = Some(IouHeadConfig {
        features: 64,
        ..IouHeadConfig::new(4)
    });
    assert_faster(config);
}

#[test]
fn of_cascade_rcnn() {
    let mut config = cascade();
    config.rpn.sampler.per_image = ALL;
    config.roi_heads.sampler.per_image = ALL;
    assert_same_step(
        |device| config.init(device).unwrap(),
        CascadeRcnn::transform,
        CascadeRcnn::losses,
    );
}
