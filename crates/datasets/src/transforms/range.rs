//! A number, or an interval to draw one from.

use serde::{Deserialize, Serialize};

use super::error::TransformError;

/// An interval that a parameter is drawn from evenly; a single number draws nothing.
///
/// In JSON a number or a pair:
/// ```
/// use wardrobe_datasets::transforms::Range;
/// let range: Range = serde_json::from_str("[-15, 15]")?;
/// assert_eq!(range, Range::new(-15.0, 15.0));
/// let fixed: Range = serde_json::from_str("0.5")?;
/// assert_eq!(fixed, Range::fixed(0.5));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct Range {
    /// Least value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
}

impl Range {
    /// From `min` to `max`.
    pub const fn new(min: f32, max: f32) -> Self {
        Self { min, max }
    }

    /// Always `value`.
    pub const fn fixed(value: f32) -> Self {
        Self::new(value, value)
    }

    /// From `−reach` to `reach`.
    pub const fn around_zero(reach: f32) -> Self {
        Self::new(-reach, reach)
    }

    /// Whether nothing is drawn.
    pub fn is_fixed(self) -> bool {
        self.min == self.max
    }

    /// Refuses an interval that is not finite, runs backwards or leaves `allowed`.
    pub(crate) fn check(
        self,
        field: &'static str,
        allowed: std::ops::RangeInclusive<f32>,
        expected: &'static str,
    ) -> Result<(), TransformError> {
        let fits = self.min <= self.max
            && self.min.is_finite()
            && self.max.is_finite()
            && allowed.contains(&self.min)
            && allowed.contains(&self.max);
        if fits {
            Ok(())
        } else {
            let found = [self.min, self.max];
            Err(TransformError::setting(field, found, expected))
        }
    }
}

impl From<f32> for Range {
    fn from(value: f32) -> Self {
        Self::fixed(value)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Form {
    One(f32),
    Two([f32; 2]),
}

impl From<Form> for Range {
    fn from(form: Form) -> Self {
        match form {
            Form::One(value) => Self::fixed(value),
            Form::Two([min, max]) => Self::new(min, max),
        }
    }
}

impl From<Range> for Form {
    fn from(range: Range) -> Self {
        if range.is_fixed() {
            Self::One(range.min)
        } else {
            Self::Two([range.min, range.max])
        }
    }
}

/// Refuses a probability outside 0–1.
pub(crate) fn check_probability(field: &'static str, value: f32) -> Result<(), TransformError> {
    if (0.0..=1.0).contains(&value) {
        Ok(())
    } else {
        Err(TransformError::setting(
            field,
            value,
            "a probability is 0 to 1",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_are_no_interval_are_refused() {
        let refused = [
            Range::new(2.0, 1.0),
            Range::new(f32::NAN, 1.0),
            Range::new(0.0, f32::INFINITY),
            Range::fixed(f32::NAN),
            Range::new(-1.0, 1.0),
        ];
        for range in refused {
            let error = range
                .check("degrees", 0.0..=360.0, "use 0 to 360")
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(error.contains("degrees is ["), "{range:?}: {error}");
            assert!(error.ends_with("use 0 to 360"), "{error}");
        }
        assert!(
            Range::new(0.0, 360.0)
                .check("degrees", 0.0..=360.0, "")
                .is_ok()
        );
    }
}
