//! Numbers over time, on axes of their own range.

use super::axes::{Area, legend_height, legend_row, legend_width};
use super::svg::{Anchor, FAINT, Svg, TextStyle, series_style};

/// One line of [`lines`].
#[derive(Debug, Clone, PartialEq)]
pub struct LineSeries {
    /// The legend's text.
    pub name: String,
    /// (x, y) by ascending x. A point that is not finite, or not above 0 on a logarithmic axis, leaves
    /// a gap.
    pub points: Vec<(f64, f64)>,
}

/// What [`lines`] writes around its lines.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LineChart {
    /// Above the figure.
    pub title: String,
    /// Below the horizontal axis.
    pub x_label: String,
    /// Beside the vertical axis.
    pub y_label: String,
    /// Whether the vertical axis is logarithmic.
    pub logarithmic: bool,
    /// Vertical lines with a name: (x, name).
    pub marks: Vec<(f64, String)>,
}

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 260.0;
/// Intervals between ticks that are aimed at.
const INTERVALS: f64 = 5.0;

/// Lines over a common horizontal axis, as SVG. Ranges follow the points.
///
/// ```
/// use wardrobe_metrics::plot::{LineChart, LineSeries, lines};
/// let loss = LineSeries { name: "loss".into(), points: vec![(0.0, 2.0), (1.0, 1.0), (2.0, 0.5)] };
/// let svg = lines(&LineChart { title: "Training".into(), ..LineChart::default() }, &[loss]);
/// assert!(svg.starts_with("<svg ") && svg.contains("loss"));
/// ```
pub fn lines(chart: &LineChart, series: &[LineSeries]) -> String {
    let drawable =
        |&(x, y): &(f64, f64)| x.is_finite() && y.is_finite() && (!chart.logarithmic || y > 0.0);
    let points = || {
        let all = series.iter().flat_map(|line| &line.points);
        all.filter(|point| drawable(point))
    };
    let x_axis = Axis::linear(points().map(|point| point.0));
    let y_axis = if chart.logarithmic {
        Axis::logarithmic(points().map(|point| point.1))
    } else {
        Axis::linear(points().map(|point| point.1))
    };
    let area = Area {
        left: 80.0,
        top: 46.0,
        width: WIDTH,
        height: HEIGHT,
    };
    let height = (area.bottom() + 56.0).max(area.top + legend_height(series.len()) + 20.0);
    let width = area.right() + legend_width(series.iter().map(|line| line.name.as_str()));
    let mut svg = Svg::new(width, height, &chart.title);
    y_ticks(&mut svg, &area, &y_axis, &chart.y_label);
    x_ticks(&mut svg, &area, &x_axis, &chart.x_label);
    area.edges(&mut svg);
    for (x, name) in &chart.marks {
        let x = area.x(x_axis.share(*x));
        if (area.left..=area.right()).contains(&x) {
            svg.line((x, area.top), (x, area.bottom()), "#888888", 1.0);
            svg.text(
                x + 4.0,
                area.top + 10.0,
                name,
                TextStyle::small(Anchor::Start),
            );
        }
    }
    for (index, line) in series.iter().enumerate() {
        let (colour, dash) = series_style(index);
        for run in line.points.split(|point| !drawable(point)) {
            let places: Vec<_> = run
                .iter()
                .map(|&(x, y)| (area.x(x_axis.share(x)), area.y(y_axis.share(y))))
                .collect();
            match places.as_slice() {
                [] => {}
                [lone] => svg.circle(*lone, 2.5, colour),
                _ => svg.polyline(&places, colour, 1.5, dash),
            }
        }
        let (x, y) = legend_row(&area, index);
        svg.polyline(&[(x, y), (x + 26.0, y)], colour, 2.5, dash);
        svg.text(x + 34.0, y + 4.5, &line.name, TextStyle::new(Anchor::Start));
    }
    svg.finish()
}

/// A range and its ticks.
struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
    ticks: Vec<f64>,
}

impl Axis {
    /// From tick to tick around the values; 0 to 1 without any.
    fn linear(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values).unwrap_or((0.0, 1.0));
        let (low, high) = if low < high {
            (low, high)
        } else {
            let margin = if low == 0.0 { 1.0 } else { low.abs() / 2.0 };
            (low - margin, high + margin)
        };
        let step = round_step((high - low) / INTERVALS);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        let count = (last - first) as usize;
        Self {
            low: first * step,
            high: last * step,
            logarithmic: false,
            ticks: (0..=count).map(|i| (first + i as f64) * step).collect(),
        }
    }

    /// From power of ten to power of ten around the values.
    fn logarithmic(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = range(values).unwrap_or((0.1, 1.0));
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let last = last.max(first + 1);
        let every = (f64::from(last - first) / INTERVALS).ceil().max(1.0) as usize;
        Self {
            low: 10_f64.powi(first),
            high: 10_f64.powi(last),
            logarithmic: true,
            ticks: (first..=last)
                .step_by(every)
                .map(|power| 10_f64.powi(power))
                .collect(),
        }
    }

    /// Where a value lies between the ends, 0 to 1.
    fn share(&self, value: f64) -> f64 {
        if self.logarithmic {
            (value / self.low).log10() / (self.high / self.low).log10()
        } else {
            (value - self.low) / (self.high - self.low)
        }
    }

    fn text(&self, tick: f64) -> String {
        let step = self
            .ticks
            .get(1)
            .map_or(1.0, |second| second - self.ticks[0]);
        if self.logarithmic || step < 1e-3 || self.high.abs() >= 1e6 {
            return format!("{tick:.1e}").replace(".0e", "e");
        }
        let decimals = (-step.log10()).ceil().max(0.0) as usize;
        format!("{tick:.decimals$}")
    }
}

fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| match range {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// The least of 1, 2 and 5 times a power of ten that is not below `wanted`.
fn round_step(wanted: f64) -> f64 {
    let power = 10_f64.powi(wanted.log10().floor() as i32);
    let found = [1.0, 2.0, 5.0].map(|digit| digit * power);
    // A hair of tolerance: 0.2 must not become 0.5 because of its last bit.
    let fits = |step: &&f64| **step >= wanted * (1.0 - 1e-9);
    found.iter().find(fits).copied().unwrap_or(10.0 * power)
}

fn y_ticks(svg: &mut Svg, area: &Area, axis: &Axis, label: &str) {
    for &tick in &axis.ticks {
        let y = area.y(axis.share(tick));
        svg.line((area.left, y), (area.right(), y), FAINT, 1.0);
        let style = TextStyle::new(Anchor::End);
        svg.text(area.left - 8.0, y + 4.0, &axis.text(tick), style);
    }
    let style = TextStyle::new(Anchor::Middle).turned(-90.0);
    svg.text(area.left - 60.0, area.top + area.height / 2.0, label, style);
}

fn x_ticks(svg: &mut Svg, area: &Area, axis: &Axis, label: &str) {
    for &tick in &axis.ticks {
        let x = area.x(axis.share(tick));
        svg.line((x, area.top), (x, area.bottom()), FAINT, 1.0);
        let style = TextStyle::new(Anchor::Middle);
        svg.text(x, area.bottom() + 18.0, &axis.text(tick), style);
    }
    let style = TextStyle::new(Anchor::Middle);
    svg.text(area.x(0.5), area.bottom() + 38.0, label, style);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: &[(f64, f64)]) -> LineSeries {
        LineSeries {
            name: "a".into(),
            points: points.to_vec(),
        }
    }

    #[test]
    fn steps_are_round() {
        for (wanted, expected) in [(0.2, 0.2), (0.21, 0.5), (1.0, 1.0), (6.0, 10.0), (3e4, 5e4)] {
            let found = round_step(wanted);
            assert!(
                (found - expected).abs() < 1e-9 * expected,
                "{wanted}: {found}"
            );
        }
    }

    /// x from 0 to 10 in steps of 2 over 560 pixels from 80: 5 lies at 360. y from 0 to 4 (0.5 to 3.7
    /// is 3.2 wide, steps of 0.64 → 1) over 260 pixels up from 306: 2 lies at 176.
    #[test]
    fn points_lie_where_the_ticks_say() {
        let svg = lines(
            &LineChart::default(),
            &[series(&[(0.0, 0.5), (5.0, 2.0), (10.0, 3.7)])],
        );
        assert!(svg.contains("360,176"), "{svg}");
        assert!(
            svg.contains(">4</text>") && !svg.contains(">5</text>"),
            "{svg}"
        );
    }

    /// 0.01 to 100 are four decades: 1 lies in the middle of 260 pixels, at 306 − 130.
    #[test]
    fn decades_are_equally_wide() {
        let chart = LineChart {
            logarithmic: true,
            ..LineChart::default()
        };
        let svg = lines(&chart, &[series(&[(0.0, 0.01), (5.0, 1.0), (10.0, 100.0)])]);
        assert!(svg.contains("360,176"), "{svg}");
        assert!(svg.contains(">1e-2</text>"), "{svg}");
    }

    #[test]
    fn gaps_single_points_and_nothing_can_be_drawn() {
        let gap = series(&[(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0)]);
        let svg = lines(&LineChart::default(), &[gap]);
        assert_eq!(svg.matches("<circle").count(), 1);
        let constant = series(&[(0.0, 0.0), (1.0, 0.0)]);
        assert!(lines(&LineChart::default(), &[constant]).ends_with("</svg>\n"));
        assert!(lines(&LineChart::default(), &[]).ends_with("</svg>\n"));
    }
}
