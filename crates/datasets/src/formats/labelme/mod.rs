//! labelme: one JSON file beside each picture.
//!
//! ```json
//! {"version": "5.5.0", "flags": {}, "imagePath": "street.jpg", "imageData": null,
//!  "imageHeight": 480, "imageWidth": 640,
//!  "shapes": [{"label": "coat", "shape_type": "polygon", "points": [[10.5, 20], [40, 20], [40, 60]],
//!              "group_id": null, "description": "", "flags": {}}]}
//! ```
//!
//! - `polygon` (the type when none is given) is an outline, `rectangle` a box by two opposite corners in
//!   any order, `mask` a PNG of the pixels between two corners (both included), `circle` a centre and a
//!   point of the rim: an outline of so many corners that none of its edges is off by more than ¼ pixel.
//! - Shapes of one label and one `group_id` are one object: a garment in several parts, or a box drawn
//!   beside an outline. Without a rectangle the box is that of the mask, cut at the picture's border.
//! - `line`, `linestrip` and `point` enclose nothing: they are kept and written again, and no object.
//! - `imagePath` starts from the JSON file's folder. A picture embedded in `imageData` is not kept.
//! - Coordinates are those of the picture as shown, EXIF orientation applied;
//!   [`Record::load`](crate::sample::Record::load) compares the stated size with the picture's.
//! - Without `labels.txt` in the folder the categories are the labels that occur, in alphabetical order;
//!   with it, any other label is an error.
//!
//! In lenient mode a picture whose file has a problem is left out.

mod read;
mod shapes;
mod write;

pub(super) use write::HOLDS;

use std::path::Path;

use crate::sample::DataSet;
use crate::subsets::Manifest;

use super::problem::{Problem, Report};
use super::{FormatError, Loaded, Losses, Mode, files, json};

/// The name under which unknown fields are kept.
pub(crate) const NAME: &str = "labelme";

/// The version written where none was read: the first whose readers know every shape type used.
const VERSION: &str = "5.5.0";

/// The fields by which a file is labelme's, whatever it lacks.
const OF_LABELME: &[&str] = &["shapes", "imagePath", "imageData"];

/// Reads every `.json` in a folder and below it, links to folders followed. No picture is opened.
///
/// The manifest of a [subset](crate::subsets) is passed over, and beside labelme's files so are those of
/// other programs: JSON with none of `shapes`, `imagePath` and `imageData` at its top level. Where
/// there is no other file, those are errors too.
///
/// ```
/// use wardrobe_datasets::formats::{Mode, labelme};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("street.json"), r#"{"imagePath": "street.jpg", "imageHeight": 480, "imageWidth": 640,
/// #   "shapes": [{"label": "coat", "shape_type": "rectangle", "points": [[40, 60], [10.5, 20]]}]}"#)?;
/// let set = labelme::read(folder.path(), Mode::Strict)?.value;
/// let coat = &set.records[0].objects[0];
/// assert_eq!(coat.bbox.map(|bbox| bbox.corners()), Some([10.5, 20.0, 40.0, 60.0]));
/// assert!(labelme::write(&set, folder.path())?.is_empty());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`FormatError::Unreadable`]; [`FormatError::Invalid`] with the place, such as
/// `shapes[2].points`, for every problem in strict mode.
pub fn read(folder: impl AsRef<Path>, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    let folder = folder.as_ref();
    let mut report = Report::new(mode);
    let mut paths = files::list(folder, "json", true)?;
    // A subset's manifest lies beside its parts.
    if Manifest::read(folder).is_ok() {
        let manifest = folder.join(Manifest::FILE_NAME);
        paths.retain(|path| *path != manifest);
    }
    let each = files::read_each(&paths, &mut report, |path, bytes| {
        let mut parsed = match read::picture(bytes) {
            Ok(parsed) => parsed,
            Err(problems) if json::has_none_of(bytes, OF_LABELME) => return Ok(Err(problems)),
            Err(problems) => return Err(problems),
        };
        let relative = path.strip_prefix(folder).unwrap_or(path);
        parsed.record.image.path = read::beside(relative, &parsed.record.image.path);
        Ok(Ok(parsed))
    })?;
    let (mut parsed, mut others) = (Vec::new(), Vec::new());
    for (path, one) in each {
        match one {
            Ok(picture) => parsed.push((path, picture)),
            Err(problems) => others.push((path, problems)),
        }
    }
    // Beside labelme's files those of other programs are none of its business; alone they are all
    // there is to say.
    if parsed.is_empty() && report.skipped.count() == 0 {
        for (path, problems) in others {
            for problem in problems {
                report.note(&path, problem)?;
            }
        }
    }
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

/// Writes a JSON file for every picture, at the picture's path below `folder` with the extension
/// `.json`, and `labels.txt`; returns what labelme has no place for.
///
/// Run lengths and bitmaps become `mask` shapes; a box that is not that of the mask becomes a
/// rectangle of the same group.
///
/// # Errors
/// [`FormatError::Output`]: a file that cannot be written, two pictures whose names differ in the
/// extension only, a path that leaves the folder, a coordinate that is not finite.
pub fn write(set: &DataSet, folder: impl AsRef<Path>) -> Result<Losses, FormatError> {
    write::write(set, folder.as_ref())
}

fn one(problem: Problem) -> Vec<Problem> {
    vec![problem]
}
