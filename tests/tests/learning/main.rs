//! Every model in miniature learns one batch by heart: losses fall to almost nothing, and what was taught is found.
#![allow(clippy::unwrap_used, missing_docs)]

mod boxes;
mod classifiers;
mod masks;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use burn_optim::{AdamConfig, GradientsParams};
use wardrobe::backbones::BackboneConfig;
use wardrobe::kernels::device::test_device;
use wardrobe::kernels::generator::Generator;
use wardrobe::rpn_roi::cascade_head::CascadeHeadsConfig;
use wardrobe::rpn_roi::config::{
    AnchorConfig, BoxHeadConfig, ProposalLimits, RoiHeadsConfig, RpnConfig, TransformConfig,
};
use wardrobe::rpn_roi::{FasterRcnnConfig, RgbPicture};

/// Side of the pictures.
const SIDE: usize = 48;
/// Classes of the detectors, the background included.
const CLASSES: usize = 3;

/// Width of the box heads.
const FEATURES: usize = 64;

/// A square picture of these bytes.
fn rgb(data: &[u8]) -> RgbPicture<'_> {
    RgbPicture {
        data,
        width: SIDE,
        height: SIDE,
    }
}

/// A device that draws the same parameters in every run, as long as the generator is held.
fn training_device(seed: u64) -> (Device, Generator) {
    let device = test_device();
    let generator = Generator::seeded(&device, seed);
    (device.autodiff(), generator)
}

/// Whether a test runs on two cores that play GPU, where a step of a detector takes a good part of a second: detectors then
/// learn one picture. In 140 steps a Faster R-CNN got to 28 % of its first loss there.
fn plays_gpu() -> bool {
    std::env::var("WARDROBE_BACKEND").as_deref() == Ok("wgpu")
}

/// How much a detector gets to learn, and what is asked of it then.
struct Lesson {
    /// Pictures of the batch.
    pictures: usize,
    /// Steps of the optimiser.
    steps: usize,
    /// Bounds of losses are this many times looser.
    slack: f32,
    /// What every object's best detection overlaps with at least.
    iou: f32,
}

impl Lesson {
    fn new() -> Self {
        if plays_gpu() {
            Self {
                pictures: 1,
                steps: 240,
                slack: 3.0,
                iou: 0.5,
            }
        } else {
            Self {
                pictures: 2,
                steps: 240,
                slack: 1.0,
                iou: 0.8,
            }
        }
    }
}

/// Takes `steps` steps of Adam, the last third at a fifth of the rate.
fn learn<M: Module>(mut model: M, steps: usize, mut loss: impl FnMut(&M) -> Tensor<1>) -> M {
    let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();
    for step in 0..steps {
        let rate = if step < 2 * steps / 3 { 5e-3 } else { 1e-3 };
        let gradients = GradientsParams::from_grads(loss(&model).backward(), &model);
        model = optimizer.step(rate, model, gradients);
    }
    model
}

/// A Faster R-CNN of narrow parts for pictures of [`SIDE`].
fn miniature() -> FasterRcnnConfig {
    let sizes = [8.0, 16.0, 32.0, 64.0, 128.0].map(|size| vec![size]);
    let limits = ProposalLimits {
        before_suppression: 40,
        after_suppression: 40,
    };
    let mut heads = RoiHeadsConfig::new(4);
    heads.head = BoxHeadConfig::TwoMlp { features: FEATURES };
    heads.pooler.canonical_size = 32.0;
    FasterRcnnConfig {
        num_classes: CLASSES,
        transform: TransformConfig {
            min_size: SIDE,
            max_size: SIDE,
            ..TransformConfig::default()
        },
        backbone: BackboneConfig::resnet_fpn_miniature(),
        rpn: RpnConfig {
            anchors: AnchorConfig {
                sizes: sizes.to_vec(),
                ..AnchorConfig::pyramid()
            },
            // What is asked of the heads is what they have seen.
            training: limits,
            test: limits,
            ..RpnConfig::default()
        },
        roi_heads: heads,
    }
}

/// Heads of a Cascade R-CNN as narrow.
fn cascade_heads() -> CascadeHeadsConfig {
    let mut heads = CascadeHeadsConfig::new(4);
    heads.head = BoxHeadConfig::TwoMlp { features: FEATURES };
    heads.pooler.canonical_size = 32.0;
    heads
}
