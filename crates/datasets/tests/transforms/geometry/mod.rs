//! Geometry moves pixels and every kind of annotation together.

mod composed;
mod cropping;
mod fixture;
mod turning;
mod whole;
