//! What the parity tests and the benches share: the parameter generator, fixtures and comparisons.
//!
//! A fixture is a small safetensors file in `tests/fixtures/` that a Python generator beside it wrote from torchvision. It
//! holds expected outputs; inputs and weights come from [`parameters`], which the generators have in Python, bit for bit.
//! README.md of this package is the specification.

pub mod compare;
pub mod fixture;
pub mod generated;
pub mod gradients;
pub mod parameters;
