//! The feature pyramid against torchvision's, on stages of odd sizes.

use wardrobe::backbones::{BatchNormConfig, Fpn, FpnConfig};
use wardrobe::kernels::device::test_device;
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::{generated, inputs};

/// Sums of at most 2,304 products: a few 1e-6 of the root mean square between correct implementations.
const TOLERANCE: f64 = 1e-4;

fn assert_fpn(name: &str, norm: Option<BatchNormConfig>) {
    let device = test_device();
    let fixture = Fixture::open(&format!("fpn_{name}")).unwrap();
    let shapes: Vec<Vec<usize>> = fixture.fact("inputs");
    let channels = shapes.iter().map(|shape| shape[1]).collect();
    let fpn = generated(
        FpnConfig::new(channels).with_norm(norm).init(&device),
        &fixture,
        "",
    );
    let check = |fpn: &Fpn| {
        let pyramid = fpn.forward(inputs("input", &shapes, &device));
        assert_eq!(pyramid.levels.len(), 5);
        for (index, level) in pyramid.levels.into_iter().enumerate() {
            fixture.assert_close(&format!("p{}", index + 2), level, TOLERANCE);
        }
    };
    check(&fpn);
    check(&fpn.fold_batch_norm());
}

#[test]
fn plain() {
    assert_fpn("plain", None);
}

#[test]
fn with_batch_norm() {
    assert_fpn("norm", Some(BatchNormConfig::trained()));
}
