//! Figures as SVG text: precision–recall curves, confusion matrices, bars per dimension, reliability
//! curves, numbers over time.
//!
//! Each function returns a whole SVG document, ready to be written to a file or put into a page. It
//! names no font file and needs none; series are told apart by colour (Okabe and Ito's palette, made
//! for every kind of colour vision) and, past its eight colours, by dashes.
//!
//! ```
//! use wardrobe_metrics::plot::{PlotCurve, precision_recall};
//! let coat = PlotCurve { name: "coat, AP 0.83".into(), points: vec![(0.0, 1.0), (0.5, 1.0), (1.0, 0.67)] };
//! let svg = precision_recall("Boxes at IoU 0.5", &[coat])?;
//! assert!(svg.starts_with("<svg ") && svg.contains("Recall"));
//! # Ok::<(), wardrobe_metrics::MetricError>(())
//! ```

mod axes;
mod bars;
mod confusion;
mod curves;
mod lines;
mod reliability;
mod svg;

pub use bars::{BarSeries, bars};
pub use confusion::confusion;
pub use curves::{PlotCurve, precision_recall};
pub use lines::{LineChart, LineSeries, lines};
pub use reliability::reliability;
