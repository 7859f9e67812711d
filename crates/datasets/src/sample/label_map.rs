//! One class a pixel.

/// A label for every pixel of a picture, rows from the top: a human parsing map, or a segmentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap {
    labels: Vec<u8>,
    width: usize,
    height: usize,
}

impl LabelMap {
    /// Takes labels that are already in memory.
    ///
    /// # Panics
    /// When `labels` is not `width · height` bytes.
    pub fn new(labels: Vec<u8>, width: usize, height: usize) -> Self {
        assert!(
            labels.len() == width * height,
            "a {width}x{height} label map takes {} bytes, got {}",
            width * height,
            labels.len()
        );
        Self {
            labels,
            width,
            height,
        }
    }

    /// `width · height` labels.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }
}
