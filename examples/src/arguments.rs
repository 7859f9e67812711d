//! Arguments that several programs have.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use wardrobe::datasets::CategoryNames;
use wardrobe::{Architecture, BackendKind, DetectorError, Device};

/// Classes of the COCO weights, background included.
const COCO_CLASSES: usize = 91;

/// Which network.
#[derive(Debug, Clone, Args)]
pub struct NetworkArguments {
    /// The detector's architecture.
    #[arg(long, value_name = "NAME", value_parser = architecture_parser())]
    pub arch: Architecture,
    /// Classes of the weights, the background included [default: 91, COCO's, or one more than
    /// --classes names].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    pub num_classes: Option<u32>,
}

fn architecture_parser() -> impl clap::builder::TypedValueParser<Value = Architecture> {
    use clap::builder::{PossibleValuesParser, TypedValueParser};
    PossibleValuesParser::new(Architecture::ALL.map(Architecture::name))
        .try_map(|name| name.parse::<Architecture>())
}

impl NetworkArguments {
    /// The class count, background included.
    pub fn class_count(&self) -> usize {
        self.num_classes
            .map_or(COCO_CLASSES, |count| count as usize)
    }

    /// The names of the classes: those of the file, COCO's for 91 classes, `class_1` … otherwise.
    ///
    /// # Errors
    /// When the file is no list of names, or names another number of classes than `--num-classes`.
    pub fn names(&self, classes: Option<&Path>) -> anyhow::Result<CategoryNames> {
        let Some(path) = classes else {
            return Ok(CategoryNames::for_count(self.class_count()));
        };
        let names = CategoryNames::read(path)?;
        if let Some(count) = self.num_classes
            && count as usize != names.num_classes()
        {
            bail!(
                "{}: names {} classes, which makes {} with the background, but --num-classes is {count}; leave --num-classes out",
                path.display(),
                names.num_classes() - 1,
                names.num_classes()
            );
        }
        Ok(names)
    }
}

/// Where it runs.
#[derive(Debug, Clone, Args)]
pub struct BackendArguments {
    /// flex, tch, tch-cuda, wgpu, vulkan or metal, where compiled in.
    #[arg(long, value_name = "NAME", default_value = "flex")]
    pub backend: BackendKind,
    /// Seed of the backend's random numbers. Detection draws none.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

impl BackendArguments {
    /// The seeded device.
    ///
    /// # Errors
    /// When the backend is not compiled in or the machine has no such device.
    pub fn device(&self) -> anyhow::Result<Device> {
        let device = self.backend.device()?;
        device.seed(self.seed);
        Ok(device)
    }
}

/// What a program that does everything from one configuration takes.
#[derive(Debug, Clone, Args)]
pub struct ConfigArguments {
    /// flex, tch, tch-cuda, wgpu, vulkan or metal, where compiled in.
    #[arg(long, value_name = "NAME", default_value = "flex")]
    pub backend: BackendKind,
    /// Prints everything it would do as JSON, and ends.
    #[arg(long)]
    pub print_config: bool,
    /// Does what a JSON file says instead; --print-config shows how.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// An error and its causes in one line, each said once: many errors quote their cause.
pub fn in_words(error: &anyhow::Error) -> String {
    let mut words = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !words.contains(&cause) {
            if !words.is_empty() {
                words.push_str(": ");
            }
            words.push_str(&cause);
        }
    }
    words
}

/// A detector's error with the flag that helps.
pub fn with_remedy(error: DetectorError) -> anyhow::Error {
    let remedy = match &error {
        DetectorError::ClassCount { found, .. } => Some(format!(
            "pass --num-classes {found} (the background counts)"
        )),
        DetectorError::NoIouHead { .. } => Some("pass --nms standard".to_owned()),
        _ => None,
    };
    match remedy {
        Some(remedy) => anyhow!("{error}: {remedy}"),
        None => error.into(),
    }
}

/// A picture's error with the ways out.
pub fn with_ways_out(error: &dyn Display) -> anyhow::Error {
    anyhow!(
        "{error}\nLeave the picture out, or pass --skip-bad to go on without bad pictures. No list of results \
         was written; drawings, if any, are of the pictures before it."
    )
}

/// Creates a folder and those above it.
///
/// # Errors
/// When the system refuses; the message names the folder.
pub fn create_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path)
        .with_context(|| format!("{}: the folder cannot be made", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_cause_is_said_once() {
        let cause = std::io::Error::other("disk full");
        let quoting = anyhow!(cause)
            .context("a.json: disk full")
            .context("saving");
        assert_eq!(in_words(&quoting), "saving: a.json: disk full");
    }
}
