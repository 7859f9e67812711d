//! Names of classes by label. Label 0 is the background and has no name.

use std::collections::HashMap;
use std::path::Path;

use crate::error::CategoryError;

/// The COCO 2017 "thing" classes by COCO id, as in torchvision 0.24's `COCO_V1` weights: 91 labels,
/// of which 0 is the background and ten, written `N/A`, belong to classes that COCO dropped and no
/// annotation uses.
pub const COCO_91: [&str; 91] = [
    "__background__",
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "N/A",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "N/A",
    "backpack",
    "umbrella",
    "N/A",
    "N/A",
    "handbag",
    "tie",
    "suitcase",
    "frisbee",
    "skis",
    "snowboard",
    "sports ball",
    "kite",
    "baseball bat",
    "baseball glove",
    "skateboard",
    "surfboard",
    "tennis racket",
    "bottle",
    "N/A",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "sandwich",
    "orange",
    "broccoli",
    "carrot",
    "hot dog",
    "pizza",
    "donut",
    "cake",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "N/A",
    "dining table",
    "N/A",
    "N/A",
    "toilet",
    "N/A",
    "tv",
    "laptop",
    "mouse",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "N/A",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
    "hair drier",
    "toothbrush",
];

/// The name of each label from 1; the background is not stored.
///
/// ```
/// use wardrobe_datasets::CategoryNames;
/// assert_eq!(CategoryNames::for_count(91).name(1), "person");
/// assert_eq!(CategoryNames::for_count(14).name(13), "class_13");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryNames {
    names: Vec<String>,
}

impl CategoryNames {
    /// The names a model with `num_classes` labels (background included) has when nothing else is
    /// known: COCO's for 91, otherwise `class_1`, `class_2` …
    pub fn for_count(num_classes: usize) -> Self {
        let names = if num_classes == COCO_91.len() {
            COCO_91[1..].iter().map(ToString::to_string).collect()
        } else {
            (1..num_classes)
                .map(|label| format!("class_{label}"))
                .collect()
        };
        Self { names }
    }

    /// Reads one name a line, label 1 first, without the background. Blank lines at the end are
    /// allowed.
    ///
    /// # Errors
    /// [`CategoryError`] with file and line: unreadable, no name, an empty line between names, a
    /// name that stands twice.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, CategoryError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| CategoryError::Unreadable {
            path: path.to_path_buf(),
            source,
        })?;
        let text = text.trim_start_matches('\u{feff}').trim_end();
        if text.is_empty() {
            return Err(CategoryError::NoNames {
                path: path.to_path_buf(),
            });
        }
        let mut first_line = HashMap::new();
        let mut names = Vec::new();
        for (index, name) in text.lines().map(str::trim).enumerate() {
            let line = index + 1;
            if name.is_empty() {
                return Err(CategoryError::EmptyLine {
                    path: path.to_path_buf(),
                    line,
                });
            }
            if let Some(&first) = first_line.get(name) {
                return Err(CategoryError::Duplicate {
                    path: path.to_path_buf(),
                    line,
                    first,
                    name: name.to_string(),
                });
            }
            first_line.insert(name, line);
            names.push(name.to_string());
        }
        Ok(Self { names })
    }

    /// Labels including the background: what a detector calls its number of classes.
    pub fn num_classes(&self) -> usize {
        self.names.len() + 1
    }

    /// The name of a label; `class_K` for one that has none.
    pub fn name(&self, label: usize) -> String {
        label
            .checked_sub(1)
            .and_then(|index| self.names.get(index))
            .cloned()
            .unwrap_or_else(|| format!("class_{label}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<CategoryNames, CategoryError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("names.txt");
        std::fs::write(&path, text).unwrap();
        CategoryNames::read(&path)
    }

    #[test]
    fn coco_has_ten_dropped_ids_and_known_places() {
        // COCO's 80 classes have ids 1..=90; 90 − 80 = 10 ids are unused.
        assert_eq!(COCO_91.iter().filter(|&&name| name == "N/A").count(), 10);
        assert_eq!(
            (COCO_91[1], COCO_91[27], COCO_91[32], COCO_91[90]),
            ("person", "backpack", "tie", "toothbrush")
        );
    }

    #[test]
    fn lines_become_labels_from_one() {
        let names = read("blouse\r\nlong dress\n\n").unwrap();
        assert_eq!(names.num_classes(), 3);
        assert_eq!(
            (names.name(1), names.name(2), names.name(3)),
            ("blouse".into(), "long dress".into(), "class_3".into())
        );
    }

    #[test]
    fn bad_lists_name_the_line() {
        assert!(
            read("\n \n")
                .unwrap_err()
                .to_string()
                .contains("names no class")
        );
        assert!(read("a\n\nb").unwrap_err().to_string().contains("line 2"));
        let error = read("a\nb\na").unwrap_err().to_string();
        assert!(
            error.contains("line 3") && error.contains("line 1"),
            "{error}"
        );
        assert!(
            CategoryNames::read("no/such/file")
                .unwrap_err()
                .to_string()
                .contains("no/such/file")
        );
    }
}
