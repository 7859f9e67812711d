//! A binary mask that stores only the rectangle it lives in.
//!
//! A picture of 12 megapixels with 100 instances would need 1.2 GB of full masks; the rectangles
//! need a small part of that.

/// The pixels of one instance: a rectangle of the picture, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskRegion {
    left: usize,
    top: usize,
    width: usize,
    bits: Vec<bool>,
}

impl MaskRegion {
    /// `bits` are rows of `width` pixels; the first is at column `left` and row `top` of the
    /// picture.
    ///
    /// ```
    /// use wardrobe_datasets::MaskRegion;
    /// let mask = MaskRegion::new(3, 1, 2, vec![true, false, true, true]);
    /// assert_eq!(mask.area(), 3);
    /// assert!(mask.contains(3, 1) && !mask.contains(4, 1) && !mask.contains(0, 0));
    /// ```
    ///
    /// # Panics
    /// When the pixels are not a whole number of rows.
    pub fn new(left: usize, top: usize, width: usize, bits: Vec<bool>) -> Self {
        assert!(
            if width == 0 {
                bits.is_empty()
            } else {
                bits.len().is_multiple_of(width)
            },
            "a mask region of {} pixels is not made of rows of {width}",
            bits.len()
        );
        Self {
            left,
            top,
            width,
            bits,
        }
    }

    /// The pixels of `values` above `threshold`; the arguments are otherwise those of
    /// [`MaskRegion::new`]. NaN is not above.
    ///
    /// # Panics
    /// When the values are not a whole number of rows.
    pub fn from_values(
        left: usize,
        top: usize,
        width: usize,
        values: &[f32],
        threshold: f32,
    ) -> Self {
        Self::new(
            left,
            top,
            width,
            values.iter().map(|&value| value > threshold).collect(),
        )
    }

    /// First column in the picture.
    pub fn left(&self) -> usize {
        self.left
    }

    /// First row in the picture.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.bits.len().checked_div(self.width).unwrap_or(0)
    }

    /// The pixels, row by row.
    pub fn bits(&self) -> &[bool] {
        &self.bits
    }

    /// Count of pixels in the mask.
    pub fn area(&self) -> usize {
        self.bits.iter().filter(|&&bit| bit).count()
    }

    /// Whether the pixel of the picture belongs to the mask; outside the rectangle none does.
    pub fn contains(&self, column: usize, row: usize) -> bool {
        let (Some(x), Some(y)) = (column.checked_sub(self.left), row.checked_sub(self.top)) else {
            return false;
        };
        x < self.width && y < self.height() && self.bits[y * self.width + x]
    }
}
