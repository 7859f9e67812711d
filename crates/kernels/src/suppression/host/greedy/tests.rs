use super::*;
use crate::suppression::host::columns::area;

/// Numbers in 0..1.
fn noise(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1u64 << 24) as f32
        })
        .collect()
}

/// Boxes at `origin` in a square of `extent`, sides up to a third of it.
fn scene(count: usize, origin: f32, extent: f32) -> Vec<f32> {
    noise(4 * count, 1 + count as u64)
        .chunks_exact(4)
        .flat_map(|n| {
            let [x, y] = [n[0], n[1]].map(|n| origin + n * extent);
            [x, y, x + n[2] * extent / 3., y + n[3] * extent / 3.]
        })
        .collect()
}

/// The definition: every pair is compared.
fn by_definition(boxes: &[f32], ranked: &[u32], threshold: f32) -> Vec<bool> {
    let iou = |a: [f32; 4], b: [f32; 4]| {
        let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.);
        let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.);
        let inter = width * height;
        inter / ((area(a) + area(b)) - inter)
    };
    let mut kept: Vec<[f32; 4]> = Vec::new();
    ranked
        .iter()
        .map(|&index| {
            let corners = box_at(boxes, index as usize);
            let keep = !kept.iter().any(|&other| iou(other, corners) > threshold);
            if keep {
                kept.push(corners);
            }
            keep
        })
        .collect()
}

/// Every version of the algorithm that this machine can run.
fn by_every_version(boxes: &[f32], ranked: &[u32], threshold: f32) -> Vec<Vec<bool>> {
    type Version = fn(&Layout, f32, &mut [bool], &mut [f32]);
    let mut versions: Vec<Version> = vec![suppress_members::<false>, suppress::<false>];
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the machine has the instructions.
        versions.push(|layout, t, kept, taken| unsafe {
            suppress_avx2::<false>(layout, t, kept, taken);
        });
    }
    let layout = Layout::new(ranked.iter().map(|&index| box_at(boxes, index as usize)));
    versions
        .into_iter()
        .map(|version| {
            let mut kept = vec![true; ranked.len()];
            version(&layout, threshold, &mut kept, &mut []);
            kept
        })
        .collect()
}

fn assert_by_definition(name: &str, boxes: &[f32]) {
    let ranked = rank::descending(&noise(boxes.len() / 4, 3), None);
    for threshold in [0., 1e-6, 0.1, 0.5, 0.7, 0.999] {
        let expected = by_definition(boxes, &ranked, threshold);
        for kept in by_every_version(boxes, &ranked, threshold) {
            assert!(kept == expected, "{name} at {threshold}");
        }
    }
}

#[test]
fn culling_changes_nothing() {
    // Sizes on both sides of the change from pairs to cells, and around whole lanes.
    for count in [1, 15, 16, 17, 127, 128, 129, 500, 2000] {
        assert_by_definition(&format!("{count} boxes"), &scene(count, 0., 500.));
    }
}

#[test]
fn culling_holds_far_from_the_origin() {
    // 1e6: corners are multiples of 1/16. 1e9: of 64, most boxes are equal or without area.
    for origin in [-1e6, 1e6, 1e9] {
        assert_by_definition(&format!("at {origin}"), &scene(600, origin, 500.));
    }
}

#[test]
fn culling_holds_for_tiny_and_huge_boxes() {
    // Sides of 1e-22: areas are subnormal and an IoU is rounded to a few steps. 1e19: areas
    // reach infinity, sums before that.
    for extent in [1e-22, 3e-21, 1e-15, 1e19, 1e25] {
        assert_by_definition(&format!("extent {extent}"), &scene(600, 0., extent));
    }
}

#[test]
fn culling_holds_in_mixed_company() {
    let mut boxes = scene(400, 0., 500.);
    boxes.extend(scene(100, 0., 1e-21));
    boxes.extend(scene(100, 1e7, 500.));
    boxes.extend(scene(50, -1e18, 1e19));
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    for special in [
        [nan, 0., 9., 9.],
        [0., 0., 9., nan],
        [-inf, 0., inf, 9.],
        [-inf, -inf, inf, inf],
        [9., 9., 0., 0.],
        [9., 0., 0., 9.],
        [5., 5., 5., 5.],
    ] {
        boxes.extend(special.repeat(3));
    }
    assert_by_definition("mixed", &boxes);
}

#[test]
fn boxes_on_one_point_or_line_need_no_extent() {
    let equal: Vec<f32> = [3., 4., 30., 40.].repeat(300);
    assert_by_definition("equal", &equal);
    let column: Vec<f32> = scene(300, 0., 500.)
        .chunks_exact(4)
        .flat_map(|b| [7., b[1], 90., b[3]])
        .collect();
    assert_by_definition("column", &column);
}

#[test]
fn groups_in_parallel_are_groups_by_themselves() {
    let count = 3 * PARALLEL_MIN;
    let (boxes, scores) = (scene(count, 0., 400.), noise(count, 9));
    let groups: Vec<i64> = (0..count as i64).map(|i| i * 7 % 13 - 5).collect();
    let options = NmsOptions {
        iou_threshold: 0.4,
        score_threshold: None,
    };
    let mut expected: Vec<u32> = Vec::new();
    for group in -5..8 {
        let members: Vec<usize> = (0..count).filter(|&i| groups[i] == group).collect();
        let boxes: Vec<f32> = members.iter().flat_map(|&i| box_at(&boxes, i)).collect();
        let scores: Vec<f32> = members.iter().map(|&i| scores[i]).collect();
        let kept = nms(&boxes, &scores, &[], &options);
        expected.extend(kept.into_iter().map(|at| members[at as usize] as u32));
    }
    expected.sort_by(|&a, &b| {
        let (a, b) = (a as usize, b as usize);
        scores[b].total_cmp(&scores[a]).then(a.cmp(&b))
    });
    assert_eq!(nms(&boxes, &scores, &groups, &options), expected);
}
