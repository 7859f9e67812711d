//! Weights in and out, under torchvision's names.
//!
//! # How a parameter gets its name
//! Its path of field names and list indices *is* the name torchvision's `state_dict()` has, because
//! every module here names its fields after torchvision's. Where that cannot be, [`names`] holds the
//! rules, all of them, so a module of another crate needs none of its own:
//!
//! | in the module | in the state dict | why |
//! |---|---|---|
//! | variant of an enum | nothing | a choice of architecture, not a level |
//! | field `sequential` | nothing | the list inside an `nn.Sequential` |
//! | `ConvNorm.conv`, `ConvNorm.norm` | `0`, `1` | `Conv2dNormActivation` is an `nn.Sequential` |
//! | `burn::nn::BatchNorm.gamma`, `.beta` | `weight`, `bias` | Burn's names |
//! | `burn::nn::Linear.weight` `[in, out]` | transposed, `[out, in]` | PyTorch's layout |
//!
//! Released checkpoints partly carry names of older torchvision versions; [`names::modern`] reads
//! those too. `num_batches_tracked` is ignored on the way in and written (as 0) on the way out, beside
//! every trained batch norm.
//!
//! # Safety
//! A `.pth` is a Python pickle, which a Python program would execute. Here it is only parsed; a pickle
//! that asks for anything but tensors and plain values is refused ([`WeightsError::ForeignObject`]).
//!
//! # Example
//! ```
//! use burn::tensor::Device;
//! use wardrobe_backbones::{resnet::ResNetConfig, weights::{self, LoadOptions}};
//!
//! let config = ResNetConfig::miniature().with_classes(Some(2));
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("net.safetensors");
//! weights::save_safetensors(&config.init(&Device::flex()), &file)?;
//! let (net, report) = weights::load(config.init(&Device::flex()), &file, &LoadOptions::strict())?;
//! assert_eq!(report.taken.len(), weights::named_parameters(&net).len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "download")]
mod download;
mod export;
mod file;
mod fill;
mod gradients;
pub mod known;
pub mod names;
mod options;

use std::{collections::BTreeMap, path::Path};

use burn::module::Module;

#[cfg(feature = "download")]
pub use download::{cache_folder, fetch};
pub use export::{named_tensors, save_safetensors};
pub use fill::{apply_named, named_parameters};
pub use gradients::named_gradients;
pub use options::LoadOptions;

use crate::error::{Differences, NamedShape, ShapeMismatch, WeightsError};

/// What a load did; every list sorted, all names torchvision's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Loaded into the model.
    pub taken: Vec<String>,
    /// In file and model, but not asked for: the model keeps its own values.
    pub skipped: Vec<String>,
    /// Asked for, but not in the file: the model keeps its own values. Empty after a strict load.
    pub missing: Vec<String>,
    /// In the file only. Empty after a strict load, except for what [`LoadOptions::ignoring`] names.
    pub surplus: Vec<String>,
}

/// Loads a `.safetensors`, `.pth` or `.pt` file into a module of this or any other crate.
///
/// All values become f32 on the module's device. With [`LoadOptions::strict`] file and module must
/// hold the same tensors.
///
/// # Errors
/// If the file cannot be read, is malformed or asks for Python objects; if (strict) any tensor is
/// missing, surplus or misshapen, all of them listed in one error; if (partial) a tensor that was asked
/// for is misshapen, a pattern matches nothing of the module, or nothing was taken. The module is consumed either way; nothing is half loaded.
///
/// # Panics
/// If two parameters of the module have one name.
pub fn load<M: Module>(
    module: M,
    path: impl AsRef<Path>,
    options: &LoadOptions,
) -> Result<(M, LoadReport), WeightsError> {
    let path = path.as_ref();
    let expected = expected_shapes(&module, options);
    let idle = options.idle_patterns(expected.keys());
    if !idle.is_empty() {
        return Err(WeightsError::IdlePatterns {
            path: path.to_owned(),
            patterns: idle,
            example: expected.into_keys().next().unwrap_or_default(),
        });
    }
    let mut found = BTreeMap::new();
    let mut report = LoadReport::default();
    let mut differences = Differences::default();
    for (name, tensor) in file::read(path)? {
        let Some(name) = options.file_name(&name) else {
            continue;
        };
        if options.is_ignored(&name) {
            report.surplus.push(name);
            continue;
        }
        let name = names::modern(name, |candidate| expected.contains_key(candidate));
        if found.contains_key(&name) {
            // Under its old name and its new one: which of the two is meant?
            differences.surplus.push(NamedShape {
                name,
                shape: tensor.shape(),
            });
            continue;
        }
        match expected.get(&name) {
            None => differences.surplus.push(NamedShape {
                name,
                shape: tensor.shape(),
            }),
            Some(_) if !options.wants(&name) => report.skipped.push(name),
            Some(shape) if *shape != tensor.shape() => {
                differences.misshapen.push(ShapeMismatch {
                    found: tensor.shape(),
                    expected: shape.clone(),
                    name,
                });
            }
            Some(_) => {
                found.insert(name, tensor);
            }
        }
    }
    let present = |name: &String| {
        found.contains_key(name) || differences.misshapen.iter().any(|m| m.name == *name)
    };
    differences.missing = expected
        .iter()
        .filter(|(name, _)| options.wants(name) && !present(name))
        .map(|(name, shape)| NamedShape {
            name: name.clone(),
            shape: shape.clone(),
        })
        .collect();
    differences.surplus.sort_by(|a, b| a.name.cmp(&b.name));
    differences.misshapen.sort_by(|a, b| a.name.cmp(&b.name));

    if options.is_partial() {
        report.missing = names_of(&std::mem::take(&mut differences.missing));
        report
            .surplus
            .extend(names_of(&std::mem::take(&mut differences.surplus)));
    }
    if !differences.is_empty() {
        return Err(WeightsError::Differences {
            path: path.to_owned(),
            differences,
        });
    }
    if found.is_empty() {
        return Err(WeightsError::NothingTaken {
            path: path.to_owned(),
            patterns: options.patterns().to_vec(),
            tensors: report.skipped.len(),
        });
    }
    // Read everything before anything is applied: a damaged tensor leaves no half-loaded model.
    let mut values = BTreeMap::new();
    for (name, tensor) in found {
        let data = tensor.read().map_err(|reason| WeightsError::Tensor {
            path: path.to_owned(),
            name: name.clone(),
            reason,
        })?;
        report.taken.push(name.clone());
        values.insert(options.module_name(&name), data);
    }
    report.skipped.sort();
    report.surplus.sort();
    Ok((fill::fill(module, |name, _| values.remove(name)), report))
}

fn names_of(tensors: &[NamedShape]) -> Vec<String> {
    tensors.iter().map(|tensor| tensor.name.clone()).collect()
}

/// Names below the prefix (and without it) with their shapes.
fn expected_shapes<M: Module>(module: &M, options: &LoadOptions) -> BTreeMap<String, Vec<usize>> {
    let mut expected = BTreeMap::new();
    for (name, shape) in named_parameters(module) {
        let Some(local) = options.local_name(&name) else {
            continue;
        };
        let twice = expected.insert(local.to_owned(), shape);
        assert!(
            twice.is_none(),
            "the module has two parameters called `{name}`"
        );
    }
    expected
}
