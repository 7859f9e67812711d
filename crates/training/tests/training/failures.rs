//! What ends a run, and what is left then.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, TensorData};
use serde_json::Value;
use wardrobe_kernels::device::test_device;
use wardrobe_training::{
    Batches, DataSets, EpochEnd, InMemory, Losses, NotFinite, Place, Progress, Run, Scores, Step,
    Task, TaskError, TrainingConfig, TrainingData, TrainingError,
};

use crate::support::{Batch, Classify, Net, alone, finish, outcome, pictures, run};

const CONFIG: &str = r#"{"phases": [{"name": "a", "data": "train", "duration": {"epochs": 2}, "rate": 0.05}],
    "checkpoint_every": {"iterations": 2}}"#;

#[test]
fn a_nan_among_the_weights_is_traced() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut net = Net::new();
    let mut values = net
        .hidden
        .weight
        .val()
        .into_data()
        .as_slice::<f32>()
        .unwrap()
        .to_vec();
    values[5] = f32::NAN;
    let shape = net.hidden.weight.dims();
    net.hidden.weight = Param::from_data(TensorData::new(values, shape), &test_device());
    let mut trainer = Run {
        model: net,
        ..run(CONFIG)
    }
    .start(folder.path())
    .unwrap();
    let error = trainer.run(&mut ()).unwrap_err();
    let TrainingError::NotFinite {
        iteration,
        files,
        what,
        parameter,
    } = &error
    else {
        panic!("{error}");
    };
    assert_eq!(
        (*iteration, files.as_slice()),
        (0, &["batch 0".to_owned()][..])
    );
    assert_eq!(
        *what,
        NotFinite::Loss {
            term: "class".into(),
            module: None,
        }
    );
    assert_eq!(parameter.as_deref(), Some("hidden.weight"));
    assert_eq!(
        error.to_string(),
        "iteration 0 (batch 0): loss \"class\" is not finite, first in parameter hidden.weight; lower the rate, warm up longer, clip gradients, or look at these files"
    );
}

/// Two numbers; the loss is (a · b) · size · size + b, whose gradient at a = 0 is, for a size of 10³⁰, infinite in a and 0 · ∞
/// in b, which comes before. (That of a root at 0 is what the device makes of a division by 0, which shading languages leave open.)
#[derive(Module, Debug)]
struct Large {
    b: Param<Tensor<1>>,
    a: Param<Tensor<1>>,
}

struct LargeTask {
    size: f64,
}

impl Task for LargeTask {
    type Model = Large;
    type Batch = ();

    fn losses(&self, model: &Large, _batch: &(), _step: &Step) -> Result<Losses, TaskError> {
        Ok(Losses::new()
            .with(
                "large",
                model.a.val() * model.b.val() * self.size * self.size,
            )
            .with("plain", model.b.val()))
    }

    fn validate(&self, _model: &Large, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(Scores::new().with("none", 0.0))
    }
}

fn large(config: &str, size: f64) -> Run<LargeTask> {
    Run {
        config: TrainingConfig::from_json(config).unwrap(),
        program: Value::Null,
        task: LargeTask { size },
        model: Large {
            b: Param::from_data([1.0], &test_device()),
            a: Param::from_data([0.0], &test_device()),
        },
        data: DataSets::new().with("train", InMemory::new(vec![()], 1)),
        further_devices: Vec::new(),
    }
}

#[test]
fn an_infinite_gradient_is_traced() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let error = large(CONFIG, 1e30)
        .start(folder.path())
        .unwrap()
        .run(&mut ());
    let error = error.unwrap_err();
    assert!(
        error.to_string().starts_with(
            "iteration 0 (batch 0): the gradient is not finite, first in parameter a; "
        ),
        "{error}"
    );
}

/// Its loss is cut off from the model.
struct Detached;

impl Task for Detached {
    type Model = Large;
    type Batch = ();
    fn losses(&self, model: &Large, _batch: &(), _step: &Step) -> Result<Losses, TaskError> {
        Ok(Losses::new().with("b", model.b.val().detach()))
    }
    fn validate(&self, _model: &Large, _epoch: &EpochEnd) -> Result<Scores, TaskError> {
        Ok(Scores::new())
    }
}

#[test]
fn a_loss_without_trainable_parts_is_an_error() {
    let _alone = alone();
    let Run {
        config,
        program,
        model,
        data,
        further_devices,
        ..
    } = large(CONFIG, 1e30);
    let run = Run {
        config,
        program,
        task: Detached,
        model,
        data,
        further_devices,
    };
    let folder = tempfile::tempdir().unwrap();
    let error = run.start(folder.path()).unwrap().run(&mut ()).unwrap_err();
    assert!(matches!(error, TrainingError::NoGradient { iteration: 0 }));
}

#[test]
fn a_score_that_is_not_given_is_named() {
    let _alone = alone();
    let config = CONFIG.replacen('{', r#"{"keep_best": {"metric": "AP"}, "#, 1);
    let folder = tempfile::tempdir().unwrap();
    let run = large(&config, 1.0);
    let error = run.start(folder.path()).unwrap().run(&mut ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "keep_best.metric: the task gives no score \"AP\"; it gives none"
    );
    // Found at the first validation only, which is after the first step: that is not lost.
    let saved = folder.path().join("checkpoints/step-00000001.safetensors");
    assert!(saved.is_file());
}

/// Data with a file that cannot be read at one batch of a pass.
struct Corrupt {
    inner: InMemory<Batch>,
    at: Option<Place>,
}

impl TrainingData<Batch> for Corrupt {
    fn samples(&self) -> usize {
        self.inner.samples()
    }
    fn batch_size(&self) -> usize {
        self.inner.batch_size()
    }
    fn batches_in(&self, epoch: u64) -> Result<u64, TaskError> {
        self.inner.batches_in(epoch)
    }
    fn digest(&self) -> Result<u64, TaskError> {
        self.inner.digest()
    }
    fn start(&self, place: Place) -> Result<Batches<Batch>, TaskError> {
        let at = self.at;
        let batches = self.inner.start(place)?;
        Ok(Box::new(batches.map(move |batch| {
            let batch = batch?;
            if Some(batch.place) == at {
                return Err("img/7.jpg: truncated".into());
            }
            Ok(batch)
        })))
    }
}

#[test]
fn a_corrupt_file_stops_the_run_which_goes_on_once_it_is_mended() {
    let _alone = alone();
    let whole = tempfile::tempdir().unwrap();
    finish(run(CONFIG), whole.path());
    let folder = tempfile::tempdir().unwrap();
    let with = |at| Run {
        data: DataSets::new().with(
            "train",
            Corrupt {
                inner: InMemory::new(pictures(5, 4), 4),
                at,
            },
        ),
        ..run(CONFIG)
    };
    let place = Place { epoch: 1, batch: 2 };
    let mut trainer = with(Some(place)).start(folder.path()).unwrap();
    let error = trainer.run(&mut ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "data set \"train\", epoch 1, batch 2: img/7.jpg: truncated"
    );
    let again = trainer.step(&mut ()).unwrap_err();
    assert!(matches!(again, TrainingError::Failed), "{again}");
    drop(trainer);
    let mut trainer = with(None).resume(folder.path()).unwrap();
    assert_eq!(trainer.iteration(), 6);
    assert_eq!(trainer.run(&mut ()).unwrap(), Progress::Finished);
    drop(trainer);
    assert!(outcome(folder.path()) == outcome(whole.path()));
}

/// Data some of whose batches have no usable file, as a loader that skips bad files leaves out: the
/// last of every pass, and the whole second pass.
struct Gaps(InMemory<Batch>);

impl TrainingData<Batch> for Gaps {
    fn samples(&self) -> usize {
        self.0.samples()
    }
    fn batch_size(&self) -> usize {
        self.0.batch_size()
    }
    fn batches_in(&self, epoch: u64) -> Result<u64, TaskError> {
        self.0.batches_in(epoch)
    }
    fn digest(&self) -> Result<u64, TaskError> {
        self.0.digest()
    }
    fn start(&self, place: Place) -> Result<Batches<Batch>, TaskError> {
        Ok(Box::new(self.0.start(place)?.filter(|batch| {
            let usable = |place: Place| place.batch != 4 && place.epoch != 1;
            batch.as_ref().map_or(true, |batch| usable(batch.place))
        })))
    }
}

#[test]
fn passes_end_where_their_last_batches_are_left_out() {
    let _alone = alone();
    let config = r#"{"phases": [
        {"name": "a", "data": "train", "duration": {"epochs": 3}, "rate": 0.05, "batches_per_step": 3},
        {"name": "b", "data": "train", "duration": {"epochs": 1}, "rate": 0.05}],
        "checkpoint_every": {"iterations": 1}}"#;
    let with = || Run {
        data: DataSets::new().with("train", Gaps(InMemory::new(pictures(5, 4), 4))),
        ..run(config)
    };
    let whole = tempfile::tempdir().unwrap();
    let mut trainer = with().start(whole.path()).unwrap();
    trainer.run(&mut ()).unwrap();
    // Passes 0 and 2 of four batches, three and one to a step; pass 3 of four steps.
    assert_eq!(trainer.iteration(), 2 + 2 + 4);
    drop(trainer);
    let expected = outcome(whole.path());
    let epochs: Vec<&str> = expected
        .1
        .lines()
        .filter(|line| line.contains("scores"))
        .collect();
    assert_eq!(epochs.len(), 3, "{epochs:?}");
    for stop in 1..=8 {
        let folder = tempfile::tempdir().unwrap();
        let mut trainer = with().start(folder.path()).unwrap();
        for _ in 0..stop {
            trainer.step(&mut ()).unwrap();
        }
        drop(trainer);
        let mut trainer = with().resume(folder.path()).unwrap();
        trainer.run(&mut ()).unwrap();
        drop(trainer);
        assert_eq!(outcome(folder.path()).1, expected.1, "stopped after {stop}");
        assert!(outcome(folder.path()) == expected, "stopped after {stop}");
    }
}

#[test]
fn a_folder_belongs_to_one_run() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut trainer = run(CONFIG).start(folder.path()).unwrap();
    let message = |run: Run<Classify>, resume: bool| {
        let trainer = if resume {
            run.resume(folder.path())
        } else {
            run.start(folder.path())
        };
        trainer.unwrap_err().to_string()
    };
    assert!(message(run(CONFIG), true).contains("another process trains here"));
    for _ in 0..4 {
        trainer.step(&mut ()).unwrap();
    }
    drop(trainer);
    assert!(message(run(CONFIG), false).contains("holds a run already; resume it"));
    let other = CONFIG.replace("0.05", "0.04");
    assert!(
        message(run(&other), true)
            .contains("this run was begun with training.phases[0].rate = 0.05, now it is 0.04")
    );
    let data = DataSets::new().with("train", InMemory::new(pictures(6, 4), 4));
    let other = Run {
        data,
        ..run(CONFIG)
    };
    assert!(message(other, true).contains("begun with other data under \"train\""));

    // Half a checkpoint, as no crash of ours leaves it.
    let newest = folder.path().join("checkpoints/step-00000004.safetensors");
    let bytes = std::fs::read(&newest).unwrap();
    std::fs::write(&newest, &bytes[..bytes.len() / 2]).unwrap();
    assert!(message(run(CONFIG), true).contains("damaged"));
    std::fs::remove_file(&newest).unwrap();
    let trainer = finish(run(CONFIG), folder.path());
    assert_eq!(trainer.iteration(), 10);
}

#[test]
fn a_checkpoint_of_another_model_is_refused_with_names() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let trainer = finish(run(CONFIG), folder.path());
    let path = trainer.folder().checkpoints().unwrap().pop().unwrap().path;
    let layer = burn::nn::LinearConfig::new(8, 3).init(&test_device());
    let names = ["head.weight", "head.extra"].map(str::to_owned);
    let error = wardrobe_training::load_weights(layer, &names, path).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("head.extra is missing"), "{message}");
    assert!(
        message.contains("model/conv.weight is not in the model"),
        "{message}"
    );
}
