//! Bars per attribute dimension, one per series: the form of paper B's figures 3 to 5.

use super::axes::{Area, legend_height, legend_row, legend_width};
use super::curves::check_share;
use super::svg::{Anchor, INK, PALETTE, SMALL_TEXT, Svg, TextStyle, text_width};
use crate::bootstrap::Interval;
use crate::error::MetricError;
use crate::numbers::check_lengths;

/// One bar per group.
#[derive(Debug, Clone, PartialEq)]
pub struct BarSeries {
    /// The legend's text.
    pub name: String,
    /// A value per group, 0–1; `None` leaves a gap.
    pub values: Vec<Option<f64>>,
    /// A whisker per group from `lower` to `upper`, or no whiskers where the list is empty.
    pub intervals: Vec<Option<Interval>>,
}

const HEIGHT: f64 = 300.0;
/// Room for a number above its bar.
const BAR: f64 = 30.0;
const GAP: f64 = 18.0;
/// Degrees names are turned where they do not fit side by side.
const TURN: f64 = 35.0;

/// Grouped bars as SVG, from 0 to 1, each with its value on top.
///
/// ```
/// use wardrobe_metrics::plot::{BarSeries, bars};
/// let series = |name: &str, values: [f64; 2]| BarSeries {
///     name: name.into(), values: values.map(Some).to_vec(), intervals: Vec::new(),
/// };
/// let svg = bars("Accuracy per dimension", "Accuracy", &["coat", "skirt"], &[
///     series("single channel", [0.85, 0.88]),
///     series("dual channel", [0.89, 0.93]),
/// ])?;
/// assert!(svg.contains("0.89"));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::LengthsDiffer`] for a series that has not one value per group,
/// [`MetricError::OutOfRange`] for a value outside 0–1 or NaN.
pub fn bars(
    title: &str,
    axis: &str,
    groups: &[&str],
    series: &[BarSeries],
) -> Result<String, MetricError> {
    for one in series {
        check_lengths(("values", one.values.len()), ("groups", groups.len()))?;
        if !one.intervals.is_empty() {
            check_lengths(("intervals", one.intervals.len()), ("groups", groups.len()))?;
        }
        for (index, &value) in one.values.iter().enumerate() {
            check_share("values", index, value.unwrap_or(0.0))?;
        }
        for (index, interval) in one.intervals.iter().enumerate() {
            let (lower, upper) =
                interval.map_or((0.0, 0.0), |interval| (interval.lower, interval.upper));
            check_share("intervals", index, lower)?;
            check_share("intervals", index, upper)?;
        }
    }
    let group_width = (series.len() as f64 * BAR).max(BAR) + GAP;
    let widest = groups
        .iter()
        .map(|name| text_width(name, SMALL_TEXT))
        .fold(0.0, f64::max);
    let turned = widest > group_width;
    let names_height = if turned {
        widest * TURN.to_radians().sin() + 30.0
    } else {
        30.0
    };
    // The first turned name reaches to the left of its bar.
    let overhang = if turned {
        (widest * TURN.to_radians().cos() - group_width / 2.0 - 60.0).max(0.0)
    } else {
        0.0
    };
    let area = Area {
        left: 70.0 + overhang,
        top: 58.0,
        width: (group_width * groups.len() as f64).max(200.0),
        height: HEIGHT,
    };
    let height = (area.bottom() + names_height).max(area.top + legend_height(series.len()) + 20.0);
    let width = area.right() + legend_width(series.iter().map(|one| one.name.as_str()));
    let mut svg = Svg::new(width, height, title);
    area.vertical_axis(&mut svg, axis);
    for (group, name) in groups.iter().enumerate() {
        let left = area.left + group as f64 * group_width + GAP / 2.0;
        for (s, one) in series.iter().enumerate() {
            let x = left + s as f64 * BAR;
            bar(&mut svg, &area, x, PALETTE[s % PALETTE.len()], one, group);
        }
        let middle = left + (group_width - GAP) / 2.0;
        if turned {
            let style = TextStyle::small(Anchor::End).turned(-TURN);
            svg.text(middle + 4.0, area.bottom() + 16.0, name, style);
        } else {
            svg.text(
                middle,
                area.bottom() + 18.0,
                name,
                TextStyle::small(Anchor::Middle),
            );
        }
    }
    area.edges(&mut svg);
    for (index, one) in series.iter().enumerate() {
        let (x, y) = legend_row(&area, index);
        svg.rect(x, y - 6.0, 26.0, 12.0, PALETTE[index % PALETTE.len()], None);
        svg.text(x + 34.0, y + 4.5, &one.name, TextStyle::new(Anchor::Start));
    }
    Ok(svg.finish())
}

fn bar(svg: &mut Svg, area: &Area, x: f64, colour: &str, series: &BarSeries, group: usize) {
    let Some(value) = series.values[group] else {
        return;
    };
    let top = area.y(value);
    svg.rect(x + 1.0, top, BAR - 2.0, area.bottom() - top, colour, None);
    let mut above = top;
    if let Some(interval) = series.intervals.get(group).copied().flatten() {
        let (low, high) = (area.y(interval.lower), area.y(interval.upper));
        let middle = x + BAR / 2.0;
        svg.line((middle, low), (middle, high), INK, 1.2);
        for y in [low, high] {
            svg.line((middle - 4.0, y), (middle + 4.0, y), INK, 1.2);
        }
        above = above.min(high);
    }
    // A white ground, so that no grid line runs through the number.
    svg.rect(
        x + 1.0,
        above - 4.0 - SMALL_TEXT,
        BAR - 2.0,
        SMALL_TEXT + 2.0,
        "#FFFFFF",
        None,
    );
    let style = TextStyle::small(Anchor::Middle);
    svg.text(x + BAR / 2.0, above - 4.0, &format!("{value:.2}"), style);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn series(values: &[Option<f64>]) -> BarSeries {
        BarSeries {
            name: "s".into(),
            values: values.to_vec(),
            intervals: Vec::new(),
        }
    }

    /// 0.5 of 300 pixels down from 358 is 208; bars start at 70 + 9, one pixel is left free.
    #[test]
    fn bars_lie_where_the_axis_says() {
        let svg = bars("t", "y", &["g"], &[series(&[Some(0.5)])]).unwrap();
        assert!(
            svg.contains(r#"<rect x="80" y="208" width="28" height="150""#),
            "{svg}"
        );
        assert!(svg.contains(">0.50</text>") && svg.contains(">g</text>"));
    }

    #[test]
    fn gaps_whiskers_and_long_names() {
        let interval = Interval {
            estimate: 0.5,
            lower: 0.4,
            upper: 0.6,
            standard_error: 0.05,
            undefined: 0,
        };
        let with = BarSeries {
            intervals: vec![Some(interval), None],
            ..series(&[Some(0.5), None])
        };
        let svg = bars("t", "y", &["neckline_design_labels", "b"], &[with]).unwrap();
        assert!(svg.contains("rotate(-35"), "{svg}");
        assert!(svg.contains(",238 ") && svg.contains(",178"), "{svg}");
        assert_eq!(
            svg.matches("<rect").count(),
            4,
            "page, one bar, its number's ground, legend: {svg}"
        );
        assert!(bars("t", "y", &[], &[]).unwrap().ends_with("</svg>\n"));
    }

    #[test]
    fn bad_values_are_named() {
        let message = bars("t", "y", &["a", "b"], &[series(&[None])])
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("values has 1 entries and groups 2"),
            "{message}"
        );
        let message = bars("t", "y", &["a"], &[series(&[Some(95.0)])])
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("values[0] is 95; expected 0 to 1"),
            "{message}"
        );
        let with = BarSeries {
            intervals: vec![None, None],
            ..series(&[Some(0.5)])
        };
        let message = bars("t", "y", &["a"], &[with]).unwrap_err().to_string();
        assert!(message.contains("intervals has 2 entries"), "{message}");
    }
}
