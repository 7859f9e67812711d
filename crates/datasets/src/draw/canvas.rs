//! Pixels to draw on; whatever lies outside is cut off.

use crate::image_file::Picture;

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

/// A rectangle [x1, x2) × [y1, y2) in canvas pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Area {
    pub x1: i64,
    pub y1: i64,
    pub x2: i64,
    pub y2: i64,
}

impl Area {
    /// Larger by `by` pixels on every side.
    pub fn grown(&self, by: i64) -> Self {
        Self {
            x1: self.x1 - by,
            y1: self.y1 - by,
            x2: self.x2 + by,
            y2: self.y2 + by,
        }
    }

    /// Pixels in both.
    pub fn overlap(&self, other: &Self) -> i64 {
        let width = self.x2.min(other.x2) - self.x1.max(other.x1);
        let height = self.y2.min(other.y2) - self.y1.max(other.y1);
        width.max(0) * height.max(0)
    }
}

pub(super) struct Canvas {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
}

impl Canvas {
    /// The picture with each pixel as a square of `factor` × `factor`.
    pub fn enlarge(picture: &Picture, factor: usize) -> Self {
        let (width, height) = (picture.width() * factor, picture.height() * factor);
        if factor == 1 {
            return Self {
                pixels: picture.data().to_vec(),
                width,
                height,
            };
        }
        let mut pixels = Vec::with_capacity(3 * width * height);
        for row in picture.data().chunks_exact(3 * picture.width()) {
            let wide: Vec<u8> = row
                .chunks_exact(3)
                .flat_map(|pixel| std::iter::repeat_n(pixel, factor).flatten().copied())
                .collect();
            for _ in 0..factor {
                pixels.extend_from_slice(&wide);
            }
        }
        Self {
            pixels,
            width,
            height,
        }
    }

    pub fn width(&self) -> i64 {
        self.width as i64
    }

    pub fn height(&self) -> i64 {
        self.height as i64
    }

    pub fn into_picture(self) -> Picture {
        Picture::new(self.pixels, self.width, self.height)
    }

    /// Mixes `colour` into one pixel; `opacity` 0–255.
    pub fn blend(&mut self, x: i64, y: i64, colour: Rgb, opacity: u8) {
        if x < 0 || y < 0 || x >= self.width() || y >= self.height() {
            return;
        }
        let at = 3 * (y as usize * self.width + x as usize);
        for (channel, new) in self.pixels[at..at + 3].iter_mut().zip(colour) {
            let (old, new, opacity) = (u32::from(*channel), u32::from(new), u32::from(opacity));
            *channel = ((old * (255 - opacity) + new * opacity + 127) / 255) as u8;
        }
    }

    pub fn fill(&mut self, area: Area, colour: Rgb, opacity: u8) {
        for y in area.y1.max(0)..area.y2.min(self.height()) {
            for x in area.x1.max(0)..area.x2.min(self.width()) {
                self.blend(x, y, colour, opacity);
            }
        }
    }

    /// A frame of `line` pixels whose outer edge is `area`; drawn inwards, so that a box along the
    /// picture's edge stays visible.
    pub fn frame(&mut self, area: Area, line: i64, colour: Rgb) {
        let Area { x1, y1, x2, y2 } = area;
        let bottom = (y1 + line).min(y2);
        let top = (y2 - line).max(bottom);
        self.fill(Area { y2: bottom, ..area }, colour, 255);
        self.fill(Area { y1: top, ..area }, colour, 255);
        let left = (x1 + line).min(x2);
        let right = (x2 - line).max(left);
        self.fill(
            Area {
                x1,
                y1: bottom,
                x2: left,
                y2: top,
            },
            colour,
            255,
        );
        self.fill(
            Area {
                x1: right,
                y1: bottom,
                x2,
                y2: top,
            },
            colour,
            255,
        );
    }
}
