//! What a detector must do to be trained and scored.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use wardrobe_datasets::MaskRegion;
use wardrobe_mask_head::{InstanceTruth, MaskRcnn};
use wardrobe_rpn_roi::transform::ImageTransform;
use wardrobe_rpn_roi::{CascadeRcnn, Detection, FasterRcnn, GroundTruth, RgbPicture};

use crate::error::RecipeError;

/// A pixel belongs to an object above this probability (*Mask R-CNN*'s and torchvision's evaluation's ½).
const MASK_THRESHOLD: f32 = 0.5;

/// A detected garment on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Box, score and label, in pixels of the picture.
    pub detection: Detection,
    /// Its pixels, from detectors with masks.
    pub mask: Option<MaskRegion>,
}

/// A detector that can be trained.
pub trait TrainableDetector: Module {
    /// Whether it learns, and gives, masks.
    const MASKS: bool;

    /// How it takes pictures in.
    fn input(&self) -> &ImageTransform;

    /// The losses of a batch, each a mean over it, under torchvision's names.
    ///
    /// # Errors
    /// When pictures or truths are none a detector of `num_classes` classes (background included) can
    /// learn from.
    fn named_losses(
        &self,
        pictures: &[RgbPicture<'_>],
        truths: Vec<InstanceTruth>,
        num_classes: usize,
        device: &Device,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<(String, Tensor<1>)>, RecipeError>;

    /// What it finds in each picture, best first.
    ///
    /// # Errors
    /// When a picture cannot be resized.
    fn find(&self, pictures: &[RgbPicture<'_>]) -> Result<Vec<Vec<Found>>, RecipeError>;
}

fn objects(truths: Vec<InstanceTruth>) -> Vec<GroundTruth> {
    truths.into_iter().map(|truth| truth.objects).collect()
}

fn boxes_only(found: Vec<Detection>) -> Vec<Found> {
    found
        .into_iter()
        .map(|detection| Found {
            detection,
            mask: None,
        })
        .collect()
}

macro_rules! box_detector {
    ($detector:ty) => {
        impl TrainableDetector for $detector {
            const MASKS: bool = false;

            fn input(&self) -> &ImageTransform {
                self.transform()
            }

            fn named_losses(
                &self,
                pictures: &[RgbPicture<'_>],
                truths: Vec<InstanceTruth>,
                num_classes: usize,
                device: &Device,
                rng: &mut ChaCha8Rng,
            ) -> Result<Vec<(String, Tensor<1>)>, RecipeError> {
                let (images, truths) = self.transform().training_batch(
                    pictures,
                    &objects(truths),
                    num_classes,
                    device,
                )?;
                Ok(self.losses(&images, &truths, rng).named())
            }

            fn find(&self, pictures: &[RgbPicture<'_>]) -> Result<Vec<Vec<Found>>, RecipeError> {
                let found = self.detect(pictures)?;
                Ok(found.iter().map(|one| boxes_only(one.to_vec())).collect())
            }
        }
    };
}

box_detector!(FasterRcnn);
box_detector!(CascadeRcnn);

impl TrainableDetector for MaskRcnn {
    const MASKS: bool = true;

    fn input(&self) -> &ImageTransform {
        self.transform()
    }

    fn named_losses(
        &self,
        pictures: &[RgbPicture<'_>],
        truths: Vec<InstanceTruth>,
        num_classes: usize,
        _device: &Device,
        rng: &mut ChaCha8Rng,
    ) -> Result<Vec<(String, Tensor<1>)>, RecipeError> {
        let (images, truths) = self.training_batch(pictures, truths, num_classes)?;
        Ok(self.losses(&images, &truths, rng).named())
    }

    fn find(&self, pictures: &[RgbPicture<'_>]) -> Result<Vec<Vec<Found>>, RecipeError> {
        let found = self.detect(pictures)?;
        Ok(found
            .iter()
            .map(|one| {
                one.instances()
                    .into_iter()
                    .map(|instance| {
                        let mask = &instance.mask;
                        let region = MaskRegion::from_values(
                            mask.x0,
                            mask.y0,
                            mask.width,
                            &mask.values,
                            MASK_THRESHOLD,
                        );
                        Found {
                            detection: instance.detection,
                            mask: Some(region),
                        }
                    })
                    .collect()
            })
            .collect())
    }
}
