//! What kind of file this is, by its first and last bytes.
//!
//! A COCO file has hundreds of megabytes and its lists in any order, so the two ends have to do: what
//! an annotation or a category looks like stands at one of them at least.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::formats::Format;
use crate::formats::fashionai::Dimension;

/// Bytes looked at, at either end.
const END: u64 = 64 << 10;

/// What a file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A whole part of a data set.
    Part(Format),
    /// FashionAI's test: pictures and what is asked of them.
    Questions,
    /// One picture's annotation of such a data set.
    Picture(Format),
    /// Something else, in words.
    Other(&'static str),
}

/// Looks at a file's ends; what it can be follows from its extension.
pub(super) fn look_at(path: &Path) -> io::Result<Kind> {
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    let kind: fn(&[u8], &[u8]) -> Kind = match extension.as_str() {
        "json" => json,
        "csv" => |head, _| csv(head),
        "xml" => |head, _| xml(head),
        _ => return Ok(Kind::Other("not JSON, CSV or XML by its name")),
    };
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut head = Vec::new();
    file.by_ref().take(END).read_to_end(&mut head)?;
    let mut tail = Vec::new();
    if length > END {
        file.seek(SeekFrom::Start((length - END).max(END)))?;
        file.take(END).read_to_end(&mut tail)?;
    }
    if head.trim_ascii().is_empty() {
        return Ok(Kind::Other("empty"));
    }
    Ok(kind(&head, &tail))
}

fn json(head: &[u8], tail: &[u8]) -> Kind {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match head.trim_ascii_start().first() {
        Some(b'{') => {}
        Some(b'[') => return Kind::Other("a JSON list, such as COCO results"),
        _ => return Kind::Other("not JSON"),
    }
    let has = |key: &str| [head, tail].iter().any(|&text| has_key(text, key, None));
    let has_list = |key: &str| {
        [head, tail]
            .iter()
            .any(|&text| has_key(text, key, Some(b'[')))
    };
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    if has("shapes") && any(&["imagePath", "imageData", "imageHeight", "shape_type"]) {
        return Kind::Picture(Format::Labelme);
    }
    if has("item1") || (has("source") && has("pair_id")) {
        return Kind::Picture(Format::DeepFashion2);
    }
    if has("caption") {
        return Kind::Other("COCO captions");
    }
    if has("segments_info") {
        return Kind::Other("COCO panoptic segments");
    }
    let annotated = any(&["annotations", "bbox", "segmentation", "iscrowd"]);
    if !annotated && has_list("images") {
        return Kind::Other("COCO pictures without annotations");
    }
    if !annotated || !any(&["images", "file_name", "image_id", "categories"]) {
        return Kind::Other("JSON of no format known here");
    }
    // CVAT's COCO files have `attributes` too, an object in each annotation.
    if has("attribute_ids") || has_list("attributes") {
        Kind::Part(Format::Fashionpedia)
    } else if has("keypoints") {
        Kind::Part(Format::CocoKeypoints)
    } else {
        Kind::Part(Format::CocoInstances)
    }
}

/// Whether `"key":` occurs, before `value` if one is given.
///
/// Where a text begins in the middle of a file nobody knows what is inside quotes; a key, its quotes
/// and its colon tell themselves.
fn has_key(text: &[u8], key: &str, value: Option<u8>) -> bool {
    let quoted = format!("\"{key}\"");
    memchr::memmem::find_iter(text, quoted.as_bytes()).any(|at| {
        let rest = text[at + quoted.len()..].trim_ascii_start();
        let Some(rest) = rest.strip_prefix(b":") else {
            return false;
        };
        value.is_none() || rest.trim_ascii_start().first() == value.as_ref()
    })
}

/// By the first row.
fn csv(head: &[u8]) -> Kind {
    const OTHER: Kind = Kind::Other("CSV without a dimension of FashionAI in its second column");
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut lines = head.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let Some(row) = lines.find(|line| !line.is_empty()) else {
        return OTHER;
    };
    let fields: Vec<&[u8]> = row.split(|&byte| byte == b',').collect();
    let dimension = fields.get(1).and_then(|key| std::str::from_utf8(key).ok());
    if dimension
        .map(str::trim)
        .and_then(Dimension::from_key)
        .is_none()
    {
        return OTHER;
    }
    match fields.get(2).copied() {
        None | Some(b"") => Kind::Questions,
        Some(answer) if answer.contains(&b';') => Kind::Other("a submission to FashionAI"),
        Some(_) => Kind::Part(Format::FashionAi),
    }
}

fn xml(head: &[u8]) -> Kind {
    if memchr::memmem::find(head, b"<annotation").is_some() {
        Kind::Picture(Format::Voc)
    } else {
        Kind::Other("XML without <annotation>")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(text: &str) -> Kind {
        json(text.as_bytes(), b"")
    }

    #[test]
    fn json_is_told_by_its_keys() {
        for (text, kind) in [
            (
                r#"{"images": [{"file_name": "a.jpg"}], "annotations": [{"bbox": []}], "categories": []}"#,
                Kind::Part(Format::CocoInstances),
            ),
            (
                r#"{"images": [], "annotations": [], "categories": [{"keypoints": ["nose"]}]}"#,
                Kind::Part(Format::CocoKeypoints),
            ),
            (
                r#"{"images": [], "annotations": [{"attribute_ids": [1]}], "attributes": []}"#,
                Kind::Part(Format::Fashionpedia),
            ),
            // As CVAT writes it.
            (
                r#"{"images": [], "annotations": [{"attributes": {"occluded": false}}]}"#,
                Kind::Part(Format::CocoInstances),
            ),
            (
                r#"{"shapes": [], "imagePath": "a.jpg"}"#,
                Kind::Picture(Format::Labelme),
            ),
            (
                r#"{"source": "user", "pair_id": 1}"#,
                Kind::Picture(Format::DeepFashion2),
            ),
            (
                r#"{"images": [], "annotations": [{"image_id": 1, "caption": "a \"bbox\" of it"}]}"#,
                Kind::Other("COCO captions"),
            ),
            (
                r#"{"images": [{"file_name": "a.jpg"}], "categories": []}"#,
                Kind::Other("COCO pictures without annotations"),
            ),
            ("[]", Kind::Other("a JSON list, such as COCO results")),
            ("nonsense", Kind::Other("not JSON")),
            (
                r#"{"text": "\"bbox\" and images"}"#,
                Kind::Other("JSON of no format known here"),
            ),
        ] {
            assert_eq!(of(text), kind, "{text}");
        }
    }

    #[test]
    fn rows_tell_labels_questions_and_submissions() {
        for (text, kind) in [
            (
                "\n Images/a.jpg , collar_design_labels,nynnn\r\n",
                Kind::Part(Format::FashionAi),
            ),
            ("Tests/a.jpg,coat_length_labels,\n", Kind::Questions),
            ("Tests/a.jpg,coat_length_labels\n", Kind::Questions),
            (
                "Tests/a.jpg,coat_length_labels,0.5;0.5",
                Kind::Other("a submission to FashionAI"),
            ),
        ] {
            assert_eq!(csv(text.as_bytes()), kind, "{text}");
        }
        assert!(matches!(csv(b"name,age\nx,3\n"), Kind::Other(_)));
    }

    #[test]
    fn both_ends_of_a_long_file_are_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long.json");
        let images = r#"{"file_name": "a.jpg"},"#.repeat(20_000);
        let text = format!(
            r#"{{"images": [{images} {{}}], "annotations": [{images} {{}}], "categories": [{{"keypoints": []}}]}}"#
        );
        assert!(text.len() as u64 > 4 * END);
        std::fs::write(&path, text).unwrap();
        // `annotations` stands in neither end; the categories do.
        assert!(matches!(look_at(&path).unwrap(), Kind::Other(_)));
        let with_box = images.replace("a.jpg\"", "a.jpg\", \"bbox\": []");
        let text = format!(
            r#"{{"images": [{images} {{}}], "annotations": [{with_box} {{}}], "categories": [{{"keypoints": []}}]}}"#
        );
        std::fs::write(&path, text).unwrap();
        assert_eq!(look_at(&path).unwrap(), Kind::Part(Format::CocoKeypoints));
    }
}
