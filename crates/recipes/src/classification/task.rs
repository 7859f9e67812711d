//! A classifier as the engine's task.

use burn::tensor::{Device, Int, Tensor, TensorData};
use wardrobe_datasets::Sample;
use wardrobe_datasets::sample::BBox;
use wardrobe_losses::ClassLoss;
use wardrobe_metrics::ConfusionMatrix;
use wardrobe_rpn_roi::transform::ImageTransform;
use wardrobe_training::{EpochEnd, Losses, Scores, Step, Task, TaskError};

use super::config::Subject;
use super::model::Classifier;
use crate::data::{Classes, LoaderData, Named};
use crate::detection::{rgb, torchvision_names};
use crate::error::{ObjectError, RecipeError};
use crate::not_finite;

/// Keeps the one object that says a picture's class, and numbers it by its class.
///
/// # Errors
/// [`ObjectError`] for a picture without such an object.
pub fn settle(
    mut sample: Sample,
    classes: &Classes,
    subject: Subject,
) -> Result<Sample, ObjectError> {
    let boxes = sample.objects.iter().map(|object| object.bbox);
    let Some(index) = subject_of(boxes, subject) else {
        let count = sample.objects.len();
        return Err(ObjectError::new(
            0,
            format!("is one of {count} objects of a picture with one class"),
            "write \"subject\": \"largest\", or use pictures of one garment",
        ));
    };
    let mut object = sample.objects.swap_remove(index);
    let class = object.category.and_then(|category| classes.class(category));
    let Some(class) = class else {
        return Err(ObjectError::new(
            index,
            "has no category that is a class",
            "give it one, or let the loader skip bad files",
        ));
    };
    object.category = Some(class as u32);
    sample.objects = vec![object];
    Ok(sample)
}

/// Which of the objects with these boxes says a picture's class.
pub(super) fn subject_of(
    boxes: impl Iterator<Item = Option<BBox>>,
    subject: Subject,
) -> Option<usize> {
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
    use crate::data::ClassChoice;
    use wardrobe_datasets::sample::Category;
    use wardrobe_datasets::{Object, Picture};

    fn object(category: Option<u32>, right: f32) -> Object {
        Object {
            category,
            bbox: Some(BBox::new(0.0, 0.0, right, 5.0)),
            ..Object::default()
        }
    }

    fn settled(objects: Vec<Object>, subject: Subject) -> Result<Option<u32>, ObjectError> {
        let category = |name: &str| Category {
            name: name.into(),
            group: None,
            id: 0,
        };
        let only = ClassChoice::Only(vec!["Tee".into(), "Coat".into()]);
        let classes = Classes::choose(&["Coat", "Dress", "Tee"].map(category), &only).unwrap();
        let picture = Picture::new(vec![0; 3 * 100], 10, 10);
        let sample = Sample {
            picture,
            objects,
            parsing: None,
        };
        settle(sample, &classes, subject).map(|sample| sample.objects[0].category)
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
        assert!(settled(Vec::new(), Subject::Largest).is_err());
    }

    #[test]
    fn of_equal_probabilities_the_first_counts() {
        assert_eq!(likeliest(&[0.2, 0.4, 0.4]), 1);
    }
}
