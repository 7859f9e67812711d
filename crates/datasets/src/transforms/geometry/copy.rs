//! Pixels that land exactly on pixels: crops, pads and mirrors copy rows and resample nothing.

use super::map::WholePixels;

/// Values of `channels` each, moved by whole pixels into a canvas of `size` full of `background`.
pub(crate) fn copy<T: Copy + PartialEq, const CHANNELS: usize>(
    source: &[T],
    [w, h]: [usize; 2],
    map: WholePixels,
    [width, height]: [usize; 2],
    background: [T; CHANNELS],
) -> Vec<T> {
    // Source column s shows at dx + s, or mirrored at dx − 1 − s.
    let left = if map.mirrored {
        map.dx - w as i64
    } else {
        map.dx
    };
    let from = left.clamp(0, width as i64) as usize;
    let to = (left + w as i64).clamp(from as i64, width as i64) as usize;
    let top = map.dy.clamp(0, height as i64) as usize;
    let bottom = (map.dy + h as i64).clamp(top as i64, height as i64) as usize;

    let mut values = Vec::with_capacity(CHANNELS * width * height);
    let even = background.iter().all(|value| *value == background[0]);
    let blank = |values: &mut Vec<T>, pixels: usize| {
        if even {
            // One value again and again is set many at a time.
            values.resize(values.len() + CHANNELS * pixels, background[0]);
        } else {
            values.extend(std::iter::repeat_n(background, pixels).flatten());
        }
    };
    if from == to {
        blank(&mut values, width * height);
        return values;
    }
    blank(&mut values, width * top);
    for y in top..bottom {
        let row = &source[CHANNELS * w * (y as i64 - map.dy) as usize..][..CHANNELS * w];
        blank(&mut values, from);
        // The first column shown, counted from the row's start (or, mirrored, from its end).
        let skip = (from as i64 - left) as usize;
        let count = to - from;
        if map.mirrored {
            let end = CHANNELS * (w - skip);
            let shown = &row[end - CHANNELS * count..end];
            let start = values.len();
            values.resize(start + shown.len(), background[0]);
            let (pixels, _) = values[start..].as_chunks_mut::<CHANNELS>();
            for (pixel, from) in pixels.iter_mut().zip(shown.as_chunks().0.iter().rev()) {
                *pixel = *from;
            }
        } else {
            values.extend_from_slice(&row[CHANNELS * skip..CHANNELS * (skip + count)]);
        }
        blank(&mut values, width - to);
    }
    blank(&mut values, width * (height - bottom));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(mirrored: bool, dx: i64, dy: i64, size: [usize; 2]) -> Vec<u8> {
        // 1 2 3
        // 4 5 6
        copy(
            &[1, 2, 3, 4, 5, 6],
            [3, 2],
            WholePixels { mirrored, dx, dy },
            size,
            [0],
        )
    }

    #[test]
    fn crops_pads_and_mirrors() {
        assert_eq!(moved(false, 0, 0, [3, 2]), [1, 2, 3, 4, 5, 6]);
        assert_eq!(moved(false, -1, -1, [2, 1]), [5, 6]);
        assert_eq!(moved(false, 1, 0, [5, 2]), [0, 1, 2, 3, 0, 0, 4, 5, 6, 0]);
        assert_eq!(moved(false, 0, 1, [2, 4]), [0, 0, 1, 2, 4, 5, 0, 0]);
        // x' = 3 − x.
        assert_eq!(moved(true, 3, 0, [3, 2]), [3, 2, 1, 6, 5, 4]);
        // Mirrored, then the first column cut: x' = 2 − x.
        assert_eq!(moved(true, 2, 0, [2, 2]), [2, 1, 5, 4]);
        // Mirrored with a column to the left: x' = 4 − x.
        assert_eq!(moved(true, 4, 0, [4, 2]), [0, 3, 2, 1, 0, 6, 5, 4]);
    }

    #[test]
    fn a_background_has_its_colour() {
        // A red and a green pixel with a border on all sides, then mirrored.
        let source = [9, 0, 0, 0, 9, 0];
        let of = |mirrored, dx| {
            let map = WholePixels {
                mirrored,
                dx,
                dy: 1,
            };
            copy(&source, [2, 1], map, [3, 2], [1, 2, 3])
        };
        let blank = [1, 2, 3, 1, 2, 3, 1, 2, 3];
        assert_eq!(
            of(false, 1),
            [&blank[..], &[1, 2, 3, 9, 0, 0, 0, 9, 0]].concat()
        );
        assert_eq!(
            of(true, 2),
            [&blank[..], &[0, 9, 0, 9, 0, 0, 1, 2, 3]].concat()
        );
    }

    #[test]
    fn what_leaves_the_canvas_leaves_background() {
        assert_eq!(moved(false, 9, 0, [2, 2]), [0; 4]);
        assert_eq!(moved(true, -9, 0, [2, 2]), [0; 4]);
        assert_eq!(moved(false, 0, -9, [2, 2]), [0; 4]);
        assert_eq!(moved(false, 0, 9, [2, 1]), [0; 2]);
    }
}
