//! Annotations against the pictures they are about.

use rayon::prelude::*;

use super::super::{Finding, FormatError, Mode, Place, Skipped};
use crate::error::PictureError;
use crate::image_file::DecodeLimits;
use crate::picture_finder::PictureFinder;
use crate::picture_size::picture_size;
use crate::sample::{DataSet, Object, Visibility};

/// Looks at every picture's header: states its size in [`ImageFile::size`](crate::sample::ImageFile),
/// and finds boxes and landmarks outside it. A path that differs from the file's only in upper and
/// lower case becomes the file's. Returns what was left out: pictures that cannot be read with their
/// record, boxes and landmarks alone.
///
/// The lists say nothing of sizes, so reading them cannot tell. Takes one file opening a picture.
///
/// # Errors
/// In strict mode the first finding, [`FormatError::Invalid`] or [`FormatError::Picture`].
pub fn check_pictures(
    data: &mut DataSet,
    limits: &DecodeLimits,
    mode: Mode,
) -> Result<Skipped, FormatError> {
    let finder = PictureFinder::new(&data.root);
    let found: Vec<Result<(String, [u32; 2]), PictureError>> = data
        .records
        .par_iter()
        .map(|record| {
            let path = finder.find(&record.image.path);
            let size = picture_size(data.root.join(&path), limits)?;
            Ok((path, size))
        })
        .collect();
    let mut skipped = Skipped::default();
    let root = data.root.clone();
    let mut kept = Vec::with_capacity(data.records.len());
    for (mut record, found) in std::mem::take(&mut data.records).into_iter().zip(found) {
        let (path, size) = match (found, mode) {
            (Ok(found), _) => found,
            (Err(error), Mode::Strict) => return Err(error.into()),
            (Err(error), Mode::Lenient) => {
                skipped.note(mode, unusable(&root.join(&record.image.path), &error))?;
                continue;
            }
        };
        for object in &mut record.objects {
            for problem in outside(object, size) {
                let finding = Finding {
                    path: root.join(&path),
                    place: Place::File,
                    problem,
                    remedy:
                        "correct its line in the list, or use the pictures the list was made for"
                            .into(),
                };
                skipped.note(mode, finding)?;
            }
        }
        record.image.path = path;
        record.image.size = Some(size);
        kept.push(record);
    }
    data.records = kept;
    Ok(skipped)
}

fn unusable(path: &std::path::Path, error: &PictureError) -> Finding {
    let text = error.to_string();
    let named = format!("{}: ", path.display());
    Finding {
        path: path.to_path_buf(),
        place: Place::File,
        problem: text.strip_prefix(&named).unwrap_or(&text).to_owned(),
        remedy: "its record was left out".into(),
    }
}

/// Takes away what lies outside a picture, and says what that was.
fn outside(object: &mut Object, [width, height]: [u32; 2]) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(bbox) = object
        .bbox
        .take_if(|bbox| !bbox.is_inside(width as usize, height as usize))
    {
        let [x1, y1, x2, y2] = bbox.corners();
        problems.push(format!(
            "the box {x1} {y1} {x2} {y2} leaves the picture of {width}x{height}"
        ));
    }
    let mut stray = None;
    if let Some(landmarks) = &object.landmarks {
        stray = landmarks.points.iter().find(|point| {
            let inside =
                (0.0..=width as f32).contains(&point.x) && (0.0..=height as f32).contains(&point.y);
            point.visibility != Visibility::Absent && !inside
        });
    }
    if let Some(point) = stray.copied() {
        let (x, y) = (point.x, point.y);
        problems.push(format!(
            "the landmark at {x} {y} is outside the picture of {width}x{height}"
        ));
        object.landmarks = None;
    }
    problems
}
