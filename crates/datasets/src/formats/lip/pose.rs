//! Poses: a line of 49 columns a picture.

use std::path::Path;

use csv::{ByteRecord, StringRecord};

use crate::formats::problem::{Problem, Report};
use crate::formats::rows::Rows;
use crate::formats::{FormatError, Loaded, Mode};
use crate::sample::{Landmark, LandmarkSchema, Landmarks, Visibility};

/// The joints in the data set's order.
pub(super) const JOINTS: [&str; 16] = [
    "right_ankle",
    "right_knee",
    "right_hip",
    "left_hip",
    "left_knee",
    "left_ankle",
    "pelvis",
    "spine",
    "neck",
    "head",
    "right_wrist",
    "right_elbow",
    "right_shoulder",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
];

/// Joints that change places in a mirror.
const MIRRORED: [[u16; 2]; 6] = [[0, 5], [1, 4], [2, 3], [10, 15], [11, 14], [12, 13]];

/// Joints that the data set's own drawing tool joins.
const SKELETON: [[u16; 2]; 11] = [
    [0, 1],
    [1, 2],
    [3, 4],
    [4, 5],
    [6, 7],
    [7, 8],
    [8, 9],
    [10, 11],
    [11, 12],
    [13, 14],
    [14, 15],
];

/// A joint that is not there.
const ABSENT: &str = "nan";

/// LIP's 16 joints, their pairs and limbs.
pub fn schema() -> LandmarkSchema {
    LandmarkSchema {
        name: super::PERSON.into(),
        points: JOINTS.map(String::from).to_vec(),
        mirrored: MIRRORED.to_vec(),
        skeleton: SKELETON.to_vec(),
    }
}

/// The pictures' names with their poses, in the file's order; the landmarks' schema is number 0.
/// `name` stands for the file in findings.
///
/// ```
/// use std::path::Path;
/// use wardrobe_datasets::formats::{Mode, lip};
/// let line = format!("77_471474.jpg,10,20,0,12,25,1{}\n", ",nan,nan,nan".repeat(14));
/// let poses = lip::parse_poses(line.as_bytes(), Path::new("lip_train_set.csv"), Mode::Strict)?.value;
/// assert_eq!(poses[0].0, "77_471474.jpg");
/// assert_eq!(poses[0].1.points[1].x, 12.0);
/// # Ok::<(), wardrobe_datasets::formats::FormatError>(())
/// ```
///
/// # Errors
/// [`FormatError::Invalid`] with the line in strict mode.
pub fn parse(
    bytes: &[u8],
    name: &Path,
    mode: Mode,
) -> Result<Loaded<Vec<(String, Landmarks)>>, FormatError> {
    let mut report = Report::new(mode);
    let poses = lines(bytes, name, &mut report)?;
    Ok(Loaded {
        value: poses
            .into_iter()
            .map(|(name, pose, _)| (name, pose))
            .collect(),
        skipped: report.skipped,
    })
}

/// The same with line numbers.
pub(super) fn lines(
    bytes: &[u8],
    name: &Path,
    report: &mut Report,
) -> Result<Vec<(String, Landmarks, usize)>, FormatError> {
    let mut rows = Rows::of(bytes);
    let mut row = ByteRecord::new();
    let mut poses = Vec::new();
    // Bytes at hand cannot fail to be read.
    while let Ok(Some(line)) = rows.read(&mut row) {
        let parsed = StringRecord::from_byte_record(row.clone())
            .map_err(|error| {
                let remedy = "save the file as UTF-8 text with commas";
                Problem::new("", error.utf8_error(), remedy)
            })
            .and_then(|row| pose(&row));
        match parsed {
            Ok((name, pose)) => poses.push((name, pose, line)),
            Err(problem) => report.note(
                name,
                Problem {
                    field: format!("line {line}"),
                    ..problem
                },
            )?,
        }
    }
    Ok(poses)
}

fn pose(record: &StringRecord) -> Result<(String, Landmarks), Problem> {
    let wrong =
        |what: String| Problem::new("", what, "write x, y, v of each joint, or nan three times");
    let columns = 1 + 3 * JOINTS.len();
    if record.len() != columns {
        return Err(wrong(format!(
            "{} columns instead of {columns}: the picture's name and x, y, v of {} joints",
            record.len(),
            JOINTS.len()
        )));
    }
    let mut fields = record.iter().map(str::trim);
    let name = fields.next().unwrap_or_default();
    if name.is_empty() {
        return Err(wrong("no picture is named".into()));
    }
    let mut points = Vec::with_capacity(JOINTS.len());
    for joint in JOINTS {
        let [x, y, v] =
            [fields.next(), fields.next(), fields.next()].map(Option::unwrap_or_default);
        if [x, y, v]
            .iter()
            .all(|field| field.eq_ignore_ascii_case(ABSENT))
        {
            points.push(Landmark::ABSENT);
            continue;
        }
        let number = |text: &str| text.parse().ok().filter(|value: &f32| value.is_finite());
        let visibility = match v {
            "0" => Visibility::Visible,
            "1" => Visibility::Occluded,
            other => {
                return Err(wrong(format!(
                    "{joint}: visibility `{other}` is neither 0, 1 nor nan"
                )));
            }
        };
        let (Some(x), Some(y)) = (number(x), number(y)) else {
            return Err(wrong(format!("{joint}: ({x}, {y}) is no point")));
        };
        points.push(Landmark { x, y, visibility });
    }
    let points = points.into();
    Ok((name.to_owned(), Landmarks { schema: 0, points }))
}

/// One line of the file.
pub(super) fn line(name: &str, pose: Option<&Landmarks>) -> String {
    let mut line = if name.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.to_owned()
    };
    for index in 0..JOINTS.len() {
        let point = pose.and_then(|pose| pose.points.get(index));
        let text = match point {
            Some(point) if point.visibility != Visibility::Absent => {
                let hidden = u8::from(point.visibility == Visibility::Occluded);
                format!(",{},{},{hidden}", point.x, point.y)
            }
            _ => format!(",{ABSENT},{ABSENT},{ABSENT}"),
        };
        line.push_str(&text);
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse_text(text: &str, mode: Mode) -> Result<Loaded<Vec<(String, Landmarks)>>, FormatError> {
        parse(text.as_bytes(), Path::new("lip_val_set.csv"), mode)
    }

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let mut points = vec![Landmark::ABSENT; 16];
        points[3] = Landmark {
            x: 12.0,
            y: -7.5,
            visibility: Visibility::Occluded,
        };
        points[15] = Landmark {
            x: 0.1,
            y: 300.0,
            visibility: Visibility::Visible,
        };
        let pose = Landmarks {
            schema: 0,
            points: points.into(),
        };
        let text = line("a,b.jpg", Some(&pose)) + &line("c.jpg", None);
        let read = parse_text(&text, Mode::Strict).unwrap().value;
        assert_eq!(read[0], ("a,b.jpg".to_owned(), pose));
        assert!(
            read[1]
                .1
                .points
                .iter()
                .all(|point| *point == Landmark::ABSENT)
        );
    }

    #[test]
    fn bad_lines_are_named_and_counted() {
        let good = line("a.jpg", None);
        let text = format!(
            "{good}b.jpg,1,2,0\n{}{}",
            good.replacen("nan,nan,nan", "1,x,0", 1),
            good.replacen("nan,nan,nan", "1,2,2", 1)
        );
        let error = parse_text(&text, Mode::Strict).unwrap_err().to_string();
        assert!(
            error.contains("lip_val_set.csv, line 2: 4 columns instead of 49"),
            "{error}"
        );
        let loaded = parse_text(&text, Mode::Lenient).unwrap();
        assert_eq!((loaded.value.len(), loaded.skipped.count()), (1, 3));
        let third = loaded.skipped.first()[2].to_string();
        assert!(
            third.contains("line 4: right_ankle: visibility `2` is neither 0, 1 nor nan"),
            "{third}"
        );
    }

    #[test]
    fn the_schema_pairs_left_with_right() {
        let schema = schema();
        for [left, right] in schema.mirrored {
            let [a, b] = [left, right].map(|joint| schema.points[usize::from(joint)].as_str());
            assert_eq!(a.replace("right", "left"), b.replace("right", "left"));
            assert_ne!(a, b);
        }
    }
}
