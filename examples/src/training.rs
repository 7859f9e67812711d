//! What the training programs share: their arguments, and a bar with the time left.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use wardrobe::recipes::{Begin, Listener, Notice, Outcome, RecipeError};
use wardrobe::training::{Event, Flow, Named, Progress};
use wardrobe::{BackendKind, Device};

use crate::interrupt::{EXIT_STATUS, Interrupt};

/// Arguments of every training program.
#[derive(Debug, Clone, Args)]
pub struct TrainingArguments {
    /// The run's folder: settings, log, checkpoints, weights, page.
    #[arg(long, value_name = "RUN", required_unless_present = "print_config")]
    pub out: Option<PathBuf>,
    /// Goes on with the run in the folder; begins it where there is none.
    #[arg(long)]
    pub resume: bool,
    /// Prints the configuration as JSON, to be changed and given as CONFIG, and ends.
    #[arg(long)]
    pub print_config: bool,
    /// Another seed is another run [default: the configuration's].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// flex, tch, tch-cuda, wgpu, vulkan or metal, where compiled in.
    #[arg(long, value_name = "NAME", default_value = "flex")]
    pub backend: BackendKind,
    /// How many of the backend's devices share the batches of a step; tch-cuda may have several.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub devices: u16,
    /// Shows curves and progress over the whole terminal; q asks it to stop.
    #[cfg(feature = "dashboard")]
    #[arg(long)]
    pub dashboard: bool,
}

impl TrainingArguments {
    /// The devices.
    ///
    /// # Errors
    /// When the backend is not compiled in or the machine has not as many devices.
    pub fn devices(&self) -> anyhow::Result<Vec<Device>> {
        Ok(self.backend.devices(self.devices.into())?)
    }

    /// Who shows the run.
    ///
    /// # Errors
    /// When Ctrl-C cannot be listened for.
    pub fn listener(&self) -> anyhow::Result<Box<dyn Listener>> {
        #[cfg(feature = "dashboard")]
        if self.dashboard {
            return Ok(Box::new(crate::dashboard::Dashboard::new()?));
        }
        Ok(Box::new(Watch::new()?))
    }

    /// Whether the folder may hold a run.
    pub const fn begin(&self) -> Begin {
        if self.resume {
            Begin::Resume
        } else {
            Begin::Anew
        }
    }

    /// The run's folder.
    ///
    /// # Errors
    /// Never with the arguments the program was parsed with.
    pub fn folder(&self) -> anyhow::Result<&PathBuf> {
        self.out.as_ref().context("give --out")
    }
}

/// Draws the bar, prints warnings and scores, and stops at Ctrl-C.
pub struct Watch {
    bar: ProgressBar,
    interrupt: Interrupt,
    phase: String,
}

impl Watch {
    /// Nothing to see yet.
    ///
    /// # Errors
    /// When Ctrl-C cannot be listened for.
    pub fn new() -> anyhow::Result<Self> {
        let bar = ProgressBar::new(0);
        let style = "{prefix}: {bar:30} {pos}/{len} steps, {per_sec}, {eta} left  {msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Ok(Self {
            bar,
            interrupt: Interrupt::listen()?,
            phase: String::new(),
        })
    }

    /// Whether to go on: not after Ctrl-C.
    pub fn flow(&self) -> Flow {
        if self.interrupt.is_set() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::PhaseBegun {
                name,
                done,
                iterations,
                ..
            } => {
                self.phase.clone_from(name);
                self.bar.reset();
                self.bar.set_prefix(name.clone());
                self.bar.set_length(*iterations);
                self.bar.set_position(*done);
                // What was done before the run was resumed took this one no time.
                self.bar.reset_eta();
            }
            Event::StepDone(step) => {
                self.bar.inc(1);
                self.bar.set_message(format!("loss {:.3}", step.loss));
            }
            Event::Validating => self.bar.set_message("scoring"),
            Event::Validated(record) => self.bar.suspend(|| {
                println!(
                    "{}, step {}: {}",
                    self.phase,
                    record.iteration,
                    shown(&record.scores)
                );
            }),
            Event::PhaseDone { .. } => self.bar.finish_and_clear(),
            _ => {}
        }
    }
}

/// `box_AP 0.412  box_AP50 0.700 …`
pub(crate) fn shown(scores: &Named) -> String {
    let one = |(name, value): &(String, f64)| format!("{name} {value:.3}");
    scores.0.iter().map(one).collect::<Vec<_>>().join("  ")
}

/// What is said before the first step: what was loaded and left out, and warnings.
pub(crate) fn announce(notice: &Notice<'_>) {
    let Notice::Begun {
        resumed,
        parameters,
        loaded,
        skipped,
        warnings,
    } = notice
    else {
        return;
    };
    let how = if *resumed { "resumed" } else { "begun" };
    println!("{how}: {parameters} parameters");
    for report in *loaded {
        println!(
            "loaded {} tensors; {} kept as drawn, {} of the file not used",
            report.taken.len(),
            report.missing.len() + report.skipped.len(),
            report.surplus.len()
        );
    }
    for (key, skipped) in *skipped {
        eprintln!("warning: {key}: {skipped}");
    }
    for warning in *warnings {
        eprintln!("warning: {warning}");
    }
}

impl Listener for Watch {
    fn hear(&mut self, notice: Notice<'_>) -> Flow {
        announce(&notice);
        if let Notice::Event(event) = notice {
            self.event(event);
        }
        self.flow()
    }
}

/// Prints a recipe, or trains it, as the arguments say.
///
/// # Errors
/// As `train`; when there is no such device, or Ctrl-C cannot be listened for.
pub fn carry_out<R: Serialize>(
    recipe: &R,
    arguments: &TrainingArguments,
    train: impl FnOnce(&R, &[Device], &Path, Begin, &mut dyn Listener) -> Result<Outcome, RecipeError>,
) -> anyhow::Result<ExitCode> {
    if arguments.print_config {
        println!("{}", serde_json::to_string_pretty(recipe)?);
        return Ok(ExitCode::SUCCESS);
    }
    let (devices, folder) = (arguments.devices()?, arguments.folder()?);
    let mut listener = arguments.listener()?;
    let outcome = train(recipe, &devices, folder, arguments.begin(), &mut *listener);
    // A listener that has the terminal gives it back before anything is said.
    drop(listener);
    Ok(conclude(&outcome?))
}

/// Says what a run left, or that it can be resumed.
fn conclude(outcome: &Outcome) -> ExitCode {
    for (key, skipped) in &outcome.skipped {
        eprintln!("warning: {key}: {skipped}");
    }
    if outcome.progress != Progress::Finished {
        println!("stopped; the same command with --resume goes on");
        return ExitCode::from(EXIT_STATUS);
    }
    println!("weights: {}", outcome.model.display());
    println!("classes: {}", outcome.classes.display());
    println!("report: {}", outcome.report.display());
    ExitCode::SUCCESS
}
