//! What can be wrong with settings and pictures, one variant per remedy.

/// Why a detector could not be built or a picture could not be taken in.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RpnRoiError {
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
    /// The backbone refused its settings.
    #[error("backbone: {reason}")]
    Backbone {
        /// What the backbone reported.
        reason: String,
    },
    /// A batch needs at least one picture.
    #[error("a batch needs at least one picture")]
    NoPictures,
    /// The bytes of a picture do not fill its width and height.
    #[error("picture {index}: {width}x{height} RGB needs {expected} bytes, found {found}")]
    PictureBytes {
        /// Position in the batch, from 0.
        index: usize,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// `3 · width · height`.
        expected: usize,
        /// Length of the data.
        found: usize,
    },
    /// A picture is empty, or so narrow that its short side would be resized to nothing.
    #[error(
        "picture {index}: {width}x{height} leaves no pixel after resizing to {resized_width}x{resized_height}"
    )]
    PictureShape {
        /// Position in the batch, from 0.
        index: usize,
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
        /// Columns after resizing.
        resized_width: usize,
        /// Rows after resizing.
        resized_height: usize,
    },
    /// Ground truth without one label for each box.
    #[error(
        "picture {picture} of the batch: {boxes} boxes and {labels} labels; give each box one label"
    )]
    TruthLabels {
        /// Position in the batch, from 0.
        picture: usize,
        /// Number of boxes.
        boxes: usize,
        /// Number of labels.
        labels: usize,
    },
    /// A label that is no class of the detector.
    #[error(
        "picture {picture} of the batch, object {index}: label {label} of {classes} classes; \
         labels count from 1, 0 is the background"
    )]
    TruthLabel {
        /// Position in the batch, from 0.
        picture: usize,
        /// Position among the picture's objects, from 0.
        index: usize,
        /// The label.
        label: usize,
        /// Classes without the background.
        classes: usize,
    },
    /// A box nothing can be learnt from.
    #[error(
        "picture {picture} of the batch, object {index}: box {corners:?} in a picture of {width}x{height}; \
         expected [x1, y1, x2, y2] with x1 < x2 and y1 < y2 that touches the picture \
         (convert boxes given as [x, y, width, height])"
    )]
    TruthBox {
        /// Position in the batch, from 0.
        picture: usize,
        /// Position among the picture's objects, from 0.
        index: usize,
        /// The box.
        corners: [f32; 4],
        /// Columns of the picture.
        width: usize,
        /// Rows of the picture.
        height: usize,
    },
    /// Not one ground truth for each picture.
    #[error(
        "{pictures} pictures and {truths} ground truths; give each picture one, empty for a negative"
    )]
    TruthCount {
        /// Pictures of the batch.
        pictures: usize,
        /// Ground truths given.
        truths: usize,
    },
}
