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
}
