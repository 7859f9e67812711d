//! Paper A in miniature, from drawn pictures to its tables: clothNet, Faster R-CNN and Mask R-CNN,
//! each with and without clothNet's body, scored on pictures that no run learnt from or was chosen by.

mod page;
mod stage;
mod tables;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use wardrobe_training::{Flow, Progress};

pub use stage::Stage;

use crate::classification::ClassifierRecipe;
use crate::data::DataConfig;
use crate::detection::{DetectorRecipe, Tally};
use crate::error::RecipeError;
use crate::evaluation::{DetectorCheckpoint, Judged};
use crate::json;
use crate::run::{self, Begin, Outcome};
use crate::table::Table;
use crate::weights::StartWeights;

/// The page in the quickstart's folder.
pub const REPORT: &str = "report.html";

/// All that the quickstart does.
///
/// ```no_run
/// use burn::tensor::Device;
/// use wardrobe_recipes::quickstart::Quickstart;
/// use wardrobe_training::Flow;
///
/// let quickstart = Quickstart::default();
/// let done = quickstart.run(&Device::flex(), "runs/quickstart".as_ref(), &mut |_| Flow::Continue)?;
/// for table in done.iter().flat_map(|done| done.tables()) {
///     println!("{table}");
/// }
/// # Ok::<(), wardrobe_recipes::RecipeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quickstart {
    /// clothNet.
    pub clothnet: ClassifierRecipe,
    /// The same for detectors with a pyramid.
    pub clothnet_resnet: ClassifierRecipe,
    /// Faster R-CNN; its weights are the stage's.
    pub faster_rcnn: DetectorRecipe,
    /// Mask R-CNN; its weights are the stage's.
    pub mask_rcnn: DetectorRecipe,
    /// The pictures that the tables are about.
    pub test: DataConfig,
}

/// What the quickstart tells while it goes on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// A stage begins.
    Stage(Stage),
    /// The stage's run tells something.
    Training(run::Notice<'a>),
    /// A trained detector is scored: this many pictures are done.
    Scoring {
        /// The detector.
        stage: Stage,
        /// Pictures done.
        done: usize,
    },
}

/// A detector, scored.
#[derive(Debug)]
pub struct Scored {
    /// Which.
    pub stage: Stage,
    /// Its scores on the test pictures.
    pub tally: Tally,
    /// What it found on them.
    pub judged: Vec<Judged>,
    /// The names of its classes.
    pub names: Vec<String>,
}

/// What the quickstart left.
#[derive(Debug)]
pub struct Finished {
    /// The four detectors, in the order of the tables.
    pub scored: Vec<Scored>,
    /// The page.
    pub report: PathBuf,
}

impl Finished {
    /// Paper A's tables 2 and 3 and COCO's scores.
    pub fn tables(&self) -> Vec<Table> {
        tables::all(&self.scored)
    }
}

impl Default for Quickstart {
    fn default() -> Self {
        crate::presets::quickstart()
    }
}

impl Quickstart {
    /// The same with another seed of all runs; the pictures stay what they are.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.clothnet.training.seed = seed;
        self.clothnet_resnet.training.seed = seed;
        self.faster_rcnn.training.seed = seed;
        self.mask_rcnn.training.seed = seed;
        self
    }

    /// Reads a JSON file.
    ///
    /// # Errors
    /// [`RecipeError::Io`]; [`RecipeError::Json`] with the path of what does not fit.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, RecipeError> {
        json::read(path.as_ref())
    }

    /// Trains, scores and writes the page. What was done in the folder before is not done again: a
    /// quickstart that was stopped goes on, with the same result.
    ///
    /// `listener` hears of everything, in order. What it answers counts at the events of a run and while a
    /// detector is scored; `None` when it stopped the quickstart.
    ///
    /// # Errors
    /// [`RecipeError`], also for a folder with another quickstart, and one whose path is not UTF-8.
    pub fn run(
        &self,
        device: &Device,
        folder: &Path,
        listener: &mut dyn FnMut(Notice<'_>) -> Flow,
    ) -> Result<Option<Finished>, RecipeError> {
        // The settings of detectors name the runs in it that their bodies are of.
        json::check_path("folder", folder)?;
        for stage in Stage::ALL {
            listener(Notice::Stage(stage));
            let outcome = self.train(stage, device, folder, &mut |notice: run::Notice<'_>| {
                listener(Notice::Training(notice))
            })?;
            if outcome.progress != Progress::Finished {
                return Ok(None);
            }
        }
        let mut scored = Vec::new();
        for stage in Stage::ALL.into_iter().filter(|stage| stage.is_detector()) {
            match self.score(stage, device, folder, listener)? {
                Some(one) => scored.push(one),
                None => return Ok(None),
            }
        }
        let report = folder.join(REPORT);
        page::page(self, &scored, folder)?.write(&report)?;
        Ok(Some(Finished { scored, report }))
    }

    fn train(
        &self,
        stage: Stage,
        device: &Device,
        folder: &Path,
        listener: &mut dyn run::Listener,
    ) -> Result<Outcome, RecipeError> {
        let own = folder.join(stage.folder());
        let devices = std::slice::from_ref(device);
        let detector = |recipe: &DetectorRecipe| DetectorRecipe {
            weights: stage
                .body()
                .map(|body| StartWeights::Classifier(folder.join(body.folder())))
                .into_iter()
                .collect(),
            ..recipe.clone()
        };
        match stage {
            Stage::ClothNet => self.clothnet.train(devices, &own, Begin::Resume, listener),
            Stage::ClothNetResNet => {
                self.clothnet_resnet
                    .train(devices, &own, Begin::Resume, listener)
            }
            Stage::FasterRcnn | Stage::FasterRcnnClothNet => {
                detector(&self.faster_rcnn).train(devices, &own, Begin::Resume, listener)
            }
            Stage::MaskRcnn | Stage::MaskRcnnClothNet => {
                detector(&self.mask_rcnn).train(devices, &own, Begin::Resume, listener)
            }
        }
    }

    fn score(
        &self,
        stage: Stage,
        device: &Device,
        folder: &Path,
        listener: &mut dyn FnMut(Notice<'_>) -> Flow,
    ) -> Result<Option<Scored>, RecipeError> {
        let checkpoint = DetectorCheckpoint::of_run(folder.join(stage.folder()), device)?;
        let pictures = checkpoint.open(&self.test, false)?;
        let mut judged = Vec::new();
        let mut flow = Flow::Continue;
        let tally = checkpoint.evaluate(&pictures, &mut |one| {
            judged.push(one);
            let done = judged.len();
            if listener(Notice::Scoring { stage, done }) == Flow::Stop {
                flow = Flow::Stop;
            }
            Ok(flow)
        })?;
        Ok((flow == Flow::Continue).then_some(Scored {
            stage,
            tally,
            judged,
            names: checkpoint.names,
        }))
    }
}
