//! Which pictures a subset has.

use std::collections::BTreeMap;

use wardrobe_datasets::sample::Split;
use wardrobe_datasets::subsets::SubsetSpec;

use super::source::{CATEGORIES, draw, kid, paths, source, voc};

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
