//! The batches of one epoch, before anything is decoded.

use std::ops::Range;

use super::Batching;

/// Which samples make which batch of an epoch; a pure function of source, settings and epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    indices: Vec<usize>,
    /// For each of them, how often it came before in this epoch.
    repeats: Vec<u32>,
    /// Where each batch ends in `indices`.
    ends: Vec<usize>,
}

impl Plan {
    /// Cuts an order into batches.
    ///
    /// With aspect groups, a batch is complete when its group has collected enough samples, in the
    /// order of their coming (as torchvision's `GroupedBatchSampler`). What the groups have left at
    /// the end forms the last batches, from narrow to wide, samples of unknown aspect last; so no
    /// sample is lost or repeated, and there are as many batches as without groups.
    pub(super) fn new(
        order: Vec<usize>,
        batching: &Batching,
        aspect: impl Fn(usize) -> Option<f32>,
    ) -> Self {
        let mut plan = if batching.aspect_edges.is_empty() {
            Self::uncut(order)
        } else {
            Self::grouped(&order, batching, aspect)
        };
        let cut = plan.ends.last().copied().unwrap_or(0);
        let rest = (cut..plan.indices.len()).step_by(batching.size);
        let ends: Vec<usize> = rest
            .map(|start| (start + batching.size).min(plan.indices.len()))
            .collect();
        plan.ends.extend(ends);
        if batching.drop_last && plan.last_len() < batching.size {
            plan.ends.pop();
            plan.indices
                .truncate(plan.ends.last().copied().unwrap_or(0));
        }
        plan.repeats = repeats(&plan.indices);
        plan
    }

    fn uncut(indices: Vec<usize>) -> Self {
        Self {
            indices,
            repeats: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The full batches of each group as they fill up, and the leftovers uncut behind them.
    fn grouped(
        order: &[usize],
        batching: &Batching,
        aspect: impl Fn(usize) -> Option<f32>,
    ) -> Self {
        let edges = &batching.aspect_edges;
        let mut plan = Self::uncut(Vec::with_capacity(order.len()));
        let mut groups = vec![Vec::new(); edges.len() + 2];
        for &index in order {
            let group = match aspect(index) {
                Some(aspect) if !aspect.is_nan() => edges.partition_point(|&edge| edge <= aspect),
                _ => edges.len() + 1,
            };
            let waiting = &mut groups[group];
            waiting.push(index);
            if waiting.len() == batching.size {
                plan.indices.append(waiting);
                plan.ends.push(plan.indices.len());
            }
        }
        plan.indices.extend(groups.into_iter().flatten());
        plan
    }

    /// Count of batches.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no batch.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Samples of all batches together.
    pub fn samples(&self) -> usize {
        self.indices.len()
    }

    /// The source's indices of one batch, in order.
    ///
    /// # Panics
    /// When there is no such batch.
    pub fn batch(&self, number: usize) -> &[usize] {
        &self.indices[self.places(number)]
    }

    /// The batches in order.
    pub fn batches(&self) -> impl Iterator<Item = &[usize]> {
        (0..self.len()).map(|number| self.batch(number))
    }

    fn places(&self, number: usize) -> Range<usize> {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[number]
    }

    /// Where a batch starts; the count of samples for the batch after the last.
    pub(super) fn start(&self, number: usize) -> usize {
        number.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// Where a batch ends.
    pub(super) fn end(&self, number: usize) -> usize {
        self.ends[number]
    }

    /// Index and repeat of the sample at a place.
    pub(super) fn sample(&self, place: usize) -> (usize, u32) {
        (self.indices[place], self.repeats[place])
    }

    fn last_len(&self) -> usize {
        self.len()
            .checked_sub(1)
            .map_or(usize::MAX, |last| self.places(last).len())
    }
}

/// For each index, how often it stands before its place.
fn repeats(indices: &[usize]) -> Vec<u32> {
    let len = indices.iter().max().map_or(0, |most| most + 1);
    let mut seen = vec![0; len];
    indices
        .iter()
        .map(|&index| {
            let before = seen[index];
            seen[index] += 1;
            before
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(order: &[usize], batching: &Batching, aspects: &[Option<f32>]) -> Vec<Vec<usize>> {
        let plan = Plan::new(order.to_vec(), batching, |index| aspects[index]);
        plan.batches().map(<[usize]>::to_vec).collect()
    }

    #[test]
    fn batches_follow_the_order_and_the_last_is_smaller() {
        let batching = Batching::of(3);
        let order = [4, 2, 0, 6, 1, 5, 3];
        assert_eq!(
            cut(&order, &batching, &[None; 7]),
            [vec![4, 2, 0], vec![6, 1, 5], vec![3]]
        );
        let full = Batching {
            drop_last: true,
            ..batching
        };
        assert_eq!(
            cut(&order, &full, &[None; 7]),
            [vec![4, 2, 0], vec![6, 1, 5]]
        );
        // Six divide: nothing is dropped.
        assert_eq!(cut(&order[..6], &full, &[None; 7]).len(), 2);
    }

    #[test]
    fn a_batch_larger_than_the_set_holds_all_of_it_or_is_dropped() {
        let batching = Batching::of(10);
        assert_eq!(cut(&[1, 0], &batching, &[None; 2]), [vec![1, 0]]);
        let full = Batching {
            drop_last: true,
            ..batching
        };
        assert!(cut(&[1, 0], &full, &[None; 2]).is_empty());
    }

    #[test]
    fn nothing_makes_no_batch() {
        for batching in [Batching::of(2), Batching::of(2).by_aspect()] {
            let plan = Plan::new(Vec::new(), &batching, |_| None);
            assert!(plan.is_empty() && plan.batches().next().is_none());
        }
    }

    #[test]
    fn only_samples_of_one_aspect_group_share_a_full_batch() {
        // Bound 1: portrait (P) below, landscape (L) from 1 on, unknown (U).
        //           0    1    2    3    4    5    6    7    8
        //           P    L    P    L    U    P    L    L    P
        let aspects = [
            Some(0.5),
            Some(1.0),
            Some(0.9),
            Some(2.0),
            None,
            Some(0.7),
            Some(1.1),
            Some(1.2),
            Some(0.1),
        ];
        let batching = Batching {
            aspect_edges: vec![1.0],
            ..Batching::of(3)
        };
        // In order 0…8: P fills with 0, 2, 5; L fills with 1, 3, 6. Left: P 8, L 7, U 4.
        let order: Vec<usize> = (0..9).collect();
        assert_eq!(
            cut(&order, &batching, &aspects),
            [vec![0, 2, 5], vec![1, 3, 6], vec![8, 7, 4]]
        );
        // Backwards: 8, 5, 2 fill P at the seventh sample (2); 7, 6, 3 fill L at the sixth (3).
        let order: Vec<usize> = (0..9).rev().collect();
        assert_eq!(
            cut(&order, &batching, &aspects),
            [vec![7, 6, 3], vec![8, 5, 2], vec![0, 1, 4]]
        );
    }

    #[test]
    fn grouping_loses_and_doubles_nothing() {
        let aspects: Vec<Option<f32>> = (0..101)
            .map(|index| (index % 7 != 0).then(|| 0.3 + index as f32 / 40.0))
            .collect();
        for size in 1..9 {
            let batches = cut(
                &(0..101).rev().collect::<Vec<_>>(),
                &Batching::of(size).by_aspect(),
                &aspects,
            );
            assert_eq!(batches.len(), 101_usize.div_ceil(size));
            let mut all: Vec<usize> = batches.concat();
            all.sort_unstable();
            assert_eq!(all, (0..101).collect::<Vec<_>>());
        }
    }

    #[test]
    fn an_aspect_on_a_bound_belongs_above_it() {
        let batching = Batching {
            aspect_edges: vec![1.0],
            ..Batching::of(2)
        };
        let aspects = [Some(0.999), Some(1.0), Some(f32::INFINITY), Some(f32::NAN)];
        assert_eq!(
            cut(&[0, 1, 2, 3], &batching, &aspects),
            [vec![1, 2], vec![0, 3]]
        );
    }

    #[test]
    fn torchvisions_edges_are_powers_of_two_to_the_third() {
        for (edge, thirds) in Batching::TORCHVISION_EDGES.iter().zip(-3..=3) {
            let expected = (f64::from(thirds) / 3.0).exp2();
            assert!((f64::from(*edge) - expected).abs() < 1e-7, "{edge}");
        }
    }

    #[test]
    fn repeats_count_what_came_before() {
        assert_eq!(repeats(&[2, 0, 2, 2, 0]), [0, 0, 1, 2, 1]);
    }
}
