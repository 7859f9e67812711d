//! Feature maps and logits of every backbone against torchvision's, with and without folded batch norm.

use burn::tensor::Tensor;
use wardrobe::backbones::{ResNet, ResNetConfig, Vgg, VggConfig};
use wardrobe::kernels::device::test_device;
use wardrobe_tests::fixture::Fixture;
use wardrobe_tests::generated::{binds_large_buffers, generated, input};

/// Two correct 32-bit implementations add up to 4,608 products in different orders in each of up to 152 layers; that is a few
/// 1e-6 of the root mean square. A wrong ε, stride or weight is at least 1e-2.
const TOLERANCE: f64 = 1e-4;

const IMAGENET_CLASSES: usize = 1000;

fn assert_resnet(name: &str, config: ResNetConfig) {
    let device = test_device();
    let fixture = Fixture::open(&format!("backbone_{name}")).unwrap();
    let net = generated(
        config.with_classes(Some(IMAGENET_CLASSES)).init(&device),
        &fixture,
        "",
    );
    let shape: Vec<usize> = fixture.fact("input");
    let x = input::<4>("input", &shape, &device);
    let check = |net: &ResNet| {
        for (index, stage) in net.stages(x.clone()).into_iter().enumerate() {
            fixture.assert_close(&format!("c{}", index + 2), stage, TOLERANCE);
        }
        assert_logits(&fixture, net.forward(x.clone()));
    };
    check(&net);
    check(&net.fold_batch_norm());
}

fn assert_vgg(name: &str, config: VggConfig) {
    let device = test_device();
    let fixture = Fixture::open(&format!("backbone_{name}")).unwrap();
    let has_norm = config.norm.is_some();
    let net = generated(
        config.with_classes(Some(IMAGENET_CLASSES)).init(&device),
        &fixture,
        "",
    );
    let shape: Vec<usize> = fixture.fact("input");
    let x = input::<4>("input", &shape, &device);
    let check = |net: &Vgg| {
        fixture.assert_close("trunk", net.trunk(x.clone()), TOLERANCE);
        fixture.assert_close("features", net.features(x.clone()), TOLERANCE);
        if binds_large_buffers() {
            assert_logits(&fixture, net.forward(x.clone()));
        }
    };
    check(&net);
    if has_norm {
        check(&net.fold_batch_norm());
    }
}

/// All logits are stored: each within the tolerance of the largest.
fn assert_logits(fixture: &Fixture, logits: Tensor<2>) {
    let expected = fixture.tensor::<2>("logits", &logits.device());
    let largest = expected.clone().abs().max().into_scalar::<f32>();
    let worst = (logits - expected).abs().max().into_scalar::<f32>();
    assert!(
        f64::from(worst) <= TOLERANCE * f64::from(largest),
        "logits differ by {worst}, the largest is {largest}"
    );
}

#[test]
fn vgg16_plain() {
    assert_vgg("vgg16", VggConfig::vgg16());
}

#[test]
fn vgg16_bn() {
    assert_vgg("vgg16_bn", VggConfig::vgg16_bn());
}

#[test]
fn resnet18() {
    assert_resnet("resnet18", ResNetConfig::resnet18());
}

#[test]
fn resnet34() {
    assert_resnet("resnet34", ResNetConfig::resnet34());
}

#[test]
fn resnet50() {
    assert_resnet("resnet50", ResNetConfig::resnet50());
}

#[test]
fn resnet101() {
    assert_resnet("resnet101", ResNetConfig::resnet101());
}

#[test]
fn resnet152() {
    assert_resnet("resnet152", ResNetConfig::resnet152());
}
