//! From a recipe to a trained detector.

use std::path::Path;

use burn::tensor::Device;
use serde_json::json;
use wardrobe_backbones::BackboneConfig;
use wardrobe_kernels::generator::Generator;
use wardrobe_training::{DataSets, Run};

use super::config::{DetectorModel, DetectorRecipe};
use super::model::TrainableDetector;
use super::pictures;
use super::task::DetectorTask;
use super::truth::{settle, settle_for_scores};
use crate::data::{LoaderData, OpenedSets};
use crate::error::RecipeError;
use crate::run::{Begin, Listener, Outcome, Prepared, carry_out, first_and_further};

impl DetectorRecipe {
    /// Trains in `folder`, to the end or until the listener stops it. The first device keeps the model;
    /// with further ones it shares the batches of a step
    /// ([`Run::further_devices`](wardrobe_training::Run::further_devices)).
    ///
    /// The folder then holds `config.json`, `metrics.jsonl`, `checkpoints`, `model.safetensors` under
    /// torchvision's names, `classes.txt`, `pictures` and `report.html`. Burn's random generator is one
    /// for the process, so a run waits for another that is under way: do not begin one in a listener.
    ///
    /// # Errors
    /// [`RecipeError`]; everything that can be known before the first step is an error before it.
    pub fn train(
        &self,
        devices: &[Device],
        folder: &Path,
        begin: Begin,
        listener: &mut dyn Listener,
    ) -> Result<Outcome, RecipeError> {
        self.validate()?;
        let (device, further_devices) = first_and_further(devices)?;
        let data = OpenedSets::open(&self.data, &self.validation, &self.classes, &self.training)?;
        let model = self.model.for_classes(data.names().len() + 1)?;
        self.check_norms(&model)?;
        // The first weights of a model are the seed's, whatever was drawn before.
        let _generator = Generator::seeded(device, self.training.seed);
        let job = Job {
            recipe: self,
            model: &model,
            data,
            folder,
            begin,
            further_devices,
        };
        match &model {
            DetectorModel::FasterRcnn(config) => job.train(config.init(device)?, listener),
            DetectorModel::CascadeRcnn(config) => job.train(config.init(device)?, listener),
            DetectorModel::MaskRcnn(config) => job.train(config.init(device)?, listener),
            // `for_classes` gives the numbers behind a name.
            DetectorModel::Preset(name) => Err(RecipeError::Setting {
                field: "model.preset".into(),
                found: format!("{name:?}"),
                remedy: "give the network's numbers".into(),
            }),
        }
    }
}

impl DetectorRecipe {
    /// Norms that stand still pass on what they get until weights say otherwise: activations of a deep body then grow from
    /// block to block.
    fn check_norms(&self, model: &DetectorModel) -> Result<(), RecipeError> {
        let frozen = match model.backbone() {
            Some(BackboneConfig::ResNetFpn { body, .. }) => body.norm.frozen,
            Some(BackboneConfig::Vgg(config)) => config.norm.is_some_and(|norm| norm.frozen),
            None => false,
        };
        if frozen && self.weights.is_empty() {
            return Err(RecipeError::Setting {
                field: "weights".into(),
                found: "none, for a body whose norms are frozen".into(),
                remedy: "give the weights the norms were trained with ({\"classifier\": RUN} or {\"file\": {\"path\": …}}), or let them learn: `norm.frozen` false".into(),
            });
        }
        Ok(())
    }
}

struct Job<'a> {
    recipe: &'a DetectorRecipe,
    model: &'a DetectorModel,
    data: OpenedSets,
    folder: &'a Path,
    begin: Begin,
    further_devices: &'a [Device],
}

impl Job<'_> {
    fn train<M: TrainableDetector>(
        self,
        mut detector: M,
        listener: &mut dyn Listener,
    ) -> Result<Outcome, RecipeError> {
        let recipe = self.recipe;
        let names = self.data.names().to_vec();
        let mut prepared = Prepared::default();
        for weights in &recipe.weights {
            let (filled, report) = weights.load(detector, self.model.backbone())?;
            detector = filled;
            prepared.loaded.push(report);
        }
        let mut sets = DataSets::new();
        for (key, (opened, classes)) in self.data.training {
            let data = LoaderData::new(opened.source, &recipe.loader, recipe.training.seed)?
                .transformed(recipe.transforms.clone(), opened.mirrors)?
                .settled(move |sample| settle(sample, &classes, M::MASKS))
                .seen_through(detector.input());
            prepared.add(format!("data.{key}"), opened.skipped, &data);
            sets = sets.with(key, data);
        }
        let (opened, classes) = self.data.held_out;
        let on_bad_file = recipe.validation.on_bad_file();
        let held_out = LoaderData::in_order(opened.source, on_bad_file, move |sample| {
            settle_for_scores(sample, &classes, M::MASKS)
        })?
        .seen_through(detector.input());
        prepared.add("validation", opened.skipped, &held_out);
        let run = Run {
            config: recipe.training.clone(),
            // `json!` would panic at a path that is not UTF-8: `validate` has refused those.
            program: json!({
                "title": "Detector",
                "model": self.model,
                "weights": recipe.weights,
                "classes": names,
                "class_choice": recipe.classes,
                "data": recipe.data,
                "validation": recipe.validation,
                "transforms": recipe.transforms,
                "batching": recipe.loader.batching,
                "sampling": recipe.loader.sampling,
                "scoring": recipe.scoring,
            }),
            task: DetectorTask::<M>::new(names.clone(), held_out, recipe.scoring),
            model: detector,
            data: sets,
            further_devices: self.further_devices.to_vec(),
        };
        carry_out(
            run,
            &prepared,
            self.folder,
            self.begin,
            &names,
            listener,
            pictures::show,
        )
    }
}
