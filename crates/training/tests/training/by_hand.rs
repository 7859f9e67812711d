//! Single rules of a phase on two numbers, with the arithmetic beside each.
//!
//! The model is w (two dimensions, as a weight) and b (one, as a bias); a batch is the gradient:
//! the loss is g·w + h·b. SGD without momentum unless said.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use serde_json::{Value, json};
use wardrobe_kernels::device::test_device;
use wardrobe_training::{
    DataSets, EpochEnd, InMemory, Losses, Run, Scores, Step, Task, TaskError, Trainer,
    TrainingConfig,
};

use crate::support::alone;

#[derive(Module, Debug)]
struct Numbers {
    w: Param<Tensor<2>>,
    b: Param<Tensor<1>>,
}

struct Linear;

impl Task for Linear {
    type Model = Numbers;
    type Batch = (f64, f64);

    fn losses(
        &self,
        model: &Numbers,
        &(g, h): &(f64, f64),
        _step: &Step,
    ) -> Result<Losses, TaskError> {
        Ok(Losses::new()
            .with_weighted("w", model.w.val().reshape([1]), g)
            .with_weighted("b", model.b.val(), h))
    }

    /// The score is w, or NaN once it is below −1.
    fn validate(&self, model: &Numbers, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        let w = of(model).0;
        Ok(Scores::new().with("w", if w < -1.0 { f64::NAN } else { w }))
    }
}

fn of(model: &Numbers) -> (f64, f64) {
    let w: f32 = model.w.val().into_scalar();
    let b: f32 = model.b.val().into_scalar();
    (w.into(), b.into())
}

/// A run from w = 3, b = 4 over these gradients, two samples each, at rate 1.
fn run(phase: Value, gradients: &[(f64, f64)], folder: &std::path::Path) -> Trainer<Linear> {
    let mut config = json!({
        "name": "a", "data": "train", "duration": {"epochs": 1}, "rate": 1.0,
        "optimiser": {"sgd": {"momentum": 0.0}}
    });
    for (name, value) in phase.as_object().unwrap() {
        config[name] = value.clone();
    }
    let config = json!({"phases": [config], "validate_every": {"iterations": 1},
        "keep_best": {"metric": "w", "smaller_is_better": true}});
    let device = test_device();
    Run {
        config: TrainingConfig::from_json(&config.to_string()).unwrap(),
        program: Value::Null,
        task: Linear,
        model: Numbers {
            w: Param::from_data(TensorData::new(vec![3.0_f32], [1, 1]), &device),
            b: Param::from_data([4.0], &device),
        },
        data: DataSets::new().with("train", InMemory::new(gradients.to_vec(), 2)),
        further_devices: Vec::new(),
    }
    .start(folder)
    .unwrap()
}

/// (w, b) after every step.
fn steps(phase: Value, gradients: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = run(phase, gradients, folder.path());
    let mut found = Vec::new();
    while !trainer.is_finished() {
        trainer.step(&mut ()).unwrap();
        found.push(of(trainer.model()));
    }
    found
}

fn assert_close(found: &[(f64, f64)], expected: &[(f64, f64)]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        let off = (found.0 - expected.0)
            .abs()
            .max((found.1 - expected.1).abs());
        assert!(off < 1e-5, "{found:?} {expected:?}");
    }
}

#[test]
fn the_whole_gradient_is_clipped_not_its_parts() {
    let _alone = alone();
    // (3, 4) has norm 5, so a fifth of it is left: (0.6, 0.8). Clipped one by one it were (1, 1).
    assert_close(
        &steps(json!({"clip_norm": 1.0}), &[(3.0, 4.0)]),
        &[(2.4, 3.2)],
    );
    // Norm 5 is within 6: as it is.
    assert_close(
        &steps(json!({"clip_norm": 6.0}), &[(3.0, 4.0)]),
        &[(0.0, 0.0)],
    );
}

#[test]
fn accumulated_batches_are_averaged() {
    let _alone = alone();
    // ((1, 0) + (3, 2))/2 = (2, 1); the pass's last batch stands alone.
    let gradients = [(1.0, 0.0), (3.0, 2.0), (0.5, 0.25)];
    assert_close(
        &steps(json!({"batches_per_step": 2}), &gradients),
        &[(1.0, 3.0), (0.5, 2.75)],
    );
    // Clipping sees the mean: (2, 1) has norm √5, its half is left at √5/2.
    let phase = json!({"batches_per_step": 2, "clip_norm": 5.0_f64.sqrt() / 2.0});
    assert_close(&steps(phase, &gradients[..2]), &[(2.0, 3.5)]);
}

#[test]
fn momentum_adds_up() {
    let _alone = alone();
    // v = 1, 1.9, 2.71: 3 → 2 → 0.1 → −2.61.
    let phase = json!({"optimiser": {"sgd": {}}});
    assert_close(
        &steps(phase, &[(1.0, 0.0); 3]),
        &[(2.0, 4.0), (0.1, 4.0), (-2.61, 4.0)],
    );
}

#[test]
fn weight_decay_spares_biases_unless_told() {
    let _alone = alone();
    let none = [(0.0, 0.0)];
    let sgd = json!({"sgd": {"momentum": 0.0, "weight_decay": 0.5}});
    // w: 3 − 0.5 · 3; b as it is.
    assert_close(&steps(json!({"optimiser": sgd}), &none), &[(1.5, 4.0)]);
    let phase = json!({"optimiser": sgd, "decay_norms_and_biases": true});
    assert_close(&steps(phase, &none), &[(1.5, 2.0)]);
    // A group's own decay holds for biases too: 4 − 0.25 · 4.
    let phase = json!({"optimiser": sgd, "groups": [{"parameters": ["b"], "weight_decay": 0.25}]});
    assert_close(&steps(phase, &none), &[(1.5, 3.0)]);
    // AdamW: 3 · (1 − 1 · 0.5), and a step of 0 from a gradient of 0.
    let phase = json!({"optimiser": {"adamw": {"weight_decay": 0.5}}});
    assert_close(&steps(phase, &none), &[(1.5, 4.0)]);
}

#[test]
fn the_first_matching_group_multiplies_the_rate() {
    let _alone = alone();
    let phase = json!({"groups": [
        {"parameters": ["w"], "rate_multiplier": 0.5}, {"parameters": ["*"], "rate_multiplier": 2.0}
    ]});
    // w: 3 − 0.5 · 1; b: 4 − 2 · 1.
    assert_close(&steps(phase, &[(1.0, 1.0)]), &[(2.5, 2.0)]);
}

#[test]
fn the_rate_scales_with_the_samples_of_a_step() {
    let _alone = alone();
    // Two samples a batch, two batches a step, a rate meant for 16: 4/16 of it.
    let phase = json!({"rate_for_batch": 16, "batches_per_step": 2});
    assert_close(&steps(phase, &[(1.0, 0.0); 2]), &[(2.75, 4.0)]);
}

#[test]
fn the_average_follows_the_weights() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let phase = json!({"average": {"decay": 0.5}, "frozen": ["b"]});
    let mut trainer = run(phase, &[(1.0, 1.0); 2], folder.path());
    // w: 3 → 2 → 1; the average 3 → (3 + 2)/2 → (2.5 + 1)/2.
    for (w, average) in [(2.0, 2.5), (1.0, 1.75)] {
        trainer.step(&mut ()).unwrap();
        assert_eq!(of(trainer.model()), (w, 4.0));
        assert_eq!(of(&trainer.snapshot()), (average, 4.0));
    }
    // The score is the average's.
    assert_eq!(trainer.best_score(), Some(1.75));
}

#[test]
fn nan_is_never_the_best_score() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    // 3 → 2 → 2.5 → −0.5 → −2, the last scored NaN.
    let gradients = [(1.0, 0.0), (-0.5, 0.0), (3.0, 0.0), (1.5, 0.0)];
    let mut trainer = run(json!({}), &gradients, folder.path());
    let mut best = Vec::new();
    while !trainer.is_finished() {
        trainer.step(&mut ()).unwrap();
        best.push(trainer.best_score().unwrap());
    }
    assert_eq!(best, [2.0, 2.0, -0.5, -0.5]);
}

#[test]
fn the_cosine_reaches_the_optimiser() {
    let _alone = alone();
    // Four steps: factors 1, ½ + √½/2, ½, ½ − √½/2.
    let phase = json!({"schedule": {"shape": {"cosine": {}}}});
    let half = 0.5_f64.sqrt();
    let mut w = 3.0;
    let expected = [1.0, 0.5 + half / 2.0, 0.5, 0.5 - half / 2.0].map(|rate| {
        w -= rate;
        (w, 4.0)
    });
    assert_close(&steps(phase, &[(1.0, 0.0); 4]), &expected);
}
