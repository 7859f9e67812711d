//! LIP (Look into Person): human parsing maps and poses of single persons.
//!
//! ```text
//! TrainVal_images/train_id.txt, val_id.txt                  one picture's name a line, without .jpg
//! TrainVal_images/train_images/77_471474.jpg
//! TrainVal_parsing_annotations/train_segmentations/77_471474.png
//! TrainVal_pose_annotations/lip_train_set.csv, lip_val_set.csv
//! Testing_images/test_id.txt, testing_images/…              without annotations
//! ```
//!
//! - A parsing map is an 8-bit PNG of class numbers ([`CLASSES`]), grey or palette: [`read_label_map`],
//!   [`write_label_map`]. A record names its map; [`Record::load`](crate::sample::Record::load) reads it.
//! - A pose is a line of the picture's file name and x, y, v of 16 joints: v is 0 for a visible and 1 for
//!   a hidden joint, `nan` three times for one that is not there. It becomes the landmarks of one object
//!   of the category `person`. Joints may lie outside the picture, as they do in the data set.
//! - Pictures are `.jpg`; a `.png` is taken where there is no such `.jpg`.
//!
//! In lenient mode a bad line of a list, or a map that is missing, leaves its picture out; a bad pose
//! leaves out the pose only.

mod layout;
mod map;
mod pose;

use std::path::Path;

use crate::sample::DataSet;

use super::{FormatError, Loaded, Losses, Mode};

pub(super) use layout::HOLDS;
pub use layout::{parsing_path, picture_path};
pub use map::{parse_label_map, read_label_map, write_label_map};
pub use pose::{parse as parse_poses, schema};

/// The name under which unknown fields would be kept; the format has none.
pub(crate) const NAME: &str = "lip";

/// The category of the one object a pose becomes.
pub const PERSON: &str = "person";

/// The classes by number, as the Look into Person data set counts them.
pub const CLASSES: [&str; 20] = [
    "background",
    "hat",
    "hair",
    "glove",
    "sunglasses",
    "upper-clothes",
    "dress",
    "coat",
    "socks",
    "pants",
    "jumpsuits",
    "scarf",
    "skirt",
    "face",
    "left-arm",
    "right-arm",
    "left-leg",
    "right-leg",
    "left-shoe",
    "right-shoe",
];

/// Pairs of classes that change places when the picture is mirrored.
pub const MIRRORED: [[u8; 2]; 3] = [[14, 15], [16, 17], [18, 19]];

/// Reads the lists and poses below a folder; maps and pictures stay on disk.
///
/// # Errors
/// [`FormatError::Unreadable`]; [`FormatError::Invalid`] with file and line for every problem in
/// strict mode, and in both modes for a folder without lists.
pub fn read(folder: impl AsRef<Path>, mode: Mode) -> Result<Loaded<DataSet>, FormatError> {
    layout::read(folder.as_ref(), mode)
}

/// Writes lists and poses below `folder` and returns what LIP has no place for. Pictures are
/// expected at [`picture_path`], maps at [`parsing_path`];
/// [`copy_pictures`](super::copy_pictures) brings pictures there.
///
/// # Errors
/// [`FormatError::Output`]: a file that cannot be written, two pictures of one name, a joint that is
/// not finite.
pub fn write(set: &DataSet, folder: impl AsRef<Path>) -> Result<Losses, FormatError> {
    layout::write(set, folder.as_ref())
}
