//! Tensors of a weight file by their names in it.

use std::{collections::BTreeMap, path::Path};

use burn::{
    store::{
        ModuleStore, SafetensorsStore, bridge, burn_pack,
        pytorch_reader::{PickleValue, PytorchError, PytorchReader},
    },
    tensor::TensorData,
};

use crate::error::WeightsError;

/// A tensor whose bytes are still in the file.
pub(super) struct FileTensor(burn_pack::Tensor);

impl FileTensor {
    /// PyTorch's layout.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.0.shape.to_vec()
    }

    /// The values as f32.
    pub(super) fn read(self) -> Result<TensorData, String> {
        let dtype = self.0.dtype;
        if !dtype.is_float() {
            return Err(format!(
                "it holds {dtype:?}, expected floating-point numbers"
            ));
        }
        bridge::into_data(self.0)
            .map(TensorData::convert::<f32>)
            .map_err(|error| error.to_string())
    }
}

/// The tensors of a `.safetensors`, `.pth` or `.pt` file.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, FileTensor>, WeightsError> {
    std::fs::File::open(path).map_err(|source| WeightsError::Read {
        path: path.to_owned(),
        source,
    })?;
    let extension = path.extension().and_then(|extension| extension.to_str());
    match extension.map(str::to_ascii_lowercase).as_deref() {
        Some("safetensors") => read_safetensors(path),
        Some("pth" | "pt") => read_pytorch(path),
        _ => Err(WeightsError::UnknownFormat {
            path: path.to_owned(),
        }),
    }
}

fn read_safetensors(path: &Path) -> Result<BTreeMap<String, FileTensor>, WeightsError> {
    let mut store = SafetensorsStore::from_file(path);
    let tensors = store
        .get_all_tensors()
        .map_err(|error| WeightsError::Malformed {
            path: path.to_owned(),
            format: "safetensors",
            reason: error.to_string(),
        })?;
    Ok(tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), FileTensor(tensor.clone())))
        .collect())
}

fn read_pytorch(path: &Path) -> Result<BTreeMap<String, FileTensor>, WeightsError> {
    let malformed = |error: PytorchError| match error {
        PytorchError::Io(source) => WeightsError::Read {
            path: path.to_owned(),
            source,
        },
        other => WeightsError::Malformed {
            path: path.to_owned(),
            format: "PyTorch",
            reason: other.to_string(),
        },
    };
    let content = PytorchReader::read_pickle_data(path, None).map_err(malformed)?;
    if let Some((key, object)) = foreign_object(&content, String::new()) {
        return Err(WeightsError::ForeignObject {
            path: path.to_owned(),
            key,
            object,
        });
    }
    let reader = PytorchReader::new(path).map_err(malformed)?;
    Ok(reader
        .into_tensors()
        .into_values()
        .map(bridge::from_pytorch)
        .map(|tensor| (tensor.name.clone(), FileTensor(tensor)))
        .collect())
}

/// Values the reader does not represent and that are harmless: tensors themselves, and the plain
/// values that may stand beside them in a checkpoint.
const PLAIN_OBJECTS: [&str; 19] = [
    "torch.Tensor",
    "torch.TypedStorage",
    "torch.UntypedStorage",
    "torch.Size",
    "torch.device",
    "torch.float64",
    "torch.float32",
    "torch.float16",
    "torch.bfloat16",
    "torch.int64",
    "torch.int32",
    "torch.int16",
    "torch.int8",
    "torch.uint8",
    "torch.bool",
    "collections.OrderedDict",
    "int",
    "set",
    "frozenset",
];

/// The first object of another kind: (key, Python name).
fn foreign_object(value: &PickleValue, key: String) -> Option<(String, String)> {
    let below = |part: &str| {
        if key.is_empty() {
            part.to_owned()
        } else {
            format!("{key}.{part}")
        }
    };
    match value {
        PickleValue::Unsupported(object) => {
            let plain = PLAIN_OBJECTS.contains(&object.as_str());
            (!plain).then(|| {
                (
                    if key.is_empty() {
                        "the top".to_owned()
                    } else {
                        key
                    },
                    object.clone(),
                )
            })
        }
        PickleValue::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(i, item)| foreign_object(item, below(&i.to_string()))),
        PickleValue::Dict(entries) => {
            let mut keys: Vec<&String> = entries.keys().collect();
            keys.sort();
            keys.into_iter()
                .find_map(|part| foreign_object(&entries[part], below(part)))
        }
        _ => None,
    }
}
