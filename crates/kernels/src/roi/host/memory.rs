//! Memory for large results.

/// Results from this many values on ask for large pages: 4 MiB.
const LARGE: usize = 1 << 20;

/// Zeros, whose pages the system provides when they are first touched.
pub(crate) fn zeroed(count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    advise(&mut values);
    values
}

/// Asks for large pages behind fresh memory. Without them, a result of 50 MB costs twelve thousand
/// page faults, about as much time as computing it.
#[cfg(target_os = "linux")]
pub(crate) fn advise(values: &mut [f32]) {
    const PAGE: usize = 4096;
    if values.len() < LARGE {
        return;
    }
    let range = values.as_mut_ptr_range();
    let start = range.start.addr().next_multiple_of(PAGE);
    let length = (range.end.addr() - start) / PAGE * PAGE;
    // SAFETY: the range lies within `values`; the advice concerns the size of its pages, never
    // what they hold. A system that does not know it says so and nothing changes.
    unsafe {
        libc::madvise(
            range.start.with_addr(start).cast(),
            length,
            libc::MADV_HUGEPAGE,
        )
    };
}

/// Other systems choose page sizes themselves.
#[cfg(not(target_os = "linux"))]
pub(crate) fn advise(values: &mut [f32]) {
    let _ = values.len() < LARGE;
}
