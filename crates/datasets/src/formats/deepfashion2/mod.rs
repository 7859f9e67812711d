//! DeepFashion2: one JSON file a picture with its items.
//!
//! ```json
//! {"source": "user", "pair_id": 1,
//!  "item1": {"category_name": "trousers", "category_id": 8, "style": 0, "bounding_box": [10, 20, 90, 150],
//!            "landmarks": [12, 22, 2, …], "segmentation": [[12, 22, 80, 22, 80, 140]],
//!            "scale": 2, "occlusion": 1, "zoom_in": 1, "viewpoint": 2}}
//! ```
//!
//! - A part of the data set is a folder, such as `train`, with `annos/000001.json` and
//!   `image/000001.jpg`. The picture's number is the record's; its size is not in the file.
//! - The 13 categories have 8–39 landmarks each, 294 together: x, y and 2 (visible), 1 (occluded) or 0
//!   (not labelled).
//! - `bounding_box` is left, top, right, bottom in pixels.
//! - `source` (`shop` or `user`), `pair_id`, `style`, `scale`, `occlusion`, `zoom_in` and `viewpoint` are
//!   kept and written again. Where they are not known they are left out.
//!
//! In lenient mode a picture whose file has a problem is left out.

mod points;
mod read;
mod write;

pub(super) use write::HOLDS;

use std::path::Path;

use crate::sample::{Category, DataSet, LandmarkSchema, Record};

use super::problem::{Problem, Report};
use super::{FormatError, Loaded, Losses, Mode, files};

/// The name under which unknown fields are kept.
pub(crate) const NAME: &str = "deepfashion2";

const ANNOTATIONS: &str = "annos";
const PICTURES: &str = "image";

/// The 13 categories; a category's number is its place plus one.
pub fn categories() -> Vec<Category> {
    points::KINDS
        .iter()
        .zip(1..)
        .map(|(kind, id)| Category {
            name: kind.name.into(),
            group: None,
            id,
        })
        .collect()
}

/// The landmarks of each category, in the categories' order.
///
/// ```
/// use wardrobe_datasets::formats::deepfashion2;
/// let trousers = &deepfashion2::schemas()[7];
/// assert_eq!((trousers.name.as_str(), trousers.points.len()), ("trousers", 14));
/// ```
pub fn schemas() -> Vec<LandmarkSchema> {
    points::KINDS.iter().map(points::Kind::schema).collect()
}

/// Reads one part of the data set, such as `DeepFashion2/train`. No picture is opened.
///
/// # Errors
/// [`FormatError::Unreadable`]; [`FormatError::Invalid`] with the place, such as
/// `item2.landmarks`, for every problem in strict mode.
pub fn read(folder: impl AsRef<Path>, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    let folder = folder.as_ref();
    let mut report = Report::new(mode);
    let paths = files::list(&folder.join(ANNOTATIONS), "json", false)?;
    let records = files::read_each(&paths, &mut report, |path, bytes| {
        let mut record = read::picture(bytes)?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let number = stem
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| stem.parse().ok());
        let Some(Some(number)) = number else {
            let what = format!("the name `{stem}` is no number");
            return Err(vec![Problem::new(
                "",
                what,
                "name annotations as 000001.json",
            )]);
        };
        record.id = Some(number);
        record.image.path = files::picture_of(folder, &format!("{PICTURES}/{stem}"));
        Ok(record)
    })?;
    let records = records.into_iter().map(|(_, record)| record).collect();
    Ok(loaded(folder, records, report))
}

/// One picture's file from bytes in memory; `name` stands for it in findings.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], name: &Path, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    let mut report = Report::new(mode);
    let mut records = Vec::new();
    match read::picture(bytes) {
        Ok(record) => records.push(record),
        Err(problems) => {
            for problem in problems {
                report.note(name, problem)?;
            }
        }
    }
    Ok(loaded(Path::new(""), records, report))
}

fn loaded(root: &Path, records: Vec<Record>, report: Report) -> Loaded<DataSet> {
    Loaded {
        value: DataSet {
            root: root.to_path_buf(),
            categories: categories(),
            landmark_schemas: schemas(),
            records,
            ..DataSet::default()
        },
        skipped: report.skipped,
    }
}

/// Writes `annos` below `folder` and returns what DeepFashion2 has no place for. Pictures are expected
/// at [`picture_path`]; [`number_pictures`](super::number_pictures) gives numbers to those without,
/// [`copy_pictures`](super::copy_pictures) brings them there.
///
/// Only the 13 categories are written. An object without a box gets that of its mask; run lengths
/// and bitmaps become outlines, whose holes are counted as lost.
///
/// # Errors
/// [`FormatError::Output`]: a file that cannot be written, a coordinate that is not finite.
pub fn write(set: &DataSet, folder: impl AsRef<Path>) -> Result<Losses, FormatError> {
    write::write(set, folder.as_ref())
}

/// Where the layout has the picture of a record with a number (0 without one).
///
/// ```
/// use wardrobe_datasets::formats::deepfashion2;
/// use wardrobe_datasets::sample::Record;
/// let record = Record { id: Some(17), ..Record::default() };
/// assert_eq!(deepfashion2::picture_path(&record), "image/000017.jpg");
/// ```
pub fn picture_path(record: &Record) -> String {
    let extension = match files::extension(&record.image.path) {
        ".png" => ".png",
        _ => ".jpg",
    };
    format!("{PICTURES}/{:06}{extension}", record.id.unwrap_or_default())
}
