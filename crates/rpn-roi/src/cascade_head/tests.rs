#![allow(clippy::unwrap_used, missing_docs)]
use super::*;
use crate::image_batch::ImageSize;
use crate::test_support::{one_image, proposals_of_one_image};
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
