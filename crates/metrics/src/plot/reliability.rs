//! The reliability curve: how often predictions of a probability are right.

use super::axes::{Area, legend_row, legend_width};
use super::svg::{Anchor, INK, PALETTE, Svg, TextStyle};
use crate::calibration::Reliability;

const SIDE: f64 = 340.0;
const HISTOGRAM: f64 = 70.0;
const NAMES: [&str; 3] = ["right where it says so", "observed", "share of predictions"];

/// The reliability curve as SVG, over a histogram of the probabilities. Below the dashed diagonal,
/// predictions are surer than right. The errors stand beneath the legend.
///
/// ```
/// use wardrobe_metrics::{Reliability, plot};
/// let mut reliability = Reliability::new(10)?;
/// reliability.push(&[0.55, 0.95, 0.92], &[true, true, false])?;
/// assert!(plot::reliability("Collar", &reliability).contains("ECE"));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
pub fn reliability(title: &str, reliability: &Reliability) -> String {
    let upper = Area {
        left: 70.0,
        top: 46.0,
        width: SIDE,
        height: SIDE,
    };
    let lower = Area {
        top: upper.bottom() + 16.0,
        height: HISTOGRAM,
        ..upper
    };
    let mut svg = Svg::new(
        upper.right() + legend_width(NAMES.into_iter()),
        lower.bottom() + 56.0,
        title,
    );
    upper.vertical_axis(&mut svg, "Share that was right");
    lower.horizontal_axis(&mut svg, "Probability of the prediction");
    svg.polyline(
        &[(upper.x(0.0), upper.y(0.0)), (upper.x(1.0), upper.y(1.0))],
        INK,
        1.2,
        "5 4",
    );
    let bins = reliability.bins();
    let total: u64 = bins.iter().map(|bin| bin.count).sum();
    let mut points = Vec::new();
    let largest = bins.iter().map(|bin| bin.count).max().unwrap_or(0).max(1) as f64;
    for bin in &bins {
        let (left, right) = (lower.x(bin.low), lower.x(bin.high));
        let top = lower.y(bin.count as f64 / largest);
        let tip = format!(
            "{:.2} to {:.2}: {} of {total}",
            bin.low, bin.high, bin.count
        );
        svg.rect(
            left + 1.0,
            top,
            (right - left - 2.0).max(0.5),
            lower.bottom() - top,
            PALETTE[5],
            Some(&tip),
        );
        if let (Some(mean), Some(observed)) = (bin.mean_probability, bin.observed) {
            points.push((upper.x(mean), upper.y(observed)));
        }
    }
    svg.polyline(&points, PALETTE[0], 2.0, "");
    for &point in &points {
        svg.circle(point, 4.0, PALETTE[0]);
    }
    upper.edges(&mut svg);
    lower.edges(&mut svg);
    let share = |count: f64| {
        if total == 0 {
            0.0
        } else {
            count / total as f64
        }
    };
    let style = TextStyle::small(Anchor::End);
    svg.text(
        lower.left - 8.0,
        lower.top + 8.0,
        &format!("{:.2}", share(largest)),
        style,
    );
    svg.text(lower.left - 8.0, lower.bottom(), "0", style);

    for (row, name) in NAMES.into_iter().enumerate() {
        let (x, y) = legend_row(&upper, row);
        match row {
            0 => svg.polyline(&[(x, y), (x + 26.0, y)], INK, 1.2, "5 4"),
            1 => {
                svg.line((x, y), (x + 26.0, y), PALETTE[0], 2.0);
                svg.circle((x + 13.0, y), 4.0, PALETTE[0]);
            }
            _ => svg.rect(x, y - 6.0, 26.0, 12.0, PALETTE[5], None),
        }
        svg.text(x + 34.0, y + 4.5, name, TextStyle::new(Anchor::Start));
    }
    let errors = [
        ("ECE", reliability.expected_error()),
        ("MCE", reliability.maximum_error()),
        ("Brier score", reliability.brier_score()),
    ];
    for (row, (name, value)) in errors.into_iter().enumerate() {
        let (x, y) = legend_row(&upper, NAMES.len() + 1 + row);
        let text = value.map_or_else(|| format!("{name} –"), |value| format!("{name} {value:.3}"));
        svg.text(x, y + 4.5, &text, TextStyle::new(Anchor::Start));
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Mean probability .25 lies at 70 + 85, the observed half at 386 − 170; the fuller bin fills
    /// the histogram.
    #[test]
    fn points_lie_where_the_axes_say() {
        let mut curve = Reliability::new(2).unwrap();
        curve
            .push(&[0.25, 0.25, 1.0], &[true, false, true])
            .unwrap();
        let svg = reliability("t", &curve);
        assert!(svg.contains(r#"points="155,216 410,46""#), "{svg}");
        assert!(
            svg.contains("0.00 to 0.50: 2 of 3") && svg.contains("ECE 0.167"),
            "{svg}"
        );
    }

    #[test]
    fn nothing_predicted_can_be_drawn() {
        let svg = reliability("t", &Reliability::new(3).unwrap());
        assert!(svg.contains("ECE –") && svg.ends_with("</svg>\n"));
    }
}
