//! Ranges of settings, and errors that name their field.

use std::fmt::Debug;

use crate::error::TrainingError;

/// A place in the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    path: String,
}

impl Check {
    pub fn root() -> Self {
        Self {
            path: String::new(),
        }
    }

    /// The path of this place.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The field `name` of this place.
    pub fn at(&self, name: &str) -> Self {
        Self {
            path: self.field(name),
        }
    }

    /// Element `index` of the list `name` of this place.
    pub fn item(&self, name: &str, index: usize) -> Self {
        self.at(&format!("{name}[{index}]"))
    }

    /// The path of the field `name`.
    pub fn field(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    pub fn that(
        &self,
        name: &str,
        found: &dyn Debug,
        holds: bool,
        remedy: &str,
    ) -> Result<(), TrainingError> {
        if holds {
            return Ok(());
        }
        Err(TrainingError::Setting {
            field: self.field(name),
            found: format!("{found:?}"),
            remedy: remedy.to_owned(),
        })
    }

    pub fn at_least(&self, name: &str, value: f64, low: f64) -> Result<(), TrainingError> {
        let holds = value.is_finite() && value >= low;
        self.that(
            name,
            &value,
            holds,
            &format!("give a number of at least {low}"),
        )
    }

    pub fn above(&self, name: &str, value: f64, low: f64) -> Result<(), TrainingError> {
        let holds = value.is_finite() && value > low;
        self.that(
            name,
            &value,
            holds,
            &format!("give a number greater than {low}"),
        )
    }

    /// 0 ≤ value < 1.
    pub fn share(&self, name: &str, value: f64) -> Result<(), TrainingError> {
        let holds = (0.0..1.0).contains(&value);
        self.that(name, &value, holds, "give a number from 0 to below 1")
    }

    pub fn positive(&self, name: &str, value: u64) -> Result<(), TrainingError> {
        self.that(name, &value, value > 0, "give a number of at least 1")
    }
}
