//! Keeping freed memory in the process.
//!
//! A feature map of a large picture is tens of megabytes. The usual allocators give such blocks back
//! to the operating system when they are freed, and the next map pays for every page again: the
//! kernel clears it and maps it in, which takes as long as computing a 1×1 convolution into it.

/// Asks the C library's allocator to reuse freed blocks of any size instead of returning them to the
/// operating system. Rust's default allocator and LibTorch both use it. Meant for the start of a
/// program that runs networks on the CPU; the process then keeps its peak size until it ends.
///
/// Returns whether the allocator agreed: it is glibc's, on Linux. Elsewhere nothing happens.
///
/// # Example
/// ```
/// let agreed = wardrobe_kernels::host_memory::keep_freed();
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
