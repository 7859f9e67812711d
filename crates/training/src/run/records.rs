//! Lines of `metrics.jsonl`.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A step of the optimiser.
    Step(StepRecord),
    /// A validation.
    Epoch(EpochRecord),
}

/// One step of the optimiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The phase's name.
    pub phase: String,
    /// Which step of the run, from 0.
    pub iteration: u64,
    /// The pass over the data, from 0, counted on over phases.
    pub epoch: u64,
    /// The terms of the loss before their weights; with accumulation, means over the batches.
    pub losses: Named,
    /// What was minimised.
    pub loss: f64,
    /// The rate of this step, before group multipliers.
    pub rate: f64,
    /// The norm of the whole gradient before clipping; of a skipped step infinite or NaN, which JSON
    /// has as `null`.
    #[serde(deserialize_with = "nan_for_null")]
    pub gradient_norm: f64,
    /// What the loss was multiplied with in the backward pass; only in f16 training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss_scale: Option<f64>,
    /// Whether the step was left out because the scaled gradient overflowed; only in f16 training.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
}

fn nan_for_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Option::deserialize(deserializer).map(|value| value.unwrap_or(f64::NAN))
}

/// One validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// The phase's name.
    pub phase: String,
    /// Steps of the run so far.
    pub iteration: u64,
    /// The pass over the data it follows, or interrupts, from 0.
    pub epoch: u64,
    /// The task's scores.
    pub scores: Named,
    /// Whether the kept score is the best so far.
    pub best: bool,
}

/// Named numbers in a fixed order; in JSON an object, with `null` for what is not finite.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Named(pub Vec<(String, f64)>);

impl Named {
    /// The number of this name.
    pub fn get(&self, name: &str) -> Option<f64> {
        let found = self.0.iter().find(|(candidate, _)| candidate == name);
        found.map(|&(_, value)| value)
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Named;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of numbers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named, A::Error> {
                let mut named = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Option<f64>>()? {
                    named.push((name, value.unwrap_or(f64::NAN)));
                }
                Ok(Named(named))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_keep_their_order() {
        let named = Named(vec![("z".into(), 0.1), ("a".into(), f64::NAN)]);
        let text = serde_json::to_string(&named).unwrap();
        assert_eq!(text, r#"{"z":0.1,"a":null}"#);
        let back: Named = serde_json::from_str(&text).unwrap();
        assert_eq!(back.get("z"), Some(0.1));
        assert!(back.get("a").unwrap().is_nan());
    }
}
