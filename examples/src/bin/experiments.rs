//! Paper A's claims in miniature: several ways of training, over several seeds, compared.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use wardrobe::recipes::experiments::{Experiments, Finished, Notice};
use wardrobe::recipes::{Listener, Notice as RunNotice};
use wardrobe::training::Flow;
use wardrobe_examples::arguments::{ConfigArguments, in_words};
use wardrobe_examples::interrupt::EXIT_STATUS;
use wardrobe_examples::training::Watch;

/// Trains every member with every seed and says which claims hold.
///
/// Ctrl-C stops after the step in hand; the same command then goes on, with the same result.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder of runs and page.
    #[arg(long, value_name = "DIR", default_value = "runs/experiments")]
    out: PathBuf,
    /// The seeds, with commas between [default: the configuration's].
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    seeds: Vec<u64>,
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
    let mut experiments = match &arguments.configured.config {
        Some(path) => Experiments::from_file(path)?,
        None => Experiments::default(),
    };
    if !arguments.seeds.is_empty() {
        experiments.seeds.clone_from(&arguments.seeds);
    }
    if arguments.configured.print_config {
        println!("{}", serde_json::to_string_pretty(&experiments)?);
        return Ok(ExitCode::SUCCESS);
    }
    let device = arguments.configured.backend.device()?;
    let mut watch = Watch::new()?;
    let finished = experiments.run(&device, &arguments.out, &mut |notice| {
        show(notice, &mut watch)
    })?;
    Ok(if let Some(finished) = finished {
        print(&finished);
        ExitCode::SUCCESS
    } else {
        println!("stopped; the same command goes on");
        ExitCode::from(EXIT_STATUS)
    })
}

fn show(notice: Notice<'_>, watch: &mut Watch) -> Flow {
    match notice {
        Notice::Member { seed, member } => println!("seed {seed}, {}", member.name),
        // A run that is done already has nothing to tell.
        Notice::Training(RunNotice::Begun { resumed: true, .. }) => {}
        Notice::Training(notice) => return watch.hear(notice),
        Notice::Scoring {
            seed,
            reading,
            done: 1,
        } => println!("scoring seed {seed}, {}", reading.title()),
        _ => {}
    }
    watch.flow()
}

fn print(finished: &Finished) {
    for table in finished.tables() {
        println!("\n{table}");
    }
    println!("report: {}", finished.report.display());
}
