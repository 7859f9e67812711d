//! The classifiers whose bodies become backbones.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use wardrobe::backbones::{BatchNormConfig, ResNet, ResNetConfig, Vgg, VggConfig};
use wardrobe::losses::ClassLoss;
use wardrobe_tests::parameters::noise;

use super::{Lesson, drawn, learn, training_device};

const PICTURES: usize = 8;
/// Steps without batch norm: twice what the slowest draw of weights seen needs to come near the bound.
const STEPS: usize = 120;
/// With batch norm the bound is met after twenty.
const NORMED_STEPS: usize = 50;
/// Without batch norm a loss stays where it was for the first steps.
const FEW_STEPS: usize = 30;
const LABELS: [i64; PICTURES] = [0, 1, 2, 3, 0, 1, 2, 3];

/// Learns the labels of eight pictures of noise, then names them all.
fn assert_learns<M: Module>(
    init: impl Fn(&Device) -> M,
    logits: impl Fn(&M, Tensor<4>) -> Tensor<2>,
    steps: usize,
) {
    let lesson = Lesson::new(steps, FEW_STEPS);
    let (device, _generator) = training_device(7);
    let bytes = noise("pictures", PICTURES * 3 * 32 * 32, 0);
    let pictures = Tensor::<4>::from_data(TensorData::new(bytes, [PICTURES, 3, 32, 32]), &device);
    let labels = Tensor::<1, Int>::from_ints(LABELS, &device);
    let loss =
        |model: &M| ClassLoss::default().forward(logits(model, pictures.clone()), labels.clone());
    let model = drawn(&device, init);
    let first: f32 = loss(&model).into_scalar();
    let model = learn(model, lesson.steps, loss);
    let last: f32 = loss(&model).into_scalar();
    lesson.assert_fell(first, last, 0.05);
    if lesson.by_heart {
        assert!(last < 0.02, "loss {first} → {last}");
        let named = logits(&model, pictures).argmax(1).into_data();
        assert_eq!(named.iter::<i64>().collect::<Vec<_>>(), LABELS);
    }
}

fn vgg() -> VggConfig {
    VggConfig {
        groups: vec![vec![8], vec![12], vec![16]],
        hidden: 32,
        dropout: 0.0,
        ..VggConfig::vgg16().with_classes(Some(4))
    }
}

#[test]
fn vgg_learns() {
    assert_learns(|device| vgg().init(device), Vgg::forward, STEPS);
}

#[test]
fn vgg_with_batch_norm_learns() {
    let config = VggConfig {
        norm: Some(BatchNormConfig::trained()),
        ..vgg()
    };
    assert_learns(|device| config.init(device), Vgg::forward, NORMED_STEPS);
}

#[test]
fn resnet_learns() {
    let config = ResNetConfig::miniature()
        .with_norm(BatchNormConfig::trained())
        .with_classes(Some(4));
    assert_learns(|device| config.init(device), ResNet::forward, NORMED_STEPS);
}
