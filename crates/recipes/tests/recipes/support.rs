//! Recipes small enough for a test, and what a run leaves.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use wardrobe_datasets::synthetic::WardrobeConfig;
use wardrobe_kernels::device::test_device;
use wardrobe_recipes::classification::ClassifierRecipe;
use wardrobe_recipes::data::{DataConfig, LoaderSettings, SyntheticConfig};
use wardrobe_recipes::detection::DetectorRecipe;
use wardrobe_recipes::{Begin, Listener, MODEL_FILE, Notice, Outcome, RecipeError, presets};
use wardrobe_training::{Event, Flow, Record, Span, TrainingConfig, read_log};

/// Pictures `first` … of a plain wardrobe.
pub fn pictures(first: u64, count: usize) -> DataConfig {
    DataConfig::Synthetic(SyntheticConfig {
        wardrobe: WardrobeConfig {
            long_side: [64, 64],
            difficulty: 0.0,
            garments: [1, 1],
            ..WardrobeConfig::default()
        },
        first,
        count,
    })
}

fn shorten(training: &mut TrainingConfig, steps: u64) {
    let phase = &mut training.phases[0];
    phase.duration = Span::Iterations(steps);
    phase.rate_for_batch = Some(2);
    training.validate_every = Span::Iterations(steps);
    training.checkpoint_every = Span::Iterations(steps);
}

/// A detector's preset over eight pictures in batches of two, so many steps.
pub fn detector(preset: &str, steps: u64) -> DetectorRecipe {
    let mut recipe = presets::detector(preset).unwrap();
    recipe.data = BTreeMap::from([("train".to_owned(), pictures(0, 8))]);
    recipe.validation = pictures(100, 3);
    recipe.loader = LoaderSettings::of(2);
    recipe.training.phases.truncate(1);
    recipe.training.phases[0].data = "train".into();
    shorten(&mut recipe.training, steps);
    recipe
}

/// A classifier's preset over eight pictures in batches of two, so many steps.
pub fn classifier(preset: &str, steps: u64) -> ClassifierRecipe {
    let mut recipe = presets::classifier(preset).unwrap();
    let DataConfig::Synthetic(mut few) = pictures(0, 8) else {
        unreachable!("drawn pictures are what they are")
    };
    few.wardrobe.empty_share = 0.0;
    let held_out = SyntheticConfig {
        first: 100,
        count: 6,
        ..few.clone()
    };
    recipe.data = BTreeMap::from([("train".to_owned(), DataConfig::Synthetic(few))]);
    recipe.validation = DataConfig::Synthetic(held_out);
    recipe.loader = LoaderSettings::of(2);
    shorten(&mut recipe.training, steps);
    recipe
}

/// Something that can be trained.
pub trait Recipe {
    fn run(
        &self,
        device: &Device,
        folder: &Path,
        begin: Begin,
        listener: &mut dyn Listener,
    ) -> Result<Outcome, RecipeError>;
}

impl Recipe for DetectorRecipe {
    fn run(
        &self,
        device: &Device,
        folder: &Path,
        begin: Begin,
        listener: &mut dyn Listener,
    ) -> Result<Outcome, RecipeError> {
        self.train(std::slice::from_ref(device), folder, begin, listener)
    }
}

impl Recipe for ClassifierRecipe {
    fn run(
        &self,
        device: &Device,
        folder: &Path,
        begin: Begin,
        listener: &mut dyn Listener,
    ) -> Result<Outcome, RecipeError> {
        self.train(std::slice::from_ref(device), folder, begin, listener)
    }
}

/// Trains to the end.
pub fn train(recipe: &dyn Recipe, folder: &Path) -> Outcome {
    recipe
        .run(&test_device(), folder, Begin::Anew, &mut ())
        .unwrap()
}

/// Trains until `steps` steps are done, in the middle of a pass, and then to the end in another go.
pub fn train_in_two(recipe: &dyn Recipe, folder: &Path, steps: u64) -> Outcome {
    let mut done = 0;
    let mut stop = |notice: Notice<'_>| {
        done += u64::from(matches!(notice, Notice::Event(Event::StepDone(_))));
        if done == steps {
            Flow::Stop
        } else {
            Flow::Continue
        }
    };
    recipe
        .run(&test_device(), folder, Begin::Anew, &mut stop)
        .unwrap();
    let mut resumed = false;
    let mut watch = |notice: Notice<'_>| {
        if let Notice::Begun { resumed: again, .. } = notice {
            resumed = again;
        }
        Flow::Continue
    };
    let outcome = recipe
        .run(&test_device(), folder, Begin::Resume, &mut watch)
        .unwrap();
    assert!(resumed);
    outcome
}

/// The total loss of every step.
pub fn losses(folder: &Path) -> Vec<f64> {
    let log = read_log(folder.join("metrics.jsonl")).unwrap();
    log.iter()
        .filter_map(|record| match record {
            Record::Step(step) => Some(step.loss),
            Record::Epoch(_) => None,
        })
        .collect()
}

/// The mean of the last quarter over that of the first.
pub fn fall(losses: &[f64]) -> f64 {
    let quarter = losses.len() / 4;
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    mean(&losses[losses.len() - quarter..]) / mean(&losses[..quarter])
}

/// A path that files may have on Unix, and JSON has no text for.
#[cfg(unix)]
pub fn not_utf8() -> std::path::PathBuf {
    use std::os::unix::ffi::OsStringExt as _;
    std::ffi::OsString::from_vec(b"r\xff".to_vec()).into()
}

/// The log and the weights, byte by byte.
pub fn bytes(folder: &Path) -> [Vec<u8>; 2] {
    ["metrics.jsonl", "model.safetensors"].map(|name| std::fs::read(folder.join(name)).unwrap())
}

/// The weights of a run, byte by byte, whether activations are kept or computed again.
pub fn learns_the_same_checkpointed(what: &str, mut run: impl FnMut(bool, &Path)) {
    let [kept, again] = [false, true].map(|checkpointing| {
        let folder = tempfile::tempdir().unwrap();
        run(checkpointing, folder.path());
        std::fs::read(folder.path().join(MODEL_FILE)).unwrap()
    });
    assert!(kept == again, "{what}");
}
