//! Sixteen floats that are added and scaled together.
//!
//! Inside a function compiled for AVX-512 the compiler makes one instruction of each operation;
//! elsewhere two, four or sixteen.

use std::ops::{Add, Mul, Sub};

/// Floats in [`Lanes`].
pub const LANES: usize = 16;

/// Sixteen floats.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    /// All zero.
    pub const ZERO: Self = Self([0.0; LANES]);

    /// The first `values.len()` ≤ 16 lanes from memory, the others zero. Whole vectors are the
    /// common case and the fast one.
    #[inline(always)]
    pub fn load(values: &[f32]) -> Self {
        if let Ok(values) = <[f32; LANES]>::try_from(values) {
            return Self(values);
        }
        let mut lanes = Self::ZERO;
        lanes.0[..values.len()].copy_from_slice(values);
        lanes
    }

    /// Stores the first `out.len()` ≤ 16 lanes.
    #[inline(always)]
    pub fn store(self, out: &mut [f32]) {
        match <&mut [f32; LANES]>::try_from(&mut *out) {
            Ok(out) => *out = self.0,
            Err(_) => out.copy_from_slice(&self.0[..out.len()]),
        }
    }

    /// max(x, 0); NaN stays NaN.
    #[inline(always)]
    pub fn relu(self) -> Self {
        Self(self.0.map(|value| if value < 0.0 { 0.0 } else { value }))
    }
}

impl Add for Lanes {
    type Output = Self;

    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for (value, other) in self.0.iter_mut().zip(other.0) {
            *value += other;
        }
        self
    }
}

impl Sub for Lanes {
    type Output = Self;

    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for (value, other) in self.0.iter_mut().zip(other.0) {
            *value -= other;
        }
        self
    }
}

impl Mul<f32> for Lanes {
    type Output = Self;

    #[inline(always)]
    fn mul(mut self, factor: f32) -> Self {
        for value in &mut self.0 {
            *value *= factor;
        }
        self
    }
}
