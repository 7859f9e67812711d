//! The engine on `wardrobe_datasets::loader`: the adapter a program writes, and resume through it.

use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Tensor, TensorData};
use serde_json::Value;
use wardrobe_datasets::loader::{FnSource, Loader, LoaderConfig, State};
use wardrobe_datasets::{Picture, Sample};
use wardrobe_kernels::device::test_device;
use wardrobe_training::{
    Batches, DataSets, EpochEnd, Losses, Place, Run, Scores, Step, Task, TaskError, TrainingBatch,
    TrainingConfig, TrainingData,
};

use crate::support::{alone, filled, outcome};

/// A loader's batches as they are.
struct Loaded {
    loader: Loader,
    samples: usize,
    batch_size: usize,
}

impl TrainingData<Vec<Sample>> for Loaded {
    fn samples(&self) -> usize {
        self.samples
    }

    fn batch_size(&self) -> usize {
        self.batch_size
    }

    fn batches_in(&self, epoch: u64) -> Result<u64, TaskError> {
        Ok(self.loader.plan(epoch)?.len() as u64)
    }

    fn digest(&self) -> Result<u64, TaskError> {
        // A run of no epoch reads nothing.
        Ok(self.loader.run(0)?.state().order.into())
    }

    fn start(&self, place: Place) -> Result<Batches<Vec<Sample>>, TaskError> {
        let state = State {
            epoch: place.epoch,
            next_batch: place.batch as usize,
            order: self.digest()? as u32,
        };
        let batches = self.loader.resume(&state, u64::MAX)?;
        Ok(Box::new(batches.map(|batch| {
            let batch = batch?;
            Ok(TrainingBatch {
                files: batch
                    .indices
                    .iter()
                    .map(|index| format!("{index}.png"))
                    .collect(),
                samples: batch.samples.len(),
                place: Place {
                    epoch: batch.epoch,
                    batch: batch.number as u64,
                },
                next: Place {
                    epoch: batch.next.epoch,
                    batch: batch.next.next_batch as u64,
                },
                batch: batch.samples,
            })
        })))
    }
}

/// The mean level from the first pixel.
struct Brightness;

impl Task for Brightness {
    type Model = Linear;
    type Batch = Vec<Sample>;

    fn losses(
        &self,
        model: &Linear,
        batch: &Vec<Sample>,
        step: &Step,
    ) -> Result<Losses, TaskError> {
        let levels: Vec<f32> = batch
            .iter()
            .map(|sample| f32::from(sample.picture.data()[0]) / 255.0)
            .collect();
        let shape = [levels.len(), 1];
        let x = Tensor::<2>::from_data(TensorData::new(levels, shape), &step.device);
        let error = (model.forward(x.clone()) - x * 2.0).square().mean();
        Ok(Losses::new().with("error", error))
    }

    fn validate(&self, _model: &Linear, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(Scores::new())
    }
}

fn run(seed: u64) -> Run<Brightness> {
    // Ten pictures, shuffled anew in every pass, with noise drawn in the loader's threads.
    let source = FnSource::new(10, |index| {
        Ok(Sample {
            picture: Picture::new(vec![20 * index as u8; 3], 1, 1),
            objects: Vec::new(),
            parsing: None,
        })
    });
    let config = LoaderConfig {
        seed,
        ..LoaderConfig::new(4)
    };
    let loader = Loader::new(source, config)
        .unwrap()
        .with_map(|sample, seed| {
            let noise = (seed.sample_key() % 32) as u8;
            let data = sample.picture.data().iter().map(|level| level + noise);
            Sample {
                picture: Picture::new(data.collect(), 1, 1),
                ..sample
            }
        });
    let config = r#"{"phases": [{"name": "a", "data": "train", "duration": {"epochs": 3}, "rate": 0.1}],
        "checkpoint_every": {"iterations": 1}}"#;
    Run {
        config: TrainingConfig::from_json(config).unwrap(),
        program: Value::Null,
        task: Brightness,
        model: filled(LinearConfig::new(1, 1).init(&test_device())),
        data: DataSets::new().with(
            "train",
            Loaded {
                loader,
                samples: 10,
                batch_size: 4,
            },
        ),
        further_devices: Vec::new(),
    }
}

#[test]
fn a_run_over_a_loader_resumes_exactly() {
    let _alone = alone();
    let whole = tempfile::tempdir().unwrap();
    let mut trainer = run(7).start(whole.path()).unwrap();
    trainer.run(&mut ()).unwrap();
    // Three passes of 4 + 4 + 2 samples.
    assert_eq!(trainer.iteration(), 9);
    drop(trainer);
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..9 {
        run(7).resume(folder.path()).unwrap().step(&mut ()).unwrap();
    }
    assert!(outcome(folder.path()) == outcome(whole.path()));
}

#[test]
fn another_order_is_not_resumed() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = run(7).start(folder.path()).unwrap();
    trainer.step(&mut ()).unwrap();
    drop(trainer);
    let message = run(8).resume(folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("begun with other data under \"train\""),
        "{message}"
    );
}
