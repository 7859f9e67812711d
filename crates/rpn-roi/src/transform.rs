//! From 8-bit pictures to the padded batch, in one pass over the output.
//!
//! Legend: h×w the size of a picture, H×W the padded size of the batch. The arithmetic is torchvision's
//! `GeneralizedRCNNTransform`: `s = min(min_size / min(h, w), max_size / max(h, w))` in 64-bit floats; the resized size is
//! `⌊h·s⌋ × ⌊w·s⌋`; the sample position of row `i` is `max(0, (i + ½)·h/⌊h·s⌋ − ½)` in 32-bit floats (half-pixel centres, no
//! antialias); pixels are normalised before they are mixed; H and W are the largest sizes of the batch rounded up to
//! `size_divisor`, zero at the right and below.

use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use crate::config::TransformConfig;
use crate::error::RpnRoiError;
use crate::ground_truth::GroundTruth;
use crate::image_batch::{ImageBatch, ImageSize, RgbPicture};

/// Rows of one parallel task: neighbouring output rows share their source rows.
const BAND: usize = 16;

/// Resizes, normalises and pads pictures.
#[derive(Debug, Clone)]
pub struct ImageTransform {
    config: TransformConfig,
    /// Normalised value of each byte, per channel.
    levels: Box<[[f32; 256]; 3]>,
}

impl ImageTransform {
    /// A transform with these settings.
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::Setting`] if a setting is out of range.
    pub fn new(config: TransformConfig) -> Result<Self, RpnRoiError> {
        config.validate()?;
        let mut levels = Box::new([[0.0_f32; 256]; 3]);
        for (channel, table) in levels.iter_mut().enumerate() {
            for (byte, value) in table.iter_mut().enumerate() {
                *value = (byte as f32 / 255.0 - config.mean[channel]) / config.std[channel];
            }
        }
        Ok(Self { config, levels })
    }

    /// The settings.
    pub const fn config(&self) -> &TransformConfig {
        &self.config
    }

    /// The size a picture is resized to, before padding; 0 on an axis that is scaled away.
    pub fn resized(&self, size: ImageSize) -> ImageSize {
        let short = size.height.min(size.width) as f64;
        let long = size.height.max(size.width) as f64;
        let scale = (self.config.min_size as f64 / short).min(self.config.max_size as f64 / long);
        ImageSize::new(
            (size.height as f64 * scale).floor() as usize,
            (size.width as f64 * scale).floor() as usize,
        )
    }

    /// Resizes, normalises and pads `pictures` into one batch on `device`.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use wardrobe_rpn_roi::config::TransformConfig;
    /// use wardrobe_rpn_roi::{image_batch::RgbPicture, transform::ImageTransform};
    ///
    /// let bytes = vec![128_u8; 30 * 40 * 3];
    /// let picture = RgbPicture { data: &bytes, width: 40, height: 30 };
    /// let config = TransformConfig { min_size: 60, max_size: 100, ..TransformConfig::default() };
    /// let batch = ImageTransform::new(config)?.batch(&[picture], &Device::flex())?;
    /// // 30×40 → 60×80, padded to multiples of 32.
    /// assert_eq!(batch.pixels.dims(), [1, 3, 64, 96]);
    /// # Ok::<(), wardrobe_rpn_roi::error::RpnRoiError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RpnRoiError::NoPictures`], [`RpnRoiError::PictureBytes`] or [`RpnRoiError::PictureShape`], naming the picture.
    pub fn batch(
        &self,
        pictures: &[RgbPicture<'_>],
        device: &Device,
    ) -> Result<ImageBatch, RpnRoiError> {
        let sizes = self.check(pictures)?;
        let padded = ImageSize::new(
            self.padded(sizes.iter().map(|size| size.height)),
            self.padded(sizes.iter().map(|size| size.width)),
        );
        let plane = padded.height * padded.width;
        let mut pixels = vec![0.0_f32; pictures.len() * 3 * plane];
        for ((picture, size), planes) in pictures
            .iter()
            .zip(&sizes)
            .zip(pixels.chunks_exact_mut(3 * plane))
        {
            self.fill(picture, *size, padded.width, planes);
        }
        let shape = [pictures.len(), 3, padded.height, padded.width];
        Ok(ImageBatch {
            pixels: Tensor::from_data(TensorData::new(pixels, shape), device),
            sizes,
            originals: pictures.iter().map(RgbPicture::size).collect(),
        })
    }

    /// The batch of pictures and their ground truth for a detector of `num_classes` classes, both resized.
    ///
    /// # Errors
    ///
    /// As [`ImageTransform::batch`] and [`GroundTruth::check`], and [`RpnRoiError::TruthCount`] unless there is one ground
    /// truth for each picture.
    pub fn training_batch(
        &self,
        pictures: &[RgbPicture<'_>],
        truths: &[GroundTruth],
        num_classes: usize,
        device: &Device,
    ) -> Result<(ImageBatch, Vec<GroundTruth>), RpnRoiError> {
        if pictures.len() != truths.len() {
            return Err(RpnRoiError::TruthCount {
                pictures: pictures.len(),
                truths: truths.len(),
            });
        }
        for (picture, (truth, size)) in truths
            .iter()
            .zip(pictures.iter().map(RgbPicture::size))
            .enumerate()
        {
            truth.check(picture, size, num_classes)?;
        }
        let images = self.batch(pictures, device)?;
        let sizes = images.originals.iter().zip(&images.sizes);
        let resized = truths
            .iter()
            .zip(sizes)
            .map(|(truth, (from, to))| truth.resized(*from, *to))
            .collect();
        Ok((images, resized))
    }

    fn check(&self, pictures: &[RgbPicture<'_>]) -> Result<Vec<ImageSize>, RpnRoiError> {
        if pictures.is_empty() {
            return Err(RpnRoiError::NoPictures);
        }
        pictures
            .iter()
            .enumerate()
            .map(|(index, picture)| {
                let &RgbPicture {
                    data,
                    width,
                    height,
                } = picture;
                let resized = if width == 0 || height == 0 {
                    ImageSize::new(0, 0)
                } else {
                    self.resized(picture.size())
                };
                if resized.height == 0 || resized.width == 0 {
                    return Err(RpnRoiError::PictureShape {
                        index,
                        width,
                        height,
                        resized_width: resized.width,
                        resized_height: resized.height,
                    });
                }
                let expected = width.saturating_mul(height).saturating_mul(3);
                if data.len() != expected {
                    return Err(RpnRoiError::PictureBytes {
                        index,
                        width,
                        height,
                        expected,
                        found: data.len(),
                    });
                }
                Ok(resized)
            })
            .collect()
    }

    fn padded(&self, sides: impl Iterator<Item = usize>) -> usize {
        sides
            .max()
            .unwrap_or(0)
            .next_multiple_of(self.config.size_divisor)
    }

    /// Writes one picture into the top left of its three planes of rows `stride` long.
    fn fill(&self, picture: &RgbPicture<'_>, size: ImageSize, stride: usize, planes: &mut [f32]) {
        let columns = taps(picture.width, size.width);
        let rows = taps(picture.height, size.height);
        let plane = planes.len() / 3;
        planes
            .par_chunks_mut(plane)
            .enumerate()
            .for_each(|(channel, plane)| {
                let table = &self.levels[channel];
                plane[..size.height * stride]
                    .par_chunks_mut(BAND * stride)
                    .enumerate()
                    .for_each(|(band, out)| {
                        let mut upper = SourceRow::new(size.width);
                        let mut lower = SourceRow::new(size.width);
                        for (row, out) in
                            rows[band * BAND..].iter().zip(out.chunks_exact_mut(stride))
                        {
                            if lower.index == Some(row.first) {
                                std::mem::swap(&mut upper, &mut lower);
                            }
                            upper.load(row.first, picture, channel, table, &columns);
                            lower.load(row.second, picture, channel, table, &columns);
                            for ((out, a), b) in
                                out.iter_mut().zip(&upper.values).zip(&lower.values)
                            {
                                *out = row.near * a + row.far * b;
                            }
                        }
                    });
            });
    }
}

/// The two source positions that make one output position, and their shares.
#[derive(Debug, Clone, Copy)]
struct Tap {
    first: usize,
    second: usize,
    near: f32,
    far: f32,
}

fn taps(source: usize, target: usize) -> Vec<Tap> {
    let ratio = source as f32 / target as f32;
    (0..target)
        .map(|position| {
            // One rounding, as in PyTorch's compiled kernel.
            let real = ratio.mul_add(position as f32 + 0.5, -0.5).max(0.0);
            let first = (real as usize).min(source - 1);
            let far = (real - first as f32).clamp(0.0, 1.0);
            Tap {
                first,
                second: (first + 1).min(source - 1),
                near: 1.0 - far,
                far,
            }
        })
        .collect()
}

/// One source row of one channel, normalised and resized along its columns.
struct SourceRow {
    index: Option<usize>,
    values: Vec<f32>,
}

impl SourceRow {
    fn new(width: usize) -> Self {
        Self {
            index: None,
            values: vec![0.0; width],
        }
    }

    fn load(
        &mut self,
        index: usize,
        picture: &RgbPicture<'_>,
        channel: usize,
        table: &[f32; 256],
        columns: &[Tap],
    ) {
        if self.index == Some(index) {
            return;
        }
        self.index = Some(index);
        let bytes = &picture.data[index * picture.width * 3..][..picture.width * 3];
        for (value, tap) in self.values.iter_mut().zip(columns) {
            let left = table[bytes[tap.first * 3 + channel] as usize];
            let right = table[bytes[tap.second * 3 + channel] as usize];
            *value = tap.near * left + tap.far * right;
        }
    }
}
