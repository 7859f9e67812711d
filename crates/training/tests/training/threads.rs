//! A network wide enough for every threaded path of the backend: the number of threads changes nothing.
#![cfg(unix)]

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};
use serde_json::Value;
use wardrobe_kernels::device::test_device;
use wardrobe_training::{
    DataSets, EpochEnd, InMemory, Losses, Run, Scores, Step, Task, TaskError, TrainingConfig,
};

use crate::kill::{FOLDER, command_of};
use crate::support::{alone, filled, outcome};

#[derive(Module, Debug)]
struct Wide {
    first: Conv2d,
    pool: MaxPool2d,
    second: Conv2d,
    /// 8,192 × 520 = 4.26 million weights: the backend splits a sum over them among threads.
    hidden: Linear,
    head: Linear,
}

struct Fit;

impl Task for Fit {
    type Model = Wide;
    type Batch = Vec<f32>;

    fn losses(&self, model: &Wide, x: &Vec<f32>, step: &Step) -> Result<Losses, TaskError> {
        let x = Tensor::<4>::from_data(TensorData::new(x.clone(), [8, 3, 32, 32]), &step.device);
        let target = x.clone().flatten::<2>(1, 3).mean_dim(1);
        let x = model.pool.forward(relu(model.first.forward(x)));
        let x = relu(model.second.forward(x)).flatten::<2>(1, 3);
        let x = model.head.forward(relu(model.hidden.forward(x)));
        Ok(Losses::new().with("error", (x - target).square().mean()))
    }

    fn validate(&self, _model: &Wide, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(Scores::new())
    }
}

/// The process the test starts; alone it does nothing.
#[test]
fn child() {
    let _alone = alone();
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let device = test_device();
    let config = r#"{"phases": [{"name": "a", "data": "train", "duration": {"epochs": 2}, "rate": 1e-4,
        "clip_norm": 1.0}]}"#;
    let batch = |seed: usize| {
        let value = |i: usize| ((i * 2_654_435_761 + seed) % 1_000) as f32 / 1_000.0;
        (0..8 * 3 * 32 * 32).map(value).collect::<Vec<f32>>()
    };
    let run = Run {
        config: TrainingConfig::from_json(config).unwrap(),
        program: Value::Null,
        task: Fit,
        model: filled(Wide {
            first: Conv2dConfig::new([3, 32], [3, 3])
                .with_padding(burn::nn::PaddingConfig2d::Same)
                .init(&device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            second: Conv2dConfig::new([32, 32], [3, 3])
                .with_padding(burn::nn::PaddingConfig2d::Same)
                .init(&device),
            hidden: LinearConfig::new(32 * 16 * 16, 520).init(&device),
            head: LinearConfig::new(520, 1).init(&device),
        }),
        data: DataSets::new().with("train", InMemory::new(vec![batch(1), batch(2)], 8)),
        further_devices: Vec::new(),
    };
    run.resume(folder).unwrap().run(&mut ()).unwrap();
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let outcomes = ["1", "2", "5"].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command_of("threads::child", folder.path(), "");
        let status = command.env("RAYON_NUM_THREADS", threads).status().unwrap();
        assert!(status.success());
        outcome(folder.path())
    });
    assert_eq!(outcomes[0].1, outcomes[1].1);
    assert!(outcomes[0].0 == outcomes[1].0, "one thread and two");
    assert!(outcomes[0] == outcomes[2], "one thread and five");
}
