//! Boxes, polygons, masks and landmarks that move with the pixels.

mod clip;
mod cover;
mod moving;
mod raster;

pub(crate) use moving::{Motion, Moving};
