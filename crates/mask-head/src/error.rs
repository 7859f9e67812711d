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
}
