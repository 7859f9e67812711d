//! The published weights that fit the networks here.
//!
//! URLs, metrics and the digits of the checksum (the end of each file's name) are those of
//! torchvision 0.24's weight enums. The code is BSD-3-Clause; torchvision notes that trained weights
//! "may have their own licenses or terms and conditions derived from the dataset used for training",
//! so [`KnownWeights::data`] names the data set. Check both before a commercial use.

/// A data set that weights were trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingData {
    /// ImageNet-1K, 1,000 classes; images for non-commercial research.
    ImageNet1k,
    /// COCO 2017 instances, 91 classes with the background; annotations CC BY 4.0, images under
    /// Flickr's terms.
    Coco2017,
    /// COCO 2017 person keypoints, 2 classes with the background; terms as above.
    CocoKeypoints2017,
}

/// A published number and how it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// What was measured.
    pub name: &'static str,
    /// In percent.
    pub value: f32,
    /// On what, and how.
    pub protocol: &'static str,
}

/// A published weight file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownWeights {
    /// torchvision's name of model and weights.
    pub name: &'static str,
    /// Address.
    pub url: &'static str,
    /// First hexadecimal digits of the file's SHA-256.
    pub sha256_prefix: &'static str,
    /// Size in megabytes of 2²⁰ bytes.
    pub megabytes: f32,
    /// Licence of the code that published it.
    pub licence: &'static str,
    /// What it was trained on.
    pub data: TrainingData,
    /// Published numbers.
    pub metrics: &'static [Metric],
}

impl KnownWeights {
    /// The file's name, the last part of its address.
    pub fn file_name(&self) -> &'static str {
        self.url.rsplit('/').next().unwrap_or(self.url)
    }
}

/// The weights called `name`, such as `MaskRCNN_ResNet50_FPN.COCO_V1`.
///
/// # Example
/// ```
/// use wardrobe_backbones::weights::known;
///
/// let weights = known::find("ResNet50.IMAGENET1K_V1").unwrap();
/// assert_eq!(weights.file_name(), "resnet50-0676ba61.pth");
/// ```
pub fn find(name: &str) -> Option<&'static KnownWeights> {
    KNOWN.iter().find(|weights| weights.name == name)
}

const fn top1(value: f32) -> Metric {
    Metric {
        name: "top-1 accuracy",
        value,
        protocol: "ImageNet-1K validation, one centre crop of 224 pixels",
    }
}

const fn average_precision(name: &'static str, value: f32) -> Metric {
    Metric {
        name,
        value,
        protocol: "COCO 2017 validation, AP at IoU .50:.95, short side 800",
    }
}

const fn image_net(
    name: &'static str,
    url: &'static str,
    sha256_prefix: &'static str,
    megabytes: f32,
    metrics: &'static [Metric],
) -> KnownWeights {
    KnownWeights {
        name,
        url,
        sha256_prefix,
        megabytes,
        licence: "BSD-3-Clause",
        data: TrainingData::ImageNet1k,
        metrics,
    }
}

const fn coco(
    name: &'static str,
    url: &'static str,
    sha256_prefix: &'static str,
    megabytes: f32,
    metrics: &'static [Metric],
) -> KnownWeights {
    KnownWeights {
        data: TrainingData::Coco2017,
        ..image_net(name, url, sha256_prefix, megabytes, metrics)
    }
}

/// All of them.
pub const KNOWN: &[KnownWeights] = &[
    image_net(
        "ResNet18.IMAGENET1K_V1",
        "https://download.pytorch.org/models/resnet18-f37072fd.pth",
        "f37072fd",
        44.661,
        &[top1(69.758)],
    ),
    image_net(
        "ResNet34.IMAGENET1K_V1",
        "https://download.pytorch.org/models/resnet34-b627a593.pth",
        "b627a593",
        83.275,
        &[top1(73.314)],
    ),
    image_net(
        "ResNet50.IMAGENET1K_V1",
        "https://download.pytorch.org/models/resnet50-0676ba61.pth",
        "0676ba61",
        97.781,
        &[top1(76.130)],
    ),
    image_net(
        "ResNet50.IMAGENET1K_V2",
        "https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
        "11ad3fa6",
        97.79,
        &[top1(80.858)],
    ),
    image_net(
        "ResNet101.IMAGENET1K_V1",
        "https://download.pytorch.org/models/resnet101-63fe2227.pth",
        "63fe2227",
        170.511,
        &[top1(77.374)],
    ),
    image_net(
        "ResNet101.IMAGENET1K_V2",
        "https://download.pytorch.org/models/resnet101-cd907fc2.pth",
        "cd907fc2",
        170.53,
        &[top1(81.886)],
    ),
    image_net(
        "ResNet152.IMAGENET1K_V1",
        "https://download.pytorch.org/models/resnet152-394f9c45.pth",
        "394f9c45",
        230.434,
        &[top1(78.312)],
    ),
    image_net(
        "ResNet152.IMAGENET1K_V2",
        "https://download.pytorch.org/models/resnet152-f82ba261.pth",
        "f82ba261",
        230.474,
        &[top1(82.284)],
    ),
    image_net(
        "VGG16.IMAGENET1K_V1",
        "https://download.pytorch.org/models/vgg16-397923af.pth",
        "397923af",
        527.796,
        &[top1(71.592)],
    ),
    image_net(
        "VGG16_BN.IMAGENET1K_V1",
        "https://download.pytorch.org/models/vgg16_bn-6c64b313.pth",
        "6c64b313",
        527.866,
        &[top1(73.360)],
    ),
    coco(
        "FasterRCNN_ResNet50_FPN.COCO_V1",
        "https://download.pytorch.org/models/fasterrcnn_resnet50_fpn_coco-258fb6c6.pth",
        "258fb6c6",
        159.743,
        &[average_precision("box AP", 37.0)],
    ),
    coco(
        "FasterRCNN_ResNet50_FPN_V2.COCO_V1",
        "https://download.pytorch.org/models/fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth",
        "dd69338a",
        167.104,
        &[average_precision("box AP", 46.7)],
    ),
    coco(
        "MaskRCNN_ResNet50_FPN.COCO_V1",
        "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth",
        "bf2d0c1e",
        169.84,
        &[
            average_precision("box AP", 37.9),
            average_precision("mask AP", 34.6),
        ],
    ),
    coco(
        "MaskRCNN_ResNet50_FPN_V2.COCO_V1",
        "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth",
        "73cbd019",
        177.219,
        &[
            average_precision("box AP", 47.4),
            average_precision("mask AP", 41.8),
        ],
    ),
    KnownWeights {
        data: TrainingData::CocoKeypoints2017,
        ..coco(
            "KeypointRCNN_ResNet50_FPN.COCO_V1",
            "https://download.pytorch.org/models/keypointrcnn_resnet50_fpn_coco-fc266e95.pth",
            "fc266e95",
            226.054,
            &[
                average_precision("box AP", 54.6),
                average_precision("keypoint AP", 65.0),
            ],
        )
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_addresses_are_unique_and_carry_their_checksum() {
        let names: BTreeSet<_> = KNOWN.iter().map(|weights| weights.name).collect();
        assert_eq!(names.len(), KNOWN.len());
        for weights in KNOWN {
            let ending = format!("-{}.pth", weights.sha256_prefix);
            assert!(weights.file_name().ends_with(&ending), "{}", weights.url);
            assert!(weights.url.starts_with("https://"), "{}", weights.url);
            assert!(!weights.metrics.is_empty(), "{}", weights.name);
        }
    }
}
