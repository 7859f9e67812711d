//! What a program that runs networks on the CPU sets at its start.

use std::{num::NonZero, thread};

/// Both settings, each where it can be had: freed memory stays in the process ([`keep_freed`]) and the calling thread computes
/// too ([`join_pool`]). Meant as the first line of `main`, on the thread that will run the networks.
///
/// # Example
/// ```
/// wardrobe_kernels::host::prepare();
/// ```
pub fn prepare() {
    keep_freed();
    join_pool();
}

/// Asks the C library's allocator to reuse freed blocks of any size instead of returning them to the operating system. Rust's
/// default allocator and LibTorch both use it. The process then keeps its peak size until it ends.
///
/// A feature map of a large picture is tens of megabytes. The usual allocators give such blocks back when they are freed, and the
/// next map pays for every page again: the operating system clears it and maps it in, which takes as long as computing a 1×1
/// convolution into it.
///
/// Returns whether the allocator agreed: it is glibc's, on Linux. Elsewhere nothing happens.
///
/// # Example
/// ```
/// let agreed = wardrobe_kernels::host::keep_freed();
/// assert_eq!(agreed, cfg!(all(target_os = "linux", target_env = "gnu")));
/// ```
pub fn keep_freed() -> bool {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// Blocks below this size come from the heap, which is kept; larger ones would be mapped.
        const MAP_FROM: i32 = 1 << 30;
        // SAFETY: `mallopt` only sets numbers of the allocator and takes its lock to do so.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, MAP_FROM) == 1
                && libc::mallopt(libc::M_TRIM_THRESHOLD, i32::MAX) == 1
        }
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    false
}

/// Makes the calling thread one of rayon's global pool, so that it computes instead of waiting. The pool then has as many
/// threads as it would have had (`RAYON_NUM_THREADS`, otherwise one for each core), this one among them. What is computed stays
/// the same to the bit.
///
/// Kernels and Burn's pure-Rust backend divide their work among the threads of that pool. A thread outside it hands its work in
/// and sleeps until it is done: two switches of threads an operation, which take as long as the operation where maps are small.
///
/// While this thread waits for another, the pool works with one thread less.
///
/// Returns whether it did: not where the pool is there already, and not for a pool of one thread, which would have nobody left
/// to work while this thread waits for another.
///
/// # Example
/// ```
/// use rayon::prelude::*;
///
/// let joined = wardrobe_kernels::host::join_pool();
/// assert!(!joined || rayon::current_thread_index() == Some(0));
/// assert!(!wardrobe_kernels::host::join_pool(), "the pool is there already");
/// assert_eq!((1..=100).into_par_iter().sum::<i32>(), 5050);
/// ```
pub fn join_pool() -> bool {
    // Rayon's own rule, which cannot be asked for before the pool is there.
    let asked = std::env::var("RAYON_NUM_THREADS").ok();
    let asked = asked
        .and_then(|count| count.parse().ok())
        .filter(|&count| count > 0);
    let threads = asked.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get));
    threads > 1
        && rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .use_current_thread()
            .build_global()
            .is_ok()
}
