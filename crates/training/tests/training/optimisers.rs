//! Steps of the whole engine against PyTorch's optimisers.

use burn::nn::loss::{MseLoss, Reduction};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Tensor, TensorData};
use serde::Deserialize;
use serde_json::Value;
use wardrobe_kernels::device::test_device;
use wardrobe_training::{
    DataSets, EpochEnd, Event, Flow, InMemory, Losses, Run, Scores, Step, Task, TaskError,
    TrainingConfig,
};

use crate::support::alone;

#[derive(Deserialize)]
struct Fixture {
    x: Vec<f32>,
    y: Vec<f32>,
    start: Weights,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Weights {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    phase: Value,
    trajectory: Vec<Weights>,
    #[serde(default)]
    norms: Vec<f64>,
    #[serde(default)]
    averages: Vec<Weights>,
    #[serde(default)]
    rates: Vec<f64>,
}

struct Regression;

impl Task for Regression {
    type Model = Linear;
    type Batch = (Vec<f32>, Vec<f32>);

    fn losses(
        &self,
        model: &Linear,
        (x, y): &Self::Batch,
        step: &Step,
    ) -> Result<Losses, TaskError> {
        let x = Tensor::<2>::from_data(TensorData::new(x.clone(), [4, 3]), &step.device);
        let y = Tensor::<2>::from_data(TensorData::new(y.clone(), [4, 2]), &step.device);
        let error = MseLoss::new().forward(model.forward(x), y, Reduction::Mean);
        Ok(Losses::new().with("error", error))
    }

    fn validate(&self, _model: &Linear, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(Scores::new())
    }
}

fn layer(weights: &Weights) -> Linear {
    use burn::module::{Module, ModuleMapper, Param};
    struct Fill<'a>(&'a Weights);
    impl ModuleMapper for Fill<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let values = if D == 2 { &self.0.weight } else { &self.0.bias };
            let data = TensorData::new(values.clone(), param.lazy_shape());
            let id = param.id;
            param.transform_for_load(Tensor::from_data(data, &test_device()), id)
        }
    }
    LinearConfig::new(3, 2)
        .init(&test_device())
        .map(&mut Fill(weights))
}

/// Within 2e-6: some ten roundings of f32 at values about 1. Burn's Adam takes 1 − β² in f32, which
/// is off by 5e-5 of the tiny bias correction, in numerator and denominator alike.
fn assert_close(model: &Linear, expected: &Weights, what: &str) {
    let weight = model.weight.val().into_data();
    let bias = model.bias.as_ref().unwrap().val().into_data();
    for (found, expected) in [(weight, &expected.weight), (bias, &expected.bias)] {
        for (found, expected) in found.as_slice::<f32>().unwrap().iter().zip(expected) {
            assert!(
                (found - expected).abs() < 2e-6,
                "{what}: {found} {expected}"
            );
        }
    }
}

#[test]
fn trajectories_are_pytorchs() {
    let _alone = alone();
    let text = include_str!("../fixtures/optimisers.json");
    let fixture: Fixture = serde_json::from_str(text).unwrap();
    let batches: Vec<_> = fixture
        .x
        .chunks(12)
        .zip(fixture.y.chunks(8))
        .map(|(x, y)| (x.to_vec(), y.to_vec()))
        .collect();
    assert_eq!((batches.len(), fixture.cases.len()), (10, 7));
    for case in &fixture.cases {
        let mut phase = case.phase.clone();
        phase["name"] = "case".into();
        phase["data"] = "train".into();
        phase["duration"] = serde_json::json!({"iterations": 5});
        let config = serde_json::json!({"phases": [phase]});
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = Run {
            config: TrainingConfig::from_json(&config.to_string()).unwrap(),
            program: Value::Null,
            task: Regression,
            model: layer(&fixture.start),
            data: DataSets::new().with("train", InMemory::new(batches.clone(), 4)),
            further_devices: Vec::new(),
        }
        .start(folder.path())
        .unwrap();
        let mut steps = Vec::new();
        for (step, expected) in case.trajectory.iter().enumerate() {
            let mut note = |event: &Event| {
                if let Event::StepDone(record) = event {
                    steps.push((record.gradient_norm, record.rate));
                }
                Flow::Continue
            };
            trainer.step(&mut note).unwrap();
            let what = format!("{}, step {step}", case.name);
            assert_close(trainer.model(), expected, &what);
            if let Some(average) = case.averages.get(step) {
                assert_close(&trainer.snapshot(), average, &format!("average of {what}"));
            }
        }
        for ((norm, rate), (expected, expected_rate)) in
            steps.iter().zip(case.norms.iter().zip(&case.rates))
        {
            assert!((norm - expected).abs() < 1e-6, "{norm} {expected}");
            assert!(
                (rate - expected_rate).abs() < 1e-12,
                "{rate} {expected_rate}"
            );
        }
    }
}
