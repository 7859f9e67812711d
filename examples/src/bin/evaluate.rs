//! Scores a checkpoint on data of any format: COCO's metrics and the paper's.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use wardrobe::DetectorOptions;
use wardrobe_examples::arguments::{BackendArguments, NetworkArguments, in_words};
use wardrobe_examples::evaluation::{self, DataArguments, OutputArguments, Weights};
use wardrobe_examples::interrupt::EXIT_STATUS;
use wardrobe_examples::published::weights_at;

/// Scores a detector or classifier.
///
/// Give a run's folder, or an architecture and torchvision's weights.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder of a run.
    // Whatever describes torchvision's weights has to stand here: clap waives `requires = "weights"` of a flag where --run,
    // which --weights conflicts with, is given.
    #[arg(
        long,
        value_name = "RUN",
        conflicts_with_all = [
            "arch", "num_classes", "weights", "classes", "min_size", "max_size", "norm_epsilon",
        ]
    )]
    run: Option<PathBuf>,
    /// A checkpoint of the run, such as RUN/checkpoints/best.safetensors, in place of what it left at its end; the run may still
    /// be under way.
    #[arg(
        long,
        value_name = "FILE",
        requires = "run",
        conflicts_with = "weights"
    )]
    checkpoint: Option<PathBuf>,
    #[command(flatten)]
    network: Option<NetworkArguments>,
    /// Weights under torchvision's names: .safetensors, .pth or .pt.
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "run",
        requires = "arch"
    )]
    weights: Option<PathBuf>,
    /// Names of the classes, one a line, without the background.
    #[arg(long, value_name = "FILE")]
    classes: Option<PathBuf>,
    /// Length of a picture's short side inside the network of --arch.
    #[arg(long, value_name = "PIXELS", default_value_t = 800)]
    min_size: usize,
    /// Largest length of its long side.
    #[arg(long, value_name = "PIXELS", default_value_t = 1333)]
    max_size: usize,
    /// ε of the backbone's batch norms [default: 0 for torchvision's released COCO_V1 files, told
    /// by checksum, else 1e-5].
    #[arg(long, value_name = "E")]
    norm_epsilon: Option<f64>,
    #[command(flatten)]
    data: DataArguments,
    #[command(flatten)]
    outputs: OutputArguments,
    #[command(flatten)]
    backend: BackendArguments,
}

fn main() -> ExitCode {
    wardrobe::kernels::host::prepare();
    match evaluate(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            println!("stopped; nothing was written");
            ExitCode::from(EXIT_STATUS)
        }
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn evaluate(arguments: &Arguments) -> anyhow::Result<bool> {
    arguments.outputs.check()?;
    let device = arguments.backend.device()?;
    if let Some(folder) = &arguments.run {
        let checkpoint = arguments.checkpoint.as_deref();
        return evaluation::run(
            folder,
            checkpoint,
            &device,
            &arguments.data,
            &arguments.outputs,
        );
    }
    let (Some(network), Some(path)) = (&arguments.network, &arguments.weights) else {
        anyhow::bail!("give --run, or --arch and --weights");
    };
    let path = weights_at(path)?;
    let names = network.names(arguments.classes.as_deref())?;
    let weights = Weights {
        architecture: network.arch,
        path: &path,
        names: &names,
        options: DetectorOptions {
            min_size: arguments.min_size,
            max_size: arguments.max_size,
            norm_epsilon: arguments.norm_epsilon,
            ..DetectorOptions::new(names.num_classes())
        },
    };
    let checkpoint = evaluation::load(&weights, &device)?;
    evaluation::detector(&checkpoint, &arguments.data, &arguments.outputs)
}
