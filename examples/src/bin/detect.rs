//! Finds garments, or whatever its weights know, in pictures: COCO results and drawings.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{ArgGroup, Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use wardrobe::datasets::ResultsWriter;
use wardrobe::{DecodeLimits, Detector, DetectorOptions, Suppression};
use wardrobe_examples::arguments::{
    BackendArguments, NetworkArguments, create_folder, in_words, with_remedy, with_ways_out,
};
use wardrobe_examples::interrupt::{EXIT_STATUS, Interrupt};
use wardrobe_examples::output::Output;
use wardrobe_examples::pipeline::{self, Observer, Rules, Summary};
use wardrobe_examples::published::weights_at;

/// Finds things in pictures.
///
/// Give at least one of --json and --draw. Ctrl-C ends after the picture in hand and leaves valid
/// results; a second one ends at once.
#[derive(Debug, Parser)]
#[command(version, group(ArgGroup::new("outputs").args(["json", "draw"]).required(true).multiple(true)))]
struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,
    /// Weights under torchvision's names: .safetensors, .pth or .pt. The name of a file that torchvision publishes is
    /// enough, built with the feature `download`.
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// Names of the classes, one a line, without the background.
    #[arg(long, value_name = "FILE")]
    classes: Option<PathBuf>,
    /// Length of a picture's short side inside the network.
    #[arg(long, value_name = "PIXELS", default_value_t = 800)]
    min_size: usize,
    /// Largest length of its long side.
    #[arg(long, value_name = "PIXELS", default_value_t = 1333)]
    max_size: usize,
    /// Instances score above this.
    #[arg(long, value_name = "0..1", default_value_t = 0.05)]
    score: f32,
    /// Which of two overlapping instances survives; iou-guided needs weights with an IoU head.
    #[arg(long, value_enum, default_value_t = Nms::Standard)]
    nms: Nms,
    /// ε of the backbone's batch norms [default: 0 for torchvision's released COCO_V1 files, told
    /// by checksum, else 1e-5].
    #[arg(long, value_name = "E")]
    norm_epsilon: Option<f64>,
    #[command(flatten)]
    backend: BackendArguments,
    /// Reports bad pictures and goes on, instead of stopping.
    #[arg(long)]
    skip_bad: bool,
    /// Writes the COCO results list to this file.
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Writes a drawing of each picture into this folder.
    #[arg(long, value_name = "DIR")]
    draw: Option<PathBuf>,
    /// Draws instances that score at least this.
    #[arg(long, value_name = "0..1", default_value_t = 0.5)]
    draw_score: f32,
    /// The pictures: PNG, JPEG, WebP or BMP.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Nms {
    /// The one with the better score.
    Standard,
    /// The one whose box the IoU head trusts more.
    IouGuided,
}

impl From<Nms> for Suppression {
    fn from(nms: Nms) -> Self {
        match nms {
            Nms::Standard => Self::Standard,
            Nms::IouGuided => Self::IouGuided,
        }
    }
}

fn main() -> ExitCode {
    wardrobe::kernels::host::prepare();
    let arguments = Arguments::parse();
    match detect(&arguments) {
        Ok(summary) if summary.interrupted => ExitCode::from(EXIT_STATUS),
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn detect(arguments: &Arguments) -> anyhow::Result<Summary> {
    let limits = DecodeLimits::default();
    // Everything that can be wrong without the network is looked at before its weights are loaded.
    let names = arguments.network.names(arguments.classes.as_deref())?;
    let device = arguments.backend.device()?;
    let weights = weights_at(&arguments.weights)?;
    if !arguments.skip_bad {
        pipeline::look_at_all(&arguments.images, &limits).map_err(|error| with_ways_out(&error))?;
    }
    let options = DetectorOptions {
        min_size: arguments.min_size,
        max_size: arguments.max_size,
        score_threshold: arguments.score,
        suppression: arguments.nms.into(),
        norm_epsilon: arguments.norm_epsilon,
        ..DetectorOptions::new(names.num_classes())
    };
    let mut output = Output::new(names);
    // Before the first file is begun, so that a signal leaves none behind.
    let interrupt = Interrupt::listen()?;
    if let Some(path) = &arguments.json {
        output = output.with_results(ResultsWriter::create(path)?);
    }
    if let Some(folder) = &arguments.draw {
        create_folder(folder)?;
        output = output.with_drawings(folder.clone(), arguments.draw_score);
    }

    let detector = Detector::load_with(arguments.network.arch, &options, &weights, &device)
        .map_err(with_remedy)?;
    let start = Instant::now();
    let progress = Progress::new(arguments.images.len());
    let rules = Rules {
        skip_bad: arguments.skip_bad,
        limits,
    };
    let summary = pipeline::run(
        &detector,
        &arguments.images,
        rules,
        output,
        &interrupt,
        &progress,
    )?;
    progress.0.finish_and_clear();
    report(arguments, &summary, start.elapsed().as_secs_f64());
    Ok(summary)
}

fn report(arguments: &Arguments, summary: &Summary, seconds: f64) {
    let Summary {
        pictures,
        instances,
        skipped,
        interrupted,
    } = *summary;
    if interrupted {
        println!(
            "stopped after {} of {} pictures; what follows holds for those",
            pictures + skipped,
            arguments.images.len()
        );
    }
    println!("{pictures} pictures, {instances} instances, {skipped} bad pictures skipped");
    println!(
        "{:.2} s, {:.3} s a picture",
        seconds,
        seconds / pictures.max(1) as f64
    );
    if let Some(path) = &arguments.json {
        println!("results: {}", path.display());
    }
    if let Some(path) = &arguments.draw {
        println!(
            "drawings: {} (scores from {})",
            path.display(),
            arguments.draw_score
        );
    }
}

/// A bar on the terminal; silent where there is none, except for bad pictures.
struct Progress(ProgressBar);

impl Progress {
    fn new(pictures: usize) -> Self {
        let bar = ProgressBar::new(pictures as u64);
        if let Ok(style) =
            ProgressStyle::with_template("{bar:40} {pos}/{len} pictures, {per_sec}, {eta} left")
        {
            bar.set_style(style);
        }
        Self(bar)
    }
}

impl Observer for Progress {
    fn advanced(&self) {
        self.0.inc(1);
    }

    fn skipped(&self, error: &dyn Display) {
        self.0.suspend(|| eprintln!("skipped: {error}"));
    }
}
