//! `evaluate`: a checkpoint and data become scores, a results list and a page.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use wardrobe::datasets::atomic_file::{AtomicFile, write_text};
use wardrobe::datasets::formats::{Format, Mode, Skipped};
use wardrobe::datasets::loader::SkippedFiles;
use wardrobe::datasets::sample::Split;
use wardrobe::datasets::{CategoryNames, ResultsWriter};
use wardrobe::metrics::{Bootstrap, ConfusionMatrix, plot};
use wardrobe::recipes::data::{ClassChoice, DataConfig, FolderConfig};
use wardrobe::recipes::detection::{ScoringConfig, Tally};
use wardrobe::recipes::evaluation::{
    ClassifierCheckpoint, ClassifierSummary, DetectorCheckpoint, DetectorSummary, Judged, RunKind,
    TrainedDetector, with_classes, with_pictures,
};
use wardrobe::recipes::{RecipeError, Table};
use wardrobe::training::Flow;
use wardrobe::training::report::Report;
use wardrobe::{Architecture, Detector, DetectorOptions, Device};

use crate::arguments::{create_folder, with_remedy};
use crate::interrupt::Interrupt;

/// Pictures kept for the page, whose worst errors are among them: of 1,000 × 1,000 pixels some 600 MB.
const SHOWN_OF: usize = 200;

/// The page's name in the folder of --report.
const PAGE: &str = "report.html";

/// Where pictures and annotations are.
#[derive(Debug, Clone, Args)]
pub struct DataArguments {
    /// The data: the folder of any format, or the file of one that keeps everything in one (COCO,
    /// FashionAI) [default: what the run was scored on].
    #[arg(value_name = "DATA", required_unless_present = "run")]
    pub data: Option<PathBuf>,
    /// The part: train, validation or test [default: the whole set].
    #[arg(long, value_name = "PART", value_parser = of_text::<Split>, requires = "data")]
    pub split: Option<Split>,
    /// The format, where the folder could be read as several: coco_instances, voc, labelme …
    #[arg(long, value_name = "FORMAT", value_parser = of_text::<Format>, requires = "data")]
    pub format: Option<Format>,
    /// The folder that COCO's names of pictures start from, where it is not beside the annotations.
    #[arg(long, value_name = "DIR", requires = "data")]
    pub pictures: Option<PathBuf>,
    /// Leaves out entries and pictures that cannot be used, instead of stopping, and says which.
    #[arg(long)]
    pub skip_bad: bool,
    /// Objects of categories that the checkpoint does not know are neither to be found nor wrong,
    /// instead of stopping.
    #[arg(long)]
    pub ignore_unknown: bool,
}

/// Reads a word as settings files have it.
fn of_text<T: serde::de::DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(word.into()).map_err(|error| error.to_string())
}

impl DataArguments {
    fn config(&self, of_run: Option<&DataConfig>) -> anyhow::Result<DataConfig> {
        match (&self.data, of_run) {
            (Some(path), _) => Ok(DataConfig::Folder(FolderConfig {
                path: path.clone(),
                share: None,
                split: self.split,
                format: self.format,
                mode: if self.skip_bad {
                    Mode::Lenient
                } else {
                    Mode::Strict
                },
                pictures: self.pictures.clone(),
            })),
            (None, Some(config)) => {
                let mut config = config.clone();
                // Drawn pictures are never bad.
                if self.skip_bad
                    && let DataConfig::Folder(folder) = &mut config
                {
                    folder.mode = Mode::Lenient;
                }
                Ok(config)
            }
            (None, None) => bail!("give the data"),
        }
    }
}

/// What is written besides the tables.
#[derive(Debug, Clone, Args)]
pub struct OutputArguments {
    /// Writes all scores, class by class too, as JSON to this file.
    #[arg(long, value_name = "OUT")]
    pub json: Option<PathBuf>,
    /// Writes the COCO results list of a detector to this file, in the data's own numbers.
    #[arg(long, value_name = "OUT")]
    pub detections: Option<PathBuf>,
    /// Writes a page with curves, pictures and the worst errors into this folder.
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// Adds 95 % intervals of AP, from 1,000 draws of the pictures.
    #[arg(long)]
    pub ci: bool,
}

impl OutputArguments {
    /// Tries every output and leaves none: what cannot be written is known before the work, and work that
    /// fails has nothing to take back.
    ///
    /// # Errors
    /// For what cannot be written, with its flag; for one file under two flags.
    pub fn check(&self) -> anyhow::Result<()> {
        for (flag, file) in [("--json", &self.json), ("--detections", &self.detections)] {
            if let Some(file) = file {
                try_file(file).context(flag)?;
            }
        }
        if let Some(folder) = &self.report {
            try_page(folder).context("--report")?;
        }
        let page = self.report.as_ref().map(|folder| folder.join(PAGE));
        let outputs = [
            ("--json", self.json.as_deref()),
            ("--detections", self.detections.as_deref()),
            ("--report", page.as_deref()),
        ];
        for (index, (flag, file)) in outputs.iter().enumerate() {
            for (other, same) in &outputs[..index] {
                if let (Some(file), Some(same)) = (file, same)
                    && place(file).is_some_and(|here| place(same) == Some(here))
                {
                    bail!(
                        "{other} and {flag} both write {}; give each a file of its own",
                        file.display()
                    );
                }
            }
        }
        Ok(())
    }
}

fn try_file(path: &Path) -> anyhow::Result<()> {
    // Dropped unfinished, it leaves nothing.
    drop(AtomicFile::create(path)?);
    Ok(())
}

/// Tries that a page can be written into a folder.
fn try_page(folder: &Path) -> anyhow::Result<()> {
    let absent: Vec<&Path> = folder
        .ancestors()
        .take_while(|path| !path.exists())
        .collect();
    let tried = create_folder(folder).and_then(|()| try_file(&folder.join(PAGE)));
    for made in absent {
        // Only an empty folder goes; where making it failed there is none.
        let _ = std::fs::remove_dir(made);
    }
    tried
}

/// Where a file comes to lie: its folder, without links and detours, and its name there.
fn place(file: &Path) -> Option<(PathBuf, &OsStr)> {
    let folder = match file.parent()? {
        here if here.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    Some((folder.canonicalize().ok()?, file.file_name()?))
}

/// A detector that is no run's: torchvision's weights.
#[derive(Debug, Clone)]
pub struct Weights<'a> {
    /// The architecture.
    pub architecture: Architecture,
    /// The file.
    pub path: &'a Path,
    /// The names of its classes.
    pub names: &'a CategoryNames,
    /// Everything else.
    pub options: DetectorOptions,
}

/// Loads torchvision's weights for evaluation.
///
/// # Errors
/// As [`Detector::load_with`], with the flag that helps.
pub fn load(weights: &Weights<'_>, device: &Device) -> anyhow::Result<DetectorCheckpoint> {
    let detector =
        Detector::load_with(weights.architecture, &weights.options, weights.path, device)
            .map_err(with_remedy)?;
    Ok(DetectorCheckpoint {
        detector: match detector {
            Detector::Boxes(model) => TrainedDetector::FasterRcnn(model),
            Detector::Masks(model) => TrainedDetector::MaskRcnn(model),
        },
        names: (1..weights.names.num_classes())
            .map(|label| weights.names.name(label))
            .collect(),
        class_choice: ClassChoice::Categories,
        scoring: ScoringConfig::default(),
        validation: None,
    })
}

/// Evaluates the run in a folder: what it left at its end, or a checkpoint. Returns whether it came to its end.
///
/// # Errors
/// Without a run there; as [`detector`].
pub fn run(
    folder: &Path,
    checkpoint: Option<&Path>,
    device: &Device,
    data: &DataArguments,
    outputs: &OutputArguments,
) -> anyhow::Result<bool> {
    if !folder.join("config.json").is_file() {
        bail!(
            "{}: no run is there (no config.json); give the folder that training wrote, or --arch and --weights",
            folder.display()
        );
    }
    match RunKind::of(folder)? {
        RunKind::Detector => {
            let checkpoint = match checkpoint {
                Some(file) => DetectorCheckpoint::of_run_at(folder, file, device)?,
                None => DetectorCheckpoint::of_run(folder, device).map_err(of_run(folder))?,
            };
            detector(&checkpoint, data, outputs)
        }
        RunKind::Classifier => {
            let checkpoint = match checkpoint {
                Some(file) => ClassifierCheckpoint::of_run_at(folder, file, device)?,
                None => ClassifierCheckpoint::of_run(folder, device).map_err(of_run(folder))?,
            };
            classifier(&checkpoint, data, outputs)?;
            Ok(true)
        }
    }
}

fn of_run(folder: &Path) -> impl FnOnce(RecipeError) -> anyhow::Error {
    let unfinished = !folder.join(wardrobe::recipes::MODEL_FILE).exists();
    let folder = folder.display().to_string();
    move |error| {
        if unfinished {
            anyhow!(
                "{folder}: the run has not ended, so it left no model yet; resume it first, or give one of its checkpoints (--checkpoint)"
            )
        } else {
            error.into()
        }
    }
}

fn with_flag(error: RecipeError, data: &DataArguments) -> anyhow::Error {
    match &error {
        RecipeError::Setting { field, .. } if field == "data" && !data.ignore_unknown => {
            anyhow!("{error} (--ignore-unknown)")
        }
        // What the library calls an option is a flag here.
        RecipeError::Open { .. } => {
            let words = error.to_string();
            let flags = [
                ("`OpenOptions::pictures`", "--pictures"),
                ("`OpenOptions::format`", "--format"),
                ("`OpenOptions::split`", "--split"),
            ];
            let words = flags
                .iter()
                .fold(words, |words, (option, flag)| words.replace(option, flag));
            anyhow!(words)
        }
        _ => error.into(),
    }
}

/// Says which entries of the data a lenient reader left out, and how many.
fn tell_skipped(skipped: &Skipped) {
    if skipped.count() > 0 {
        println!("{skipped}");
    }
}

/// Says which pictures of lenient data could not be used, and how many.
fn tell_skipped_files(files: &SkippedFiles) {
    if files.files() > 0 {
        println!("{files}");
    }
}

/// Scores a detector, prints its tables and writes what was asked for. Returns false when Ctrl-C
/// stopped it, which leaves nothing.
///
/// # Errors
/// Data that cannot be opened or have other classes; files that cannot be written.
pub fn detector(
    checkpoint: &DetectorCheckpoint,
    data: &DataArguments,
    outputs: &OutputArguments,
) -> anyhow::Result<bool> {
    let config = data.config(checkpoint.validation.as_ref())?;
    let pictures = checkpoint
        .open(&config, data.ignore_unknown)
        .map_err(|error| with_flag(error, data))?;
    tell_skipped(pictures.skipped());
    // Before the first file is begun, so that a signal leaves none behind.
    let interrupt = Interrupt::listen()?;
    let results = outputs.detections.as_ref().map(ResultsWriter::create);
    let mut results = results.transpose()?;
    let bar = ProgressBar::new(pictures.count() as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} pictures, {eta} left") {
        bar.set_style(style);
    }
    let mut kept = Vec::new();
    let tally = checkpoint.evaluate(&pictures, &mut |judged| {
        if let Some(results) = &mut results {
            for result in pictures.coco_results(&judged, &checkpoint.names) {
                results.push(&result)?;
            }
        }
        if outputs.report.is_some() && kept.len() < SHOWN_OF {
            kept.push(judged);
        }
        bar.inc(1);
        Ok(if interrupt.is_set() {
            Flow::Stop
        } else {
            Flow::Continue
        })
    })?;
    bar.finish_and_clear();
    if interrupt.is_set() {
        return Ok(false);
    }
    tell_skipped_files(&pictures.skipped_files());
    let bootstrap = outputs.ci.then(Bootstrap::default);
    let summary = DetectorSummary::new(&tally, bootstrap.as_ref())?;
    println!(
        "{} pictures, {} objects, {} detections",
        summary.pictures, summary.objects, summary.detections
    );
    print_all(&summary.tables());
    // Each is written whatever became of those before it: the scores may be the work of hours.
    let list = write_list(results, outputs);
    let scores = write_json(&summary, outputs);
    let page = match &outputs.report {
        Some(folder) => write_detector_page(&summary, &tally, &kept, &checkpoint.names, folder),
        None => Ok(()),
    };
    list.and(scores).and(page)?;
    Ok(true)
}

fn write_list(results: Option<ResultsWriter>, outputs: &OutputArguments) -> anyhow::Result<()> {
    if let (Some(results), Some(path)) = (results, &outputs.detections) {
        results.finish()?;
        println!("detections: {}", path.display());
    }
    Ok(())
}

fn write_detector_page(
    summary: &DetectorSummary,
    tally: &Tally,
    kept: &[Judged],
    names: &[String],
    folder: &Path,
) -> anyhow::Result<()> {
    create_folder(folder)?;
    let mut report = Report::new("Evaluation");
    for table in summary.tables() {
        report = table.on(report);
    }
    report = with_classes(report, tally)?;
    if kept.len() < tally.pictures() {
        report = report.with_text(&format!(
            "Pictures and errors are of the first {SHOWN_OF} pictures."
        ));
    }
    report = with_pictures(report, "Pictures", kept, names, &folder.join("pictures"))?;
    write_page(&report, folder)
}

fn classifier(
    checkpoint: &ClassifierCheckpoint,
    data: &DataArguments,
    outputs: &OutputArguments,
) -> anyhow::Result<()> {
    if outputs.detections.is_some() {
        bail!("--detections: the run is a classifier's, which detects nothing; leave it out");
    }
    if outputs.ci {
        bail!("--ci: only detectors have AP; leave it out");
    }
    let config = data.config(Some(&checkpoint.validation))?;
    let pictures = checkpoint
        .open(&config, data.ignore_unknown)
        .map_err(|error| with_flag(error, data))?;
    tell_skipped(pictures.skipped());
    let bar = ProgressBar::new_spinner();
    let matrix = checkpoint.evaluate(&pictures, &mut |_| bar.inc(1))?;
    bar.finish_and_clear();
    tell_skipped_files(&pictures.skipped_files());
    let summary = ClassifierSummary::new(&matrix, &checkpoint.names);
    print_all(&summary.tables());
    // As of a detector: each is written whatever became of the other.
    let scores = write_json(&summary, outputs);
    let page = match &outputs.report {
        Some(folder) => write_classifier_page(&summary, &matrix, &checkpoint.names, folder),
        None => Ok(()),
    };
    scores.and(page)
}

fn write_classifier_page(
    summary: &ClassifierSummary,
    matrix: &ConfusionMatrix,
    names: &[String],
    folder: &Path,
) -> anyhow::Result<()> {
    create_folder(folder)?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut report = Report::new("Evaluation");
    for table in summary.tables() {
        report = table.on(report);
    }
    let figure = plot::confusion("What is taken for what", matrix, &names)?;
    write_page(&report.with_svg(&figure), folder)
}

fn print_all(tables: &[Table]) {
    for table in tables {
        println!("\n{table}");
    }
}

fn write_json(summary: &impl Serialize, outputs: &OutputArguments) -> anyhow::Result<()> {
    if let Some(path) = &outputs.json {
        let text = serde_json::to_string_pretty(summary)? + "\n";
        write_text(path, &text)?;
        println!("scores: {}", path.display());
    }
    Ok(())
}

fn write_page(report: &Report, folder: &Path) -> anyhow::Result<()> {
    let path = folder.join(PAGE);
    report.write(&path)?;
    println!("report: {}", path.display());
    Ok(())
}
