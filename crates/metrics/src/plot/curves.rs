//! Precision over recall.

use super::axes::{Area, legend_height, legend_row, legend_width};
use super::svg::{Anchor, Svg, TextStyle, series_style};
use crate::error::MetricError;

/// One line of [`precision_recall`].
#[derive(Debug, Clone, PartialEq)]
pub struct PlotCurve {
    /// The legend's text; put the AP into it.
    pub name: String,
    /// (recall, precision), each 0–1, by ascending recall.
    pub points: Vec<(f64, f64)>,
}

const SIDE: f64 = 380.0;

/// Precision–recall curves as SVG, both axes from 0 to 1.
///
/// Points come from [`CocoScores::curve`](crate::coco::CocoScores::curve),
/// [`VocAccumulator::curve`](crate::VocAccumulator::curve) or
/// [`precision_recall`](crate::precision_recall).
///
/// # Errors
/// [`MetricError::OutOfRange`] for a point outside 0–1 or NaN.
pub fn precision_recall(title: &str, curves: &[PlotCurve]) -> Result<String, MetricError> {
    for curve in curves {
        for (index, &(recall, precision)) in curve.points.iter().enumerate() {
            check_share("recall", index, recall)?;
            check_share("precision", index, precision)?;
        }
    }
    let area = Area {
        left: 70.0,
        top: 46.0,
        width: SIDE,
        height: SIDE,
    };
    let height = (area.bottom() + 56.0).max(area.top + legend_height(curves.len()) + 20.0);
    let width = area.right() + legend_width(curves.iter().map(|curve| curve.name.as_str()));
    let mut svg = Svg::new(width, height, title);
    area.vertical_axis(&mut svg, "Precision");
    area.horizontal_axis(&mut svg, "Recall");
    area.edges(&mut svg);
    for (index, curve) in curves.iter().enumerate() {
        let (colour, dash) = series_style(index);
        let points: Vec<_> = curve
            .points
            .iter()
            .map(|&(r, p)| (area.x(r), area.y(p)))
            .collect();
        svg.polyline(&points, colour, 2.0, dash);
        let (x, y) = legend_row(&area, index);
        svg.polyline(&[(x, y), (x + 26.0, y)], colour, 2.5, dash);
        svg.text(
            x + 34.0,
            y + 4.5,
            &curve.name,
            TextStyle::new(Anchor::Start),
        );
    }
    Ok(svg.finish())
}

/// An error unless 0 ≤ `value` ≤ 1.
pub(super) fn check_share(what: &'static str, index: usize, value: f64) -> Result<(), MetricError> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(MetricError::OutOfRange {
        what,
        index,
        value,
        low: 0.0,
        high: 1.0,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn curve(points: &[(f64, f64)]) -> PlotCurve {
        PlotCurve {
            name: "a & b".into(),
            points: points.to_vec(),
        }
    }

    /// Recall 0.5 is the middle of 380 pixels from 70: 260; precision 1 is the top, 46.
    #[test]
    fn points_lie_where_the_axes_say() {
        let svg = precision_recall("t", &[curve(&[(0.5, 1.0), (1.0, 0.0)])]).unwrap();
        assert!(svg.contains(r#"points="260,46 450,426""#), "{svg}");
        assert!(svg.contains("a &amp; b") && svg.contains("Precision") && svg.contains("Recall"));
    }

    #[test]
    fn nothing_and_many_can_be_drawn() {
        assert!(precision_recall("t", &[]).unwrap().ends_with("</svg>\n"));
        let many = precision_recall("t", &vec![curve(&[]); 40]).unwrap();
        assert!(many.contains(r#"height="866""#), "{many}");
    }

    #[test]
    fn points_outside_are_named() {
        let message = precision_recall("t", &[curve(&[(0.0, 1.0), (0.1, f64::NAN)])])
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("precision[1] is NaN; expected 0 to 1"),
            "{message}"
        );
        let message = precision_recall("t", &[curve(&[(1.5, 1.0)])])
            .unwrap_err()
            .to_string();
        assert!(message.contains("recall[0] is 1.5"), "{message}");
    }
}
