//! Walks maps, channels and RoIs for a pooling rule, in parallel.

mod pool;
mod spread;

use std::sync::{Mutex, PoisonError};

use super::{
    rule::Pool,
    tiles::Tiles,
    vector::{Job, widest},
};

pub(super) use self::{pool::pool, spread::spread};

/// Channels of a block of a planar map: one AVX-512 register, one cache line per cell.
pub(super) const LANES: usize = 16;

/// Channels added to together where they lie side by side: few enough for the values of a RoI to
/// stay in the first cache.
const WIDE: usize = 64;

/// Channels read together where they lie side by side: 1 KiB at a time, so that cells come from
/// memory in long runs.
const WIDEST: usize = 256;

/// Rows that share a place in the order of RoIs, so that neighbours in it find cells in the cache.
const BAND: u32 = 32;

/// The RoIs of a level by image, then by place: an order that depends on the inputs alone.
fn ordered<R: Pool>(rule: &R, level: usize) -> Vec<usize> {
    let targets = rule.targets();
    let mut order: Vec<usize> = (0..targets.len())
        .filter(|&k| targets[k].is_some_and(|target| target.level == level))
        .collect();
    order.sort_by_cached_key(|&k| {
        let first = |cells: &[u32]| cells.first().copied().unwrap_or(0);
        let row = first(rule.footprints().rows(k)) / BAND;
        let tile = first(rule.footprints().tiles(k));
        (targets[k], row, tile)
    });
    order
}

/// Cuts `items` into at most `count` runs of equal length.
fn push_chunks<T, Task>(
    tasks: &mut Vec<Task>,
    mut items: Vec<T>,
    count: usize,
    task: impl Fn(Vec<T>) -> Task,
) {
    let size = items.len().div_ceil(count.max(1)).max(1);
    while items.len() > size {
        let rest = items.split_off(size);
        tasks.push(task(std::mem::replace(&mut items, rest)));
    }
    if !items.is_empty() {
        tasks.push(task(items));
    }
}

/// What a thread keeps from task to task.
#[derive(Default)]
struct Scratch {
    maps: Tiles,
    sums: Tiles,
    values: Vec<f32>,
}

/// One share of the work.
trait Task: Send {
    fn run(self, scratch: &mut Scratch);
}

struct InVectors<'a, T>(T, &'a mut Scratch);

impl<T: Task> Job for InVectors<'_, T> {
    #[inline(always)]
    fn run(self) {
        self.0.run(self.1);
    }
}

/// Runs `tasks`, first come first served, with one scratch per thread.
fn run<T: Task>(tasks: Vec<T>) {
    let workers = rayon::current_num_threads().min(tasks.len());
    let queue = Mutex::new(tasks.into_iter());
    let work = || {
        let mut scratch = Scratch::default();
        loop {
            let task = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(task) = task else { break };
            widest(InVectors(task, &mut scratch));
        }
    };
    rayon::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|_| work());
        }
        work();
    });
}
