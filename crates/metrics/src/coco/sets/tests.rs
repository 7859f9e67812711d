#![allow(clippy::unwrap_used)]
use super::*;

fn truth_error(json: &str) -> String {
    CocoTruth::parse(json.as_bytes(), "t.json")
        .unwrap_err()
        .to_string()
}

fn results_error(json: &str) -> String {
    CocoDetections::parse(json.as_bytes(), "d.json")
        .unwrap_err()
        .to_string()
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let message = CocoTruth::read("no/such/val.json").unwrap_err().to_string();
    assert!(
        message.starts_with("no/such/val.json: cannot be read: "),
        "{message}"
    );
    let message = CocoDetections::read("no/such/d.json")
        .unwrap_err()
        .to_string();
    assert!(
        message.starts_with("no/such/d.json: cannot be read: "),
        "{message}"
    );
}

#[test]
fn text_that_is_not_json_is_named_with_its_place() {
    for json in ["", "[{\"image_id\": 1,"] {
        assert!(results_error(json).starts_with("d.json: is not JSON at line 1, column "));
    }
    let message = results_error("[\n{\"image_id\":1,\"category_id\":1,\"score\":NaN}]");
    assert!(
        message.contains("line 2, column 39: expected value; NaN and Infinity"),
        "{message}"
    );
}

#[test]
fn a_record_that_lacks_a_field_is_named() {
    let message =
        truth_error(r#"{"images":[{"id":1},{"width":3}],"categories":[],"annotations":[]}"#);
    assert!(
        message.starts_with("t.json: images[1]: missing field `id`; expected the COCO instances"),
        "{message}"
    );
    let message = truth_error(
        r#"{"images":[],"categories":[],"annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3],"area":3}]}"#,
    );
    assert!(
        message.contains("annotations[0]: invalid length 3"),
        "{message}"
    );
    let message = truth_error(
        r#"{"images":[],"categories":[],"annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3,4]}]}"#,
    );
    assert!(
        message.contains("annotations[0]: missing field `area`"),
        "{message}"
    );
    let message = results_error(r#"[{"image_id":1,"category_id":1}]"#);
    assert!(
        message.starts_with("d.json: [0]: missing field `score`"),
        "{message}"
    );
    let message = results_error(r#"[{"image_id":-1,"category_id":1,"score":1}]"#);
    assert!(
        message.contains("[0]: invalid value: integer `-1`"),
        "{message}"
    );
}

#[test]
fn other_formats_are_told() {
    assert!(truth_error("[]").contains("the whole: is no object"));
    assert!(truth_error(r#"{"images":[],"annotations":[]}"#).contains("categories: is missing"));
    assert!(truth_error(r#"{"images":{},"annotations":[]}"#).contains("images: is no list"));
    assert!(
        results_error("{}").contains("the whole: is no list; expected the COCO results format")
    );
}

#[test]
fn crowd_flags_are_0_or_1() {
    let of = |flag: &str| {
        let json = format!(
            r#"{{"images":[],"categories":[],"annotations":[{{"id":1,"image_id":1,"category_id":1,"bbox":[1,2,3,4],"area":3,"iscrowd":{flag}}}]}}"#
        );
        CocoTruth::parse(json.as_bytes(), "t.json").map(|truth| truth.annotations[0].iscrowd)
    };
    assert!(of("1").unwrap() && of("true").unwrap() && !of("0").unwrap());
    let message = of("2").unwrap_err().to_string();
    assert!(
        message.contains("annotations[0]: iscrowd is 2, expected 0 or 1"),
        "{message}"
    );
}
