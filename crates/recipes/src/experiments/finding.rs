//! What became of a claim.

use serde::Serialize;

use super::plan::Claim;
use crate::table::{Table, header};

/// A claim and the scores it is about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What was claimed.
    pub claim: Claim,
    /// The seeds, in the order of the values.
    pub seeds: Vec<u64>,
    /// One for each score of the claim.
    pub scores: Vec<Measured>,
}

/// One score of both readings, a value for each seed, 0–1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// Its name.
    pub score: String,
    /// Of the reading said to be better.
    pub better: Vec<f64>,
    /// Of the reading said to be worse.
    pub worse: Vec<f64>,
}

/// What the seeds say. They share pictures and differ in weights, order and samples, so that differences
/// are taken seed by seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No seed contradicts.
    Holds,
    /// Some do, and the mean of the differences is above zero: more seeds would tell.
    Open,
    /// The mean of the differences is zero or below.
    DoesNotHold,
}

impl Verdict {
    /// `holds`, `open`, `does not hold`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Open => "open",
            Self::DoesNotHold => "does not hold",
        }
    }
}

impl Measured {
    /// Better − worse, seed by seed.
    pub fn differences(&self) -> Vec<f64> {
        let pairs = self.better.iter().zip(&self.worse);
        pairs.map(|(better, worse)| better - worse).collect()
    }

    /// Seeds by which the better reading is really better.
    pub fn agreeing(&self) -> usize {
        self.differences().iter().filter(|one| **one > 0.0).count()
    }

    /// What the seeds say.
    ///
    /// ```
    /// use wardrobe_recipes::experiments::{Measured, Verdict};
    /// let score = |better: [f64; 3]| Measured {
    ///     score: "box_AP".into(),
    ///     better: better.to_vec(),
    ///     worse: vec![0.5; 3],
    /// };
    /// assert_eq!(score([0.6, 0.5, 0.7]).verdict(), Verdict::Holds);
    /// assert_eq!(score([0.6, 0.4, 0.7]).verdict(), Verdict::Open);
    /// assert_eq!(score([0.6, 0.4, 0.5]).verdict(), Verdict::DoesNotHold);
    /// ```
    pub fn verdict(&self) -> Verdict {
        let differences = self.differences();
        // Not a number, where nothing was to be found, holds nothing.
        if mean(&differences) > 0.0 {
            if differences.iter().all(|one| *one >= 0.0) {
                Verdict::Holds
            } else {
                Verdict::Open
            }
        } else {
            Verdict::DoesNotHold
        }
    }
}

impl Finding {
    /// Means over seeds with their standard deviations, in per cent.
    pub fn table(&self) -> Table {
        let Claim {
            title,
            better,
            worse,
            ..
        } = &self.claim;
        let columns = [
            &worse.title(),
            &better.title(),
            "difference",
            "seeds",
            "verdict",
        ];
        let row = |one: &Measured| {
            vec![
                one.score.clone(),
                spread(&one.worse),
                spread(&one.better),
                spread(&one.differences()),
                format!("{} of {}", one.agreeing(), self.seeds.len()),
                one.verdict().words().to_owned(),
            ]
        };
        Table {
            title: title.clone(),
            header: header("%", &columns),
            rows: self.scores.iter().map(row).collect(),
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// `61.3 ± 0.8`: mean and standard deviation (of a sample: n − 1), in per cent; of one value, itself.
fn spread(values: &[f64]) -> String {
    let mean = mean(values);
    if values.len() < 2 {
        return format!("{:.1}", 100.0 * mean);
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / (values.len() - 1) as f64).sqrt();
    format!("{:.1} ± {:.1}", 100.0 * mean, 100.0 * deviation)
}

#[cfg(test)]
mod tests {
    use super::super::plan::Reading;
    use super::*;

    /// Differences 0.1, −0.2, 0.4: mean 0.1, squares 0 + 0.09 + 0.09, deviation √(0.18 / 2) = 0.3.
    #[test]
    fn a_row_by_hand() {
        let finding = Finding {
            claim: Claim {
                title: "b is better than a".into(),
                source: "nobody".into(),
                better: Reading::of("b"),
                worse: Reading::of("a"),
                scores: vec!["box_AP".into()],
            },
            seeds: vec![0, 1, 2],
            scores: vec![Measured {
                score: "box_AP".into(),
                better: vec![0.6, 0.3, 0.9],
                worse: vec![0.5, 0.5, 0.5],
            }],
        };
        let table = finding.table();
        let cells = [
            "box_AP",
            "50.0 ± 0.0",
            "60.0 ± 30.0",
            "10.0 ± 30.0",
            "2 of 3",
            "open",
        ];
        assert_eq!(table.rows, [cells]);
        assert_eq!(table.header[1..3], ["a", "b"]);
    }

    #[test]
    fn one_seed_has_no_spread_and_no_number_holds_nothing() {
        assert_eq!(spread(&[0.5]), "50.0");
        let score = Measured {
            score: "box_AP".into(),
            better: vec![f64::NAN],
            worse: vec![0.1],
        };
        assert_eq!(score.verdict(), Verdict::DoesNotHold);
    }
}
