//! A run as one page: `report.html` with curves, tables and pictures inside, readable anywhere.

use std::fmt::Write;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wardrobe_metrics::plot::{LineChart, LineSeries, lines};

use crate::error::TrainingError;
use crate::run::{EpochRecord, Named, Record, StepRecord, write_file};

/// Points of a curve that are drawn at most; longer runs are averaged piece by piece.
const POINTS: usize = 400;

/// A page under construction: sections in order.
///
/// ```
/// use wardrobe_training::{Record, report::{Picture, Report}};
/// # let png = vec![0x89_u8, b'P', b'N', b'G'];
/// let line = r#"{"kind":"step","phase":"all","iteration":0,"epoch":0,"losses":{"class":1.5},
///               "loss":1.5,"rate":0.02,"gradient_norm":3.0}"#;
/// let log: Vec<Record> = vec![serde_json::from_str(line)?];
/// let html = Report::new("clothNet")
///     .with_run(&log)
///     .with_table("Table 2", &["method", "accuracy"], &[vec!["Faster R-CNN".into(), "0.78".into()]])
///     .with_pictures("Worst errors", vec![Picture::png("a coat, taken for a dress", png)])
///     .html();
/// assert!(html.contains("<svg ") && html.contains("data:image/png;base64,"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Report {
    title: String,
    body: String,
}

/// A picture with its caption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Below the picture.
    pub caption: String,
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// The encoded file.
    pub bytes: Vec<u8>,
}

impl Picture {
    /// An encoded PNG.
    pub fn png(caption: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            caption: caption.into(),
            media_type: "image/png",
            bytes,
        }
    }

    /// An encoded JPEG.
    pub fn jpeg(caption: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self {
            media_type: "image/jpeg",
            ..Self::png(caption, bytes)
        }
    }
}

impl Report {
    /// An empty page.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            body: String::new(),
        }
    }

    /// Losses, scores, rate and gradient norm of a run's log, with a table of all scores.
    pub fn with_run(mut self, log: &[Record]) -> Self {
        let steps: Vec<&StepRecord> = log.iter().filter_map(step).collect();
        let epochs: Vec<&EpochRecord> = log.iter().filter_map(epoch).collect();
        let marks = phase_starts(&steps);
        let figure = |title: &str, logarithmic: bool, series: Vec<LineSeries>| {
            let chart = LineChart {
                title: title.into(),
                x_label: "Iteration".into(),
                y_label: String::new(),
                logarithmic,
                marks: marks.clone(),
            };
            lines(&chart, &series)
        };
        if !steps.is_empty() {
            let mut losses = vec![curve("total", &steps, |step| Some(step.loss))];
            losses.extend(
                names(steps.iter().map(|step| &step.losses))
                    .into_iter()
                    .map(|name| curve(&name, &steps, |step| step.losses.get(&name))),
            );
            // One term is the total.
            if losses.len() == 2 {
                losses.truncate(1);
            }
            let norm = curve("norm", &steps, |step| Some(step.gradient_norm));
            let rate = curve("rate", &steps, |step| Some(step.rate));
            self = self
                .with_svg(&figure("Losses", false, losses))
                .with_svg(&figure("Learning rate", false, vec![rate]))
                .with_svg(&figure("Gradient norm before clipping", true, vec![norm]));
        }
        if epochs.is_empty() {
            return self;
        }
        let scores = names(epochs.iter().map(|epoch| &epoch.scores));
        let drawn = scores.iter().map(|name| LineSeries {
            name: name.clone(),
            points: epochs
                .iter()
                .map(|epoch| {
                    let score = epoch.scores.get(name).unwrap_or(f64::NAN);
                    (epoch.iteration as f64, score)
                })
                .collect(),
        });
        let figure = figure("Scores on held-out data", false, drawn.collect());
        let mut header = vec!["phase", "iteration", "epoch"];
        header.extend(scores.iter().map(String::as_str));
        header.push("best");
        let rows: Vec<Vec<String>> = epochs
            .iter()
            .map(|epoch| score_row(epoch, &scores))
            .collect();
        self.with_svg(&figure).with_table("Scores", &header, &rows)
    }

    /// A heading.
    pub fn with_heading(mut self, text: &str) -> Self {
        let _ = writeln!(self.body, "<h2>{}</h2>", escape(text));
        self
    }

    /// A paragraph of plain text.
    pub fn with_text(mut self, text: &str) -> Self {
        let _ = writeln!(self.body, "<p>{}</p>", escape(text));
        self
    }

    /// A figure; the text is put in as it is.
    pub fn with_svg(mut self, svg: &str) -> Self {
        let _ = writeln!(self.body, "<figure>{svg}</figure>");
        self
    }

    /// A table under a heading.
    pub fn with_table(self, title: &str, header: &[&str], rows: &[Vec<String>]) -> Self {
        let mut page = self.with_heading(title);
        page.body.push_str("<table><tr>");
        for cell in header {
            let _ = write!(page.body, "<th>{}</th>", escape(cell));
        }
        for row in rows {
            page.body.push_str("</tr>\n<tr>");
            for cell in row {
                let _ = write!(page.body, "<td>{}</td>", escape(cell));
            }
        }
        page.body.push_str("</tr></table>\n");
        page
    }

    /// Links under a heading: texts, and addresses relative to the page.
    pub fn with_links(self, title: &str, links: &[(&str, String)]) -> Self {
        let mut page = self.with_heading(title);
        page.body.push_str("<ul>\n");
        for (text, address) in links {
            let _ = writeln!(
                page.body,
                "<li><a href=\"{}\">{}</a></li>",
                escape(address),
                escape(text)
            );
        }
        page.body.push_str("</ul>\n");
        page
    }

    /// Pictures with captions under a heading, side by side.
    pub fn with_pictures(self, title: &str, pictures: Vec<Picture>) -> Self {
        let mut page = self.with_heading(title);
        page.body.push_str("<div class=\"pictures\">\n");
        for picture in pictures {
            let caption = escape(&picture.caption);
            let _ = writeln!(
                page.body,
                "<figure><img alt=\"{caption}\" src=\"data:{};base64,{}\"><figcaption>{caption}</figcaption></figure>",
                picture.media_type,
                STANDARD.encode(&picture.bytes)
            );
        }
        page.body.push_str("</div>\n");
        page
    }

    /// The whole page.
    pub fn html(&self) -> String {
        let title = escape(&self.title);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{}</body></html>\n",
            self.body
        )
    }

    /// Writes the page so that it is whole or not there.
    ///
    /// # Errors
    /// [`TrainingError::Io`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), TrainingError> {
        write_file(path.as_ref(), self.html().as_bytes())
    }
}

const STYLE: &str = "body{font-family:Helvetica,Arial,'DejaVu Sans',sans-serif;margin:2em auto;max-width:64em;color:#222}
table{border-collapse:collapse}th,td{padding:.3em .8em;border-bottom:1px solid #ddd;text-align:right}
th:first-child,td:first-child{text-align:left}figure{margin:1em 0}svg{max-width:100%;height:auto}
.pictures{display:flex;flex-wrap:wrap;gap:1em}.pictures img{max-width:min(100%,31em)}figcaption{max-width:31em;font-size:.85em}";

fn step(record: &Record) -> Option<&StepRecord> {
    match record {
        Record::Step(step) => Some(step),
        Record::Epoch(_) => None,
    }
}

fn epoch(record: &Record) -> Option<&EpochRecord> {
    match record {
        Record::Step(_) => None,
        Record::Epoch(epoch) => Some(epoch),
    }
}

/// The first iteration of every phase but the first, with its name.
fn phase_starts(steps: &[&StepRecord]) -> Vec<(f64, String)> {
    let changes = steps
        .windows(2)
        .filter(|pair| pair[0].phase != pair[1].phase);
    changes
        .map(|pair| (pair[1].iteration as f64, pair[1].phase.clone()))
        .collect()
}

/// All names, in the order in which they turn up.
fn names<'a>(all: impl Iterator<Item = &'a Named>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (name, _) in all.flat_map(|named| &named.0) {
        if !found.contains(name) {
            found.push(name.clone());
        }
    }
    found
}

/// A value over iterations, averaged over equal pieces where there are too many.
fn curve(
    name: &str,
    steps: &[&StepRecord],
    value: impl Fn(&StepRecord) -> Option<f64>,
) -> LineSeries {
    let piece = steps.len().div_ceil(POINTS).max(1);
    let points = steps.chunks(piece).map(|piece| {
        let values: Vec<f64> = piece.iter().filter_map(|step| value(step)).collect();
        let middle = piece[piece.len() / 2].iteration as f64;
        // Nothing, in a phase without this term: 0/0 leaves a gap.
        (middle, values.iter().sum::<f64>() / values.len() as f64)
    });
    LineSeries {
        name: name.to_owned(),
        points: points.collect(),
    }
}

fn score_row(epoch: &EpochRecord, scores: &[String]) -> Vec<String> {
    let mut row = vec![
        epoch.phase.clone(),
        epoch.iteration.to_string(),
        (epoch.epoch + 1).to_string(),
    ];
    row.extend(scores.iter().map(|name| {
        let score = epoch.scores.get(name).filter(|score| !score.is_nan());
        score.map_or_else(|| "–".to_owned(), |score| format!("{score:.4}"))
    }));
    row.push(if epoch.best { "•" } else { "" }.to_owned());
    row
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(iteration: u64, phase: &str, losses: &[(&str, f64)]) -> StepRecord {
        StepRecord {
            phase: phase.into(),
            iteration,
            epoch: 0,
            losses: Named(losses.iter().map(|(n, v)| ((*n).to_owned(), *v)).collect()),
            loss: losses.iter().map(|(_, value)| value).sum(),
            rate: 0.1,
            gradient_norm: 1.0,
            loss_scale: None,
            skipped: false,
        }
    }

    /// 1,000 steps in pieces of ⌈1000/400⌉ = 3: 334 points; the first is the mean of 0, 1, 2.
    #[test]
    fn long_runs_are_averaged() {
        let steps: Vec<_> = (0..1_000)
            .map(|i| record(i, "a", &[("l", i as f64)]))
            .collect();
        let steps: Vec<&StepRecord> = steps.iter().collect();
        let curve = curve("l", &steps, |step| step.losses.get("l"));
        assert_eq!(curve.points.len(), 334);
        assert_eq!(curve.points[0], (1.0, 1.0));
        assert_eq!(curve.points[333], (999.0, 999.0));
    }

    #[test]
    fn a_term_of_one_phase_leaves_a_gap_in_the_other() {
        let steps = [record(0, "a", &[("x", 1.0)]), record(1, "b", &[("y", 2.0)])];
        let steps: Vec<&StepRecord> = steps.iter().collect();
        assert_eq!(names(steps.iter().map(|step| &step.losses)), ["x", "y"]);
        assert_eq!(phase_starts(&steps), [(1.0, "b".to_owned())]);
        let curve = curve("y", &steps, |step| step.losses.get("y"));
        assert!(curve.points[0].1.is_nan());
        assert_eq!(curve.points[1], (1.0, 2.0));
    }

    #[test]
    fn texts_cannot_break_the_page() {
        let page = Report::new("<a>").with_table("t & u", &["\"x\""], &[vec!["<b>".into()]]);
        let html = page.html();
        assert!(html.contains("<h1>&lt;a&gt;</h1>") && html.contains("<td>&lt;b&gt;</td>"));
        assert!(html.contains("t &amp; u") && html.contains("<th>&quot;x&quot;</th>"));
    }

    #[test]
    fn links_lead_to_their_pages() {
        let page = Report::new("t").with_links("Runs", &[("a & b", "runs/a/report.html".into())]);
        let link = "<li><a href=\"runs/a/report.html\">a &amp; b</a></li>";
        assert!(page.html().contains(link));
    }

    #[test]
    fn a_run_without_anything_is_an_empty_page() {
        assert!(!Report::new("t").with_run(&[]).html().contains("<svg"));
    }
}
