//! Resizing.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use serde::{Deserialize, Serialize};

use crate::image_file::Picture;
use crate::transforms::{AffineMap, Canvas, Stream, Transform, TransformError, Work};

/// How pixels between pixels are made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Filter {
    /// Triangle filter, widened when shrinking so that every source pixel counts: Pillow's
    /// `BILINEAR`, torchvision's `antialias=True`.
    #[default]
    Bilinear,
    /// Catmull–Rom cubic (a = −0.5), widened when shrinking: Pillow's `BICUBIC`.
    Bicubic,
    /// The four nearest pixels, whatever the scale: torchvision's `align_corners=False` without
    /// antialias, the detectors' own transform. The only one that is composed with the geometric
    /// steps around it into one resample.
    BilinearPlain,
}

/// The size to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ResizeTo {
    /// The shorter side becomes `side` pixels, unless the longer one would exceed `long_max`: then
    /// that becomes `long_max`. The other side keeps the proportions, rounded down (torchvision).
    Short {
        /// Pixels of the shorter side.
        side: usize,
        /// Most pixels of the longer side.
        #[serde(default)]
        long_max: Option<usize>,
    },
    /// The longer side becomes `side` pixels.
    Long {
        /// Pixels of the longer side.
        side: usize,
    },
    /// Exactly this size, whatever the proportions.
    Exact {
        /// Columns.
        width: usize,
        /// Rows.
        height: usize,
    },
}

impl ResizeTo {
    /// The size a picture gets; never a side of 0.
    ///
    /// ```
    /// use wardrobe_datasets::transforms::ResizeTo;
    /// let detector = ResizeTo::Short { side: 800, long_max: Some(1333) };
    /// assert_eq!(detector.size([640, 480]), [1066, 800]); // 640 · 800 / 480 = 1066.7
    /// assert_eq!(detector.size([2000, 1000]), [1333, 666]); // 1000 · 1333 / 2000 = 666.5
    /// assert_eq!(ResizeTo::Long { side: 300 }.size([600, 800]), [225, 300]);
    /// ```
    pub fn size(self, [width, height]: [usize; 2]) -> [usize; 2] {
        let scaled = |side: usize, from: usize| {
            let other = |value: usize| {
                let exact = value as u128 * side as u128 / from.max(1) as u128;
                usize::try_from(exact).unwrap_or(usize::MAX).max(1)
            };
            [other(width), other(height)]
        };
        let (short, long) = (width.min(height), width.max(height));
        match self {
            Self::Exact { width, height } => [width, height],
            Self::Long { side } => scaled(side, long),
            Self::Short { side, long_max } => {
                let size = scaled(side, short);
                match long_max {
                    Some(most) if size[0].max(size[1]) > most => scaled(most, long),
                    _ => size,
                }
            }
        }
    }
}

/// Resizes the picture and everything on it.
///
/// ```
/// use wardrobe_datasets::transforms::{Pipeline, Step};
/// let step: Step = serde_json::from_str(r#"{"op": "resize", "to": {"long": {"side": 480}}}"#)?;
/// Pipeline::new(step, Default::default())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resize {
    /// The size to reach.
    pub to: ResizeTo,
    /// How.
    #[serde(default)]
    pub filter: Filter,
}

/// Largest side that may be asked for.
const LARGEST_SIDE: usize = 1 << 20;

pub(crate) fn check_side(field: &'static str, side: usize) -> Result<(), TransformError> {
    if (1..=LARGEST_SIDE).contains(&side) {
        Ok(())
    } else {
        let expected = "a side is 1 to 1,048,576 pixels";
        Err(TransformError::setting(field, side, expected))
    }
}

impl Transform for Resize {
    fn check(&self) -> Result<(), TransformError> {
        match self.to {
            ResizeTo::Long { side } => check_side("side", side),
            ResizeTo::Short { side, long_max } => {
                check_side("side", side)?;
                check_side("long_max", long_max.unwrap_or(1))
            }
            ResizeTo::Exact { width, height } => {
                check_side("width", width)?;
                check_side("height", height)
            }
        }
    }

    fn apply(&self, work: &mut Work, _stream: &Stream) -> Result<(), TransformError> {
        resize(work, self.to.size(work.size()), self.filter)
    }
}

/// Resizes to exactly `size`.
pub(crate) fn resize(
    work: &mut Work,
    size: [usize; 2],
    filter: Filter,
) -> Result<(), TransformError> {
    if filter != Filter::BilinearPlain {
        return work.resample(size, filter);
    }
    let [w, h] = work.size();
    let step = AffineMap::scale(size[0] as f64 / w as f64, size[1] as f64 / h as f64);
    let canvas = Canvas {
        size,
        fill: [0; 3],
        min_visible: 0.0,
    };
    work.transform(&step, &canvas)
}

/// The picture at another size.
pub(crate) fn resample(picture: &Picture, size: [usize; 2], filter: Filter) -> Picture {
    let algorithm = match filter {
        Filter::Bilinear => ResizeAlg::Convolution(FilterType::Bilinear),
        Filter::Bicubic => ResizeAlg::Convolution(FilterType::CatmullRom),
        Filter::BilinearPlain => ResizeAlg::Interpolation(FilterType::Bilinear),
    };
    let options = ResizeOptions::new().resize_alg(algorithm);
    if filter == Filter::BilinearPlain {
        return one_pass(picture, size, &options);
    }
    // Columns, then rows, as in Pillow: the bytes between the two passes round alike.
    let narrowed = one_pass(picture, [size[0], picture.height()], &options);
    one_pass(&narrowed, size, &options)
}

fn one_pass(picture: &Picture, [width, height]: [usize; 2], options: &ResizeOptions) -> Picture {
    let mut pixels = vec![0; 3 * width * height];
    let sides = [picture.width(), picture.height(), width, height].map(u32::try_from);
    if let [Ok(w), Ok(h), Ok(to_w), Ok(to_h)] = sides
        && let Ok(source) = TypedImageRef::<U8x3>::from_buffer(w, h, picture.data())
        && let Ok(mut target) = TypedImage::<U8x3>::from_buffer(to_w, to_h, &mut pixels)
    {
        // Fails only for sizes that differ from the buffers just made. `resize`, which looks at the type of pixel when it
        // runs, compiles the code of every type: half of this crate's building time.
        let done = Resizer::new().resize_typed(&source, &mut target, options);
        debug_assert!(done.is_ok(), "{done:?}");
    }
    Picture::new(pixels, width, height)
}
