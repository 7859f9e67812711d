//! Trains a detector as one JSON file, or a preset, says.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use wardrobe::recipes::detection::DetectorRecipe;
use wardrobe::recipes::{StartWeights, presets};
use wardrobe_examples::arguments::in_words;
use wardrobe_examples::training::{TrainingArguments, carry_out};

/// Trains Faster R-CNN, Cascade R-CNN or Mask R-CNN.
///
/// Ctrl-C stops after the step in hand; --resume then goes on, with the same result.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The configuration; --print-config shows a preset's.
    #[arg(value_name = "CONFIG", required_unless_present = "preset")]
    config: Option<PathBuf>,
    /// A recipe of the paper, or its miniature.
    #[arg(long, value_name = "NAME", conflicts_with = "config", value_parser = PossibleValuesParser::new(presets::DETECTORS))]
    preset: Option<String>,
    /// The classifier whose body becomes the backbone, in place of the configuration's weights: a
    /// run's folder or a file.
    #[arg(long, value_name = "RUN")]
    classifier: Option<PathBuf>,
    #[command(flatten)]
    training: TrainingArguments,
}

fn main() -> ExitCode {
    wardrobe::kernels::host::prepare();
    let arguments = Arguments::parse();
    let done = recipe(&arguments)
        .and_then(|recipe| carry_out(&recipe, &arguments.training, DetectorRecipe::train));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn recipe(arguments: &Arguments) -> anyhow::Result<DetectorRecipe> {
    let mut recipe = match (&arguments.config, &arguments.preset) {
        (Some(path), _) => DetectorRecipe::from_file(path)?,
        (None, name) => presets::detector(name.as_deref().unwrap_or_default())?,
    };
    if let Some(run) = &arguments.classifier {
        recipe.weights = vec![StartWeights::Classifier(run.clone())];
    }
    if let Some(seed) = arguments.training.seed {
        recipe.training.seed = seed;
    }
    Ok(recipe)
}
