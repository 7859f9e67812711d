//! Paper A in miniature on drawn pictures, from nothing to its tables, in minutes.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use wardrobe::recipes::quickstart::Quickstart;
use wardrobe_examples::arguments::{ConfigArguments, in_words};
use wardrobe_examples::interrupt::EXIT_STATUS;
use wardrobe_examples::quickstart::Show;

/// Draws a wardrobe, trains clothNet, Faster R-CNN and Mask R-CNN with and without it, and compares
/// them with the paper.
///
/// Ctrl-C stops after the step in hand; the same command then goes on, with the same result.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder of runs and page.
    #[arg(long, value_name = "DIR", default_value = "runs/quickstart")]
    out: PathBuf,
    /// Another seed is another quickstart: give it another folder. The pictures stay the same [default: the
    /// configuration's].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    configured: ConfigArguments,
}

fn main() -> ExitCode {
    wardrobe::kernels::host::prepare();
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut quickstart = match &arguments.configured.config {
        Some(path) => Quickstart::from_file(path)?,
        None => Quickstart::default(),
    };
    if let Some(seed) = arguments.seed {
        quickstart = quickstart.with_seed(seed);
    }
    if arguments.configured.print_config {
        println!("{}", serde_json::to_string_pretty(&quickstart)?);
        return Ok(ExitCode::SUCCESS);
    }
    let device = arguments.configured.backend.device()?;
    let mut show = Show::new()?;
    let finished = quickstart.run(&device, &arguments.out, &mut |notice| show.hear(notice))?;
    show.finish(finished.as_ref());
    Ok(match finished {
        Some(_) => ExitCode::SUCCESS,
        None => ExitCode::from(EXIT_STATUS),
    })
}
