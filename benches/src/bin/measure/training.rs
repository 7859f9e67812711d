//! A training step of Mask R-CNN: losses, gradients, SGD with momentum.

use std::cell::RefCell;

use burn::tensor::Device;
use burn_optim::decay::WeightDecayConfig;
use burn_optim::momentum::MomentumConfig;
use burn_optim::{GradientsParams, SgdConfig};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wardrobe::RgbPicture;
use wardrobe::backbones::weights::{self, LoadOptions};
use wardrobe::backbones::{Backbone, ResNetFpn};
use wardrobe::mask_head::{DetectorConfig, InstanceTruth, MaskRcnnConfig, TruthMask};
use wardrobe::rpn_roi::GroundTruth;
use wardrobe_tests::parameters::boxes;

use super::{Failure, NUM_CLASSES, SMALLEST, Work};

/// Objects in the picture.
const OBJECTS: usize = 8;
/// Of {stem, layer1 … layer4}: torchvision's `trainable_backbone_layers` for a backbone with weights.
const TRAINABLE_LAYERS: usize = 3;
/// torchvision's reference recipe but for the rate, which is so small that every step is the first.
const RATE: f64 = 1e-9;
const MOMENTUM: f64 = 0.9;
const WEIGHT_DECAY: f32 = 1e-4;

/// Repeats the step on a picture of `[height, width]`, resized to `sizes` (shortest, longest side), on a device that records
/// gradients. The result is the total loss, which depends on the anchors and RoIs drawn.
pub fn maskrcnn(
    picture: [usize; 2],
    sizes: [usize; 2],
    file: &str,
    device: &Device,
) -> Result<Work, Failure> {
    let mut config = MaskRcnnConfig::resnet50_fpn(NUM_CLASSES);
    let DetectorConfig::Faster(detector) = &mut config.detector else {
        return Err("a detector with one box stage".into());
    };
    [detector.transform.min_size, detector.transform.max_size] = sizes;
    let mut model = config.init(device)?;
    model = weights::load(model, file, &LoadOptions::strict())?.0;
    if let Backbone::ResNetFpn(ResNetFpn {
        body,
        fpn,
        returned_stages,
    }) = model.backbone
    {
        let body = body.with_trainable_layers(TRAINABLE_LAYERS);
        model.backbone = Backbone::ResNetFpn(ResNetFpn {
            body,
            fpn,
            returned_stages,
        });
    }
    let optimizer = SgdConfig::new()
        .with_momentum(Some(MomentumConfig {
            momentum: MOMENTUM,
            dampening: 0.0,
            nesterov: false,
        }))
        .with_weight_decay(Some(WeightDecayConfig {
            penalty: WEIGHT_DECAY,
        }))
        .init();
    let bytes = wardrobe_benches::picture(picture[0], picture[1]);
    let truth = truth(picture);
    let rng = ChaCha8Rng::seed_from_u64(0);
    let state = RefCell::new((model, optimizer, rng));
    Ok(Box::new(move |_| {
        let (model, optimizer, rng) = &mut *state.borrow_mut();
        let [height, width] = picture;
        let image = RgbPicture {
            data: &bytes,
            width,
            height,
        };
        let (images, truths) = model.training_batch(&[image], vec![truth.clone()], NUM_CLASSES)?;
        let total = model.losses(&images, &truths, rng).total();
        let loss = total.clone().into_scalar::<f32>();
        let gradients = GradientsParams::from_grads(total.backward(), model);
        *model = optimizer.step(RATE, model.clone(), gradients);
        Ok(loss.into())
    }))
}

/// Generated boxes, their ellipses as masks, labels in order from 1.
fn truth([height, width]: [usize; 2]) -> InstanceTruth {
    let boxes = boxes("objects", OBJECTS, [height, width], SMALLEST);
    InstanceTruth {
        masks: boxes
            .iter()
            .map(|corners| ellipse(*corners, [height, width]))
            .collect(),
        objects: GroundTruth {
            labels: (1..=OBJECTS).collect(),
            boxes,
            ignored: Vec::new(),
        },
    }
}

/// The pixels whose centres lie in the ellipse that the box holds.
fn ellipse([x1, y1, x2, y2]: [f32; 4], [height, width]: [usize; 2]) -> TruthMask {
    let square = |at: usize, low: f32, high: f32| {
        let centre = at as f32 + 0.5;
        ((centre - f32::midpoint(low, high)) / ((high - low) / 2.0)).powi(2)
    };
    TruthMask {
        x: 0,
        y: 0,
        width,
        bits: (0..height * width)
            .map(|pixel| square(pixel % width, x1, x2) + square(pixel / width, y1, y2) <= 1.0)
            .collect(),
    }
}
