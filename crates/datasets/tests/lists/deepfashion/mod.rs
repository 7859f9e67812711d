//! DeepFashion's seven lists.

mod bad_lists;
mod bad_rows;
mod fixture;
mod pictures;
mod reading;
mod writing;
