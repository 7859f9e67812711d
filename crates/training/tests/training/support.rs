//! A small network, its task and its data.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::activation::{log_softmax, relu};
use burn::tensor::{Tensor, TensorData};
use rand::Rng;
use wardrobe_kernels::device::test_device;
use wardrobe_training::{
    DataSets, EpochEnd, InMemory, Losses, Run, Scores, Step, Task, TaskError, Trainer,
    TrainingConfig,
};

/// Held by every test that trains: Burn's generator, which the engine seeds for every batch, is one for
/// the whole process.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Convolution, batch norm, dropout, two linear layers: everything that has a state of its own.
#[derive(Module, Debug)]
pub struct Net {
    pub conv: Conv2d,
    pub norm: BatchNorm,
    pub dropout: Dropout,
    pub hidden: Linear,
    pub head: Linear,
}

pub const SIDE: usize = 6;
pub const CLASSES: usize = 3;

impl Net {
    pub fn new() -> Self {
        let device = test_device();
        let net = Self {
            conv: Conv2dConfig::new([1, 4], [3, 3]).init(&device),
            norm: BatchNormConfig::new(4).init(&device),
            dropout: DropoutConfig::new(0.2).init(),
            hidden: LinearConfig::new(4 * 16, 8).init(&device),
            head: LinearConfig::new(8, CLASSES).init(&device),
        };
        filled(net)
    }

    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = relu(self.norm.forward(self.conv.forward(x)));
        let x = self.dropout.forward(x.flatten::<2>(1, 3));
        self.head.forward(relu(self.hidden.forward(x)))
    }
}

/// The module with values in ±0.5 of a linear congruential sequence (Knuth's MMIX), whatever the
/// generator of the backend does.
pub fn filled<M: Module>(module: M) -> M {
    use burn::module::{ModuleMapper, Param};
    struct Fill(u64);
    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if param.is_initialized() {
                // Running statistics are there from the start, and keep it.
                return param;
            }
            let shape = param.lazy_shape();
            let values: Vec<f32> = (0..shape.num_elements())
                .map(|_| {
                    self.0 = self
                        .0
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    (self.0 >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
                })
                .collect();
            let device = param.lazy_device();
            let (id, tensor) = (
                param.id,
                Tensor::from_data(TensorData::new(values, shape), &device),
            );
            param.transform_for_load(tensor, id)
        }
    }
    module.map(&mut Fill(1))
}

/// Pictures and their classes.
#[derive(Debug, Clone)]
pub struct Batch {
    pub pixels: Vec<f32>,
    pub labels: Vec<i64>,
}

/// `count` batches of `size` pictures: class 0 bright above, 1 bright below, 2 bright left.
pub fn pictures(count: usize, size: usize) -> Vec<Batch> {
    let mut state = 7_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    (0..count)
        .map(|_| {
            let labels: Vec<i64> = (0..size).map(|i| (i % CLASSES) as i64).collect();
            let mut pixels = Vec::new();
            for &label in &labels {
                for y in 0..SIDE {
                    for x in 0..SIDE {
                        let bright = match label {
                            0 => y < SIDE / 2,
                            1 => y >= SIDE / 2,
                            _ => x < SIDE / 2,
                        };
                        pixels.push(f32::from(u8::from(bright)) + 0.5 * noise());
                    }
                }
            }
            Batch { pixels, labels }
        })
        .collect()
}

/// Classification by cross entropy.
pub struct Classify;

impl Classify {
    fn scores(model: &Net, batch: &Batch, device: &burn::tensor::Device) -> Tensor<2> {
        let shape = [batch.labels.len(), 1, SIDE, SIDE];
        model.forward(Tensor::from_data(
            TensorData::new(batch.pixels.clone(), shape),
            device,
        ))
    }
}

impl Task for Classify {
    type Model = Net;
    type Batch = Batch;

    fn losses(&self, model: &Net, batch: &Batch, step: &Step) -> Result<Losses, TaskError> {
        let mut batch = batch.clone();
        // Augmentation drawn from the step's seed, so that a wrong seed shows.
        let shift: f32 = step.rng().random_range(-0.1..0.1);
        for pixel in &mut batch.pixels {
            *pixel += shift;
        }
        let logits = Self::scores(model, &batch, &step.device);
        let labels = Tensor::<1, burn::tensor::Int>::from_data(
            TensorData::new(batch.labels.clone(), [batch.labels.len()]),
            &step.device,
        );
        let picked = log_softmax(logits.clone(), 1).gather(1, labels.unsqueeze_dim(1));
        Ok(Losses::new().with("class", -picked.mean()).with_weighted(
            "size",
            logits.square().mean(),
            0.01,
        ))
    }

    fn validate(&self, model: &Net, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        let mut right = 0.0;
        for batch in pictures(1, 6) {
            let scores = Self::scores(model, &batch, &test_device());
            let found = scores.argmax(1).into_data().convert::<i64>();
            let found = found.as_slice::<i64>().unwrap().to_vec();
            right += found
                .iter()
                .zip(&batch.labels)
                .filter(|(a, b)| a == b)
                .count() as f64;
        }
        Ok(Scores::new().with("accuracy", right / 6.0))
    }

    fn score_names(&self) -> Option<Vec<String>> {
        Some(vec!["accuracy".into()])
    }
}

/// A run of the small network over `train` (5 batches of 4) and `more` (3 batches of 4).
pub fn run(config: &str) -> Run<Classify> {
    Run {
        config: TrainingConfig::from_json(config).unwrap(),
        program: serde_json::Value::Null,
        task: Classify,
        model: Net::new(),
        data: DataSets::new()
            .with("train", InMemory::new(pictures(5, 4), 4))
            .with("more", InMemory::new(pictures(3, 4), 4)),
        further_devices: Vec::new(),
    }
}

/// All bytes of the run's newest checkpoint and of its log.
pub fn outcome(folder: &Path) -> (Vec<u8>, String) {
    let mut checkpoints: Vec<_> = std::fs::read_dir(folder.join("checkpoints"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with("step-")
        })
        .collect();
    checkpoints.sort();
    (
        std::fs::read(checkpoints.last().unwrap()).unwrap(),
        std::fs::read_to_string(folder.join("metrics.jsonl")).unwrap(),
    )
}

/// Trains to the end.
pub fn finish(run: Run<Classify>, folder: &Path) -> Trainer<Classify> {
    let mut trainer = run.resume(folder).unwrap();
    trainer.run(&mut ()).unwrap();
    trainer
}
