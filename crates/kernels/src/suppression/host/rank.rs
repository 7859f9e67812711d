//! Orders of `f32`: descending, lower index first on ties, NaN last.

use rayon::prelude::*;

/// The sort key of a NaN: above (= after) the key of −∞, which is `0xFF80_0000`.
const NAN_KEY: u32 = u32::MAX;

/// Fewer entries than this sort faster by comparison than by radix (measured: even at about 700).
const RADIX_MIN: usize = 768;

/// Bits of a radix digit: three digits cover a key, and 2048 counters stay in the first cache level.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// A key that ascends where `value` descends; equal values (−0 and +0 too) have equal keys.
fn descending_key(value: f32) -> u32 {
    if value.is_nan() {
        return NAN_KEY;
    }
    let bits = (value + 0.).to_bits();
    // Two's complement order of IEEE numbers: flip all bits of negative ones, the sign of others.
    let ascending = if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    };
    !ascending
}

/// A key in the upper half, the index in the lower: sorting is stable by construction.
fn entry(value: f32, index: usize) -> u64 {
    u64::from(descending_key(value)) << 32 | index as u64
}

/// Indices of the scores above the threshold (of all but NaN without one), best first.
pub(super) fn descending(scores: &[f32], threshold: Option<f32>) -> Vec<u32> {
    let admitted = |score: f32| match threshold {
        Some(threshold) => score > threshold,
        None => !score.is_nan(),
    };
    let mut entries: Vec<u64> = scores
        .iter()
        .enumerate()
        .filter(|&(_, &score)| admitted(score))
        .map(|(index, &score)| entry(score, index))
        .collect();
    sort(&mut entries);
    entries.into_iter().map(|entry| entry as u32).collect()
}

/// Sorts entries ascending: by key, then index.
///
/// Expects the entries in ascending order of index, so that a stable sort by key is enough.
fn sort(entries: &mut Vec<u64>) {
    if entries.len() < RADIX_MIN {
        entries.sort_unstable();
        return;
    }
    let digit = |entry: u64, pass: u32| (entry >> (32 + pass * DIGIT_BITS)) as usize & (DIGITS - 1);
    let mut counts = vec![[0u32; DIGITS]; 3];
    for &entry in entries.iter() {
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[digit(entry, pass as u32)] += 1;
        }
    }
    let mut buffer = vec![0u64; entries.len()];
    for (pass, counts) in counts.iter_mut().enumerate() {
        let mut start = 0;
        for count in counts.iter_mut() {
            start += std::mem::replace(count, start);
        }
        for &entry in entries.iter() {
            let slot = &mut counts[digit(entry, pass as u32)];
            buffer[*slot as usize] = entry;
            *slot += 1;
        }
        std::mem::swap(entries, &mut buffer);
    }
}

/// The `k` largest values of each row of `columns` values, and their indices, row after row.
///
/// Descending, lower index first on ties, NaN last.
///
/// # Panics
/// If `k` is above `columns`, or `columns` is 0 or does not divide `values`.
///
/// # Example
/// ```
/// use wardrobe_kernels::suppression::host::top_k;
/// assert_eq!(top_k(&[0.1, 0.7, 0.3, 0.7], 4, 2), (vec![0.7, 0.7], vec![1, 3]));
/// ```
pub fn top_k(values: &[f32], columns: usize, k: usize) -> (Vec<f32>, Vec<u32>) {
    assert!(
        k <= columns && values.len().is_multiple_of(columns),
        "top_k: k = {k} of rows of {columns} in {} values",
        values.len()
    );
    let rows: Vec<_> = values.par_chunks(columns).collect();
    let best: Vec<Vec<u64>> = rows.par_iter().map(|row| best_entries(row, k)).collect();
    let indices: Vec<u32> = best.iter().flatten().map(|&entry| entry as u32).collect();
    let values = rows
        .iter()
        .zip(&best)
        .flat_map(|(row, best)| best.iter().map(|&entry| row[entry as u32 as usize]))
        .collect();
    (values, indices)
}

/// The first `k` entries of a row in sorted order.
fn best_entries(row: &[f32], k: usize) -> Vec<u64> {
    let mut entries = candidates(row, k);
    if entries.len() > k + k / 2 + RADIX_MIN {
        entries.select_nth_unstable(k.saturating_sub(1));
        entries.truncate(k);
        entries.sort_unstable();
    } else {
        sort(&mut entries);
        entries.truncate(k);
    }
    entries
}

/// At least the `k` first entries of a row, in order of index: those whose leading key digit is not
/// beyond the digit of the k-th.
fn candidates(row: &[f32], k: usize) -> Vec<u64> {
    let all = || {
        row.iter()
            .enumerate()
            .map(|(index, &value)| entry(value, index))
    };
    if row.len() < RADIX_MIN || 2 * k > row.len() {
        return all().collect();
    }
    let digit = |key: u32| (key >> (u32::BITS - DIGIT_BITS)) as usize;
    let mut counts = [0usize; DIGITS];
    for &value in row {
        counts[digit(descending_key(value))] += 1;
    }
    let mut below = 0;
    let last = counts
        .iter()
        .position(|count| {
            below += count;
            below >= k
        })
        .unwrap_or(DIGITS - 1);
    all()
        .filter(|entry| digit((entry >> 32) as u32) <= last)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order by definition.
    fn sorted(values: &[f32]) -> Vec<u32> {
        let mut order: Vec<u32> = (0..values.len() as u32).collect();
        order.sort_by(|&a, &b| {
            let (a, b) = (values[a as usize], values[b as usize]);
            b.partial_cmp(&a)
                .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
        });
        order
    }

    /// Values with many ties, both zeros, infinities and NaN.
    fn values(count: usize) -> Vec<f32> {
        let special = [
            0.,
            -0.,
            f32::NAN,
            f32::INFINITY,
            f32::NEG_INFINITY,
            -1.5,
            1e-40,
        ];
        (0..count)
            .map(|i| {
                let hash = (i as u32).wrapping_mul(2_654_435_761) >> 7;
                match hash % 5 {
                    0 => special[(hash / 5) as usize % special.len()],
                    _ => (hash % 997) as f32 / 100. - 3.,
                }
            })
            .collect()
    }

    #[test]
    fn keys_descend_with_the_value_and_nan_comes_last() {
        let values = [f32::INFINITY, 1., 1e-40, 0., -1e-40, -1., f32::NEG_INFINITY];
        let keys = values.map(descending_key);
        assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]));
        assert_eq!(descending_key(-0.), descending_key(0.));
        assert!(descending_key(f32::NAN) > descending_key(f32::NEG_INFINITY));
    }

    #[test]
    fn both_sorts_give_the_stable_order() {
        for count in [0, 1, 2, RADIX_MIN - 1, RADIX_MIN, 5000] {
            let values = values(count);
            let expected: Vec<u32> = sorted(&values)
                .into_iter()
                .filter(|&index| !values[index as usize].is_nan())
                .collect();
            assert_eq!(descending(&values, None), expected, "{count} values");
        }
    }

    #[test]
    fn a_threshold_admits_only_what_is_above() {
        let scores = [0.5, 0.2, f32::NAN, 0.7, 0.51];
        assert_eq!(descending(&scores, Some(0.5)), [3, 4]);
    }

    #[test]
    fn top_k_is_the_head_of_the_stable_order() {
        for (count, k) in [
            (1, 1),
            (10, 0),
            (10, 10),
            (5000, 1),
            (5000, 300),
            (5000, 2600),
            (5000, 5000),
        ] {
            let values = values(count);
            let (best, indices) = top_k(&values, count, k);
            assert_eq!(indices, sorted(&values)[..k], "{k} of {count}");
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            let expected: Vec<f32> = indices.iter().map(|&i| values[i as usize]).collect();
            assert_eq!(bits(&best), bits(&expected));
        }
    }

    #[test]
    fn top_k_of_equal_values_takes_the_first() {
        let (_, indices) = top_k(&[0.5; 4000], 2000, 3);
        assert_eq!(indices, [0, 1, 2, 0, 1, 2]);
    }
}
