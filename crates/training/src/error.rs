//! What ends a run; one variant per remedy.

use std::path::PathBuf;

use thiserror::Error;

use crate::task::TaskError;

/// Why training cannot start or go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// A field of the configuration is out of range, or does not fit the others.
    #[error("{field}: found {found}; {remedy}")]
    Setting {
        /// The field's path in the JSON.
        field: String,
        /// Its value.
        found: String,
        /// What to write instead.
        remedy: String,
    },
    /// A configuration file is not one.
    #[error("{file}: at {field}: {source}")]
    Json {
        /// The file, or what the text was.
        file: String,
        /// The path of the offending value.
        field: String,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A pattern matches no parameter.
    #[error("{field}: {pattern:?} matches no parameter; did you mean one of {}?", near.join(", "))]
    NoSuchParameter {
        /// The field's path in the JSON.
        field: String,
        /// The pattern.
        pattern: String,
        /// Names of the model most like it.
        near: Vec<String>,
    },
    /// A phase names data that were not given.
    #[error("{field}: no data set is called {key:?}; there are {}", known.join(", "))]
    NoSuchData {
        /// The field's path in the JSON.
        field: String,
        /// The key.
        key: String,
        /// The keys there are.
        known: Vec<String>,
    },
    /// A data set has no batch.
    #[error("{field}: the data set {key:?} has no batch; check its folder and its split")]
    NoBatches {
        /// The field's path in the JSON.
        field: String,
        /// The key.
        key: String,
    },
    /// A phase leaves nothing to train.
    #[error("{field}: every parameter is frozen; narrow the patterns")]
    AllFrozen {
        /// The field's path in the JSON.
        field: String,
    },
    /// The model's parameters cannot be told apart.
    #[error("the model's parameters cannot be trained: {reason}")]
    Parameters {
        /// Why.
        reason: String,
    },
    /// The best score is to be kept, but the task's scores do not hold it.
    #[error("keep_best.metric: the task gives no score {metric:?}; it gives {}", given.join(", "))]
    NoSuchScore {
        /// The name asked for.
        metric: String,
        /// The names there are.
        given: Vec<String>,
    },
    /// A loss, a gradient or a weight is NaN or infinite.
    #[error(
        "iteration {iteration} ({}): {what} is not finite{}; lower the rate, warm up longer, clip gradients, or look at these files",
        files.join(", "),
        origin(what, parameter.as_deref())
    )]
    NotFinite {
        /// The optimiser step of the run, from 0.
        iteration: u64,
        /// The files of the batch; for a gradient, which is a sum, of all batches of the step.
        files: Vec<String>,
        /// What it is: a loss by its name, or the gradient.
        what: NotFinite,
        /// The first parameter, in the model's order, that is not finite: of the weights for a loss,
        /// of the gradients for a gradient. None when all weights are finite: then the forward pass
        /// itself overflowed, in the module that [`NotFinite::Loss`] names.
        parameter: Option<String>,
    },
    /// No parameter has a part in the loss.
    #[error(
        "iteration {iteration}: the loss depends on no trainable parameter; check frozen patterns and detached tensors in the task's losses"
    )]
    NoGradient {
        /// The optimiser step of the run, from 0.
        iteration: u64,
    },
    /// The trainer failed before and its state in memory is not a run's any more.
    #[error("the run has failed before; resume it from its folder")]
    Failed,
    /// The task failed on a batch or on the validation.
    #[error("iteration {iteration}{}: {source}", if files.is_empty() { String::new() } else { format!(" ({})", files.join(", ")) })]
    Task {
        /// The optimiser step of the run, from 0.
        iteration: u64,
        /// The files of the batch; empty for a validation.
        files: Vec<String>,
        /// What the task said.
        source: TaskError,
    },
    /// The data failed.
    #[error("data set {key:?}, epoch {epoch}, batch {batch}: {source}")]
    Data {
        /// The data set's key.
        key: String,
        /// The pass over it, from 0.
        epoch: u64,
        /// The batch of that pass, from 0.
        batch: u64,
        /// What it said.
        source: TaskError,
    },
    /// A file or folder of the run cannot be read or written. Checkpoints written before are whole.
    #[error(
        "cannot {action} {}: {source}; the last checkpoint is whole: free the disk or mend the folder, then resume",
        path.display()
    )]
    Io {
        /// What was attempted.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder cannot be the folder of this run.
    #[error("{}: {reason}", path.display())]
    Folder {
        /// The folder or a file in it.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A checkpoint does not belong to this model, or is damaged.
    #[error("{}: {reason}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
}

/// Where it came from: weights before what they made of the batch.
fn origin(what: &NotFinite, parameter: Option<&str>) -> String {
    match (parameter, what) {
        (Some(name), _) => format!(", first in parameter {name}"),
        (
            None,
            NotFinite::Loss {
                module: Some(name), ..
            },
        ) => format!(", first in the output of {name}"),
        (None, _) => String::new(),
    }
}

/// What was not finite.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotFinite {
    /// A term of the loss.
    Loss {
        /// Its name.
        term: String,
        /// The first module of the forward pass whose output is not finite, if the task can tell
        /// ([`Task::first_not_finite`](crate::Task::first_not_finite)).
        module: Option<String>,
    },
    /// The gradient, with finite losses.
    Gradient,
}

impl std::fmt::Display for NotFinite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Loss { term, .. } => write!(f, "loss {term:?}"),
            Self::Gradient => f.write_str("the gradient"),
        }
    }
}
