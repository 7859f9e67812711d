//! Every category equally often.

use std::collections::BTreeMap;

use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::loader::seed::order_rng;

use super::{Sampler, distinct};

/// Class-aware sampling (Shen, Lin, Huang: *Relay Backpropagation*, arXiv:1512.05830, under that name):
/// take the categories in turn, and of each category its samples in turn, both in an order that is
/// shuffled anew whenever it is used up.
///
/// In an epoch any two categories are drawn equally often or once apart, and any two samples of one
/// category are drawn for it equally often or once apart. A sample with several categories is on
/// the list of each.
///
/// Samples without a category (negatives) are no category: they keep the share of the epoch that
/// they have of the source, rounded down, at random places.
#[derive(Debug, Clone)]
pub struct ClassBalanced {
    /// The samples of each category that occurs.
    members: Vec<Vec<usize>>,
    negatives: Vec<usize>,
    len: usize,
    draws: usize,
}

impl ClassBalanced {
    /// `draws` an epoch from samples with these categories (in the source's order).
    pub fn new(categories: impl IntoIterator<Item = Vec<u32>>, draws: usize) -> Self {
        let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        let mut negatives = Vec::new();
        let mut len = 0;
        for (index, categories) in categories.into_iter().enumerate() {
            len += 1;
            let categories = distinct(categories);
            if categories.is_empty() {
                negatives.push(index);
            }
            for category in categories {
                members.entry(category).or_default().push(index);
            }
        }
        Self {
            members: members.into_values().collect(),
            negatives,
            len,
            draws,
        }
    }

    /// Draws of an epoch that are negatives.
    fn negative_draws(&self) -> usize {
        match (self.members.is_empty(), self.negatives.is_empty()) {
            (_, true) => 0,
            (true, false) => self.draws,
            // 128 bits: two counts of a 64-bit machine multiplied.
            (false, false) => {
                (self.draws as u128 * self.negatives.len() as u128 / self.len as u128) as usize
            }
        }
    }
}

impl Sampler for ClassBalanced {
    fn order(&self, seed: u64, epoch: u64) -> Vec<usize> {
        if self.len == 0 {
            return Vec::new();
        }
        let mut rng = order_rng(seed, epoch);
        let mut is_negative = vec![false; self.draws];
        is_negative[..self.negative_draws()].fill(true);
        is_negative.shuffle(&mut rng);
        let mut negatives = Cycle::new(self.negatives.clone());
        let mut categories = Cycle::new((0..self.members.len()).collect());
        let mut members: Vec<Cycle> = self.members.iter().cloned().map(Cycle::new).collect();
        is_negative
            .into_iter()
            .map(|negative| {
                if negative {
                    negatives.next(&mut rng)
                } else {
                    let category = categories.next(&mut rng);
                    members[category].next(&mut rng)
                }
            })
            .collect()
    }
}

/// A list taken round and round, shuffled before each round.
struct Cycle {
    items: Vec<usize>,
    at: usize,
}

impl Cycle {
    fn new(items: Vec<usize>) -> Self {
        Self { items, at: 0 }
    }

    /// The next item; only called on lists that have one.
    fn next(&mut self, rng: &mut ChaCha8Rng) -> usize {
        if self.at == 0 {
            self.items.shuffle(rng);
        }
        let item = self.items[self.at];
        self.at = (self.at + 1) % self.items.len();
        item
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(order: &[usize], len: usize) -> Vec<usize> {
        let mut counts = vec![0; len];
        for &index in order {
            counts[index] += 1;
        }
        counts
    }

    #[test]
    fn a_rare_category_comes_as_often_as_a_common_one() {
        // Category 5 has samples 0–5, category 9 sample 6 alone. 12 draws: 6 and 6, so each of the
        // six once and sample 6 six times.
        let categories = (0..7).map(|index| vec![if index < 6 { 5 } else { 9 }]);
        let sampler = ClassBalanced::new(categories, 12);
        for epoch in 0..20 {
            let counts = counts(&sampler.order(1, epoch), 7);
            assert_eq!(counts, [1, 1, 1, 1, 1, 1, 6], "epoch {epoch}");
        }
    }

    #[test]
    fn categories_differ_by_one_draw_when_they_do_not_divide() {
        // Three categories of one sample each, 10 draws: 3 full rounds and one more.
        let sampler = ClassBalanced::new((0..3).map(|category| vec![category]), 10);
        let order = sampler.order(4, 2);
        let mut counts = counts(&order, 3);
        counts.sort_unstable();
        assert_eq!(counts, [3, 3, 4]);
        // Every full round has each category once.
        for round in order.chunks_exact(3) {
            let mut round = round.to_vec();
            round.sort_unstable();
            assert_eq!(round, [0, 1, 2]);
        }
    }

    #[test]
    fn negatives_keep_their_share() {
        // 2 of 8 samples have no category. 12 draws: ⌊12 · 2/8⌋ = 3 negatives, and 9 for the two
        // categories: 5 and 4 in either order.
        let categories = [
            vec![0],
            vec![],
            vec![0],
            vec![1],
            vec![],
            vec![0],
            vec![0],
            vec![0],
        ];
        let counts = counts(&ClassBalanced::new(categories, 12).order(7, 0), 8);
        assert_eq!(counts[1] + counts[4], 3);
        assert!(counts[1].abs_diff(counts[4]) == 1);
        assert!(matches!(counts[3], 4 | 5), "{counts:?}");
        assert_eq!(counts.iter().sum::<usize>(), 12);
    }

    #[test]
    fn a_sample_on_two_lists_is_drawn_for_both() {
        // Category 0: samples 0 and 1; category 1: sample 1. Four draws: two rounds of the
        // categories, so 0, 1 for category 0 and 1, 1 for category 1. Two coats count once.
        let sampler = ClassBalanced::new([vec![0, 0], vec![1, 0]], 4);
        assert_eq!(counts(&sampler.order(2, 3), 2), [1, 3]);
    }

    #[test]
    fn sets_of_nothing_and_of_negatives_are_valid() {
        assert!(ClassBalanced::new([], 5).order(1, 1).is_empty());
        let only = ClassBalanced::new([vec![], vec![]], 5).order(1, 1);
        let mut counts = counts(&only, 2);
        counts.sort_unstable();
        assert_eq!(counts, [2, 3]);
    }
}
