//! All numbers of a scored detector: COCO's and paper A's, over everything and class by class.

use serde::Serialize;
use wardrobe_metrics::coco::{
    self, CocoDetections, CocoScores, CocoSettings, CocoSummary, CocoTruth,
};
use wardrobe_metrics::{Bootstrap, ConfusionMatrix, Interval, LabelMapScores};
use wardrobe_training::Scores;

use crate::error::RecipeError;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Boxes: COCO's `bbox`, paper A's table 2.
    Boxes,
    /// Masks: COCO's `segm`, paper A's table 3.
    Masks,
}

impl Kind {
    /// How names of its scores begin: `box_AP50`, `mask_AP50`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Boxes => "box",
            Self::Masks => "mask",
        }
    }

    /// `Boxes`, `Masks`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Boxes => "Boxes",
            Self::Masks => "Masks",
        }
    }

    /// `boxes`, `masks`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Boxes => "boxes",
            Self::Masks => "masks",
        }
    }

    /// The names of its scores, in their order.
    pub(super) fn score_names(self) -> Vec<String> {
        let painted: &[&str] = match self {
            Self::Boxes => &["mean_accuracy", "mean_IoU"],
            Self::Masks => &["pixel_accuracy", "mean_accuracy", "mean_IoU"],
        };
        let coco = ["AP", "AP50", "AP75", "AP90"];
        coco.iter()
            .chain(painted)
            .map(|name| format!("{}_{name}", self.prefix()))
            .collect()
    }

    /// The names of all scores of a detector, in their order.
    pub(super) fn all_score_names(masks: bool) -> Vec<String> {
        let masks = masks.then_some(Self::Masks);
        let kinds = std::iter::once(Self::Boxes).chain(masks);
        kinds.flat_map(Self::score_names).collect()
    }

    fn settings(self) -> CocoSettings {
        match self {
            Self::Boxes => CocoSettings::boxes(),
            Self::Masks => CocoSettings::masks(),
        }
    }
}

/// Boxes, or masks, scored.
#[derive(Debug, Clone)]
pub struct KindTally {
    /// Which.
    pub kind: Kind,
    /// COCO's numbers and curves; category ids are labels, from 1.
    pub coco: CocoScores,
    /// Pixels of the label maps: truth by what was painted, 0 the background.
    pub pixels: ConfusionMatrix,
}

impl KindTally {
    /// Paper A's numbers.
    pub fn painted(&self) -> LabelMapScores {
        LabelMapScores::of(&self.pixels)
    }
}

/// One class's scores, each 0–1; nothing where the class does not occur.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassScores {
    /// The class.
    pub name: String,
    /// Boxes or masks.
    pub kind: Kind,
    /// COCO's table.
    pub coco: CocoSummary,
    /// The share of its pixels that were painted as it.
    pub accuracy: Option<f64>,
    /// The IoU of its pixels.
    pub iou: Option<f64>,
}

/// A scored detector, as [`Scorer::tally`](super::Scorer::tally) makes it.
#[derive(Debug, Clone)]
pub struct Tally {
    truth: CocoTruth,
    found: CocoDetections,
    /// Boxes, and masks where the detector has them.
    pub kinds: Vec<KindTally>,
}

impl Tally {
    pub(super) fn new(
        truth: CocoTruth,
        found: CocoDetections,
        painted: impl Iterator<Item = (Kind, ConfusionMatrix)>,
    ) -> Result<Self, RecipeError> {
        let kinds = painted
            .map(|(kind, pixels)| {
                let coco = coco::evaluate(&truth, &found, &kind.settings())?;
                Ok(KindTally { kind, coco, pixels })
            })
            .collect::<Result<Vec<_>, RecipeError>>()?;
        Ok(Self {
            truth,
            found,
            kinds,
        })
    }

    /// Pictures looked at.
    pub fn pictures(&self) -> usize {
        self.truth.images.len()
    }

    /// Objects that were to be found; crowds are none.
    pub fn objects(&self) -> usize {
        let wanted = self.truth.annotations.iter().filter(|one| !one.iscrowd);
        wanted.count()
    }

    /// Detections, of any score.
    pub fn detections(&self) -> usize {
        self.found.list.len()
    }

    /// The scores by their names; see [`Scorer`](super::Scorer).
    pub fn scores(&self) -> Scores {
        let mut scores = Scores::new();
        for one in &self.kinds {
            let (summary, painted) = (one.coco.summary(), one.painted());
            let coco = [summary.ap, summary.ap50, summary.ap75, one.coco.ap_at(0.9)];
            // Paper A's table 2, of boxes, has no accuracy of pixels.
            let pixels = (one.kind == Kind::Masks).then_some(painted.pixel_accuracy);
            let values = coco.into_iter().chain(pixels);
            let values = values.chain([painted.mean_accuracy, painted.mean_iou]);
            for (name, value) in one.kind.score_names().into_iter().zip(values) {
                scores = scores.with(name, value.unwrap_or(f64::NAN));
            }
        }
        scores
    }

    /// The scores of each class, boxes first.
    pub fn classes(&self) -> Vec<ClassScores> {
        let of = |one: &KindTally| {
            let per_class = one.coco.per_category().into_iter();
            let scores = per_class.map(|class| ClassScores {
                name: class.name,
                kind: one.kind,
                coco: class.summary,
                accuracy: one.pixels.recall(class.id as usize),
                iou: one.pixels.iou(class.id as usize),
            });
            scores.collect::<Vec<_>>()
        };
        self.kinds.iter().flat_map(of).collect()
    }

    /// The intervals of AP, AP50 and AP75 over draws of pictures, by the names of the scores.
    ///
    /// # Errors
    /// [`RecipeError::Coco`] for settings of the bootstrap.
    pub fn intervals(&self, bootstrap: &Bootstrap) -> Result<Vec<(String, Interval)>, RecipeError> {
        let mut named = Vec::new();
        for one in &self.kinds {
            let found = coco::intervals(&self.truth, &self.found, &one.kind.settings(), bootstrap)?;
            let all = [("AP", found.ap), ("AP50", found.ap50), ("AP75", found.ap75)];
            for (name, interval) in all {
                let name = format!("{}_{name}", one.kind.prefix());
                named.extend(interval.map(|interval| (name, interval)));
            }
        }
        Ok(named)
    }
}
