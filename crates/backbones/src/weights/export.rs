//! Files that torchvision loads with `strict=True`.

use std::{
    borrow::Cow,
    collections::HashMap,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{DType, Tensor, TensorData},
};
use safetensors::tensor::{Dtype, View, serialize_to_file};

use super::names::ModulePath;
use crate::error::WeightsError;

/// Every parameter, buffer and running statistic by torchvision's name, as f32 in PyTorch's layout, in
/// the module's order. Copies everything to the host.
pub fn named_tensors<M: Module>(module: &M) -> Vec<(String, TensorData)> {
    collect(module)
        .into_iter()
        .filter(|(_, tensor)| tensor.dtype == Dtype::F32)
        .map(|(name, tensor)| (name, (tensor.data)()))
        .collect()
}

/// Writes a module's weights under torchvision's names and layouts, as f32.
///
/// The file loads into torchvision's model of the same architecture with
/// `model.load_state_dict(safetensors.torch.load_file(path), strict=True)`, and into this crate's
/// with [`super::load`]. A model whose batch norm was folded has other tensors than torchvision's and
/// loads only into a folded model again.
///
/// The content goes to a temporary file beside `path` first, which then takes its name: a crash leaves
/// the old file or the new one, never half of one.
///
/// # Errors
/// [`WeightsError::Write`] if the folder is missing or not writable, or the disk is full.
pub fn save_safetensors<M: Module>(module: &M, path: impl AsRef<Path>) -> Result<(), WeightsError> {
    let path = path.as_ref();
    let failed = |reason: String| WeightsError::Write {
        path: path.to_owned(),
        reason,
    };
    let temporary = Temporary::beside(path);
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    serialize_to_file(collect(module), Some(metadata), &temporary.0)
        .map_err(|error| failed(error.to_string()))?;
    File::open(&temporary.0)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&temporary.0, path))
        .map_err(|error| failed(error.to_string()))
}

/// A file that is removed again unless it was renamed.
pub(super) struct Temporary(pub(super) PathBuf);

impl Temporary {
    /// In the same folder, so that renaming is atomic; numbers of the process and of the file keep writers apart.
    pub(super) fn beside(path: &Path) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let process = std::process::id();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self(path.with_file_name(format!(".{name}.{process}.{number}.part")))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing left to remove.
        let _ = fs::remove_file(&self.0);
    }
}

fn collect<M: Module>(module: &M) -> Vec<(String, Exported)> {
    let mut exporter = Exporter::default();
    module.visit(&mut exporter);
    exporter.tensors
}

/// A tensor that is copied to the host only when its turn to be written comes.
struct Exported {
    dtype: Dtype,
    shape: Vec<usize>,
    data: Box<dyn Fn() -> TensorData>,
}

impl View for Exported {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned((self.data)().as_bytes().to_vec())
    }

    fn data_len(&self) -> usize {
        let width = if self.dtype == Dtype::I64 { 8 } else { 4 };
        self.shape.iter().product::<usize>() * width
    }
}

#[derive(Default)]
struct Exporter {
    path: ModulePath,
    tensors: Vec<(String, Exported)>,
}

impl ModuleVisitor for Exporter {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let value = if self.path.is_transposed() {
            value.transpose()
        } else {
            value
        };
        let exported = Exported {
            dtype: Dtype::F32,
            shape: value.dims().to_vec(),
            data: Box::new(move || value.to_data().convert_dtype(DType::F32)),
        };
        self.tensors.push((self.path.name(), exported));
        if let Some(name) = self.path.batch_counter() {
            let counter = Exported {
                dtype: Dtype::I64,
                shape: Vec::new(),
                data: Box::new(|| TensorData::new(vec![0_i64], [1])),
            };
            self.tensors.push((name, counter));
        }
    }
}
