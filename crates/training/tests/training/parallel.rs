//! Several devices do what one does. Here they are one processor, so that the bytes are the same.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use burn::module::Param;
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{Tensor, TensorData};
use serde_json::Value;
use wardrobe_kernels::device::test_device;
use wardrobe_training::{
    DataSets, EpochEnd, InMemory, Losses, NotFinite, Run, Scores, Step, Task, TaskError, Trainer,
    TrainingConfig, TrainingError, Warning,
};

use crate::support::{Classify, alone, finish, outcome, pictures, run};

/// Passes of 5 and of 3 batches, so that rounds and steps are cut short; dropout draws throughout.
const CONFIG: &str = r#"{
    "seed": 3,
    "phases": [
        {"name": "first", "data": "train", "duration": {"epochs": 2}, "rate": 0.05, "rate_for_batch": 4,
         "optimiser": {"sgd": {}}, "clip_norm": 1.0, "frozen": ["norm.*"], "batches_per_step": 4},
        {"name": "second", "data": "more", "duration": {"iterations": 3}, "rate": 0.01,
         "optimiser": {"adam": {}}, "frozen": ["norm.*"], "batches_per_step": 3, "average": {"decay": 0.8}}
    ],
    "checkpoint_every": {"iterations": 1}
}"#;

fn on(devices: usize, config: &str) -> Run<Classify> {
    Run {
        further_devices: vec![test_device(); devices - 1],
        ..run(config)
    }
}

#[test]
fn devices_change_no_byte() {
    let _alone = alone();
    let checkpointing = CONFIG.replacen('{', r#"{"gradient_checkpointing": true, "#, 1);
    for config in [CONFIG, &checkpointing] {
        let one = tempfile::tempdir().unwrap();
        let trainer = finish(on(1, config), one.path());
        assert_eq!(trainer.iteration(), 4 + 3);
        let expected = outcome(one.path());
        for devices in [2, 3] {
            let folder = tempfile::tempdir().unwrap();
            finish(on(devices, config), folder.path());
            let found = outcome(folder.path());
            assert_eq!(found.1, expected.1, "{devices} devices");
            assert!(found.0 == expected.0, "{devices} devices");
        }
    }
}

/// With statistics that move, which depend on the number of devices.
#[test]
fn a_run_on_two_devices_resumes_exactly() {
    let _alone = alone();
    let config = CONFIG.replace("norm.*", "hidden.bias");
    let whole = tempfile::tempdir().unwrap();
    finish(on(2, &config), whole.path());
    let expected = outcome(whole.path());
    for stop in 1..7 {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = on(2, &config).start(folder.path()).unwrap();
        for _ in 0..stop {
            trainer.step(&mut ()).unwrap();
        }
        drop(trainer);
        finish(on(2, &config), folder.path());
        assert!(outcome(folder.path()) == expected, "stopped after {stop}");
    }
}

#[test]
fn a_run_goes_on_with_another_number_of_devices() {
    let _alone = alone();
    let one = tempfile::tempdir().unwrap();
    finish(on(1, CONFIG), one.path());
    let folder = tempfile::tempdir().unwrap();
    for devices in [2, 1, 3, 2] {
        let mut trainer = on(devices, CONFIG).resume(folder.path()).unwrap();
        trainer.step(&mut ()).unwrap();
    }
    finish(on(3, CONFIG), folder.path());
    assert!(outcome(folder.path()) == outcome(one.path()));
}

/// A norm over one channel. It notes how many forward passes were under way at a time, and each waits
/// a while for another.
struct Normalise {
    draws: bool,
    patience: Duration,
    inside: Mutex<Inside>,
    came: Condvar,
}

#[derive(Default)]
struct Inside {
    now: usize,
    most: usize,
}

impl Normalise {
    fn new(draws: bool, patience: Duration) -> Self {
        Self {
            draws,
            patience,
            inside: Mutex::default(),
            came: Condvar::new(),
        }
    }

    fn meet(&self) {
        let mut inside = self.inside.lock().unwrap();
        inside.now += 1;
        inside.most = inside.most.max(inside.now);
        self.came.notify_all();
        let alone = |inside: &mut Inside| inside.most < 2;
        let waited = self.came.wait_timeout_while(inside, self.patience, alone);
        waited.unwrap().0.now -= 1;
    }
}

impl Task for &Normalise {
    type Model = BatchNorm;
    type Batch = Vec<f32>;

    fn losses(&self, model: &BatchNorm, x: &Vec<f32>, step: &Step) -> Result<Losses, TaskError> {
        if x.is_empty() {
            return Err("nothing to see".into());
        }
        self.meet();
        let shape = [x.len(), 1];
        let x = Tensor::<2>::from_data(TensorData::new(x.clone(), shape), &step.device);
        let error = (model.forward(x) - 1.0).square().mean();
        Ok(Losses::new().with("error", error))
    }

    fn validate(&self, _model: &BatchNorm, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(Scores::new())
    }

    fn draws(&self, _model: &BatchNorm) -> bool {
        self.draws
    }
}

/// One step over these batches on two devices.
fn normalise<'a>(
    task: &'a Normalise,
    batches: &[&[f32]],
    folder: &std::path::Path,
) -> Trainer<&'a Normalise> {
    let config = format!(
        r#"{{"phases": [{{"name": "a", "data": "train", "duration": {{"iterations": 1}}, "rate": 0.1,
            "batches_per_step": {}}}]}}"#,
        batches.len()
    );
    let batches: Vec<Vec<f32>> = batches.iter().map(|batch| batch.to_vec()).collect();
    let device = test_device();
    Run {
        config: TrainingConfig::from_json(&config).unwrap(),
        program: Value::Null,
        task,
        model: BatchNorm {
            gamma: Param::from_data([2.0], &device),
            ..BatchNormConfig::new(1).init(&device)
        },
        data: DataSets::new().with("train", InMemory::new(batches, 2)),
        further_devices: vec![device],
    }
    .start(folder)
    .unwrap()
}

#[test]
fn statistics_are_the_mean_of_the_devices() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let task = Normalise::new(false, Duration::ZERO);
    let mut trainer = normalise(
        &task,
        &[&[1.0, 3.0], &[5.0, 9.0], &[4.0, 4.0]],
        folder.path(),
    );
    trainer.run(&mut ()).unwrap();
    // Momentum 0.1 from a mean of 0. The first device sees means 2 and 4: 0.2, then 0.9 · 0.2 + 0.4 =
    // 0.58; the second sees 7: 0.7. Their mean is 0.64.
    let mean: f32 = trainer.snapshot().running_mean.value().into_scalar();
    assert!((mean - 0.64).abs() < 1e-6, "{mean}");
}

#[test]
fn batches_are_computed_side_by_side() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    // As long as it takes.
    let task = Normalise::new(false, Duration::from_mins(10));
    let mut trainer = normalise(&task, &[&[1.0, 3.0], &[5.0, 9.0]], folder.path());
    trainer.run(&mut ()).unwrap();
    assert_eq!(task.inside.lock().unwrap().most, 2);
}

#[test]
fn batches_that_draw_take_turns() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let task = Normalise::new(true, Duration::from_millis(50));
    let mut trainer = normalise(&task, &[&[1.0, 3.0], &[5.0, 9.0]], folder.path());
    trainer.run(&mut ()).unwrap();
    assert_eq!(task.inside.lock().unwrap().most, 1);
}

#[test]
fn a_batch_that_fails_on_another_device_names_its_files() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let task = Normalise::new(false, Duration::ZERO);
    let mut trainer = normalise(&task, &[&[1.0, 3.0], &[]], folder.path());
    let error = trainer.run(&mut ()).unwrap_err();
    assert_eq!(error.to_string(), "iteration 0 (batch 1): nothing to see");

    let mut batches = pictures(5, 4);
    batches[1].pixels[7] = f32::NAN;
    let folder = tempfile::tempdir().unwrap();
    let run = Run {
        data: DataSets::new()
            .with("train", InMemory::new(batches, 4))
            .with("more", InMemory::new(pictures(3, 4), 4)),
        ..on(2, CONFIG)
    };
    let error = run.start(folder.path()).unwrap().run(&mut ()).unwrap_err();
    let TrainingError::NotFinite {
        iteration: 0,
        files,
        what,
        parameter: None,
    } = error
    else {
        panic!("{error}");
    };
    // Not those of the batch before it in the same step, whose loss was finite.
    assert_eq!(files, ["batch 1"]);
    assert_eq!(
        what,
        NotFinite::Loss {
            term: "class".into(),
            module: None,
        }
    );
}

#[test]
fn devices_without_work_are_found_before_the_first_step() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let error = on(4, CONFIG).start(folder.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "phases[1].batches_per_step: found 3; every step needs a batch for each of the 4 devices; write 4, or give fewer devices"
    );
    let trainer = on(2, CONFIG).start(folder.path()).unwrap();
    let waits: Vec<String> = trainer
        .warnings()
        .iter()
        .filter(|warning| matches!(warning, Warning::DevicesWait { .. }))
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        waits,
        [
            "phases[1].batches_per_step: 3 batches cannot be shared evenly by 2 devices, so some wait in every step; write a multiple of 2"
        ]
    );
}
