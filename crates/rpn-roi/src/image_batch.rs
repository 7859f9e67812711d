//! Pictures on their way in: borrowed bytes, sizes, and the padded batch.
//!
//! Legend: N images; H×W the padded size of the batch, rows first wherever two sizes stand together.

use burn::tensor::Tensor;

/// Rows and columns of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct ImageSize {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageSize {
    /// A size of `height` rows and `width` columns.
    pub const fn new(height: usize, width: usize) -> Self {
        Self { height, width }
    }
}

/// A decoded picture, borrowed: interleaved 8-bit RGB, row after row, without padding.
///
/// ```
/// use wardrobe_rpn_roi::image_batch::RgbPicture;
///
/// let bytes = [255_u8; 2 * 3 * 3];
/// let picture = RgbPicture { data: &bytes, width: 3, height: 2 };
/// assert_eq!(picture.size().height, 2);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RgbPicture<'a> {
    /// `3 · width · height` bytes; red, green, blue of the top left pixel first.
    pub data: &'a [u8],
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl RgbPicture<'_> {
    /// Rows and columns.
    pub const fn size(&self) -> ImageSize {
        ImageSize::new(self.height, self.width)
    }
}

/// Pictures resized, normalised and padded into one tensor.
#[derive(Debug, Clone)]
pub struct ImageBatch {
    /// `[N, 3, H, W]`, normalised RGB, zero to the right of and below each picture.
    pub pixels: Tensor<4>,
    /// Size of each picture after resizing, before padding: the coordinates of boxes inside the network.
    pub sizes: Vec<ImageSize>,
    /// Size of each picture as it came: the coordinates of boxes handed to the caller.
    pub originals: Vec<ImageSize>,
}

impl ImageBatch {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Whether the batch holds no image.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// Rows and columns of the padded tensor.
    pub fn padded(&self) -> ImageSize {
        let [_, _, height, width] = self.pixels.dims();
        ImageSize::new(height, width)
    }
}
