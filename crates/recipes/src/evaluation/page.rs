//! A scored detector on a page: class by class, its curves, its pictures and its worst errors.

use std::path::Path;

use wardrobe_metrics::plot::{BarSeries, PlotCurve, bars, precision_recall};
use wardrobe_training::report::Report;

use super::detector::Judged;
use super::errors::{Mistake, worst_errors};
use super::pairs::{shown, shown_mistake};
use crate::detection::{KindTally, Tally};
use crate::error::RecipeError;

/// Pictures shown: enough to see what goes right and wrong, few enough for a page of some megabytes.
const SHOWN: usize = 8;
/// Errors shown of each kind.
const WORST: usize = 4;
/// Curves that can be told apart in one figure; of more classes none is drawn.
const CURVES: usize = 8;

/// Adds AP per class and the curves at IoU 0.5.
///
/// # Errors
/// [`RecipeError::Metric`].
pub fn with_classes(mut report: Report, tally: &Tally) -> Result<Report, RecipeError> {
    let classes = tally.classes();
    for one in &tally.kinds {
        let what = one.kind.title();
        let own: Vec<_> = classes
            .iter()
            .filter(|class| class.kind == one.kind && class.coco.ap.is_some())
            .collect();
        let names: Vec<&str> = own.iter().map(|class| class.name.as_str()).collect();
        let series = |name: &str, values: Vec<Option<f64>>| BarSeries {
            name: name.into(),
            // Rounding puts a perfect mean a few 2⁻⁵² above 1.
            values: values
                .into_iter()
                .map(|value| value.map(|value| value.min(1.0)))
                .collect(),
            intervals: Vec::new(),
        };
        let all = [
            series("AP", own.iter().map(|class| class.coco.ap).collect()),
            series("AP50", own.iter().map(|class| class.coco.ap50).collect()),
            series("IoU of pixels", own.iter().map(|class| class.iou).collect()),
        ];
        let figure = bars(&format!("{what}, class by class"), "Score", &names, &all)?;
        report = report.with_svg(&figure);
        if let Some(figure) = curves(one)? {
            report = report.with_svg(&figure);
        }
    }
    Ok(report)
}

fn curves(one: &KindTally) -> Result<Option<String>, RecipeError> {
    let classes = one.coco.categories().iter();
    let curves: Vec<PlotCurve> = classes
        .filter_map(|(id, name)| {
            let curve = one.coco.curve(Some(*id), 0.5)?;
            Some(PlotCurve {
                name: name.clone(),
                points: curve.recall.into_iter().zip(curve.precision).collect(),
            })
        })
        .collect();
    if curves.is_empty() || curves.len() > CURVES {
        return Ok(None);
    }
    let title = format!("{} at IoU 0.5", one.kind.title());
    Ok(Some(precision_recall(&title, &curves)?))
}

/// Adds what was found on the first pictures, beside the truth, and the worst errors. Files go into
/// `folder`, which is made; `title` is the detector's.
///
/// # Errors
/// [`RecipeError::Io`], [`RecipeError::Output`].
pub fn with_pictures(
    report: Report,
    title: &str,
    judged: &[Judged],
    names: &[String],
    folder: &Path,
) -> Result<Report, RecipeError> {
    std::fs::create_dir_all(folder).map_err(|source| RecipeError::Io {
        action: "make",
        path: folder.to_owned(),
        source,
    })?;
    let first = judged.iter().take(SHOWN).enumerate();
    let pictures = first
        .map(|(index, one)| shown(one, names, &folder.join(format!("{:02}.jpg", index + 1))))
        .collect::<Result<Vec<_>, RecipeError>>()?;
    let mut report = report.with_pictures(
        &format!("{title}: annotated (left) and found (right)"),
        pictures,
    );
    let worst = worst_errors(judged, WORST);
    let kinds: [(&str, &str, &[Mistake]); 3] = [
        ("invented", "surest false detections", &worst.invented),
        ("missed", "largest garments missed", &worst.missed),
        ("mask", "worst masks", &worst.poor_masks),
    ];
    for (file, what, mistakes) in kinds {
        if mistakes.is_empty() {
            continue;
        }
        let pictures = mistakes
            .iter()
            .enumerate()
            .map(|(index, mistake)| {
                let path = folder.join(format!("{file}-{:02}.jpg", index + 1));
                shown_mistake(mistake, judged, names, &path)
            })
            .collect::<Result<Vec<_>, RecipeError>>()?;
        report = report.with_pictures(&format!("{title}: {what}"), pictures);
    }
    Ok(report)
}
