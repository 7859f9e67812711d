//! Scores of a detector over held-out pictures: COCO's and paper A's.

use serde::{Deserialize, Serialize};
use wardrobe_datasets::{CompressedRle, MaskRegion, Sample};
use wardrobe_metrics::coco::{
    CocoCategory, CocoDetection, CocoDetections, CocoObject, CocoPicture, CocoTruth, Segmentation,
};
use wardrobe_training::Scores;

use super::label_maps::{MOST_CLASSES, Maps, Paint};
use super::model::Found;
use super::tally::{Kind, Tally};
use super::truth::{Target, targets};
use crate::error::RecipeError;

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
    /// [`RecipeError::Setting`] for more than 254 classes.
    pub fn new(names: &[String], masks: bool, config: ScoringConfig) -> Result<Self, RecipeError> {
        let classes = names.len() + 1;
        if classes > MOST_CLASSES {
            return Err(RecipeError::Setting {
                field: "classes".into(),
                found: format!("{} classes", names.len()),
                remedy: "paper A's label maps count at most 254; choose some or use groups".into(),
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

    /// Adds a [settled](super::settle) picture. An object to be ignored excuses detections of its class, as COCO's crowds do;
    /// one of no class those of any.
    ///
    /// # Errors
    /// [`RecipeError::Metric`] for boxes or scores that are no numbers.
    pub fn add(&mut self, sample: &Sample, found: &[Found]) -> Result<(), RecipeError> {
        let size = [sample.picture.width(), sample.picture.height()];
        let picture = self.truth.images.len() as u64 + 1;
        self.truth.images.push(CocoPicture {
            id: picture,
            width: size[0] as u32,
            height: size[1] as u32,
        });
        for target in targets(sample) {
            if let Some(label) = target.label {
                self.push_object(picture, label, &target, size);
            } else {
                for label in 1..=self.names.len() {
                    self.push_object(picture, label, &target, size);
                }
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
        self.boxes.add(sample, found)?;
        if self.masks {
            self.pixels.add(sample, found)?;
        }
        Ok(())
    }

    fn push_object(&mut self, picture: u64, label: usize, target: &Target, size: [usize; 2]) {
        let id = self.truth.objects.len() as u64 + 1;
        let boxed = CocoObject::boxed(id, picture, label as u64, xywh(target.corners));
        let region = self.masks.then(|| match target.region {
            Some(region) => region.clone(),
            None => filled(target.corners, size),
        });
        let covered = region
            .as_ref()
            .map_or(boxed.area, |region| region.area() as f64);
        self.truth.objects.push(CocoObject {
            iscrowd: target.ignored,
            area: target.area.map_or(covered, f64::from),
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
    use wardrobe_datasets::sample::{BBox, Mask};
    use wardrobe_datasets::{Object, Picture};
    use wardrobe_rpn_roi::Detection;

    const SIZE: [usize; 2] = [10, 10];

    fn object(class: Option<u32>, corners: [f32; 4]) -> Object {
        Object {
            category: class,
            bbox: Some(BBox::from(corners)),
            mask: Some(Mask::Region(filled(corners, SIZE))),
            ..Object::default()
        }
    }

    fn sample(objects: Vec<Object>) -> Sample {
        Sample {
            picture: Picture::new(vec![0; 3 * 100], 10, 10),
            objects,
            parsing: None,
        }
    }

    /// A coat over the upper half.
    fn coat() -> Object {
        object(Some(0), [0.0, 0.0, 10.0, 5.0])
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
        scorer.add(&sample(vec![coat()]), &[one]).unwrap();
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

    /// A wrong detection in an ignored region costs nothing; outside of it, ranked above the right one, it halves precision.
    #[test]
    fn ignored_regions_forgive() {
        let with = |ignored: &[Object]| {
            let mut scorer = Scorer::new(&names(), false, ScoringConfig::default()).unwrap();
            let found = [
                found(1, [0.0, 6.0, 10.0, 10.0], 0.9),
                found(1, [0.0, 0.0, 10.0, 5.0], 0.8),
            ];
            let objects = [&[coat()], ignored].concat();
            scorer.add(&sample(objects), &found).unwrap();
            let scores = scorer.scores().unwrap();
            ["box_AP50", "box_mean_IoU"].map(|name| scores.get(name).unwrap())
        };
        let below = |class, crowd| Object {
            crowd,
            ..object(class, [0.0, 6.0, 10.0, 10.0])
        };
        let close = |scores: [f64; 2], expected: [f64; 2]| {
            let apart = |at: usize| (scores[at] - expected[at]).abs();
            assert!(apart(0) < 1e-9 && apart(1) < 1e-9, "{scores:?}");
        };
        // Of the background's 50 pixels 40 are painted as a coat: IoU 50/90 and 10/50.
        let wrong = f64::midpoint(50.0 / 90.0, 10.0 / 50.0);
        close(with(&[]), [0.5, wrong]);
        // Of no class; a crowd of coats.
        close(with(&[below(None, false)]), [1.0, 1.0]);
        close(with(&[below(Some(0), true)]), [1.0, 1.0]);
        // A crowd of dresses excuses no coat, but what its pixels are is not known.
        close(with(&[below(Some(1), true)]), [0.5, 1.0]);
    }

    /// Three pixels of a crowd's box of 40 are the crowd: a mask elsewhere in the box is wrong.
    #[test]
    fn crowds_forgive_where_their_pixels_are() {
        let crowd = Object {
            crowd: true,
            mask: Some(Mask::Region(MaskRegion::new(0, 9, 3, vec![true; 3]))),
            ..object(Some(0), [0.0, 6.0, 10.0, 10.0])
        };
        let mut scorer = Scorer::new(&names(), true, ScoringConfig::default()).unwrap();
        let found = [
            found(1, [0.0, 6.0, 10.0, 8.0], 0.9),
            found(1, [0.0, 0.0, 10.0, 5.0], 0.8),
        ];
        scorer.add(&sample(vec![coat(), crowd]), &found).unwrap();
        let scores = scorer.scores().unwrap();
        for (name, expected) in [("box_AP50", 1.0), ("mask_AP50", 0.5)] {
            let score = scores.get(name).unwrap();
            assert!((score - expected).abs() < 1e-9, "{name} {score}");
        }
    }

    /// COCO's small objects are below 32² square pixels, by what the annotation says.
    #[test]
    fn the_annotated_area_decides_the_size_class() {
        let large = Object {
            area: Some(32.0 * 32.0 + 1.0),
            ..coat()
        };
        let mut scorer = Scorer::new(&names(), true, ScoringConfig::default()).unwrap();
        let right = found(1, [0.0, 0.0, 10.0, 5.0], 0.8);
        scorer.add(&sample(vec![large]), &[right]).unwrap();
        for tally in scorer.tally().unwrap().kinds {
            let summary = tally.coco.summary();
            assert_eq!(summary.ap_small, None);
            assert!((summary.ap_medium.unwrap() - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn nothing_to_find_is_no_score() {
        let mut scorer = Scorer::new(&names(), false, ScoringConfig::default()).unwrap();
        scorer.add(&sample(Vec::new()), &[]).unwrap();
        let scores = scorer.scores().unwrap();
        assert!(scores.get("box_AP").unwrap().is_nan());
        // Every pixel is background, and was left so.
        assert_eq!(scores.get("box_mean_accuracy"), Some(1.0));
    }

    #[test]
    fn more_classes_than_a_map_can_hold_are_refused() {
        let names: Vec<String> = (0..255).map(|index| index.to_string()).collect();
        let error = Scorer::new(&names, false, ScoringConfig::default()).unwrap_err();
        assert!(error.to_string().contains("found 255 classes"), "{error}");
    }
}
