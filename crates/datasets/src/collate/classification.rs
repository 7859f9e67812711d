//! Batches for classifiers: pictures of one size, one object each.

use serde::{Deserialize, Serialize};

use crate::image_file::Picture;
use crate::sample::{AttributeLabels, Landmarks, Object, Sample};

use super::CollateError;
use super::pixels::{ImageSize, Levels, MAX_VALUES, Normalisation, PixelBatch};

/// How batches for classifiers are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassificationCollateConfig {
    /// What becomes of levels.
    pub normalisation: Normalisation,
    /// The size every picture must have; the loader's map resizes.
    pub size: ImageSize,
}

/// Pictures and the class of each.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassBatch {
    /// The pictures, without padding.
    pub images: PixelBatch,
    /// One for each picture: its category's index, from 0; there is no background.
    pub labels: Vec<u32>,
}

/// Pictures and what is known of the one object of each.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeBatch {
    /// The pictures, without padding.
    pub images: PixelBatch,
    /// One for each picture; values nobody judged are unknown, never absent.
    pub attributes: Vec<AttributeLabels>,
    /// One for each picture: its category's index, where annotated.
    pub categories: Vec<Option<u32>>,
    /// One for each picture, in its pixels, where annotated.
    pub landmarks: Vec<Option<Landmarks>>,
}

/// Makes [`ClassBatch`]es and [`AttributeBatch`]es.
///
/// ```
/// use wardrobe_datasets::collate::{
///     ClassificationCollate, ClassificationCollateConfig, ImageSize, Normalisation,
/// };
/// use wardrobe_datasets::{Object, Picture, Sample};
///
/// let blazer = |level| Sample {
///     picture: Picture::new(vec![level; 3 * 4 * 4], 4, 4),
///     objects: vec![Object { category: Some(2), ..Object::default() }],
///     parsing: None,
/// };
/// let collate = ClassificationCollate::new(ClassificationCollateConfig {
///     normalisation: Normalisation::INCEPTION,
///     size: ImageSize::new(4, 4),
/// })?;
/// let batch = collate.classes(&[blazer(0), blazer(255)])?;
/// assert_eq!(batch.labels, [2, 2]);
/// assert_eq!((batch.images.values[0], batch.images.values[3 * 16]), (-1.0, 1.0));
/// # Ok::<(), wardrobe_datasets::collate::CollateError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ClassificationCollate {
    size: ImageSize,
    levels: Levels,
}

impl ClassificationCollate {
    /// With these settings.
    ///
    /// # Errors
    /// [`CollateError::Setting`] when one is out of range.
    pub fn new(config: ClassificationCollateConfig) -> Result<Self, CollateError> {
        Ok(Self {
            size: config.size,
            levels: config.normalisation.levels()?,
        })
    }

    /// Pictures with the category of their one object.
    ///
    /// # Errors
    /// [`CollateError`]: no sample, a picture of another size, none or several objects in it, an
    /// object without category.
    pub fn classes(&self, samples: &[Sample]) -> Result<ClassBatch, CollateError> {
        let images = self.images(samples)?;
        let labels = only_objects(samples)
            .enumerate()
            .map(|(sample, object)| {
                object?.category.ok_or(CollateError::Missing {
                    sample,
                    object: 0,
                    missing: "category",
                    remedy: "give it one or leave the picture out",
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(ClassBatch { images, labels })
    }

    /// Pictures with the attributes of their one object.
    ///
    /// # Errors
    /// [`CollateError`]: no sample, a picture of another size, none or several objects in it, an
    /// object without attributes.
    pub fn attributes(&self, samples: &[Sample]) -> Result<AttributeBatch, CollateError> {
        let images = self.images(samples)?;
        let objects = only_objects(samples).collect::<Result<Vec<_>, _>>()?;
        if let Some(sample) = objects
            .iter()
            .position(|object| object.attributes.is_empty())
        {
            return Err(CollateError::Missing {
                sample,
                object: 0,
                missing: "attributes",
                remedy: "use data with attributes",
            });
        }
        let all = objects.iter();
        Ok(AttributeBatch {
            images,
            attributes: all
                .clone()
                .map(|object| object.attributes.clone())
                .collect(),
            categories: all.clone().map(|object| object.category).collect(),
            landmarks: all.map(|object| object.landmarks.clone()).collect(),
        })
    }

    fn images(&self, samples: &[Sample]) -> Result<PixelBatch, CollateError> {
        let pictures: Vec<&Picture> = samples.iter().map(|sample| &sample.picture).collect();
        for (sample, picture) in pictures.iter().enumerate() {
            let found = ImageSize::of(picture);
            if found != self.size {
                return Err(CollateError::WrongSize {
                    sample,
                    found,
                    expected: self.size,
                });
            }
        }
        PixelBatch::pack(&pictures, &self.levels, 1, MAX_VALUES, Vec::new())
    }
}

/// The one object of each sample.
fn only_objects(samples: &[Sample]) -> impl Iterator<Item = Result<&Object, CollateError>> {
    samples
        .iter()
        .enumerate()
        .map(|(sample, content)| match content.objects.as_slice() {
            [object] => Ok(object),
            objects => Err(CollateError::NotOneObject {
                sample,
                found: objects.len(),
            }),
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::{Judgement, Landmark};

    fn sample(level: u8, objects: Vec<Object>) -> Sample {
        Sample {
            picture: Picture::new(vec![level; 3 * 6], 3, 2),
            objects,
            parsing: None,
        }
    }

    fn object(category: Option<u32>, judgements: &[Judgement]) -> Object {
        Object {
            category,
            attributes: judgements.iter().copied().collect(),
            ..Object::default()
        }
    }

    fn collate() -> ClassificationCollate {
        ClassificationCollate::new(ClassificationCollateConfig {
            normalisation: Normalisation::NONE,
            size: ImageSize::new(2, 3),
        })
        .unwrap()
    }

    #[test]
    fn classes_and_pixels_keep_their_order() {
        let samples = [
            sample(51, vec![object(Some(7), &[])]),
            sample(255, vec![object(Some(0), &[])]),
        ];
        let batch = collate().classes(&samples).unwrap();
        assert_eq!(batch.labels, [7, 0]);
        assert_eq!(batch.images.dims, [2, 3, 2, 3]);
        // 51/255 = 0.2.
        let expected: Vec<f32> = [vec![0.2; 18], vec![1.0; 18]].concat();
        assert_eq!(batch.images.values, expected);
    }

    #[test]
    fn attributes_carry_what_else_is_known() {
        let dimension = [Judgement::Yes, Judgement::Maybe, Judgement::Unknown];
        let points = Landmarks {
            schema: 1,
            points: vec![Landmark::ABSENT].into(),
        };
        let with_points = Object {
            landmarks: Some(points.clone()),
            ..object(None, &dimension)
        };
        let samples = [
            sample(0, vec![with_points]),
            sample(0, vec![object(Some(4), &[Judgement::No])]),
        ];
        let batch = collate().attributes(&samples).unwrap();
        assert_eq!(batch.attributes[0].iter().collect::<Vec<_>>(), dimension);
        assert_eq!(batch.attributes[1].get(0), Judgement::No);
        assert_eq!(batch.categories, [None, Some(4)]);
        assert_eq!(batch.landmarks, [Some(points), None]);
    }

    #[test]
    fn what_a_classifier_cannot_take_says_why() {
        let good = || sample(0, vec![object(Some(1), &[])]);
        let classes = |second: Sample| {
            let samples = [good(), second];
            collate().classes(&samples).unwrap_err().to_string()
        };
        let mut large = good();
        large.picture = Picture::new(vec![0; 3 * 8], 4, 2);
        for (second, part) in [
            (sample(0, vec![]), "sample 1 of the batch: has 0 objects"),
            (sample(0, vec![Object::default(); 2]), "has 2 objects"),
            (sample(0, vec![Object::default()]), "has no category"),
            (large, "is 4x2 (width x height), expected 3x2"),
        ] {
            let message = classes(second);
            assert!(message.contains(part), "{message}");
        }
        let message = collate().attributes(&[good()]).unwrap_err().to_string();
        assert!(message.contains("has no attributes"), "{message}");
        assert_eq!(collate().classes(&[]), Err(CollateError::Empty));
    }
}
