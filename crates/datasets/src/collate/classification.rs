//! Batches for classifiers: pictures of one size, one object each.

use serde::{Deserialize, Serialize};

use crate::image_file::Picture;
use crate::sample::{AttributeLabels, AttributeVocabulary, DataSet, Landmarks, Object, Sample};
use crate::statistics::Standardisation;

use super::CollateError;
use super::labels::LabelWeights;
use super::pixels::{ImageSize, MAX_VALUES, PixelBatch};

/// How batches for classifiers are made.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassificationCollateConfig {
    /// The size every picture must have; the loader's transforms resize.
    pub size: ImageSize,
    /// What becomes of levels; ImageNet's statistics by default.
    #[serde(default = "imagenet")]
    pub standardisation: Standardisation,
    /// Weight of an attribute that may hold (FashionAI's `m`) beside 1 for one that does, 0–1; 0 by
    /// default. In a dimension of which one value holds the weights are brought to a sum of 1: 3/7
    /// gives 0.7 and 0.3 where one value may hold.
    #[serde(default)]
    pub maybe: f32,
}

const fn imagenet() -> Standardisation {
    Standardisation::IMAGENET
}

impl ClassificationCollateConfig {
    /// Pictures of `height` × `width`, ImageNet's statistics, no weight for what may hold.
    pub const fn new(height: usize, width: usize) -> Self {
        Self {
            size: ImageSize::new(height, width),
            standardisation: Standardisation::IMAGENET,
            maybe: 0.0,
        }
    }
}

/// Pictures and what is known of the one object of each.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassificationBatch {
    /// The pictures, without padding.
    pub images: PixelBatch,
    /// A weight for each of the data set's categories, counted from 0; there is no background.
    pub categories: LabelWeights,
    /// A weight for each of the data set's attribute values.
    pub attributes: LabelWeights,
    /// One for each picture, in its pixels, where annotated.
    pub landmarks: Vec<Option<Landmarks>>,
}

/// Makes [`ClassificationBatch`]es of one data set's samples.
///
/// ```
/// use wardrobe_datasets::collate::{
///     ClassificationCollate, ClassificationCollateConfig, Smoothing,
/// };
/// use wardrobe_datasets::sample::Category;
/// use wardrobe_datasets::statistics::Standardisation;
/// use wardrobe_datasets::{DataSet, Object, Picture, Sample};
///
/// let category = |name: &str, id| Category { name: name.into(), group: None, id };
/// let set = DataSet {
///     categories: vec![category("Blazer", 1), category("Tee", 2)],
///     ..DataSet::default()
/// };
/// let tee = |level| Sample {
///     picture: Picture::new(vec![level; 3 * 4 * 4], 4, 4),
///     objects: vec![Object { category: Some(1), ..Object::default() }],
///     parsing: None,
/// };
/// let config = ClassificationCollateConfig {
///     standardisation: Standardisation::INCEPTION,
///     ..ClassificationCollateConfig::new(4, 4)
/// };
/// let mut batch = ClassificationCollate::new(config, &set)?.collate(vec![tee(0), tee(255)])?;
/// assert_eq!((batch.images.values[0], batch.images.values[3 * 16]), (-1.0, 1.0));
/// assert_eq!(batch.categories.largest(0..2), [Some(1), Some(1)]);
/// batch.categories.smooth(0..2, 0.1, Smoothing::Others)?;
/// assert_eq!(batch.categories.weights(), [0.1, 0.9, 0.1, 0.9]);
/// # Ok::<(), wardrobe_datasets::collate::CollateError>(())
/// ```
#[derive(Debug, Clone)]
pub struct ClassificationCollate {
    config: ClassificationCollateConfig,
    categories: usize,
    attributes: AttributeVocabulary,
}

impl ClassificationCollate {
    /// With these settings, for samples of this data set.
    ///
    /// # Errors
    /// [`CollateError::Setting`] and [`CollateError::Standardisation`] when a setting is out of range.
    pub fn new(config: ClassificationCollateConfig, set: &DataSet) -> Result<Self, CollateError> {
        config.standardisation.check()?;
        let setting = |field, found: String, expected| CollateError::Setting {
            field,
            found,
            expected,
        };
        if config.size.height == 0 || config.size.width == 0 {
            let found = format!("{}x{}", config.size.width, config.size.height);
            return Err(setting("size", found, "at least 1x1"));
        }
        if !(0.0..=1.0).contains(&config.maybe) {
            return Err(setting("maybe", config.maybe.to_string(), "0 to 1"));
        }
        Ok(Self {
            config,
            categories: set.categories.len(),
            attributes: set.attributes.clone(),
        })
    }

    /// One batch of all samples, in their order. A sample without a category, or without attributes,
    /// has rows of nothing known.
    ///
    /// # Errors
    /// [`CollateError`]: no sample, a picture of another size, none or several objects in it, a category
    /// or attributes of another data set.
    pub fn collate(&self, samples: Vec<Sample>) -> Result<ClassificationBatch, CollateError> {
        let images = self.images(&samples)?;
        let mut objects: Vec<Object> = samples
            .into_iter()
            .enumerate()
            .map(|(sample, content)| self.only_object(sample, content.objects))
            .collect::<Result<_, _>>()?;
        let categories: Vec<Option<u32>> = objects.iter().map(|object| object.category).collect();
        let attributes: Vec<&AttributeLabels> =
            objects.iter().map(|object| &object.attributes).collect();
        Ok(ClassificationBatch {
            images,
            categories: LabelWeights::of_classes(&categories, self.categories),
            attributes: LabelWeights::of_judgements(
                &attributes,
                &self.attributes,
                self.config.maybe,
            ),
            landmarks: objects
                .iter_mut()
                .map(|object| object.landmarks.take())
                .collect(),
        })
    }

    fn images(&self, samples: &[Sample]) -> Result<PixelBatch, CollateError> {
        let pictures: Vec<&Picture> = samples.iter().map(|sample| &sample.picture).collect();
        for (sample, picture) in pictures.iter().enumerate() {
            let found = ImageSize::of(picture);
            if found != self.config.size {
                return Err(CollateError::WrongSize {
                    sample,
                    found,
                    expected: self.config.size,
                });
            }
        }
        let by = &self.config.standardisation;
        PixelBatch::pack(&pictures, by, 1, MAX_VALUES, Vec::new())
    }

    /// The one object of a sample, if its numbers are those of the data set.
    fn only_object(&self, sample: usize, objects: Vec<Object>) -> Result<Object, CollateError> {
        let found = objects.len();
        let Ok([object]) = <[Object; 1]>::try_from(objects) else {
            return Err(CollateError::NotOneObject { sample, found });
        };
        let other = |what, found, known| CollateError::OtherDataSet {
            sample,
            what,
            found,
            known,
        };
        if let Some(category) = object.category
            && category as usize >= self.categories
        {
            return Err(other("category", category as usize, self.categories));
        }
        let attributes = object.attributes.len();
        if attributes != 0 && attributes != self.attributes.len() {
            return Err(other(
                "count of attributes",
                attributes,
                self.attributes.len(),
            ));
        }
        Ok(object)
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::{AttributeGroup, Category, Judgement, Landmark};

    pub(in crate::collate) fn sample(level: u8, objects: Vec<Object>) -> Sample {
        Sample {
            picture: Picture::new(vec![level; 3 * 6], 3, 2),
            objects,
            parsing: None,
        }
    }

    pub(in crate::collate) fn object(category: Option<u32>, judgements: &[Judgement]) -> Object {
        Object {
            category,
            attributes: judgements.iter().copied().collect(),
            ..Object::default()
        }
    }

    /// Three categories, two values of a dimension.
    fn set() -> DataSet {
        let category = |id: u32| Category {
            name: id.to_string(),
            group: None,
            id,
        };
        let group = AttributeGroup {
            name: "length".into(),
            values: vec!["short".into(), "long".into()],
            exclusive: true,
        };
        DataSet {
            categories: (1..=3).map(category).collect(),
            attributes: AttributeVocabulary::new(vec![group]),
            ..DataSet::default()
        }
    }

    pub(in crate::collate) fn collate() -> ClassificationCollate {
        let config = ClassificationCollateConfig {
            standardisation: Standardisation::NONE,
            ..ClassificationCollateConfig::new(2, 3)
        };
        ClassificationCollate::new(config, &set()).unwrap()
    }

    #[test]
    fn labels_and_pixels_keep_their_order() {
        let points = Landmarks {
            schema: 1,
            points: vec![Landmark::ABSENT].into(),
        };
        let with_points = Object {
            landmarks: Some(points.clone()),
            ..object(Some(2), &[])
        };
        let samples = vec![
            sample(51, vec![with_points]),
            sample(255, vec![object(None, &[Judgement::No, Judgement::Yes])]),
        ];
        let batch = collate().collate(samples).unwrap();
        assert_eq!(batch.images.dims, [2, 3, 2, 3]);
        // 51/255 = 0.2.
        let expected: Vec<f32> = [vec![0.2; 18], vec![1.0; 18]].concat();
        assert_eq!(batch.images.values, expected);
        assert_eq!(batch.categories.weights(), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(batch.categories.known(), [1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
        assert_eq!(batch.attributes.weights(), [0.0, 0.0, 0.0, 1.0]);
        assert_eq!(batch.attributes.known(), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(batch.landmarks, [Some(points), None]);
    }

    #[test]
    fn what_a_classifier_cannot_take_says_why() {
        let good = || sample(0, vec![object(Some(1), &[])]);
        let refused = |second: Sample| {
            let error = collate().collate(vec![good(), second]).unwrap_err();
            error.to_string()
        };
        let mut large = good();
        large.picture = Picture::new(vec![0; 3 * 8], 4, 2);
        for (second, part) in [
            (sample(0, vec![]), "sample 1 of the batch: has 0 objects"),
            (sample(0, vec![Object::default(); 2]), "has 2 objects"),
            (large, "is 4x2 (width x height), expected 3x2"),
            (
                sample(0, vec![object(Some(3), &[])]),
                "its category is 3, the data set has 3",
            ),
            (
                sample(0, vec![object(None, &[Judgement::Yes; 5])]),
                "its count of attributes is 5, the data set has 2",
            ),
        ] {
            let message = refused(second);
            assert!(message.contains(part), "{message}");
        }
        assert_eq!(collate().collate(vec![]), Err(CollateError::Empty));
    }

    #[test]
    fn settings_out_of_range_are_refused_by_name() {
        let plain = ClassificationCollateConfig::new(2, 3);
        for (config, part) in [
            (
                ClassificationCollateConfig {
                    maybe: 1.5,
                    ..plain
                },
                "maybe: found 1.5, expected 0 to 1",
            ),
            (
                ClassificationCollateConfig::new(0, 3),
                "size: found 3x0, expected at least 1x1",
            ),
            (
                ClassificationCollateConfig {
                    standardisation: Standardisation::DataSet {
                        mean: [0.0; 3],
                        std: [0.0; 3],
                    },
                    ..plain
                },
                "deviations above 0",
            ),
        ] {
            let message = ClassificationCollate::new(config, &set())
                .unwrap_err()
                .to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
