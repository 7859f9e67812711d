//! What a subset is to have.

use serde::{Deserialize, Serialize};

use super::{PAPER_A_CATEGORIES, SubsetError};

/// Which pictures may become training and which validation pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitRule {
    /// Any picture either; the parts are drawn anew.
    Draw,
    /// Training pictures are drawn from training pictures, validation pictures from validation
    /// pictures. A subset of a subset then never validates on what its backbone was trained on.
    Keep,
}

/// What a subset is to have.
///
/// ```
/// use wardrobe_datasets::subsets::SubsetSpec;
/// let small = SubsetSpec {
///     train: 40,
///     validation: 10,
///     categories: vec!["Tee".into(), "Jeans".into()],
///     ..SubsetSpec::deepfashionkid(7)
/// };
/// assert!(small.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubsetSpec {
    /// Its name, which the manifest repeats.
    pub name: String,
    /// Its categories in order, matched as [`match_category`](super::match_category) does.
    pub categories: Vec<String>,
    /// Training pictures of each category.
    pub train: usize,
    /// Validation pictures of each category.
    pub validation: usize,
    /// Where each part is drawn from.
    pub splits: SplitRule,
    /// Only pictures whose object has a box.
    pub needs_box: bool,
    /// Decides which pictures are drawn.
    pub seed: u64,
}

impl SubsetSpec {
    /// 20 categories × 2,000 pictures to classify (paper A, section 4.1 and table 1). The paper does
    /// not say how it splits them: here nine in ten train.
    pub fn deepfashionkid(seed: u64) -> Self {
        Self {
            name: "deepfashionkid".into(),
            categories: PAPER_A_CATEGORIES.map(Into::into).into(),
            train: 1_800,
            validation: 200,
            splits: SplitRule::Draw,
            needs_box: false,
            seed,
        }
    }

    /// 20 categories × 200 pictures of [`deepfashionkid`](Self::deepfashionkid) with boxes, for
    /// detectors (paper A, table 1). The paper does not say how it splits them: here four in five
    /// train, and each picture stays in the part it has in deepfashionkid.
    pub fn deepfashion_voc(seed: u64) -> Self {
        Self {
            name: "deepfashionVoc".into(),
            train: 160,
            validation: 40,
            splits: SplitRule::Keep,
            needs_box: true,
            ..Self::deepfashionkid(seed)
        }
    }

    /// 20 categories × 200 pictures of [`deepfashionkid`](Self::deepfashionkid) to outline (paper A,
    /// table 1): the same pictures as [`deepfashion_voc`](Self::deepfashion_voc) of the same seed.
    /// DeepFashion has no outlines; the authors drew theirs in labelme.
    pub fn deepfashion_mask(seed: u64) -> Self {
        Self {
            name: "deepfashionMask".into(),
            ..Self::deepfashion_voc(seed)
        }
    }

    /// Whether the specification can be met by any data set.
    ///
    /// # Errors
    /// [`SubsetError::Specification`]: no category, a category twice, or no picture of each.
    pub fn check(&self) -> Result<(), SubsetError> {
        let wrong = |problem: String| {
            Err(SubsetError::Specification {
                name: self.name.clone(),
                problem,
            })
        };
        if self.categories.is_empty() {
            return wrong("has no category; name at least one".into());
        }
        if self.train == 0 && self.validation == 0 {
            return wrong("has no picture of any category; ask for at least one".into());
        }
        for (place, name) in self.categories.iter().enumerate() {
            let plain = !name.is_empty()
                && !name.contains(['/', '\\', '\0', ':'])
                && !matches!(name.as_str(), "." | "..");
            if !plain {
                return wrong(format!(
                    "has the category `{name}`, which cannot name a folder; rename it"
                ));
            }
            if self.categories[..place].contains(name) {
                return wrong(format!("names `{name}` twice; name it once"));
            }
        }
        Ok(())
    }
}
