//! Pixels through an affine map.
//!
//! For each row of the result the span of columns whose centres come from inside the source (and
//! from inside every window the picture was cut by on the way) is worked out first; what lies
//! outside is the fill colour, and within the span there is nothing left to test.
//!
//! Positions are fixed-point with 24 fractional bits, weights have 6 bits an axis (OpenCV's
//! `warpAffine` has 5), and the three channels of a pixel are weighted in one multiplication: three
//! lanes of 21 bits hold 255 · 64 · 64 < 2²⁰. Integers only, so every machine makes the same bytes,
//! also the ones whose vector instructions do the inner columns ([`vector`]).
//!
//! At the source's edge a neighbour that does not exist is replaced by the edge pixel, so a border
//! never darkens; OpenCV and torchvision mix the fill colour in instead (within one pixel of it).

#[cfg(target_arch = "x86_64")]
mod vector;

use super::map::AffineMap;
use super::span::{FRACTION, Walk, Window, both, fixed, span};

/// Bits of a weight along one axis.
const WEIGHT: u32 = 6;
/// 1 as a weight.
const ONE: u64 = 1 << WEIGHT;
/// The low byte of each lane.
const LANES: u64 = 0xFF | 0xFF << 21 | 0xFF << 42;
/// One half of the product of two weights, in each lane.
const HALF: u64 = (1 << (2 * WEIGHT - 1)) * (1 | 1 << 21 | 1 << 42);
/// Three bytes as three lanes.
#[inline(always)]
fn lanes(bytes: u64) -> u64 {
    (bytes & 0xFF) | (bytes & 0xFF00) << 13 | (bytes & 0x00FF_0000) << 26
}

/// RGB pixels of the result, `size[0] × size[1]`, bilinear. `to_source` maps the result's coordinates
/// to the source's.
pub(crate) fn bilinear(
    source: &[u8],
    source_size: [usize; 2],
    to_source: &AffineMap,
    size: [usize; 2],
    fill: [u8; 3],
    windows: &[Window],
) -> Vec<u8> {
    let mut pixels = vec![0; 3 * size[0] * size[1]];
    if size[0] == 0 {
        return pixels;
    }
    let rows = Rows {
        source,
        source_size,
        to_source,
        size,
        fill,
        windows,
    };
    #[cfg(target_arch = "x86_64")]
    if vector::write(&rows, &mut pixels) {
        return pixels;
    }
    rows.write(&mut pixels);
    pixels
}

/// What [`bilinear`] is asked for.
struct Rows<'a> {
    source: &'a [u8],
    source_size: [usize; 2],
    to_source: &'a AffineMap,
    size: [usize; 2],
    fill: [u8; 3],
    windows: &'a [Window],
}

/// Where a row's columns come from.
struct Columns {
    /// To the left or upper neighbour's centre, and half a weight step further, so that the cut to
    /// the bits of a weight rounds.
    walk_x: Walk,
    walk_y: Walk,
    /// The columns that show the source.
    shown: (usize, usize),
    /// Those of them for which eight bytes from either neighbour row can be read.
    inner: (usize, usize),
}

impl Rows<'_> {
    fn columns(&self, y: usize) -> Columns {
        let ([w, h], [width, _]) = (self.source_size, self.size);
        let (mut walk_x, mut walk_y, shown) =
            span(self.to_source, self.source_size, self.windows, y, width);
        let shift = (1 << (FRACTION - WEIGHT - 1)) - (1_i64 << (FRACTION - 1));
        walk_x.start += shift;
        walk_y.start += shift;
        let inside = both(
            walk_x.columns(0, fixed(w.saturating_sub(2)), width),
            walk_y.columns(0, fixed(h.saturating_sub(1)), width),
        );
        let (from, to) = both(shown, inside);
        let inner = if from < to {
            (from, to)
        } else {
            (shown.1, shown.1)
        };
        Columns {
            walk_x,
            walk_y,
            shown,
            inner,
        }
    }

    /// Without instructions that not every processor has.
    fn write(&self, pixels: &mut [u8]) {
        for (y, row) in pixels.chunks_exact_mut(3 * self.size[0]).enumerate() {
            let columns = self.columns(y);
            self.write_borders(&columns, row);
            inner(self, &columns, row);
        }
    }

    /// All but the inner columns.
    fn write_borders(&self, columns: &Columns, row: &mut [u8]) {
        let (from, to) = columns.shown;
        paint(&mut row[..3 * from], self.fill);
        edges(self, columns, (from, columns.inner.0), row);
        edges(self, columns, (columns.inner.1, to), row);
        paint(&mut row[3 * to..], self.fill);
    }
}

pub(crate) fn paint(row: &mut [u8], fill: [u8; 3]) {
    if fill[0] == fill[1] && fill[1] == fill[2] {
        row.fill(fill[0]);
    } else {
        for pixel in row.chunks_exact_mut(3) {
            pixel.copy_from_slice(&fill);
        }
    }
}

/// The weighted mean of four pixels in lanes: `a b` above `c d`.
#[inline(always)]
fn mix([a, b, c, d]: [u64; 4], x: i64, y: i64) -> [u8; 3] {
    let wx = (x >> (FRACTION - WEIGHT)) as u64 & (ONE - 1);
    let wy = (y >> (FRACTION - WEIGHT)) as u64 & (ONE - 1);
    let (right, below) = (wx * (ONE - wy), wy * (ONE - wx));
    let corner = wx * wy;
    let sum = a * ((ONE - wx) * (ONE - wy)) + b * right + c * below + d * corner;
    let mean = (sum + HALF) >> (2 * WEIGHT);
    let mean = mean & LANES;
    [mean as u8, (mean >> 21) as u8, (mean >> 42) as u8]
}

/// The inner columns, all four neighbours being in the source with two bytes to spare.
fn inner(rows: &Rows, columns: &Columns, row: &mut [u8]) {
    let (from, to) = columns.inner;
    let (walk_x, walk_y) = (columns.walk_x, columns.walk_y);
    let (mut x, mut y) = (walk_x.at(from), walk_y.at(from));
    let stride = 3 * rows.source_size[0];
    for pixel in row[3 * from..3 * to].chunks_exact_mut(3) {
        let at = (y >> FRACTION) as usize * stride + (x >> FRACTION) as usize * 3;
        // Never taken: the span was cut to where both reads fit.
        let Some(rest) = rows.source.get(at..) else {
            return;
        };
        let (Some(above), Some(below)) = (
            rest.first_chunk(),
            rest.get(stride..).and_then(<[u8]>::first_chunk),
        ) else {
            return;
        };
        let (above, below) = (u64::from_le_bytes(*above), u64::from_le_bytes(*below));
        let corners = [
            lanes(above),
            lanes(above >> 24),
            lanes(below),
            lanes(below >> 24),
        ];
        pixel.copy_from_slice(&mix(corners, x, y));
        x += walk_x.step;
        y += walk_y.step;
    }
}

/// Columns along the source's edges: neighbours outside are the edge's own.
fn edges(rows: &Rows, columns: &Columns, (from, to): (usize, usize), row: &mut [u8]) {
    let [width, height] = rows.source_size;
    for (index, pixel) in row[3 * from..3 * to].chunks_exact_mut(3).enumerate() {
        let x = columns.walk_x.at(from + index);
        let y = columns.walk_y.at(from + index);
        let tap = |dx: i64, dy: i64| {
            let column = ((x >> FRACTION) + dx).clamp(0, width as i64 - 1) as usize;
            let row = ((y >> FRACTION) + dy).clamp(0, height as i64 - 1) as usize;
            let at = 3 * (row * width + column);
            let bytes = &rows.source[at..at + 3];
            u64::from(bytes[0]) | u64::from(bytes[1]) << 21 | u64::from(bytes[2]) << 42
        };
        pixel.copy_from_slice(&mix([tap(0, 0), tap(1, 0), tap(0, 1), tap(1, 1)], x, y));
    }
}

/// Values of the result, each that of the source's pixel under its centre; `background` outside.
pub(crate) fn nearest<T: Copy>(
    source: &[T],
    source_size: [usize; 2],
    to_source: &AffineMap,
    size: [usize; 2],
    background: T,
    windows: &[Window],
) -> Vec<T> {
    let [width, height] = size;
    let mut values = vec![background; width * height];
    if width == 0 {
        return values;
    }
    for (y, row) in values.chunks_exact_mut(width).enumerate() {
        let (walk_x, walk_y, (from, to)) = span(to_source, source_size, windows, y, width);
        for (index, value) in row[from..to].iter_mut().enumerate() {
            let (x, y) = (walk_x.at(from + index), walk_y.at(from + index));
            let at = (y >> FRACTION) as usize * source_size[0] + (x >> FRACTION) as usize;
            *value = source[at];
        }
    }
    values
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn grey(values: &[u8]) -> Vec<u8> {
        values.iter().flat_map(|&value| [value; 3]).collect()
    }

    fn reds(pixels: &[u8]) -> Vec<u8> {
        pixels.chunks_exact(3).map(|pixel| pixel[0]).collect()
    }

    #[test]
    fn half_a_pixel_mixes_neighbours_in_halves() {
        // Result x shows source x + 0.5: (0 + 100) / 2, (100 + 40) / 2, then the edge itself
        // (position 2.5 + 0.5 = 3.0 is outside, the fill).
        let map = AffineMap::shift(0.5, 0.0);
        let source = grey(&[0, 100, 40]);
        let pixels = bilinear(&source, [3, 1], &map, [3, 1], [9; 3], &[]);
        assert_eq!(reds(&pixels), [50, 70, 9]);
        // Downwards the same.
        let map = AffineMap::shift(0.0, 0.5);
        let pixels = bilinear(&source, [1, 3], &map, [1, 3], [9; 3], &[]);
        assert_eq!(reds(&pixels), [50, 70, 9]);
    }

    #[test]
    fn doubling_has_quarters_and_whole_edges() {
        // Centres 0.25, 0.75, 1.25, 1.75 are 0.25 left of the first pixel's centre (its own colour),
        // then 1/4, 3/4 between the two, then the edge.
        let pixels = bilinear(
            &grey(&[0, 100]),
            [2, 1],
            &AffineMap::scale(0.5, 1.0),
            [4, 1],
            [9; 3],
            &[],
        );
        assert_eq!(reds(&pixels), [0, 25, 75, 100]);
    }

    /// Every way to work a pixel out makes the same bytes, whatever the processor.
    #[test]
    fn all_paths_agree() {
        let (w, h) = (23, 17);
        let source: Vec<u8> = (0..3 * w * h).map(|i| (i * i * 31 + i * 7) as u8).collect();
        let size = [29, 19];
        // Turned and shrunk; grown; mirrored; a quarter turn, which walks down the columns.
        for (x, y) in [
            ([0.8, 0.3, -1.0], [-0.25, 0.9, 3.0]),
            ([0.4, -0.1, 2.0], [0.05, 0.5, 4.0]),
            ([-0.9, 0.0, 25.3], [0.0, 0.9, -0.7]),
            ([0.0, 1.0, 0.25], [-1.0, 0.0, 17.4]),
        ] {
            let map = AffineMap { x, y };
            let fill = [1, 2, 3];
            let rows = Rows {
                source: &source,
                source_size: [w, h],
                to_source: &map,
                size,
                fill,
                windows: &[],
            };
            let fast = bilinear(&source, [w, h], &map, size, fill, &[]);
            let mut portable = vec![0; fast.len()];
            rows.write(&mut portable);
            assert_eq!(fast, portable, "{map:?}");
            let mut by_edges = vec![0; fast.len()];
            for (y, row) in by_edges.chunks_exact_mut(3 * size[0]).enumerate() {
                let columns = rows.columns(y);
                rows.write_borders(&columns, row);
                edges(&rows, &columns, columns.inner, row);
            }
            assert_eq!(fast, by_edges, "{map:?}");
            let inner = (0..size[1]).map(|y| rows.columns(y).inner);
            let most = inner.map(|(from, to)| to - from).max();
            assert!(most >= Some(5), "fours and a rest: {most:?}");
        }
    }

    /// White stays white and black black at every weight: sums reach their bounds and no further.
    #[test]
    fn the_ends_of_the_scale_stay() {
        for value in [0, 255] {
            let map = AffineMap {
                x: [0.53, 0.017, 2.0],
                y: [0.011, 0.47, 2.0],
            };
            let pixels = bilinear(&[value; 3 * 64 * 64], [64; 2], &map, [90; 2], [9; 3], &[]);
            assert!(pixels.iter().all(|&found| found == value));
        }
    }

    #[test]
    fn bilinear_is_within_a_weight_step_of_exact() {
        let (w, h) = (12, 9);
        let source: Vec<u8> = (0..3 * w * h).map(|i| (i * 37 % 256) as u8).collect();
        let map = AffineMap {
            x: [0.9, 0.2, 0.3],
            y: [-0.1, 0.8, 1.1],
        };
        let pixels = bilinear(&source, [w, h], &map, [w, h], [0; 3], &[]);
        let mut compared = 0;
        for y in 0..h {
            for x in 0..w {
                let [sx, sy] = map.apply([x as f64 + 0.5, y as f64 + 0.5]);
                if sx < 0.0 || sy < 0.0 || sx >= w as f64 || sy >= h as f64 {
                    continue;
                }
                let (px, py) = (sx - 0.5, sy - 0.5);
                let tap = |column: f64, row: f64| {
                    let column = column.clamp(0.0, w as f64 - 1.0) as usize;
                    let row = row.clamp(0.0, h as f64 - 1.0) as usize;
                    f64::from(source[3 * (row * w + column) + 1])
                };
                let (fx, fy) = (px - px.floor(), py - py.floor());
                let (px, py) = (px.floor(), py.floor());
                let exact = tap(px, py) * (1.0 - fx) * (1.0 - fy)
                    + tap(px + 1.0, py) * fx * (1.0 - fy)
                    + tap(px, py + 1.0) * (1.0 - fx) * fy
                    + tap(px + 1.0, py + 1.0) * fx * fy;
                // Each weight is off by at most 1/128, the result rounded by 1/2.
                let found = f64::from(pixels[3 * (y * w + x) + 1]);
                assert!((found - exact).abs() <= 255.0 / 64.0 + 0.5, "{x} {y}");
                compared += 1;
            }
        }
        assert!(compared > 60, "{compared}");
    }

    #[test]
    fn nearest_takes_the_pixel_under_the_centre() {
        // Halving 5 columns to 2: centres at 0.5 · 2.5 = 1.25 and 3.75.
        let map = AffineMap::scale(2.5, 1.0);
        assert_eq!(
            nearest(&[1, 2, 3, 4, 5], [5, 1], &map, [2, 1], 0, &[]),
            [2, 4]
        );
        let turned = AffineMap {
            x: [0.0, 1.0, 0.0],
            y: [-1.0, 0.0, 2.0],
        };
        // A quarter turn: result (x, y) shows source (y, 2 − x).
        assert_eq!(
            nearest(&[1, 2, 3, 4], [2, 2], &turned, [2, 2], 0, &[]),
            [3, 1, 4, 2]
        );
    }

    #[test]
    fn windows_hide_what_an_earlier_canvas_had_cut() {
        // The picture was cut to its first two columns before it was shifted back by one.
        let window = Window {
            map: AffineMap::shift(-1.0, 0.0),
            size: [2, 1],
        };
        let map = AffineMap::shift(-1.0, 0.0);
        let values = nearest(&[1, 2, 3, 4], [4, 1], &map, [4, 1], 0, &[window]);
        assert_eq!(values, [0, 1, 2, 0]);
    }

    #[test]
    fn absurd_maps_show_the_fill() {
        for value in [1e300, -1e300, f64::MAX] {
            let map = AffineMap {
                x: [value, value, value],
                y: [1.0, value, -value],
            };
            let pixels = bilinear(&grey(&[5; 4]), [2, 2], &map, [3, 3], [7; 3], &[]);
            assert_eq!(reds(&pixels), [7; 9]);
        }
    }
}
