//! Scores of a detector over held-out pictures: COCO's and paper A's.

use serde::{Deserialize, Serialize};
use wardrobe_datasets::{CompressedRle, MaskRegion};
use wardrobe_mask_head::InstanceTruth;
use wardrobe_metrics::coco::{
    CocoCategory, CocoDetection, CocoDetections, CocoObject, CocoPicture, CocoTruth, Segmentation,
};
use wardrobe_training::Scores;

use super::label_maps::{Maps, Paint};
use super::model::Found;
use super::tally::{Kind, Tally};
use crate::error::RecipeError;

/// Classes that label maps can count, the background included.
const MOST_CLASSES: usize = 256;

/// How detections become scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoringConfig {
    /// Detections of at least this score are painted in paper A's label maps (its tables 2 and 3; the
    /// paper gives none): 0.5. COCO's metric looks at all.
    pub paint_from: f64,
}

impl Default for ScoringConfig {
    fn default() -> Self {
        Self { paint_from: 0.5 }
    }
}

/// Collects pictures with what was to be found and what was found.
///
/// Scores: `box_AP`, `box_AP50`, `box_AP75` (COCO), `box_AP90` (`IoU-Net` reports it), `box_mean_accuracy`, `box_mean_IoU` (paper A's
/// table 2); with masks also `mask_AP` … `mask_AP90`, `mask_pixel_accuracy`,
/// `mask_mean_accuracy`, `mask_mean_IoU` (table 3). Each is 0–1; not a number where nothing was to be
/// found.
#[derive(Debug)]
pub struct Scorer {
    masks: bool,
    names: Vec<String>,
    truth: CocoSide,
    found: Vec<CocoDetection>,
    boxes: Maps,
    pixels: Maps,
}

#[derive(Debug, Default)]
struct CocoSide {
    images: Vec<CocoPicture>,
    objects: Vec<CocoObject>,
}

impl Scorer {
    /// Nothing collected yet; `names` are the classes without the background.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] for more than 255 classes.
    pub fn new(names: &[String], masks: bool, config: ScoringConfig) -> Result<Self, RecipeError> {
        let classes = names.len() + 1;
        if classes > MOST_CLASSES {
            return Err(RecipeError::Setting {
                field: "classes".into(),
                found: format!("{} classes", names.len()),
                remedy: "paper A's label maps count at most 255; choose some or use groups".into(),
            });
        }
        Ok(Self {
            masks,
            names: names.to_vec(),
            truth: CocoSide::default(),
            found: Vec::new(),
            boxes: Maps::new(Paint::Boxes, classes, config.paint_from),
            pixels: Maps::new(Paint::Masks, classes, config.paint_from),
        })
    }

    /// Adds a picture of `[width, height]` pixels.
    ///
    /// # Errors
    /// [`RecipeError::Metric`] for boxes or scores that are no numbers.
    pub fn add(
        &mut self,
        size: [usize; 2],
        truth: &InstanceTruth,
        found: &[Found],
    ) -> Result<(), RecipeError> {
        let [width, height] = size;
        let picture = self.truth.images.len() as u64 + 1;
        self.truth.images.push(CocoPicture {
            id: picture,
            width: width as u32,
            height: height as u32,
        });
        let objects = truth.objects.boxes.iter().zip(&truth.objects.labels);
        for (index, (corners, &label)) in objects.enumerate() {
            let mask = truth.masks.get(index).filter(|_| self.masks);
            let region = mask.map(|m| MaskRegion::new(m.x, m.y, m.width, m.bits.clone()));
            self.push_object(picture, label as u64, *corners, region, size, false);
        }
        // What is to be ignored is of no class in particular: a crowd of each.
        for corners in &truth.objects.ignored {
            let region = self.masks.then(|| filled(*corners, size));
            for label in 1..=self.names.len() as u64 {
                self.push_object(picture, label, *corners, region.clone(), size, true);
            }
        }
        self.found.extend(found.iter().map(|found| {
            let detection = &found.detection;
            CocoDetection {
                segmentation: found.mask.as_ref().map(|mask| run_lengths(mask, size)),
                ..CocoDetection::boxed(
                    picture,
                    detection.label as u64,
                    detection.score.into(),
                    xywh(detection.bbox),
                )
            }
        }));
        self.boxes.add(size, truth, found)?;
        if self.masks {
            self.pixels.add(size, truth, found)?;
        }
        Ok(())
    }

    fn push_object(
        &mut self,
        picture: u64,
        label: u64,
        corners: [f32; 4],
        region: Option<MaskRegion>,
        size: [usize; 2],
        iscrowd: bool,
    ) {
        let id = self.truth.objects.len() as u64 + 1;
        let boxed = CocoObject::boxed(id, picture, label, xywh(corners));
        self.truth.objects.push(CocoObject {
            iscrowd,
            area: region
                .as_ref()
                .map_or(boxed.area, |region| region.area() as f64),
            segmentation: region.map(|region| run_lengths(&region, size)),
            ..boxed
        });
    }

    /// The scores over all pictures added.
    ///
    /// # Errors
    /// [`RecipeError::Coco`].
    pub fn scores(self) -> Result<Scores, RecipeError> {
        Ok(self.tally()?.scores())
    }

    /// Everything that is known over all pictures added.
    ///
    /// # Errors
    /// [`RecipeError::Coco`].
    pub fn tally(self) -> Result<Tally, RecipeError> {
        let categories = self.names.into_iter().enumerate().map(|(index, name)| {
            let id = index as u64 + 1;
            CocoCategory { id, name }
        });
        let truth = CocoTruth::new(self.truth.images, categories.collect(), self.truth.objects);
        let found = CocoDetections::new(self.found);
        let masks = self.masks.then(|| self.pixels.into_pixels());
        let painted = [
            Some((Kind::Boxes, self.boxes.into_pixels())),
            masks.map(|pixels| (Kind::Masks, pixels)),
        ];
        Tally::new(truth, found, painted.into_iter().flatten())
    }
}

fn xywh([x1, y1, x2, y2]: [f32; 4]) -> [f64; 4] {
    let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(f64::from);
    [x1, y1, x2 - x1, y2 - y1]
}

fn run_lengths(region: &MaskRegion, [width, height]: [usize; 2]) -> Segmentation {
    let CompressedRle { size, counts } = CompressedRle::encode(region, width, height);
    Segmentation::CompressedRle { size, counts }
}

/// The pixels of a box, cut at the picture.
fn filled([x1, y1, x2, y2]: [f32; 4], [width, height]: [usize; 2]) -> MaskRegion {
    let pixel = |edge: f32, end: usize| edge.clamp(0.0, end as f32) as usize;
    let (left, top) = (pixel(x1, width), pixel(y1, height));
    let (right, bottom) = (pixel(x2.ceil(), width), pixel(y2.ceil(), height));
    let (columns, rows) = (right.saturating_sub(left), bottom.saturating_sub(top));
    MaskRegion::new(left, top, columns, vec![true; columns * rows])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use wardrobe_mask_head::TruthMask;
    use wardrobe_rpn_roi::{Detection, GroundTruth};

    const SIZE: [usize; 2] = [10, 10];

    fn truth(label: usize) -> InstanceTruth {
        InstanceTruth {
            objects: GroundTruth {
                boxes: vec![[0.0, 0.0, 10.0, 5.0]],
                labels: vec![label],
                ignored: Vec::new(),
            },
            masks: vec![TruthMask {
                x: 0,
                y: 0,
                width: 10,
                bits: vec![true; 50],
            }],
        }
    }

    fn found(label: usize, bbox: [f32; 4], score: f32) -> Found {
        Found {
            detection: Detection { bbox, score, label },
            mask: Some(filled(bbox, SIZE)),
        }
    }

    fn names() -> Vec<String> {
        vec!["Coat".into(), "Dress".into()]
    }

    /// A box of 8 × 5 in the truth's 10 × 5: IoU 0.8, right at 0.5 … 0.8, 7 of COCO's 10 thresholds.
    /// Painted: 40 of the coat's 50 pixels right, all 50 of the background: accuracies 0.8 and 1;
    /// IoU 40/50 and 50/60; pixel accuracy 90/100.
    #[test]
    fn one_picture_by_hand() {
        let mut scorer = Scorer::new(&names(), true, ScoringConfig::default()).unwrap();
        let one = found(1, [0.0, 0.0, 8.0, 5.0], 0.9);
        scorer.add(SIZE, &truth(1), &[one]).unwrap();
        let scores = scorer.scores().unwrap();
        for kind in ["box", "mask"] {
            let score = |name: &str| scores.get(&format!("{kind}_{name}")).unwrap();
            for (name, expected) in [
                ("AP", 0.7),
                ("AP50", 1.0),
                ("AP75", 1.0),
                ("AP90", 0.0),
                ("mean_accuracy", 0.9),
                ("mean_IoU", f64::midpoint(0.8, 5.0 / 6.0)),
            ] {
                let found = score(name);
                assert!((found - expected).abs() < 1e-9, "{kind}_{name} {found}");
            }
        }
        assert_eq!(scores.get("mask_pixel_accuracy"), Some(0.9));
        assert_eq!(scores.get("box_pixel_accuracy"), None);
    }

    /// A wrong detection in an ignored region costs nothing; outside of it, ranked above the right
    /// one, it halves precision.
    #[test]
    fn ignored_regions_forgive() {
        let with = |ignored: Vec<[f32; 4]>| {
            let mut scorer = Scorer::new(&names(), false, ScoringConfig::default()).unwrap();
            let mut truth = truth(1);
            truth.objects.ignored = ignored;
            let found = [
                found(1, [0.0, 6.0, 10.0, 10.0], 0.9),
                found(1, [0.0, 0.0, 10.0, 5.0], 0.8),
            ];
            scorer.add(SIZE, &truth, &found).unwrap();
            scorer.scores().unwrap().get("box_AP50").unwrap()
        };
        assert!((with(Vec::new()) - 0.5).abs() < 1e-9);
        assert!((with(vec![[0.0, 6.0, 10.0, 10.0]]) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_find_is_no_score() {
        let mut scorer = Scorer::new(&names(), false, ScoringConfig::default()).unwrap();
        scorer.add(SIZE, &InstanceTruth::default(), &[]).unwrap();
        let scores = scorer.scores().unwrap();
        assert!(scores.get("box_AP").unwrap().is_nan());
        // Every pixel is background, and was left so.
        assert_eq!(scores.get("box_mean_accuracy"), Some(1.0));
    }

    #[test]
    fn more_classes_than_a_map_can_hold_are_refused() {
        let names: Vec<String> = (0..256).map(|index| index.to_string()).collect();
        let error = Scorer::new(&names, false, ScoringConfig::default()).unwrap_err();
        assert!(error.to_string().contains("found 256 classes"), "{error}");
    }
}
