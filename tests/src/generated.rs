//! Modules with generated parameters, and generated inputs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use wardrobe::backbones::weights::{apply_named, named_parameters};

use crate::fixture::Fixture;
use crate::parameters::{noise, parameter, write_safetensors};

/// The module with the fixture's generated parameters. `prefix` is where the module sits in the detector, with its dot.
///
/// # Panics
/// If the module's names and shapes are not the fixture's below the prefix, all and only those.
pub fn generated<M: Module>(module: M, fixture: &Fixture, prefix: &str) -> M {
    let below = |(name, shape): (String, Vec<usize>)| {
        name.strip_prefix(prefix)
            .map(|name| (name.to_owned(), shape))
    };
    let theirs: BTreeSet<_> = fixture.parameters().into_iter().filter_map(below).collect();
    let ours: BTreeSet<_> = named_parameters(&module).into_iter().collect();
    let different: Vec<_> = ours.symmetric_difference(&theirs).collect();
    assert!(
        different.is_empty(),
        "only in the module or only in torchvision's, below `{prefix}`: {different:?}"
    );
    let draw = fixture.draw();
    apply_named(module, |name, shape| {
        parameter(&format!("{prefix}{name}"), shape, draw)
    })
}

/// The generated input `name` on `device`.
pub fn input<const D: usize>(name: &str, shape: &[usize], device: &Device) -> Tensor<D> {
    let values = noise(name, shape.iter().product(), 0);
    Tensor::from_data(TensorData::new(values, shape.to_vec()), device)
}

/// The generated inputs `name.0`, `name.1` … of these shapes.
pub fn inputs(name: &str, shapes: &[Vec<usize>], device: &Device) -> Vec<Tensor<4>> {
    shapes
        .iter()
        .enumerate()
        .map(|(index, shape)| input(&format!("{name}.{index}"), shape, device))
        .collect()
}

/// Writes the fixture's parameters into `folder` and returns the file.
///
/// # Panics
/// If the file cannot be written.
pub fn weights_file(fixture: &Fixture, folder: &Path) -> PathBuf {
    let path = folder.join("generated.safetensors");
    let written = write_safetensors(&fixture.parameters(), fixture.draw(), &path);
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    path
}

/// Whether the test device binds buffers beyond 128 MiB. GPUs do; Mesa's software Vulkan driver, on which wgpu is tested,
/// does not. VGG-16 needs it: its first linear layer has 411 MB, and what it reads of 1,400 RoIs 144 MB.
pub fn binds_large_buffers() -> bool {
    std::env::var("WARDROBE_BACKEND").as_deref() != Ok("wgpu")
}
