//! A minimal SVG writer: shapes and text in pixels, y downwards.

use std::fmt::Write;

/// Okabe and Ito 2008, "Color Universal Design", without black, darkest contrast first; yellow last,
/// as it is faint on white.
pub(super) const PALETTE: [&str; 7] = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#B8A800",
];

/// Dashes of the series after the palette's end.
const DASHES: [&str; 4] = ["", "7 3", "2 3", "9 3 2 3"];

pub(super) const INK: &str = "#222222";
pub(super) const FAINT: &str = "#DDDDDD";
pub(super) const TEXT_SIZE: f64 = 13.0;
pub(super) const SMALL_TEXT: f64 = 11.0;
const TITLE_SIZE: f64 = 16.0;

/// Where text is anchored.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Clone, Copy)]
pub(super) struct TextStyle {
    pub anchor: Anchor,
    pub size: f64,
    pub colour: &'static str,
    /// Degrees, clockwise, around the anchor.
    pub turn: f64,
}

impl TextStyle {
    pub fn new(anchor: Anchor) -> Self {
        Self {
            anchor,
            size: TEXT_SIZE,
            colour: INK,
            turn: 0.0,
        }
    }

    pub fn small(anchor: Anchor) -> Self {
        Self {
            size: SMALL_TEXT,
            ..Self::new(anchor)
        }
    }

    pub fn turned(self, turn: f64) -> Self {
        Self { turn, ..self }
    }
}

/// The colour and dash of the series number `index`.
pub(super) fn series_style(index: usize) -> (&'static str, &'static str) {
    (
        PALETTE[index % PALETTE.len()],
        DASHES[index / PALETTE.len() % DASHES.len()],
    )
}

/// An upper estimate of a text's width: sans-serif glyphs are at most about 0.62 of their size wide
/// on average.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.62
}

/// A document under construction.
pub(super) struct Svg {
    body: String,
    width: f64,
    height: f64,
}

impl Svg {
    /// A white page with a title, widened where the title needs it.
    pub fn new(width: f64, height: f64, title: &str) -> Self {
        let width = width.max(text_width(title, TITLE_SIZE) + 20.0);
        let mut svg = Self {
            body: String::new(),
            width,
            height,
        };
        let _ = write!(svg.body, "<title>{}</title>", escape(title));
        svg.rect(0.0, 0.0, width, height, "#FFFFFF", None);
        let style = TextStyle {
            size: TITLE_SIZE,
            ..TextStyle::new(Anchor::Middle)
        };
        svg.text(width / 2.0, 26.0, title, style);
        svg
    }

    pub fn rect(
        &mut self,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        fill: &str,
        title: Option<&str>,
    ) {
        let _ = write!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{fill}""#,
            number(x),
            number(y),
            number(width),
            number(height)
        );
        // A title shows as a tooltip in browsers.
        let _ = match title {
            Some(title) => write!(self.body, "><title>{}</title></rect>", escape(title)),
            None => write!(self.body, "/>"),
        };
    }

    pub fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), colour: &str, width: f64) {
        self.polyline(&[(x1, y1), (x2, y2)], colour, width, "");
    }

    pub fn polyline(&mut self, points: &[(f64, f64)], colour: &str, width: f64, dash: &str) {
        let mut list = String::new();
        for (x, y) in points {
            let _ = write!(list, "{},{} ", number(*x), number(*y));
        }
        let dash = if dash.is_empty() {
            String::new()
        } else {
            format!(r#" stroke-dasharray="{dash}""#)
        };
        let _ = write!(
            self.body,
            r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="{}"{dash} stroke-linejoin="round"/>"#,
            list.trim_end(),
            number(width)
        );
    }

    pub fn circle(&mut self, (x, y): (f64, f64), radius: f64, fill: &str) {
        let _ = write!(
            self.body,
            r#"<circle cx="{}" cy="{}" r="{}" fill="{fill}"/>"#,
            number(x),
            number(y),
            number(radius)
        );
    }

    pub fn text(&mut self, x: f64, y: f64, text: &str, style: TextStyle) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y) = (number(x), number(y));
        let turn = if style.turn == 0.0 {
            String::new()
        } else {
            format!(r#" transform="rotate({} {x} {y})""#, number(style.turn))
        };
        let _ = write!(
            self.body,
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{}" fill="{}"{turn}>{}</text>"#,
            number(style.size),
            style.colour,
            escape(text)
        );
    }

    pub fn finish(self) -> String {
        let (width, height) = (number(self.width), number(self.height));
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" role="img">{}</svg>"#,
            self.body
        ) + "\n"
    }
}

/// Two decimals at most, without trailing zeros.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // Control characters are no XML at all.
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_the_document() {
        let svg = Svg::new(10.0, 10.0, "a<b> & \"c\"\u{7}").finish();
        assert!(
            svg.contains("a&lt;b&gt; &amp; &quot;c&quot; </title>"),
            "{svg}"
        );
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(
            (number(1.0), number(0.125), number(-3.10)),
            ("1".into(), "0.12".into(), "-3.1".into())
        );
    }

    #[test]
    fn series_beyond_the_palette_are_dashed() {
        assert_eq!(series_style(0).1, "");
        assert_eq!(series_style(7), (PALETTE[0], "7 3"));
        assert_ne!(series_style(8), series_style(1));
    }
}
