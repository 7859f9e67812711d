//! The inner columns on x86-64 processors with AVX2 (found out when the program runs): the same
//! integers as the portable path, four pixels a turn.
//!
//! The four neighbours of a pixel lie in one register: `r r r' r' g g g' g' b b b' b'`, the left and
//! the right one side by side, the row below with a dash. Two instructions then multiply and add
//! neighbouring values, across (8-bit values, 16-bit sums: 255 · 64 < 2¹⁵) and down (32-bit sums).

use std::arch::x86_64::__m128i;

use pulp::x86::V3;
use pulp::{NullaryFnOnce, cast, cast_lossy};

use super::super::span::FRACTION;
use super::{Columns, ONE, Rows, WEIGHT, inner};

/// Weights along one axis.
const WEIGHTS: usize = ONE as usize;
/// The weights down are this much (as a power of 2) larger, so that a sum's upper 16 bits are the
/// mean: 6 + 6 + 4 bits.
const LIFT: u32 = 16 - 2 * WEIGHT;
/// One half in such a sum.
const HALF: i32 = 1 << 15;

/// For each weight, `64 − weight, weight` again and again.
static ACROSS: [[u8; 16]; WEIGHTS] = {
    let mut table = [[0; 16]; WEIGHTS];
    let mut at = 0;
    while at < 16 * WEIGHTS {
        let (weight, lane) = (at / 16, at % 16);
        let value = if lane % 2 == 0 {
            WEIGHTS - weight
        } else {
            weight
        };
        table[weight][lane] = value as u8;
        at += 1;
    }
    table
};
/// The same in 16 bits, lifted.
static DOWN: [[u16; 8]; WEIGHTS] = {
    let mut table = [[0; 8]; WEIGHTS];
    let mut at = 0;
    while at < 8 * WEIGHTS {
        let (weight, lane) = (at / 8, at % 8);
        table[weight][lane] = (ACROSS[weight][lane] as u16) << LIFT;
        at += 1;
    }
    table
};
/// No byte.
const NONE: u8 = 255;
/// From `r g b r g b · ·` above the same below to the order of the module's text.
const NEIGHBOURS: [u8; 16] = [
    0, 3, 8, 11, 1, 4, 9, 12, 2, 5, 10, 13, NONE, NONE, NONE, NONE,
];
/// From `r₀ r₁ g₀ g₁ b₀ b₁ · ·` and the same of pixels 2 and 3 to four pixels.
const PIXELS: [u8; 16] = [
    0, 2, 4, 1, 3, 5, 8, 10, 12, 9, 11, 13, NONE, NONE, NONE, NONE,
];

/// Writes all rows; `false` when the processor lacks the instructions.
pub(super) fn write(rows: &Rows, pixels: &mut [u8]) -> bool {
    let Some(simd) = V3::try_new() else {
        return false;
    };
    simd.vectorize(Write { simd, rows, pixels });
    true
}

/// What is compiled for the processor; a closure would not be inlined into the function that is.
struct Write<'a> {
    simd: V3,
    rows: &'a Rows<'a>,
    pixels: &'a mut [u8],
}

impl NullaryFnOnce for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { simd, rows, pixels } = self;
        for (y, row) in pixels.chunks_exact_mut(3 * rows.size[0]).enumerate() {
            let mut columns = rows.columns(y);
            rows.write_borders(&columns, row);
            columns.inner.0 += fours(simd, rows, &columns, row);
            inner(rows, &columns, row);
        }
    }
}

/// Writes inner columns from the first one on, as many as there are fours, and says how many.
#[inline(always)]
fn fours(simd: V3, rows: &Rows, columns: &Columns, row: &mut [u8]) -> usize {
    let stride = 3 * rows.source_size[0];
    let Some(lower) = rows.source.get(stride..) else {
        return 0;
    };
    let (from, to) = columns.inner;
    let (walk_x, walk_y) = (columns.walk_x, columns.walk_y);
    let (mut x, mut y) = (walk_x.at(from), walk_y.at(from));
    let half = simd.sse2._mm_set1_epi32(HALF);
    let mut done = 0;
    for four in row[3 * from..3 * to].as_chunks_mut::<12>().0 {
        let mut means = [half; 4];
        for mean in &mut means {
            let at = (y >> FRACTION) as usize * stride + (x >> FRACTION) as usize * 3;
            // Never missing: the span was cut to where both reads fit.
            let (Some(above), Some(below)) = (
                rows.source.get(at..).and_then(<[u8]>::first_chunk),
                lower.get(at..).and_then(<[u8]>::first_chunk),
            ) else {
                return done;
            };
            let [above, below] = [*above, *below].map(i64::from_le_bytes);
            let [wx, wy] = [x, y].map(|at| (at >> (FRACTION - WEIGHT)) as usize % WEIGHTS);
            let neighbours = simd.sse2._mm_set_epi64x(below, above);
            let neighbours = simd.ssse3._mm_shuffle_epi8(neighbours, cast(NEIGHBOURS));
            let across = simd.ssse3._mm_maddubs_epi16(neighbours, cast(ACROSS[wx]));
            let sum = simd.sse2._mm_madd_epi16(across, cast(DOWN[wy]));
            *mean = simd.sse2._mm_add_epi32(sum, half);
            x += walk_x.step;
            y += walk_y.step;
        }
        four.copy_from_slice(&upper_halves(simd, means));
        done += 4;
    }
    done
}

/// The upper 16 bits, all below 256, of the first three lanes of four registers.
#[inline(always)]
fn upper_halves(simd: V3, [a, b, c, d]: [__m128i; 4]) -> [u8; 12] {
    let pair = |first: __m128i, second: __m128i| {
        let first = simd.sse2._mm_srli_epi32::<16>(first);
        // The odd 16-bit lanes are the second's.
        simd.sse4_1._mm_blend_epi16::<0b1010_1010>(first, second)
    };
    let bytes = simd.sse2._mm_packus_epi16(pair(a, b), pair(c, d));
    cast_lossy(simd.ssse3._mm_shuffle_epi8(bytes, cast(PIXELS)))
}
