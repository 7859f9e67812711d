//! A classifier as the engine's task.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};
use wardrobe_datasets::loader::Source;
use wardrobe_datasets::sample::BBox;
use wardrobe_datasets::{Object, Sample};
use wardrobe_losses::ClassLoss;
use wardrobe_metrics::ConfusionMatrix;
use wardrobe_rpn_roi::transform::ImageTransform;
use wardrobe_training::{EpochEnd, Losses, Scores, Step, Task, TaskError};

use super::config::Subject;
use super::model::Classifier;
use crate::data::{Chosen, Classes, LoaderData, Named};
use crate::detection::{rgb, torchvision_names};
use crate::error::{ObjectError, RecipeError, SubjectError};
use crate::not_finite;

/// Keeps the one object that says a picture's class, numbered by its class, and nothing of it besides: an
/// object without a place stays whatever transforms cut off.
///
/// # Errors
/// [`SubjectError`] for a picture without such an object.
pub fn settle(
    mut sample: Sample,
    classes: &Classes,
    subject: Subject,
) -> Result<Sample, SubjectError> {
    if sample.objects.is_empty() {
        return Err(SubjectError::NoObject);
    }
    let boxes = sample.objects.iter().map(|object| object.bbox);
    let Some(index) = subject_of(boxes, subject) else {
        let count = sample.objects.len();
        return Err(ObjectError::new(
            0,
            format!("is one of {count} objects of a picture with one class"),
            "write \"subject\": \"largest\", or use pictures of one garment",
        )
        .into());
    };
    let category = sample.objects[index].category;
    let Some(class) = category.and_then(|category| classes.class(category)) else {
        return Err(ObjectError::new(
            index,
            "has no category that is a class",
            "give it one, or let the loader skip bad files",
        )
        .into());
    };
    sample.objects = vec![Object {
        category: Some(class as u32),
        ..Object::default()
    }];
    Ok(sample)
}

/// The pictures but those of which annotations tell that their category is none of the classes; `key` names the data.
///
/// # Errors
/// [`RecipeError::Setting`] when none is left.
pub(crate) fn of_classes(
    key: &str,
    source: Arc<dyn Source>,
    classes: &Classes,
    subject: Subject,
) -> Result<Arc<dyn Source>, RecipeError> {
    let chosen = Chosen::of(source, |source, index| {
        category_of(source, index, subject).is_none_or(|category| classes.class(category).is_some())
    });
    if chosen.is_empty() {
        return Err(RecipeError::Setting {
            field: key.into(),
            found: "no picture of the classes".into(),
            remedy: format!("give pictures of {}", classes.names().join(", ")),
        });
    }
    Ok(Arc::new(chosen))
}

/// The category of the object that says the class of a picture, as far as annotations tell.
pub(super) fn category_of(source: &dyn Source, index: usize, subject: Subject) -> Option<u32> {
    let objects = source.boxes(index);
    let chosen = subject_of(objects.iter().map(|(_, bbox)| *bbox), subject)?;
    objects[chosen].0
}

/// Which of the objects with these boxes says a picture's class.
fn subject_of(boxes: impl Iterator<Item = Option<BBox>>, subject: Subject) -> Option<usize> {
    let areas: Vec<f32> = boxes.map(|bbox| bbox.map_or(0.0, BBox::area)).collect();
    match subject {
        Subject::Only => (areas.len() == 1).then_some(0),
        Subject::Largest => first_of_largest(&areas),
    }
}

/// One loss, `cross_entropy`; the scores `accuracy` and `mean_accuracy` (the mean over classes that
/// occur).
///
/// Samples have been [settled](settle).
#[derive(Debug, Clone)]
pub struct ClassifierTask {
    names: Vec<String>,
    held_out: LoaderData,
    input: ImageTransform,
    loss: ClassLoss,
}

impl ClassifierTask {
    /// Classes of these names; held-out samples one at a time, in order.
    pub fn new(
        names: Vec<String>,
        held_out: LoaderData,
        input: ImageTransform,
        loss: ClassLoss,
    ) -> Self {
        Self {
            names,
            held_out,
            input,
            loss,
        }
    }

    /// The names of the classes.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn pixels<'a>(
        &self,
        samples: impl IntoIterator<Item = &'a Sample>,
        device: &Device,
    ) -> Result<Tensor<4>, RecipeError> {
        let pictures: Vec<_> = samples.into_iter().map(rgb).collect();
        Ok(self.input.batch(&pictures, device)?.pixels)
    }

    /// The probabilities of the classes of each sample.
    ///
    /// # Errors
    /// [`RecipeError::Detector`] for a picture that cannot be resized.
    pub fn probabilities(
        &self,
        model: &Classifier,
        samples: &[Sample],
    ) -> Result<Vec<Vec<f32>>, RecipeError> {
        let device = burn::module::Module::devices(model).swap_remove(0);
        let logits = model.forward(self.pixels(samples, &device)?);
        let probabilities = burn::tensor::activation::softmax(logits, 1).into_data();
        let values: Vec<f32> = probabilities.iter::<f32>().collect();
        Ok(values
            .chunks_exact(self.names.len())
            .map(<[f32]>::to_vec)
            .collect())
    }

    /// Runs `each` on every held-out picture with its class and the probabilities of all classes.
    ///
    /// # Errors
    /// [`RecipeError::Loader`] for a picture that cannot be read; whatever `each` gives.
    pub fn look(
        &self,
        model: &Classifier,
        mut each: impl FnMut(&Named<Sample>, usize, &[f32]) -> Result<(), RecipeError>,
    ) -> Result<(), RecipeError> {
        for sample in self.held_out.pass()? {
            let sample = sample?;
            let found = self.probabilities(model, std::slice::from_ref(&sample.value))?;
            if let (Some(class), [found]) = (class_of(&sample.value), found.as_slice()) {
                each(&sample, class, found)?;
            }
        }
        Ok(())
    }

    /// What is taken for what on the held-out pictures.
    ///
    /// # Errors
    /// As [`ClassifierTask::look`].
    pub fn confusion(&self, model: &Classifier) -> Result<ConfusionMatrix, RecipeError> {
        self.confusion_with(model, &mut |_| ())
    }

    /// The same; `each` hears of every picture's name, in order.
    ///
    /// # Errors
    /// As [`ClassifierTask::look`].
    pub fn confusion_with(
        &self,
        model: &Classifier,
        each: &mut dyn FnMut(&str),
    ) -> Result<ConfusionMatrix, RecipeError> {
        let mut matrix = ConfusionMatrix::new(self.names.len());
        self.look(model, |sample, class, found| {
            each(&sample.name);
            Ok(matrix.add(class, likeliest(found))?)
        })?;
        Ok(matrix)
    }
}

/// The class of a settled sample, from 0.
fn class_of(sample: &Sample) -> Option<usize> {
    let object = sample.objects.first()?;
    object.category.map(|class| class as usize)
}

/// The first of the largest.
pub(super) fn likeliest(probabilities: &[f32]) -> usize {
    first_of_largest(probabilities).unwrap_or(0)
}

fn first_of_largest(values: &[f32]) -> Option<usize> {
    // Of equals `max_by` takes the last.
    (0..values.len())
        .rev()
        .max_by(|&a, &b| values[a].total_cmp(&values[b]))
}

impl Task for ClassifierTask {
    type Model = Classifier;
    type Batch = Vec<Named<Sample>>;

    fn losses(
        &self,
        model: &Classifier,
        batch: &Self::Batch,
        step: &Step,
    ) -> Result<Losses, TaskError> {
        let labels: Vec<i64> = batch
            .iter()
            .filter_map(|sample| class_of(&sample.value))
            .map(|class| class as i64)
            .collect();
        let shape = [labels.len()];
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, shape), &step.device);
        let samples = batch.iter().map(|sample| &sample.value);
        let logits = model.forward(self.pixels(samples, &step.device)?);
        Ok(Losses::new().with("cross_entropy", self.loss.forward(logits, labels)))
    }

    fn first_not_finite(
        &self,
        model: &Classifier,
        batch: &Self::Batch,
        step: &Step,
    ) -> Option<String> {
        not_finite::first_module(model, || drop(self.losses(model, batch, step)))
    }

    fn validate(&self, model: &Classifier, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        let matrix = self.confusion(model)?;
        let value = |score: Option<f64>| score.unwrap_or(f64::NAN);
        Ok(Scores::new()
            .with("accuracy", value(matrix.accuracy()))
            .with("mean_accuracy", value(matrix.mean_recall())))
    }

    fn score_names(&self) -> Option<Vec<String>> {
        Some(["accuracy", "mean_accuracy"].map(str::to_owned).to_vec())
    }

    /// VGG ends in layers with dropout.
    fn draws(&self, model: &Classifier) -> bool {
        matches!(model, Classifier::Vgg(_))
    }

    fn parameter_names(&self, model: &Classifier) -> Vec<String> {
        torchvision_names(model)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::data::{ClassChoice, LoaderSettings};
    use wardrobe_datasets::Picture;
    use wardrobe_datasets::loader::FnSource;
    use wardrobe_datasets::sample::Category;
    use wardrobe_datasets::transforms::{CentreCrop, Mirrors};

    fn object(category: Option<u32>, right: f32) -> Object {
        Object {
            category,
            bbox: Some(BBox::new(0.0, 0.0, right, 5.0)),
            ..Object::default()
        }
    }

    fn sample(objects: Vec<Object>) -> Sample {
        Sample {
            picture: Picture::new(vec![0; 3 * 200], 20, 10),
            objects,
            parsing: None,
        }
    }

    /// The tee, number 2 of the data, is class 0, and the coat, number 0, class 1.
    fn classes() -> Classes {
        let category = |name: &str| Category {
            name: name.into(),
            group: None,
            id: 0,
        };
        let only = ClassChoice::Only(vec!["Tee".into(), "Coat".into()]);
        Classes::choose(&["Coat", "Dress", "Tee"].map(category), &only).unwrap()
    }

    fn settled(objects: Vec<Object>, subject: Subject) -> Result<Option<u32>, SubjectError> {
        settle(sample(objects), &classes(), subject).map(|sample| sample.objects[0].category)
    }

    #[test]
    fn the_subject_says_the_class() {
        let one = vec![object(Some(0), 3.0)];
        assert_eq!(settled(one, Subject::Only), Ok(Some(1)));
        let several = vec![
            object(Some(0), 3.0),
            object(Some(2), 9.0),
            object(Some(0), 9.0),
        ];
        assert_eq!(settled(several.clone(), Subject::Largest), Ok(Some(0)));
        let message = settled(several, Subject::Only).unwrap_err().to_string();
        assert!(message.contains("one of 3 objects"), "{message}");
        let other = vec![object(Some(1), 3.0)];
        assert!(settled(other, Subject::Largest).is_err());
    }

    #[test]
    fn a_picture_of_nothing_is_told_as_such() {
        for subject in [Subject::Only, Subject::Largest] {
            let error = settled(Vec::new(), subject).unwrap_err();
            assert_eq!(
                error.to_string(),
                "has no object to say its class; annotate one, leave the picture out, or let bad files be skipped"
            );
        }
    }

    /// Of 20 × 10 pixels columns 8 to 12 and rows 3 to 7 stay: all of the tee, and nothing of the larger coat, which says the
    /// class.
    #[test]
    fn what_transforms_cut_off_still_says_the_class() {
        let source = FnSource::new(1, |_| {
            let tee = Object {
                bbox: Some(BBox::new(9.0, 4.0, 11.0, 6.0)),
                ..object(Some(2), 0.0)
            };
            Ok(sample(vec![tee, object(Some(0), 6.0)]))
        });
        let crop = CentreCrop {
            width: 4,
            height: 4,
            min_visible: 1.0,
        };
        let classes = classes();
        let data = LoaderData::new(Arc::new(source), &LoaderSettings::of(1), 0)
            .unwrap()
            .settled(move |sample| settle(sample, &classes, Subject::Largest))
            .transformed(Some(crop.into()), Mirrors::default())
            .unwrap();
        let cropped = data.pass().unwrap().next().unwrap().unwrap().value;
        assert_eq!(class_of(&cropped), Some(1));
        assert_eq!(cropped.picture.width(), 4);
    }

    #[test]
    fn of_equal_probabilities_the_first_counts() {
        assert_eq!(likeliest(&[0.2, 0.4, 0.4]), 1);
    }
}
