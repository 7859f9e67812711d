//! DeepFashion to paper A's three subsets: deepfashionkid, deepfashionVoc and deepfashionMask.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, ValueEnum};
use wardrobe::datasets::formats::{self, Losses, Mode, Skipped, deepfashion};
use wardrobe::datasets::subsets::{
    Arrangement, PictureCheck, Placement, SelectOptions, SubsetSpec, place, select,
};
use wardrobe::datasets::{DataSet, DecodeLimits};
use wardrobe_examples::arguments::in_words;

/// Draws balanced subsets of DeepFashion, Category and Attribute Prediction.
///
/// Writes OUT/deepfashionkid (train and validation folders by category, and DeepFashion's lists),
/// OUT/deepfashionVoc (Pascal VOC) and OUT/deepfashionMask (train and validation folders of labelme files with
/// a rectangle to start from: DeepFashion has no outlines), each with a manifest.json of checksums. The latter two are drawn from the first. The
/// same seed draws the same pictures everywhere.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The folder with Anno_coarse (or Anno), Eval and Img.
    #[arg(value_name = "DEEPFASHION")]
    source: PathBuf,
    /// Where the subsets go; they must not be there yet.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Categories, divided by commas; paper A's twenty if left out.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    categories: Vec<String>,
    /// Training pictures of each category in deepfashionkid.
    #[arg(long, default_value_t = SubsetSpec::deepfashionkid(0).train)]
    train: usize,
    /// Validation pictures of each category in deepfashionkid.
    #[arg(long, default_value_t = SubsetSpec::deepfashionkid(0).validation)]
    validation: usize,
    /// Training pictures of each category in the other two.
    #[arg(long, default_value_t = SubsetSpec::deepfashion_voc(0).train)]
    detection_train: usize,
    /// Validation pictures of each category in the other two.
    #[arg(long, default_value_t = SubsetSpec::deepfashion_voc(0).validation)]
    detection_validation: usize,
    /// How pictures get there.
    #[arg(long, value_enum, default_value_t = Files::Copy)]
    files: Files,
    /// Reports lines and pictures that cannot be used, and goes on without them.
    #[arg(long)]
    skip_bad: bool,
    /// Decides which pictures are drawn.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Files {
    Copy,
    HardLink,
    SymbolicLink,
}

fn main() -> ExitCode {
    match build(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", in_words(&error));
            ExitCode::FAILURE
        }
    }
}

fn build(arguments: &Arguments) -> anyhow::Result<()> {
    let mode = if arguments.skip_bad {
        Mode::Lenient
    } else {
        Mode::Strict
    };
    let read = deepfashion::read(&arguments.source, mode)
        .context("to go on without lines that cannot be used, add --skip-bad")?;
    report(&read.loaded.skipped);
    for list in &read.absent {
        eprintln!(
            "{}: is missing; none of what it says is used",
            list.file_name()
        );
    }
    for (list, count) in &read.case_mismatches {
        eprintln!(
            "{}: {count} paths differ from the category list in case only",
            list.file_name()
        );
    }
    let with = |preset: SubsetSpec, train, validation| {
        let mut spec = SubsetSpec {
            train,
            validation,
            ..preset
        };
        if !arguments.categories.is_empty() {
            spec.categories.clone_from(&arguments.categories);
        }
        spec
    };
    let (train, validation) = (arguments.detection_train, arguments.detection_validation);
    let seed = arguments.seed;
    let kid = with(
        SubsetSpec::deepfashionkid(seed),
        arguments.train,
        arguments.validation,
    );
    let voc = with(SubsetSpec::deepfashion_voc(seed), train, validation);
    let mask = with(SubsetSpec::deepfashion_mask(seed), train, validation);

    let drawn = subset(
        arguments,
        &read.loaded.value,
        &kid,
        &Arrangement::FolderPerCategory,
        |data, folder| Ok(deepfashion::write(data, folder)?),
    )?;
    let pictures = Arrangement::Together("JPEGImages".into());
    subset(arguments, &drawn, &voc, &pictures, |data, folder| {
        Ok(formats::voc::write(data, folder)?)
    })?;
    let pictures = Arrangement::FolderPerPart;
    subset(arguments, &drawn, &mask, &pictures, |data, folder| {
        Ok(formats::labelme::write(data, folder)?)
    })?;
    Ok(())
}

/// Draws a subset and writes its folder; gives what was drawn, with the source's paths.
fn subset(
    arguments: &Arguments,
    data: &DataSet,
    spec: &SubsetSpec,
    arrangement: &Arrangement,
    annotate: impl FnOnce(&DataSet, &Path) -> anyhow::Result<Losses>,
) -> anyhow::Result<DataSet> {
    let limits = DecodeLimits::default();
    let options = SelectOptions {
        mode: if arguments.skip_bad {
            Mode::Lenient
        } else {
            Mode::Strict
        },
        check: PictureCheck::Decode,
        limits,
    };
    let selection = select(data, spec, &options)?;
    report(&selection.skipped);
    let placement = match arguments.files {
        Files::Copy => Placement::Copy,
        Files::HardLink => Placement::HardLink,
        Files::SymbolicLink => Placement::SymbolicLink,
    };
    let target = arguments.out.join(&spec.name);
    let placed = place(&selection, spec, &target, placement, arrangement, &limits)?;
    let losses = annotate(&placed.data, &placed.data.root)?;
    let (_, manifest) = placed.finish()?;
    println!(
        "{}: {} pictures of {} categories; of the annotations {losses}",
        target.display(),
        manifest.pictures.len(),
        manifest.categories.len()
    );
    Ok(selection.data)
}

fn report(skipped: &Skipped) {
    for finding in skipped.first() {
        eprintln!("{finding}");
    }
    if skipped.count() > skipped.first().len() {
        eprintln!("… and {} more", skipped.count() - skipped.first().len());
    }
}
