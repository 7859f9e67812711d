//! Boxes, names, scores and mask contours on a picture.
//!
//! Legible at any size: line width and text height grow with the picture's shorter side, and a
//! picture too small for text is enlarged by a whole factor first. Every name stands on a plate of
//! its class's colour, placed where it hides the fewest other plates.

mod canvas;
mod palette;
mod save;
mod text;

use crate::image_file::Picture;
use crate::mask_region::MaskRegion;
use canvas::{Area, Canvas, Rgb};
use palette::{colour_of, ink_on};
pub use save::save_picture;
use text::TextSize;

/// Shorter side in pixels below which a drawing is enlarged: room for some forty characters of the
/// smallest text.
const SHORTEST_SIDE: usize = 360;
/// Longer side in pixels beyond which no drawing is enlarged: a strip of a few rows must not grow
/// into gigabytes.
const LONGEST_ENLARGED: usize = 4096;
/// Text height as a part of the shorter side.
const TEXT_PART: usize = 34;
/// Line width as a part of the shorter side.
const LINE_PART: usize = 200;
/// Opacity of the tint inside a mask, of 255: the cloth's own pattern must stay visible.
const TINT: u8 = 64;

/// One instance to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// `[x1, y1, x2, y2]` in pixels of the picture.
    pub corners: [f32; 4],
    /// The class's label; it decides the colour.
    pub label: usize,
    /// The class's name.
    pub name: String,
    /// 0–1; written with two digits. Higher scores are drawn over lower ones. NaN for the truth, which
    /// has none: the name stands alone.
    pub score: f32,
    /// The mask, where there is one.
    pub mask: Option<MaskRegion>,
}

/// Draws `annotations` on a copy of `picture`. Boxes that are not finite are left out.
///
/// ```
/// use wardrobe_datasets::{Annotation, MaskRegion, Picture, draw};
/// let picture = Picture::new(vec![128; 3 * 480 * 640], 480, 640);
/// let coat = Annotation {
///     corners: [40.0, 60.0, 400.0, 600.0],
///     label: 3,
///     name: "coat".into(),
///     score: 0.97,
///     mask: Some(MaskRegion::new(50, 80, 300, vec![true; 300 * 500])),
/// };
/// let drawing = draw(&picture, &[coat]);
/// assert_eq!((drawing.width(), drawing.height()), (480, 640));
/// assert_ne!(drawing, picture);
/// ```
pub fn draw(picture: &Picture, annotations: &[Annotation]) -> Picture {
    let shorter = picture.width().min(picture.height());
    if shorter == 0 {
        return picture.clone();
    }
    let longer = picture.width().max(picture.height());
    let factor = SHORTEST_SIDE
        .div_ceil(shorter)
        .min(LONGEST_ENLARGED / longer)
        .max(1);
    let style = Style::for_side(shorter * factor, factor);
    let mut canvas = Canvas::enlarge(picture, factor);

    let mut order: Vec<&Annotation> = annotations
        .iter()
        .filter(|one| one.corners.iter().all(|value| value.is_finite()))
        .collect();
    order.sort_by(|a, b| a.score.total_cmp(&b.score));
    for one in &order {
        if let Some(mask) = &one.mask {
            tint(&mut canvas, mask, &style, colour_of(one.label));
        }
    }
    for one in &order {
        let colour = colour_of(one.label);
        let ink = ink_on(colour);
        if let Some(mask) = &one.mask {
            let edge = edge_of(mask);
            stamp(
                &mut canvas,
                &edge,
                &style,
                style.line + 2 * style.casing,
                ink,
            );
            stamp(&mut canvas, &edge, &style, style.line, colour);
        }
        let area = style.area_of(one.corners);
        canvas.frame(area.grown(style.casing), style.line + 2 * style.casing, ink);
        canvas.frame(area, style.line, colour);
    }
    // The best plate chooses its place first and is drawn last.
    let mut plates: Vec<Area> = Vec::new();
    for one in order.iter().rev() {
        let place = style.plate(&canvas, one, &plates);
        plates.push(place);
    }
    for (one, plate) in order.iter().zip(plates.iter().rev()) {
        let colour = colour_of(one.label);
        canvas.fill(*plate, colour, 255);
        let label = style.label(one, canvas.width());
        text::write(
            &mut canvas,
            &label,
            plate.x1 + style.padding,
            plate.y1 + style.padding / 2,
            style.text,
            ink_on(colour),
        );
    }
    canvas.into_picture()
}

/// Sizes of what is drawn, in canvas pixels.
struct Style {
    /// Canvas pixels a picture pixel.
    factor: usize,
    line: i64,
    /// Width of the black or white rim on both sides of a line: a line in any colour stays visible
    /// on cloth of the same colour.
    casing: i64,
    text: TextSize,
    padding: i64,
}

impl Style {
    fn for_side(side: usize, factor: usize) -> Self {
        let text = TextSize::near(side / TEXT_PART);
        let line = (side / LINE_PART).max(3) as i64;
        Self {
            factor,
            line,
            casing: (line / 4).max(1),
            text,
            padding: (text.height() / 4).max(2),
        }
    }

    /// A box on the canvas, at least one line thick. Coordinates far outside are bounded first.
    fn area_of(&self, corners: [f32; 4]) -> Area {
        let [x1, y1, x2, y2] =
            corners.map(|value| (value * self.factor as f32).clamp(-1e6, 1e6).round() as i64);
        Area {
            x1,
            y1,
            x2: x2.max(x1 + self.line),
            y2: y2.max(y1 + self.line),
        }
    }

    /// Name and score; the name is cut where the picture is too narrow for it, the score never.
    fn label(&self, one: &Annotation, width: i64) -> String {
        if one.score.is_nan() {
            let room = ((width - 2 * self.padding) / self.text.advance()).max(0) as usize;
            return one.name.chars().take(room).collect();
        }
        let score = format!("{:.2}", one.score);
        let room = ((width - 2 * self.padding) / self.text.advance()).max(0) as usize;
        let letters = one.name.chars().count();
        if letters + 1 + score.len() <= room {
            return format!("{} {score}", one.name);
        }
        let kept = room.saturating_sub(score.len() + 3);
        if kept == 0 {
            return score;
        }
        format!(
            "{}.. {score}",
            one.name.chars().take(kept).collect::<String>()
        )
    }

    /// Where the name goes: above the box, inside its top, below it or inside its bottom, whichever
    /// hides least; the first on a tie.
    fn plate(&self, canvas: &Canvas, one: &Annotation, taken: &[Area]) -> Area {
        let area = self.area_of(one.corners);
        let width = self.text.width_of(&self.label(one, canvas.width())) + 2 * self.padding;
        let height = self.text.height() + self.padding;
        let x1 = area.x1.min(canvas.width() - width).max(0);
        let inside = |y1: i64| {
            let y1 = y1.min(canvas.height() - height).max(0);
            Area {
                x1,
                y1,
                x2: x1 + width,
                y2: y1 + height,
            }
        };
        let places = [area.y1 - height, area.y1, area.y2, area.y2 - height].map(inside);
        let hidden = |place: &Area| -> i64 { taken.iter().map(|other| place.overlap(other)).sum() };
        // `min_by_key` returns the first of equals.
        places.into_iter().min_by_key(hidden).unwrap_or(places[0])
    }
}

/// Pixels of the mask, in picture coordinates.
fn pixels(mask: &MaskRegion) -> impl Iterator<Item = (usize, usize)> {
    let (left, top, width) = (mask.left(), mask.top(), mask.width().max(1));
    mask.bits()
        .iter()
        .enumerate()
        .filter(|&(_, &bit)| bit)
        .map(move |(index, _)| (left + index % width, top + index / width))
}

fn tint(canvas: &mut Canvas, mask: &MaskRegion, style: &Style, colour: Rgb) {
    for (column, row) in pixels(mask) {
        canvas.fill(square(column, row, style.factor), colour, TINT);
    }
}

/// The mask pixels, in picture coordinates, that have a neighbour outside the mask.
fn edge_of(mask: &MaskRegion) -> Vec<(usize, usize)> {
    let (width, height) = (mask.width(), mask.height());
    let inside = |x: usize, y: usize| x < width && y < height && mask.bits()[y * width + x];
    let surrounded = |(column, row): &(usize, usize)| {
        let (x, y) = (column - mask.left(), row - mask.top());
        // `wrapping_sub` turns −1 into a number beyond every width.
        inside(x.wrapping_sub(1), y)
            && inside(x + 1, y)
            && inside(x, y.wrapping_sub(1))
            && inside(x, y + 1)
    };
    pixels(mask).filter(|pixel| !surrounded(pixel)).collect()
}

/// A square of `line` canvas pixels on every pixel of `edge`: together a line along it.
fn stamp(canvas: &mut Canvas, edge: &[(usize, usize)], style: &Style, line: i64, colour: Rgb) {
    let grow = (line - style.factor as i64).max(0);
    let before = grow / 2;
    for &(column, row) in edge {
        let pixel = square(column, row, style.factor);
        let area = Area {
            x1: pixel.x1 - before,
            y1: pixel.y1 - before,
            x2: pixel.x2 + grow - before,
            y2: pixel.y2 + grow - before,
        };
        canvas.fill(area, colour, 255);
    }
}

/// The canvas pixels of one picture pixel.
fn square(column: usize, row: usize, factor: usize) -> Area {
    let (x1, y1) = ((column * factor) as i64, (row * factor) as i64);
    Area {
        x1,
        y1,
        x2: x1 + factor as i64,
        y2: y1 + factor as i64,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn grey(width: usize, height: usize) -> Picture {
        Picture::new(vec![120; 3 * width * height], width, height)
    }

    fn annotation(corners: [f32; 4]) -> Annotation {
        Annotation {
            corners,
            label: 1,
            name: "blouse".into(),
            score: 0.875,
            mask: None,
        }
    }

    fn pixel(picture: &Picture, x: usize, y: usize) -> Rgb {
        let at = 3 * (y * picture.width() + x);
        picture.data()[at..at + 3].try_into().unwrap()
    }

    #[test]
    fn the_frame_is_the_boxs_outer_line() {
        let drawing = draw(&grey(600, 600), &[annotation([100.0, 200.0, 300.0, 400.0])]);
        let colour = colour_of(1);
        // 600 / 200 = 3 pixels of line: columns 100 to 102 and 297 to 299, rows 397 to 399.
        for (x, y) in [
            (100, 300),
            (102, 300),
            (297, 300),
            (299, 300),
            (200, 397),
            (200, 399),
        ] {
            assert_eq!(pixel(&drawing, x, y), colour, "{x}, {y}");
        }
        // One pixel of rim on both sides, then the picture.
        for (x, y) in [(99, 300), (103, 300), (300, 300), (200, 396), (200, 400)] {
            assert_eq!(pixel(&drawing, x, y), ink_on(colour), "{x}, {y}");
        }
        for (x, y) in [(98, 300), (104, 300), (301, 300), (200, 395), (200, 401)] {
            assert_eq!(pixel(&drawing, x, y), [120; 3], "{x}, {y}");
        }
    }

    #[test]
    fn the_truth_has_a_name_and_no_number() {
        let style = Style::for_side(600, 1);
        let mut one = annotation([100.0, 100.0, 200.0, 200.0]);
        assert_eq!(style.label(&one, 600), "blouse 0.88");
        one.score = f32::NAN;
        assert_eq!(style.label(&one, 600), "blouse");
    }

    #[test]
    fn small_pictures_are_enlarged_until_text_fits() {
        let drawing = draw(&grey(64, 48), &[annotation([4.0, 4.0, 60.0, 40.0])]);
        assert_eq!((drawing.width(), drawing.height()), (64 * 8, 48 * 8));
    }

    #[test]
    fn masks_are_tinted_inside_and_outlined() {
        let mut one = annotation([100.0, 100.0, 200.0, 200.0]);
        one.mask = Some(MaskRegion::new(120, 120, 60, vec![true; 60 * 60]));
        let drawing = draw(&grey(600, 600), &[one]);
        let colour = colour_of(1);
        assert_eq!(
            [pixel(&drawing, 120, 150), pixel(&drawing, 121, 150)],
            [colour; 2]
        );
        let expected = colour.map(|channel| {
            ((120 * (255 - u32::from(TINT)) + u32::from(channel) * u32::from(TINT) + 127) / 255)
                as u8
        });
        assert_eq!(pixel(&drawing, 150, 150), expected);
        assert_eq!(pixel(&drawing, 110, 150), [120; 3]);
    }

    #[test]
    fn plates_of_equal_boxes_do_not_cover_each_other() {
        let style = Style::for_side(600, 1);
        let canvas = Canvas::enlarge(&grey(600, 600), 1);
        let one = annotation([100.0, 200.0, 300.0, 400.0]);
        let mut plates = Vec::new();
        for _ in 0..4 {
            plates.push(style.plate(&canvas, &one, &plates));
        }
        for (index, plate) in plates.iter().enumerate() {
            assert!(
                plates[index + 1..]
                    .iter()
                    .all(|other| plate.overlap(other) == 0),
                "{plates:?}"
            );
        }
    }

    #[test]
    fn odd_boxes_and_tiny_pictures_do_not_panic() {
        let odd = [
            [f32::NAN, 0.0, 1.0, 1.0],
            [-1e30, -1e30, 1e30, 1e30],
            [50.0, 50.0, 10.0, 10.0],
            [700.0, 700.0, 900.0, 900.0],
            [0.0, 0.0, 0.0, 0.0],
        ];
        let annotations: Vec<Annotation> = odd.into_iter().map(annotation).collect();
        for (width, height) in [(1, 1), (1, 500), (3000, 20), (0, 0)] {
            draw(&grey(width, height), &annotations);
        }
    }
}
