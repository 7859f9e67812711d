//! Where the pictures are that an annotation file names.

use std::path::{Path, PathBuf};

use super::detect::{Part, folder_of};
use super::error::OpenError;
use crate::formats::Loaded;
use crate::sample::{DataSet, Split};

/// Pictures looked for in a folder: one that is missing must not decide.
const TRIED: usize = 8;

/// Sets the root of a COCO set to the first folder that has one of its first pictures.
pub(super) fn found(
    mut loaded: Loaded<DataSet>,
    part: &Part,
    given: Option<&Path>,
) -> Result<Loaded<DataSet>, OpenError> {
    let set = &mut loaded.value;
    if let Some(given) = given {
        set.root = given.to_path_buf();
        return Ok(loaded);
    }
    let looked_in = around(part);
    let names = set.records.iter().take(TRIED);
    let has = |folder: &&PathBuf| {
        names
            .clone()
            .any(|record| folder.join(&record.image.path).is_file())
    };
    let root = looked_in.iter().find(has).cloned();
    match (root, set.records.first()) {
        (Some(root), _) => set.root = root,
        (None, None) => set.root = folder_of(&part.path),
        (None, Some(first)) => {
            return Err(OpenError::NoPictures {
                annotations: part.path.clone(),
                picture: first.image.path.clone(),
                looked_in,
            });
        }
    }
    Ok(loaded)
}

/// The folders in which the data sets and their mirrors keep pictures: `train2017` for
/// `instances_train2017.json`, with and without `images` above, beside the file or beside
/// `annotations`. Fashionpedia's validation pictures are in `test`.
fn around(part: &Part) -> Vec<PathBuf> {
    let own = folder_of(&part.path);
    let mut bases = vec![own.clone()];
    let name = own.file_name().unwrap_or_default();
    if name.eq_ignore_ascii_case("annotations") {
        bases.insert(0, folder_of(&own));
    }
    let stem = part.path.file_stem().unwrap_or_default().to_string_lossy();
    let mut names: Vec<String> = Vec::new();
    if let Some(last) = stem.rsplit('_').next() {
        names.push(last.to_owned());
        names.push(
            last.trim_end_matches(|c: char| c.is_ascii_digit())
                .to_owned(),
        );
    }
    names.extend(
        match part.split {
            Some(Split::Train) => &["train"][..],
            Some(Split::Validation) => &["val", "validation", "test"],
            Some(Split::Test) => &["test"],
            None => &[],
        }
        .iter()
        .map(ToString::to_string),
    );
    let mut folders = Vec::new();
    for base in &bases {
        for name in &names {
            folders.push(base.join(name));
            folders.push(base.join("images").join(name));
        }
        folders.push(base.join("images"));
        folders.push(base.clone());
    }
    let mut seen = std::collections::HashSet::new();
    folders.retain(|folder| seen.insert(folder.clone()));
    folders
}

/// The folder that FashionAI's paths (`Images/…`) start from: the one with `Images` in it, of those the
/// file is in; otherwise the one above `Annotations` and `Tests`.
pub(super) fn fashionai_root(file: &Path) -> PathBuf {
    let own = folder_of(file);
    let name = own.file_name().unwrap_or_default().to_owned();
    if own.join("Images").is_dir() || !(name == "Annotations" || name == "Tests") {
        return own;
    }
    folder_of(&own)
}
