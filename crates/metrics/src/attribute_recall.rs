//! Top-k recall of many attributes, per group and over all, as FashionNet reports it for the 1,000
//! of DeepFashion.
//!
//! FashionNet ranks the 1,000 scores of a picture and counts how many of its attributes are among
//! the first k (its published top-3 / top-5 over all: 45.52 / 54.61). One ranking of all scores
//! serves all groups, so the value over all lies between those of the groups. Two means are in use,
//! so both are here: found over annotated attributes of all pictures together, and the plain mean
//! of each attribute's own recall.

use serde::Serialize;

use crate::error::MetricError;
use crate::numbers::{
    check_finite, check_label, check_lengths, check_same, largest, mean_of_defined, ratio,
};
use crate::top_k::check_ks;

/// The attribute types of DeepFashion's `list_attr_cloth.txt` (types 1 to 5) and how many
/// attributes each has.
pub const DEEPFASHION_GROUPS: [(&str, usize); 5] = [
    ("texture", 156),
    ("fabric", 218),
    ("shape", 180),
    ("part", 216),
    ("style", 230),
];

/// Counts of annotated attributes found among the k largest scores of their picture. Of equal
/// scores the lower index ranks first.
///
/// ```
/// use wardrobe_metrics::AttributeRecall;
/// // Attributes 0 and 1 are textures, attribute 2 is a style.
/// let mut recall = AttributeRecall::new(&["texture", "style"], &[0, 0, 1], &[1])?;
/// recall.push(&[0.9, 0.2, 0.4], &[true, false, true])?;
/// assert_eq!(recall.group(0, 0), Some(1.0));
/// assert_eq!(recall.group(1, 0), Some(0.0));
/// assert_eq!(recall.overall(0), Some(0.5));
/// # Ok::<(), wardrobe_metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributeRecall {
    names: Vec<String>,
    group_of: Vec<usize>,
    ks: Vec<usize>,
    annotated: Vec<u64>,
    /// Per k, per attribute.
    found: Vec<Vec<u64>>,
}

impl AttributeRecall {
    /// Counts for the attributes `0..group_of.len()`, attribute a belonging to group `group_of[a]`
    /// of `names`.
    ///
    /// # Errors
    /// [`MetricError::LabelOutOfRange`] for a group that has no name, [`MetricError::BadSetting`]
    /// for an unusable list of k.
    pub fn new(names: &[&str], group_of: &[usize], ks: &[usize]) -> Result<Self, MetricError> {
        check_ks(ks)?;
        for (attribute, &group) in group_of.iter().enumerate() {
            check_label("group_of", attribute, group, names.len())?;
        }
        Ok(Self {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            group_of: group_of.to_vec(),
            ks: ks.to_vec(),
            annotated: vec![0; group_of.len()],
            found: vec![vec![0; group_of.len()]; ks.len()],
        })
    }

    /// The groups' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The list of k.
    pub fn ks(&self) -> &[usize] {
        &self.ks
    }

    /// Counts one picture: a score and an annotation per attribute. Attributes whose annotation is
    /// unknown are `false`; they may take places among the first k.
    ///
    /// # Errors
    /// [`MetricError::LengthsDiffer`], [`MetricError::NotFinite`]; then nothing is counted.
    pub fn push(&mut self, scores: &[f32], annotated: &[bool]) -> Result<(), MetricError> {
        check_lengths(
            ("scores", scores.len()),
            ("attributes", self.group_of.len()),
        )?;
        check_lengths(
            ("annotated", annotated.len()),
            ("attributes", self.group_of.len()),
        )?;
        check_finite("scores", scores)?;
        for (count, &is) in self.annotated.iter_mut().zip(annotated) {
            *count += u64::from(is);
        }
        let ranked = largest(scores, self.ks.iter().copied().max().unwrap_or(0));
        for (found, &k) in self.found.iter_mut().zip(&self.ks) {
            for &attribute in ranked
                .iter()
                .take(k)
                .filter(|&&attribute| annotated[attribute])
            {
                found[attribute] += 1;
            }
        }
        Ok(())
    }

    /// Adds the counts of another accumulator.
    ///
    /// # Errors
    /// [`MetricError::CannotMerge`] when groups or k differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), MetricError> {
        check_same("the list of k", &self.ks, &other.ks)?;
        check_same("the list of groups", &self.names, &other.names)?;
        check_same(
            "the group of each attribute",
            &self.group_of,
            &other.group_of,
        )?;
        let ours = self
            .annotated
            .iter_mut()
            .chain(self.found.iter_mut().flatten());
        let theirs = other.annotated.iter().chain(other.found.iter().flatten());
        for (count, more) in ours.zip(theirs) {
            *count += more;
        }
        Ok(())
    }

    fn over(&self, k_index: usize, keep: impl Fn(usize) -> bool) -> Option<f64> {
        let kept = |counts: &[u64]| -> u64 {
            let of_kept = counts
                .iter()
                .enumerate()
                .filter(|&(attribute, _)| keep(attribute));
            of_kept.map(|(_, count)| count).sum()
        };
        ratio(kept(&self.found[k_index]), kept(&self.annotated))
    }

    /// Found over annotated attributes of one group, 0–1, at `ks()[k_index]`; `None` where none is
    /// annotated.
    ///
    /// # Panics
    /// When `k_index` is outside the list of k.
    pub fn group(&self, group: usize, k_index: usize) -> Option<f64> {
        self.over(k_index, |attribute| self.group_of[attribute] == group)
    }

    /// Found over annotated attributes of all groups, 0–1; `None` where none is annotated.
    ///
    /// # Panics
    /// When `k_index` is outside the list of k.
    pub fn overall(&self, k_index: usize) -> Option<f64> {
        self.over(k_index, |_| true)
    }

    /// One attribute's recall, 0–1; `None` where it is never annotated.
    ///
    /// # Panics
    /// When there is no such attribute or k.
    pub fn attribute(&self, attribute: usize, k_index: usize) -> Option<f64> {
        ratio(self.found[k_index][attribute], self.annotated[attribute])
    }

    /// The plain mean of [`attribute`](Self::attribute) over the annotated attributes of `group`, or
    /// of all groups.
    ///
    /// # Panics
    /// When `k_index` is outside the list of k.
    pub fn macro_mean(&self, group: Option<usize>, k_index: usize) -> Option<f64> {
        let kept =
            (0..self.group_of.len()).filter(|&a| group.is_none_or(|g| self.group_of[a] == g));
        mean_of_defined(kept.map(|a| self.attribute(a, k_index)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    /// Groups g = {0, 1}, h = {2, 3}; k = 2. Picture 1 ranks 3, 0; annotated 0, 1, 3: found 0 and 3.
    /// Picture 2 ranks 1, 2; annotated 1: found. g: 0 of 1 found 1/1 and attribute 1 1/2: 2/3 together,
    /// 3/4 as a plain mean; h: attribute 3 1/1; all: 3/4 together.
    #[test]
    fn recall_by_hand() {
        let mut recall = AttributeRecall::new(&["g", "h"], &[0, 0, 1, 1], &[2]).unwrap();
        recall
            .push(&[0.8, 0.1, 0.2, 0.9], &[true, true, false, true])
            .unwrap();
        recall
            .push(&[0.1, 0.9, 0.8, 0.2], &[false, true, false, false])
            .unwrap();
        assert_eq!(recall.group(0, 0), Some(2.0 / 3.0));
        assert_eq!(recall.group(1, 0), Some(1.0));
        assert_eq!(recall.overall(0), Some(0.75));
        assert_eq!(recall.macro_mean(Some(0), 0), Some(0.75));
        assert_eq!(recall.attribute(2, 0), None);
        // (1 + 1/2 + 1) / 3: attribute 2 is never annotated.
        assert!((recall.macro_mean(None, 0).unwrap() - 2.5 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn groups_of_deepfashion_add_up() {
        assert_eq!(
            DEEPFASHION_GROUPS
                .iter()
                .map(|(_, count)| count)
                .sum::<usize>(),
            1000
        );
    }

    #[test]
    fn nothing_annotated_has_no_recall_and_ties_go_to_the_lower_index() {
        let mut recall = AttributeRecall::new(&["g"], &[0, 0], &[1, 5]).unwrap();
        assert_eq!(recall.overall(0), None);
        recall.push(&[0.5, 0.5], &[false, true]).unwrap();
        assert_eq!(
            (recall.overall(0), recall.overall(1)),
            (Some(0.0), Some(1.0))
        );
    }

    #[test]
    fn bad_values_are_named_and_not_counted() {
        let mut recall = AttributeRecall::new(&["g"], &[0, 0], &[1]).unwrap();
        let message = recall.push(&[0.5], &[true, true]).unwrap_err().to_string();
        assert!(
            message.contains("scores has 1 entries and attributes 2"),
            "{message}"
        );
        let message = recall.push(&[0.5, 0.1], &[true]).unwrap_err().to_string();
        assert!(message.contains("annotated has 1 entries"), "{message}");
        let message = recall
            .push(&[0.5, f32::NAN], &[true, true])
            .unwrap_err()
            .to_string();
        assert!(message.contains("scores[1] is NaN"), "{message}");
        assert_eq!(recall.overall(0), None);
        let message = AttributeRecall::new(&["g"], &[0, 1], &[1])
            .unwrap_err()
            .to_string();
        assert!(message.contains("group_of[1] is 1"), "{message}");
    }

    proptest! {
        #[test]
        fn parts_merge_to_the_whole_and_more_places_find_more(
            pictures in prop::collection::vec(
                (prop::collection::vec(0_u8..9, 6), prop::collection::vec(any::<bool>(), 6)), 0..12),
            cut in 0_usize..12,
        ) {
            let of = |pictures: &[(Vec<u8>, Vec<bool>)]| {
                let mut recall = AttributeRecall::new(&["g", "h"], &[0, 1, 0, 1, 0, 1], &[1, 3]).unwrap();
                for (scores, annotated) in pictures {
                    let scores: Vec<f32> = scores.iter().map(|&s| f32::from(s)).collect();
                    recall.push(&scores, annotated).unwrap();
                }
                recall
            };
            let (left, right) = pictures.split_at(cut.min(pictures.len()));
            let mut parts = of(right);
            parts.merge(&of(left)).unwrap();
            prop_assert_eq!(&parts, &of(&pictures));
            prop_assert!(parts.overall(0) <= parts.overall(1));
        }
    }
}
