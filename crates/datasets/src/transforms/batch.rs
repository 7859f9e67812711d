//! Batches of floats with soft labels: mixup and label smoothing.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::image_file::Picture;

use super::standardise::Standardise;
use super::stream::Stream;

/// The order of a batch's axes: N pictures, C channels (3), H rows, W columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `[N, C, H, W]`: a plane for each channel (PyTorch, burn).
    #[default]
    Nchw,
    /// `[N, H, W, C]`: the channels of a pixel side by side (TensorFlow).
    Nhwc,
}

/// How the smoothed part is shared out among K classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Smoothing {
    /// The true class has 1 − ε, the other K − 1 share ε (the bag-of-tricks paper, equation 3).
    #[default]
    Others,
    /// All K share ε, so the true class has 1 − ε + ε / K (Szegedy et al. 2016; PyTorch).
    All,
}

/// A batch that cannot be made or changed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// Pictures of different sizes.
    #[error("picture {index} is {}x{}, the first {}x{}; resize them alike first", found[0], found[1], first[0], first[1])]
    SizesDiffer {
        /// The picture, from 0.
        index: usize,
        /// Its columns and rows.
        found: [usize; 2],
        /// Those of the first.
        first: [usize; 2],
    },
    /// Label counts that do not fit the pictures.
    #[error(
        "{labels} labels for {pictures} pictures of {classes} classes; give pictures × classes"
    )]
    LabelCount {
        /// Labels given.
        labels: usize,
        /// Pictures given.
        pictures: usize,
        /// Classes a picture.
        classes: usize,
    },
    /// A parameter out of its range.
    #[error("{name} is {found}; {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        found: f32,
        /// What it may be.
        expected: &'static str,
    },
    /// Classes that are not those of the batch.
    #[error("classes {}..{} are not among the batch's {classes}", range.start, range.end)]
    Classes {
        /// The classes asked for.
        range: Range<usize>,
        /// Classes of the batch.
        classes: usize,
    },
}

/// Pictures as floats, and for each one weight a class.
///
/// ```
/// use wardrobe_datasets::Picture;
/// use wardrobe_datasets::transforms::{Batch, ChannelStatistics, Layout, Smoothing, Standardise, Stream};
/// let pictures = [Picture::new(vec![0; 48], 4, 4), Picture::new(vec![255; 48], 4, 4)];
/// let by = Standardise::DataSet(ChannelStatistics::IMAGENET);
/// let mut batch = Batch::new(&pictures, &by, Layout::Nchw, vec![1.0, 0.0, 0.0, 1.0], 2)?;
/// batch.smooth_labels(0..2, 0.1, Smoothing::Others)?;
/// assert_eq!(batch.labels(), [0.9, 0.1, 0.1, 0.9]);
/// let mixed = batch.mixup(0.2, &Stream::new(1, 0))?;
/// assert_eq!(mixed.partners.len(), 2);
/// # Ok::<(), wardrobe_datasets::transforms::BatchError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    images: Vec<f32>,
    labels: Vec<f32>,
    pictures: usize,
    classes: usize,
    height: usize,
    width: usize,
    layout: Layout,
}

/// What [`Batch::mixup`] drew.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixed {
    /// The part each picture keeps of itself (0–1).
    pub lambda: f32,
    /// The picture each one is mixed with.
    pub partners: Vec<usize>,
}

impl Batch {
    /// Standardises `pictures`, all of one size, and takes their labels: `pictures × classes`
    /// weights, one row a picture. No picture gives an empty batch.
    ///
    /// # Errors
    /// [`BatchError::SizesDiffer`], [`BatchError::LabelCount`].
    pub fn new(
        pictures: &[Picture],
        standardise: &Standardise,
        layout: Layout,
        labels: Vec<f32>,
        classes: usize,
    ) -> Result<Self, BatchError> {
        if pictures.len().checked_mul(classes) != Some(labels.len()) {
            return Err(BatchError::LabelCount {
                labels: labels.len(),
                pictures: pictures.len(),
                classes,
            });
        }
        let size = |picture: &Picture| [picture.width(), picture.height()];
        let first = pictures.first().map_or([0, 0], size);
        if let Some(index) = pictures.iter().position(|picture| size(picture) != first) {
            return Err(BatchError::SizesDiffer {
                index,
                found: size(&pictures[index]),
                first,
            });
        }
        let [width, height] = first;
        let values = 3 * width * height;
        let mut images = vec![0.0; values * pictures.len()];
        for (picture, out) in pictures.iter().zip(images.chunks_exact_mut(values.max(1))) {
            standardise.write(picture, layout, out);
        }
        Ok(Self {
            images,
            labels,
            pictures: pictures.len(),
            classes,
            height,
            width,
            layout,
        })
    }

    /// The pictures' values in the order of [`Batch::shape`].
    pub fn images(&self) -> &[f32] {
        &self.images
    }

    /// Lengths of the axes of [`Batch::images`], in the layout's order.
    pub fn shape(&self) -> [usize; 4] {
        match self.layout {
            Layout::Nchw => [self.pictures, 3, self.height, self.width],
            Layout::Nhwc => [self.pictures, self.height, self.width, 3],
        }
    }

    /// The layout.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// `[N, K]`: a weight for each picture and class.
    pub fn labels(&self) -> &[f32] {
        &self.labels
    }

    /// K.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Mixes every picture and its labels with another one's (Zhang et al. 2018; the bag-of-tricks
    /// paper, section 5.3): x' = λ x + (1 − λ) x_partner, one λ from Beta(`alpha`, `alpha`) for the
    /// batch, partners by a random permutation.
    ///
    /// # Errors
    /// [`BatchError::Parameter`] unless `alpha` is in (0, 100].
    pub fn mixup(&mut self, alpha: f32, stream: &Stream) -> Result<Mixed, BatchError> {
        if !(alpha > 0.0 && alpha <= 100.0) {
            return Err(BatchError::Parameter {
                name: "alpha",
                found: alpha,
                expected: "mixup's alpha is above 0, at most 100",
            });
        }
        let mut dice = stream.dice();
        let lambda = dice.beta(f64::from(alpha)) as f32;
        let partners = dice.choose(self.pictures, self.pictures);
        mix_rows(&mut self.images, self.pictures, &partners, lambda);
        mix_rows(&mut self.labels, self.pictures, &partners, lambda);
        Ok(Mixed { lambda, partners })
    }

    /// Smooths the labels of one dimension, the classes `range`. A row is read as weights that sum to
    /// its mass (1 for a known label): each class gets its share of the mass moved to the others. A
    /// row without any weight (a dimension nobody labelled) stays so.
    ///
    /// # Errors
    /// [`BatchError::Parameter`] unless `epsilon` is in [0, 1); [`BatchError::Classes`].
    pub fn smooth_labels(
        &mut self,
        range: Range<usize>,
        epsilon: f32,
        smoothing: Smoothing,
    ) -> Result<(), BatchError> {
        if !(0.0..1.0).contains(&epsilon) {
            return Err(BatchError::Parameter {
                name: "epsilon",
                found: epsilon,
                expected: "label smoothing moves 0 to below 1",
            });
        }
        if range.start > range.end || range.end > self.classes {
            let classes = self.classes;
            return Err(BatchError::Classes { range, classes });
        }
        let count = range.len() as f32;
        if range.len() < 2 {
            return Ok(());
        }
        for row in self.labels.chunks_exact_mut(self.classes) {
            let row = &mut row[range.clone()];
            let mass: f32 = row.iter().sum();
            for label in row {
                *label = match smoothing {
                    Smoothing::Others => {
                        *label * (1.0 - epsilon) + (mass - *label) * epsilon / (count - 1.0)
                    }
                    Smoothing::All => *label * (1.0 - epsilon) + mass * epsilon / count,
                };
            }
        }
        Ok(())
    }
}

/// Row i becomes λ · row i + (1 − λ) · row partners[i], of the rows as they were.
fn mix_rows(values: &mut Vec<f32>, rows: usize, partners: &[usize], lambda: f32) {
    let width = values.len() / rows.max(1);
    if width == 0 {
        return;
    }
    let mut mixed = Vec::with_capacity(values.len());
    for (row, &partner) in values.chunks_exact(width).zip(partners) {
        let other = &values[partner * width..(partner + 1) * width];
        let pairs = row.iter().zip(other);
        mixed.extend(pairs.map(|(&a, &b)| lambda * a + (1.0 - lambda) * b));
    }
    *values = mixed;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::transforms::ChannelStatistics;

    const PLAIN: Standardise = Standardise::DataSet(ChannelStatistics {
        mean: [0.0; 3],
        std: [1.0; 3],
    });

    fn batch(layout: Layout) -> Batch {
        let pictures = [[0, 51, 102, 153, 204, 255], [255, 204, 153, 102, 51, 0]]
            .map(|data| Picture::new(data.to_vec(), 2, 1));
        Batch::new(
            &pictures,
            &PLAIN,
            layout,
            vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            3,
        )
        .unwrap()
    }

    #[test]
    fn layouts_order_the_axes() {
        let by_pixel = batch(Layout::Nhwc);
        assert_eq!(by_pixel.shape(), [2, 1, 2, 3]);
        let close = |found: &[f32], expected: &[f32]| {
            found
                .iter()
                .zip(expected)
                .all(|(a, b)| (a - b).abs() < 1e-6)
        };
        assert!(close(
            &by_pixel.images()[..6],
            &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        ));
        let by_plane = batch(Layout::Nchw);
        assert_eq!(by_plane.shape(), [2, 3, 1, 2]);
        assert!(close(
            &by_plane.images()[..6],
            &[0.0, 0.6, 0.2, 0.8, 0.4, 1.0]
        ));
    }

    #[test]
    fn mixup_is_the_weighted_sum_of_what_was_there() {
        // Over several seeds, so that the two pictures do exchange.
        let mut exchanged = false;
        for seed in 0..8 {
            let before = batch(Layout::Nchw);
            let mut after = before.clone();
            let Mixed { lambda, partners } = after.mixup(1.0, &Stream::new(seed, 0)).unwrap();
            assert!((0.0..=1.0).contains(&lambda));
            exchanged |= partners == [1, 0];
            for (row, &partner) in partners.iter().enumerate() {
                for index in 0..6 {
                    let (a, b) = (
                        before.images()[6 * row + index],
                        before.images()[6 * partner + index],
                    );
                    let found = after.images()[6 * row + index];
                    assert!((found - (lambda * a + (1.0 - lambda) * b)).abs() < 1e-6);
                }
                let mass: f32 = after.labels()[3 * row..3 * row + 3].iter().sum();
                assert!((mass - 1.0).abs() < 1e-6);
            }
        }
        assert!(exchanged);
    }

    #[test]
    fn smoothing_by_both_formulas() {
        let mut others = batch(Layout::Nchw);
        others.smooth_labels(0..3, 0.1, Smoothing::Others).unwrap();
        // 1 − 0.1 and 0.1 / 2.
        assert_eq!(others.labels()[..3], [0.9, 0.05, 0.05]);
        let mut all = batch(Layout::Nchw);
        all.smooth_labels(0..3, 0.3, Smoothing::All).unwrap();
        // 0.7 + 0.3 / 3 and 0.3 / 3.
        let close = all.labels()[..3]
            .iter()
            .zip([0.8, 0.1, 0.1])
            .all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(close, "{:?}", all.labels());
    }

    #[test]
    fn a_dimension_nobody_labelled_stays_empty() {
        let mut one = batch(Layout::Nchw);
        // Classes 0 and 1 of the second picture hold nothing.
        one.smooth_labels(0..2, 0.1, Smoothing::Others).unwrap();
        assert_eq!(one.labels(), [0.9, 0.1, 0.0, 0.0, 0.0, 1.0]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let pictures = [
            Picture::new(vec![0; 3], 1, 1),
            Picture::new(vec![0; 6], 2, 1),
        ];
        let error = Batch::new(&pictures, &PLAIN, Layout::Nchw, vec![0.0; 4], 2).unwrap_err();
        assert!(error.to_string().contains("picture 1 is 2x1"), "{error}");
        assert!(Batch::new(&pictures[..1], &PLAIN, Layout::Nchw, vec![0.0; 4], 2).is_err());
        let mut one = batch(Layout::Nchw);
        for alpha in [0.0, -1.0, f32::NAN, 101.0] {
            assert!(one.mixup(alpha, &Stream::new(0, 0)).is_err(), "{alpha}");
        }
        for epsilon in [1.0, -0.1, f32::NAN] {
            assert!(
                one.smooth_labels(0..3, epsilon, Smoothing::All).is_err(),
                "{epsilon}"
            );
        }
        assert!(one.smooth_labels(1..4, 0.1, Smoothing::All).is_err());
        assert_eq!(one, batch(Layout::Nchw));
        let mut none = Batch::new(&[], &PLAIN, Layout::Nchw, Vec::new(), 3).unwrap();
        assert!(
            none.mixup(0.2, &Stream::new(0, 0))
                .unwrap()
                .partners
                .is_empty()
        );
        assert!(none.smooth_labels(0..3, 0.1, Smoothing::All).is_ok());
    }
}
