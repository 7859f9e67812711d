//! Scores of human parsing: per-label IoU and its mean over the 20 labels of LIP.

use serde::Serialize;

use crate::confusion::ConfusionMatrix;
use crate::error::MetricError;
use crate::label_maps::LabelMapScores;
use crate::numbers::mean_of_defined;

/// The labels of the LIP data set, by number (Gong et al. 2017, "Look into Person").
pub const LIP_LABELS: [&str; 20] = [
    "background",
    "hat",
    "hair",
    "glove",
    "sunglasses",
    "upper-clothes",
    "dress",
    "coat",
    "socks",
    "pants",
    "jumpsuits",
    "scarf",
    "skirt",
    "face",
    "left arm",
    "right arm",
    "left leg",
    "right leg",
    "left shoe",
    "right shoe",
];

/// The label many parsing sets give to pixels that were not annotated.
pub const UNLABELLED: u8 = 255;

/// Pixels of parsing maps, added map by map; parts merge in any order.
///
/// ```
/// use wardrobe_metrics::ParsingAccumulator;
/// let mut parsing = ParsingAccumulator::lip();
/// parsing.push(&[0, 13, 13, 255], &[0, 13, 0, 5])?;
/// let scores = parsing.scores();
/// assert_eq!(scores.parts[13].iou, Some(0.5));
/// assert_eq!(scores.maps.mean_iou, Some(0.5)); // background 1/2, face 1/2
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsingAccumulator {
    names: Vec<String>,
    pixels: ConfusionMatrix,
}

/// The score of one label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartScore {
    /// The label's name.
    pub name: String,
    /// Intersection over union, 0–1; `None` where the label neither occurs nor is predicted.
    pub iou: Option<f64>,
    /// Annotated pixels.
    pub pixels: u64,
}

/// The scores of parsing maps.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ParsingScores {
    /// Per label, by number.
    pub parts: Vec<PartScore>,
    /// Pixel accuracy, mean accuracy and mean IoU with the background, as LIP reports them.
    pub maps: LabelMapScores,
    /// Mean IoU without label 0.
    pub foreground_mean_iou: Option<f64>,
}

impl ParsingAccumulator {
    /// The 20 labels of LIP.
    pub fn lip() -> Self {
        Self::new(&LIP_LABELS)
    }

    /// Other labels, label 0 being the background.
    pub fn new(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            pixels: ConfusionMatrix::new(names.len()),
        }
    }

    /// Counts one map of labels, pixel by pixel. Pixels whose truth is [`UNLABELLED`] are skipped.
    ///
    /// # Errors
    /// [`MetricError::LengthsDiffer`], [`MetricError::LabelOutOfRange`]; then nothing is counted.
    pub fn push(&mut self, truth: &[u8], predicted: &[u8]) -> Result<(), MetricError> {
        self.pixels
            .add_labels_except(truth, predicted, Some(usize::from(UNLABELLED)))
    }

    /// Adds the pixels of another part.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when the numbers of labels differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricError> {
        self.pixels.merge(&other.pixels)
    }

    /// The pixels counted so far.
    pub fn pixels(&self) -> &ConfusionMatrix {
        &self.pixels
    }

    /// The scores so far.
    pub fn scores(&self) -> ParsingScores {
        let part = |(label, name): (usize, &String)| PartScore {
            name: name.clone(),
            iou: self.pixels.iou(label),
            pixels: self.pixels.support(label),
        };
        ParsingScores {
            parts: self.names.iter().enumerate().map(part).collect(),
            maps: LabelMapScores::of(&self.pixels),
            foreground_mean_iou: mean_of_defined(
                (1..self.names.len()).map(|label| self.pixels.iou(label)),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Background 3 of 4 pixels: IoU 2/4 (one lost to coat, one gained from hair); coat: 0 of 1
    /// gained; hair 0/1. Mean (1/2 + 0 + 0) / 3; foreground 0.
    #[test]
    fn labels_by_hand() {
        let mut parsing = ParsingAccumulator::lip();
        parsing.push(&[0, 0, 0, 2], &[0, 0, 7, 0]).unwrap();
        let scores = parsing.scores();
        assert_eq!(scores.parts[0].iou, Some(0.5));
        assert_eq!(
            (scores.parts[2].iou, scores.parts[7].iou),
            (Some(0.0), Some(0.0))
        );
        assert_eq!(scores.parts[1].iou, None);
        assert!((scores.maps.mean_iou.unwrap() - 0.5 / 3.0).abs() < 1e-15);
        assert_eq!(scores.foreground_mean_iou, Some(0.0));
        assert_eq!(
            (scores.parts[7].name.as_str(), scores.parts[0].pixels),
            ("coat", 3)
        );
    }

    #[test]
    fn nothing_parsed_has_no_score() {
        let mut parsing = ParsingAccumulator::lip();
        parsing.push(&[255, 255], &[0, 19]).unwrap();
        assert_eq!(parsing.scores().maps.mean_iou, None);
        assert_eq!(parsing.scores().foreground_mean_iou, None);
    }

    #[test]
    fn labels_beyond_the_list_are_named() {
        let mut parsing = ParsingAccumulator::lip();
        let message = parsing.push(&[0, 20], &[0, 0]).unwrap_err().to_string();
        assert!(
            message.contains("truth[1] is 20") && message.contains("20 classes"),
            "{message}"
        );
        let message = parsing
            .merge(&ParsingAccumulator::new(&["a", "b"]))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("number of classes is 20 in one and 2"),
            "{message}"
        );
    }
}
