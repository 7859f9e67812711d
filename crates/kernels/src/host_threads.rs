//! The thread that asks for work as one of those that do it.
//!
//! Kernels and Burn's pure-Rust backend divide their work among the threads of rayon's global pool. A thread outside it hands
//! its work in and sleeps until it is done: two switches of threads an operation, which take as long as the operation where maps
//! are small.

use std::{num::NonZero, thread};

/// Makes the calling thread one of rayon's global pool, so that it computes instead of waiting. Meant for the start of a
/// program, from the thread that will run the networks; the pool then has as many threads as before
/// (`RAYON_NUM_THREADS`, otherwise one for each core), this one among them. What is computed stays the same to the bit.
///
/// While this thread waits for another, the pool works with one thread less.
///
/// Returns whether it did: not where the pool is there already, and not for a pool of one thread, which would have nobody
/// left to work while this thread waits for another.
///
/// # Example
/// ```
/// use rayon::prelude::*;
///
/// let joined = wardrobe_kernels::host_threads::join_pool();
/// assert!(!joined || rayon::current_thread_index() == Some(0));
/// assert!(!wardrobe_kernels::host_threads::join_pool(), "the pool is there already");
/// assert_eq!((1..=100).into_par_iter().sum::<i32>(), 5050);
/// ```
pub fn join_pool() -> bool {
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
