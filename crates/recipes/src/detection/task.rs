//! A detector as the engine's task.

use burn::module::Module;
use wardrobe_backbones::weights;
use wardrobe_datasets::Sample;
use wardrobe_mask_head::InstanceTruth;
use wardrobe_rpn_roi::RgbPicture;
use wardrobe_training::{EpochEnd, Losses, Scores, Step, Task, TaskError};

use super::model::{Found, TrainableDetector};
use super::scores::{Scorer, ScoringConfig};
use super::truth::instance_truth;
use crate::data::{Classes, LoaderData, Named};
use crate::error::RecipeError;

/// Held-out pictures and their classes.
#[derive(Debug, Clone)]
pub struct HeldOut {
    /// The pictures, one at a time, in order.
    pub data: LoaderData,
    /// Which of their categories is which class.
    pub classes: Classes,
}

/// Losses under torchvision's names, scores by COCO's and paper A's metrics; see [`Scorer`].
#[derive(Debug)]
pub struct DetectorTask<M> {
    /// Which category of the training data is which class, by the data's key.
    classes: Classes,
    held_out: HeldOut,
    scoring: ScoringConfig,
    detector: std::marker::PhantomData<fn() -> M>,
}

/// The sample's picture as a detector takes it.
pub(crate) fn rgb(sample: &Sample) -> RgbPicture<'_> {
    RgbPicture {
        data: sample.picture.data(),
        width: sample.picture.width(),
        height: sample.picture.height(),
    }
}

impl<M: TrainableDetector> DetectorTask<M> {
    /// Training on data of these classes.
    pub fn new(classes: Classes, held_out: HeldOut, scoring: ScoringConfig) -> Self {
        Self {
            classes,
            held_out,
            scoring,
            detector: std::marker::PhantomData,
        }
    }

    /// The names of the classes, without the background.
    pub fn names(&self) -> &[String] {
        self.classes.names()
    }

    /// Runs `each` on every held-out picture with what is to be found and what is found.
    ///
    /// # Errors
    /// [`RecipeError::Loader`] for a picture that cannot be read; whatever `each` gives.
    pub fn look(
        &self,
        model: &M,
        mut each: impl FnMut(&Named<Sample>, InstanceTruth, Vec<Found>) -> Result<bool, RecipeError>,
    ) -> Result<(), RecipeError> {
        for sample in self.held_out.data.pass()? {
            let sample = sample?;
            let truth = instance_truth(&sample.value, &self.held_out.classes);
            let found = model.find(&[rgb(&sample.value)])?.pop().unwrap_or_default();
            if !each(&sample, truth, found)? {
                break;
            }
        }
        Ok(())
    }

    /// All scores over the held-out pictures.
    ///
    /// # Errors
    /// As [`DetectorTask::look`] and [`Scorer::scores`].
    pub fn score(&self, model: &M) -> Result<Scores, RecipeError> {
        let mut scorer = Scorer::new(self.names(), M::MASKS, self.scoring)?;
        self.look(model, |sample, truth, found| {
            let picture = &sample.value.picture;
            scorer.add([picture.width(), picture.height()], &truth, &found)?;
            Ok(true)
        })?;
        scorer.scores()
    }
}

impl<M: TrainableDetector> Task for DetectorTask<M> {
    type Model = M;
    type Batch = Vec<Named<Sample>>;

    fn losses(&self, model: &M, batch: Self::Batch, step: &Step) -> Result<Losses, TaskError> {
        let truths = batch
            .iter()
            .map(|sample| instance_truth(&sample.value, &self.classes))
            .collect();
        let pictures: Vec<RgbPicture<'_>> = batch.iter().map(|sample| rgb(&sample.value)).collect();
        let named = model.named_losses(
            &pictures,
            truths,
            self.classes.with_background(),
            &step.device,
            &mut step.rng(),
        )?;
        Ok(named
            .into_iter()
            .fold(Losses::new(), |losses, (name, value)| losses.with(name, value)))
    }

    fn validate(&self, model: &M, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(self.score(model)?)
    }

    fn parameter_names(&self, model: &M) -> Vec<String> {
        torchvision_names(model)
    }
}

/// torchvision's names of a module's parameters, in its order.
pub(crate) fn torchvision_names<M: Module>(model: &M) -> Vec<String> {
    weights::named_parameters(model)
        .into_iter()
        .map(|(name, _)| name)
        .collect()
}
