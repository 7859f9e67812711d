//! The quickstart's page.

use std::path::Path;

use wardrobe_metrics::plot::{LineChart, LineSeries, lines};
use wardrobe_training::report::Report;
use wardrobe_training::{Record, StepRecord, read_log};

use super::stage::Stage;
use super::{Quickstart, Scored, tables};
use crate::data::DataConfig;
use crate::error::RecipeError;
use crate::evaluation::{with_classes, with_pictures};

/// The log of a run's folder.
const LOG: &str = "metrics.jsonl";
/// Steps that a point of a loss curve averages over, as a part of all: a hundred points show how it
/// falls, and not how batches differ.
const POINTS: usize = 100;

pub(super) fn page(
    quickstart: &Quickstart,
    scored: &[Scored],
    folder: &Path,
) -> Result<Report, RecipeError> {
    let mut report = Report::new("Paper A in miniature").with_text(&told(quickstart));
    for table in tables::all(scored) {
        report = table.on(report);
    }
    report = report
        .with_text(
            "The paper's numbers are of photographs, twenty categories and networks of full size; the \
             miniature's of drawings, groups of categories and narrow networks. What can be compared is \
             the direction from one row to the next, as far as the intervals allow.",
        )
        .with_heading("Training");
    let groups: [(&str, &[Stage]); 3] = [
        (
            "Losses of clothNet",
            &[Stage::ClothNet, Stage::ClothNetResNet],
        ),
        (
            "Losses of Faster R-CNN",
            &[Stage::FasterRcnn, Stage::FasterRcnnClothNet],
        ),
        (
            "Losses of Mask R-CNN",
            &[Stage::MaskRcnn, Stage::MaskRcnnClothNet],
        ),
    ];
    for (title, stages) in groups {
        report = report.with_svg(&losses(title, stages, folder)?);
    }
    let links: Vec<(&str, String)> = Stage::ALL
        .iter()
        .map(|stage| (stage.title(), format!("{}/report.html", stage.folder())))
        .collect();
    report = report.with_links("The runs, each with its own page", &links);
    for one in scored.iter().filter(|one| one.stage.body().is_some()) {
        report = report.with_heading(one.stage.title());
        report = with_classes(report, &one.tally)?;
        let pictures = folder.join("pictures").join(one.stage.folder());
        report = with_pictures(
            report,
            one.stage.title(),
            &one.judged,
            &one.names,
            &pictures,
        )?;
    }
    Ok(report)
}

fn told(quickstart: &Quickstart) -> String {
    let count = |data: &DataConfig| match data {
        DataConfig::Synthetic(config) => format!("{} drawn pictures", config.count),
        DataConfig::Folder(config) => format!("{}", config.path.display()),
    };
    let all = |data: &std::collections::BTreeMap<String, DataConfig>| {
        let each: Vec<String> = data.values().map(count).collect();
        each.join(" and ")
    };
    format!(
        "clothNet, a classifier, learnt garments from {}. Faster R-CNN and Mask R-CNN learnt to find \
         them in {}, once from weights drawn at random and once from clothNet's body. {} chose the best \
         weights of each run; the tables are of {} besides, which nothing was learnt from or chosen by.",
        all(&quickstart.clothnet.data),
        all(&quickstart.faster_rcnn.data),
        count(&quickstart.faster_rcnn.validation),
        count(&quickstart.test),
    )
}

fn losses(title: &str, stages: &[Stage], folder: &Path) -> Result<String, RecipeError> {
    let chart = LineChart {
        title: title.into(),
        x_label: "Iteration".into(),
        y_label: String::new(),
        logarithmic: false,
        marks: Vec::new(),
    };
    let series = stages
        .iter()
        .map(|stage| {
            let log = read_log(folder.join(stage.folder()).join(LOG))?;
            Ok(LineSeries {
                name: stage.title().into(),
                points: averaged(&log),
            })
        })
        .collect::<Result<Vec<_>, RecipeError>>()?;
    Ok(lines(&chart, &series))
}

/// The loss over iterations, averaged over equal pieces.
fn averaged(log: &[Record]) -> Vec<(f64, f64)> {
    let steps: Vec<&StepRecord> = log
        .iter()
        .filter_map(|record| match record {
            Record::Step(step) => Some(step),
            Record::Epoch(_) => None,
        })
        .collect();
    let piece = steps.len().div_ceil(POINTS).max(1);
    let pieces = steps.chunks(piece).map(|piece| {
        let total: f64 = piece.iter().map(|step| step.loss).sum();
        let middle = piece[piece.len() / 2].iteration as f64;
        (middle, total / piece.len() as f64)
    });
    pieces.collect()
}
