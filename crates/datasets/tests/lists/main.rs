//! Formats of lists, a row a picture: DeepFashion, its fine annotations, FashionAI.
#![allow(clippy::unwrap_used, missing_docs)]

mod deepfashion;
mod fashionai;
mod fine;
mod fuzz;
