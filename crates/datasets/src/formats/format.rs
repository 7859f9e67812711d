//! The formats by name.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Holds, coco, deepfashion, deepfashion2, fashionai, labelme, lip, voc};

/// A format of data sets on disk.
///
/// ```
/// use wardrobe_datasets::formats::Format;
/// let format: Format = serde_json::from_str(r#""coco_keypoints""#)?;
/// assert_eq!(format, Format::CocoKeypoints);
/// assert_eq!(format.to_string(), "COCO keypoints");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// DeepFashion, Category and Attribute Prediction: [`deepfashion`](super::deepfashion).
    #[serde(rename = "deepfashion")]
    DeepFashion,
    /// Its fine annotations: [`deepfashion::fine`](super::deepfashion::fine).
    #[serde(rename = "deepfashion_fine")]
    DeepFashionFine,
    /// DeepFashion2: [`deepfashion2`](super::deepfashion2).
    #[serde(rename = "deepfashion2")]
    DeepFashion2,
    /// FashionAI attributes, labels and questions: [`fashionai`](super::fashionai).
    #[serde(rename = "fashionai")]
    FashionAi,
    /// COCO instances: [`coco`](super::coco).
    CocoInstances,
    /// COCO keypoints, read by the same reader: [`coco`](super::coco).
    CocoKeypoints,
    /// Fashionpedia: [`fashionpedia`](super::fashionpedia).
    Fashionpedia,
    /// Pascal VOC: [`voc`](super::voc).
    Voc,
    /// labelme: [`labelme`](super::labelme).
    Labelme,
    /// Look into Person: [`lip`](super::lip).
    Lip,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 10] = [
        Self::DeepFashion,
        Self::DeepFashionFine,
        Self::DeepFashion2,
        Self::FashionAi,
        Self::CocoInstances,
        Self::CocoKeypoints,
        Self::Fashionpedia,
        Self::Voc,
        Self::Labelme,
        Self::Lip,
    ];

    /// The name people use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DeepFashion => "DeepFashion",
            Self::DeepFashionFine => "DeepFashion, fine annotations",
            Self::DeepFashion2 => "DeepFashion2",
            Self::FashionAi => "FashionAI",
            Self::CocoInstances => "COCO instances",
            Self::CocoKeypoints => "COCO keypoints",
            Self::Fashionpedia => "Fashionpedia",
            Self::Voc => "Pascal VOC",
            Self::Labelme => "labelme",
            Self::Lip => "LIP",
        }
    }

    /// What it has a place for.
    pub const fn holds(self) -> Holds {
        match self {
            Self::DeepFashion | Self::DeepFashionFine => deepfashion::HOLDS,
            Self::DeepFashion2 => deepfashion2::HOLDS,
            Self::FashionAi => fashionai::HOLDS,
            Self::CocoInstances | Self::CocoKeypoints => coco::HOLDS,
            Self::Fashionpedia => Holds {
                attributes: true,
                ..coco::HOLDS
            },
            Self::Voc => voc::HOLDS,
            Self::Labelme => labelme::HOLDS,
            Self::Lip => lip::HOLDS,
        }
    }

    /// The files a folder of this format is told by.
    pub const fn layout(self) -> &'static str {
        match self {
            Self::DeepFashion => {
                "list_category_cloth.txt and list_category_img.txt, in the folder, Anno_coarse or Anno"
            }
            Self::DeepFashionFine => {
                "train.txt, val.txt or test.txt with its _cate, _attr, _bbox or _landmarks.txt, in the folder or Anno_fine"
            }
            Self::DeepFashion2 => {
                "annos/000001.json with item1, in the folder, train or validation"
            }
            Self::FashionAi => {
                "rows `path,key,letters` in Annotations/label.csv or `path,key,` in Tests/question.csv; base and rank above them"
            }
            Self::CocoInstances => {
                "a JSON file of images and annotations with bbox, in the folder or annotations"
            }
            Self::CocoKeypoints => {
                "a JSON file of images and annotations with keypoints, in the folder or annotations"
            }
            Self::Fashionpedia => "a COCO file with attribute_ids, in the folder or annotations",
            Self::Voc => "Annotations/*.xml with <annotation>",
            Self::Labelme => "JSON files with shapes and imagePath",
            Self::Lip => {
                "TrainVal_images/train_id.txt or val_id.txt, or Testing_images/test_id.txt"
            }
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
