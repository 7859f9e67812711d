//! Training as data: phases, schedules, exact resume and run folders, for any Burn module.
//!
//! The crate knows no model and no data set. A model's owner writes a [`Task`] (the losses of a
//! batch, the scores of an epoch) and hands over [`TrainingData`]; a [`TrainingConfig`], read from
//! JSON, says all else. Nothing is printed: an [`Observer`] hears of every step.
//!
//! - [`config`]: phases, optimisers, schedules, groups, presets. [`schedule`]: the rate as a formula.
//! - [`Run`] and [`Trainer`]: the engine. [`run`]: what a run leaves in its folder. [`report`]: a page of it.
//! - [`Warning`]: likely mistakes, found before the first step.
//!
//! # Exact resume
//! A run that was killed at any moment and resumed ends with the same bytes as one that was not:
//! weights, and `metrics.jsonl` line by line. Everything random follows from the run's seed and the
//! step's number; a checkpoint holds weights, optimiser, average and position and is renamed into
//! place when it is whole; the log is cut back to where the checkpoint stands. What a task and its
//! data must do for that is said at [`Task`] and [`TrainingData`].

pub mod config;
pub mod names;
pub mod report;
pub mod run;
pub mod schedule;

mod average;
mod buffers;
mod checks;
mod data;
mod error;
mod freeze;
mod gradients;
mod observer;
mod optimiser;
mod parameters;
mod precision;
mod seed;
mod task;
mod trainer;

pub use checks::Warning;
pub use config::{
    AdamConfig, AverageConfig, GroupConfig, KeepBestConfig, OptimiserConfig, PhaseConfig,
    Precision, ScheduleConfig, SgdConfig, ShapeConfig, Span, TrainingConfig, WarmUpConfig,
};
pub use data::{Batches, DataSets, InMemory, Place, TrainingBatch, TrainingData};
pub use error::{NotFinite, TrainingError};
pub use gradients::clip_factor;
pub use observer::{Event, Flow, Observer};
pub use run::{EpochRecord, Named, Record, RunFolder, StepRecord, load_weights, read_log};
pub use task::{EpochEnd, LossTerm, Losses, Scores, Step, Task, TaskError};
pub use trainer::{Progress, Run, Trainer};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
