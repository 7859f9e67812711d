//! FashionAI attributes: eight dimensions of a garment, one picture and one dimension a row.
//!
//! | file | a row |
//! |---|---|
//! | training and warm-up labels | `Images/collar_design_labels/60951f57.jpg,collar_design_labels,nynnn` |
//! | `question.csv` | `Images/collar_design_labels/0a1b.jpg,collar_design_labels,` |
//! | submission | `Images/collar_design_labels/0a1b.jpg,collar_design_labels,0.1;0.6;0.1;0.1;0.1` |
//!
//! No file has a header. Blank lines are passed over; everything else that is not such a row is a
//! [`Finding`](super::Finding).

mod dimensions;
mod labels;
mod questions;
mod rows;

pub use dimensions::{Dimension, Level, vocabulary};
pub(super) use labels::HOLDS;
pub use labels::{read_labels, read_labels_from, write_labels};
pub use questions::{
    Prediction, Question, questions_as_set, read_questions, read_questions_from, read_submission,
    read_submission_from, write_questions, write_submission,
};

/// The name under which unknown fields are kept.
const NAME: &str = "fashionai";
