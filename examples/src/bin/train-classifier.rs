//! Trains a classifier as one JSON file, or a preset, says.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use wardrobe::recipes::classification::ClassifierRecipe;
use wardrobe::recipes::presets;
use wardrobe_examples::arguments::in_words;
use wardrobe_examples::training::{TrainingArguments, carry_out};

/// Trains clothNet, whose body can become a detector's backbone.
///
/// Ctrl-C stops after the step in hand; --resume then goes on, with the same result.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The configuration; --print-config shows a preset's.
    #[arg(value_name = "CONFIG", required_unless_present = "preset")]
    config: Option<PathBuf>,
    /// A recipe of the paper, or its miniature.
    #[arg(long, value_name = "NAME", conflicts_with = "config", value_parser = PossibleValuesParser::new(presets::CLASSIFIERS))]
    preset: Option<String>,
    #[command(flatten)]
    training: TrainingArguments,
}

fn main() -> ExitCode {
    wardrobe::kernels::host::prepare();
    let arguments = Arguments::parse();
    let done = recipe(&arguments)
        .and_then(|recipe| carry_out(&recipe, &arguments.training, ClassifierRecipe::train));
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn recipe(arguments: &Arguments) -> anyhow::Result<ClassifierRecipe> {
    let mut recipe = match (&arguments.config, &arguments.preset) {
        (Some(path), _) => ClassifierRecipe::from_file(path)?,
        (None, name) => presets::classifier(name.as_deref().unwrap_or_default())?,
    };
    if let Some(seed) = arguments.training.seed {
        recipe.training.seed = seed;
    }
    Ok(recipe)
}
