//! Where `detect` puts what it finds.

use std::path::{Path, PathBuf};

use wardrobe::Instance;
use wardrobe::datasets::error::OutputError;
use wardrobe::datasets::{
    Annotation, CategoryNames, CocoResult, CompressedRle, ResultsWriter, draw, save_picture,
};

use crate::pipeline::Judged;

/// A results file, a folder of drawings, or both.
#[derive(Debug)]
pub struct Output {
    names: CategoryNames,
    results: Option<ResultsWriter>,
    drawings: Option<Drawings>,
    instances: usize,
}

#[derive(Debug)]
struct Drawings {
    folder: PathBuf,
    /// Instances with a lower score are not drawn.
    score: f32,
}

impl Output {
    /// Writes nothing yet.
    pub fn new(names: CategoryNames) -> Self {
        Self {
            names,
            results: None,
            drawings: None,
            instances: 0,
        }
    }

    /// With a COCO results list.
    pub fn with_results(self, results: ResultsWriter) -> Self {
        Self {
            results: Some(results),
            ..self
        }
    }

    /// With one drawing a picture, of the instances that score at least `score`.
    pub fn with_drawings(self, folder: PathBuf, score: f32) -> Self {
        Self {
            drawings: Some(Drawings { folder, score }),
            ..self
        }
    }

    /// Writes one picture's part.
    ///
    /// # Errors
    /// [`OutputError`] when a file cannot be written.
    pub fn write(&mut self, judged: &Judged) -> Result<(), OutputError> {
        self.instances += judged.instances.len();
        if let Some(results) = &mut self.results {
            judged
                .instances
                .iter()
                .try_for_each(|one| results.push(&coco_result(one, judged, &self.names)))?;
        }
        if let Some(Drawings { folder, score }) = &self.drawings {
            let annotations: Vec<Annotation> = judged
                .instances
                .iter()
                .filter(|one| one.score >= *score)
                .map(|one| annotation(one, &self.names))
                .collect();
            save_picture(
                &draw(&judged.picture, &annotations),
                folder.join(drawing_name(judged.image_id, &judged.path)),
            )?;
        }
        Ok(())
    }

    /// Gives the results file its name. Returns the count of instances.
    ///
    /// # Errors
    /// [`OutputError`] when it cannot be written.
    pub fn finish(self) -> Result<usize, OutputError> {
        self.results
            .map_or(Ok(self.instances), ResultsWriter::finish)
    }
}

fn coco_result(one: &Instance, judged: &Judged, names: &CategoryNames) -> CocoResult {
    let (width, height) = (judged.picture.width(), judged.picture.height());
    CocoResult {
        image_id: judged.image_id,
        category_id: one.label as u64,
        bbox: CocoResult::bbox_of_corners(one.corners),
        score: one.score,
        segmentation: one
            .mask
            .as_ref()
            .map(|mask| CompressedRle::encode(mask, width, height)),
        file_name: judged.path.to_string_lossy().into_owned(),
        category_name: names.name(one.label),
    }
}

fn annotation(one: &Instance, names: &CategoryNames) -> Annotation {
    Annotation {
        corners: one.corners,
        label: one.label,
        name: names.name(one.label),
        score: one.score,
        mask: one.mask.clone(),
    }
}

/// `000012-street.jpg`: the id keeps pictures of one name apart, the kind is the picture's own
/// where drawings can have it.
fn drawing_name(image_id: u64, path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let kind = if extension == "jpg" || extension == "jpeg" {
        "jpg"
    } else {
        "png"
    };
    format!("{image_id:06}-{stem}.{kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_of_equal_names_differ() {
        assert_eq!(
            drawing_name(12, Path::new("a/street.JPEG")),
            "000012-street.jpg"
        );
        assert_eq!(
            drawing_name(13, Path::new("b/street.webp")),
            "000013-street.png"
        );
    }
}
