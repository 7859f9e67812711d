//! A confusion matrix as a heat map.

use super::axes::names_width;
use super::svg::{Anchor, FAINT, INK, SMALL_TEXT, Svg, TextStyle};
use crate::confusion::ConfusionMatrix;
use crate::error::MetricError;
use crate::numbers::check_lengths;

/// The colours of share 0 and 1: one hue, so that darker is more for every eye.
const LIGHT: [f64; 3] = [247.0, 251.0, 255.0];
const DARK: [f64; 3] = [8.0, 48.0, 107.0];
/// Share from which a cell is too dark for dark text.
const WHITE_TEXT_FROM: f64 = 0.5;
/// Cells of this size and more carry their count.
const CELL_WITH_TEXT: f64 = 34.0;
const COLOUR_STEPS: usize = 50;

/// A confusion matrix as SVG: rows are the truth, columns the prediction, a cell's colour is its
/// share of the row. Up to 20 classes the counts stand in the cells.
///
/// ```
/// use wardrobe_metrics::{ConfusionMatrix, plot};
/// let mut matrix = ConfusionMatrix::new(2);
/// matrix.add_labels(&[0_usize, 0, 1], &[0, 1, 1])?;
/// let svg = plot::confusion("Worn or flat", &matrix, &["worn", "flat"])?;
/// assert!(svg.contains("Predicted") && svg.contains("flat"));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
///
/// # Errors
/// [`MetricError::LengthsDiffer`] unless there is one name per class.
pub fn confusion(
    title: &str,
    matrix: &ConfusionMatrix,
    names: &[&str],
) -> Result<String, MetricError> {
    check_lengths(("names", names.len()), ("classes", matrix.classes()))?;
    let classes = matrix.classes();
    let cell = if classes <= 12 {
        44.0
    } else if classes <= 20 {
        36.0
    } else {
        16.0
    };
    let margin = names_width(names.iter().copied()) + 16.0;
    // Names above the columns are upright where the cells are narrow.
    let (left, top) = (margin + 34.0, margin + 64.0);
    let side = cell * classes as f64;
    let bar_left = left + side + 30.0;
    let bar_height = side.max(160.0);
    let mut svg = Svg::new(bar_left + 90.0, top + bar_height + 24.0, title);
    for truth in 0..classes {
        let support = matrix.support(truth);
        let y = top + truth as f64 * cell;
        let style = TextStyle::small(Anchor::End);
        svg.text(left - 8.0, y + cell / 2.0 + 4.0, names[truth], style);
        for predicted in 0..classes {
            let count = matrix.count(truth, predicted);
            let share = if support == 0 {
                0.0
            } else {
                count as f64 / support as f64
            };
            let x = left + predicted as f64 * cell;
            let tip = format!(
                "{} as {}: {count} of {support}",
                names[truth], names[predicted]
            );
            svg.rect(x, y, cell, cell, &colour(share), Some(&tip));
            if cell >= CELL_WITH_TEXT && count > 0 {
                let ink = if share >= WHITE_TEXT_FROM {
                    "#FFFFFF"
                } else {
                    INK
                };
                let style = TextStyle {
                    colour: ink,
                    ..TextStyle::small(Anchor::Middle)
                };
                svg.text(x + cell / 2.0, y + cell / 2.0 + 4.0, &short(count), style);
            }
        }
    }
    for (predicted, name) in names.iter().enumerate() {
        let x = left + (predicted as f64 + 0.5) * cell + SMALL_TEXT * 0.35;
        svg.text(
            x,
            top - 8.0,
            name,
            TextStyle::small(Anchor::Start).turned(-90.0),
        );
    }
    for i in 0..=classes {
        let along = i as f64 * cell;
        svg.line((left, top + along), (left + side, top + along), FAINT, 0.6);
        svg.line((left + along, top), (left + along, top + side), FAINT, 0.6);
    }
    svg.text(
        left + side / 2.0,
        52.0,
        "Predicted",
        TextStyle::new(Anchor::Middle),
    );
    svg.text(
        20.0,
        top + side / 2.0,
        "Truth",
        TextStyle::new(Anchor::Middle).turned(-90.0),
    );
    colour_bar(&mut svg, bar_left, top, bar_height);
    Ok(svg.finish())
}

fn colour_bar(svg: &mut Svg, left: f64, top: f64, height: f64) {
    let step = height / COLOUR_STEPS as f64;
    for i in 0..COLOUR_STEPS {
        let share = 1.0 - (i as f64 + 0.5) / COLOUR_STEPS as f64;
        // A little taller, so that no line shows between two steps.
        svg.rect(
            left,
            top + i as f64 * step,
            14.0,
            step + 0.4,
            &colour(share),
            None,
        );
    }
    for (share, text) in [(1.0, "1"), (0.5, "0.5"), (0.0, "0")] {
        let y = top + (1.0 - share) * height + 4.0;
        svg.text(left + 20.0, y, text, TextStyle::small(Anchor::Start));
    }
    svg.text(
        left + 58.0,
        top + height / 2.0,
        "Share of the row",
        TextStyle::small(Anchor::Middle).turned(-90.0),
    );
}

fn colour(share: f64) -> String {
    let channel = |i: usize| (LIGHT[i] + (DARK[i] - LIGHT[i]) * share).round() as u8;
    format!("#{:02X}{:02X}{:02X}", channel(0), channel(1), channel(2))
}

/// At most five characters: 9999, 12k, 3.4M.
fn short(count: u64) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}k", count / 1000),
        _ => format!("{:.1}M", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cells_carry_share_and_count() {
        let mut matrix = ConfusionMatrix::new(3);
        matrix
            .add_labels(&[0_usize, 0, 0, 1], &[0, 0, 1, 1])
            .unwrap();
        let svg = confusion("t", &matrix, &["coat", "skirt", "tee & top"]).unwrap();
        assert!(svg.contains("coat as coat: 2 of 3") && svg.contains("tee &amp; top"));
        // The full share is the dark end, no share the light one.
        assert!(svg.contains("#08306B") && svg.contains("#F7FBFF"));
        assert_eq!(short(9_999), "9999");
        assert_eq!(
            (short(12_345), short(3_400_000)),
            ("12k".to_owned(), "3.4M".to_owned())
        );
    }

    #[test]
    fn none_and_many_classes_can_be_drawn() {
        assert!(
            confusion("t", &ConfusionMatrix::new(0), &[])
                .unwrap()
                .ends_with("</svg>\n")
        );
        let names = vec!["n"; 50];
        assert!(
            confusion("t", &ConfusionMatrix::new(50), &names)
                .unwrap()
                .contains("n as n: 0 of 0")
        );
    }

    #[test]
    fn a_name_too_few_is_named() {
        let message = confusion("t", &ConfusionMatrix::new(2), &["a"])
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("names has 1 entries and classes 2"),
            "{message}"
        );
    }
}
