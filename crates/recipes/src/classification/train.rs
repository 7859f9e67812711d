//! From a recipe to a trained classifier.

use std::path::Path;

use burn::tensor::Device;
use serde_json::json;
use wardrobe_kernels::generator::Generator;
use wardrobe_losses::ClassLoss;
use wardrobe_metrics::plot;
use wardrobe_rpn_roi::transform::ImageTransform;
use wardrobe_training::report::Report;
use wardrobe_training::{DataSets, Run};

use super::balance::balanced;
use super::config::ClassifierRecipe;
use super::model::Classifier;
use super::task::{ClassifierTask, likeliest, of_classes, settle};
use crate::data::{LoaderData, OpenedSets};
use crate::detection::embedded;
use crate::error::RecipeError;
use crate::run::{Begin, Listener, Outcome, Prepared, carry_out, first_and_further};

/// Wrong pictures shown.
const SHOWN: usize = 12;

impl ClassifierRecipe {
    /// Trains in `folder`, to the end or until the listener stops it; the devices and the folder are as
    /// in [`DetectorRecipe::train`](crate::detection::DetectorRecipe::train).
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
        let sets = OpenedSets::open(&self.data, &self.validation, &self.classes, &self.training)?;
        let names = sets.names().to_vec();
        let config = self.model.for_classes(names.len())?;
        let loss = self.loss_for(&sets)?;
        loss.validate(names.len())?;
        // The first weights of a model are the seed's, whatever was drawn before.
        let _generator = Generator::seeded(device, self.training.seed);
        let mut model = config.init(device)?;
        let mut prepared = Prepared::default();
        for weights in &self.weights {
            let (filled, report) = weights.load(model, None)?;
            model = filled;
            prepared.loaded.push(report);
        }
        let subject = self.subject;
        let input = ImageTransform::new(self.input.clone())?;
        let mut data = DataSets::new();
        for (name, (opened, classes)) in sets.training {
            // The class is that of the whole picture, which `class_balance` counts.
            let key = format!("data.{name}");
            let source = of_classes(&key, opened.source, &classes, subject)?;
            let set = LoaderData::new(source, &self.loader, self.training.seed)?
                .settled(move |sample| settle(sample, &classes, subject))
                .transformed(self.transforms.clone(), opened.mirrors)?
                .seen_through(&input);
            prepared.add(key, opened.skipped, &set);
            data = data.with(name, set);
        }
        let (opened, classes) = sets.held_out;
        let on_bad_file = self.validation.on_bad_file();
        let source = of_classes("validation", opened.source, &classes, subject)?;
        let held_out = LoaderData::in_order(source, on_bad_file, move |sample| {
            settle(sample, &classes, subject)
        })?
        .seen_through(&input);
        prepared.add("validation", opened.skipped, &held_out);
        let run = Run {
            config: self.training.clone(),
            // `json!` would panic at a path that is not UTF-8: `validate` has refused those.
            program: json!({
                "title": "Classifier",
                "model": config,
                "weights": self.weights,
                "classes": names,
                "class_choice": self.classes,
                "subject": subject,
                "data": self.data,
                "validation": self.validation,
                "transforms": self.transforms,
                "input": self.input,
                "batching": self.loader.batching,
                "sampling": self.loader.sampling,
                "loss": loss,
            }),
            task: ClassifierTask::new(names.clone(), held_out, input, loss),
            model,
            data,
            further_devices: further_devices.to_vec(),
        };
        carry_out(run, &prepared, folder, begin, &names, listener, conclude)
    }

    /// The loss, weighted by class where that is asked for.
    fn loss_for(&self, sets: &OpenedSets) -> Result<ClassLoss, RecipeError> {
        let phases = &self.training.phases;
        let used = |key: &String| phases.iter().any(|phase| phase.data == *key);
        match self.class_balance {
            // Where no phase names data that are there, the engine says so.
            Some(beta) if sets.training.keys().any(used) => {
                let sets = sets.training.iter().filter(|(key, _)| used(key));
                let sources = sets.map(|(_, (data, classes))| (data.source.as_ref(), classes));
                balanced(&self.loss, beta, self.subject, sources)
            }
            _ => Ok(self.loss.clone()),
        }
    }
}

/// What is taken for what, the accuracy of each class, and pictures of mistakes.
fn conclude(
    task: &ClassifierTask,
    model: &Classifier,
    report: Report,
    folder: &Path,
) -> Result<Report, RecipeError> {
    let matrix = task.confusion(model)?;
    let names: Vec<&str> = task.names().iter().map(String::as_str).collect();
    let svg = plot::confusion("Held-out pictures", &matrix, &names)?;
    let rows: Vec<Vec<String>> = names
        .iter()
        .enumerate()
        .map(|(class, name)| {
            let accuracy = matrix.recall(class);
            vec![
                (*name).to_owned(),
                matrix.support(class).to_string(),
                accuracy.map_or_else(|| "–".into(), |value| format!("{value:.3}")),
            ]
        })
        .collect();
    let pictures = folder.join("pictures");
    std::fs::create_dir_all(&pictures).map_err(|source| RecipeError::Io {
        action: "make",
        path: pictures.clone(),
        source,
    })?;
    let mut mistakes = Vec::new();
    task.look(model, |sample, class, found| {
        let taken = likeliest(found);
        if taken != class {
            mistakes.push((found[taken], taken, class, sample.clone()));
            mistakes.sort_by(|a, b| b.0.total_cmp(&a.0));
            mistakes.truncate(SHOWN);
        }
        Ok(())
    })?;
    let mut shown = Vec::new();
    for (score, taken, class, sample) in mistakes {
        let path = pictures.join(format!("{:02}.jpg", shown.len() + 1));
        let caption = format!(
            "{}: {} taken for {} ({score:.2})",
            sample.name, names[class], names[taken]
        );
        shown.push(embedded(&sample.value.picture, &path, caption)?);
    }
    Ok(report
        .with_svg(&svg)
        .with_table(
            "Accuracy by class",
            &["class", "pictures", "accuracy"],
            &rows,
        )
        .with_pictures("Surest mistakes", shown))
}
