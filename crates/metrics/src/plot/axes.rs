//! A framed area with ticks from 0 to 1, axis labels, and a legend beside it.

use super::svg::{Anchor, FAINT, INK, SMALL_TEXT, Svg, TEXT_SIZE, TextStyle, text_width};

/// Height of a legend row.
const LEGEND_ROW: f64 = 20.0;

/// The area data are drawn in, in pixels.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Area {
    pub fn x(&self, share: f64) -> f64 {
        self.left + share * self.width
    }

    pub fn y(&self, share: f64) -> f64 {
        self.bottom() - share * self.height
    }

    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Horizontal grid with ticks 0, 0.2 … 1 at the left.
    pub fn vertical_axis(&self, svg: &mut Svg, label: &str) {
        for tick in ticks() {
            let y = self.y(tick);
            svg.line((self.left, y), (self.right(), y), FAINT, 1.0);
            svg.text(
                self.left - 8.0,
                y + 4.0,
                &tick_text(tick),
                TextStyle::new(Anchor::End),
            );
        }
        let middle = self.top + self.height / 2.0;
        svg.text(
            self.left - 44.0,
            middle,
            label,
            TextStyle::new(Anchor::Middle).turned(-90.0),
        );
    }

    /// Vertical grid with ticks 0, 0.2 … 1 below.
    pub fn horizontal_axis(&self, svg: &mut Svg, label: &str) {
        for tick in ticks() {
            let x = self.x(tick);
            svg.line((x, self.top), (x, self.bottom()), FAINT, 1.0);
            svg.text(
                x,
                self.bottom() + 18.0,
                &tick_text(tick),
                TextStyle::new(Anchor::Middle),
            );
        }
        svg.text(
            self.x(0.5),
            self.bottom() + 38.0,
            label,
            TextStyle::new(Anchor::Middle),
        );
    }

    /// The left and the lower edge.
    pub fn edges(&self, svg: &mut Svg) {
        svg.line((self.left, self.top), (self.left, self.bottom()), INK, 1.0);
        svg.line(
            (self.left, self.bottom()),
            (self.right(), self.bottom()),
            INK,
            1.0,
        );
    }
}

fn ticks() -> impl Iterator<Item = f64> {
    (0..=5).map(|i| f64::from(i) / 5.0)
}

fn tick_text(tick: f64) -> String {
    format!("{tick:.1}")
}

/// The room a legend with these names needs beside the area.
pub(super) fn legend_width<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    let widest = names
        .map(|name| text_width(name, TEXT_SIZE))
        .fold(0.0, f64::max);
    if widest == 0.0 { 20.0 } else { widest + 60.0 }
}

/// The height a legend of `rows` needs.
pub(super) fn legend_height(rows: usize) -> f64 {
    rows as f64 * LEGEND_ROW
}

/// Where the legend's row number `row` starts.
pub(super) fn legend_row(area: &Area, row: usize) -> (f64, f64) {
    (
        area.right() + 20.0,
        area.top + 10.0 + row as f64 * LEGEND_ROW,
    )
}

/// The room a list of names needs at the left of an area, in small text.
pub(super) fn names_width<'a>(names: impl Iterator<Item = &'a str>) -> f64 {
    names
        .map(|name| text_width(name, SMALL_TEXT))
        .fold(20.0, f64::max)
}
