//! Which of the data sets found are parts of one.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::folder::own_name;
use super::Found;
use crate::formats::Format;
use crate::sample::Split;

/// One data set if each of its parts says another of train, validation and test; otherwise a data set
/// for each part.
pub(super) fn by_split(found: Found) -> Vec<Found> {
    let splits: BTreeSet<Split> = found.parts.iter().filter_map(|part| part.split).collect();
    if found.parts.len() <= 1 || splits.len() == found.parts.len() {
        return vec![found];
    }
    let Found {
        format,
        folder,
        parts,
    } = found;
    parts
        .into_iter()
        .map(|part| Found {
            format,
            folder: folder.clone(),
            parts: vec![part],
        })
        .collect()
}

/// Folders of one labelme data set, which may be divided as one likes, and the parts of DeepFashion2,
/// become one.
pub(super) fn joined(path: &Path, found: Vec<Found>) -> Vec<Found> {
    let (mut labelme, found): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|found| found.format == Format::Labelme);
    let (parts, mut found): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|found| found.format == Format::DeepFashion2);
    if labelme.len() > 1 {
        labelme = vec![Found::whole(Format::Labelme, path)];
    }
    found.append(&mut labelme);
    let folders: BTreeSet<_> = parts.iter().map(|part| part.folder.parent()).collect();
    if parts.len() > 1 && folders.len() == 1 {
        let folder = folders.into_iter().flatten().next().unwrap_or(path);
        found.extend(by_split(Found {
            format: Format::DeepFashion2,
            folder: folder.to_path_buf(),
            parts: parts.iter().flat_map(|part| part.parts.clone()).collect(),
        }));
    } else {
        found.extend(parts);
    }
    found.sort_by(|a, b| {
        (a.format, &a.folder, &a.parts.len()).cmp(&(b.format, &b.folder, &b.parts.len()))
    });
    found.dedup();
    found
}

/// The split that a folder's name says.
pub(in crate::open) fn split_of_folder(path: &Path) -> Option<Split> {
    super::split_of(&own_name(path))
}
