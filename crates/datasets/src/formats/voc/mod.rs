//! Pascal VOC: one XML file a picture, in the folders of the VOC development kit.
//!
//! ```text
//! VOC2007/Annotations/000001.xml        the objects
//! VOC2007/JPEGImages/000001.jpg         the picture
//! VOC2007/ImageSets/Main/{train,val,trainval,test}.txt
//! VOC2007/labels.txt                    the categories in order (ours; read where it is there)
//! ```
//!
//! - `bndbox` counts pixels from 1 and includes both ends: columns 1–10 are the continuous box from 0
//!   to 10, so left = `xmin` − 1 and right = `xmax`. Corners between pixels are written as decimals,
//!   as the files of 2011 and 2012 have them.
//! - `difficult`, `truncated` and `occluded` are 0 or 1, and 0 where they are missing.
//! - Everything else (`pose`, `part`, `source`, `segmented` …) is kept and written again.
//! - Pictures in `train.txt`, `val.txt` and `test.txt` have that split; `trainval.txt` adds nothing.
//! - Without `labels.txt` the categories are the names that occur, in alphabetical order; with it, any
//!   other name is an error.
//!
//! In lenient mode a picture whose file has a problem is left out.

mod read;
mod write;
mod xml;

pub(super) use write::HOLDS;

use std::path::Path;

use crate::sample::{DataSet, Record};

use super::problem::Report;
use super::{FormatError, Loaded, Losses, Mode, files};

/// The name under which unknown fields are kept.
pub(crate) const NAME: &str = "voc";

const ANNOTATIONS: &str = "Annotations";
const PICTURES: &str = "JPEGImages/";
const LISTS: &str = "ImageSets/Main";

/// Reads the folder of one year, such as `VOCdevkit/VOC2007`. No picture is opened.
///
/// ```
/// use wardrobe_datasets::formats::{Mode, voc};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # std::fs::create_dir(folder.path().join("Annotations"))?;
/// # std::fs::write(folder.path().join("Annotations/1.xml"), "<annotation><filename>1.jpg</filename>
/// #   <size><width>100</width><height>80</height></size><object><name>coat</name>
/// #   <bndbox><xmin>11</xmin><ymin>21</ymin><xmax>40</xmax><ymax>60</ymax></bndbox></object></annotation>")?;
/// let set = voc::read(folder.path(), Mode::Strict)?.value;
/// let coat = &set.records[0].objects[0];
/// assert_eq!(coat.bbox.map(|bbox| bbox.corners()), Some([10.0, 20.0, 40.0, 60.0]));
/// assert!(voc::write(&set, folder.path())?.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`FormatError::Unreadable`]; [`FormatError::Invalid`] with the place, such as
/// `object[2].bndbox`, for every problem in strict mode.
pub fn read(folder: impl AsRef<Path>, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    let folder = folder.as_ref();
    let mut report = Report::new(mode);
    let paths = files::list(&folder.join(ANNOTATIONS), "xml", false)?;
    let parsed = files::read_each(&paths, &mut report, |_, bytes| read::picture(bytes))?;
    let splits = read::splits(folder, &paths, &mut report)?;
    let parsed = parsed
        .into_iter()
        .map(|(path, mut parsed)| {
            parsed.record.split = splits.get(&read::id(&path)).copied();
            (path, parsed)
        })
        .collect();
    let (categories, records) = files::assemble(folder, parsed, &mut report)?;
    Ok(Loaded {
        value: DataSet {
            root: folder.to_path_buf(),
            categories,
            records,
            ..DataSet::default()
        },
        skipped: report.skipped,
    })
}

/// One picture's file from bytes in memory; `name` stands for it in findings.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], name: &Path, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    files::parse_one(bytes, name, mode, read::picture)
}

/// Writes annotations, split lists and `labels.txt` below `folder` and returns what Pascal VOC has
/// no place for. Pictures are expected at [`picture_path`];
/// [`copy_pictures`](super::copy_pictures) brings them there.
///
/// An object without a box gets that of its mask; a crowd is written as difficult.
///
/// # Errors
/// [`FormatError::Output`]: a file that cannot be written, two pictures of one name, a category
/// name that cannot stand in a list.
pub fn write(set: &DataSet, folder: impl AsRef<Path>) -> Result<Losses, FormatError> {
    write::write(set, folder.as_ref())
}

/// Where the layout has a record's picture: `JPEGImages/` and the path with its folders joined by
/// `_`.
///
/// ```
/// use wardrobe_datasets::formats::voc;
/// use wardrobe_datasets::sample::{ImageFile, Record};
/// let image = ImageFile { path: "img/Sheer_Blouse/img_1.jpg".into(), size: None };
/// let record = Record { image, ..Record::default() };
/// assert_eq!(voc::picture_path(&record), "JPEGImages/img_Sheer_Blouse_img_1.jpg");
/// ```
pub fn picture_path(record: &Record) -> String {
    let path = &record.image.path;
    format!(
        "{PICTURES}{}{}",
        files::flat_stem(path, PICTURES),
        files::extension(path)
    )
}
