//! Suppression as LibTorch operations, for tensors on a GPU.
//!
//! With the boxes in rank order, box j survives if no surviving i < j overlaps it. That defines the
//! survivors recursively; starting from "all survive", one step makes the survivors of step t
//! suppress everybody anew. After t steps the first t ranks are right, and when a step changes
//! nothing all are. The steps needed are the length of the longest chain of overlaps (a handful), not
//! the number of boxes, and each is one masked minimum over a matrix. The only value read back is
//! whether a step changed anything.

use tch::{Kind, Tensor};

use crate::suppression::NmsOptions;

/// Boxes settled together: the matrix of a block takes 64 MB in `i32`. (The tests cross blocks.)
const BLOCK: i64 = if cfg!(test) { 256 } else { 4096 };

/// See [`super::SuppressionOps::nms`].
pub(super) fn nms(
    boxes: &Tensor,
    scores: &Tensor,
    groups: &Tensor,
    options: &NmsOptions,
) -> (Tensor, Tensor) {
    let ranked = Ranked::new(boxes, scores, &admitted(scores, options), groups);
    let kept = ranked.blockers(options.iou_threshold).1;
    (
        packed(&ranked.order, &kept, -1).to_kind(groups.kind()),
        count(&kept, groups),
    )
}

/// See [`super::SuppressionOps::iou_guided_nms`].
pub(super) fn iou_guided_nms(
    boxes: &Tensor,
    scores: &Tensor,
    localisation: &Tensor,
    groups: &Tensor,
    options: &NmsOptions,
) -> (Tensor, Tensor, Tensor) {
    let admitted = admitted(scores, options).logical_and(&localisation.isnan().logical_not());
    let ranked = Ranked::new(boxes, localisation, &admitted, groups);
    let (blockers, kept) = ranked.blockers(options.iou_threshold);
    // Every admitted box hands its score to its blocker, itself if kept; the last place is a bin.
    let len = kept.numel() as i64;
    let own = Tensor::arange(len, (Kind::Int64, kept.device()));
    let receiver = blockers.where_self(&kept.logical_not(), &own);
    let receiver = receiver.masked_fill(&ranked.admitted.logical_not(), len);
    let lowest = Tensor::full(
        [len + 1],
        f64::NEG_INFINITY,
        (scores.kind(), scores.device()),
    );
    let handed = scores.index_select(0, &ranked.order);
    // (The name that tch gives to `scatter_reduce` with `include_self`.)
    let taken = lowest
        // tch's name for `scatter_reduce` with `include_self`.
        .internal_scatter_reduce(0, &receiver, &handed, "amax", true)
        .narrow(0, 0, len);
    let taken = taken.masked_fill(&kept.logical_not(), f64::NEG_INFINITY);
    // Kept ones first, by score; stable, so equal ones stay in rank order.
    let by_score = sorted_by(&taken, &kept);
    let kept = kept.index_select(0, &by_score);
    let order = ranked.order.index_select(0, &by_score);
    (
        packed(&order, &kept, -1).to_kind(groups.kind()),
        count(&kept, groups),
        packed(&taken.index_select(0, &by_score), &kept, 0),
    )
}

/// See [`super::SuppressionOps::top_k`].
pub(super) fn top_k(values: &Tensor, k: i64) -> (Tensor, Tensor) {
    // Ascending order has NaN last; descending would have it first.
    let (_, indices) = values.neg().sort_stable(true, 1, false);
    let indices = indices.narrow(1, 0, k).contiguous();
    (values.gather(1, &indices, false), indices)
}

/// Which boxes take part: `[N]`.
fn admitted(scores: &Tensor, options: &NmsOptions) -> Tensor {
    match options.score_threshold {
        Some(threshold) => scores.gt(f64::from(threshold)),
        None => scores.isnan().logical_not(),
    }
}

/// Positions by descending score, those with `first` before all others; stable.
fn sorted_by(scores: &Tensor, first: &Tensor) -> Tensor {
    let (_, by_score) = scores.neg().sort_stable(true, 0, false);
    let rest = first.logical_not().index_select(0, &by_score);
    let (_, by_part) = rest.to_kind(Kind::Uint8).sort_stable(true, 0, false);
    by_score.index_select(0, &by_part)
}

/// The values where `kept`, moved to the front, then `padding`.
fn packed(values: &Tensor, kept: &Tensor, padding: i64) -> Tensor {
    let len = kept.numel() as i64;
    let position = kept.cumsum(0, Kind::Int64) - 1;
    let position = position.masked_fill(&kept.logical_not(), len);
    Tensor::full([len + 1], padding, (values.kind(), values.device()))
        .scatter(0, &position, values)
        .narrow(0, 0, len)
        .contiguous()
}

/// How many are kept: `[1]`.
fn count(kept: &Tensor, groups: &Tensor) -> Tensor {
    kept.sum(groups.kind()).reshape([1])
}

/// Boxes in the order of their rank.
struct Ranked {
    /// Index of each rank.
    order: Tensor,
    boxes: Tensor,
    areas: Tensor,
    groups: Tensor,
    admitted: Tensor,
}

impl Ranked {
    /// Ranks boxes by score; where those not admitted end up does not matter.
    fn new(boxes: &Tensor, scores: &Tensor, admitted: &Tensor, groups: &Tensor) -> Self {
        let order = sorted_by(scores, admitted);
        let boxes = boxes.index_select(0, &order);
        let side = |low: i64, high: i64| boxes.select(1, high) - boxes.select(1, low);
        Self {
            areas: side(0, 2) * side(1, 3),
            groups: groups.index_select(0, &order),
            admitted: admitted.index_select(0, &order),
            boxes,
            order,
        }
    }

    /// For every rank the first kept rank that suppresses it (N if none), and whether it is kept.
    fn blockers(&self, threshold: f32) -> (Tensor, Tensor) {
        let len = self.order.numel() as i64;
        let (mut blockers, mut kept): (Vec<Tensor>, Vec<Tensor>) = (Vec::new(), Vec::new());
        for start in (0..len).step_by(BLOCK as usize) {
            let size = BLOCK.min(len - start);
            // Settled blocks first: the earliest blocker wins, so a minimum joins them.
            let mut earlier = Tensor::full([size], len, (Kind::Int64, self.order.device()));
            for (block, kept) in kept.iter().enumerate() {
                let from = block as i64 * BLOCK;
                let overlaps = self.overlaps((from, BLOCK), (start, size), threshold);
                earlier = earlier.minimum(&first_row(&overlaps, kept, from, len));
            }
            let admitted = self.admitted.narrow(0, start, size);
            let open = admitted.logical_and(&earlier.eq(len));
            let overlaps = self
                .overlaps((start, size), (start, size), threshold)
                .triu(1);
            let mut block_kept = open.copy();
            let within = loop {
                let within = first_row(&overlaps, &block_kept, start, len);
                let next = open.logical_and(&within.eq(len));
                if next.equal(&block_kept) {
                    break within;
                }
                block_kept = next;
            };
            blockers.push(earlier.minimum(&within));
            kept.push(block_kept);
        }
        (Tensor::cat(&blockers, 0), Tensor::cat(&kept, 0))
    }

    /// Whether each of the `rows` (start, size) overlaps each of the `columns` too much: `[R, C]`.
    fn overlaps(&self, rows: (i64, i64), columns: (i64, i64), threshold: f32) -> Tensor {
        let row = |values: &Tensor| values.narrow(0, rows.0, rows.1).unsqueeze(1);
        let column = |values: &Tensor| values.narrow(0, columns.0, columns.1).unsqueeze(0);
        let extent = |low: i64, high: i64| {
            let (low, high) = (self.boxes.select(1, low), self.boxes.select(1, high));
            (row(&high).minimum(&column(&high)) - row(&low).maximum(&column(&low))).clamp_min(0)
        };
        let inter = extent(0, 2) * extent(1, 3);
        let union = (row(&self.areas) + column(&self.areas)) - &inter;
        (inter / union)
            .gt(f64::from(threshold))
            .logical_and(&row(&self.groups).eq_tensor(&column(&self.groups)))
    }
}

/// For every column the number (from `start` on) of the first row that is `kept` and set; `none`
/// where there is no such row.
fn first_row(overlaps: &Tensor, kept: &Tensor, start: i64, none: i64) -> Tensor {
    let set = overlaps.logical_and(&kept.unsqueeze(1));
    let (rows, _) = set.size2().expect("overlaps are [R, C]");
    let number = Tensor::arange(rows, (Kind::Int, set.device())).unsqueeze(1);
    let first = number
        .where_scalarother(&set, rows)
        .amin([0], false)
        .to_kind(Kind::Int64);
    (&first + start).masked_fill(&first.eq(rows), none)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::suppression::host;

    /// Pseudo-random numbers in 0..1.
    fn random(count: usize, seed: u64) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32
        };
        (0..count).map(|_| next()).collect()
    }

    /// Boxes that overlap a lot, scores with ties and NaN, three groups.
    fn case(count: usize) -> (Vec<f32>, Vec<f32>, Vec<f32>, Vec<i64>) {
        let boxes = random(4 * count, 1)
            .chunks(4)
            .flat_map(|r| {
                let (x, y) = (r[0] * 300., r[1] * 200.);
                [x, y, x + 10. + r[2] * 60., y + 10. + r[3] * 60.]
            })
            .collect();
        let mut scores: Vec<f32> = random(count, 2)
            .iter()
            .map(|s| (s * 50.).round() / 50.)
            .collect();
        let mut localisation = random(count, 3);
        for i in (0..count).step_by(17) {
            scores[i] = f32::NAN;
            localisation[(i + 5) % count] = f32::NAN;
        }
        let groups = random(count, 4)
            .iter()
            .map(|g| (g * 3.) as i64 - 1)
            .collect();
        (boxes, scores, localisation, groups)
    }

    fn options() -> [NmsOptions; 2] {
        let [plain, mut above] = [NmsOptions::new(0.4), NmsOptions::new(0.6)];
        above.score_threshold = Some(0.3);
        [plain, above]
    }

    /// One box, one block, four blocks.
    const COUNTS: [usize; 3] = [1, 256, 900];

    #[test]
    fn composed_nms_keeps_what_the_host_kernel_keeps() {
        for (count, options) in COUNTS.into_iter().flat_map(|c| options().map(|o| (c, o))) {
            let (boxes, scores, _, groups) = case(count);
            let expected = host::nms(&boxes, &scores, &groups, &options);
            let (order, kept) = nms(
                &Tensor::from_slice(&boxes).reshape([-1, 4]),
                &Tensor::from_slice(&scores),
                &Tensor::from_slice(&groups),
                &options,
            );
            let order: Vec<i64> = order.try_into().unwrap();
            let expected: Vec<i64> = expected.into_iter().map(i64::from).collect();
            assert_eq!(kept.int64_value(&[0]), expected.len() as i64);
            assert_eq!(order[..expected.len()], expected, "{count} boxes");
            assert!(order[expected.len()..].iter().all(|&index| index == -1));
        }
    }

    #[test]
    fn composed_guided_suppression_hands_over_the_same_scores() {
        for (count, options) in COUNTS.into_iter().flat_map(|c| options().map(|o| (c, o))) {
            let (boxes, scores, localisation, groups) = case(count);
            let (expected, taken) =
                host::iou_guided_nms(&boxes, &scores, &localisation, &groups, &options);
            let (order, kept, composed) = iou_guided_nms(
                &Tensor::from_slice(&boxes).reshape([-1, 4]),
                &Tensor::from_slice(&scores),
                &Tensor::from_slice(&localisation),
                &Tensor::from_slice(&groups),
                &options,
            );
            let order: Vec<i64> = order.try_into().unwrap();
            let composed: Vec<f32> = composed.try_into().unwrap();
            let expected: Vec<i64> = expected.into_iter().map(i64::from).collect();
            assert_eq!(kept.int64_value(&[0]), expected.len() as i64);
            assert_eq!(order[..expected.len()], expected, "{count} boxes");
            assert_eq!(composed[..expected.len()], taken);
            assert!(composed[expected.len()..].iter().all(|&score| score == 0.));
        }
    }

    #[test]
    fn composed_top_k_is_the_host_kernels() {
        let values: Vec<f32> = [
            0.5,
            f32::NAN,
            f32::NEG_INFINITY,
            0.5,
            -0.,
            0.,
            f32::INFINITY,
            2.,
        ]
        .repeat(2);
        for k in 1..=8 {
            let (best, indices) = top_k(&Tensor::from_slice(&values).reshape([2, 8]), k);
            let (expected, at) = host::top_k(&values, 8, k as usize);
            let best: Vec<f32> = best.reshape([-1]).try_into().unwrap();
            let indices: Vec<i64> = indices.reshape([-1]).try_into().unwrap();
            assert_eq!(indices, at.into_iter().map(i64::from).collect::<Vec<_>>());
            let bits = |values: Vec<f32>| values.into_iter().map(f32::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(best), bits(expected));
        }
    }
}
