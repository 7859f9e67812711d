//! 16-bit passes over f32 weights.

use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{DType, FloatDType, Tensor, TensorData};
use serde_json::Value;
use wardrobe_kernels::device::test_device;
use wardrobe_training::{
    DataSets, EpochEnd, InMemory, Losses, Record, Run, Scores, Step, Task, TaskError, Trainer,
    TrainingConfig, TrainingError, read_log,
};

use crate::support::{alone, filled, outcome};

/// A layer in the step's type and a norm that computes in f32, whose statistics move.
#[derive(Module, Debug)]
struct Net {
    layer: Linear,
    norm: BatchNorm,
    head: Linear,
}

struct Halves {
    /// The loss is multiplied with it.
    size: f64,
}

impl Task for Halves {
    type Model = Net;
    type Batch = Vec<f32>;

    fn losses(&self, model: &Net, x: &Vec<f32>, step: &Step) -> Result<Losses, TaskError> {
        // What the engine hands over: weights in the step's type.
        assert_eq!(model.layer.weight.val().dtype(), DType::from(step.dtype));
        assert_eq!(model.norm.running_mean.value().dtype(), DType::F32);
        let x = Tensor::<2>::from_data(TensorData::new(x.clone(), [4, 2]), &step.device);
        let target = x.clone().sum_dim(1);
        let hidden = model.layer.forward(x.cast(step.dtype));
        let hidden: Tensor<3> = hidden.cast(FloatDType::F32).unsqueeze_dim(2);
        // The norm's own parameters are cast too; here it normalises in f32 with statistics only.
        let mean = hidden.clone().mean_dim(0);
        model
            .norm
            .running_mean
            .update(mean.clone().inner().autodiff().reshape([3]));
        let hidden = (hidden - mean).squeeze_dim::<2>(2).cast(step.dtype);
        let scale = model.norm.gamma.val().unsqueeze::<2>();
        let out = model.head.forward(hidden * scale).cast(FloatDType::F32);
        let error = (out - target).square().mean();
        Ok(Losses::new().with_weighted("error", error, self.size))
    }

    fn validate(&self, _model: &Net, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(Scores::new())
    }
}

const X: [f32; 8] = [1.0, 0.5, -0.25, 0.75, 0.5, -1.0, -0.5, 0.25];

fn run(precision: &str, size: f64, steps: u64) -> Run<Halves> {
    let device = test_device();
    let rate = 0.05 / size;
    let config = format!(
        r#"{{"precision": "{precision}", "checkpoint_every": {{"iterations": 1}}, "phases": [
            {{"name": "a", "data": "train", "duration": {{"iterations": {steps}}}, "rate": {rate:e}}}]}}"#
    );
    Run {
        config: TrainingConfig::from_json(&config).unwrap(),
        program: Value::Null,
        task: Halves { size },
        model: filled(Net {
            layer: LinearConfig::new(2, 3).init(&device),
            norm: BatchNormConfig::new(3).init(&device),
            head: LinearConfig::new(3, 1).init(&device),
        }),
        data: DataSets::new().with("train", InMemory::new(vec![X.to_vec()], 4)),
        further_devices: Vec::new(),
    }
}

fn trainer(precision: &str, size: f64, steps: u64, folder: &std::path::Path) -> Trainer<Halves> {
    run(precision, size, steps).resume(folder).unwrap()
}

fn losses(folder: &std::path::Path) -> Vec<f64> {
    let records = read_log(folder.join("metrics.jsonl")).unwrap();
    let steps = records.iter().filter_map(|record| match record {
        Record::Step(step) if !step.skipped => Some(step.loss),
        _ => None,
    });
    steps.collect()
}

/// Whether the device of the tests computes in it.
fn has(precision: &str) -> bool {
    let dtype = match precision {
        "bf16" => DType::BF16,
        "f16" => DType::F16,
        _ => DType::F32,
    };
    test_device().supports_dtype(dtype)
}

#[test]
fn sixteen_bits_follow_thirty_two() {
    let _alone = alone();
    let run = |precision| {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = trainer(precision, 1.0, 30, folder.path());
        trainer.run(&mut ()).unwrap();
        // The weights stay in f32, and statistics moved in the copy come back.
        assert_eq!(trainer.model().layer.weight.val().dtype(), DType::F32);
        assert!(trainer.model().layer.weight.val().is_require_grad());
        let mean = trainer.snapshot().norm.running_mean.value().into_data();
        assert!(
            mean.as_slice::<f32>()
                .unwrap()
                .iter()
                .any(|mean| *mean != 0.0)
        );
        let losses = losses(folder.path());
        assert!(losses[29] < 0.5 * losses[0], "{precision}: {losses:?}");
        losses
    };
    let full = run("f32");
    // 8 and 11 bits of mantissa: steps of 2⁻⁸ and 2⁻¹¹ in the outputs.
    for (precision, apart) in [("bf16", 0.02), ("f16", 0.002)] {
        if !has(precision) {
            continue;
        }
        let half = run(precision);
        for (step, (half, full)) in half.iter().zip(&full).enumerate() {
            assert!(
                (half - full).abs() < apart,
                "{precision}, step {step}: {half} {full}"
            );
        }
        // Not the same computation.
        assert!(half != full, "{precision}");
    }
}

#[test]
fn an_overflow_in_f16_costs_a_step_and_halves_the_scale() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    // A loss in the thousands, times 65536, overflows f16 (65504) in the backward pass.
    let mut trainer = trainer("f16", 4096.0, 40, folder.path());
    let before = trainer.model().head.weight.val().into_data();
    trainer.step(&mut ()).unwrap();
    assert_eq!(trainer.model().head.weight.val().into_data(), before);
    while trainer.iteration() < 20 {
        trainer.step(&mut ()).unwrap();
    }
    drop(trainer);
    let records = read_log(folder.path().join("metrics.jsonl")).unwrap();
    let steps: Vec<(f64, bool)> = records
        .iter()
        .filter_map(|record| match record {
            Record::Step(step) => Some((step.loss_scale.unwrap(), step.skipped)),
            Record::Epoch(_) => None,
        })
        .collect();
    assert_eq!(steps[0], (65_536.0, true));
    assert_eq!(steps[1].0, 32_768.0);
    let skipped = steps.iter().filter(|(_, skipped)| *skipped).count();
    assert!(steps.last().is_some_and(|last| !last.1), "{steps:?}");
    assert!((2..20).contains(&skipped), "{steps:?}");
}

#[test]
fn f16_resumes_with_its_scale() {
    let _alone = alone();
    let whole = tempfile::tempdir().unwrap();
    trainer("f16", 4096.0, 24, whole.path())
        .run(&mut ())
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        let mut trainer = trainer("f16", 4096.0, 24, folder.path());
        for _ in 0..3 {
            trainer.step(&mut ()).unwrap();
        }
    }
    trainer("f16", 4096.0, 24, folder.path())
        .run(&mut ())
        .unwrap();
    assert!(outcome(folder.path()) == outcome(whole.path()));
}

#[test]
fn an_infinite_gradient_ends_f16_training_too() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = trainer("f16", 1e30, 60, folder.path());
    let error = trainer.run(&mut ()).unwrap_err();
    // 32 halvings from 2¹⁶ to 2⁻¹⁶ were in vain.
    let TrainingError::NotFinite { iteration, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(iteration, 32);
}

/// The batches of a step are the same, so the statistics they leave are too.
#[test]
fn two_devices_do_what_one_does() {
    let _alone = alone();
    for (precision, size) in [("bf16", 1.0), ("f16", 4096.0)] {
        if !has(precision) {
            continue;
        }
        let outcomes = [0, 1].map(|further| {
            let folder = tempfile::tempdir().unwrap();
            let mut run = run(precision, size, 12);
            run.config.phases[0].batches_per_step = 2;
            run.data = DataSets::new().with("train", InMemory::new(vec![X.to_vec(); 4], 4));
            run.further_devices = vec![test_device(); further];
            run.start(folder.path()).unwrap().run(&mut ()).unwrap();
            outcome(folder.path())
        });
        assert_eq!(outcomes[0].1, outcomes[1].1, "{precision}");
        assert!(outcomes[0].0 == outcomes[1].0, "{precision}");
    }
}
