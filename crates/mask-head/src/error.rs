//! What can be wrong with the settings of a mask branch; the detector's own errors pass through.

use wardrobe_rpn_roi::RpnRoiError;

/// Why a Mask R-CNN could not be built or a picture could not be taken in.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MaskHeadError {
    /// The detector under the masks reports a problem.
    #[error(transparent)]
    Detector(#[from] RpnRoiError),
    /// A setting is out of range; change it.
    #[error("setting {field}: found {found}, expected {expected}")]
    Setting {
        /// The path of the field inside its configuration.
        field: &'static str,
        /// The value found.
        found: String,
        /// The values that are allowed.
        expected: &'static str,
    },
    /// Ground truth without one mask for each box.
    #[error(
        "picture {picture} of the batch: {boxes} boxes and {masks} masks; \
         give each box one mask, or train without masks"
    )]
    TruthMasks {
        /// Position in the batch, from 0.
        picture: usize,
        /// Number of boxes.
        boxes: usize,
        /// Number of masks.
        masks: usize,
    },
    /// A mask that is no rectangle of pixels inside its picture.
    #[error(
        "picture {picture} of the batch, object {index}: mask [x, y, width, height] = {rectangle:?} \
         with {pixels} pixels in a picture of {width}x{height}; expected width · height pixels inside it"
    )]
    TruthMask {
        /// Position in the batch, from 0.
        picture: usize,
        /// Position among the picture's objects, from 0.
        index: usize,
        /// Left column, top row, columns and rows.
        rectangle: [usize; 4],
        /// Number of pixels given.
        pixels: usize,
        /// Columns of the picture.
        width: usize,
        /// Rows of the picture.
        height: usize,
    },
}
