//! Held-out pictures with what was found on them, for the page.

use std::path::Path;

use wardrobe_datasets::{Annotation, Picture, draw, save_picture};
use wardrobe_training::report::{self, Report};

use super::model::{Found, TrainableDetector};
use super::task::DetectorTask;
use crate::error::RecipeError;

/// Pictures shown: enough to see what goes wrong, few enough for a page of some megabytes.
const SHOWN: usize = 12;
/// Detections are drawn from this score on (that of `detect`'s drawings).
pub(crate) const DRAWN_FROM: f32 = 0.5;

/// Draws detections on the first held-out pictures, into `folder/pictures` and onto the page.
pub(super) fn show<M: TrainableDetector>(
    task: &DetectorTask<M>,
    model: &M,
    report: Report,
    folder: &Path,
) -> Result<Report, RecipeError> {
    let pictures = folder.join("pictures");
    std::fs::create_dir_all(&pictures).map_err(|source| RecipeError::Io {
        action: "make",
        path: pictures.clone(),
        source,
    })?;
    let mut shown = Vec::new();
    task.look(model, |sample, truth, found| {
        let drawn = draw(&sample.value.picture, &annotations(&found, task.names()));
        let path = pictures.join(format!("{:02}.jpg", shown.len() + 1));
        let caption = format!(
            "{}: {} found, {} annotated",
            sample.name,
            found
                .iter()
                .filter(|one| one.detection.score >= DRAWN_FROM)
                .count(),
            truth.objects.boxes.len()
        );
        shown.push(embedded(&drawn, &path, caption)?);
        Ok(shown.len() < SHOWN)
    })?;
    Ok(report.with_pictures("Found on held-out pictures", shown))
}

/// Saves a picture and returns it for the page.
pub(crate) fn embedded(
    picture: &Picture,
    path: &Path,
    caption: String,
) -> Result<report::Picture, RecipeError> {
    save_picture(picture, path)?;
    let bytes = std::fs::read(path).map_err(|source| RecipeError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    Ok(report::Picture::jpeg(caption, bytes))
}

/// What is drawn of what was found.
pub(crate) fn annotations(found: &[Found], names: &[String]) -> Vec<Annotation> {
    found
        .iter()
        .filter(|found| found.detection.score >= DRAWN_FROM)
        .map(|found| Annotation {
            corners: found.detection.bbox,
            label: found.detection.label,
            name: names
                .get(found.detection.label.wrapping_sub(1))
                .cloned()
                .unwrap_or_default(),
            score: found.detection.score,
            mask: found.mask.clone(),
        })
        .collect()
}
