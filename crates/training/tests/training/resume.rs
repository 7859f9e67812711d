//! A run that was interrupted ends with the bytes of one that was not.

use wardrobe_training::report::Report;
use wardrobe_training::{
    EpochEnd, Event, Flow, Losses, Progress, Record, Run, Scores, Step, Task, TaskError, read_log,
};

use crate::support::{Batch, Classify, Net, alone, finish, outcome, run};

/// Two phases, with everything that has a state: momentum, then Adam's moments, an average, a best
/// score, frozen layers, accumulation over a pass that its steps do not divide.
const CONFIG: &str = r#"{
    "seed": 3,
    "phases": [
        {"name": "first", "data": "train", "duration": {"epochs": 2}, "rate": 0.05, "rate_for_batch": 4,
         "optimiser": {"sgd": {"weight_decay": 1e-3}}, "average": {"decay": 0.8}, "clip_norm": 1.0,
         "schedule": {"shape": {"cosine": {}}, "warm_up": {"span": {"iterations": 2}}}},
        {"name": "second", "data": "more", "duration": {"iterations": 5}, "rate": 0.01,
         "optimiser": {"adam": {}}, "frozen": ["conv.*", "norm.*"], "batches_per_step": 2}
    ],
    "checkpoint_every": {"iterations": 1}, "keep_last": 3,
    "keep_best": {"metric": "accuracy"}
}"#;

#[test]
fn stopped_after_any_step_and_resumed() {
    let _alone = alone();
    let whole = tempfile::tempdir().unwrap();
    let trainer = finish(run(CONFIG), whole.path());
    // 2 passes of 5 batches; then passes of 3 batches, two and then one to a step.
    assert_eq!(trainer.iteration(), 10 + 5);
    assert_eq!(trainer.planned_iterations(), 15);
    let expected = outcome(whole.path());
    for stop in 1..15 {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = run(CONFIG).start(folder.path()).unwrap();
        for _ in 0..stop {
            assert_eq!(trainer.step(&mut ()).unwrap(), Progress::Running);
        }
        drop(trainer);
        finish(run(CONFIG), folder.path());
        assert_eq!(outcome(folder.path()).1, expected.1, "stopped after {stop}");
        assert!(
            outcome(folder.path()).0 == expected.0,
            "stopped after {stop}"
        );
    }
}

#[test]
fn steps_beyond_the_checkpoint_are_made_again() {
    let _alone = alone();
    let config = CONFIG.replace(r#"{"iterations": 1}"#, r#"{"epochs": 1}"#);
    let whole = tempfile::tempdir().unwrap();
    finish(run(&config), whole.path());
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = run(&config).start(folder.path()).unwrap();
    for _ in 0..8 {
        trainer.step(&mut ()).unwrap();
    }
    drop(trainer);
    let mut first = None;
    let mut trainer = run(&config).resume(folder.path()).unwrap();
    assert!(trainer.is_resumed());
    let mut watch = |event: &Event| {
        if let Event::StepDone(step) = event {
            first.get_or_insert(step.iteration);
        }
        Flow::Continue
    };
    trainer.run(&mut watch).unwrap();
    // The pass ended after step 5, so steps 5 to 7 are made twice.
    assert_eq!(first, Some(5));
    assert!(outcome(folder.path()) == outcome(whole.path()));
}

/// Its held-out data cannot be read after one of the steps.
struct Unread {
    at: Option<u64>,
}

impl Task for Unread {
    type Model = Net;
    type Batch = Batch;

    fn losses(&self, model: &Net, batch: &Batch, step: &Step) -> Result<Losses, TaskError> {
        Classify.losses(model, batch, step)
    }

    fn validate(&self, model: &Net, epoch: &EpochEnd) -> Result<Scores, TaskError> {
        if self.at == Some(epoch.iteration) {
            return Err("img/9.jpg: truncated".into());
        }
        Classify.validate(model, epoch)
    }
}

/// Checkpoints are due after steps 4, 8 and 12, and at the ends of the phases, after 10 and 15: the one from which the run goes
/// on is that of the validation, which is made up for.
#[test]
fn a_validation_that_failed_is_made_up_for() {
    let _alone = alone();
    let config = CONFIG.replace(r#"{"iterations": 1}"#, r#"{"iterations": 4}"#);
    let with = |at| {
        let Run {
            config,
            program,
            model,
            data,
            further_devices,
            ..
        } = run(&config);
        Run {
            config,
            program,
            task: Unread { at },
            model,
            data,
            further_devices,
        }
    };
    let whole = tempfile::tempdir().unwrap();
    finish(run(&config), whole.path());
    for at in [5, 10, 12, 14, 15] {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = with(Some(at)).start(folder.path()).unwrap();
        let error = trainer.run(&mut ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("iteration {at}: img/9.jpg: truncated")
        );
        drop(trainer);
        // Not mended yet.
        let mut trainer = with(Some(at)).resume(folder.path()).unwrap();
        assert_eq!(trainer.iteration(), at);
        assert!(trainer.run(&mut ()).is_err());
        drop(trainer);
        let mut trainer = with(None).resume(folder.path()).unwrap();
        assert_eq!(trainer.iteration(), at);
        assert_eq!(trainer.run(&mut ()).unwrap(), Progress::Finished);
        drop(trainer);
        assert!(outcome(folder.path()) == outcome(whole.path()), "{at}");
    }
}

#[test]
fn an_observer_stops_a_run_that_can_be_resumed() {
    let _alone = alone();
    let whole = tempfile::tempdir().unwrap();
    finish(run(CONFIG), whole.path());
    let folder = tempfile::tempdir().unwrap();
    let config = CONFIG.replace(r#"{"iterations": 1}"#, r#"{"epochs": 1}"#);
    let mut trainer = run(&config).start(folder.path()).unwrap();
    let mut steps = 0;
    let mut three = |event: &Event| {
        steps += usize::from(matches!(event, Event::StepDone(_)));
        if steps < 3 {
            Flow::Continue
        } else {
            Flow::Stop
        }
    };
    assert_eq!(trainer.run(&mut three).unwrap(), Progress::Stopped);
    assert_eq!(trainer.iteration(), 3);
    drop(trainer);
    let trainer = finish(run(&config), folder.path());
    assert_eq!(trainer.iteration(), 15);
    assert_eq!(outcome(folder.path()).1, outcome(whole.path()).1);
}

#[test]
fn the_log_tells_every_step_and_score() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    finish(run(CONFIG), folder.path());
    let records = read_log(folder.path().join("metrics.jsonl")).unwrap();
    let steps: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Step(step) => Some(step),
            Record::Epoch(_) => None,
        })
        .collect();
    assert_eq!(steps.len(), 15);
    assert_eq!(
        steps.iter().map(|step| step.epoch).collect::<Vec<_>>(),
        [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 4]
    );
    for step in &steps {
        let (class, size) = (
            step.losses.get("class").unwrap(),
            step.losses.get("size").unwrap(),
        );
        assert!((step.loss - (class + 0.01 * size)).abs() < 1e-9);
        assert!(step.gradient_norm > 0.0);
    }
    // The learning shows.
    assert!(steps[9].losses.get("class") < steps[0].losses.get("class"));
    // Scored after both passes of the first phase, after passes 2 and 3, and at the end.
    let scored: Vec<_> = records
        .iter()
        .filter_map(|record| match record {
            Record::Step(_) => None,
            Record::Epoch(epoch) => Some((epoch.iteration, epoch.epoch)),
        })
        .collect();
    assert_eq!(scored, [(5, 0), (10, 1), (12, 2), (14, 3), (15, 4)]);

    // And so does the report: four figures, each with the second phase's start, and a row a score.
    let path = folder.path().join("report.html");
    Report::new("Small net")
        .with_run(&records)
        .write(&path)
        .unwrap();
    let html = std::fs::read_to_string(path).unwrap();
    assert_eq!(html.matches("<svg ").count(), 4);
    assert_eq!(html.matches(">second</text>").count(), 4);
    assert_eq!(html.matches("<tr>").count(), 1 + 5);
}
