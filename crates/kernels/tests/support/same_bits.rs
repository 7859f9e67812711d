//! Host kernels give the same bits on any number of threads: what is summed, and in what order, does not follow from who works.
//! (Kernels of a GPU have no threads of ours; there this holds of itself.)

use rayon::ThreadPoolBuilder;

/// The numbers that `work` gives on so many threads.
fn on_threads(count: usize, work: impl Fn() -> Vec<Vec<f32>> + Send + Sync) -> Vec<Vec<f32>> {
    let pool = ThreadPoolBuilder::new().num_threads(count).build().unwrap();
    pool.install(&work)
}

/// One thread, as many as divide the work evenly, and a number that does not.
#[track_caller]
pub fn assert_same_bits(what: &str, work: impl Fn() -> Vec<Vec<f32>> + Send + Sync) {
    let alone = on_threads(1, &work);
    for count in [2, 5] {
        let bits = |all: &[Vec<f32>]| -> Vec<Vec<u32>> {
            let one = |values: &Vec<f32>| values.iter().map(|value| value.to_bits()).collect();
            all.iter().map(one).collect()
        };
        let found = on_threads(count, &work);
        assert!(bits(&alone) == bits(&found), "{what} on {count} threads");
    }
}
