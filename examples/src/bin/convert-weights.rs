//! Weights from `.pth`, `.pt` or `.safetensors` to `.safetensors` under torchvision's names of
//! today.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::Parser;
use wardrobe::backbones::weights::LoadOptions;
use wardrobe::{Architecture, BackendKind, Detector, DetectorOptions, Suppression};
use wardrobe_examples::arguments::{NetworkArguments, in_words, with_remedy};
use wardrobe_examples::published::weights_at;

/// Converts a detector's weights to .safetensors.
///
/// Reads torchvision's names, old and new, and writes those of torchvision 0.24, which are also
/// wardrobe's. Strict: the file must hold exactly the architecture's tensors, all finite; every
/// difference is listed and nothing is written.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(flatten)]
    network: NetworkArguments,
    /// The weights lie below this key of the file, as `model` in a training checkpoint.
    #[arg(long, value_name = "KEY")]
    top_level: Option<String>,
    /// Tensors that may stand in the file without being used; `*` is any run of characters. Can be
    /// given more than once.
    #[arg(long, value_name = "PATTERN")]
    ignore: Vec<String>,
    /// The architecture has an IoU head, which IoU-guided suppression needs.
    #[arg(long)]
    iou_head: bool,
    /// The file to read: .pth, .pt or .safetensors.
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// The file to write: .safetensors.
    #[arg(value_name = "OUT")]
    output: PathBuf,
}

fn main() -> ExitCode {
    match convert(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn convert(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments {
        network,
        top_level,
        ignore,
        iou_head,
        input,
        output,
    } = arguments;
    if !output
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"))
    {
        bail!(
            "{}: only .safetensors can be written; give the output that ending",
            output.display()
        );
    }
    let device = first_device()?;
    let mut options = LoadOptions::strict().ignoring(ignore);
    if let Some(key) = top_level {
        options = options.with_top_level(key);
    }
    let classes = network.class_count();
    let suppression = if *iou_head {
        Suppression::IouGuided
    } else {
        Suppression::Standard
    };
    let settings = DetectorOptions {
        suppression,
        ..DetectorOptions::new(classes)
    };
    let fresh = Detector::new(network.arch, &settings, &device).map_err(with_remedy)?;
    let (detector, loaded) = fresh
        .with_weights(&weights_at(input)?, &options, classes)
        .map_err(with_remedy)?;
    detector.save(output)?;
    println!(
        "{}: {} tensors written, {} of the file ignored",
        output.display(),
        loaded.taken.len(),
        loaded.surplus.len()
    );
    if matches!(
        network.arch,
        Architecture::MaskRcnnResnet50Fpn | Architecture::FasterRcnnResnet50Fpn
    ) {
        println!(
            "If the file is torchvision's COCO_V1 or was fine-tuned from it, detect needs --norm-epsilon 0 with the new file."
        );
    }
    Ok(())
}

/// Conversion computes nothing, so any backend will do.
fn first_device() -> anyhow::Result<wardrobe::Device> {
    let kind = BackendKind::ALL.into_iter().find(|kind| kind.is_compiled());
    match kind {
        Some(kind) => Ok(kind.device()?),
        None => bail!("this program was built without a backend: rebuild with `--features flex`"),
    }
}
