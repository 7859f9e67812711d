//! One line of text at any height, from glyphs that are constants of the program.

use noto_sans_mono_bitmap::{
    FontWeight, RasterHeight, RasterizedChar, get_raster, get_raster_width,
};

use super::canvas::{Canvas, Rgb};

/// Stands for a character the font lacks.
const MISSING: char = '?';

/// A text height in pixels and the glyph raster it is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextSize {
    raster: RasterHeight,
    height: usize,
}

impl TextSize {
    /// The size nearest to `height` that is drawn sharply: the rasters as they are up to 32, beyond
    /// that the largest one scaled.
    pub fn near(height: usize) -> Self {
        let raster = match height {
            ..18 => RasterHeight::Size16,
            18..22 => RasterHeight::Size20,
            22..28 => RasterHeight::Size24,
            28.. => RasterHeight::Size32,
        };
        Self {
            raster,
            height: if height <= RasterHeight::Size32.val() {
                raster.val()
            } else {
                height
            },
        }
    }

    pub fn height(self) -> i64 {
        self.height as i64
    }

    /// Width of one character; the font is monospaced.
    pub fn advance(self) -> i64 {
        (get_raster_width(FontWeight::Bold, self.raster) * self.height).div_ceil(self.raster.val())
            as i64
    }

    pub fn width_of(self, text: &str) -> i64 {
        self.advance() * text.chars().count() as i64
    }
}

/// Draws `text` with its upper left corner at (`left`, `top`).
pub(super) fn write(
    canvas: &mut Canvas,
    text: &str,
    left: i64,
    top: i64,
    size: TextSize,
    ink: Rgb,
) {
    for (index, character) in text.chars().enumerate() {
        let glyph = |c| get_raster(c, FontWeight::Bold, size.raster);
        let Some(glyph) = glyph(character).or_else(|| glyph(MISSING)) else {
            continue;
        };
        let left = left + index as i64 * size.advance();
        for y in 0..size.height() {
            for x in 0..size.advance() {
                let opacity = coverage(&glyph, x as f32, y as f32, size);
                if opacity > 0 {
                    canvas.blend(left + x, top + y, ink, opacity);
                }
            }
        }
    }
}

/// The glyph's coverage (0–255) at a pixel of the scaled glyph: bilinear, pixel centres at
/// half-integers.
fn coverage(glyph: &RasterizedChar, x: f32, y: f32, size: TextSize) -> u8 {
    let scale = size.raster.val() as f32 / size.height as f32;
    let (x, y) = ((x + 0.5) * scale - 0.5, (y + 0.5) * scale - 0.5);
    let (x0, y0) = (x.floor(), y.floor());
    let (fx, fy) = (x - x0, y - y0);
    let at = |column: f32, row: f32| -> f32 {
        if column < 0.0 || row < 0.0 {
            return 0.0;
        }
        glyph
            .pixel(column as usize, row as usize)
            .map_or(0.0, f32::from)
    };
    let upper = at(x0, y0) * (1.0 - fx) + at(x0 + 1.0, y0) * fx;
    let lower = at(x0, y0 + 1.0) * (1.0 - fx) + at(x0 + 1.0, y0 + 1.0) * fx;
    (upper * (1.0 - fy) + lower * fy).round() as u8
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_raster_height_is_drawn_pixel_by_pixel() {
        let size = TextSize::near(24);
        let glyph = get_raster('g', FontWeight::Bold, RasterHeight::Size24).unwrap();
        for y in 0..24 {
            for x in 0..glyph.width() {
                assert_eq!(
                    coverage(&glyph, x as f32, y as f32, size),
                    glyph.pixel(x, y).unwrap()
                );
            }
        }
    }

    #[test]
    fn heights_snap_up_to_32_and_are_free_beyond() {
        let heights =
            [1, 17, 19, 25, 31, 32, 50, 133].map(|height| TextSize::near(height).height());
        assert_eq!(heights, [16, 16, 20, 24, 32, 32, 50, 133]);
    }
}
