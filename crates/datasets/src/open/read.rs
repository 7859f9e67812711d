//! What was found, read by its format's reader, and the parts put together.

use std::path::Path;

use super::detect::{Part, split_of_folder};
use super::error::OpenError;
use super::{Found, OpenOptions, Opened, merge, pictures};
use crate::formats::{
    Format, FormatError, Loaded, Mode, coco, deepfashion, deepfashion2, fashionai, fashionpedia,
    labelme, lip, voc,
};
use crate::sample::{DataSet, Split};

pub(super) fn read(
    path: &Path,
    mut found: Found,
    options: &OpenOptions,
) -> Result<Opened, OpenError> {
    let mode = options.mode;
    if let Some(wanted) = options.split {
        let others = |part: &Part| part.split.is_some_and(|split| split != wanted);
        if !found.parts.is_empty() && found.parts.iter().all(others) {
            let there = found.parts.iter().filter_map(|part| part.split);
            return Err(no_such_split(path, wanted, there));
        }
        found.parts.retain(|part| !others(part));
    }
    let folder = &found.folder;
    let Loaded { value, skipped } = match found.format {
        Format::DeepFashion => deepfashion::read(folder, mode)?.loaded,
        Format::DeepFashionFine => deepfashion::fine::read(folder, mode)?,
        Format::Voc => voc::read(folder, mode)?,
        Format::Lip => lip::read(folder, mode)?,
        Format::Labelme => {
            let mut loaded = labelme::read(folder, mode)?;
            name_splits(&mut loaded.value);
            loaded
        }
        Format::DeepFashion2
        | Format::FashionAi
        | Format::CocoInstances
        | Format::CocoKeypoints
        | Format::Fashionpedia => merge::merge(&found, |part| {
            let mut loaded = read_part(&found, part, options)?;
            for record in &mut loaded.value.records {
                record.split = part.split;
            }
            Ok(loaded)
        })?,
    };
    let mut set = value;
    if let Some(wanted) = options.split {
        keep(path, &mut set, wanted)?;
    }
    Ok(Opened {
        set,
        found,
        skipped,
    })
}

fn read_part(
    found: &Found,
    part: &Part,
    options: &OpenOptions,
) -> Result<Loaded<DataSet>, OpenError> {
    let (file, mode) = (part.path.as_path(), options.mode);
    let loaded = match found.format {
        Format::DeepFashion2 => deepfashion2::read(file, mode)?,
        Format::FashionAi => fashionai_part(part, mode)?,
        Format::Fashionpedia => pictures::found(
            fashionpedia::read(file, file, mode)?,
            part,
            options.pictures.as_deref(),
        )?,
        _ => pictures::found(
            coco::read(file, file, mode)?,
            part,
            options.pictures.as_deref(),
        )?,
    };
    Ok(loaded)
}

fn fashionai_part(part: &Part, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    let root = pictures::fashionai_root(&part.path);
    if part.questions {
        let Loaded { value, skipped } = fashionai::read_questions(&part.path, mode)?;
        let mut set = fashionai::questions_as_set(&value);
        set.root = root;
        return Ok(Loaded {
            value: set,
            skipped,
        });
    }
    fashionai::read_labels(&part.path, Some(&root), mode)
}

/// labelme's parts are folders, where they are named as such.
fn name_splits(set: &mut DataSet) {
    let whole = split_of_folder(&set.root);
    for record in &mut set.records {
        let first = record.image.path.split_once('/').map(|(first, _)| first);
        record.split = first
            .and_then(|first| split_of_folder(Path::new(first)))
            .or(whole);
    }
}

fn keep(path: &Path, set: &mut DataSet, wanted: Split) -> Result<(), OpenError> {
    if set.of_split(wanted).next().is_none() {
        return Err(no_such_split(path, wanted, set.splits().into_iter()));
    }
    set.keep_split(wanted);
    Ok(())
}

fn no_such_split(path: &Path, split: Split, there: impl Iterator<Item = Split>) -> OpenError {
    let mut there: Vec<Split> = there.collect();
    there.sort_unstable();
    there.dedup();
    OpenError::NoSuchSplit {
        path: path.to_path_buf(),
        split,
        there,
    }
}
