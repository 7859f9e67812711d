//! Subsets of a generated DeepFashion of 50 categories with uneven counts.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wardrobe_datasets::DecodeLimits;
use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{landmark_schemas, read, write};
use wardrobe_datasets::sample::{BBox, Category, DataSet, ImageFile, Object, Record, Split};
use wardrobe_datasets::subsets::{
    Arrangement, Manifest, PictureCheck, Placement, SelectOptions, Selection, SplitRule,
    SubsetError, SubsetSpec, place, select,
};

/// DeepFashion's 50 categories in the order of their labels: 20 upper, 16 lower, 14 full.
const CATEGORIES: [&str; 50] = [
    "Anorak",
    "Blazer",
    "Blouse",
    "Bomber",
    "Button-Down",
    "Cardigan",
    "Flannel",
    "Halter",
    "Henley",
    "Hoodie",
    "Jacket",
    "Jersey",
    "Parka",
    "Peacoat",
    "Poncho",
    "Sweater",
    "Tank",
    "Tee",
    "Top",
    "Turtleneck",
    "Capris",
    "Chinos",
    "Culottes",
    "Cutoffs",
    "Gauchos",
    "Jeans",
    "Jeggings",
    "Jodhpurs",
    "Joggers",
    "Leggings",
    "Sarong",
    "Shorts",
    "Skirt",
    "Sweatpants",
    "Sweatshorts",
    "Trunks",
    "Caftan",
    "Cape",
    "Coat",
    "Coverup",
    "Dress",
    "Jumpsuit",
    "Kaftan",
    "Kimono",
    "Nightdress",
    "Onesie",
    "Robe",
    "Romper",
    "Shirtdress",
    "Sundress",
];

/// Pictures of a category: 12 to 20 of those the paper takes, none to 6 of the others.
fn count(category: usize) -> usize {
    let of_paper = wardrobe_datasets::subsets::PAPER_A_CATEGORIES
        .iter()
        .any(|name| CATEGORIES[category].starts_with(name));
    if of_paper && !CATEGORIES[category].starts_with("Sweatshorts") {
        12 + category % 9
    } else {
        category % 7
    }
}

/// Lists and pictures in a folder.
fn tree(folder: &Path) {
    let kind = |category: usize| {
        if category < 20 {
            "upper"
        } else if category < 36 {
            "lower"
        } else {
            "full"
        }
    };
    let mut data = DataSet {
        categories: (0..50)
            .map(|index| Category {
                name: CATEGORIES[index].into(),
                group: Some(kind(index).into()),
                id: index as u32 + 1,
            })
            .collect(),
        landmark_schemas: landmark_schemas(),
        ..DataSet::default()
    };
    for (category, name) in CATEGORIES.iter().enumerate() {
        for number in 1..=count(category) {
            let path = format!("img/Plain_{name}/img_{number:08}.png");
            let file = folder.join("Img").join(&path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            let pixels = [category as u8, number as u8, 90].repeat(4 * 3);
            // Not `save_picture`, which waits for the disk after each of thousands.
            image::RgbImage::from_raw(4, 3, pixels)
                .unwrap()
                .save(file)
                .unwrap();
            data.records.push(Record {
                image: ImageFile { path, size: None },
                objects: vec![Object {
                    category: Some(category as u32),
                    // The first picture of every category has no box.
                    bbox: (number > 1).then_some(BBox::new(0.0, 0.0, 3.0, 3.0)),
                    ..Object::default()
                }],
                split: Some(if number % 3 == 0 {
                    Split::Validation
                } else {
                    Split::Train
                }),
                ..Record::default()
            });
        }
    }
    assert!(write(&data, folder).unwrap().is_empty());
}

fn source(folder: &Path) -> DataSet {
    tree(folder);
    read(folder, Mode::Strict).unwrap().loaded.value
}

fn kid(seed: u64) -> SubsetSpec {
    SubsetSpec {
        train: 9,
        validation: 3,
        ..SubsetSpec::deepfashionkid(seed)
    }
}

fn voc(seed: u64) -> SubsetSpec {
    SubsetSpec {
        train: 4,
        validation: 1,
        ..SubsetSpec::deepfashion_voc(seed)
    }
}

fn draw(data: &DataSet, spec: &SubsetSpec) -> Selection {
    select(data, spec, &SelectOptions::default()).unwrap()
}

fn paths(data: &DataSet, split: Split) -> BTreeSet<String> {
    data.of_split(split)
        .map(|record| record.image.path.clone())
        .collect()
}

#[test]
fn counts_are_exact_and_parts_disjoint() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    let subset = draw(&data, &kid(1)).data;
    assert_eq!(subset.records.len(), 20 * 12);
    let mut counts: BTreeMap<(u32, Split), usize> = BTreeMap::new();
    for record in &subset.records {
        *counts
            .entry((record.objects[0].category.unwrap(), record.split.unwrap()))
            .or_default() += 1;
    }
    let expected: BTreeMap<_, _> = (0..20)
        .flat_map(|category| {
            [
                ((category, Split::Train), 9),
                ((category, Split::Validation), 3),
            ]
        })
        .collect();
    assert_eq!(counts, expected);
    let (train, validation) = (
        paths(&subset, Split::Train),
        paths(&subset, Split::Validation),
    );
    assert_eq!((train.len(), validation.len()), (180, 60));
    assert!(train.is_disjoint(&validation));
    // Every picture is of the category it counts for; the paper's name, the source's label.
    for record in &subset.records {
        let category = &subset.categories[record.objects[0].category.unwrap() as usize];
        let source = CATEGORIES[category.id as usize - 1];
        assert!(
            record.image.path.contains(&format!("Plain_{source}/")),
            "{} {}",
            category.name,
            record.image.path
        );
    }
    let sweatpant = &subset.categories[16];
    assert_eq!((sweatpant.name.as_str(), sweatpant.id), ("Sweatpant", 34));
    // Sizes are known from here on, as Pascal VOC and COCO need them.
    assert!(
        subset
            .records
            .iter()
            .all(|record| record.image.size == Some([4, 3]))
    );
}

#[test]
fn the_draw_depends_on_the_seed_and_on_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut data = source(folder.path());
    let first = draw(&data, &kid(1)).data;
    data.records.reverse();
    assert_eq!(draw(&data, &kid(1)).data.records, first.records);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        assert_eq!(
            pool.install(|| draw(&data, &kid(1))).data.records,
            first.records
        );
    }
    assert_ne!(draw(&data, &kid(2)).data.records, first.records);
}

#[test]
fn a_subset_of_a_subset_keeps_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    let kid = draw(&data, &kid(1)).data;
    let voc_selection = draw(&kid, &voc(1));
    let voc_data = &voc_selection.data;
    assert_eq!(voc_data.records.len(), 20 * 5);
    assert!(paths(voc_data, Split::Train).is_subset(&paths(&kid, Split::Train)));
    assert!(paths(voc_data, Split::Validation).is_subset(&paths(&kid, Split::Validation)));
    assert!(
        voc_data
            .records
            .iter()
            .all(|record| record.objects[0].bbox.is_some())
    );
    // Tables 2 and 3 are about the same pictures.
    let mask = SubsetSpec {
        name: "deepfashionMask".into(),
        ..voc(1)
    };
    assert_eq!(
        SubsetSpec {
            train: 4,
            validation: 1,
            ..SubsetSpec::deepfashion_mask(1)
        },
        mask
    );
    assert_eq!(draw(&kid, &mask).data, *voc_data);
    // A larger draw has the smaller one in it.
    let less = SubsetSpec { train: 2, ..voc(1) };
    assert!(paths(&draw(&kid, &less).data, Split::Train).is_subset(&paths(voc_data, Split::Train)));
}

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

#[test]
fn a_file_that_differs_in_case_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let data = source(folder.path());
    std::fs::rename(
        data.root.join("img/Plain_Tee"),
        data.root.join("img/Plain_tee"),
    )
    .unwrap();
    let drawn = draw(&data, &kid(1)).data;
    assert_eq!(
        drawn
            .records
            .iter()
            .filter(|record| record.image.path.starts_with("img/Plain_tee/"))
            .count(),
        12
    );
}

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
