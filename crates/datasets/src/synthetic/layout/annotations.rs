//! The annotation files beside the pictures, by the formats' own writers.

use std::path::Path;

use super::Layout;
use crate::error::OutputError;
use crate::formats::{FormatError, Losses, coco, deepfashion, fashionai, labelme, lip, voc};
use crate::sample::{DataSet, Split};

/// COCO's file for each part.
const COCO_FILES: [(Split, &str); 3] = [
    (Split::Train, "instances_train2017.json"),
    (Split::Validation, "instances_val2017.json"),
    (Split::Test, "instances_test2017.json"),
];

/// Writes the annotations of a set that [`synthesise`](super::synthesise) drew into `folder`, and
/// returns what the format has no place for: FashionAI's splits, labelme's.
///
/// ```
/// use wardrobe_datasets::DataSet;
/// use wardrobe_datasets::synthetic::{Layout, WardrobeConfig, synthesise, write_annotations};
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path();
/// let config = WardrobeConfig { long_side: [64, 64], ..WardrobeConfig::default() };
/// let drawn = synthesise(&config, 3, Layout::Voc, folder, &|| ())?;
/// let losses = write_annotations(&drawn, Layout::Voc, folder)?;
/// assert_eq!(losses.count("box of an object"), 0);
/// assert_eq!(DataSet::open(folder)?.records.len(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FormatError::Output`] for a file that cannot be written.
pub fn write_annotations(
    set: &DataSet,
    layout: Layout,
    folder: &Path,
) -> Result<Losses, FormatError> {
    match layout {
        Layout::DeepFashion => deepfashion::write(set, folder),
        Layout::FashionAi => {
            fashionai::write_labels(set, inside(folder, "Annotations")?.join("label.csv"))
        }
        Layout::Coco => write_coco(set, &inside(folder, "annotations")?),
        Layout::Voc => voc::write(set, folder),
        Layout::Labelme => labelme::write(set, folder),
        Layout::Lip => lip::write(set, folder),
    }
}

/// A folder inside, made if it is not there.
fn inside(folder: &Path, name: &str) -> Result<std::path::PathBuf, FormatError> {
    let path = folder.join(name);
    match std::fs::create_dir_all(&path) {
        Ok(()) => Ok(path),
        Err(source) => Err(OutputError::Unwritable { path, source }.into()),
    }
}

/// COCO's file names start from the part's own folder.
fn write_coco(set: &DataSet, folder: &Path) -> Result<Losses, FormatError> {
    let mut losses = Losses::default();
    for (split, name) in COCO_FILES {
        let mut part = set.clone();
        part.keep_split(split);
        for record in &mut part.records {
            if let Some((_, name)) = record.image.path.rsplit_once('/') {
                record.image.path = name.to_owned();
            }
            record.split = None;
        }
        losses.append(&coco::write(&part, folder.join(name))?);
    }
    Ok(losses)
}
