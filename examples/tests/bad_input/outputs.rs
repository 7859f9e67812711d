//! Results that cannot be written.

use std::path::Path;
use std::process::Command;

use crate::common::{self, detect, detect_with, failure, files, picture, success};

#[test]
fn outputs_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    std::fs::create_dir(folder.path().join("results")).unwrap();
    let run = |output: [&str; 2]| {
        failure(
            detect_with(folder.path(), common::ARCH, Path::new("none.pth"))
                .arg("one.png")
                .args(output),
        )
    };
    let message = run(["--json", "no/such/folder/out.json"]);
    assert!(
        message.contains("no/such/folder/out.json: cannot be written"),
        "{message}"
    );
    let message = run(["--json", "results"]);
    assert!(
        message.contains("results: is a folder; name a file"),
        "{message}"
    );
    let message = run(["--draw", "one.png"]);
    assert!(
        message.contains("one.png: the folder cannot be made"),
        "{message}"
    );
    assert_eq!(files(folder.path()), ["one.png", "results"]);
}

#[test]
#[cfg(unix)]
fn a_full_disk_leaves_the_older_results() {
    let folder = tempfile::tempdir().unwrap();
    picture(folder.path(), "one.png", 64, 64);
    let mut plain = detect(folder.path());
    plain.args(["one.png", "--json", "out.json"]);
    success(&mut plain);
    let out = folder.path().join("out.json");
    let results = std::fs::read(&out).unwrap();

    // Files may grow to one block, of 512 bytes (1024 in some shells): the results are longer.
    assert!(results.len() > 1024, "{}", results.len());
    std::fs::write(&out, "older").unwrap();
    let mut full = Command::new("sh");
    full.arg("-c")
        .arg("ulimit -f 1; trap '' XFSZ; exec \"$0\" \"$@\"")
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(folder.path());
    let message = failure(&mut full);
    assert!(message.contains("out.json: cannot be written"), "{message}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "older");
    assert_eq!(files(folder.path()), ["one.png", "out.json"]);

    // The disk has room again.
    success(&mut plain);
    assert_eq!(std::fs::read(&out).unwrap(), results);
}
