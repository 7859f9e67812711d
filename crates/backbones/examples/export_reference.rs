//! Writes networks, an input and their outputs for `scripts/check_export.py`, which loads them into
//! torchvision with `strict=True`:
//!
//! ```sh
//! cargo run --release -p wardrobe-backbones --features flex --example export_reference -- /tmp/export
//! python crates/backbones/scripts/check_export.py /tmp/export
//! ```

use std::{collections::HashMap, error::Error, fs, path::Path};

use burn::{
    module::Module,
    tensor::{Device, Distribution, Tensor, TensorData},
};
use safetensors::{Dtype, tensor::TensorView};
use wardrobe_backbones::{
    backbone::BackboneConfig,
    resnet::ResNetConfig,
    vgg::VggConfig,
    weights::{apply_named, save_safetensors},
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("usage: export_reference FOLDER")?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let device = Device::flex();
    device.seed(5);
    let x = Tensor::random([2, 3, 96, 128], Distribution::Uniform(-2.0, 2.0), &device);

    for (name, config) in [
        ("resnet18", ResNetConfig::resnet18()),
        ("resnet50", ResNetConfig::resnet50()),
    ] {
        let net = varied(config.with_classes(Some(1000)).init(&device));
        save(folder, name, &net, &x, vec![data(net.forward(x.clone()))])?;
    }
    for (name, config) in [
        ("vgg16", VggConfig::vgg16()),
        ("vgg16_bn", VggConfig::vgg16_bn()),
    ] {
        let net = varied(config.with_classes(Some(1000)).init(&device));
        save(folder, name, &net, &x, vec![data(net.forward(x.clone()))])?;
    }
    for (name, config) in [
        ("resnet50_fpn", BackboneConfig::resnet50_fpn(0.0)),
        ("resnet50_fpn_v2", BackboneConfig::resnet50_fpn_v2()),
    ] {
        let net = varied(config.init(&device));
        let levels = net
            .forward(x.clone())
            .levels
            .into_iter()
            .map(data)
            .collect();
        save(folder, name, &net, &x, levels)?;
    }
    Ok(())
}

fn data<const D: usize>(tensor: Tensor<D>) -> TensorData {
    tensor.into_data()
}

/// Values of the size He's rule gives, so that activations neither die nor explode: uniform within
/// ±√(6 / fan_in) for weights, around 1 for norms' scales and variances, around 0 for the rest; from
/// Knuth's MMIX generator.
fn varied<M: Module>(module: M) -> M {
    let mut state = 1_u64;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    apply_named(module, |name, shape| {
        let fan_in: usize = shape.iter().skip(1).product();
        let (centre, spread) = match shape.len() {
            1 if name.ends_with("weight") || name.ends_with("running_var") => (1.0, 0.3),
            1 => (0.0, 0.1),
            _ => (0.0, (6.0 / fan_in as f32).sqrt()),
        };
        (0..shape.iter().product())
            .map(|_| centre + spread * next())
            .collect()
    })
}

fn save<M: Module>(
    folder: &Path,
    name: &str,
    net: &M,
    x: &Tensor<4>,
    outputs: Vec<TensorData>,
) -> Result<(), Box<dyn Error>> {
    save_safetensors(net, folder.join(format!("{name}.safetensors")))?;
    let mut tensors = HashMap::from([("input".to_owned(), x.to_data())]);
    for (i, output) in outputs.into_iter().enumerate() {
        tensors.insert(format!("output.{i}"), output);
    }
    let views = tensors.iter().map(|(name, data)| {
        TensorView::new(Dtype::F32, data.shape().to_vec(), data.as_bytes()).map(|view| (name, view))
    });
    let views: Vec<_> = views.collect::<Result<_, _>>()?;
    safetensors::serialize_to_file(views, None, &folder.join(format!("{name}.io.safetensors")))?;
    Ok(())
}
