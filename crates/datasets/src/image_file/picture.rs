//! Decoded pixels.

/// A decoded picture on the host: rows from the top, three bytes (red, green, blue; 0–255) a pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    data: Vec<u8>,
    width: usize,
    height: usize,
}

impl Picture {
    /// Takes pixels that are already in memory.
    ///
    /// # Panics
    /// When `data` is not `3 · width · height` bytes.
    pub fn new(data: Vec<u8>, width: usize, height: usize) -> Self {
        assert!(
            data.len() == 3 * width * height,
            "a {width}x{height} RGB picture takes {} bytes, got {}",
            3 * width * height,
            data.len()
        );
        Self {
            data,
            width,
            height,
        }
    }

    /// `3 · width · height` bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The same bytes, to change in place.
    pub fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
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
