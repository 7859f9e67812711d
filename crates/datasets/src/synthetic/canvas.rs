//! Painter's order with three buffers: colour, owner, and every garment's whole extent.
//!
//! Each layer is an outline that tiny-skia turns into coverage (0–255 a pixel). Colour is blended
//! by coverage; the *owner* of a pixel becomes the layer that covers at least half of it. Masks,
//! visible boxes, parsing maps and visibility are all read from the owner buffer, so they agree
//! with one another and with the picture by construction.

use tiny_skia::{FillRule, Mask, PathBuilder, Transform};

use super::geometry::{Affine, Outline, P2, p};

/// Red, green and blue; 0 is black and 1 is white, as stored in files (no linear light).
pub type Rgb = [f32; 3];

/// Coverage from which a layer owns a pixel: half of it.
const OWNING: u8 = 128;

/// Whose a pixel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Owner {
    /// The garment, counted from 1; 0 is none.
    pub instance: u8,
    /// LIP's parsing class.
    pub class: u8,
}

impl Owner {
    /// Something that is no garment: a part of a person, or background (class 0).
    pub const fn of_class(class: u8) -> Self {
        Self { instance: 0, class }
    }
}

/// Coverage of the part of the canvas that a layer touches.
struct Coverage {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    values: Vec<u8>,
}

/// A picture in the making.
pub struct Canvas {
    width: usize,
    height: usize,
    pub(super) colours: Vec<Rgb>,
    owners: Vec<Owner>,
    /// By instance − 1: which pixels it would have if nothing lay above it.
    extents: Vec<Vec<bool>>,
    view: Affine,
    inverse: Affine,
}

impl Canvas {
    /// An empty canvas with room for `instances` garments; coordinates are pixels until
    /// [`Canvas::look`] says otherwise.
    pub fn new(width: usize, height: usize, instances: usize) -> Self {
        Self {
            width,
            height,
            colours: vec![[0.0; 3]; width * height],
            owners: vec![Owner::default(); width * height],
            extents: vec![vec![false; width * height]; instances],
            view: Affine::IDENTITY,
            inverse: Affine::IDENTITY,
        }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Outlines are given in these coordinates from now on.
    pub fn look(&mut self, view: Affine) {
        self.view = view;
        self.inverse = view.inverse();
    }

    /// From outline coordinates to pixels.
    pub fn view(&self) -> Affine {
        self.view
    }

    /// Pixels a unit of the outline coordinates.
    pub fn unit(&self) -> f32 {
        self.view.scale()
    }

    /// Whose the pixel is.
    pub fn owner(&self, column: usize, row: usize) -> Owner {
        self.owners[row * self.width + column]
    }

    /// Owners, row by row.
    pub fn owners(&self) -> &[Owner] {
        &self.owners
    }

    /// Which pixels a garment (counted from 1) would have if nothing lay above it.
    pub fn extent(&self, instance: u8) -> &[bool] {
        &self.extents[usize::from(instance) - 1]
    }

    /// Gives every pixel a colour and no owner.
    pub fn paint_all(&mut self, colour: impl Fn(P2) -> Rgb) {
        for row in 0..self.height {
            for column in 0..self.width {
                self.colours[row * self.width + column] =
                    colour(p(column as f32 + 0.5, row as f32 + 0.5));
            }
        }
    }

    /// Draws an outline; `colour` is asked in outline coordinates.
    pub fn fill(&mut self, outline: &Outline, owner: Owner, colour: impl Fn(P2) -> Rgb) {
        let Some(coverage) = self.coverage(outline) else {
            return;
        };
        let inverse = self.inverse;
        coverage.each(self.width, |index, value, centre| {
            let opacity = f32::from(value) * (1.0 / 255.0);
            blend(
                &mut self.colours[index],
                colour(inverse.apply(centre)),
                opacity,
            );
            if value >= OWNING {
                self.owners[index] = owner;
                if owner.instance > 0 {
                    self.extents[usize::from(owner.instance) - 1][index] = true;
                }
            }
        });
    }

    /// Draws on what already belongs to `owner`, and only there: seams, pockets, eyes.
    pub fn mark(
        &mut self,
        outline: &Outline,
        owner: Owner,
        opacity: f32,
        colour: impl Fn(P2) -> Rgb,
    ) {
        self.overlay(outline, opacity, colour, |found| found == owner);
    }

    /// Draws over everything without becoming anyone's: reflections, haze.
    pub fn veil(&mut self, outline: &Outline, opacity: f32, colour: impl Fn(P2) -> Rgb) {
        self.overlay(outline, opacity, colour, |_| true);
    }

    fn overlay(
        &mut self,
        outline: &Outline,
        opacity: f32,
        colour: impl Fn(P2) -> Rgb,
        allowed: impl Fn(Owner) -> bool,
    ) {
        let Some(coverage) = self.coverage(outline) else {
            return;
        };
        let inverse = self.inverse;
        coverage.each(self.width, |index, value, centre| {
            if allowed(self.owners[index]) {
                let opacity = f32::from(value) * (opacity / 255.0);
                blend(
                    &mut self.colours[index],
                    colour(inverse.apply(centre)),
                    opacity,
                );
            }
        });
    }

    /// Darkens what lies below an outline that is about to be drawn: softened by `blur` units and
    /// moved by `offset`. Only pixels that `falls_on` allows are darkened, so that a standing person
    /// does not throw a shadow on a distant street.
    pub fn shadow(
        &mut self,
        outline: &Outline,
        offset: P2,
        blur: f32,
        strength: f32,
        falls_on: impl Fn(Owner) -> bool,
    ) {
        let radius = (blur * self.unit() + 0.5).max(1.0) as usize;
        let moved = Outline(outline.0.iter().map(|&point| point + offset).collect());
        let Some(mut coverage) = self.coverage_with_margin(&moved, 2 * radius) else {
            return;
        };
        coverage.blur(radius);
        coverage.blur(radius);
        coverage.each(self.width, |index, value, _| {
            if falls_on(self.owners[index]) {
                let light = 1.0 - strength * f32::from(value) * (1.0 / 255.0);
                for channel in &mut self.colours[index] {
                    *channel *= light;
                }
            }
        });
    }

    fn coverage(&self, outline: &Outline) -> Option<Coverage> {
        self.coverage_with_margin(outline, 0)
    }

    /// Coverage of the outline's box, grown by a margin and cut at the canvas; `None` outside it.
    fn coverage_with_margin(&self, outline: &Outline, margin: usize) -> Option<Coverage> {
        let points: Vec<P2> = outline
            .0
            .iter()
            .map(|&point| self.view.apply(point))
            .collect();
        let margin = margin as f32;
        let bound = |value: f32, limit: usize| value.clamp(0.0, limit as f32) as usize;
        let smallest =
            |of: fn(&P2) -> f32| points.iter().map(of).fold(f32::INFINITY, f32::min) - margin;
        let largest =
            |of: fn(&P2) -> f32| points.iter().map(of).fold(f32::NEG_INFINITY, f32::max) + margin;
        let (left, right) = (
            bound(smallest(|point| point.x).floor(), self.width),
            bound(largest(|point| point.x).ceil(), self.width),
        );
        let (top, bottom) = (
            bound(smallest(|point| point.y).floor(), self.height),
            bound(largest(|point| point.y).ceil(), self.height),
        );
        if left >= right || top >= bottom {
            return None;
        }
        let (width, height) = (right - left, bottom - top);
        let mut builder = PathBuilder::new();
        let corner = p(left as f32, top as f32);
        for (index, point) in points.iter().map(|&point| point - corner).enumerate() {
            if index == 0 {
                builder.move_to(point.x, point.y);
            } else {
                builder.line_to(point.x, point.y);
            }
        }
        builder.close();
        let path = builder.finish()?;
        let mut mask = Mask::new(width as u32, height as u32)?;
        mask.fill_path(&path, FillRule::Winding, true, Transform::identity());
        Some(Coverage {
            left,
            top,
            width,
            height,
            values: mask.data().to_vec(),
        })
    }
}

fn blend(below: &mut Rgb, above: Rgb, opacity: f32) {
    for (below, above) in below.iter_mut().zip(above) {
        *below += (above - *below) * opacity;
    }
}

impl Coverage {
    /// Calls with the canvas index, the coverage and the centre of every covered pixel.
    fn each(&self, canvas_width: usize, mut call: impl FnMut(usize, u8, P2)) {
        for (row, values) in self.values.chunks_exact(self.width).enumerate() {
            let start = (self.top + row) * canvas_width + self.left;
            let y = (self.top + row) as f32 + 0.5;
            for (column, &value) in values.iter().enumerate() {
                if value > 0 {
                    call(
                        start + column,
                        value,
                        p((self.left + column) as f32 + 0.5, y),
                    );
                }
            }
        }
    }

    /// The mean over `2 · radius + 1` pixels, along rows and then along columns; 0 beyond the edges.
    fn blur(&mut self, radius: usize) {
        let (width, height) = (self.width, self.height);
        let mut line = vec![0; width.max(height)];
        for row in 0..height {
            running_mean(&mut self.values, row * width, 1, width, radius, &mut line);
        }
        for column in 0..width {
            running_mean(&mut self.values, column, width, height, radius, &mut line);
        }
    }
}

fn running_mean(
    values: &mut [u8],
    start: usize,
    step: usize,
    count: usize,
    radius: usize,
    line: &mut [u8],
) {
    for (index, kept) in line[..count].iter_mut().enumerate() {
        *kept = values[start + index * step];
    }
    let window = 2 * radius as u32 + 1;
    let mut sum: u32 = line[..radius.min(count)]
        .iter()
        .map(|&value| u32::from(value))
        .sum();
    for index in 0..count {
        if index + radius < count {
            sum += u32::from(line[index + radius]);
        }
        values[start + index * step] = (sum / window) as u8;
        if index >= radius {
            sum -= u32::from(line[index - radius]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIRT: Owner = Owner {
        instance: 1,
        class: 5,
    };

    #[test]
    fn a_pixel_is_owned_from_half_coverage() {
        let mut canvas = Canvas::new(4, 1, 1);
        // Columns 1 and 2 whole; of column 0 a quarter, of column 3 three quarters.
        let outline = Outline::rectangle(p(0.75, 0.0), p(3.75, 1.0));
        canvas.fill(&outline, SHIRT, |_| [1.0; 3]);
        let owned: Vec<bool> = (0..4)
            .map(|column| canvas.owner(column, 0) == SHIRT)
            .collect();
        assert_eq!(owned, [false, true, true, true]);
        assert_eq!(canvas.extent(1), [false, true, true, true]);
        assert!(
            (canvas.colours[0][0] - 0.25).abs() < 0.02,
            "{:?}",
            canvas.colours[0]
        );
        // What covers it takes the pixel but not the extent.
        canvas.fill(
            &Outline::rectangle(p(1.0, 0.0), p(2.0, 1.0)),
            Owner::of_class(14),
            |_| [0.0; 3],
        );
        assert_eq!(canvas.owner(1, 0).class, 14);
        assert!(canvas.extent(1)[1]);
    }

    #[test]
    fn marks_stay_on_their_garment() {
        let mut canvas = Canvas::new(4, 1, 1);
        canvas.fill(&Outline::rectangle(p(0.0, 0.0), p(2.0, 1.0)), SHIRT, |_| {
            [0.5; 3]
        });
        canvas.mark(
            &Outline::rectangle(p(0.0, 0.0), p(4.0, 1.0)),
            SHIRT,
            1.0,
            |_| [1.0; 3],
        );
        let reds: Vec<f32> = canvas.colours.iter().map(|colour| colour[0]).collect();
        assert_eq!(reds, [1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn running_means_count_beyond_the_edge_as_nothing() {
        let mut values = [9, 0, 0, 90, 0];
        running_mean(&mut values, 0, 1, 5, 1, &mut [0; 5]);
        // (9 + 0) / 3, (9 + 0 + 0) / 3, (0 + 0 + 90) / 3, 90 / 3, 90 / 3
        assert_eq!(values, [3, 3, 30, 30, 30]);
    }
}
