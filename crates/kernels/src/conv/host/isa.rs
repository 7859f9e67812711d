//! The register tile of the matrix product, once per instruction set.
//!
//! A tile multiplies M ≤ [`Isa::MR`] rows of A with one panel of [`Isa::NR`] packed columns of B.
//! The sizes fill the register file: 12×2 accumulators of 16 floats leave room for two panel
//! vectors and the broadcast among AVX-512's 32 registers; 6×2 of 8 floats do among AVX2's 16.

/// Largest rows × columns of any tile.
pub const MAX_TILE: usize = 12 * 32;

/// One instruction set's tile.
pub trait Isa: Copy {
    /// Rows of a full tile.
    const MR: usize;
    /// Columns of a panel.
    const NR: usize;

    /// `tile[r][j] = Σ_k a[r·lda + k] · b[k·NR + j]` for `rows` rows.
    ///
    /// # Safety
    /// The processor must have the instruction set; `a` must be readable for `rows` rows of `k`
    /// floats at distance `lda`, `b` for `k·NR` floats; `1 ≤ rows ≤ MR`.
    unsafe fn tile(
        rows: usize,
        k: usize,
        a: *const f32,
        lda: usize,
        b: *const f32,
        tile: &mut [f32; MAX_TILE],
    );
}

/// Which instruction set this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsaKind {
    /// 512-bit vectors with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 256-bit vectors with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Whatever the compiler makes of plain loops.
    Portable,
}

impl IsaKind {
    /// The best this processor offers (detected once, by the standard library).
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2")
                && std::arch::is_x86_feature_detected!("fma")
            {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Panel width of matrices packed for this instruction set.
    pub fn panel(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::NR,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::NR,
            Self::Portable => Portable::NR,
        }
    }
}

/// Runs `$body` with `$isa` bound to the instruction set's type, inside a function compiled for it.
macro_rules! with_isa {
    ($name:ident => $kernel:ident ( $($arg:ident : $ty:ty),* $(,)? )) => {
        #[allow(clippy::too_many_arguments)]
        fn $name(isa: $crate::conv::host::isa::IsaKind, $($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx512($($arg: $ty),*) {
                $kernel::<$crate::conv::host::isa::Avx512>($($arg),*)
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2($($arg: $ty),*) {
                $kernel::<$crate::conv::host::isa::Avx2>($($arg),*)
            }
            match isa {
                // SAFETY: `IsaKind::detect` found the features the function is compiled for.
                #[cfg(target_arch = "x86_64")]
                $crate::conv::host::isa::IsaKind::Avx512 => unsafe { avx512($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::conv::host::isa::IsaKind::Avx2 => unsafe { avx2($($arg),*) },
                $crate::conv::host::isa::IsaKind::Portable => {
                    $kernel::<$crate::conv::host::isa::Portable>($($arg),*);
                }
            }
        }
    };
}
pub(crate) use with_isa;

/// Plain loops.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Isa for Portable {
    const MR: usize = 4;
    const NR: usize = 16;

    #[inline(always)]
    unsafe fn tile(
        rows: usize,
        k: usize,
        a: *const f32,
        lda: usize,
        b: *const f32,
        tile: &mut [f32; MAX_TILE],
    ) {
        let mut sums = [[0.0_f32; 16]; 4];
        for step in 0..k {
            // SAFETY: `step < k` and the caller's ranges.
            let panel: &[f32; 16] = unsafe { &*b.add(step * 16).cast() };
            for (row, sums) in sums.iter_mut().enumerate().take(rows) {
                // SAFETY: as above.
                let value = unsafe { *a.add(row * lda + step) };
                for (sum, weight) in sums.iter_mut().zip(panel) {
                    *sum += value * weight;
                }
            }
        }
        for (row, sums) in sums.iter().enumerate().take(rows) {
            tile[row * 16..(row + 1) * 16].copy_from_slice(sums);
        }
    }
}

/// The tile of an x86 vector type: `$vectors` vectors of `$lanes` floats a row.
#[cfg(target_arch = "x86_64")]
macro_rules! x86_tile {
    ($isa:ident, $doc:literal, $features:literal, $vector:ty, $lanes:literal, $mr:literal,
     $zero:ident, $load:ident, $set1:ident, $fma:ident, $store:ident, [$($rows:literal)*]) => {
        #[doc = $doc]
        #[derive(Clone, Copy, Debug)]
        pub struct $isa;

        impl $isa {
            /// The tile for exactly M rows, so that the accumulators stay in registers.
            #[inline]
            #[target_feature(enable = $features)]
            unsafe fn rows<const M: usize>(
                k: usize,
                a: *const f32,
                lda: usize,
                b: *const f32,
                tile: &mut [f32; MAX_TILE],
            ) {
                use std::arch::x86_64::{$fma, $load, $set1, $store, $zero};
                let mut sums: [[$vector; 2]; M] = [[$zero(); 2]; M];
                for step in 0..k {
                    // SAFETY: the caller's ranges: `step < k`, `row < M`.
                    unsafe {
                        let left = $load(b.add(step * 2 * $lanes));
                        let right = $load(b.add(step * 2 * $lanes + $lanes));
                        for (row, sum) in sums.iter_mut().enumerate() {
                            let value = $set1(*a.add(row * lda + step));
                            sum[0] = $fma(value, left, sum[0]);
                            sum[1] = $fma(value, right, sum[1]);
                        }
                    }
                }
                for (row, sum) in sums.iter().enumerate() {
                    // SAFETY: M rows of 2·lanes floats fit MAX_TILE for M ≤ MR.
                    unsafe {
                        let out = tile.as_mut_ptr().add(row * 2 * $lanes);
                        $store(out, sum[0]);
                        $store(out.add($lanes), sum[1]);
                    }
                }
            }
        }

        impl Isa for $isa {
            const MR: usize = $mr;
            const NR: usize = 2 * $lanes;

            #[inline(always)]
            unsafe fn tile(
                rows: usize,
                k: usize,
                a: *const f32,
                lda: usize,
                b: *const f32,
                tile: &mut [f32; MAX_TILE],
            ) {
                // SAFETY: the caller's contract.
                unsafe {
                    match rows {
                        $($rows => Self::rows::<$rows>(k, a, lda, b, tile),)*
                        _ => unreachable!("a tile has 1 to {} rows", Self::MR),
                    }
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{__m256, __m512};
#[cfg(target_arch = "x86_64")]
x86_tile!(
    Avx512, "AVX-512F: 12 rows of two 16-float vectors.", "avx512f", __m512, 16, 12,
    _mm512_setzero_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_storeu_ps,
    [1 2 3 4 5 6 7 8 9 10 11 12]
);
#[cfg(target_arch = "x86_64")]
x86_tile!(
    Avx2, "AVX2 with FMA: 6 rows of two 8-float vectors.", "avx2,fma", __m256, 8, 6,
    _mm256_setzero_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_storeu_ps,
    [1 2 3 4 5 6]
);
