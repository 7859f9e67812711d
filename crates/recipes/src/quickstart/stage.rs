//! The runs of the quickstart, in their order.

/// A run of the quickstart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// clothNet, a VGG.
    ClothNet,
    /// Faster R-CNN from weights drawn at random.
    FasterRcnn,
    /// Faster R-CNN from clothNet's body.
    FasterRcnnClothNet,
    /// clothNet's variant for detectors with a pyramid, a ResNet.
    ClothNetResNet,
    /// Mask R-CNN from weights drawn at random.
    MaskRcnn,
    /// Mask R-CNN from clothNet's body.
    MaskRcnnClothNet,
}

impl Stage {
    /// All, as they are run.
    pub const ALL: [Self; 6] = [
        Self::ClothNet,
        Self::FasterRcnn,
        Self::FasterRcnnClothNet,
        Self::ClothNetResNet,
        Self::MaskRcnn,
        Self::MaskRcnnClothNet,
    ];

    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ClothNet => "clothNet",
            Self::FasterRcnn => "Faster R-CNN",
            Self::FasterRcnnClothNet => "Faster R-CNN + clothNet",
            Self::ClothNetResNet => "clothNet on ResNet",
            Self::MaskRcnn => "Mask R-CNN",
            Self::MaskRcnnClothNet => "Mask R-CNN + clothNet",
        }
    }

    /// The run's folder inside the quickstart's.
    pub const fn folder(self) -> &'static str {
        match self {
            Self::ClothNet => "clothnet",
            Self::FasterRcnn => "faster-rcnn",
            Self::FasterRcnnClothNet => "faster-rcnn-clothnet",
            Self::ClothNetResNet => "clothnet-resnet",
            Self::MaskRcnn => "mask-rcnn",
            Self::MaskRcnnClothNet => "mask-rcnn-clothnet",
        }
    }

    /// Whether it trains a detector.
    pub const fn is_detector(self) -> bool {
        !matches!(self, Self::ClothNet | Self::ClothNetResNet)
    }

    /// Whether its detector has masks.
    pub const fn has_masks(self) -> bool {
        matches!(self, Self::MaskRcnn | Self::MaskRcnnClothNet)
    }

    /// The classifier whose body it starts from.
    pub const fn body(self) -> Option<Self> {
        match self {
            Self::FasterRcnnClothNet => Some(Self::ClothNet),
            Self::MaskRcnnClothNet => Some(Self::ClothNetResNet),
            _ => None,
        }
    }
}
