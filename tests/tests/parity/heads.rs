//! RoI pooling, the box and mask heads and the postprocessing against torchvision's, each on its own.

use burn::tensor::activation::softmax;
use burn::tensor::{Tensor, TensorData};
use wardrobe::backbones::Pyramid;
use wardrobe::kernels::device::test_device;
use wardrobe::mask_head::config::MaskConfig;
use wardrobe::mask_head::mask_head::MaskHead;
use wardrobe::mask_head::mask_predictor::MaskPredictor;
use wardrobe::rpn_roi::box_coder::BoxCoder;
use wardrobe::rpn_roi::box_head::BoxHead;
use wardrobe::rpn_roi::box_predictor::BoxPredictor;
use wardrobe::rpn_roi::config::{
    BoxCoderConfig, BoxHeadConfig, PostprocessConfig, RoiPoolerConfig,
};
use wardrobe::rpn_roi::postprocess::{Judgement, postprocess};
use wardrobe::rpn_roi::proposals::Proposals;
use wardrobe::rpn_roi::roi_pooler::RoiPooler;
use wardrobe::rpn_roi::{ImageBatch, ImageSize};
use wardrobe_tests::compare::box_distance;
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::{generated, input, inputs};
use wardrobe_tests::parameters::noise;

/// Sums of at most 12,544 products and five layers: a few 1e-6 of the root mean square.
const TOLERANCE: f64 = 1e-4;

fn sizes(fixture: &Fixture) -> Vec<ImageSize> {
    let sizes: Vec<[usize; 2]> = fixture.fact("images");
    sizes
        .into_iter()
        .map(|[height, width]| ImageSize::new(height, width))
        .collect()
}

fn assert_pooler(name: &str) {
    let device = test_device();
    let fixture = Fixture::open(&format!("pooler_{name}")).unwrap();
    let levels = inputs(
        "pyramid",
        &fixture.fact::<Vec<Vec<usize>>>("pyramid"),
        &device,
    );
    let sizes = sizes(&fixture);
    let [height, width]: [usize; 2] = fixture.fact("padded");
    let rois: Vec<f32> = (0..sizes.len())
        .flat_map(|image| {
            let boxes = fixture.boxes(&format!("{image}.proposals"));
            boxes
                .into_iter()
                .flat_map(move |[x1, y1, x2, y2]| [image as f32, x1, y1, x2, y2])
        })
        .collect();
    let shape = [rois.len() / 5, 5];
    let rois = Tensor::from_data(TensorData::new(rois, shape), &device);
    let images = ImageBatch {
        pixels: Tensor::zeros([sizes.len(), 3, height, width], &device),
        originals: sizes.clone(),
        sizes,
    };
    let pooler = RoiPooler::new(&RoiPoolerConfig::new(fixture.fact("output_size"), 4));
    fixture.assert_close(
        "pooled",
        pooler.forward(&Pyramid { levels }, rois, &images),
        TOLERANCE,
    );
}

fn assert_heads(name: &str, box_head: &BoxHeadConfig, norm_epsilon: Option<f64>) {
    let device = test_device();
    let fixture = Fixture::open(&format!("heads_{name}")).unwrap();
    let classes: usize = fixture.fact("num_classes");
    let head = generated(
        BoxHead::new(box_head, 256, 7, &device),
        &fixture,
        "roi_heads.box_head.",
    );
    let predictor = BoxPredictor::new(box_head.features(), classes, false, &device);
    let predictor = generated(predictor, &fixture, "roi_heads.box_predictor.");
    let pooled = input::<4>("box", &fixture.fact::<Vec<usize>>("box"), &device);
    for head in [head.clone(), head.fold_batch_norm()] {
        let features = head.forward(pooled.clone());
        fixture.assert_close("box_features", features.clone(), TOLERANCE);
        let prediction = predictor.forward(features);
        assert_whole(&fixture, "class_logits", prediction.logits);
        assert_whole(&fixture, "box_deltas", prediction.codes);
    }

    let config = MaskConfig {
        norm_epsilon,
        ..MaskConfig::new(4)
    };
    let head = generated(
        MaskHead::new(&config, 256, &device),
        &fixture,
        "roi_heads.mask_head.",
    );
    let predictor = MaskPredictor::new(256, config.reduced, classes, &device);
    let predictor = generated(predictor, &fixture, "roi_heads.mask_predictor.");
    let pooled = input::<4>("mask", &fixture.fact::<Vec<usize>>("mask"), &device);
    for head in [head.clone(), head.fold_batch_norm()] {
        fixture.assert_close(
            "mask_logits",
            predictor.forward(head.forward(pooled.clone())),
            TOLERANCE,
        );
    }
}

/// Every element within the tolerance of the largest one.
fn assert_whole(fixture: &Fixture, name: &str, actual: Tensor<2>) {
    let expected = fixture.tensor::<2>(name, &actual.device());
    let largest = expected.clone().abs().max().into_scalar::<f32>();
    let worst = (actual - expected).abs().max().into_scalar::<f32>();
    assert!(
        f64::from(worst) <= TOLERANCE * f64::from(largest),
        "{name} differs by {worst}, the largest is {largest}"
    );
}

fn assert_postprocess(classes: usize) {
    let device = test_device();
    let fixture = Fixture::open(&format!("postprocess_{classes}")).unwrap();
    let seed = fixture.draw().seed;
    let counts: Vec<usize> = fixture.fact("proposals");
    let rows = counts[0];
    assert!(
        counts.iter().all(|count| *count == rows),
        "the fixture has equally many proposals an image"
    );
    let total = counts.len() * rows;
    let generated = |name: &str, width: usize, scale: f32| {
        let values: Vec<f32> = noise(name, total * width, seed)
            .into_iter()
            .map(|value| value * scale)
            .collect();
        Tensor::<2>::from_data(TensorData::new(values, [total, width]), &device)
    };
    let judgement = Judgement {
        probabilities: softmax(generated("class_logits", classes, 6.0), 1),
        codes: generated("box_deltas", 4 * classes, 2.0),
    };
    let boxes =
        (0..counts.len()).map(|image| fixture.tensor::<2>(&format!("{image}.proposals"), &device));
    let proposals = Proposals {
        boxes: Tensor::stack(boxes.collect(), 0),
        scores: Tensor::ones([counts.len(), rows], &device),
        counts,
    };
    let coder = BoxCoder::new(&BoxCoderConfig::new([10.0, 10.0, 5.0, 5.0]));
    let found = postprocess(
        &judgement,
        &proposals,
        &sizes(&fixture),
        &coder,
        &PostprocessConfig::default(),
        None,
    );
    for (image, found) in found.iter().enumerate() {
        let boxes = fixture.boxes(&format!("{image}.boxes"));
        let scores = fixture.floats(&format!("{image}.scores"));
        let labels = fixture.integers(&format!("{image}.labels"));
        let found = found.to_vec();
        assert_eq!(found.len(), boxes.len(), "detections of image {image}");
        for (rank, one) in found.iter().enumerate() {
            assert_eq!(
                one.label as i64, labels[rank],
                "label of detection {rank} of image {image}"
            );
            let distance = box_distance(&one.bbox, &boxes[rank]);
            assert!(
                distance <= 1e-3,
                "detection {rank} of image {image} is {distance} px away"
            );
            let distance = (one.score - scores[rank]).abs();
            assert!(
                distance <= 1e-5,
                "the score of detection {rank} of image {image} is {distance} away"
            );
        }
    }
}

#[test]
fn box_pooling() {
    assert_pooler("boxes");
}

#[test]
fn mask_pooling() {
    assert_pooler("masks");
}

#[test]
fn heads_of_the_first_version() {
    assert_heads("maskrcnn_resnet50_fpn", &BoxHeadConfig::two_mlp(), None);
}

#[test]
fn heads_of_the_second_version() {
    assert_heads(
        "maskrcnn_resnet50_fpn_v2",
        &BoxHeadConfig::four_conv_one_fc(),
        Some(1e-5),
    );
}

#[test]
fn postprocessing_of_21_classes() {
    assert_postprocess(21);
}

#[test]
fn postprocessing_of_91_classes() {
    assert_postprocess(91);
}
