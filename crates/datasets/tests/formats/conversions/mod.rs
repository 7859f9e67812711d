//! From format to format.

mod between;
mod fixture;
mod kept;
