//! Scores as tables for people and as JSON for programs.

use std::collections::BTreeMap;

use serde::Serialize;
use wardrobe_metrics::coco::CocoSummary;
use wardrobe_metrics::{Bootstrap, ConfusionMatrix, Interval};
use wardrobe_training::Named;

use crate::detection::{ClassScores, Kind, Tally};
use crate::error::RecipeError;
use crate::table::{Table, header, per_cent};

/// A detector's scores.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DetectorSummary {
    /// Pictures looked at.
    pub pictures: usize,
    /// Objects that were to be found.
    pub objects: usize,
    /// Detections, of any score.
    pub detections: usize,
    /// The scores that training logs, 0–1; see [`Scorer`](crate::detection::Scorer).
    pub scores: Named,
    /// COCO's whole tables, by `box` and `mask`.
    pub coco: BTreeMap<&'static str, CocoSummary>,
    /// Where AP is likely to lie, by the score's name; empty unless asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub intervals: BTreeMap<String, Interval>,
    /// Class by class.
    pub classes: Vec<ClassScores>,
}

impl DetectorSummary {
    /// With intervals where a bootstrap is given.
    ///
    /// # Errors
    /// [`RecipeError::Coco`] for settings of the bootstrap.
    pub fn new(tally: &Tally, bootstrap: Option<&Bootstrap>) -> Result<Self, RecipeError> {
        let intervals = match bootstrap {
            Some(bootstrap) => tally.intervals(bootstrap)?.into_iter().collect(),
            None => BTreeMap::new(),
        };
        Ok(Self {
            pictures: tally.pictures(),
            objects: tally.objects(),
            detections: tally.detections(),
            scores: Named(tally.scores().named().to_vec()),
            coco: tally
                .kinds
                .iter()
                .map(|one| (one.kind.prefix(), one.coco.summary()))
                .collect(),
            intervals,
            classes: tally.classes(),
        })
    }

    /// COCO's scores, paper A's, and both class by class; per cent.
    pub fn tables(&self) -> Vec<Table> {
        let kinds = [Kind::Boxes, Kind::Masks];
        let given = kinds
            .into_iter()
            .filter(|kind| self.score(*kind, "AP").is_some());
        let kinds: Vec<Kind> = given.collect();
        let rows = |names: &[&str]| {
            let row = |kind: &Kind| {
                let cells = names.iter().map(|name| self.cell(*kind, name));
                std::iter::once(kind.plural().to_owned())
                    .chain(cells)
                    .collect()
            };
            kinds.iter().map(row).collect::<Vec<Vec<String>>>()
        };
        let mut tables = vec![
            Table {
                title: "COCO, %".into(),
                header: header(
                    "of",
                    &["AP", "AP50", "AP75", "small", "medium", "large", "AR100"],
                ),
                rows: kinds
                    .iter()
                    .map(|kind| self.coco_row(*kind, &["AP", "AP50", "AP75"]))
                    .collect(),
            },
            Table {
                title: "Paper A (tables 2 and 3), painted as one class per pixel, %".into(),
                header: header("of", &["pixel accuracy", "mean accuracy", "mean IoU"]),
                rows: rows(&["pixel_accuracy", "mean_accuracy", "mean_IoU"]),
            },
        ];
        for kind in kinds {
            let own = self.classes.iter().filter(|class| class.kind == kind);
            // A class that does not occur has no score.
            let own = own.filter(|class| class.coco.ap.is_some());
            tables.push(Table {
                title: format!("{} class by class, %", kind.title()),
                header: header("class", &["AP", "AP50", "AP75", "accuracy", "IoU"]),
                rows: own
                    .map(|class| {
                        let numbers = [
                            class.coco.ap,
                            class.coco.ap50,
                            class.coco.ap75,
                            class.accuracy,
                            class.iou,
                        ];
                        let name = std::iter::once(class.name.clone());
                        name.chain(numbers.map(per_cent)).collect()
                    })
                    .collect(),
            });
        }
        tables
    }

    /// AP with its intervals, then what has none.
    fn coco_row(&self, kind: Kind, names: &[&str]) -> Vec<String> {
        let cells = names.iter().map(|name| self.cell(kind, name));
        let named = std::iter::once(kind.plural().to_owned()).chain(cells);
        let others = self.coco.get(kind.prefix()).map(|summary| {
            let all = summary.ar.last().and_then(|(_, recall)| *recall);
            [summary.ap_small, summary.ap_medium, summary.ap_large, all].map(per_cent)
        });
        named.chain(others.into_iter().flatten()).collect()
    }

    fn score(&self, kind: Kind, name: &str) -> Option<f64> {
        self.scores.get(&format!("{}_{name}", kind.prefix()))
    }

    fn cell(&self, kind: Kind, name: &str) -> String {
        let score = self.score(kind, name).filter(|score| !score.is_nan());
        let interval = self.intervals.get(&format!("{}_{name}", kind.prefix()));
        match interval {
            Some(Interval { lower, upper, .. }) => format!(
                "{} ({:.1} to {:.1})",
                per_cent(score),
                100.0 * lower,
                100.0 * upper
            ),
            None => per_cent(score),
        }
    }
}

/// A classifier's scores, each 0–1; nothing where they are not defined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassifierSummary {
    /// Pictures looked at.
    pub pictures: u64,
    /// The share that was right.
    pub accuracy: Option<f64>,
    /// The mean over classes that occur.
    pub mean_accuracy: Option<f64>,
    /// Class by class.
    pub classes: Vec<ClassAccuracy>,
}

/// One class of a classifier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassAccuracy {
    /// The class.
    pub name: String,
    /// Pictures of it.
    pub pictures: u64,
    /// The share of them that was right.
    pub accuracy: Option<f64>,
    /// The share that was right of those taken for it.
    pub precision: Option<f64>,
}

impl ClassifierSummary {
    /// Reads the scores off what was taken for what.
    pub fn new(matrix: &ConfusionMatrix, names: &[String]) -> Self {
        let class = |(index, name): (usize, &String)| ClassAccuracy {
            name: name.clone(),
            pictures: matrix.support(index),
            accuracy: matrix.recall(index),
            precision: matrix.precision(index),
        };
        Self {
            pictures: matrix.total(),
            accuracy: matrix.accuracy(),
            mean_accuracy: matrix.mean_recall(),
            classes: names.iter().enumerate().map(class).collect(),
        }
    }

    /// Everything, and class by class; per cent.
    pub fn tables(&self) -> Vec<Table> {
        let class = |class: &ClassAccuracy| {
            vec![
                class.name.clone(),
                class.pictures.to_string(),
                per_cent(class.accuracy),
                per_cent(class.precision),
            ]
        };
        vec![
            Table {
                title: "Classifier, %".into(),
                header: header("pictures", &["accuracy", "mean accuracy"]),
                rows: vec![vec![
                    self.pictures.to_string(),
                    per_cent(self.accuracy),
                    per_cent(self.mean_accuracy),
                ]],
            },
            Table {
                title: "Class by class, %".into(),
                header: header("class", &["pictures", "accuracy", "precision"]),
                rows: self.classes.iter().map(class).collect(),
            },
        ]
    }
}
