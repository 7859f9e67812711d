//! Fashionpedia: COCO instances with a list of fine attributes.
//!
//! ```json
//! {"attributes": [{"id": 115, "name": "symmetrical", "supercategory": "silhouette", "level": 1}],
//!  "categories": [{"id": 0, "name": "shirt, blouse", "supercategory": "upperbody", "level": 2}],
//!  "annotations": [{"id": 1, "image_id": 23, "category_id": 0, "attribute_ids": [115], …}], "images": […]}
//! ```
//!
//! Everything else is as in [`coco`]. Attributes of one `supercategory` are one
//! [`AttributeGroup`](crate::sample::AttributeGroup); any number of them may hold. An annotation's list
//! names what is there: all other attributes are [`Judgement::No`](crate::sample::Judgement::No), and an
//! annotation without a list has no judgements. Numbers, `level` and `taxonomy_id` are kept and written
//! again. Category numbers start at 0.

use std::path::Path;

use crate::sample::DataSet;

use super::coco::{self, Flavour};
use super::{FormatError, Loaded, Losses, Mode};

/// Reads an annotation file such as `instances_attributes_val2020.json`; `pictures` is the folder its
/// `file_name`s start from. No picture is opened.
///
/// ```
/// use wardrobe_datasets::formats::{Mode, fashionpedia};
/// use wardrobe_datasets::sample::Judgement;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let file = folder.path().join("instances.json");
/// # std::fs::write(&file, r#"{"images": [{"id": 23, "file_name": "a.jpg", "width": 640, "height": 480}],
/// #   "annotations": [{"id": 1, "image_id": 23, "category_id": 0, "attribute_ids": [115], "bbox": [1, 2, 3, 4]}],
/// #   "attributes": [{"id": 115, "name": "symmetrical", "supercategory": "silhouette"}],
/// #   "categories": [{"id": 0, "name": "shirt, blouse", "supercategory": "upperbody"}]}"#)?;
/// let set = fashionpedia::read(&file, folder.path(), Mode::Strict)?.value;
/// let shirt = &set.records[0].objects[0];
/// let present: Vec<_> = shirt.attributes.with(Judgement::Yes).filter_map(|value| set.attributes.name(value)).collect();
/// assert_eq!(present, ["symmetrical"]);
/// assert!(fashionpedia::write(&set, &file)?.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`coco::read`]; also an attribute that is not listed, or listed twice.
pub fn read(
    annotations: impl AsRef<Path>,
    pictures: impl AsRef<Path>,
    mode: Mode,
) -> Result<Loaded<DataSet>, FormatError> {
    coco::read_flavour(
        annotations.as_ref(),
        pictures.as_ref(),
        mode,
        Flavour::Fashionpedia,
    )
}

/// The same from bytes in memory; `name` stands for the file in findings.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], name: &Path, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    coco::read_from(bytes, name, mode, Flavour::Fashionpedia)
}

/// Writes the whole set as one file and returns what Fashionpedia has no place for: as
/// [`coco::write`], and judgements that are neither yes nor no.
///
/// # Errors
/// [`FormatError::Output`]; the file then does not exist, or is the older one.
pub fn write(set: &DataSet, file: impl AsRef<Path>) -> Result<Losses, FormatError> {
    coco::write_flavour(set, file.as_ref(), Flavour::Fashionpedia)
}
