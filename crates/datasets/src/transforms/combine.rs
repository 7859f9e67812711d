//! Steps made of steps.

use serde::{Deserialize, Serialize};

use super::error::TransformError;
use super::range::check_probability;
use super::step::Step;
use super::stream::Stream;
use super::transform::Transform;
use super::work::Work;

/// All steps, one after the other.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequential {
    /// The steps.
    pub steps: Vec<Step>,
    /// In an order drawn anew each time; as written when left out.
    #[serde(default)]
    pub shuffled: bool,
}

/// A number of the steps, drawn without repetition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SomeOf {
    /// Fewest and most steps, each number equally likely.
    pub count: [usize; 2],
    /// The steps to draw from.
    pub steps: Vec<Step>,
    /// In the order they were drawn; as written when left out.
    #[serde(default)]
    pub shuffled: bool,
}

/// One of the steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOf {
    /// The steps to draw from.
    pub steps: Vec<Step>,
}

/// The steps with some probability, otherwise others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sometimes {
    /// How likely the steps are (0–1).
    pub probability: f32,
    /// What is done then.
    pub steps: Vec<Step>,
    /// What is done otherwise; nothing when left out.
    #[serde(default)]
    pub otherwise: Vec<Step>,
}

/// Steps that draw the same numbers for every picture of a batch: one size, one rotation for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerBatch {
    /// The steps.
    pub steps: Vec<Step>,
}

/// Steps deeper than this are refused: a file must not overflow the stack.
const DEEPEST: usize = 64;

pub(super) fn depth(steps: &[Step]) -> usize {
    1 + steps.iter().map(Step::depth).max().unwrap_or(0)
}

fn check_all(list: &'static str, steps: &[Step]) -> Result<(), TransformError> {
    if depth(steps) > DEEPEST {
        let expected = "steps within steps go at most 64 deep";
        return Err(TransformError::setting(list, depth(steps), expected));
    }
    for (index, step) in steps.iter().enumerate() {
        let place = format!("{list}[{index}].{}", step.name());
        step.check().map_err(|error| error.inside(&place))?;
    }
    Ok(())
}

fn not_empty(steps: &[Step]) -> Result<(), TransformError> {
    if steps.is_empty() {
        let expected = "there must be a step to draw";
        return Err(TransformError::setting("steps", steps, expected));
    }
    Ok(())
}

/// Each step has the stream of its place, whatever the order.
fn apply_at(
    places: impl IntoIterator<Item = usize>,
    steps: &[Step],
    work: &mut Work,
    stream: &Stream,
) -> Result<(), TransformError> {
    for place in places {
        steps[place].apply(work, &stream.child(place))?;
    }
    Ok(())
}

impl Transform for Sequential {
    fn check(&self) -> Result<(), TransformError> {
        check_all("steps", &self.steps)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let count = self.steps.len();
        if self.shuffled {
            let order = stream.dice().choose(count, count);
            apply_at(order, &self.steps, work, stream)
        } else {
            apply_at(0..count, &self.steps, work, stream)
        }
    }
}

impl Transform for SomeOf {
    fn check(&self) -> Result<(), TransformError> {
        let [least, most] = self.count;
        if least > most || most > self.steps.len() {
            let expected = "least and most, at most as many as there are steps";
            return Err(TransformError::setting("count", self.count, expected));
        }
        check_all("steps", &self.steps)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let [least, most] = self.count;
        let count = least + dice.below(most - least + 1);
        let mut chosen = dice.choose(count, self.steps.len());
        if !self.shuffled {
            chosen.sort_unstable();
        }
        apply_at(chosen, &self.steps, work, stream)
    }
}

impl Transform for OneOf {
    fn check(&self) -> Result<(), TransformError> {
        not_empty(&self.steps)?;
        check_all("steps", &self.steps)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let chosen = stream.dice().below(self.steps.len());
        apply_at([chosen], &self.steps, work, stream)
    }
}

impl Transform for Sometimes {
    fn check(&self) -> Result<(), TransformError> {
        check_probability("probability", self.probability)?;
        check_all("steps", &self.steps)?;
        check_all("otherwise", &self.otherwise)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let (branch, steps) = if stream.dice().chance(self.probability) {
            (0, &self.steps)
        } else {
            (1, &self.otherwise)
        };
        apply_at(0..steps.len(), steps, work, &stream.child(branch))
    }
}

impl Transform for PerBatch {
    fn check(&self) -> Result<(), TransformError> {
        check_all("steps", &self.steps)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        apply_at(0..self.steps.len(), &self.steps, work, &stream.of_batch())
    }
}
