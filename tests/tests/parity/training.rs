//! One training step against torchvision's: every loss, and the gradient of every parameter.
//!
//! Both sides take every anchor and every proposal, so the draw plays no part. Narrow networks, in which no unit is near its
//! kink, must agree closely; networks of full width, where some always are, must be as near to torchvision's 64-bit
//! gradient as torchvision's own 32-bit one (`fixtures/generate_training.py`).

use burn::module::Module;
use burn::tensor::{Device, Gradients, Int, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use wardrobe::backbones::weights::named_gradients;
use wardrobe::backbones::{ResNet, ResNetConfig, Vgg, VggConfig};
use wardrobe::kernels::device::test_device;
use wardrobe::losses::ClassLoss;
use wardrobe::mask_head::{DetectorConfig, InstanceTruth, MaskRcnnConfig, TruthMask};
use wardrobe::rpn_roi::config::{ProposalLimits, TransformConfig};
use wardrobe::rpn_roi::{FasterRcnnConfig, GroundTruth, RgbPicture};
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::{generated, input};
use wardrobe_tests::gradients::ExpectedGradient;

/// Losses, relative. A wrong divisor, β or target is at least a percent.
const LOSS: f64 = 1e-4;

/// Gradients, relative to the norm of the parameter's own. 32-bit sums in another order are a few 1e-6 apart; a missing term
/// or a wrong scale is at least a percent.
const GRADIENT: f64 = 1e-3;

/// At full width: the gradient's distance from the 64-bit one over that of torchvision's 32-bit one. Both stem from the few
/// units that fall on the other side of zero, other ones in each implementation, and the estimate of the distance is itself
/// within a factor of two.
const ROUNDING: f64 = 4.0;

#[derive(Deserialize)]
struct Object {
    r#box: [f32; 4],
    label: usize,
}

struct Case {
    fixture: Fixture,
    device: Device,
}

impl Case {
    fn open(name: &str) -> Self {
        Self {
            fixture: Fixture::open(&format!("training_{name}")).unwrap(),
            device: test_device().autodiff(),
        }
    }

    /// The configuration with the case's sizes, every anchor and proposal taken.
    fn configured(&self, config: FasterRcnnConfig) -> FasterRcnnConfig {
        let [before_suppression, after_suppression] = self.fixture.fact("proposals");
        let mut config = FasterRcnnConfig {
            transform: TransformConfig {
                min_size: self.fixture.fact("min_size"),
                max_size: self.fixture.fact("max_size"),
                ..config.transform
            },
            ..config
        };
        config.rpn.training = ProposalLimits {
            before_suppression,
            after_suppression,
        };
        config.rpn.sampler.per_image = 1_000_000;
        config.roi_heads.sampler.per_image = 1_000_000;
        config
    }

    fn pictures(&self) -> Vec<RgbPicture<'_>> {
        let sizes: Vec<[usize; 2]> = self.fixture.fact("pictures");
        let picture = |(index, [height, width]): (usize, [usize; 2])| RgbPicture {
            data: self.fixture.bytes(&format!("{index}.picture")),
            width,
            height,
        };
        sizes.into_iter().enumerate().map(picture).collect()
    }

    fn truths(&self) -> Vec<InstanceTruth> {
        let objects: Vec<Vec<Object>> = self.fixture.fact("objects");
        let pictures = self.pictures();
        objects
            .iter()
            .zip(&pictures)
            .map(|(objects, picture)| InstanceTruth {
                objects: GroundTruth {
                    boxes: objects.iter().map(|object| object.r#box).collect(),
                    labels: objects.iter().map(|object| object.label).collect(),
                    ignored: Vec::new(),
                },
                masks: objects
                    .iter()
                    .map(|object| ellipse(object.r#box, picture))
                    .collect(),
            })
            .collect()
    }

    fn assert_losses(&self, found: &[(String, Tensor<1>)]) {
        let expected: std::collections::BTreeMap<String, f64> = self.fixture.fact("losses");
        assert_eq!(found.len(), expected.len());
        for (name, loss) in found {
            let found = f64::from(loss.clone().into_scalar::<f32>());
            let expected = expected[name];
            assert!(
                (found - expected).abs() <= LOSS * expected,
                "{name}: {found}, torchvision {expected}"
            );
        }
    }

    fn assert_gradients<M: Module>(&self, module: &M, gradients: &Gradients) {
        let found = named_gradients(module, gradients);
        let rounding: Option<f64> = self.fixture.fact("rounding");
        let tolerance = rounding.map_or(GRADIENT, |rounding| GRADIENT.max(ROUNDING * rounding));
        let expected = ExpectedGradient::all(&self.fixture);
        let mut wrong = Vec::new();
        for expected in &expected {
            let Some((_, gradient)) = found.iter().find(|(name, _)| *name == expected.name) else {
                wrong.push(format!("{}: none", expected.name));
                continue;
            };
            let error = expected.relative_error(&gradient.try_to_vec::<f32>().unwrap());
            if error.is_nan() || error > tolerance {
                wrong.push(format!(
                    "{}: {error:.2e} of {:.2e}",
                    expected.name,
                    expected.norm()
                ));
            }
        }
        assert!(wrong.is_empty(), "gradients: {wrong:#?}");
        assert_eq!(found.len(), expected.len(), "parameters with a gradient");
    }
}

/// The mask of the generator: the ellipse the box holds, a pixel belonging to it when its centre does.
fn ellipse([x1, y1, x2, y2]: [f32; 4], picture: &RgbPicture<'_>) -> TruthMask {
    let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(f64::from);
    let inside = |pixel: usize| {
        let x = (pixel % picture.width) as f64 + 0.5;
        let y = (pixel / picture.width) as f64 + 0.5;
        let square = |distance: f64, radius: f64| (distance / radius).powi(2);
        square(x - f64::midpoint(x1, x2), (x2 - x1) / 2.0)
            + square(y - f64::midpoint(y1, y2), (y2 - y1) / 2.0)
            <= 1.0
    };
    TruthMask {
        x: 0,
        y: 0,
        width: picture.width,
        bits: (0..picture.width * picture.height).map(inside).collect(),
    }
}

fn assert_faster(name: &str, config: fn(usize) -> FasterRcnnConfig) {
    let case = Case::open(name);
    let classes = case.fixture.fact("num_classes");
    let config = case.configured(config(classes));
    let model = generated(config.init(&case.device).unwrap(), &case.fixture, "");
    let truths: Vec<_> = case
        .truths()
        .into_iter()
        .map(|truth| truth.objects)
        .collect();
    let (images, truths) = model
        .transform()
        .training_batch(&case.pictures(), &truths, classes, &case.device)
        .unwrap();
    let losses = model.losses(&images, &truths, &mut ChaCha8Rng::seed_from_u64(0));
    case.assert_losses(&losses.named());
    case.assert_gradients(&model, &losses.total().backward());
}

fn assert_mask(name: &str, config: fn(usize) -> MaskRcnnConfig) {
    let case = Case::open(name);
    let classes = case.fixture.fact("num_classes");
    let config = config(classes);
    let DetectorConfig::Faster(detector) = config.detector else {
        panic!("a detector with one box stage");
    };
    let config = MaskRcnnConfig {
        detector: DetectorConfig::Faster(case.configured(detector)),
        mask: config.mask,
    };
    let model = generated(config.init(&case.device).unwrap(), &case.fixture, "");
    let (images, truths) = model
        .training_batch(&case.pictures(), case.truths(), classes)
        .unwrap();
    let losses = model.losses(&images, &truths, &mut ChaCha8Rng::seed_from_u64(0));
    case.assert_losses(&losses.named());
    case.assert_gradients(&model, &losses.total().backward());
}

fn assert_classifier<M: Module>(
    name: &str,
    init: impl FnOnce(&Device) -> M,
    forward: impl FnOnce(&M, Tensor<4>) -> Tensor<2>,
) {
    let case = Case::open(name);
    let model = generated(init(&case.device), &case.fixture, "");
    let shape: Vec<usize> = case.fixture.fact("input");
    let labels: Vec<i64> = case.fixture.fact("labels");
    let labels = Tensor::<1, Int>::from_ints(labels.as_slice(), &case.device);
    let loss = ClassLoss {
        label_smoothing: case.fixture.fact("label_smoothing"),
        ..ClassLoss::default()
    };
    let loss = loss.forward(
        forward(&model, input("input", &shape, &case.device)),
        labels,
    );
    let expected: f64 = case.fixture.fact("loss");
    let found = f64::from(loss.clone().into_scalar::<f32>());
    assert!(
        (found - expected).abs() <= LOSS * expected,
        "{found}, torchvision {expected}"
    );
    case.assert_gradients(&model, &loss.backward());
}

/// The networks of `fixtures/generate_training.py` at widths of a few channels.
mod narrow {
    use wardrobe::backbones::{
        BackboneConfig, BatchNormConfig, FpnConfig, ResNetConfig, VggConfig,
    };
    use wardrobe::mask_head::MaskRcnnConfig;
    use wardrobe::mask_head::config::MaskConfig;
    use wardrobe::rpn_roi::FasterRcnnConfig;
    use wardrobe::rpn_roi::config::{AnchorConfig, BoxHeadConfig, RoiPoolerConfig, RpnConfig};

    pub const CLASSES: usize = 10;

    pub fn vgg() -> VggConfig {
        VggConfig {
            groups: vec![vec![4, 4], vec![6], vec![8]],
            hidden: 12,
            ..VggConfig::vgg16()
        }
    }

    fn pooler(levels: usize) -> RoiPoolerConfig {
        RoiPoolerConfig {
            canonical_size: 32.0,
            ..RoiPoolerConfig::new(7, levels)
        }
    }

    fn with_small_boxes(config: FasterRcnnConfig, sizes: Vec<Vec<f32>>) -> FasterRcnnConfig {
        let mut config = config;
        config.rpn = RpnConfig {
            anchors: AnchorConfig {
                sizes,
                ..AnchorConfig::pyramid()
            },
            ..config.rpn
        };
        config.roi_heads.pooler = pooler(config.roi_heads.pooler.levels);
        config
    }

    pub fn faster_vgg(classes: usize) -> FasterRcnnConfig {
        let mut config = FasterRcnnConfig::vgg16(classes);
        config.backbone = BackboneConfig::Vgg(vgg());
        config.roi_heads.head = BoxHeadConfig::TwoMlp { features: 32 };
        with_small_boxes(config, vec![vec![8.0, 16.0, 32.0, 64.0]])
    }

    fn mask(mut detector: FasterRcnnConfig, norm: Option<BatchNormConfig>) -> MaskRcnnConfig {
        let body = ResNetConfig::miniature().with_norm(norm.unwrap_or(BatchNormConfig::frozen()));
        let fpn = FpnConfig::new(body.stage_channels())
            .with_out_channels(6)
            .with_norm(norm);
        detector.backbone = BackboneConfig::ResNetFpn {
            body,
            returned_stages: vec![1, 2, 3, 4],
            fpn,
        };
        let sizes = [8.0, 16.0, 32.0, 64.0, 128.0].map(|size| vec![size]);
        MaskRcnnConfig {
            mask: MaskConfig {
                pooler: pooler(4),
                layers: vec![6, 6],
                reduced: 5,
                norm_epsilon: norm.map(|norm| norm.epsilon),
            },
            ..MaskRcnnConfig::faster(with_small_boxes(detector, sizes.to_vec()))
        }
    }

    pub fn mask_fpn(classes: usize) -> MaskRcnnConfig {
        let mut detector = FasterRcnnConfig::resnet50_fpn(classes);
        detector.roi_heads.head = BoxHeadConfig::TwoMlp { features: 32 };
        mask(detector, None)
    }

    pub fn mask_fpn_v2(classes: usize) -> MaskRcnnConfig {
        let mut detector = FasterRcnnConfig::resnet50_fpn_v2(classes);
        detector.roi_heads.head = BoxHeadConfig::ConvFc {
            convolutions: 2,
            channels: 6,
            features: 32,
            norm_epsilon: 1e-5,
        };
        mask(detector, Some(BatchNormConfig::trained()))
    }
}

#[test]
fn narrow_maskrcnn() {
    assert_mask("narrow_maskrcnn_fpn", narrow::mask_fpn);
}

#[test]
fn narrow_maskrcnn_with_batch_statistics() {
    assert_mask("narrow_maskrcnn_fpn_v2", narrow::mask_fpn_v2);
}

#[test]
fn narrow_fasterrcnn_on_vgg() {
    assert_faster("narrow_fasterrcnn_vgg", narrow::faster_vgg);
}

#[test]
fn narrow_resnet_classifies() {
    let config = ResNetConfig::miniature().with_classes(Some(narrow::CLASSES));
    let init = |device: &Device| config.init(device);
    assert_classifier("narrow_resnet", init, ResNet::forward);
}

#[test]
fn narrow_vgg_classifies() {
    assert_vgg(
        "narrow_vgg",
        narrow::vgg().with_classes(Some(narrow::CLASSES)),
    );
}

fn assert_vgg(name: &str, config: VggConfig) {
    // Its randomness is not what is compared.
    let config = VggConfig {
        dropout: 0.0,
        ..config
    };
    let init = |device: &Device| config.init(device);
    assert_classifier(name, init, Vgg::forward);
}

#[test]
fn full_width_maskrcnn() {
    assert_mask("maskrcnn_resnet50_fpn", MaskRcnnConfig::resnet50_fpn);
}

#[test]
fn full_width_fasterrcnn_on_vgg16() {
    assert_faster("fasterrcnn_vgg16", FasterRcnnConfig::vgg16);
}

#[test]
fn full_width_resnet50_classifies() {
    let config = ResNetConfig::resnet50().with_classes(Some(1000));
    let init = |device: &Device| config.init(device);
    assert_classifier("resnet50", init, ResNet::forward);
}

#[test]
fn full_width_vgg16_classifies() {
    assert_vgg("vgg16", VggConfig::vgg16().with_classes(Some(1000)));
}
