//! Batches for detectors: pictures of different sizes, boxes, labels, masks.

use serde::{Deserialize, Serialize};

use crate::image_file::Picture;
use crate::sample::{BBox, Mask, Object, Sample};

use super::CollateError;
use super::pixels::{MAX_VALUES, PixelBatch};
use crate::statistics::Standardisation;

/// Far above every stride of a network, far below what could overflow.
const MAX_DIVISOR: usize = 1 << 16;

/// How detection batches are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DetectionCollateConfig {
    /// What becomes of levels; ImageNet's statistics by default.
    pub standardisation: Standardisation,
    /// Height and width of the batch are multiples of it: 32, the stride of the coarsest level of
    /// the feature pyramid (torchvision's `size_divisible`).
    pub size_divisor: usize,
    /// Whether targets have masks; then every object must have one.
    pub masks: bool,
    /// Most numbers of a batch; 2²⁸ (1 GiB) by default.
    pub max_values: usize,
}

impl Default for DetectionCollateConfig {
    fn default() -> Self {
        Self {
            standardisation: Standardisation::IMAGENET,
            size_divisor: 32,
            masks: false,
            max_values: MAX_VALUES,
        }
    }
}

/// What a detector is to find in one picture; nothing for a negative.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DetectionTargets {
    /// Corners in pixels of the picture.
    pub boxes: Vec<BBox>,
    /// One for each box: its category's index plus 1; 0 is the background.
    pub labels: Vec<u32>,
    /// One for each box, when masks were asked for.
    pub masks: Option<Vec<Mask>>,
    /// Groups annotated as one and objects annotated as difficult: neither to be found nor
    /// background.
    pub ignored: Vec<BBox>,
}

/// Pictures and what is to be found in them.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectionBatch {
    /// The pictures.
    pub images: PixelBatch,
    /// One for each picture.
    pub targets: Vec<DetectionTargets>,
}

/// Makes [`DetectionBatch`]es.
///
/// ```
/// use wardrobe_datasets::collate::{DetectionCollate, DetectionCollateConfig};
/// use wardrobe_datasets::sample::BBox;
/// use wardrobe_datasets::{Object, Picture, Sample};
///
/// let coat = Object {
///     category: Some(4),
///     bbox: Some(BBox::new(2.0, 3.0, 30.0, 50.0)),
///     ..Object::default()
/// };
/// let sample = Sample {
///     picture: Picture::new(vec![128; 3 * 40 * 60], 40, 60),
///     objects: vec![coat],
///     parsing: None,
/// };
/// let batch = DetectionCollate::new(DetectionCollateConfig::default())?.collate(vec![sample])?;
/// assert_eq!(batch.images.dims, [1, 3, 64, 64]);
/// assert_eq!(batch.targets[0].labels, [5]);
/// # Ok::<(), wardrobe_datasets::collate::CollateError>(())
/// ```
#[derive(Debug, Clone)]
pub struct DetectionCollate {
    config: DetectionCollateConfig,
}

impl DetectionCollate {
    /// With these settings.
    ///
    /// # Errors
    /// [`CollateError::Setting`] when one is out of range.
    pub fn new(config: DetectionCollateConfig) -> Result<Self, CollateError> {
        if !(1..=MAX_DIVISOR).contains(&config.size_divisor) {
            return Err(CollateError::Setting {
                field: "size_divisor",
                found: config.size_divisor.to_string(),
                expected: "1 to 65536",
            });
        }
        config.standardisation.check()?;
        Ok(Self { config })
    }

    /// One batch of all samples, in their order.
    ///
    /// # Errors
    /// [`CollateError`]: no sample or no pixel, too large, an object without category, box or (when
    /// asked for) mask, a box without an inside.
    pub fn collate(&self, samples: Vec<Sample>) -> Result<DetectionBatch, CollateError> {
        self.collate_into(samples, Vec::new())
    }

    /// Like [`DetectionCollate::collate`], written over the numbers of a batch that is no longer
    /// needed ([`PixelBatch::values`]). The system hands out a new buffer page by page, which can
    /// take longer than filling it.
    ///
    /// # Errors
    /// As for [`DetectionCollate::collate`]; the buffer is then gone.
    pub fn collate_into(
        &self,
        samples: Vec<Sample>,
        buffer: Vec<f32>,
    ) -> Result<DetectionBatch, CollateError> {
        let pictures: Vec<&Picture> = samples.iter().map(|sample| &sample.picture).collect();
        let images = PixelBatch::pack(
            &pictures,
            &self.config.standardisation,
            self.config.size_divisor,
            self.config.max_values,
            buffer,
        )?;
        let targets = samples
            .into_iter()
            .enumerate()
            .map(|(place, sample)| self.targets(place, sample.objects))
            .collect::<Result<_, _>>()?;
        Ok(DetectionBatch { images, targets })
    }

    fn targets(
        &self,
        sample: usize,
        objects: Vec<Object>,
    ) -> Result<DetectionTargets, CollateError> {
        let mut targets = DetectionTargets::default();
        let mut masks = Vec::new();
        for (place, object) in objects.into_iter().enumerate() {
            let missing = |missing, remedy| CollateError::Missing {
                sample,
                object: place,
                missing,
                remedy,
            };
            let bbox = object.bbox.ok_or_else(|| {
                missing(
                    "box",
                    "a detector learns from boxes; use data that has them",
                )
            })?;
            if !bbox.is_proper() {
                return Err(CollateError::ImproperBox {
                    sample,
                    object: place,
                    bbox,
                });
            }
            if object.crowd || object.difficult {
                targets.ignored.push(bbox);
                continue;
            }
            let category = object
                .category
                .ok_or_else(|| missing("category", "give it one or leave the object out"))?;
            if self.config.masks {
                masks.push(object.mask.ok_or_else(|| {
                    missing("mask", "use data with masks or set `masks` to false")
                })?);
            }
            targets.boxes.push(bbox);
            targets.labels.push(category + 1);
        }
        targets.masks = self.config.masks.then_some(masks);
        Ok(targets)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::mask_region::MaskRegion;

    fn sample(height: usize, width: usize, objects: Vec<Object>) -> Sample {
        Sample {
            picture: Picture::new(vec![7; 3 * width * height], width, height),
            objects,
            parsing: None,
        }
    }

    fn object(category: u32) -> Object {
        let x = category as f32;
        Object {
            category: Some(category),
            bbox: Some(BBox::new(x, 0.0, x + 2.0, 3.0)),
            mask: Some(Mask::Region(MaskRegion::new(
                category as usize,
                0,
                1,
                vec![true],
            ))),
            ..Object::default()
        }
    }

    fn collate(masks: bool, samples: Vec<Sample>) -> Result<DetectionBatch, CollateError> {
        let config = DetectionCollateConfig {
            masks,
            ..DetectionCollateConfig::default()
        };
        DetectionCollate::new(config)?.collate(samples)
    }

    #[test]
    fn targets_keep_their_picture_and_negatives_stay() {
        let samples = vec![
            sample(10, 20, vec![object(3), object(0)]),
            sample(33, 8, vec![]),
            sample(5, 5, vec![object(1)]),
        ];
        let batch = collate(true, samples).unwrap();
        // Heights to 33 → 64, widths to 20 → 32.
        assert_eq!(batch.images.dims, [3, 3, 64, 32]);
        let labels: Vec<_> = batch.targets.iter().map(|t| t.labels.clone()).collect();
        assert_eq!(labels, [vec![4, 1], vec![], vec![2]]);
        assert_eq!(batch.targets[0].boxes[0], BBox::new(3.0, 0.0, 5.0, 3.0));
        let masks = batch.targets[0].masks.as_ref().unwrap();
        assert_eq!(Some(&masks[1]), object(0).mask.as_ref());
        assert_eq!(batch.targets[1].masks, Some(vec![]));
    }

    #[test]
    fn crowds_and_difficult_objects_are_ignored_and_need_no_mask() {
        let crowd = Object {
            crowd: true,
            mask: None,
            ..object(1)
        };
        let difficult = Object {
            difficult: true,
            category: None,
            ..object(2)
        };
        let batch = collate(true, vec![sample(9, 9, vec![crowd, object(5), difficult])]).unwrap();
        let targets = &batch.targets[0];
        assert_eq!(targets.labels, [6]);
        assert_eq!(
            targets.ignored,
            [BBox::new(1.0, 0.0, 3.0, 3.0), BBox::new(2.0, 0.0, 4.0, 3.0)]
        );
    }

    #[test]
    fn a_batch_can_be_written_over_another() {
        let config = DetectionCollateConfig::default();
        let collate = DetectionCollate::new(config).unwrap();
        let samples = || vec![sample(9, 5, vec![object(1)]), sample(3, 40, vec![])];
        let fresh = collate.collate(samples()).unwrap();
        let large = collate.collate(vec![sample(99, 99, vec![])]).unwrap();
        let kept = large.images.values.as_ptr();
        let batch = collate
            .collate_into(samples(), large.images.values)
            .unwrap();
        assert_eq!(batch, fresh);
        assert_eq!(batch.images.values.as_ptr(), kept);
    }

    #[test]
    fn masks_are_left_behind_unless_asked_for() {
        let bare = Object {
            mask: None,
            ..object(1)
        };
        let samples = || {
            vec![
                sample(9, 9, vec![object(0)]),
                sample(9, 9, vec![object(2), bare.clone()]),
            ]
        };
        assert_eq!(collate(false, samples()).unwrap().targets[1].masks, None);
        let message = collate(true, samples()).unwrap_err().to_string();
        assert!(
            message.starts_with("sample 1 of the batch, object 1: has no mask"),
            "{message}"
        );
    }

    #[test]
    fn objects_a_detector_cannot_learn_from_are_errors() {
        let no_box = Object {
            bbox: None,
            ..object(0)
        };
        let no_category = Object {
            category: None,
            ..object(0)
        };
        let flat = Object {
            bbox: Some(BBox::new(4.0, 1.0, 4.0, 9.0)),
            ..object(0)
        };
        for (object, part) in [
            (no_box, "has no box"),
            (no_category, "has no category"),
            (flat, "its box [4.0, 1.0, 4.0, 9.0] has no inside"),
        ] {
            let message = collate(false, vec![sample(9, 9, vec![object])])
                .unwrap_err()
                .to_string();
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn divisors_out_of_range_are_refused() {
        for size_divisor in [0, usize::MAX] {
            let config = DetectionCollateConfig {
                size_divisor,
                ..DetectionCollateConfig::default()
            };
            let message = DetectionCollate::new(config).unwrap_err().to_string();
            assert!(message.contains(&size_divisor.to_string()), "{message}");
        }
    }
}
