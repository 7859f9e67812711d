//! Paper A's recipes by name: at full size, on the folders that `subsets` writes, and in miniature.
//!
//! A miniature is the same recipe on drawn pictures, with numbers small enough for minutes, and where so few pictures and steps
//! ask for it with other settings: batch norm in the VGG and no dropout, Adam with a cosine and clipping, the categories' groups as
//! classes, label smoothing.
//!
//! | detector | what |
//! |---|---|
//! | `faster-rcnn`, `…-clothnet` | Faster R-CNN on VGG16; the same from clothNet's body (table 2) |
//! | `faster-rcnn-iou-guided` | the first with an IoU head and IoU-guided suppression |
//! | `mask-rcnn`, `…-clothnet` | Mask R-CNN on ResNet-50 with FPN; the same from clothNet's ResNet (table 3) |
//! | `mask-rcnn-coco`, `mask-rcnn-keypoints` | Mask R-CNN from torchvision's COCO weights, as the paper's table 3 begins; only at full size |
//! | `mask-rcnn-grafting` | Mask R-CNN on part 1, then on part 2 |
//! | `cascade-rcnn` | the cascade the paper names as the next step |
//!
//! | classifier | what |
//! |---|---|
//! | `clothnet`, `clothnet-resnet` | VGG16; ResNet-50 |
//!
//! Each also with `-miniature` at the end, but those from COCO weights.

mod claims;
mod full;
mod miniature;

use crate::classification::ClassifierRecipe;
use crate::detection::DetectorRecipe;
use crate::error::RecipeError;
use crate::experiments::Experiments;
use crate::quickstart::Quickstart;

/// Names of the detectors' recipes.
pub const DETECTORS: [&str; 16] = [
    "faster-rcnn",
    "faster-rcnn-clothnet",
    "faster-rcnn-iou-guided",
    "mask-rcnn",
    "mask-rcnn-clothnet",
    "mask-rcnn-coco",
    "mask-rcnn-keypoints",
    "mask-rcnn-grafting",
    "cascade-rcnn",
    "faster-rcnn-miniature",
    "faster-rcnn-clothnet-miniature",
    "faster-rcnn-iou-guided-miniature",
    "mask-rcnn-miniature",
    "mask-rcnn-clothnet-miniature",
    "mask-rcnn-grafting-miniature",
    "cascade-rcnn-miniature",
];

/// Names of the classifiers' recipes.
pub const CLASSIFIERS: [&str; 4] = [
    "clothnet",
    "clothnet-resnet",
    "clothnet-miniature",
    "clothnet-resnet-miniature",
];

/// A detector's recipe by its name.
///
/// # Errors
/// [`RecipeError::Setting`] with all names.
pub fn detector(name: &str) -> Result<DetectorRecipe, RecipeError> {
    Ok(match name {
        "faster-rcnn" => full::faster_rcnn(),
        "faster-rcnn-clothnet" => full::from_classifier(full::faster_rcnn(), full::CLOTHNET),
        "faster-rcnn-iou-guided" => full::faster_rcnn_iou_guided(),
        "mask-rcnn" => full::mask_rcnn(),
        "mask-rcnn-clothnet" => full::from_classifier(full::mask_rcnn(), full::CLOTHNET_RESNET),
        "mask-rcnn-coco" => full::mask_rcnn_from(full::COCO),
        "mask-rcnn-keypoints" => full::mask_rcnn_from(full::KEYPOINTS),
        "mask-rcnn-grafting" => full::grafting(),
        "cascade-rcnn" => full::cascade_rcnn(),
        "faster-rcnn-miniature" => miniature::faster_rcnn(),
        "faster-rcnn-clothnet-miniature" => {
            miniature::from_classifier(miniature::faster_rcnn(), miniature::CLOTHNET)
        }
        "faster-rcnn-iou-guided-miniature" => miniature::faster_rcnn_iou_guided(),
        "mask-rcnn-miniature" => miniature::mask_rcnn(),
        "mask-rcnn-clothnet-miniature" => {
            miniature::from_classifier(miniature::mask_rcnn(), miniature::CLOTHNET_RESNET)
        }
        "mask-rcnn-grafting-miniature" => miniature::grafting(),
        "cascade-rcnn-miniature" => miniature::cascade_rcnn(),
        _ => return Err(unknown(name, &DETECTORS)),
    })
}

/// A classifier's recipe by its name.
///
/// # Errors
/// [`RecipeError::Setting`] with all names.
pub fn classifier(name: &str) -> Result<ClassifierRecipe, RecipeError> {
    Ok(match name {
        "clothnet" => full::clothnet(),
        "clothnet-resnet" => full::clothnet_resnet(),
        "clothnet-miniature" => miniature::clothnet(),
        "clothnet-resnet-miniature" => miniature::clothnet_resnet(),
        _ => return Err(unknown(name, &CLASSIFIERS)),
    })
}

/// The quickstart: the miniatures one after the other, and pictures to score them on.
pub(crate) fn quickstart() -> Quickstart {
    Quickstart {
        clothnet: miniature::clothnet(),
        clothnet_resnet: miniature::clothnet_resnet(),
        faster_rcnn: miniature::faster_rcnn(),
        mask_rcnn: miniature::mask_rcnn(),
        test: miniature::test(),
    }
}

/// Paper A's claims in miniature.
pub(crate) fn experiments() -> Experiments {
    claims::experiments()
}

fn unknown(name: &str, known: &[&str]) -> RecipeError {
    RecipeError::Setting {
        field: "preset".into(),
        found: name.to_owned(),
        remedy: format!("give one of {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use burn::tensor::Device;
    use wardrobe_backbones::weights::known;

    #[test]
    fn every_preset_is_valid_json_of_its_own_and_a_network() {
        for name in DETECTORS {
            let recipe = detector(name).unwrap();
            let text = serde_json::to_string(&recipe).unwrap();
            assert_eq!(DetectorRecipe::from_json(&text).unwrap(), recipe, "{name}");
            let model = recipe.model.for_classes(4).unwrap();
            model.check().unwrap();
        }
        for name in CLASSIFIERS {
            let recipe = classifier(name).unwrap();
            let text = serde_json::to_string(&recipe).unwrap();
            assert_eq!(
                ClassifierRecipe::from_json(&text).unwrap(),
                recipe,
                "{name}"
            );
            let model = recipe.model.for_classes(4).unwrap();
            model.init(&Device::flex()).unwrap();
        }
    }

    /// The files under the names of their download.
    #[test]
    fn coco_weights_have_their_published_names() {
        for (path, name) in [
            (full::COCO, "MaskRCNN_ResNet50_FPN.COCO_V1"),
            (full::KEYPOINTS, "KeypointRCNN_ResNet50_FPN.COCO_V1"),
        ] {
            let known = known::find(name).unwrap();
            assert_eq!(path, format!("weights/{}", known.file_name()));
        }
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        let message = classifier("clothnett").unwrap_err().to_string();
        assert!(message.contains("clothnet-miniature"), "{message}");
    }
}
