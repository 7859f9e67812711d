//! FashionAI's labels, questions and submissions.

use std::path::Path;

use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::fashionai::{
    Dimension, Prediction, Question, read_labels, read_labels_from, read_questions,
    read_questions_from, read_submission, read_submission_from, vocabulary, write_labels,
    write_questions, write_submission,
};
use wardrobe_datasets::sample::{BBox, Judgement};

const LABELS: &str = "\
Images/collar_design_labels/60951f57.jpg,collar_design_labels,nynnn
Images/skirt_length_labels/0a1b.jpg,skirt_length_labels,nmymnn
Images/collar_design_labels/60951f57.jpg,neck_design_labels,ynnnn
";

#[test]
fn letters_become_judgements_of_their_dimension_alone() {
    let data = read_labels_from(LABELS.as_bytes(), Path::new("label.csv"), Mode::Strict)
        .unwrap()
        .value;
    assert_eq!(data.attributes, vocabulary());
    // The collar picture is asked about twice and is one record.
    assert_eq!(data.records.len(), 2);
    let collar = &data.records[0].objects[0].attributes;
    assert_eq!(collar.len(), 54);
    // Values before collar design: skirt 6 + coat 8 = 14; before neck design: + collar 5 + lapel 5 = 24.
    assert_eq!(collar.with(Judgement::Yes).collect::<Vec<_>>(), [15, 24]);
    assert_eq!(
        collar.with(Judgement::No).collect::<Vec<_>>(),
        [14, 16, 17, 18, 25, 26, 27, 28]
    );
    let skirt = &data.records[1].objects[0].attributes;
    assert_eq!(skirt.with(Judgement::Yes).collect::<Vec<_>>(), [2]);
    assert_eq!(skirt.with(Judgement::Maybe).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(skirt.with(Judgement::Unknown).count(), 48);
}

#[test]
fn bad_labels_name_file_and_line() {
    let row = "Images/skirt_length_labels/0a1b.jpg,skirt_length_labels,nmymnn";
    for (wrong, found) in [
        (
            "a.jpg,skirt_length_labels",
            "has 2 columns, expected 3: path,key,letters",
        ),
        ("a.jpg,skirt_length_labels,nmymnn,1", "has 4 columns"),
        ("a.jpg,skirt_size,nmymnn", "`skirt_size` is no dimension"),
        (
            "a.jpg,skirt_length_labels,nmymn",
            "`nmymn` has 5 letters, skirt_length_labels has 6 values",
        ),
        (
            "a.jpg,skirt_length_labels,nmYmnn",
            "`nmYmnn` has a letter other than y, m and n",
        ),
        (
            "a.jpg,skirt_length_labels,nnnnnn",
            "`nnnnnn` has 0 y, expected exactly one",
        ),
        (
            "a.jpg,skirt_length_labels,nyynnn",
            "`nyynnn` has 2 y, expected exactly one",
        ),
        (
            "../a.jpg,skirt_length_labels,nmymnn",
            "`../a.jpg` is no path below the picture folder",
        ),
        (",skirt_length_labels,nmymnn", "names no picture"),
        (
            "Images/collar_design_labels/60951f57.jpg,collar_design_labels,ynnnn",
            "the picture `Images/collar_design_labels/60951f57.jpg` already has collar_design_labels on a line above",
        ),
    ] {
        let text = LABELS.replace(row, wrong);
        let read = |mode| read_labels_from(text.as_bytes(), Path::new("label.csv"), mode);
        let message = read(Mode::Strict).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("label.csv, line 2: {found}")),
            "{message}"
        );
        let lenient = read(Mode::Lenient).unwrap();
        assert_eq!(
            (lenient.skipped.count(), lenient.value.records.len()),
            (1, 1)
        );
        assert_eq!(lenient.skipped.first()[0].to_string(), message);
    }
    let message = read_labels_from(&b""[..], Path::new("label.csv"), Mode::Strict)
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("label.csv: is empty: expected a row for each picture"),
        "{message}"
    );
}

#[test]
fn labels_written_read_back() {
    let data = read_labels_from(LABELS.as_bytes(), Path::new(""), Mode::Strict)
        .unwrap()
        .value;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("base/Annotations/label.csv");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    assert!(write_labels(&data, &file).unwrap().is_empty());
    for mode in [Mode::Strict, Mode::Lenient] {
        let mut read = read_labels(&file, None, mode).unwrap();
        assert_eq!(read.skipped.count(), 0);
        assert_eq!(read.value.root, folder.path().join("base"));
        read.value.root = data.root.clone();
        assert_eq!(read.value, data);
    }
}

#[test]
fn what_labels_cannot_hold_is_counted() {
    let mut data = read_labels_from(LABELS.as_bytes(), Path::new(""), Mode::Strict)
        .unwrap()
        .value;
    data.records[0].objects[0]
        .attributes
        .set(14, Judgement::Unknown);
    data.records[1].objects[0].bbox = Some(BBox::new(0.0, 0.0, 1.0, 1.0));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("label.csv");
    let losses = write_labels(&data, &file).unwrap();
    assert_eq!(
        losses.to_string(),
        "1 × box of an object, 1 × dimension without exactly one yes and the others judged"
    );
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            LABELS.lines().nth(2).unwrap(),
            LABELS.lines().nth(1).unwrap()
        ]
    );
}

#[test]
fn questions_written_read_back_and_bad_ones_are_named() {
    let text = "Images/a.jpg,pant_length_labels,\nImages/a.jpg,coat_length_labels\n";
    let questions = read_questions_from(text.as_bytes(), Path::new("question.csv"), Mode::Strict)
        .unwrap()
        .value;
    let question = |dimension| Question {
        path: "Images/a.jpg".into(),
        dimension,
    };
    assert_eq!(
        questions,
        [
            question(Dimension::PantLength),
            question(Dimension::CoatLength)
        ]
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("question.csv");
    write_questions(&questions, &file).unwrap();
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "Images/a.jpg,pant_length_labels,\nImages/a.jpg,coat_length_labels,\n"
    );
    assert_eq!(
        read_questions(&file, Mode::Strict).unwrap().value,
        questions
    );
    for (text, found) in [
        (
            "a.jpg,pant_length_labels,nynnnn\n",
            "question.csv, line 1: `nynnnn` is an answer",
        ),
        (
            "a.jpg,pant_length_labels,\na.jpg,pant_length_labels,\n",
            "question.csv, line 2: the picture `a.jpg` already has pant_length_labels",
        ),
        ("a.jpg\n", "question.csv, line 1: has 1 columns"),
    ] {
        let message = read_questions_from(text.as_bytes(), Path::new("question.csv"), Mode::Strict)
            .unwrap_err()
            .to_string();
        assert!(message.starts_with(found), "{message}");
    }
}

#[test]
fn submissions_keep_every_bit() {
    let probabilities = vec![0.1_f32, 1.0, 0.0, f32::MIN_POSITIVE, 1.0 / 3.0];
    let predictions = vec![
        Prediction {
            path: "Images/a, b.jpg".into(),
            dimension: Dimension::CollarDesign,
            probabilities,
        },
        Prediction {
            path: "Images/a, b.jpg".into(),
            dimension: Dimension::PantLength,
            probabilities: vec![0.5; 6],
        },
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("submission.csv");
    write_submission(&predictions, &file).unwrap();
    for mode in [Mode::Strict, Mode::Lenient] {
        let read = read_submission(&file, mode).unwrap();
        assert_eq!((read.skipped.count(), read.value), (0, predictions.clone()));
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.ends_with("pant_length_labels,0.5;0.5;0.5;0.5;0.5;0.5\n"),
        "{text}"
    );
}

#[test]
fn bad_submissions_are_named() {
    for (text, found) in [
        (
            "a.jpg,neck_design_labels,0.1;0.2;0.3;0.4",
            "has 4 probabilities, neck_design_labels has 5 values",
        ),
        (
            "a.jpg,neck_design_labels,0.1;0.2;0.3;0.4;NaN",
            "`NaN` is no probability: expected 0 to 1",
        ),
        (
            "a.jpg,neck_design_labels,0.1;0.2;0.3;0.4;1.5",
            "`1.5` is no probability",
        ),
        (
            "a.jpg,neck_design_labels,0.1;0.2;;0.4;0.5",
            "`` is no probability",
        ),
        ("a.jpg,neck_design_labels,", "`` is no probability"),
    ] {
        let read = |mode| read_submission_from(text.as_bytes(), Path::new("answer.csv"), mode);
        let message = read(Mode::Strict).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("answer.csv, line 1: {found}")),
            "{message}"
        );
        assert_eq!(read(Mode::Lenient).unwrap().skipped.count(), 1);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answer.csv");
    for (probabilities, found) in [
        (
            vec![0.5; 4],
            "prediction 1 (`a.jpg`) has 4 probabilities; neck_design_labels has 5 values",
        ),
        (
            vec![0.5, 0.5, f32::NAN, 0.0, 0.0],
            "prediction 1 (`a.jpg`) has the probability NaN; expected 0 to 1",
        ),
    ] {
        let prediction = Prediction {
            path: "a.jpg".into(),
            dimension: Dimension::NeckDesign,
            probabilities,
        };
        let message = write_submission(&[prediction], &file)
            .unwrap_err()
            .to_string();
        assert!(message.contains(found), "{message}");
        assert!(!file.exists());
    }
}
