//! A recipe carried out: the engine's run, and what is left in its folder besides.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::Device;
use wardrobe_backbones::weights::{self, LoadReport};
use wardrobe_datasets::atomic_file::write_text;
use wardrobe_datasets::formats::Skipped;
use wardrobe_datasets::loader::SkippedFiles;
use wardrobe_training::report::Report;
use wardrobe_training::{
    Event, Flow, Progress, Run, RunFolder, Task, Trainer, Warning, load_weights, read_log,
};

use crate::data::{DataConfig, LoaderData};
use crate::error::RecipeError;
use crate::weights::{MODEL_FILE, StartWeights};

/// What a run tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// Everything is ready for the first step.
    Begun {
        /// Whether it goes on from a checkpoint.
        resumed: bool,
        /// The numbers of the model.
        parameters: usize,
        /// What was loaded to start from, file by file.
        loaded: &'a [LoadReport],
        /// What lenient readers left out, by the data's path in the configuration.
        skipped: &'a [(String, Skipped)],
        /// What looks like a mistake.
        warnings: &'a [Warning],
    },
    /// Something happened.
    Event(&'a Event),
}

/// Hears of a run, and may stop it.
pub trait Listener {
    /// Called for every notice, in order; only [`Notice::Event`] heeds the answer.
    fn hear(&mut self, notice: Notice<'_>) -> Flow;
}

/// Nobody listens.
impl Listener for () {
    fn hear(&mut self, _notice: Notice<'_>) -> Flow {
        Flow::Continue
    }
}

impl<F: FnMut(Notice<'_>) -> Flow> Listener for F {
    fn hear(&mut self, notice: Notice<'_>) -> Flow {
        self(notice)
    }
}

/// Whether a folder may hold a run already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// It must not.
    Anew,
    /// The run there goes on; it is begun where there is none.
    Resume,
}

/// What a run left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Finished, or stopped by the listener: then there is no model and no report yet.
    pub progress: Progress,
    /// The weights under torchvision's names: the best where `keep_best` is set, else the last.
    pub model: PathBuf,
    /// The page.
    pub report: PathBuf,
    /// The names of the classes, one a line.
    pub classes: PathBuf,
    /// Pictures that were left out since the run was begun or resumed, by the data's path in the
    /// configuration.
    pub skipped: Vec<(String, SkippedFiles)>,
}

/// What a run begins with, for what is told of it.
#[derive(Debug, Default)]
pub(crate) struct Prepared {
    /// What was loaded to start from.
    pub loaded: Vec<LoadReport>,
    skipped: Vec<(String, Skipped)>,
    data: Vec<(String, LoaderData)>,
}

impl Prepared {
    /// Adds data under their path in the configuration, and what opening them left out.
    pub fn add(&mut self, key: impl Into<String>, skipped: Skipped, data: &LoaderData) {
        let key = key.into();
        if skipped.count() > 0 {
            self.skipped.push((key.clone(), skipped));
        }
        self.data.push((key, data.clone()));
    }

    fn left_out(&self) -> Vec<(String, SkippedFiles)> {
        let of = self.data.iter();
        of.map(|(key, data)| (key.clone(), data.skipped()))
            .filter(|(_, skipped)| skipped.files() > 0)
            .collect()
    }
}

/// Checks what a recipe says of files, as far as that can be done without them.
pub(crate) fn check_files(
    weights: &[StartWeights],
    data: &BTreeMap<String, DataConfig>,
    validation: &DataConfig,
) -> Result<(), RecipeError> {
    for (index, weights) in weights.iter().enumerate() {
        weights.check(&format!("weights[{index}]"))?;
    }
    for (key, data) in data {
        data.check(&format!("data.{key}"))?;
    }
    validation.check("validation")
}

/// The device of the model, and those that share its work.
pub(crate) fn first_and_further(devices: &[Device]) -> Result<(&Device, &[Device]), RecipeError> {
    devices.split_first().ok_or_else(|| RecipeError::Setting {
        field: "devices".into(),
        found: "none".into(),
        remedy: "give at least one".into(),
    })
}

/// Trains to the end, or until the listener stops it; then writes weights, names and the page.
pub(crate) fn carry_out<T: Task + Clone>(
    run: Run<T>,
    prepared: &Prepared,
    folder: &Path,
    begin: Begin,
    names: &[String],
    listener: &mut dyn Listener,
    finish: impl FnOnce(&T, &T::Model, Report, &Path) -> Result<Report, RecipeError>,
) -> Result<Outcome, RecipeError> {
    let task = run.task.clone();
    let title = run.program["title"]
        .as_str()
        .unwrap_or("Training")
        .to_owned();
    let mut trainer = match begin {
        Begin::Anew => run.start(folder)?,
        Begin::Resume => run.resume(folder)?,
    };
    let notice = Notice::Begun {
        resumed: trainer.is_resumed(),
        parameters: trainer.model().num_params(),
        loaded: &prepared.loaded,
        skipped: &prepared.skipped,
        warnings: trainer.warnings(),
    };
    listener.hear(notice);
    let progress = trainer.run(&mut |event: &Event| listener.hear(Notice::Event(event)))?;
    let outcome = Outcome {
        progress,
        model: folder.join(MODEL_FILE),
        report: folder.join("report.html"),
        classes: folder.join("classes.txt"),
        skipped: prepared.left_out(),
    };
    if progress == Progress::Finished {
        let model = final_model(&trainer)?;
        weights::save_safetensors(&model, &outcome.model)?;
        write_names(names, &outcome.classes)?;
        let log = read_log(trainer.folder().log())?;
        let report = Report::new(title).with_run(&log);
        finish(&task, &model, report, folder)?.write(&outcome.report)?;
    }
    Ok(outcome)
}

fn final_model<T: Task>(trainer: &Trainer<T>) -> Result<T::Model, RecipeError> {
    let folder: &RunFolder = trainer.folder();
    let last = trainer.snapshot();
    Ok(if folder.best().exists() {
        load_weights(last, trainer.parameter_names(), folder.best())?
    } else {
        last
    })
}

fn write_names(names: &[String], path: &Path) -> Result<(), RecipeError> {
    let mut text = String::new();
    for name in names {
        let _ = writeln!(text, "{name}");
    }
    Ok(write_text(path, &text)?)
}
