//! 16-bit training of whole networks beside the same in f32: losses and gradients of a step, runs that learn, and devices
//! that lack a type.
//!
//! What must agree, and how well: rounding to p bits moves each number by 2⁻ᵖ of itself at most and by a third of that in
//! the mean (bf16 has p = 8, f16 11). On its way through some thirty stored maps an activation collects thirty such moves of
//! either sign, √30 · 2⁻ᵖ / 3 ≈ 2 · 2⁻ᵖ: what a loss, a mean over hundreds of them, may differ by, relative to itself.
//!
//! The gradient makes the way back too, through layers that enlarge an error; by how much is the network's matter: in the
//! miniature Mask R-CNN, whose coarsest batch statistics are of eight values, rounding nothing but the weights turns the f32
//! gradient by 8°. So that is the measure: the 16-bit gradient may be a few times as far from the f32 one as the f32 gradient
//! of rounded weights is. A missing term or a wrong scale is farther.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, FloatDType, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wardrobe::backbones::weights::named_gradients;
use wardrobe::backbones::{BackboneConfig, BatchNormConfig, ResNetConfig};
use wardrobe::datasets::synthetic::WardrobeConfig;
use wardrobe::kernels::device::test_device;
use wardrobe::kernels::generator::Generator;
use wardrobe::losses::ClassLoss;
use wardrobe::mask_head::{DetectorConfig, MaskRcnnConfig};
use wardrobe::recipes::classification::{Classifier, ClassifierModel, ClassifierRecipe};
use wardrobe::recipes::data::{ClassChoice, Classes, DataConfig, LoaderSettings, SyntheticConfig};
use wardrobe::recipes::detection::{DetectorModel, DetectorRecipe, instance_truth, settle};
use wardrobe::recipes::{Begin, Outcome, RecipeError, presets};
use wardrobe::rpn_roi::RgbPicture;
use wardrobe::rpn_roi::config::ProposalLimits;
use wardrobe::training::{Precision, Record, Span, TrainingConfig, read_log};
use wardrobe_tests::parameters::noise;

/// The types with their bits of mantissa, the leading one included, and a factor for the loss: f16 has no room for small
/// gradients without one.
const TYPES: [(Precision, i32, f32); 2] = [(Precision::Bf16, 8, 1.0), (Precision::F16, 11, 1024.0)];

fn has(precision: Precision) -> bool {
    test_device().supports_dtype(precision.dtype())
}

/// The model with its trainable tensors replaced, on the graph of the f32 ones.
fn with_weights<M: Module>(model: &M, types: &[FloatDType]) -> M {
    struct Cast<'a>(&'a [FloatDType]);
    impl ModuleMapper for Cast<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if param.is_require_grad() {
                param.map(|value| self.0.iter().fold(value, |value, to| value.cast(*to)))
            } else {
                param
            }
        }
    }
    model.clone().map(&mut Cast(types))
}

/// One forward and backward pass.
struct Pass {
    losses: Vec<(String, f64)>,
    gradients: Vec<(String, Vec<f32>)>,
}

impl Pass {
    fn run<M: Module>(
        model: &M,
        weights: &[FloatDType],
        scale: f32,
        losses: &dyn Fn(&M) -> Vec<(String, Tensor<1>)>,
    ) -> Self {
        let named = losses(&with_weights(model, weights));
        let mut values = Vec::new();
        let mut total: Option<Tensor<1>> = None;
        for (name, loss) in named {
            assert_eq!(loss.dtype(), DType::F32, "{name}");
            values.push((name, f64::from(loss.clone().into_scalar::<f32>())));
            total = Some(match total {
                Some(sum) => sum + loss,
                None => loss,
            });
        }
        let gradients = (total.unwrap() * scale).backward();
        let single = |(name, data): (String, TensorData)| {
            assert_eq!(data.dtype(), DType::F32, "{name}");
            let values: Vec<f32> = data.iter::<f32>().map(|value| value / scale).collect();
            assert!(values.iter().all(|value| value.is_finite()), "{name}");
            (name, values)
        };
        let gradients = named_gradients(model, &gradients).into_iter().map(single);
        Self {
            losses: values,
            gradients: gradients.collect(),
        }
    }

    /// The length of the difference to another pass's whole gradient, over that one's length.
    fn distance(&self, other: &Self) -> f64 {
        let squares = |difference: f64| difference * difference;
        let mut of_difference = 0.0;
        let mut of_other = 0.0;
        for ((_, a), (_, b)) in self.gradients.iter().zip(&other.gradients) {
            for (a, b) in a.iter().zip(b) {
                of_difference += squares(f64::from(*a) - f64::from(*b));
                of_other += squares(f64::from(*b));
            }
        }
        (of_difference / of_other).sqrt()
    }
}

/// What a loss may differ by, in roundings, relative to itself.
const LOSS: f64 = 3.0;

/// How many times as far from the f32 gradient a 16-bit one may be as that of rounded weights. Weights are rounded once,
/// activations and their gradients at every map: 1 to 4 times was seen, and 20 where a single unit crossed its kink.
const FARTHER: f64 = 6.0;

/// How many times as far the gradient of a 16-bit step is from the f32 one as that of rounded weights, for each type of the
/// device. Losses must agree here.
fn times_farther<M: Module>(
    model: &M,
    losses: &dyn Fn(&M) -> Vec<(String, Tensor<1>)>,
) -> Vec<(Precision, f64)> {
    let full = Pass::run(model, &[], 1.0, losses);
    // The runs below say what happens on a device that lacks a type.
    let types = TYPES.into_iter().filter(|(precision, ..)| has(*precision));
    let compare = |(precision, bits, scale): (Precision, i32, f32)| {
        let dtype = precision.dtype();
        let short = Pass::run(model, &[dtype], scale, losses);
        for ((name, found), (_, expected)) in short.losses.iter().zip(&full.losses) {
            let roundings = (found - expected).abs() / expected / 0.5_f64.powi(bits);
            assert!(
                roundings < LOSS,
                "{precision:?}, {name}: {found}, {expected}: {roundings}"
            );
        }
        let rounded = Pass::run(model, &[dtype, FloatDType::F32], 1.0, losses);
        let distance = short.distance(&full);
        // Else it would be the same computation.
        assert!(distance > 0.0);
        (precision, distance / rounded.distance(&full))
    };
    types.map(compare).collect()
}

/// The median over networks drawn from several seeds: a ReLU network's gradient jumps where a unit crosses zero, and one
/// unit of the classifier is worth several per cent of it.
fn assert_gradients_agree(times: impl Fn(u64) -> Vec<(Precision, f64)>) {
    const SEEDS: u64 = 5;
    let draws: Vec<_> = (0..SEEDS).map(times).collect();
    for index in 0..draws[0].len() {
        let mut of_type: Vec<f64> = draws.iter().map(|draw| draw[index].1).collect();
        of_type.sort_by(f64::total_cmp);
        let median = of_type[of_type.len() / 2];
        assert!(median < FARTHER, "{:?}: {of_type:?}", draws[0][index].0);
    }
}

/// Pictures of one garment each.
fn wardrobe(first: u64, count: usize) -> DataConfig {
    DataConfig::Synthetic(SyntheticConfig {
        wardrobe: WardrobeConfig {
            long_side: [64, 64],
            difficulty: 0.0,
            garments: [1, 1],
            empty_share: 0.0,
            ..WardrobeConfig::default()
        },
        first,
        count,
    })
}

/// The preset's Mask R-CNN; every anchor and every proposal counts, so that both passes learn from the same ones.
fn mask_rcnn(classes: usize) -> MaskRcnnConfig {
    let recipe = presets::detector("mask-rcnn-miniature").unwrap();
    let DetectorModel::MaskRcnn(mut config) = recipe.model.for_classes(classes).unwrap() else {
        panic!("the preset is a Mask R-CNN");
    };
    let DetectorConfig::Faster(detector) = &mut config.detector else {
        panic!("the preset has one box stage");
    };
    detector.transform.min_size = 64;
    detector.transform.max_size = 64;
    detector.rpn.training = ProposalLimits {
        before_suppression: 10_000,
        after_suppression: 10_000,
    };
    detector.rpn.nms_threshold = 1.0;
    detector.rpn.sampler.per_image = 1_000_000;
    detector.roi_heads.sampler.per_image = 1_000_000;
    config
}

#[test]
fn a_step_of_mask_rcnn() {
    assert_gradients_agree(|seed| mask_rcnn_times_farther(&mask_rcnn(4), seed));
}

#[test]
fn a_step_of_mask_rcnn_with_frozen_norms() {
    let mut config = mask_rcnn(4);
    let DetectorConfig::Faster(detector) = &mut config.detector else {
        panic!("the preset has one box stage");
    };
    let BackboneConfig::ResNetFpn { body, .. } = &mut detector.backbone else {
        panic!("the preset has a pyramid");
    };
    body.norm = BatchNormConfig::frozen();
    assert_gradients_agree(|seed| mask_rcnn_times_farther(&config, seed));
}

fn mask_rcnn_times_farther(config: &MaskRcnnConfig, seed: u64) -> Vec<(Precision, f64)> {
    let device = test_device();
    let _generator = Generator::seeded(&device, seed);
    let device = device.autodiff();
    let data = wardrobe(5, 2).open("train").unwrap();
    let classes = Classes::choose(&data.categories, &ClassChoice::Groups).unwrap();
    let samples =
        [0, 1].map(|index| settle(data.source.get(index).unwrap(), &classes, true).unwrap());
    let pictures = samples.each_ref().map(|sample| RgbPicture {
        data: sample.picture.data(),
        width: sample.picture.width(),
        height: sample.picture.height(),
    });
    let truths = samples.iter().map(instance_truth).collect();
    let model = config.init(&device).unwrap();
    let (images, truths) = model.training_batch(&pictures, truths, 4).unwrap();
    times_farther(&model, &|model| {
        let losses = model.losses(&images, &truths, &mut ChaCha8Rng::seed_from_u64(1));
        losses.named()
    })
}

#[test]
fn a_step_of_the_vgg_classifier() {
    assert_gradients_agree(vgg_times_farther);
}

fn vgg_times_farther(seed: u64) -> Vec<(Precision, f64)> {
    let device = test_device();
    let _generator = Generator::seeded(&device, seed);
    let device = device.autodiff();
    let recipe = presets::classifier("clothnet-miniature").unwrap();
    let model: ClassifierModel = recipe.model.for_classes(20).unwrap();
    let model = model.init(&device).unwrap();
    let pixels = noise("pictures", 8 * 3 * 64 * 64, seed);
    let pixels = Tensor::<4>::from_data(TensorData::new(pixels, [8, 3, 64, 64]), &device);
    let labels = Tensor::<1, Int>::from_ints([0, 3, 6, 9, 12, 15, 18, 19], &device);
    times_farther(&model, &|model: &Classifier| {
        let loss = ClassLoss::default().forward(model.forward(pixels.clone()), labels.clone());
        vec![("cross_entropy".to_owned(), loss)]
    })
}

/// What a body hands on is of the type, whether its norms learn, and ride on their own, or stand still, folded into the
/// convolutions.
#[test]
fn the_maps_of_a_body_have_the_type() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 6);
    let device = device.autodiff();
    let pixels = Tensor::<4>::from_data(
        TensorData::new(noise("pictures", 3 * 32 * 32, 0), [1, 3, 32, 32]),
        &device,
    );
    for norm in [BatchNormConfig::trained(), BatchNormConfig::frozen()] {
        let config = ResNetConfig {
            norm,
            ..ResNetConfig::miniature()
        };
        let body = config.init(&device);
        for (precision, ..) in TYPES.into_iter().filter(|(precision, ..)| has(*precision)) {
            let dtype = precision.dtype();
            let body = with_weights(&body, &[dtype]);
            for (stage, map) in body.stages(pixels.clone()).into_iter().enumerate() {
                assert_eq!(map.dtype(), dtype.into(), "{norm:?}, stage {stage}");
            }
        }
    }
}

/// The preset over eight pictures in batches of two, for so many steps.
fn shorten(training: &mut TrainingConfig, precision: Precision, steps: u64) {
    let phase = &mut training.phases[0];
    phase.duration = Span::Iterations(steps);
    phase.rate = 1e-3;
    phase.rate_for_batch = Some(2);
    training.validate_every = Span::Iterations(steps);
    training.checkpoint_every = Span::Iterations(steps);
    training.precision = precision;
}

fn detector(precision: Precision, steps: u64) -> DetectorRecipe {
    let mut recipe = presets::detector("mask-rcnn-miniature").unwrap();
    recipe.data = BTreeMap::from([("train".to_owned(), wardrobe(0, 8))]);
    recipe.validation = wardrobe(100, 3);
    recipe.loader = LoaderSettings::of(2);
    shorten(&mut recipe.training, precision, steps);
    recipe
}

fn classifier(precision: Precision, steps: u64) -> ClassifierRecipe {
    let mut recipe = presets::classifier("clothnet-miniature").unwrap();
    recipe.data = BTreeMap::from([("train".to_owned(), wardrobe(0, 8))]);
    recipe.validation = wardrobe(100, 6);
    recipe.loader = LoaderSettings::of(2);
    shorten(&mut recipe.training, precision, steps);
    recipe
}

/// The mean loss of the last quarter of the steps over that of the first.
fn fall(folder: &Path) -> f64 {
    let log = read_log(folder.join("metrics.jsonl")).unwrap();
    let losses: Vec<f64> = log
        .iter()
        .filter_map(|record| match record {
            Record::Step(step) => Some(step.loss),
            Record::Epoch(_) => None,
        })
        .collect();
    let quarter = losses.len() / 4;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    mean(&losses[losses.len() - quarter..]) / mean(&losses[..quarter])
}

/// The error of a device that lacks the type: field, type, what the device has; and nothing was begun.
fn assert_refused<T: std::fmt::Debug>(
    outcome: Result<T, RecipeError>,
    precision: Precision,
    folder: &Path,
) {
    let message = outcome.unwrap_err().to_string();
    let found = format!("precision: found \"{}\"; Device<", precision.name());
    assert!(message.starts_with(&found), "{message}");
    assert!(message.contains("take \"f32\""), "{message}");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

/// Trains in each type, and gives the folders of the types that the device has; the others must be refused. Losses must fall.
fn trained(
    train: impl Fn(Precision, &Path) -> Result<Outcome, RecipeError>,
) -> Vec<(tempfile::TempDir, Outcome)> {
    let mut trained = Vec::new();
    for (precision, ..) in TYPES {
        let folder = tempfile::tempdir().unwrap();
        let outcome = train(precision, folder.path());
        if !has(precision) {
            assert_refused(outcome, precision, folder.path());
            continue;
        }
        let outcome = outcome.unwrap();
        let fall = fall(folder.path());
        assert!(fall < 0.8, "{precision:?}: {fall}");
        trained.push((folder, outcome));
    }
    trained
}

#[test]
fn a_mask_rcnn_learns_or_the_device_is_refused() {
    trained(|precision, folder| {
        let recipe = detector(precision, 32);
        recipe.train(&[test_device()], folder, Begin::Anew, &mut ())
    });
}

#[test]
fn a_classifier_learns_or_the_device_is_refused() {
    let runs = trained(|precision, folder| {
        let recipe = classifier(precision, 80);
        recipe.train(&[test_device()], folder, Begin::Anew, &mut ())
    });
    for (_folder, outcome) in runs {
        // Weights are f32, and statistics that the 16-bit copy moved came back.
        let bytes = std::fs::read(outcome.model).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        for (name, tensor) in tensors.tensors() {
            // PyTorch's counter of batches, an integer.
            if name.ends_with("num_batches_tracked") {
                continue;
            }
            assert_eq!(tensor.dtype(), safetensors::Dtype::F32, "{name}");
            let moved = tensor.data().iter().any(|byte| *byte != 0);
            assert!(moved || !name.ends_with("running_mean"), "{name}");
        }
    }
}
