//! DeepFashion to paper A's three subsets: deepfashionkid, deepfashionVoc and deepfashionMask.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::{Parser, ValueEnum};
use wardrobe::datasets::formats::{self, Losses, Mode, Skipped, deepfashion};
use wardrobe::datasets::subsets::{
    Arrangement, PictureCheck, Placed, Placement, SelectOptions, Selection, SubsetError,
    SubsetSpec, place, select,
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
    /// Training pictures of each category in the other two, drawn from those of deepfashionkid.
    #[arg(long, default_value_t = SubsetSpec::deepfashion_voc(0).train)]
    detection_train: usize,
    /// Validation pictures of each category in the other two, drawn from those of deepfashionkid.
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

impl Arguments {
    const fn mode(&self) -> Mode {
        if self.skip_bad {
            Mode::Lenient
        } else {
            Mode::Strict
        }
    }

    /// deepfashionkid, deepfashionVoc and deepfashionMask.
    fn specs(&self) -> [SubsetSpec; 3] {
        let with = |preset: SubsetSpec, train, validation| {
            let mut spec = SubsetSpec {
                train,
                validation,
                ..preset
            };
            if !self.categories.is_empty() {
                spec.categories.clone_from(&self.categories);
            }
            spec
        };
        let (train, validation) = (self.detection_train, self.detection_validation);
        let seed = self.seed;
        [
            with(
                SubsetSpec::deepfashionkid(seed),
                self.train,
                self.validation,
            ),
            with(SubsetSpec::deepfashion_voc(seed), train, validation),
            with(SubsetSpec::deepfashion_mask(seed), train, validation),
        ]
    }

    fn target(&self, spec: &SubsetSpec) -> PathBuf {
        self.out.join(&spec.name)
    }

    /// What can be told before anything is read.
    fn check(&self, specs: &[SubsetSpec]) -> anyhow::Result<()> {
        let parts = [
            ("train", self.detection_train, self.train),
            ("validation", self.detection_validation, self.validation),
        ];
        for (part, asked, there) in parts {
            if asked > there {
                bail!(
                    "--detection-{part}: {asked} pictures of each category cannot be drawn from deepfashionkid's {there} (--{part}); ask for at most {there}, or for more in deepfashionkid"
                );
            }
        }
        for spec in specs {
            spec.check()?;
            let path = self.target(spec);
            if path.symlink_metadata().is_ok() {
                return Err(SubsetError::TargetExists { path }).context("--out");
            }
        }
        Ok(())
    }
}

fn build(arguments: &Arguments) -> anyhow::Result<()> {
    let specs = arguments.specs();
    arguments.check(&specs)?;
    let read = deepfashion::read(&arguments.source, arguments.mode())
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

    // Nothing is copied before all three are drawn, and none has its name before all three lie there.
    let [kid, voc, mask] = &specs;
    let of_kid = draw(arguments, &read.loaded.value, kid, "--train, --validation")?;
    let flags = "--detection-train, --detection-validation";
    let of_voc = draw(arguments, &of_kid.data, voc, flags)?;
    let of_mask = draw(arguments, &of_kid.data, mask, flags)?;
    let written = [
        write(
            arguments,
            &of_kid,
            kid,
            &Arrangement::FolderPerCategory,
            |data, folder| Ok(deepfashion::write(data, folder)?),
        )?,
        write(
            arguments,
            &of_voc,
            voc,
            &Arrangement::Together("JPEGImages".into()),
            |data, folder| Ok(formats::voc::write(data, folder)?),
        )?,
        write(
            arguments,
            &of_mask,
            mask,
            &Arrangement::FolderPerPart,
            |data, folder| Ok(formats::labelme::write(data, folder)?),
        )?,
    ];
    for (spec, (placed, losses)) in specs.iter().zip(written) {
        let (_, manifest) = placed.finish()?;
        println!(
            "{}: {} pictures of {} categories; of the annotations {losses}",
            arguments.target(spec).display(),
            manifest.pictures.len(),
            manifest.categories.len()
        );
    }
    Ok(())
}

/// Draws a subset, with the source's paths; `flags` say how many pictures it has.
fn draw(
    arguments: &Arguments,
    data: &DataSet,
    spec: &SubsetSpec,
    flags: &str,
) -> anyhow::Result<Selection> {
    let options = SelectOptions {
        mode: arguments.mode(),
        check: PictureCheck::Decode,
        limits: DecodeLimits::default(),
    };
    let selection = select(data, spec, &options).map_err(|error| match &error {
        SubsetError::TooFew { .. } => anyhow!("{} ({flags}): {error}", spec.name),
        _ => error.into(),
    })?;
    report(&selection.skipped);
    Ok(selection)
}

/// Writes a subset's folder, which has not its name yet.
fn write(
    arguments: &Arguments,
    selection: &Selection,
    spec: &SubsetSpec,
    arrangement: &Arrangement,
    annotate: impl FnOnce(&DataSet, &Path) -> anyhow::Result<Losses>,
) -> anyhow::Result<(Placed, Losses)> {
    let placement = match arguments.files {
        Files::Copy => Placement::Copy,
        Files::HardLink => Placement::HardLink,
        Files::SymbolicLink => Placement::SymbolicLink,
    };
    let (target, limits) = (arguments.target(spec), DecodeLimits::default());
    let placed = place(selection, spec, &target, placement, arrangement, &limits)?;
    let losses = annotate(&placed.data, &placed.data.root)?;
    Ok((placed, losses))
}

fn report(skipped: &Skipped) {
    for finding in skipped.first() {
        eprintln!("{finding}");
    }
    if skipped.count() > skipped.first().len() {
        eprintln!("… and {} more", skipped.count() - skipped.first().len());
    }
}
