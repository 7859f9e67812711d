//! Paper A in miniature on drawn pictures, from nothing to its tables, in minutes.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use wardrobe::BackendKind;
use wardrobe::recipes::quickstart::Quickstart;
use wardrobe_examples::arguments::in_words;
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
    /// Another seed is another quickstart: give it another folder. The pictures stay the same.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// flex, tch, tch-cuda, wgpu, vulkan or metal, where compiled in.
    #[arg(long, value_name = "NAME", default_value = "flex")]
    backend: BackendKind,
    /// Prints everything it would do as JSON, and ends.
    #[arg(long)]
    print_config: bool,
    /// Does what a JSON file says instead; --print-config shows how.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

fn main() -> ExitCode {
    wardrobe::kernels::host_memory::keep_freed();
    match run(&Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let quickstart = match &arguments.config {
        Some(path) => Quickstart::from_file(path)?,
        None => Quickstart::default(),
    };
    let quickstart = quickstart.with_seed(arguments.seed);
    if arguments.print_config {
        println!("{}", serde_json::to_string_pretty(&quickstart)?);
        return Ok(ExitCode::SUCCESS);
    }
    let device = arguments.backend.device()?;
    let mut show = Show::new()?;
    let finished = quickstart.run(&device, &arguments.out, &mut show)?;
    show.finish(finished.as_ref());
    Ok(match finished {
        Some(_) => ExitCode::SUCCESS,
        None => ExitCode::from(EXIT_STATUS),
    })
}
