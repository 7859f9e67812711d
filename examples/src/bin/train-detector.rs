//! Trains a detector as one JSON file, or a preset, says.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use wardrobe::recipes::detection::DetectorRecipe;
use wardrobe::recipes::{StartWeights, presets};
use wardrobe_examples::arguments::in_words;
use wardrobe_examples::training::{TrainingArguments, Watch, conclude};

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
    wardrobe::kernels::host_memory::keep_freed();
    match train(&Arguments::parse()) {
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

fn train(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let recipe = recipe(arguments)?;
    if arguments.training.print_config {
        println!("{}", serde_json::to_string_pretty(&recipe)?);
        return Ok(ExitCode::SUCCESS);
    }
    let devices = arguments.training.devices()?;
    let folder = arguments.training.folder()?;
    let outcome = recipe.train(
        &devices,
        folder,
        arguments.training.begin(),
        &mut Watch::new()?,
    )?;
    Ok(conclude(&outcome))
}
