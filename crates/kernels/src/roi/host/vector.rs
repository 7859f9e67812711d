//! The widest vector instructions of the machine, chosen at run time.

/// Work whose loops the compiler can vectorise.
pub(super) trait Job {
    /// Does the work; must be `#[inline(always)]` to be compiled for each instruction set.
    fn run(self);
}

/// Runs `job` as compiled for the widest instruction set of this machine.
///
/// Products and sums stay separate instructions, so that every set gives the same bits.
pub(super) fn widest<J: Job>(job: J) {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512bw")
        {
            // SAFETY: the processor has these instructions, as just checked.
            return unsafe { avx512(job) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has these instructions, as just checked.
            return unsafe { avx2(job) };
        }
    }
    job.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw")]
fn avx512<J: Job>(job: J) {
    job.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<J: Job>(job: J) {
    job.run();
}
