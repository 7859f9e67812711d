//! Masks stored as pixels.

use hotcoco::mask::{decode, rle_from_string};

use crate::coco_results::CompressedRle;
use crate::mask_region::MaskRegion;
use crate::transforms::error::TransformError;
use crate::transforms::geometry::{AffineMap, Window, nearest};

/// The bitmap of a run-length mask, for a picture of `size`.
pub(crate) fn unpack(rle: &CompressedRle, size: [usize; 2]) -> Result<MaskRegion, TransformError> {
    let broken = |reason: String| TransformError::BrokenMask { reason };
    let [h, w] = rle.size;
    if [w as usize, h as usize] != size {
        return Err(broken(format!(
            "it is of a {w}x{h} picture, this one is {}x{}",
            size[0], size[1]
        )));
    }
    let runs = rle_from_string(&rle.counts, h, w).map_err(|error| broken(error.to_string()))?;
    let total: u64 = runs.counts.iter().map(|&count| u64::from(count)).sum();
    if total != u64::from(h) * u64::from(w) {
        return Err(broken(format!("its runs cover {total} of {w}x{h} pixels")));
    }
    let columns = decode(&runs);
    let (width, height) = (w as usize, h as usize);
    let bits = (0..height)
        .flat_map(|y| (0..width).map(move |x| (x, y)))
        .map(|(x, y)| columns[x * height + y] != 0)
        .collect();
    Ok(trimmed(&MaskRegion::new(0, 0, width, bits)))
}

/// The same mask in the smallest rectangle.
pub(crate) fn trimmed(mask: &MaskRegion) -> MaskRegion {
    let width = mask.width();
    let rows: Vec<&[bool]> = mask.bits().chunks_exact(width.max(1)).collect();
    let set = |row: &&[bool]| row.contains(&true);
    let Some(top) = rows.iter().position(set) else {
        return MaskRegion::new(0, 0, 0, Vec::new());
    };
    let bottom = rows.iter().rposition(set).unwrap_or(top);
    let rows = &rows[top..=bottom];
    let column_set = |x: &usize| rows.iter().any(|row| row[*x]);
    let left = (0..width).find(column_set).unwrap_or(0);
    let right = (0..width).rfind(column_set).unwrap_or(left);
    let bits = rows.iter().flat_map(|row| &row[left..=right]).copied();
    MaskRegion::new(
        mask.left() + left,
        mask.top() + top,
        right + 1 - left,
        bits.collect(),
    )
}

/// The mask moved into a picture of `size`: each pixel is that of the mask under its centre.
pub(crate) fn resampled(
    mask: &MaskRegion,
    map: &AffineMap,
    to_source: &AffineMap,
    size: [usize; 2],
    windows: &[Window],
) -> MaskRegion {
    let (left, top) = (mask.left() as f64, mask.top() as f64);
    let (right, bottom) = (left + mask.width() as f64, top + mask.height() as f64);
    let corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
        .map(|corner| map.apply(corner));
    // The pixels of the result the mask's rectangle can reach.
    let reach = |axis: usize| {
        let values = corners.map(|corner| corner[axis]);
        let side = size[axis] as f64;
        let low = values.into_iter().fold(f64::INFINITY, f64::min);
        let high = values.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let low = low.floor().clamp(0.0, side) as usize;
        (low, high.ceil().clamp(low as f64, side) as usize)
    };
    let ((x1, x2), (y1, y2)) = (reach(0), reach(1));
    // From the rectangle of the result to that of the mask.
    let offset = AffineMap::shift(x1 as f64, y1 as f64);
    let local = offset.then(*to_source).then(AffineMap::shift(-left, -top));
    let windows: Vec<Window> = windows
        .iter()
        .map(|window| Window {
            map: offset.then(window.map),
            size: window.size,
        })
        .collect();
    let bits = nearest(
        mask.bits(),
        [mask.width(), mask.height()],
        &local,
        [x2 - x1, y2 - y1],
        false,
        &windows,
    );
    trimmed(&MaskRegion::new(x1, y1, x2 - x1, bits))
}

/// How many of the mask's pixels have their centre inside the canvas of `size` under `map`, and in
/// every window (maps from the canvas).
pub(crate) fn visible(
    mask: &MaskRegion,
    map: &AffineMap,
    size: [usize; 2],
    windows: &[Window],
) -> usize {
    let mut tests: Vec<(AffineMap, [f64; 2])> = vec![(*map, size.map(|side| side as f64))];
    for window in windows {
        tests.push((map.then(window.map), window.size.map(|side| side as f64)));
    }
    let width = mask.width();
    let rows = mask.bits().chunks_exact(width.max(1)).enumerate();
    rows.map(|(y, row)| {
        let y = (mask.top() + y) as f64 + 0.5;
        row.iter()
            .enumerate()
            .filter(|&(x, &set)| {
                let centre = [(mask.left() + x) as f64 + 0.5, y];
                set && tests.iter().all(|(map, [w, h])| {
                    let [x, y] = map.apply(centre);
                    x >= 0.0 && y >= 0.0 && x < *w && y < *h
                })
            })
            .count()
    })
    .sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn corner() -> MaskRegion {
        // # #
        // # .   at (2, 1)
        MaskRegion::new(2, 1, 2, vec![true, true, true, false])
    }

    #[test]
    fn run_lengths_come_back_as_the_region_they_were() {
        let rle = CompressedRle::encode(&corner(), 6, 4);
        assert_eq!(unpack(&rle, [6, 4]).unwrap(), corner());
        let error = unpack(&rle, [4, 6]).unwrap_err().to_string();
        assert!(error.contains("6x4"), "{error}");
        let broken = CompressedRle {
            size: [4, 6],
            counts: "9".into(),
        };
        assert!(unpack(&broken, [6, 4]).is_err());
    }

    #[test]
    fn trimming_keeps_the_pixels() {
        let loose = MaskRegion::new(
            1,
            0,
            4,
            [
                [false; 4],
                [false, true, true, false],
                [false, true, false, false],
            ]
            .concat(),
        );
        assert_eq!(trimmed(&loose), corner());
        assert_eq!(trimmed(&MaskRegion::new(3, 3, 2, vec![false; 4])).area(), 0);
        assert_eq!(trimmed(&MaskRegion::new(0, 0, 0, Vec::new())).area(), 0);
    }

    #[test]
    fn a_mirrored_mask() {
        let map = AffineMap::mirror(6.0);
        let mask = resampled(&corner(), &map, &map, [6, 4], &[]);
        assert_eq!(
            mask,
            MaskRegion::new(2, 1, 2, vec![true, true, false, true])
        );
    }

    #[test]
    fn visible_counts_centres() {
        // Cut to the first three columns: the pixel at column 3 is gone.
        assert_eq!(visible(&corner(), &AffineMap::IDENTITY, [3, 4], &[]), 2);
        let window = Window {
            map: AffineMap::IDENTITY,
            size: [9, 2],
        };
        assert_eq!(
            visible(&corner(), &AffineMap::IDENTITY, [9, 9], &[window]),
            2
        );
    }
}
