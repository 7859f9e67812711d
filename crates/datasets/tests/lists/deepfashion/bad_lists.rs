//! Lists that are wrong as a whole: heads, vocabularies.

use wardrobe_datasets::formats::Mode;
use wardrobe_datasets::formats::deepfashion::{List, read_lists};
use wardrobe_datasets::sample::Judgement;

use super::fixture::{ATTRIBUTES, BOXES, CATEGORIES, bad, lists, strict};

#[test]
fn bad_vocabularies_name_file_and_line_and_shift_nothing() {
    let (message, lenient) = bad(
        List::Attributes,
        &ATTRIBUTES.replace("classic collarless 4", "classic collarless 9"),
    );
    assert!(
        message.starts_with("list_attr_cloth.txt, line 5: `9` is no type: expected 1 to 5"),
        "{message}"
    );
    let data = lenient.loaded.value;
    assert_eq!(data.attributes.len(), 3);
    // Columns 1 -1 -1 1: chevron no, abstract yes, a-line yes; the third column is nobody's.
    assert_eq!(
        data.records[1].objects[0]
            .attributes
            .iter()
            .collect::<Vec<_>>(),
        [Judgement::No, Judgement::Yes, Judgement::Yes]
    );
    let (message, _) = bad(
        List::Attributes,
        &ATTRIBUTES.replace("abstract chevron print ", "abstract"),
    );
    assert!(
        message.contains("line 6: the attribute `abstract` is already on a line above"),
        "{message}"
    );
    let (message, _) = bad(
        List::Attributes,
        &ATTRIBUTES.replace("classic collarless 4", "4"),
    );
    assert!(
        message.contains("`4` is one word: expected the name of the attribute and its type"),
        "{message}"
    );

    // A category left out keeps the labels after it, and its pictures stay without one.
    let (message, lenient) = bad(
        List::Categories,
        &CATEGORIES.replace("Button-Down 1", "Button-Down 7"),
    );
    assert!(
        message.starts_with(
            "list_category_cloth.txt, line 4: `7` is no type: expected 1 (upper), 2 (lower) or 3"
        ),
        "{message}"
    );
    let data = lenient.loaded.value;
    let categories: Vec<_> = data
        .records
        .iter()
        .map(|record| record.objects[0].category)
        .collect();
    assert_eq!(categories, [Some(0), None, Some(1)]);
    assert_eq!(data.categories[1].id, 3);
    let second = lenient.loaded.skipped.first()[1].to_string();
    assert!(second.contains("list_category_img.txt, line 4: category 2 is on a line of the category list that was left out"), "{second}");
}

#[test]
fn bad_heads_name_file_and_line() {
    for (text, place, found) in [
        (
            String::new(),
            "",
            "is empty: expected a count, a header and rows",
        ),
        (
            "3\n".into(),
            "",
            "ends after line 1: expected a header and rows",
        ),
        (
            BOXES.replacen('3', "4", 1),
            ", line 1",
            "announces 4 rows, the file has 3",
        ),
        (
            BOXES.replacen('3', "-3", 1),
            ", line 1",
            "`-3` is no count of rows",
        ),
        (
            BOXES.replacen("image_name  x_1 y_1 x_2 y_2\n", "", 1),
            ", line 2",
            "is no header: expected one that begins with `image_name`",
        ),
        (
            BOXES.replace("img/Blue", "\nimg/Blue"),
            ", line 5",
            "is blank",
        ),
    ] {
        let (message, lenient) = bad(List::Boxes, &text);
        assert!(
            message.starts_with(&format!("list_bbox.txt{place}: {found}")),
            "{message}"
        );
        let boxes = lenient
            .loaded
            .value
            .records
            .iter()
            .filter(|record| record.objects[0].bbox.is_some())
            .count();
        assert_eq!(boxes, if text.len() < 3 { 0 } else { 3 }, "{message}");
    }
}

#[test]
fn attributes_without_their_names_are_a_finding() {
    let without = || lists().without(List::Attributes);
    let message = strict(without()).unwrap_err().to_string();
    assert!(
        message.starts_with("list_attr_img.txt: has columns that no list_attr_cloth.txt names"),
        "{message}"
    );
    let lenient = read_lists(without(), Mode::Lenient).unwrap();
    assert_eq!(lenient.absent, [List::Attributes]);
    assert_eq!(lenient.loaded.skipped.count(), 1);
}
