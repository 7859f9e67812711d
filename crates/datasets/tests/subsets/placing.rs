//! Pictures in their places, and the manifest beside them.

use std::path::Path;

use wardrobe_datasets::DecodeLimits;
use wardrobe_datasets::sample::DataSet;
use wardrobe_datasets::subsets::{Arrangement, Manifest, Placement, SubsetError, place};

use super::source::{CATEGORIES, draw, kid, source};

fn build(
    data: &DataSet,
    target: &Path,
    placement: Placement,
    arrangement: &Arrangement,
) -> Result<(DataSet, Manifest), SubsetError> {
    let selection = draw(data, &kid(1));
    place(
        &selection,
        &kid(1),
        target,
        placement,
        arrangement,
        &DecodeLimits::default(),
    )?
    .finish()
}

#[test]
fn the_same_subset_twice_has_the_same_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    let mut manifests = Vec::new();
    for (number, placement) in [
        Placement::Copy,
        Placement::HardLink,
        Placement::SymbolicLink,
    ]
    .into_iter()
    .enumerate()
    {
        let target = folder.path().join(format!("subsets/kid-{number}"));
        let (subset, manifest) =
            build(&data, &target, placement, &Arrangement::FolderPerCategory).unwrap();
        assert_eq!(subset.root, target);
        assert_eq!(Manifest::read(&target).unwrap(), manifest);
        assert!(
            manifest
                .verify(&target, &DecodeLimits::default())
                .is_empty()
        );
        // Every record's picture is the one that was drawn: red is its category, green its number.
        for record in &subset.records {
            let picture = record
                .load(&subset.root, &DecodeLimits::default())
                .unwrap()
                .picture;
            let entry = manifest
                .pictures
                .iter()
                .find(|picture| picture.path == record.image.path)
                .unwrap();
            let number = format!("img_{:08}.png", picture.data()[1]);
            let category = CATEGORIES[usize::from(picture.data()[0])];
            assert_eq!(entry.source, format!("img/Plain_{category}/{number}"));
            assert_eq!(entry.split, record.split);
        }
        manifests.push(std::fs::read(target.join(Manifest::FILE_NAME)).unwrap());
    }
    assert_eq!(manifests[0], manifests[1]);
    assert_eq!(manifests[0], manifests[2]);
    let text = String::from_utf8(manifests.remove(0)).unwrap();
    assert!(!text.contains(folder.path().to_str().unwrap()));
    assert!(
        text.contains("\"name\": \"Sweatpant\",\n      \"source\": \"Sweatpants\""),
        "{text}"
    );
    // SHA-256 of no bytes, FIPS 180-4: the checksums are of the files' bytes.
    let target = folder.path().join("subsets/kid-0");
    let manifest = Manifest::read(&target).unwrap();
    std::fs::write(target.join(&manifest.pictures[3].path), b"").unwrap();
    std::fs::write(target.join(&manifest.pictures[4].path), b"abc").unwrap();
    let findings: Vec<String> = manifest
        .verify(&target, &DecodeLimits::default())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(findings.len(), 2);
    assert!(findings[0].contains("is empty (0 bytes)"), "{findings:?}");
    // FIPS 180-4, example of SHA-256("abc").
    assert!(
        findings[1].contains(
            "has SHA-256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        ),
        "{findings:?}"
    );
}

#[test]
fn pictures_lie_where_the_arrangement_says() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    let target = folder.path().join("kid");
    let (subset, _) = build(
        &data,
        &target,
        Placement::Copy,
        &Arrangement::FolderPerCategory,
    )
    .unwrap();
    assert_eq!(
        std::fs::read_dir(target.join("train/Sweatpant"))
            .unwrap()
            .count(),
        9
    );
    assert_eq!(
        std::fs::read_dir(target.join("validation/Dress"))
            .unwrap()
            .count(),
        3
    );
    assert_eq!(subset.records.len(), 240);
    let target = folder.path().join("voc");
    let (subset, _) = build(
        &data,
        &target,
        Placement::Copy,
        &Arrangement::Together("JPEGImages".into()),
    )
    .unwrap();
    assert_eq!(
        std::fs::read_dir(target.join("JPEGImages"))
            .unwrap()
            .count(),
        240
    );
    assert_eq!(subset.records[0].image.path, "JPEGImages/Blouse_00001.png");
}

#[test]
fn nothing_is_left_of_a_subset_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    let selection = draw(&data, &kid(1));
    let target = folder.path().join("subsets/kid");
    let arrangement = Arrangement::FolderPerCategory;
    let put = || {
        place(
            &selection,
            &kid(1),
            &target,
            Placement::Copy,
            &arrangement,
            &DecodeLimits::default(),
        )
    };
    let left = || {
        std::fs::read_dir(folder.path().join("subsets"))
            .unwrap()
            .count()
    };
    // Dropped before it is finished, as when a writer of annotations fails.
    let placed = put().unwrap();
    assert!(placed.data.root.join("train/Tee").is_dir() && !target.exists());
    drop(placed);
    assert_eq!(left(), 0);
    // A picture that vanished since it was drawn.
    let gone = data.root.join(&selection.data.records[77].image.path);
    let bytes = std::fs::read(&gone).unwrap();
    std::fs::remove_file(&gone).unwrap();
    assert!(matches!(put(), Err(SubsetError::Picture(_))));
    assert_eq!(left(), 0);
    std::fs::write(&gone, bytes).unwrap();
    // An older folder is not touched.
    std::fs::create_dir(&target).unwrap();
    std::fs::write(target.join("mine.txt"), "mine").unwrap();
    let message = put().unwrap_err().to_string();
    assert!(
        message.contains("subsets/kid: already exists; name a new folder"),
        "{message}"
    );
    assert_eq!(
        std::fs::read_to_string(target.join("mine.txt")).unwrap(),
        "mine"
    );
    assert_eq!(left(), 1);
}

#[test]
fn a_manifest_that_is_none_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(Manifest::FILE_NAME),
        "{\n  \"subset\": 3\n}",
    )
    .unwrap();
    let message = Manifest::read(folder.path()).unwrap_err().to_string();
    assert!(
        message.contains("manifest.json: is no manifest of a subset: invalid type: integer `3`")
            && message.contains("line 2"),
        "{message}"
    );
    // A manifest that points elsewhere is not followed.
    let picture = wardrobe_datasets::subsets::ManifestPicture {
        path: "../outside.png".into(),
        source: String::new(),
        category: "Tee".into(),
        split: None,
        bytes: 0,
        sha256: String::new(),
    };
    let manifest = Manifest {
        subset: kid(1),
        categories: Vec::new(),
        pictures: vec![picture],
    };
    let findings = manifest.verify(folder.path(), &DecodeLimits::default());
    assert!(
        findings[0]
            .to_string()
            .contains("is no path below the subset's folder")
    );
}
