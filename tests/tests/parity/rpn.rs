//! The region proposal network against torchvision's, on a generated pyramid of two pictures in one padded batch.

use burn::tensor::{Int, Tensor};
use wardrobe::backbones::Pyramid;
use wardrobe::kernels::device::test_device;
use wardrobe::rpn_roi::config::RpnConfig;
use wardrobe::rpn_roi::rpn::Rpn;
use wardrobe::rpn_roi::{ImageBatch, ImageSize};
use wardrobe_tests::compare::set_distance;
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::{generated, inputs};

/// Logits and codes: sums of at most 2,304 products.
const TOLERANCE: f64 = 1e-4;
/// The project's bound on boxes; the seed was chosen so that a 64-bit run keeps the same boxes.
const PIXELS: f32 = 0.05;

fn assert_rpn(name: &str, convolutions: usize) {
    let device = test_device();
    let fixture = Fixture::open(&format!("rpn_{name}")).unwrap();
    let config = RpnConfig {
        convolutions,
        ..RpnConfig::default()
    };
    let rpn = generated(Rpn::new(&config, 256, &device), &fixture, "rpn.");
    let levels = inputs(
        "pyramid",
        &fixture.fact::<Vec<Vec<usize>>>("pyramid"),
        &device,
    );

    for (index, level) in levels.iter().enumerate() {
        let [images, _, height, width] = level.dims();
        let prediction = rpn.head.forward(level.clone());
        let objectness = prediction
            .objectness()
            .reshape([images, height, width, 3])
            .permute([0, 3, 1, 2]);
        fixture.assert_close(&format!("objectness.{index}"), objectness, TOLERANCE);
        let anchors = height * width * 3;
        let every = Tensor::<1, Int>::arange(0..anchors as i64, &device)
            .unsqueeze::<2>()
            .repeat_dim(0, images);
        let codes = prediction
            .codes(&every)
            .reshape([images, height, width, 12])
            .permute([0, 3, 1, 2]);
        fixture.assert_close(&format!("deltas.{index}"), codes, TOLERANCE);
    }

    let [height, width]: [usize; 2] = fixture.fact("padded");
    let sizes: Vec<[usize; 2]> = fixture.fact("images");
    let sizes: Vec<_> = sizes
        .into_iter()
        .map(|[height, width]| ImageSize::new(height, width))
        .collect();
    let images = ImageBatch {
        pixels: Tensor::zeros([sizes.len(), 3, height, width], &device),
        originals: sizes.clone(),
        sizes,
    };
    let proposals = rpn.forward(&Pyramid { levels }, &images);
    let boxes: Vec<f32> = proposals.boxes.clone().into_data().iter::<f32>().collect();
    let rows = boxes.as_chunks::<4>().0.chunks_exact(proposals.rows());
    for (image, (rows, count)) in rows.zip(&proposals.counts).enumerate() {
        let expected = fixture.boxes(&format!("{image}.proposals"));
        assert_eq!(*count, expected.len(), "{name}: proposals of image {image}");
        let distance = set_distance(&rows[..*count], &expected);
        assert!(
            distance <= PIXELS,
            "{name}: a proposal of image {image} is {distance} px away from its partner"
        );
    }
}

#[test]
fn one_convolution() {
    assert_rpn("one_conv", 1);
}

#[test]
fn two_convolutions() {
    assert_rpn("two_convs", 2);
}
