//! What can go wrong, told by what the reader of the message can do about it.
//!
//! [`MetricError`] is about values handed to a metric, [`CocoError`] about COCO files and sets. Both
//! name the place, what was found there and what was expected; the parts are fields, so a caller can
//! decide without parsing text.

use std::path::PathBuf;

use thiserror::Error;

/// Values a metric cannot be computed from. The accumulator they were meant for is unchanged.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum MetricError {
    /// Two slices that belong together have different lengths.
    #[error("{left} has {left_len} entries and {right} {right_len}; give one of each per item")]
    LengthsDiffer {
        /// Name of the first argument.
        left: &'static str,
        /// Its length.
        left_len: usize,
        /// Name of the second argument.
        right: &'static str,
        /// Its length.
        right_len: usize,
    },
    /// A label is not the number of a class.
    #[error(
        "{what}[{index}] is {label}, but there are {classes} classes, numbered from 0; map labels first, or mark pixels to skip with the ignored label"
    )]
    LabelOutOfRange {
        /// Name of the argument.
        what: &'static str,
        /// Position in it.
        index: usize,
        /// The label found.
        label: usize,
        /// The number of classes.
        classes: usize,
    },
    /// A number is NaN or infinite, so it has no place in an order or a mean.
    #[error("{what}[{index}] is {value}; find out where the model's output stopped being finite")]
    NotFinite {
        /// Name of the argument.
        what: &'static str,
        /// Position in it.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// A number lies outside its range.
    #[error("{what}[{index}] is {value}; expected {low} to {high}")]
    OutOfRange {
        /// Name of the argument.
        what: &'static str,
        /// Position in it.
        index: usize,
        /// The value found.
        value: f64,
        /// Smallest allowed value.
        low: f64,
        /// Largest allowed value.
        high: f64,
    },
    /// A box has no area or is not finite.
    #[error("{what}[{index}] is [{}, {}, {}, {}]; expected finite corners [x1, y1, x2, y2] with x1 < x2 and y1 < y2", corners[0], corners[1], corners[2], corners[3])]
    BadBox {
        /// Name of the argument.
        what: &'static str,
        /// Position in it.
        index: usize,
        /// The corners found.
        corners: [f64; 4],
    },
    /// A mark of the FashionAI annotation is not `y`, `m` or `n`.
    #[error(
        "the label `{label}` has `{found}` at place {place}; expected only y (yes), m (maybe) and n (no)"
    )]
    BadMark {
        /// The whole label.
        label: String,
        /// The character found.
        found: char,
        /// Its place, from 1.
        place: usize,
    },
    /// A setting has a value the metric is not defined for.
    #[error("{name} is {value}; expected {expected}")]
    BadSetting {
        /// Name of the setting.
        name: &'static str,
        /// The value found.
        value: String,
        /// The values allowed.
        expected: &'static str,
    },
    /// Two accumulators count different things and cannot be added.
    #[error(
        "these accumulators cannot be merged: {what} is {left} in one and {right} in the other; build both with the same settings"
    )]
    CannotMerge {
        /// The setting that differs.
        what: &'static str,
        /// Its value in the receiver.
        left: String,
        /// Its value in the argument.
        right: String,
    },
}

/// COCO ground truth or detections that cannot be evaluated. Nothing was computed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CocoError {
    /// The file could not be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The text is not JSON.
    #[error(
        "{origin}: is not JSON at line {line}, column {column}: {reason}; NaN and Infinity are no JSON numbers, and a cut file ends early"
    )]
    NotJson {
        /// The file, or what stands for it.
        origin: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser found.
        reason: String,
    },
    /// The JSON is not of the expected format.
    #[error("{origin}: {place}: {reason}; expected {expected}")]
    NotCoco {
        /// The file, or what stands for it.
        origin: String,
        /// The JSON path, such as `annotations[17]`.
        place: String,
        /// What is wrong there.
        reason: String,
        /// The format.
        expected: &'static str,
    },
    /// A value is outside what the format allows.
    #[error("{origin}: {place}: is {found}; expected {expected}")]
    BadValue {
        /// The file, or what stands for it.
        origin: String,
        /// The JSON path, such as `annotations[17].bbox`.
        place: String,
        /// The value found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Two records have the same id.
    #[error(
        "{origin}: {list}[{index}].id: {id} is already the id of {list}[{first}]; give every record its own id"
    )]
    DuplicateId {
        /// The file, or what stands for it.
        origin: String,
        /// `images`, `categories` or `annotations`.
        list: &'static str,
        /// The later record, from 0.
        index: usize,
        /// The earlier record, from 0.
        first: usize,
        /// The id.
        id: u64,
    },
    /// A record points to an image or a category that does not exist.
    #[error(
        "{origin}: {place}: {id} is no id in `{list}` of the ground truth; check that truth and detections belong to the same split"
    )]
    UnknownId {
        /// The file, or what stands for it.
        origin: String,
        /// The JSON path.
        place: String,
        /// The id.
        id: u64,
        /// `images` or `categories`.
        list: &'static str,
    },
    /// A record lacks what this kind of evaluation compares.
    #[error("{origin}: {place}: is missing; {remedy}")]
    Missing {
        /// The file, or what stands for it.
        origin: String,
        /// The JSON path.
        place: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A setting of the evaluation or of the bootstrap cannot be used.
    #[error(transparent)]
    Setting(#[from] MetricError),
    /// The evaluator refused what passed every check above.
    #[error("the evaluation stopped: {reason}")]
    Evaluator {
        /// What the evaluator said.
        reason: String,
    },
}
