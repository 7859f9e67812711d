//! Pasting mask probabilities into images.

use std::ops::Range;

use rayon::prelude::*;

/// Zero pixels around a mask before it is resized, so that its border fades (torchvision's
/// `paste_masks_in_image(…, padding=1)`).
const PADDING: usize = 1;

/// The part of a pasted mask that lies inside the image; everything else is 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastedMask {
    /// First column of the image.
    pub x0: usize,
    /// First row of the image.
    pub y0: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Probabilities, `height · width`, row after row.
    pub values: Vec<f32>,
}

/// Resizes one mask (`side · side` probabilities) to its box and clips it to the image `[H, W]`.
///
/// The rules are those of [`paste_masks`](crate::boxes::paste_masks); only the box's pixels are
/// computed. Empty (0 × 0) if the box has a NaN coordinate or lies outside the image.
///
/// # Panics
/// If `mask` has not `side · side` values.
///
/// # Example
/// ```
/// use wardrobe_kernels::boxes::host::paste_mask;
///
/// // One pixel, 4 wide: with its border 3 × 3, the box grows from 4..8 to 0..12.
/// let pasted = paste_mask(&[1.], 1, [4., 4., 8., 8.], [10, 10]);
/// assert_eq!((pasted.x0, pasted.width), (0, 10));
/// assert_eq!(pasted.values[6 * pasted.width + 6], 1.0);
/// ```
pub fn paste_mask(mask: &[f32], side: usize, corners: [f32; 4], size: [usize; 2]) -> PastedMask {
    assert_eq!(mask.len(), side * side, "a mask of {side} × {side}");
    let [image_height, image_width] = size;
    let padded = side + 2 * PADDING;
    let Some([left, top, right, bottom]) = grown(corners, side) else {
        return PastedMask::default();
    };
    let columns = Taps::new(left, right, padded, image_width);
    let rows = Taps::new(top, bottom, padded, image_height);
    if columns.taps.is_empty() || rows.taps.is_empty() {
        return PastedMask::default();
    }
    let width = columns.taps.len();
    // Every padded mask row resized to the width, once; the first and last are the zero border.
    let mut wide = vec![0.; padded * width];
    for (row, wide) in mask
        .chunks_exact(side)
        .zip(wide.chunks_exact_mut(width).skip(PADDING))
    {
        let mut padded_row = vec![0.; padded];
        padded_row[PADDING..][..side].copy_from_slice(row);
        for (value, tap) in wide.iter_mut().zip(&columns.taps) {
            *value =
                padded_row[tap.first] * tap.weights[0] + padded_row[tap.second] * tap.weights[1];
        }
    }
    let mut values = Vec::with_capacity(rows.taps.len() * width);
    for tap in &rows.taps {
        let row = |index: usize| &wide[index * width..][..width];
        let [above, below] = tap.weights;
        values.extend(
            row(tap.first)
                .iter()
                .zip(row(tap.second))
                .map(|(&a, &b)| a * above + b * below),
        );
    }
    PastedMask {
        x0: columns.start,
        y0: rows.start,
        width,
        height: rows.taps.len(),
        values,
    }
}

/// Pastes masks (`K · side · side`) at boxes (`4·K`) into images `[H, W]`: `K · H · W` values.
///
/// # Panics
/// If the lengths do not agree, or `side`, H or W is 0.
///
/// # Example
/// ```
/// use wardrobe_kernels::boxes::host::paste_masks;
///
/// let image = paste_masks(&[1.], 1, &[4., 4., 8., 8.], [10, 10]);
/// assert_eq!((image[6 * 10 + 6], image[0]), (1., 0.));
/// ```
pub fn paste_masks(masks: &[f32], side: usize, boxes: &[f32], size: [usize; 2]) -> Vec<f32> {
    let (boxes, rest) = boxes.as_chunks();
    assert!(
        rest.is_empty() && masks.len() == boxes.len() * side * side,
        "paste_masks: {} boxes and {} values of {side} × {side} masks",
        boxes.len(),
        masks.len()
    );
    let [height, width] = size;
    let mut images = vec![0.; boxes.len() * height * width];
    images
        .par_chunks_exact_mut(height * width)
        .zip(masks.par_chunks_exact(side * side))
        .zip(boxes)
        .for_each(|((image, mask), &corners)| {
            let pasted = paste_mask(mask, side, corners, size);
            if pasted.values.is_empty() {
                return;
            }
            let rows = image.chunks_exact_mut(width).skip(pasted.y0);
            for (row, values) in rows.zip(pasted.values.chunks_exact(pasted.width)) {
                row[pasted.x0..][..pasted.width].copy_from_slice(values);
            }
        });
    images
}

/// The box grown about its centre by (side + 2) / side, truncated towards zero; `None` with a NaN.
fn grown([x1, y1, x2, y2]: [f32; 4], side: usize) -> Option<[i64; 4]> {
    let scale = ((side + 2 * PADDING) as f64 / side as f64) as f32;
    let (half_width, half_height) = ((x2 - x1) * 0.5 * scale, (y2 - y1) * 0.5 * scale);
    let (x, y) = ((x2 + x1) * 0.5, (y2 + y1) * 0.5);
    let corners = [
        x - half_width,
        y - half_height,
        x + half_width,
        y + half_height,
    ];
    (!corners.iter().any(|corner| corner.is_nan())).then(|| corners.map(|corner| corner as i64))
}

/// Where an output pixel reads: two input pixels and their weights.
struct Tap {
    first: usize,
    second: usize,
    weights: [f32; 2],
}

/// The output pixels of one axis that lie inside the image.
struct Taps {
    start: usize,
    taps: Vec<Tap>,
}

impl Taps {
    /// `input` pixels resized to the pixels `first..=last`, clipped to `0..limit`.
    fn new(first: i64, last: i64, input: usize, limit: usize) -> Self {
        let output = last.saturating_sub(first).saturating_add(1).max(1);
        let inside: Range<i64> = first.max(0)..last.saturating_add(1).min(limit as i64);
        let scale = input as f32 / output as f32;
        Self {
            start: inside.start as usize,
            taps: inside
                .map(|pixel| Tap::new(pixel.saturating_sub(first), input, output, scale))
                .collect(),
        }
    }
}

impl Tap {
    /// Bilinear with corners not aligned, as torch's `upsample_bilinear2d`.
    fn new(pixel: i64, input: usize, output: i64, scale: f32) -> Self {
        if output == input as i64 {
            let pixel = pixel as usize;
            return Self {
                first: pixel,
                second: pixel,
                weights: [1., 0.],
            };
        }
        let source = (scale * (pixel as f32 + 0.5) - 0.5).max(0.);
        let first = (source as usize).min(input - 1);
        let second = (first + 1).min(input - 1);
        let weight = (source - first as f32).clamp(0., 1.);
        Self {
            first,
            second,
            weights: [1. - weight, weight],
        }
    }
}
