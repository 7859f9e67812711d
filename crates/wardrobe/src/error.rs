//! What can go wrong between a weight file and an instance, told by what to do about it.

use std::path::PathBuf;

use wardrobe_backbones::WeightsError;
use wardrobe_mask_head::MaskHeadError;
use wardrobe_rpn_roi::RpnRoiError;

use crate::architecture::Architecture;

/// How many names a message lists before it counts the rest.
const LISTED: usize = 10;

/// A detector cannot be built, loaded or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DetectorError {
    /// A setting is out of range, or a picture cannot be taken in.
    #[error(transparent)]
    Detector(#[from] RpnRoiError),
    /// A setting of the mask branch is out of range.
    #[error(transparent)]
    MaskHead(MaskHeadError),
    /// The weights cannot be read, or are not the architecture's.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Everything fits but the number of classes.
    #[error(
        "{}: was trained with {found} classes (background included), the detector has {expected}; build it with {found} classes",
        path.display()
    )]
    ClassCount {
        /// The file.
        path: PathBuf,
        /// Classes of the file's predictor, background included.
        found: usize,
        /// Classes asked for, background included.
        expected: usize,
    },
    /// Some values are NaN or infinite: the training that wrote the file diverged, or the file is
    /// damaged.
    #[error("{}: {} of its tensors hold NaN or infinite values, so nothing it finds could be trusted; use an earlier checkpoint:{}",
        path.display(), names.len(), list(names))]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// torchvision's names of the tensors.
        names: Vec<String>,
    },
    /// IoU-guided suppression ranks by a head that this architecture does not have.
    #[error(
        "{architecture} has no IoU head, which IoU-guided suppression needs; use standard suppression"
    )]
    NoIouHead {
        /// The architecture.
        architecture: Architecture,
    },
}

impl From<MaskHeadError> for DetectorError {
    fn from(error: MaskHeadError) -> Self {
        match error {
            MaskHeadError::Detector(error) => Self::Detector(error),
            other => Self::MaskHead(other),
        }
    }
}

fn list(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).cloned();
    let more = names.len().saturating_sub(LISTED);
    let rest = (more > 0).then(|| format!("and {more} more"));
    let lines: Vec<String> = shown.chain(rest).collect();
    format!("\n  {}", lines.join("\n  "))
}
