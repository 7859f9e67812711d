//! Splitting ranked boxes into their groups.

/// Members of each group, group after group, each in order of rank.
pub(super) struct Groups {
    /// Ranks, group after group.
    pub(super) ranks: Vec<u32>,
    /// How many ranks each group has.
    pub(super) sizes: Vec<usize>,
}

impl Groups {
    /// Splits ranks 0, 1, … by their group.
    pub(super) fn new(group_of: impl ExactSizeIterator<Item = i64> + Clone) -> Self {
        let count = group_of.len();
        let (lowest, highest) = group_of
            .clone()
            .fold((i64::MAX, i64::MIN), |(low, high), group| {
                (low.min(group), high.max(group))
            });
        if lowest >= highest {
            return Self {
                ranks: (0..count as u32).collect(),
                sizes: if count == 0 { vec![] } else { vec![count] },
            };
        }
        // Identifiers are often small and dense; otherwise they are numbered by their order.
        let span = highest.abs_diff(lowest);
        if span <= 4 * count as u64 {
            let number = group_of.map(move |group| group.abs_diff(lowest) as usize);
            return Self::dense(number, span as usize + 1);
        }
        let mut known: Vec<i64> = group_of.clone().collect();
        known.sort_unstable();
        known.dedup();
        let number = group_of.map(|group| known.partition_point(|&other| other < group));
        Self::dense(number.collect::<Vec<_>>().into_iter(), known.len())
    }

    /// Counting sort by group number.
    fn dense(number: impl Iterator<Item = usize> + Clone, groups: usize) -> Self {
        let mut sizes = vec![0; groups];
        for group in number.clone() {
            sizes[group] += 1;
        }
        let mut next: Vec<usize> = sizes
            .iter()
            .scan(0, |start, size| {
                *start += size;
                Some(*start - size)
            })
            .collect();
        let mut ranks = vec![0; sizes.iter().sum()];
        for (rank, group) in number.enumerate() {
            ranks[next[group]] = rank as u32;
            next[group] += 1;
        }
        sizes.retain(|&size| size > 0);
        Self { ranks, sizes }
    }

    /// Splits a slice that is parallel to `ranks` into one slice per group.
    pub(super) fn split<'a, T>(&self, mut values: &'a mut [T]) -> Vec<&'a mut [T]> {
        let mut parts = Vec::with_capacity(self.sizes.len());
        for &size in &self.sizes {
            let (part, rest) = values.split_at_mut(size);
            parts.push(part);
            values = rest;
        }
        parts
    }

    /// The ranks of each group.
    pub(super) fn members(&self) -> Vec<&[u32]> {
        let mut rest = self.ranks.as_slice();
        self.sizes
            .iter()
            .map(|&size| {
                let (part, later) = rest.split_at(size);
                rest = later;
                part
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(groups: &[i64]) -> Vec<Vec<u32>> {
        let groups = Groups::new(groups.iter().copied());
        groups.members().into_iter().map(<[u32]>::to_vec).collect()
    }

    #[test]
    fn ranks_stay_in_order_within_a_group() {
        assert_eq!(split(&[3, 1, 3, 1, 1]), [vec![1, 3, 4], vec![0, 2]]);
    }

    #[test]
    fn sparse_identifiers_are_numbered_by_order() {
        let groups = [i64::MAX, -7, i64::MIN, -7, i64::MAX];
        assert_eq!(split(&groups), [vec![2], vec![1, 3], vec![0, 4]]);
    }

    #[test]
    fn one_group_and_none() {
        assert_eq!(split(&[5, 5]), [vec![0, 1]]);
        assert!(split(&[]).is_empty());
    }
}
