#![doc = include_str!("../README.md")]

pub mod data;
pub mod detection;
mod error;

pub use error::{ObjectError, RecipeError};
