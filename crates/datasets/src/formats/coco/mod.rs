//! COCO: one JSON file of pictures, categories and annotated instances, with or without keypoints.
//!
//! ```json
//! {"images": [{"id": 7, "file_name": "street.jpg", "width": 640, "height": 480}],
//!  "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [10.5, 20, 30, 40], "area": 1200,
//!                   "iscrowd": 0, "segmentation": [[10.5, 20, 40.5, 20, 40.5, 60, 10.5, 60]]}],
//!  "categories": [{"id": 3, "name": "coat", "supercategory": "outer"}]}
//! ```
//!
//! - `bbox` is left, top, width, height in continuous pixels; the corners are added as decimals and
//!   rounded to f32 once. [`write()`] writes the shortest decimals that give the same corners.
//! - `segmentation` is polygons, run lengths as numbers, or run lengths as text; both kinds of run
//!   lengths become text. An empty list is no mask.
//! - Category numbers need not be contiguous: an object's category is the place in the list.
//!   Pictures without annotations are negatives.
//! - `keypoints` are x, y and 2 (visible), 1 (occluded) or 0 (absent), for the points the category
//!   names; `num_keypoints` is counted anew. Points called left and right change places in a mirror.
//! - `info`, `licenses` and every field unknown here are kept and written again.
//!
//! In lenient mode a picture with a bad annotation is left out with all its objects: what is not
//! annotated in a kept picture would teach that it is background. So are pictures that share a number:
//! whose the annotations are is not known.

mod entries;
mod output;
mod parts;
mod read;
mod values;
mod write;

pub(super) use write::HOLDS;

use std::fs::File;
use std::path::Path;

use crate::sample::DataSet;

use super::{FormatError, Loaded, Losses, Mode};

/// The name under which unknown fields are kept.
pub(crate) const NAME: &str = "coco";

/// Where the fields of attributes that became a vocabulary are kept.
const ATTRIBUTE_FIELDS: &str = "attribute_fields";

/// COCO as it is, or with Fashionpedia's attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Instances,
    Fashionpedia,
}

/// Reads an annotation file; `pictures` is the folder its `file_name`s start from
/// ([`DataSet::root`]). No picture is opened.
///
/// ```
/// use wardrobe_datasets::formats::{Mode, coco};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("instances.json");
/// # std::fs::write(&file, r#"{"images": [{"id": 7, "file_name": "street.jpg", "width": 640, "height": 480}],
/// #   "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "bbox": [10.5, 20, 30, 40]}],
/// #   "categories": [{"id": 3, "name": "coat"}]}"#)?;
/// let set = coco::read(&file, folder.path(), Mode::Strict)?.value;
/// let coat = &set.records[0].objects[0];
/// assert_eq!(coat.bbox.map(|bbox| bbox.corners()), Some([10.5, 20.0, 40.5, 60.0]));
/// assert_eq!(set.categories[coat.category.unwrap_or_default() as usize].name, "coat");
/// assert!(coco::write(&set, &file)?.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`FormatError::Unreadable`]; [`FormatError::Invalid`] with the place, such as
/// `annotations[3].bbox`: in strict mode for every entry that is wrong, in lenient mode for a
/// document that is no COCO file.
pub fn read(
    annotations: impl AsRef<Path>,
    pictures: impl AsRef<Path>,
    mode: Mode,
) -> Result<Loaded<DataSet>, FormatError> {
    read_flavour(
        annotations.as_ref(),
        pictures.as_ref(),
        mode,
        Flavour::Instances,
    )
}

/// The same from bytes in memory; `name` stands for the file in findings.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], name: &Path, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    read::read(bytes, name, mode, Flavour::Instances)
}

/// Writes the whole set as one file and returns what COCO has no place for.
///
/// Numbers of pictures and objects are kept; those without one, or with one that is taken, get the
/// next free one. An object without a mask has an empty `segmentation`; one without an area gets
/// that of its mask's outline or pixels, or else of its box, because COCO's metric needs it.
///
/// # Errors
/// [`FormatError::Output`]; the file then does not exist, or is the older one.
pub fn write(set: &DataSet, file: impl AsRef<Path>) -> Result<Losses, FormatError> {
    write::write(set, file.as_ref(), Flavour::Instances)
}

pub(crate) fn read_flavour(
    annotations: &Path,
    pictures: &Path,
    mode: Mode,
    flavour: Flavour,
) -> Result<Loaded<DataSet>, FormatError> {
    let unreadable = |source| FormatError::Unreadable {
        path: annotations.to_path_buf(),
        source,
    };
    let file = File::open(annotations).map_err(unreadable)?;
    let mut loaded = read::read(file, annotations, mode, flavour)?;
    loaded.value.root = pictures.to_path_buf();
    Ok(loaded)
}

pub(crate) use read::read as read_from;
pub(crate) use write::write as write_flavour;
