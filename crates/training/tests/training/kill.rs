//! Processes that end as processes do: killed, out of disk, with other thread counts.
#![cfg(unix)]

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{alone, outcome, run};

/// Where the child trains.
const FOLDER: &str = "WARDROBE_TRAINING_CHILD_FOLDER";

const CONFIG: &str = r#"{"phases": [
    {"name": "a", "data": "train", "duration": {"epochs": 6}, "rate": 0.05, "average": {"decay": 0.9}},
    {"name": "b", "data": "more", "duration": {"epochs": 6}, "rate": 0.001, "optimiser": {"adam": {}}}],
    "checkpoint_every": {"iterations": 3}, "keep_best": {"metric": "accuracy"}}"#;

/// The process the other tests start; alone it does nothing.
#[test]
fn child() {
    let _alone = alone();
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let mut trainer = run(CONFIG).resume(folder).unwrap();
    if let Err(error) = trainer.run(&mut ()) {
        panic!("{error}");
    }
}

/// This binary again, for one test, perhaps through a shell that sets limits first.
fn command(folder: &Path, limits: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("{limits} exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args(["kill::child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn lines(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("metrics.jsonl")).map_or(0, |log| log.lines().count())
}

/// Waits until the log has this many lines or the process has ended.
fn wait_for(child: &mut Child, folder: &Path, wanted: usize) {
    while lines(folder) < wanted && child.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn killed_at_any_moment_and_resumed() {
    let whole = tempfile::tempdir().unwrap();
    assert!(command(whole.path(), "").status().unwrap().success());
    let expected = outcome(whole.path());
    let best = |folder: &Path| std::fs::read(folder.join("checkpoints/best.safetensors")).unwrap();
    let total = expected.1.lines().count();
    // 30 + 18 steps and 12 validations.
    assert_eq!(total, 60);

    let folder = tempfile::tempdir().unwrap();
    let mut kills = 0;
    // Killed seven times in one run, at lines that fall on steps, validations and checkpoints.
    for wanted in [1, 4, 7, 13, 30, 37, 55] {
        let mut child = command(folder.path(), "").spawn().unwrap();
        wait_for(&mut child, folder.path(), wanted);
        // SIGKILL: nothing of the process's own runs any more.
        child.kill().unwrap();
        kills += usize::from(!child.wait().unwrap().success());
    }
    assert!(kills > 0, "every child was done before it could be killed");
    assert!(command(folder.path(), "").status().unwrap().success());
    assert!(outcome(folder.path()) == expected);
    assert!(best(folder.path()) == best(whole.path()));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let outcomes = ["1", "3"].map(|threads| {
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(folder.path(), "");
        let status = command.env("RAYON_NUM_THREADS", threads).status().unwrap();
        assert!(status.success());
        outcome(folder.path())
    });
    assert!(outcomes[0] == outcomes[1]);
}

#[test]
fn a_full_disk_leaves_the_last_checkpoint_whole() {
    let whole = tempfile::tempdir().unwrap();
    assert!(command(whole.path(), "").status().unwrap().success());

    // Files may grow to 4 blocks of 512 bytes (1024 in some shells): the log's first steps fit, a checkpoint never.
    let folder = tempfile::tempdir().unwrap();
    let limits = "ulimit -f 4; trap '' XFSZ;";
    let output = command(folder.path(), limits).output().unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("cannot write"), "{message}");
    assert!(
        message.contains("checkpoints/step-00000003.safetensors"),
        "{message}"
    );
    assert!(
        message.contains("the last checkpoint is whole"),
        "{message}"
    );
    let left: Vec<_> = std::fs::read_dir(folder.path().join("checkpoints"))
        .unwrap()
        .collect();
    assert!(left.is_empty(), "{left:?}");

    // With checkpoints there already, and room for the log to grow by a little only.
    let mut child = command(folder.path(), "").spawn().unwrap();
    wait_for(&mut child, folder.path(), 20);
    child.kill().unwrap();
    child.wait().unwrap();
    let output = command(folder.path(), limits).output().unwrap();
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("cannot write"), "{message}");

    // The disk has room again.
    assert!(command(folder.path(), "").status().unwrap().success());
    assert!(outcome(folder.path()) == outcome(whole.path()));
}
