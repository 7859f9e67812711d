//! Every model in miniature learns one batch by heart: losses fall to almost nothing, and what was taught is found. (On wgpu,
//! which may be two cores that play GPU: losses fall, unless `WARDROBE_WHOLE_LESSON` is set.) And the first step is the same on
//! every backend.
#![allow(clippy::unwrap_used, missing_docs)]

mod boxes;
mod classifiers;
mod masks;
mod steps;

use std::f64::consts::PI;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use burn_optim::{AdamConfig, GradientsParams};
use wardrobe::backbones::BackboneConfig;
use wardrobe::kernels::device::test_device;
use wardrobe::kernels::generator::Generator;
use wardrobe::rpn_roi::cascade_head::CascadeHeadsConfig;
use wardrobe::rpn_roi::config::{
    AnchorConfig, BoxHeadConfig, BoxLoss, PoolingMethod, ProposalLimits, RoiHeadsConfig, RpnConfig,
    TransformConfig,
};
use wardrobe::rpn_roi::{CascadeRcnnConfig, FasterRcnnConfig, RgbPicture};

/// Side of the pictures.
const SIDE: usize = 48;
/// Classes of the detectors, the background included.
const CLASSES: usize = 3;

/// Steps after which a detector knows its batch by heart: of ten draws of Mask R-CNN all did, after 240 one in seven did not.
const STEPS: usize = 400;

/// Steps after which a detector's loss has fallen.
const FEW_STEPS: usize = 8;

/// Share of the first loss that few steps end below; they were seen to end at 0.00003 to 0.45 of it.
const FEW_STEPS_SHARE: f32 = 0.8;

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

/// The device under test, and the generator of the parameters that [`drawn`] draws while it is held.
fn training_device(seed: u64) -> (Device, Generator) {
    let generator = Generator::seeded(&Device::flex(), seed);
    (test_device().autodiff(), generator)
}

/// A model on `device` with the parameters that the pure-Rust backend draws: every backend begins with the same.
fn drawn<M: Module>(device: &Device, init: impl FnOnce(&Device) -> M) -> M {
    /// Parameters are drawn when first used, and by then they would have moved.
    struct Use;
    impl ModuleVisitor for Use {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            param.val();
        }
    }
    let model = init(&Device::flex().autodiff());
    model.visit(&mut Use);
    model.fork(device)
}

/// How much a model gets to learn, and what is asked of it then.
struct Lesson {
    /// Pictures of the batch.
    pictures: usize,
    steps: usize,
    /// Whether it then knows the batch by heart; else its losses have fallen, no more.
    by_heart: bool,
}

impl Lesson {
    /// `steps` that end in knowing the batch. Two cores that play GPU take a second for a step of a detector: there it is a
    /// `few` steps with one picture, which pass through every kernel, forward and backward, as often as it takes to see losses
    /// fall. `WARDROBE_WHOLE_LESSON`, set to anything, has the whole lesson there too: for a GPU, or for an hour's patience.
    fn new(steps: usize, few: usize) -> Self {
        let on_wgpu = std::env::var("WARDROBE_BACKEND").as_deref() == Ok("wgpu");
        if on_wgpu && std::env::var_os("WARDROBE_WHOLE_LESSON").is_none() {
            Self {
                pictures: 1,
                steps: few,
                by_heart: false,
            }
        } else {
            Self {
                pictures: 2,
                steps,
                by_heart: true,
            }
        }
    }

    /// Asserts that a loss ended below `share` of the first; after a few steps, below [`FEW_STEPS_SHARE`] of it.
    fn assert_fell(&self, first: f32, last: f32, share: f32) {
        let share = if self.by_heart {
            share
        } else {
            FEW_STEPS_SHARE
        };
        assert!(last < share * first, "loss {first} → {last}");
    }
}

/// Takes `steps` steps of Adam at a rate that falls to nothing along a cosine.
fn learn<M: Module>(mut model: M, steps: usize, mut loss: impl FnMut(&M) -> Tensor<1>) -> M {
    let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();
    for step in 0..steps {
        let rate = 2.5e-3 * (1.0 + (PI * step as f64 / steps as f64).cos());
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

/// The same with every pooling but the usual, and a box loss other than the usual beside each.
fn with_other_poolings() -> [FasterRcnnConfig; 3] {
    [
        (
            PoolingMethod::AlignMax,
            BoxLoss::GeneralizedIou { weight: 2.0 },
        ),
        (PoolingMethod::Pool, BoxLoss::SmoothL1 { beta: 1.0 }),
        (PoolingMethod::Precise, BoxLoss::Iou { weight: 2.0 }),
    ]
    .map(|(method, box_loss)| {
        let mut config = miniature();
        config.roi_heads.pooler.method = method;
        config.roi_heads.box_loss = box_loss;
        config
    })
}

/// A Cascade R-CNN as narrow.
fn cascade() -> CascadeRcnnConfig {
    let plain = miniature();
    let mut heads = CascadeHeadsConfig::new(4);
    heads.head = BoxHeadConfig::TwoMlp { features: FEATURES };
    heads.pooler.canonical_size = 32.0;
    CascadeRcnnConfig {
        num_classes: plain.num_classes,
        transform: plain.transform,
        backbone: plain.backbone,
        rpn: plain.rpn,
        roi_heads: heads,
    }
}
