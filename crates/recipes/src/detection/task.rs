//! A detector as the engine's task.

use burn::module::Module;
use wardrobe_backbones::weights;
use wardrobe_datasets::Sample;
use wardrobe_mask_head::InstanceTruth;
use wardrobe_rpn_roi::RgbPicture;
use wardrobe_training::{EpochEnd, Losses, Scores, Step, Task, TaskError};

use super::model::{Found, TrainableDetector};
use super::scores::{Scorer, ScoringConfig};
use super::tally::Kind;
use super::truth::instance_truth;
use crate::data::{LoaderData, Named};
use crate::error::RecipeError;
use crate::not_finite;

/// Losses under torchvision's names, scores by COCO's and paper A's metrics; see [`Scorer`].
///
/// Samples have been [settled](super::settle): their categories are classes.
#[derive(Debug, Clone)]
pub struct DetectorTask<M> {
    names: Vec<String>,
    held_out: LoaderData,
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
    /// Classes of these names, without the background; held-out samples one at a time, in order.
    pub fn new(names: Vec<String>, held_out: LoaderData, scoring: ScoringConfig) -> Self {
        Self {
            names,
            held_out,
            scoring,
            detector: std::marker::PhantomData,
        }
    }

    /// The names of the classes, without the background.
    pub fn names(&self) -> &[String] {
        &self.names
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
        for sample in self.held_out.pass()? {
            let sample = sample?;
            let truth = instance_truth(&sample.value);
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
        self.look(model, |sample, _, found| {
            scorer.add(&sample.value, &found)?;
            Ok(true)
        })?;
        scorer.scores()
    }
}

impl<M: TrainableDetector> Task for DetectorTask<M> {
    type Model = M;
    type Batch = Vec<Named<Sample>>;

    fn losses(&self, model: &M, batch: &Self::Batch, step: &Step) -> Result<Losses, TaskError> {
        let truths = batch
            .iter()
            .map(|sample| instance_truth(&sample.value))
            .collect();
        let pictures: Vec<RgbPicture<'_>> = batch.iter().map(|sample| rgb(&sample.value)).collect();
        let named = model.named_losses(
            &pictures,
            truths,
            self.names.len() + 1,
            &step.device,
            &mut step.rng(),
        )?;
        Ok(named
            .into_iter()
            .fold(Losses::new(), |losses, (name, value)| {
                losses.with(name, value)
            }))
    }

    fn first_not_finite(&self, model: &M, batch: &Self::Batch, step: &Step) -> Option<String> {
        not_finite::first_module(model, || drop(self.losses(model, batch, step)))
    }

    fn validate(&self, model: &M, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(self.score(model)?)
    }

    fn score_names(&self) -> Option<Vec<String>> {
        Some(Kind::all_score_names(M::MASKS))
    }

    /// What is drawn is drawn from [`Step::rng`].
    fn draws(&self, _model: &M) -> bool {
        false
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
