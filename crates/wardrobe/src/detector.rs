//! A detector by name: built, loaded, and run on pictures.

use std::path::Path;

use burn::tensor::{Device, TensorData};
use wardrobe_backbones::BackboneConfig;
use wardrobe_backbones::error::{Differences, WeightsError};
use wardrobe_backbones::weights::{self, LoadOptions, LoadReport};
use wardrobe_mask_head::{DetectorConfig, MaskRcnn, MaskRcnnConfig};
use wardrobe_rpn_roi::config::{IouHeadConfig, PostprocessConfig, Suppression, TransformConfig};
use wardrobe_rpn_roi::{FasterRcnn, FasterRcnnConfig, RgbPicture};

use crate::architecture::Architecture;
use crate::error::DetectorError;
use crate::instance::{AsRgb, Instance, from_boxes, from_masks};
use crate::released::has_no_epsilon;

/// The IoU head's tensors; they may stand unused in a file.
const IOU_HEAD_TENSORS: &str = "roi_heads.iou_head.*";

/// The numbers that differ from run to run; everything else belongs to the architecture.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorOptions {
    /// Classes including the background.
    pub num_classes: usize,
    /// Length of a picture's short side inside the network, in pixels.
    pub min_size: usize,
    /// Largest length of its long side; it wins over `min_size`.
    pub max_size: usize,
    /// An instance's score is above this (`>`).
    pub score_threshold: f32,
    /// Which of two overlapping instances survives.
    pub suppression: Suppression,
    /// ε of the batch norms of a ResNet backbone. `None`: 0 for torchvision's released `COCO_V1`
    /// files of the first versions, which are told by their SHA-256, and 1e-5 otherwise. What was
    /// fine-tuned from one of those needs `Some(0.0)`.
    pub norm_epsilon: Option<f64>,
}

impl DetectorOptions {
    /// torchvision's numbers: 800, 1333, 0.05, standard suppression.
    pub fn new(num_classes: usize) -> Self {
        let TransformConfig {
            min_size, max_size, ..
        } = TransformConfig::default();
        let PostprocessConfig {
            score_threshold,
            suppression,
            ..
        } = PostprocessConfig::default();
        Self {
            num_classes,
            min_size,
            max_size,
            score_threshold,
            suppression,
            norm_epsilon: None,
        }
    }
}

/// A detector of any [`Architecture`].
#[derive(Debug)]
pub enum Detector {
    /// Boxes only.
    Boxes(Box<FasterRcnn>),
    /// Boxes and masks.
    Masks(Box<MaskRcnn>),
}

impl Detector {
    /// Loads weights (`.safetensors`, `.pth`, `.pt`, torchvision's names) with torchvision's
    /// settings, ready to find things: strict, every value finite, batch norm folded into the
    /// convolutions.
    ///
    /// ```no_run
    /// use wardrobe::{Architecture, DecodeLimits, Detector, Device, read_picture};
    ///
    /// let detector = Detector::load(Architecture::MaskRcnnResnet50Fpn, 91, "maskrcnn.safetensors", &Device::flex())?;
    /// let picture = read_picture("street.jpg", &DecodeLimits::default())?;
    /// for instance in &detector.detect(&[picture])?[0] {
    ///     println!("{} {:.2} {:?}", instance.label, instance.score, instance.corners);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`DetectorError`]; differences between file and detector are all listed.
    pub fn load(
        architecture: Architecture,
        num_classes: usize,
        path: impl AsRef<Path>,
        device: &Device,
    ) -> Result<Self, DetectorError> {
        Self::load_with(
            architecture,
            &DetectorOptions::new(num_classes),
            path,
            device,
        )
    }

    /// [`Detector::load`] with other settings.
    ///
    /// # Errors
    /// [`DetectorError`].
    pub fn load_with(
        architecture: Architecture,
        options: &DetectorOptions,
        path: impl AsRef<Path>,
        device: &Device,
    ) -> Result<Self, DetectorError> {
        let path = path.as_ref();
        let released = options.norm_epsilon.is_none()
            && matches!(
                architecture,
                Architecture::MaskRcnnResnet50Fpn | Architecture::FasterRcnnResnet50Fpn
            )
            && has_no_epsilon(path);
        let options = DetectorOptions {
            norm_epsilon: options.norm_epsilon.or(released.then_some(0.0)),
            ..options.clone()
        };
        let load_options = match options.suppression {
            Suppression::Standard => LoadOptions::strict().ignoring([IOU_HEAD_TENSORS]),
            Suppression::IouGuided => LoadOptions::strict(),
        };
        let (detector, _) = Self::new(architecture, &options, device)?.with_weights(
            path,
            &load_options,
            options.num_classes,
        )?;
        Ok(detector.fold_batch_norm())
    }

    /// A fresh detector; its parameters are drawn when first used, so loading right away costs no
    /// draw.
    ///
    /// # Errors
    /// [`DetectorError`] for a number out of range, or an IoU head where the architecture has none.
    pub fn new(
        architecture: Architecture,
        options: &DetectorOptions,
        device: &Device,
    ) -> Result<Self, DetectorError> {
        Ok(match Plan::new(architecture, options)? {
            Plan::Boxes(config) => Self::Boxes(Box::new(config.init(device)?)),
            Plan::Masks(config) => Self::Masks(Box::new(config.init(device)?)),
        })
    }

    /// This detector with a file's weights, not folded. `num_classes` is what it was built with.
    ///
    /// # Errors
    /// [`DetectorError`]: [`ClassCount`](DetectorError::ClassCount) where nothing but the
    /// predictors' size differs, [`NotFinite`](DetectorError::NotFinite) for NaN and infinite
    /// values.
    pub fn with_weights(
        self,
        path: impl AsRef<Path>,
        options: &LoadOptions,
        num_classes: usize,
    ) -> Result<(Self, LoadReport), DetectorError> {
        let path = path.as_ref();
        let loaded = match self {
            Self::Boxes(model) => weights::load(*model, path, options)
                .map(|(model, report)| (Self::Boxes(Box::new(model)), report)),
            Self::Masks(model) => weights::load(*model, path, options)
                .map(|(model, report)| (Self::Masks(Box::new(model)), report)),
        };
        let (detector, report) = loaded.map_err(|error| class_count(error, num_classes))?;
        let names = detector.non_finite();
        if names.is_empty() {
            Ok((detector, report))
        } else {
            Err(DetectorError::NotFinite {
                path: path.to_owned(),
                names,
            })
        }
    }

    /// Writes the weights as `.safetensors` under torchvision's names; whole or not at all.
    ///
    /// # Errors
    /// [`WeightsError::Write`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        match self {
            Self::Boxes(model) => weights::save_safetensors(&**model, path),
            Self::Masks(model) => weights::save_safetensors(&**model, path),
        }
    }

    /// The same detector with batch norm folded into the convolutions: the same instances, faster.
    /// What [`Detector::save`] then writes loads into folded detectors only.
    pub fn fold_batch_norm(self) -> Self {
        match self {
            Self::Boxes(model) => Self::Boxes(Box::new(model.fold_batch_norm())),
            Self::Masks(model) => Self::Masks(Box::new(model.fold_batch_norm())),
        }
    }

    /// The instances of each picture, best first, in the picture's own pixels. Pictures may differ
    /// in size; they are one batch.
    ///
    /// # Errors
    /// [`DetectorError::Detector`] when there is no picture, or one has no pixels.
    pub fn detect<P: AsRgb>(&self, pictures: &[P]) -> Result<Vec<Vec<Instance>>, DetectorError> {
        let pictures: Vec<RgbPicture<'_>> = pictures.iter().map(AsRgb::as_rgb).collect();
        Ok(match self {
            Self::Boxes(model) => model.detect(&pictures)?.iter().map(from_boxes).collect(),
            Self::Masks(model) => model
                .detect(&pictures)?
                .into_iter()
                .map(from_masks)
                .collect(),
        })
    }

    /// Names of the tensors with a value that is NaN or infinite.
    fn non_finite(&self) -> Vec<String> {
        let tensors = match self {
            Self::Boxes(model) => weights::named_tensors(&**model),
            Self::Masks(model) => weights::named_tensors(&**model),
        };
        let finite = |data: &TensorData| {
            data.as_slice::<f32>()
                .is_ok_and(|values| values.iter().all(|value| value.is_finite()))
        };
        tensors
            .into_iter()
            .filter(|(_, data)| !finite(data))
            .map(|(name, _)| name)
            .collect()
    }
}

/// The configuration an architecture's name stands for.
enum Plan {
    Boxes(FasterRcnnConfig),
    Masks(MaskRcnnConfig),
}

impl Plan {
    fn new(architecture: Architecture, options: &DetectorOptions) -> Result<Self, DetectorError> {
        let classes = options.num_classes;
        let mut plan = match architecture {
            Architecture::MaskRcnnResnet50Fpn => Self::Masks(MaskRcnnConfig::resnet50_fpn(classes)),
            Architecture::MaskRcnnResnet50FpnV2 => {
                Self::Masks(MaskRcnnConfig::resnet50_fpn_v2(classes))
            }
            Architecture::CascadeMaskRcnnResnet50Fpn => {
                Self::Masks(MaskRcnnConfig::cascade_resnet50_fpn(classes))
            }
            Architecture::FasterRcnnResnet50Fpn => {
                Self::Boxes(FasterRcnnConfig::resnet50_fpn(classes))
            }
            Architecture::FasterRcnnResnet50FpnV2 => {
                Self::Boxes(FasterRcnnConfig::resnet50_fpn_v2(classes))
            }
            Architecture::FasterRcnnVgg16 => Self::Boxes(FasterRcnnConfig::vgg16(classes)),
        };
        let (transform, backbone, postprocess, iou_head) = match &mut plan {
            Self::Boxes(c)
            | Self::Masks(MaskRcnnConfig {
                detector: DetectorConfig::Faster(c),
                ..
            }) => (
                &mut c.transform,
                &mut c.backbone,
                &mut c.roi_heads.postprocess,
                Some((&mut c.roi_heads.iou_head, c.roi_heads.pooler.levels)),
            ),
            Self::Masks(MaskRcnnConfig {
                detector: DetectorConfig::Cascade(c),
                ..
            }) => (
                &mut c.transform,
                &mut c.backbone,
                &mut c.roi_heads.postprocess,
                None,
            ),
        };
        (transform.min_size, transform.max_size) = (options.min_size, options.max_size);
        if let (BackboneConfig::ResNetFpn { body, .. }, Some(epsilon)) =
            (backbone, options.norm_epsilon)
        {
            body.norm.epsilon = epsilon;
        }
        postprocess.score_threshold = options.score_threshold;
        postprocess.suppression = options.suppression;
        match (options.suppression, iou_head) {
            (Suppression::Standard, _) => {}
            (Suppression::IouGuided, Some((head, levels))) => {
                *head = Some(IouHeadConfig::new(levels));
            }
            (Suppression::IouGuided, None) => {
                return Err(DetectorError::NoIouHead { architecture });
            }
        }
        Ok(plan)
    }
}

/// Says "class count" where that is all that differs: a file of another number of classes has
/// misshapen predictors and nothing else.
fn class_count(error: WeightsError, expected: usize) -> DetectorError {
    let WeightsError::Differences { path, differences } = error else {
        return error.into();
    };
    match classes_of_file(&differences) {
        Some(found) => DetectorError::ClassCount {
            path,
            found,
            expected,
        },
        None => WeightsError::Differences { path, differences }.into(),
    }
}

fn classes_of_file(differences: &Differences) -> Option<usize> {
    let Differences {
        missing,
        surplus,
        misshapen,
    } = differences;
    let depends_on_classes = |name: &str| {
        [
            "box_predictor.",
            "mask_predictor.mask_fcn_logits.",
            "iou_head.",
        ]
        .iter()
        .any(|part| name.contains(part))
    };
    if !missing.is_empty()
        || !surplus.is_empty()
        || !misshapen.iter().all(|one| depends_on_classes(&one.name))
    {
        return None;
    }
    misshapen
        .iter()
        .find(|one| one.name.ends_with("cls_score.bias"))
        .and_then(|one| one.found.first().copied())
}

#[cfg(test)]
mod tests;
