//! The detectors this crate can build by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A detector with all its widths and depths; only the number of classes is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Architecture {
    /// Mask R-CNN, ResNet-50 with FPN: torchvision's `maskrcnn_resnet50_fpn`.
    #[serde(rename = "maskrcnn-resnet50-fpn")]
    MaskRcnnResnet50Fpn,
    /// Its second version, with batch norm in pyramid and heads: torchvision's
    /// `maskrcnn_resnet50_fpn_v2`.
    #[serde(rename = "maskrcnn-resnet50-fpn-v2")]
    MaskRcnnResnet50FpnV2,
    /// Faster R-CNN, ResNet-50 with FPN: torchvision's `fasterrcnn_resnet50_fpn`.
    #[serde(rename = "fasterrcnn-resnet50-fpn")]
    FasterRcnnResnet50Fpn,
    /// Its second version: torchvision's `fasterrcnn_resnet50_fpn_v2`.
    #[serde(rename = "fasterrcnn-resnet50-fpn-v2")]
    FasterRcnnResnet50FpnV2,
    /// Faster R-CNN on VGG-16: torchvision's `FasterRCNN` over `vgg16().features[:-1]`.
    #[serde(rename = "fasterrcnn-vgg16")]
    FasterRcnnVgg16,
    /// Cascade R-CNN with a mask branch, ResNet-50 with FPN; torchvision has no such model.
    #[serde(rename = "cascade-maskrcnn-resnet50-fpn")]
    CascadeMaskRcnnResnet50Fpn,
}

/// A name that stands for no architecture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown architecture `{name}`: expected one of {}", Architecture::ALL.map(Architecture::name).join(", "))]
pub struct UnknownArchitecture {
    /// What was asked for.
    pub name: String,
}

impl Architecture {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::MaskRcnnResnet50Fpn,
        Self::MaskRcnnResnet50FpnV2,
        Self::FasterRcnnResnet50Fpn,
        Self::FasterRcnnResnet50FpnV2,
        Self::FasterRcnnVgg16,
        Self::CascadeMaskRcnnResnet50Fpn,
    ];

    /// The name used on command lines and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MaskRcnnResnet50Fpn => "maskrcnn-resnet50-fpn",
            Self::MaskRcnnResnet50FpnV2 => "maskrcnn-resnet50-fpn-v2",
            Self::FasterRcnnResnet50Fpn => "fasterrcnn-resnet50-fpn",
            Self::FasterRcnnResnet50FpnV2 => "fasterrcnn-resnet50-fpn-v2",
            Self::FasterRcnnVgg16 => "fasterrcnn-vgg16",
            Self::CascadeMaskRcnnResnet50Fpn => "cascade-maskrcnn-resnet50-fpn",
        }
    }

    /// Whether its instances have masks.
    pub const fn has_masks(self) -> bool {
        matches!(
            self,
            Self::MaskRcnnResnet50Fpn
                | Self::MaskRcnnResnet50FpnV2
                | Self::CascadeMaskRcnnResnet50Fpn
        )
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Architecture {
    type Err = UnknownArchitecture;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|architecture| architecture.name() == name)
            .ok_or_else(|| UnknownArchitecture {
                name: name.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for architecture in Architecture::ALL {
            assert_eq!(architecture.name().parse(), Ok(architecture));
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = "yolo"
            .parse::<Architecture>()
            .expect_err("not an architecture")
            .to_string();
        assert!(
            error.contains("`yolo`")
                && error.contains("fasterrcnn-vgg16, cascade-maskrcnn-resnet50-fpn"),
            "{error}"
        );
    }
}
