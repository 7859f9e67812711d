//! Subsets that cannot be drawn say why.

use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::sample::Record;
use wardrobe_datasets::subsets::{PictureCheck, SelectOptions, SplitRule, SubsetSpec, select};

use super::source::{draw, kid, source};

#[test]
fn every_category_with_too_few_pictures_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    // Labels from 0: Blazer 1 has 12 + 1 % 9 = 13, Blouse 2 has 14; Halter 7 has 7 % 7 = 0.
    let spec = SubsetSpec {
        categories: ["Blouse", "Blazer", "Halter"].map(Into::into).into(),
        train: 12,
        validation: 2,
        ..kid(1)
    };
    let options = SelectOptions::default();
    let message = select(&data, &spec, &options).unwrap_err().to_string();
    assert_eq!(
        message,
        "`Blazer` has 13 pictures, 14 are needed; `Halter` has 0 pictures, 14 are needed; \
         ask for fewer pictures a category or leave the category out"
    );
    let boxed = SubsetSpec {
        needs_box: true,
        categories: vec!["Blouse".into()],
        ..spec.clone()
    };
    let message = select(&data, &boxed, &options).unwrap_err().to_string();
    assert!(
        message.starts_with("`Blouse` has 13 pictures, 14 are needed (1 more have no box)"),
        "{message}"
    );
    // Of 14 pictures those with numbers 3, 6, 9, 12 validate.
    let keep = SubsetSpec {
        splits: SplitRule::Keep,
        train: 1,
        validation: 5,
        ..boxed
    };
    let message = select(&data, &keep, &options).unwrap_err().to_string();
    assert!(
        message.starts_with("`Blouse` has 4 validation pictures, 5 are needed"),
        "{message}"
    );
}

#[test]
fn wrong_specifications_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    let categories = |names: &[&str]| SubsetSpec {
        categories: names.iter().map(ToString::to_string).collect(),
        ..kid(1)
    };
    for (spec, found) in [
        (
            categories(&["Blouse", "Frock"]),
            "the data set has no category `Frock`; it has Anorak, Blazer,",
        ),
        (
            categories(&[]),
            "the subset `deepfashionkid` has no category",
        ),
        (categories(&["Tee", "Tee"]), "names `Tee` twice"),
        (
            categories(&["Tee", "tees"]),
            "names the data set's category `Tee` twice, the second time as `tees`",
        ),
        (
            categories(&["../Tee"]),
            "has the category `../Tee`, which cannot name a folder",
        ),
        (
            SubsetSpec {
                train: 0,
                validation: 0,
                ..kid(1)
            },
            "has no picture of any category",
        ),
    ] {
        let message = select(&data, &spec, &SelectOptions::default())
            .unwrap_err()
            .to_string();
        assert!(message.contains(found), "{message}");
    }
}

#[test]
fn a_picture_that_cannot_be_read_is_an_error_or_replaced_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    // Blouse has 14 pictures; one becomes half a file, one is missing.
    let drawn = draw(&data, &kid(1)).data;
    let blouses: Vec<&Record> = drawn
        .records
        .iter()
        .filter(|record| record.image.path.contains("Blouse"))
        .collect();
    let file = |record: &Record| data.root.join(&record.image.path);
    let bytes = std::fs::read(file(blouses[0])).unwrap();
    std::fs::write(file(blouses[0]), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::remove_file(file(blouses[1])).unwrap();
    let options = |mode| SelectOptions {
        mode,
        check: PictureCheck::Decode,
        ..SelectOptions::default()
    };
    let message = select(&data, &kid(1), &options(Mode::Strict))
        .unwrap_err()
        .to_string();
    assert!(message.contains("Plain_Blouse"), "{message}");
    let lenient = select(&data, &kid(1), &options(Mode::Lenient)).unwrap();
    assert_eq!(
        (lenient.data.records.len(), lenient.skipped.count()),
        (240, 2)
    );
    assert!(lenient.skipped.first().iter().all(|finding| {
        finding
            .to_string()
            .ends_with("the next picture was drawn instead")
    }));
    let all = SubsetSpec {
        train: 11,
        ..kid(1)
    };
    let message = select(&data, &all, &options(Mode::Lenient))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("`Blouse` has 12 pictures, 14 are needed (2 more cannot be read)"),
        "{message}"
    );
}
