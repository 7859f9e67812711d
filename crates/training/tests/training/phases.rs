//! Phases as data: what they train, freeze, keep and warn of.

use burn::module::Module;
use burn::tensor::Tensor;
use wardrobe_training::{
    Batches, DataSets, Event, Flow, InMemory, Place, Record, Run, TaskError, TrainingConfig,
    TrainingData, TrainingError, Warning, load_weights, names, read_log,
};

use crate::support::{Batch, Net, alone, finish, outcome, pictures, run};

/// All float tensors of a model as bytes, by name.
fn values(net: &Net) -> Vec<(String, Vec<u8>)> {
    use burn::module::{ModuleVisitor, Param};
    struct Read(Vec<Vec<u8>>);
    impl ModuleVisitor for Read {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.val().into_data().as_bytes().to_vec());
        }
    }
    let mut read = Read(Vec::new());
    let net = net.valid();
    net.visit(&mut read);
    names::of(&net).into_iter().zip(read.0).collect()
}

fn changed(before: &Net, after: &Net) -> Vec<String> {
    let pairs = values(before).into_iter().zip(values(after));
    pairs
        .filter(|(before, after)| before.1 != after.1)
        .map(|(before, _)| before.0)
        .collect()
}

#[test]
fn frozen_layers_stand_still_until_they_are_freed() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"phases": [
        {"name": "head", "data": "train", "duration": {"epochs": 1}, "rate": 0.05,
         "frozen": ["conv.*", "norm.*"]},
        {"name": "all but the head", "data": "more", "duration": {"epochs": 1}, "rate": 0.05,
         "frozen": ["head.*"]}
    ]}"#;
    let mut trainer = run(config).start(folder.path()).unwrap();
    let start = trainer.model().valid();
    for _ in 0..5 {
        trainer.step(&mut ()).unwrap();
    }
    let middle = trainer.model().valid();
    // Running statistics stand still with their norm.
    let head = ["hidden.weight", "hidden.bias", "head.weight", "head.bias"];
    assert_eq!(changed(&start, &middle), head);
    trainer.run(&mut ()).unwrap();
    let end = trainer.model().valid();
    // The norm takes off whatever the convolution's bias adds: its gradient is rounding, if anything.
    let moved = changed(&middle, &end);
    let moved: Vec<&str> = moved.iter().map(String::as_str).collect();
    let moved: Vec<&str> = moved
        .into_iter()
        .filter(|name| *name != "conv.bias")
        .collect();
    assert_eq!(
        moved,
        [
            "conv.weight",
            "norm.gamma",
            "norm.beta",
            "norm.running_mean",
            "norm.running_var",
            "hidden.weight",
            "hidden.bias"
        ]
    );
}

#[test]
fn a_frozen_block_takes_its_dropout_along() {
    let _alone = alone();
    // Everything but one bias is frozen: the dropout's block, the whole net, still trains.
    let partly = r#"{"phases": [{"name": "a", "data": "train", "duration": {"iterations": 1}, "rate": 0.05,
        "frozen": ["*.weight", "norm.*", "conv.bias", "hidden.bias"]}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let trainer = run(partly).start(folder.path()).unwrap();
    assert!(trainer.model().dropout.training.val().is_enabled());
    assert!(!trainer.model().norm.training.val().is_enabled());
}

#[test]
fn the_best_model_is_kept_and_loads() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let config = r#"{"phases": [{"name": "a", "data": "train", "duration": {"epochs": 4}, "rate": 0.05,
        "optimiser": {"adam": {}}, "average": {"decay": 0.5}}],
        "keep_best": {"metric": "accuracy"}, "keep_last": 1}"#;
    let mut best = Vec::new();
    let mut trainer = run(config).start(folder.path()).unwrap();
    let mut watch = |event: &Event| {
        if let Event::BestWritten { score, .. } = event {
            best.push(*score);
        }
        Flow::Continue
    };
    trainer.run(&mut watch).unwrap();
    assert!(best.windows(2).all(|pair| pair[0] < pair[1]), "{best:?}");
    assert_eq!(trainer.best_score(), best.last().copied());
    assert_eq!(trainer.folder().checkpoints().unwrap().len(), 1);

    // The kept weights are those that were scored: the average at that time.
    let names = trainer.parameter_names().to_vec();
    let kept = load_weights(Net::new(), &names, trainer.folder().best()).unwrap();
    let records = read_log(trainer.folder().log()).unwrap();
    let last_best = records.iter().rev().find_map(|record| match record {
        Record::Epoch(epoch) if epoch.best => Some(epoch.iteration),
        _ => None,
    });
    let again = tempfile::tempdir().unwrap();
    let mut trainer = run(config).start(again.path()).unwrap();
    while trainer.iteration() < last_best.unwrap() {
        trainer.step(&mut ()).unwrap();
    }
    assert_eq!(changed(&kept, &trainer.snapshot()), Vec::<String>::new());
    // Weights and average differ, so the test tells them apart.
    assert!(!changed(&kept, &trainer.model().valid()).is_empty());
}

#[test]
fn the_second_part_goes_on_from_the_first() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let phase = |name: &str, data: &str| {
        format!(
            r#"{{"name": "{name}", "data": "{data}", "duration": {{"epochs": 3}}, "rate": 0.05}}"#
        )
    };
    let both = format!(
        r#"{{"phases": [{}, {}]}}"#,
        phase("first", "train"),
        phase("second", "more")
    );
    let only = format!(r#"{{"phases": [{}]}}"#, phase("first", "train"));
    let first = tempfile::tempdir().unwrap();
    let after_first = finish(run(&only), first.path()).model().valid();
    let mut trainer = run(&both).start(folder.path()).unwrap();
    for _ in 0..15 {
        trainer.step(&mut ()).unwrap();
    }
    assert_eq!(
        changed(&after_first, &trainer.model().valid()),
        Vec::<String>::new()
    );
    trainer.run(&mut ()).unwrap();
    assert_eq!(trainer.iteration(), 15 + 9);
}

#[test]
fn checkpointed_gradients_are_the_same() {
    let _alone = alone();
    let config = |extra: &str| {
        format!(
            r#"{{"phases": [{{"name": "a", "data": "train", "duration": {{"epochs": 2}}, "rate": 0.01,
                "optimiser": {{"adam": {{}}}}}}]{extra}}}"#
        )
    };
    let plain = tempfile::tempdir().unwrap();
    finish(run(&config("")), plain.path());
    let checkpointed = tempfile::tempdir().unwrap();
    let trainer = finish(
        run(&config(r#", "gradient_checkpointing": true"#)),
        checkpointed.path(),
    );
    let strategy = trainer
        .model()
        .conv
        .weight
        .val()
        .gradient_checkpointing_strategy();
    assert_eq!(
        strategy,
        Some(burn::tensor::GradientCheckpointingStrategy::Balanced)
    );
    // What is computed again is computed to the same bits.
    assert_eq!(outcome(checkpointed.path()).1, outcome(plain.path()).1);
}

fn refused(config: &str) -> TrainingError {
    let folder = tempfile::tempdir().unwrap();
    run(config).start(folder.path()).unwrap_err()
}

fn phase(extra: &str) -> String {
    format!(
        r#"{{"phases": [{{"name": "a", "data": "train", "duration": {{"iterations": 4}}, "rate": 0.1{extra}}}]}}"#
    )
}

#[test]
fn mistakes_are_found_before_the_first_step() {
    let _alone = alone();
    for (config, expected) in [
        (
            phase(r#", "frozen": ["conv.*", "haed.*"]"#),
            r#"phases[0].frozen[1]: "haed.*" matches no parameter; did you mean one of head.bias"#,
        ),
        (
            phase(r#", "groups": [{"parameters": ["norm.weight"]}]"#),
            "phases[0].groups[0].parameters[0]: \"norm.weight\" matches no parameter; did you mean one of conv.weight, hidden.weight, norm.beta, head.weight, norm.gamma?",
        ),
        (
            phase(r#", "frozen": ["*"]"#),
            "phases[0].frozen: every parameter is frozen; narrow the patterns",
        ),
        (
            phase("").replace("train", "tain"),
            "phases[0].data: no data set is called \"tain\"; there are more, train",
        ),
        (
            phase("").replacen('{', r#"{"keep_best": {"metric": "acuracy"}, "#, 1),
            "keep_best.metric: the task gives no score \"acuracy\"; it gives accuracy",
        ),
    ] {
        let message = refused(&config).to_string();
        assert!(message.starts_with(expected), "{message}");
    }
    let empty = Run {
        data: DataSets::new().with("train", InMemory::new(Vec::new(), 4)),
        ..run(&phase(""))
    };
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        empty.start(folder.path()).unwrap_err().to_string(),
        "phases[0].data: the data set \"train\" has no batch; check its folder and its split"
    );
}

#[test]
fn likely_mistakes_are_warned_of() {
    let _alone = alone();
    let warnings = |config: &str| {
        let folder = tempfile::tempdir().unwrap();
        let trainer = run(config).start(folder.path()).unwrap();
        trainer.warnings().to_vec()
    };
    assert_eq!(
        warnings(&phase("")),
        [Warning::RateNotScaled {
            field: "phases[0]".into(),
            rate: 0.1,
            samples: 4
        }]
    );
    assert_eq!(warnings(&phase(r#", "rate_for_batch": 4"#)), []);
    assert_eq!(warnings(&phase(r#", "optimiser": {"adam": {}}"#)), []);
    let late = r#", "rate_for_batch": 4, "schedule": {"warm_up": {"span": {"epochs": 1}},
        "shape": {"multi_step": {"milestones": [{"iterations": 2}, {"iterations": 9}]}}},
        "batches_per_step": 6, "frozen": ["head.*"], "groups": [{"parameters": ["head.bias"]}]"#;
    let texts: Vec<String> = warnings(&phase(late))
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        texts,
        [
            "phases[0].groups[0].parameters: all its parameters are frozen, so its settings do nothing; remove it",
            "phases[0].batches_per_step: a pass over \"train\" has 5 batches, so every step averages fewer than the 6 asked for",
            "phases[0].schedule.shape: the rate would change at iteration 9, but the phase has 4; scale the schedule to the phase",
        ]
    );
    let few = Run {
        data: DataSets::new().with("train", Few(InMemory::new(pictures(1, 2), 4))),
        ..run(&phase(r#", "rate_for_batch": 4"#))
    };
    let folder = tempfile::tempdir().unwrap();
    let text = few.start(folder.path()).unwrap().warnings()[0].to_string();
    assert_eq!(
        text,
        "phases[0].data: \"train\" has 2 samples, fewer than the batch of 4; check its split"
    );
}

/// Two samples where a batch is four.
struct Few(InMemory<Batch>);

impl TrainingData<Batch> for Few {
    fn samples(&self) -> usize {
        2
    }
    fn batch_size(&self) -> usize {
        4
    }
    fn batches_in(&self, epoch: u64) -> Result<u64, TaskError> {
        self.0.batches_in(epoch)
    }
    fn digest(&self) -> Result<u64, TaskError> {
        self.0.digest()
    }
    fn start(&self, place: Place) -> Result<Batches<Batch>, TaskError> {
        self.0.start(place)
    }
}

#[test]
fn settings_out_of_range_are_named() {
    let _alone = alone();
    for (config, expected) in [
        (
            phase(r#", "clip_norm": 0"#),
            "phases[0].clip_norm: found 0.0; give a number greater than 0",
        ),
        (
            phase(r#", "optimiser": {"sgd": {"momentum": 1.0}}"#),
            "phases[0].optimiser.sgd.momentum: found 1.0; give a number from 0 to below 1",
        ),
        (
            phase(r#", "optimiser": {"sgd": {"nesterov": true, "dampening": 0.1}}"#),
            "phases[0].optimiser.sgd.nesterov: found true; Nesterov needs a momentum above 0 and a dampening of 0",
        ),
        (
            phase(
                r#", "schedule": {"shape": {"multi_step": {"milestones": [{"epochs": 2}, {"iterations": 3}]}}}"#,
            ),
            "phases[0].schedule.shape.multi_step.milestones: found [Epochs(2), Iterations(3)]; give at least one, all in one unit, each later than the one before",
        ),
        (
            phase(r#", "schedule": {"warm_up": {"span": {"epochs": 1}, "from": 0}}"#),
            "phases[0].schedule.warm_up.from: found 0.0; give a share above 0, up to 1",
        ),
        (
            phase(r#", "momentum": 0.9"#),
            "configuration: at phases[0].momentum: unknown field `momentum`",
        ),
    ] {
        let message = TrainingConfig::from_json(&config).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }
    let twice = phase("").replace(
        "[{",
        r#"[{"name": "a", "data": "more", "duration": {"epochs": 1}, "rate": 1}, {"#,
    );
    assert_eq!(
        TrainingConfig::from_json(&twice).unwrap_err().to_string(),
        "phases[1].name: found \"a\"; give every phase a name of its own"
    );
}

#[test]
fn a_second_configuration_is_not_passed_over() {
    let two = format!("{}\n{}", phase(""), phase(""));
    assert_eq!(
        TrainingConfig::from_json(&two).unwrap_err().to_string(),
        "configuration: at line 2: trailing characters at line 2 column 1"
    );
}
