//! DeepFashion, *Category and Attribute Prediction* (Liu et al., CVPR 2016): 289,222 pictures, 50
//! categories, 1,000 attributes, in seven text lists; and its fine annotations ([`fine`]).
//!
//! A list has its count of rows on line 1, a header on line 2 and then rows whose columns any run
//! of white space divides. All rows about one picture make one [`Record`](crate::sample::Record)
//! with one [`Object`](crate::sample::Object).
//!
//! # Conventions
//! - A category's label is its line in `list_category_cloth.txt`, from 1; that is
//!   [`Category::id`](crate::sample::Category::id). Its kind is
//!   [`Category::group`](crate::sample::Category::group): `upper`, `lower` or `full`.
//! - Attributes stand side by side by type; the lists mix the types. The lists' order is kept in
//!   the data set's [`extra`](crate::sample::DataSet::extra) under [`COLUMN_ORDER`].
//! - A box's corners are taken as written, `x_2` and `y_2` being the right and lower *edge*: a box
//!   `10 20 40 60` is 30 wide. The data set's documents call them "the lower right point" and do not
//!   say whether that pixel is inside; the usual readers subtract, so do we. If it is inside, boxes
//!   are one pixel short on two sides.
//! - A landmark's coordinates are taken as written. Visibility 0, 1, 2 is
//!   [`Visible`](crate::sample::Visibility::Visible), [`Occluded`](crate::sample::Visibility::Occluded),
//!   [`Absent`](crate::sample::Visibility::Absent).
//!
//! # What is read without a word, and what is a finding
//! Columns padded with any white space, names with spaces in them, `072` for 72, Windows line ends, a
//! byte order mark, blank lines at the end, missing optional lists and missing rows in them. Paths in
//! other upper and lower case than `list_category_img.txt` has are counted
//! ([`ReadLists::case_mismatches`]). Everything else is a [`Finding`](super::Finding): a count that
//! disagrees with the rows, a wrong count of columns, a box without an inside, a picture twice …

mod check;
mod fields;
pub mod fine;
mod index;
mod landmarks;
mod lists;
mod picture;
mod read;
mod rows;
mod table;
mod vocabulary;
mod write;

pub use check::check_pictures;
pub(crate) use fields::{Problem, picture_path, shown};
pub use landmarks::{Kind, landmark_schemas};
pub use lists::{List, Lists};
pub(super) use picture::HOLDS;
pub use read::{ReadLists, read, read_lists};
pub use vocabulary::{COARSE_TYPES, FINE_TYPES};
pub use write::write;

/// Where a data set keeps the lists' order of attributes: an array of indices into its vocabulary.
pub const COLUMN_ORDER: &str = "deepfashion_attribute_columns";
