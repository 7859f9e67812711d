#![allow(clippy::unwrap_used, missing_docs)]
use super::*;
use crate::image_batch::ImageSize;
use crate::test_support::{one_image, proposals_of_one_image};
use burn::nn::Linear;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use wardrobe_kernels::device::test_device;
use wardrobe_kernels::generator::Generator;

const CHANNELS: usize = 2;
const SIDE: usize = 32;

/// Heads of the first `stages` stages of `heads`, with their weights.
fn first_stages(heads: &CascadeHeads, stages: usize) -> CascadeHeads {
    let CascadeSettings {
        config,
        pooler,
        coders,
    } = &heads.settings;
    CascadeHeads {
        box_head: heads.box_head[..stages].to_vec(),
        box_predictor: heads.box_predictor[..stages].to_vec(),
        settings: CascadeSettings {
            config: CascadeHeadsConfig {
                stages: config.stages[..stages].to_vec(),
                ..config.clone()
            },
            pooler: pooler.clone(),
            coders: coders[..stages].to_vec(),
        },
    }
}

/// The gradients that the first stage's loss sends into the features and into the first layer of its own head.
fn gradients(heads: &CascadeHeads) -> [Vec<f32>; 2] {
    let device = heads.box_predictor[0].cls_score.weight.val().device();
    let levels = [SIDE / 4, SIDE / 8];
    let level = |side: usize| {
        let count = (CHANNELS * side * side) as i64;
        let ramp = Tensor::<1, burn::tensor::Int>::arange(0..count, &device).float();
        (ramp / count as f32)
            .reshape([1, CHANNELS, side, side])
            .require_grad()
    };
    let pyramid = Pyramid {
        levels: levels.map(level).to_vec(),
    };
    let size = ImageSize::new(SIDE, SIDE);
    let images = one_image(size, [SIDE, SIDE], &device);
    let boxes = [[4.0, 4.0, 14.0, 12.0], [16.0, 16.0, 30.0, 30.0]];
    let proposals = proposals_of_one_image(&boxes, &device);
    let truths = [GroundTruth {
        boxes: vec![[4.0, 4.0, 14.0, 14.0]],
        labels: vec![1],
        ignored: Vec::new(),
    }];
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let (_, losses) = heads.losses(&pyramid, &proposals, &truths, &images, &mut rng);
    assert_eq!(losses.len(), heads.box_head.len());
    let found = (losses[0].classes.clone() + losses[0].boxes.clone()).backward();
    let BoxHead::TwoMlp(head) = &heads.box_head[0] else {
        panic!("the paper's head is two layers")
    };
    let features = pyramid.levels[0].grad(&found).unwrap();
    let weights = head.fc6.weight.val().grad(&found).unwrap();
    [
        features.into_data().try_to_vec().unwrap(),
        weights.into_data().try_to_vec().unwrap(),
    ]
}

#[test]
fn features_receive_the_mean_of_the_stages_gradients() {
    let device = test_device();
    let _generator = Generator::seeded(&device, 3);
    let mut config = CascadeHeadsConfig::new(2);
    config.head = BoxHeadConfig::TwoMlp { features: 4 };
    config.pooler.canonical_size = SIDE as f32;
    let heads = CascadeHeads::new(&config, CHANNELS, 2, &device.autodiff());
    let [features, weights] = gradients(&heads);
    let [alone_features, alone_weights] = gradients(&first_stages(&heads, 1));
    assert!(alone_features.iter().any(|gradient| gradient.abs() > 1e-4));
    for (shared, alone) in features.iter().zip(alone_features) {
        assert!((3.0 * shared - alone).abs() < 1e-5, "{shared} for {alone}");
    }
    // The heads' own weights learn at full rate.
    assert!(weights.iter().any(|gradient| gradient.abs() > 1e-4));
    for (among, alone) in weights.iter().zip(alone_weights) {
        assert!((among - alone).abs() < 1e-5, "{among} for {alone}");
    }
}

/// A layer that says `outputs` whatever it is given.
fn saying(layer: &Linear, outputs: &[f32]) -> Linear {
    let mut layer = layer.clone();
    layer.weight = layer.weight.map(|weight| weight.zeros_like());
    layer.bias = layer
        .bias
        .map(|bias| bias.map(|bias| Tensor::from_floats(outputs, &bias.device())));
    layer
}

#[test]
fn a_detection_has_the_mean_of_the_scores_and_the_box_that_every_stage_moved() {
    let device = test_device();
    let mut config = CascadeHeadsConfig::new(2);
    config.head = BoxHeadConfig::TwoMlp { features: 4 };
    let mut heads = CascadeHeads::new(&config, CHANNELS, 2, &device);
    // Class 1 has probability 1/2, 3/4 and 4/5.
    for (predictor, odds) in heads.box_predictor.iter_mut().zip([1.0_f32, 3.0, 4.0]) {
        predictor.cls_score = saying(&predictor.cls_score, &[0.0, odds.ln()]);
        predictor.bbox_pred = saying(&predictor.bbox_pred, &[1.0, 0.0, 0.0, 0.0]);
    }
    let level = |side: usize| Tensor::zeros([1, CHANNELS, side, side], &device);
    let pyramid = Pyramid {
        levels: vec![level(SIDE / 4), level(SIDE / 8)],
    };
    let images = one_image(ImageSize::new(SIDE, SIDE), [SIDE, SIDE], &device);
    let proposals = proposals_of_one_image(&[[8.0, 6.0, 18.0, 26.0]], &device);
    let found = heads.forward(&pyramid, &proposals, &images)[0].to_vec();
    assert_eq!((found.len(), found[0].label), (1, 1));
    let mean = (1.0 / 2.0 + 3.0 / 4.0 + 4.0 / 5.0) / 3.0;
    assert!((found[0].score - mean).abs() < 1e-5, "{}", found[0].score);
    // A code of 1 moves a box of ten pixels by 10/10, 10/20 and 10/30, by the stages' weights 10, 20 and 30.
    let moved = 1.0 + 1.0 / 2.0 + 1.0 / 3.0;
    let expected = [8.0 + moved, 6.0, 18.0 + moved, 26.0];
    for (corner, expected) in found[0].bbox.iter().zip(expected) {
        assert!((corner - expected).abs() < 1e-3, "{:?}", found[0].bbox);
    }
}
