//! The papers' pipelines.
//!
//! ```
//! use wardrobe_datasets::transforms::{Mirrors, Pipeline, presets};
//! let train = presets::paper_b(480);
//! println!("{}", serde_json::to_string_pretty(&train)?);
//! Pipeline::new(train, Mirrors::default())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::{
    Affine, Blur, Brightness, CentreCrop, ChannelPermutation, CoarseDropout, Contrast, Crop,
    CropResized, Filter, GaussianNoise, Grayscale, HorizontalFlip, Hue, JpegQuality, Lighting,
    PadPlace, Pivot, Range, Resize, ResizeTo, Rotate, Saturation, Sequential, Sharpen, SquarePad,
    Step,
};

const WHITE: [u8; 3] = [255; 3];

fn sequential(steps: Vec<Step>) -> Step {
    Sequential {
        steps,
        shuffled: false,
    }
    .into()
}

/// White border to a square, then `side` × `side` pixels: paper B's test-time picture.
pub fn paper_b_test(side: usize) -> Step {
    sequential(square(side))
}

fn square(side: usize) -> Vec<Step> {
    let pad = SquarePad {
        fill: WHITE,
        ..SquarePad::default()
    };
    let resize = Resize {
        to: ResizeTo::Exact {
            width: side,
            height: side,
        },
        filter: Filter::Bilinear,
    };
    vec![pad.into(), resize.into()]
}

/// Paper B's training pipeline (its section 3.1.2; 480 is its size): affine, horizontal flip, random
/// rotation, channel permutation, additive Gaussian noise.
///
/// The paper names the steps, neither their ranges nor their order. The ranges are those of imgaug's
/// own introductory example: scale 0.8–1.2, shift ±20 %, shear ±8°, rotation ±25°, noise of up to 5 % of
/// the range, half of the time a channel apart. Geometry comes first, so that it is one resample.
pub fn paper_b(side: usize) -> Step {
    let affine = Affine {
        scale: Range::new(0.8, 1.2),
        translate_x: Range::around_zero(0.2),
        translate_y: Range::around_zero(0.2),
        shear_x: Range::around_zero(8.0),
        fill: WHITE,
        ..Affine::default()
    };
    let rotate = Rotate {
        degrees: Range::around_zero(25.0),
        fill: WHITE,
        min_visible: 0.0,
    };
    let permutation = ChannelPermutation {
        probability: 0.5,
        order: None,
    };
    let noise = GaussianNoise {
        sigma: Range::new(0.0, 0.05 * 255.0),
        per_channel: 0.5,
    };
    let mut steps = square(side);
    steps.extend([
        HorizontalFlip { probability: 0.5 }.into(),
        affine.into(),
        rotate.into(),
        permutation.into(),
        noise.into(),
    ]);
    sequential(steps)
}

/// The bag-of-tricks paper's training pipeline (He et al. 2019, section 2.1): a random rectangle of
/// 8–100 % of the area and of proportions 3/4–4/3, `side` × `side` (theirs 224), flipped half of the
/// time; saturation and brightness times 0.6–1.4; PCA noise of deviation 0.1. Standardise by
/// [`Standardisation::BAG_OF_TRICKS`](crate::statistics::Standardisation::BAG_OF_TRICKS).
///
/// The paper scales hue by 0.6–1.4 too; an angle counted from red has no scale, so hue is turned by up
/// to a tenth of the circle instead.
pub fn bag_of_tricks(side: usize) -> Step {
    let crop = CropResized {
        area: Range::new(0.08, 1.0),
        aspect: Range::new(3.0 / 4.0, 4.0 / 3.0),
        width: side,
        height: side,
        filter: Filter::Bilinear,
        min_visible: 0.0,
    };
    let jitter = Range::new(0.6, 1.4);
    sequential(vec![
        crop.into(),
        HorizontalFlip { probability: 0.5 }.into(),
        Hue {
            turn: Range::around_zero(0.1),
        }
        .into(),
        Saturation { factor: jitter }.into(),
        Brightness {
            multiply: jitter,
            ..Brightness::default()
        }
        .into(),
        Lighting { deviation: 0.1 }.into(),
    ])
}

/// The bag-of-tricks paper's validation pipeline: the shorter side 256/224 of `side`, the middle
/// `side` × `side`.
pub fn bag_of_tricks_test(side: usize) -> Step {
    let resize = Resize {
        to: ResizeTo::Short {
            side: side * 256 / 224,
            long_max: None,
        },
        filter: Filter::Bilinear,
    };
    let crop = CentreCrop {
        width: side,
        height: side,
        min_visible: 0.0,
    };
    sequential(vec![resize.into(), crop.into()])
}

/// The detectors' training pipeline: the shorter side 800, the longer at most 1,333, flipped half of
/// the time (torchvision's reference training of Mask R-CNN).
pub fn detector() -> Step {
    let resize = Resize {
        to: ResizeTo::Short {
            side: 800,
            long_max: Some(1333),
        },
        filter: Filter::BilinearPlain,
    };
    sequential(vec![
        HorizontalFlip { probability: 0.5 }.into(),
        resize.into(),
    ])
}

/// A plain step of every kind, with settings that show: what the contact sheet and the tests walk
/// through.
// A list, however long.
#[allow(clippy::too_many_lines)]
pub fn one_of_each() -> Vec<Step> {
    let mut steps = each_of_geometry();
    steps.extend(each_of_pixels());
    steps
}

fn each_of_geometry() -> Vec<Step> {
    vec![
        Resize {
            to: ResizeTo::Exact {
                width: 300,
                height: 240,
            },
            filter: Filter::Bicubic,
        }
        .into(),
        SquarePad {
            fill: WHITE,
            place: PadPlace::Centre,
        }
        .into(),
        HorizontalFlip::default().into(),
        Rotate {
            degrees: Range::fixed(20.0),
            fill: WHITE,
            min_visible: 0.1,
        }
        .into(),
        Affine {
            scale: Range::fixed(0.8),
            translate_x: Range::fixed(0.1),
            shear_x: Range::fixed(15.0),
            fill: WHITE,
            ..Affine::default()
        }
        .into(),
        Crop {
            left: Range::fixed(0.35),
            bottom: Range::fixed(0.3),
            min_visible: 0.3,
            ..Crop::default()
        }
        .into(),
        CentreCrop {
            width: 180,
            height: 240,
            min_visible: 0.0,
        }
        .into(),
        CropResized {
            area: Range::new(0.3, 0.5),
            aspect: Range::new(0.75, 1.33),
            width: 240,
            height: 240,
            filter: Filter::Bilinear,
            min_visible: 0.0,
        }
        .into(),
    ]
}

fn each_of_pixels() -> Vec<Step> {
    vec![
        GaussianNoise {
            sigma: Range::fixed(16.0),
            per_channel: 1.0,
        }
        .into(),
        ChannelPermutation {
            probability: 1.0,
            order: Some([2, 0, 1]),
        }
        .into(),
        Brightness {
            multiply: Range::fixed(0.7),
            add: Range::fixed(20.0),
            per_channel: 0.0,
        }
        .into(),
        Contrast {
            factor: Range::fixed(1.7),
            about: Pivot::MeanGrey,
            per_channel: 0.0,
        }
        .into(),
        Hue {
            turn: Range::fixed(0.15),
        }
        .into(),
        Saturation {
            factor: Range::fixed(1.8),
        }
        .into(),
        Grayscale::default().into(),
        Lighting { deviation: 0.5 }.into(),
        Blur {
            sigma: Range::fixed(2.5),
        }
        .into(),
        Sharpen {
            factor: Range::fixed(4.0),
        }
        .into(),
        CoarseDropout {
            probability: Range::fixed(0.15),
            grid: Range::fixed(0.04),
            per_channel: 0.0,
            fill: [0; 3],
        }
        .into(),
        JpegQuality {
            quality: Range::fixed(6.0),
        }
        .into(),
    ]
}
