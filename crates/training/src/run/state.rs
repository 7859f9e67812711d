//! The content of a checkpoint: one safetensors file.
//!
//! Tensors are `model/NAME`, `average/NAME` and `optimiser/NAME/FIELD`; the position of the run is
//! JSON under the metadata key `wardrobe-training`. Values are Burn's own layout and type, so that
//! what is loaded is what was saved, bit by bit.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{DType, TensorData};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, SafeTensorError, View, serialize_to_file};
use serde::{Deserialize, Serialize};

use super::atomic::{Temporary, failed};
use crate::data::Place;
use crate::error::TrainingError;
use crate::parameters;

const METADATA: &str = "wardrobe-training";

/// Where a run stands, and what the log held there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// Steps of the run so far.
    pub iteration: u64,
    /// The phase, from 0; as many as there are phases once the run is over.
    pub phase: usize,
    /// Steps of the phase so far.
    pub phase_iteration: u64,
    /// The pass the phase began with.
    pub phase_epoch: u64,
    /// The pass under way.
    pub epoch: u64,
    /// The batch that comes next.
    pub place: Place,
    /// The digest of the phase's data.
    pub data: u64,
    /// The best score so far.
    pub best: Option<f64>,
    /// The iteration that was scored last, so that none is scored twice.
    pub scored: Option<u64>,
    /// The step whose validation failed, and is made up for first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Ended>,
    /// Bytes of `metrics.jsonl`.
    pub log: u64,
    /// The dynamic loss scale of 16-bit training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_scale: Option<LossScaleState>,
}

/// How a step of the optimiser ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ended {
    /// Not where the rest of the pass had no batch that could be used.
    pub stepped: bool,
    /// The position is at a pass's start.
    pub epoch_over: bool,
}

/// See [`crate::precision`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LossScaleState {
    /// The factor.
    pub scale: f64,
    /// Steps since it last changed.
    pub steady: u64,
}

/// What a checkpoint holds besides its position, by full name.
pub(crate) type Stored = BTreeMap<String, TensorData>;

/// A checkpoint in memory.
#[derive(Debug)]
pub(crate) struct State {
    pub position: Position,
    pub tensors: Stored,
}

struct Bytes(TensorData, Dtype);

impl View for Bytes {
    fn dtype(&self) -> Dtype {
        self.1
    }

    fn shape(&self) -> &[usize] {
        self.0.shape().as_slice()
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(self.0.as_bytes())
    }

    fn data_len(&self) -> usize {
        self.0.as_bytes().len()
    }
}

/// Types a checkpoint can hold.
const TYPES: [(DType, Dtype); 7] = [
    (DType::F64, Dtype::F64),
    (DType::F32, Dtype::F32),
    (DType::F16, Dtype::F16),
    (DType::BF16, Dtype::BF16),
    (DType::I64, Dtype::I64),
    (DType::I32, Dtype::I32),
    (DType::U64, Dtype::U64),
];

impl State {
    /// Writes the file so that it is whole or not there.
    pub fn write(self, path: &Path) -> Result<(), TrainingError> {
        let position = serde_json::to_string(&self.position).map_err(|error| {
            checkpoint_error(path, format!("the position cannot be written: {error}"))
        })?;
        write_tensors(path, self.tensors, position)
    }

    pub fn read(path: &Path) -> Result<Self, TrainingError> {
        let bytes = fs::read(path).map_err(failed("read", path))?;
        let (_, metadata) =
            SafeTensors::read_metadata(&bytes).map_err(|error| damaged(path, &error))?;
        let position = metadata
            .metadata()
            .as_ref()
            .and_then(|entries| entries.get(METADATA))
            .ok_or_else(|| checkpoint_error(path, "is no checkpoint of a run".into()))?;
        let position = serde_json::from_str(position).map_err(|error| {
            checkpoint_error(
                path,
                format!("its position is of another version of this crate: {error}"),
            )
        })?;
        Ok(Self {
            position,
            tensors: tensors_of(path, &bytes)?,
        })
    }
}

pub(super) fn write_tensors(
    path: &Path,
    tensors: Stored,
    metadata: String,
) -> Result<(), TrainingError> {
    let mut views = Vec::with_capacity(tensors.len());
    for (name, data) in tensors {
        let found = data.dtype();
        let dtype = TYPES.iter().find(|(burn, _)| *burn == found);
        let Some(&(_, dtype)) = dtype else {
            let reason = format!("{name} is of type {found:?}, which checkpoints do not hold");
            return Err(checkpoint_error(path, reason));
        };
        views.push((name, Bytes(data, dtype)));
    }
    let temporary = Temporary::beside(path);
    // One key only: the order of several would be random.
    let metadata = HashMap::from([(METADATA.to_owned(), metadata)]);
    serialize_to_file(views, Some(metadata), temporary.path()).map_err(|error| match error {
        SafeTensorError::IoError(source) => failed("write", path)(source),
        other => checkpoint_error(path, other.to_string()),
    })?;
    temporary.publish().map_err(failed("write", path))
}

fn tensors_of(path: &Path, bytes: &[u8]) -> Result<Stored, TrainingError> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| damaged(path, &error))?;
    let mut tensors = Stored::new();
    for (name, view) in file.iter() {
        let dtype = TYPES.iter().find(|(_, file)| *file == view.dtype());
        let Some(&(dtype, _)) = dtype else {
            let reason = format!("{name} is of type {:?}; is the file a run's?", view.dtype());
            return Err(checkpoint_error(path, reason));
        };
        let data = TensorData::from_bytes_vec(view.data().to_vec(), view.shape().to_vec(), dtype);
        tensors.insert(name.to_owned(), data);
    }
    Ok(tensors)
}

/// Loads the weights of a checkpoint, or of `best.safetensors`, into a model: the averaged ones
/// where the checkpoint has them. The model's own precision and device stay.
///
/// `names` are the task's [`parameter_names`](crate::Task::parameter_names).
///
/// # Errors
/// [`TrainingError::Io`]; [`TrainingError::Checkpoint`] when the file is damaged, or names and
/// shapes are not the model's.
pub fn load_weights<M: Module>(
    model: M,
    names: &[String],
    path: impl AsRef<Path>,
) -> Result<M, TrainingError> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(failed("read", path))?;
    let mut tensors = tensors_of(path, &bytes)?;
    let prefix = if tensors.keys().any(|name| name.starts_with(AVERAGE)) {
        AVERAGE
    } else {
        MODEL
    };
    parameters::restore(model, names, prefix, &mut tensors)
        .map_err(|reason| checkpoint_error(path, reason))
}

/// Prefix of the weights.
pub(crate) const MODEL: &str = "model/";
/// Prefix of the averaged weights.
pub(crate) const AVERAGE: &str = "average/";
/// Prefix of the optimiser's state.
pub(crate) const OPTIMISER: &str = "optimiser/";

pub(crate) fn checkpoint_error(path: &Path, reason: String) -> TrainingError {
    TrainingError::Checkpoint {
        path: path.to_owned(),
        reason,
    }
}

fn damaged(path: &Path, error: &SafeTensorError) -> TrainingError {
    checkpoint_error(
        path,
        format!("damaged ({error}); remove it to go on from the one before"),
    )
}
