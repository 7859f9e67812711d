//! Attribute vocabularies and what an annotator said about each value.
//!
//! One packed list serves every data set: DeepFashion's 1,000 flags (1 yes, −1 no, 0 unknown),
//! FashionAI's eight dimensions (`y`, `m`, `n`; the other dimensions unknown) and Fashionpedia's
//! lists of ids. Two bits a value: DeepFashion's 289,222 × 1,000 take 72 MB.

use serde::{Deserialize, Serialize};

/// What was said of one attribute value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Judgement {
    /// Nothing.
    #[default]
    Unknown = 0,
    /// The garment does not have it.
    No = 1,
    /// It may (FashionAI's `m`).
    Maybe = 2,
    /// The garment has it.
    Yes = 3,
}

impl Judgement {
    const ALL: [Self; 4] = [Self::Unknown, Self::No, Self::Maybe, Self::Yes];
}

/// Values that belong together: one of FashionAI's dimensions, one of DeepFashion's five types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeGroup {
    /// The group's name, such as `collar_design_labels` or `texture`.
    pub name: String,
    /// The values' names, in the format's order.
    pub values: Vec<String>,
    /// Whether exactly one value holds (a dimension with a softmax) or any number (flags).
    pub exclusive: bool,
}

/// All values of a data set, group after group; an attribute's index counts through all groups.
///
/// ```
/// use wardrobe_datasets::sample::{AttributeGroup, AttributeVocabulary};
/// let group = |name: &str, values: &[&str]| AttributeGroup {
///     name: name.into(),
///     values: values.iter().map(|value| value.to_string()).collect(),
///     exclusive: true,
/// };
/// let vocabulary = AttributeVocabulary::new(vec![group("sleeve", &["short", "long"]), group("neck", &["v"])]);
/// assert_eq!(vocabulary.len(), 3);
/// assert_eq!(vocabulary.range(1), 2..3);
/// assert_eq!(vocabulary.name(2), Some("v"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AttributeVocabulary {
    groups: Vec<AttributeGroup>,
}

impl AttributeVocabulary {
    /// From groups in order.
    pub fn new(groups: Vec<AttributeGroup>) -> Self {
        Self { groups }
    }

    /// The groups.
    pub fn groups(&self) -> &[AttributeGroup] {
        &self.groups
    }

    /// Values of all groups together.
    pub fn len(&self) -> usize {
        self.groups.iter().map(|group| group.values.len()).sum()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The indices of one group's values.
    ///
    /// # Panics
    /// When there is no such group.
    pub fn range(&self, group: usize) -> std::ops::Range<usize> {
        let start = self.groups[..group]
            .iter()
            .map(|group| group.values.len())
            .sum();
        start..start + self.groups[group].values.len()
    }

    /// The place of a group by its name.
    pub fn group(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.name == name)
    }

    /// A value's name by its index.
    pub fn name(&self, index: usize) -> Option<&str> {
        self.groups
            .iter()
            .flat_map(|group| &group.values)
            .nth(index)
            .map(String::as_str)
    }
}

/// One judgement for each value of a vocabulary, four to a byte.
///
/// ```
/// use wardrobe_datasets::sample::{AttributeLabels, Judgement};
/// let mut labels = AttributeLabels::unknown(5);
/// labels.set(3, Judgement::Yes);
/// assert_eq!(labels.get(3), Judgement::Yes);
/// assert_eq!(labels.get(4), Judgement::Unknown);
/// assert_eq!(labels.with(Judgement::Yes).collect::<Vec<_>>(), [3]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AttributeLabels {
    packed: Box<[u8]>,
    len: u32,
}

impl AttributeLabels {
    /// Nothing said about any of `len` values.
    ///
    /// # Panics
    /// When there are more than `u32::MAX` values.
    pub fn unknown(len: usize) -> Self {
        Self {
            packed: vec![0; len.div_ceil(4)].into(),
            len: u32::try_from(len).unwrap_or_else(|_| panic!("{len} attribute values")),
        }
    }

    /// Count of values, known or not; 0 for an object without attributes.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The judgement of one value.
    ///
    /// # Panics
    /// When there is no such value.
    pub fn get(&self, index: usize) -> Judgement {
        self.check(index);
        Judgement::ALL[usize::from(self.packed[index / 4] >> (index % 4 * 2) & 3)]
    }

    /// Sets the judgement of one value.
    ///
    /// # Panics
    /// When there is no such value.
    pub fn set(&mut self, index: usize, judgement: Judgement) {
        self.check(index);
        let shift = index % 4 * 2;
        let byte = &mut self.packed[index / 4];
        *byte = *byte & !(3 << shift) | (judgement as u8) << shift;
    }

    /// All judgements, in order.
    pub fn iter(&self) -> impl Iterator<Item = Judgement> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// The indices of the values with this judgement.
    pub fn with(&self, judgement: Judgement) -> impl Iterator<Item = usize> + '_ {
        self.iter()
            .enumerate()
            .filter(move |&(_, found)| found == judgement)
            .map(|(index, _)| index)
    }

    fn check(&self, index: usize) {
        assert!(
            index < self.len(),
            "attribute {index} of {} values",
            self.len
        );
    }
}

impl FromIterator<Judgement> for AttributeLabels {
    fn from_iter<I: IntoIterator<Item = Judgement>>(judgements: I) -> Self {
        let mut packed = Vec::new();
        let mut len = 0;
        for judgement in judgements {
            if len % 4 == 0 {
                packed.push(0);
            }
            packed[len / 4] |= (judgement as u8) << (len % 4 * 2);
            len += 1;
        }
        Self {
            packed: packed.into(),
            len: u32::try_from(len).unwrap_or_else(|_| panic!("{len} attribute values")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_keeps_every_judgement() {
        // 4 judgements to the power of one byte's four places, and a ragged end.
        let judgements: Vec<Judgement> = (0..4 * 256 + 3)
            .map(|index| Judgement::ALL[((index / 4) >> (index % 4 * 2)) & 3])
            .collect();
        let labels: AttributeLabels = judgements.iter().copied().collect();
        assert_eq!(labels.iter().collect::<Vec<_>>(), judgements);
        let mut copy = AttributeLabels::unknown(judgements.len());
        for (index, &judgement) in judgements.iter().enumerate() {
            copy.set(index, Judgement::Yes);
            copy.set(index, judgement);
        }
        assert_eq!(copy, labels);
    }
}
