//! Walks maps, channels and RoIs for a pooling rule, in parallel.

use std::{
    cmp::Reverse,
    sync::{Mutex, PoisonError},
};

use super::{
    FeatureMap,
    geometry::Target,
    rule::{Cells, Pool, Spread},
    tiles::Tiles,
    vector::{Job, widest},
};

/// Channels of a block of a planar map: one AVX-512 register, one cache line per cell.
pub(super) const LANES: usize = 16;

/// Channels taken together where they already lie side by side.
const WIDE: usize = 64;

/// Below this many channels, turning a planar map costs more than reading its planes one by one.
const MIN_BLOCK: usize = 4;

/// Rows that share a place in the order of RoIs, so that neighbours in it find cells in the cache.
const BAND: u32 = 32;

/// Pools every RoI into `out` `[K, C, outputs]`, all of which is written.
pub(super) fn pool<R: Pool>(rule: &R, maps: &[FeatureMap<'_>], out: &mut [f32]) {
    let outputs = rule.outputs();
    let channels = maps[0].channels;
    if out.is_empty() {
        return;
    }
    let mut pieces: Vec<Option<&mut [f32]>> =
        out.chunks_mut(channels * outputs).map(Some).collect();
    let mut tasks = Vec::new();
    for (level, map) in maps.iter().enumerate() {
        let mine: Vec<(usize, &mut [f32])> = ordered(rule, level)
            .into_iter()
            .filter_map(|k| pieces[k].take().map(|piece| (k, piece)))
            .collect();
        if map.is_channels_last() || channels < MIN_BLOCK {
            push_chunks(&mut tasks, mine, 4 * rayon::current_num_threads(), |rois| {
                PoolTask {
                    rule,
                    map,
                    rois,
                    block: None,
                }
            });
            continue;
        }
        let blocks = channels.div_ceil(LANES);
        let mut by_block: Vec<Vec<(usize, &mut [f32])>> = (0..blocks).map(|_| Vec::new()).collect();
        for (k, piece) in mine {
            for (block, piece) in piece.chunks_mut(LANES * outputs).enumerate() {
                by_block[block].push((k, piece));
            }
        }
        // With fewer blocks than threads, each thread takes a share of the RoIs of a block.
        let shares = (2 * rayon::current_num_threads()).div_ceil(blocks);
        for (block, rois) in by_block.into_iter().enumerate() {
            push_chunks(&mut tasks, rois, shares, |rois| PoolTask {
                rule,
                map,
                rois,
                block: Some(block * LANES),
            });
        }
    }
    for void in pieces.into_iter().flatten() {
        void.fill(0.0);
    }
    run(tasks);
}

/// Adds the gradient of every RoI, `grad` `[K, C, outputs]`, to `out`: one `[N, C, H, W]` per map.
pub(super) fn spread<R: Spread>(
    rule: &R,
    maps: &[FeatureMap<'_>],
    grad: &[f32],
    out: Vec<&mut [f32]>,
) {
    let mut tasks = Vec::new();
    for (level, (map, out)) in maps.iter().zip(out).enumerate() {
        if out.is_empty() {
            continue;
        }
        let order = ordered(rule, level);
        let image_of = |k: &usize| rule.targets()[*k].map(|target| target.image);
        let plane = map.height * map.width;
        let images = out.chunks_mut(map.channels * plane).enumerate();
        for (image, out) in images {
            let start = order.partition_point(|k| image_of(k) < Some(image));
            let end = order.partition_point(|k| image_of(k) <= Some(image));
            if start == end {
                continue;
            }
            for (block, planes) in out.chunks_mut(LANES * plane).enumerate() {
                tasks.push(SpreadTask {
                    rule,
                    map,
                    image,
                    channel: block * LANES,
                    rois: order[start..end].to_vec(),
                    grad,
                    planes,
                });
            }
        }
    }
    tasks.sort_by_key(|task| Reverse(task.rois.len()));
    run(tasks);
}

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

struct PoolTask<'a, R> {
    rule: &'a R,
    map: &'a FeatureMap<'a>,
    /// RoIs and where their values go.
    rois: Vec<(usize, &'a mut [f32])>,
    /// First channel of a block of a planar map; `None` to read all channels where they lie.
    block: Option<usize>,
}

impl<R: Pool> Task for PoolTask<'_, R> {
    #[inline(always)]
    fn run(mut self, scratch: &mut Scratch) {
        match self.block {
            None => self.in_place(&mut scratch.values),
            Some(channel) => self.turned(channel, scratch),
        }
    }
}

impl<R: Pool> PoolTask<'_, R> {
    #[inline(always)]
    fn image(&self, k: usize) -> usize {
        self.rule.targets()[k].map_or(0, |Target { image, .. }| image)
    }

    #[inline(always)]
    fn turned(&mut self, channel: usize, scratch: &mut Scratch) {
        let mut current = None;
        for i in 0..self.rois.len() {
            let k = self.rois[i].0;
            let image = self.image(k);
            if current != Some(image) {
                scratch.maps.begin::<LANES>(self.map);
                current = Some(image);
            }
            let footprints = self.rule.footprints();
            let (rows, tiles) = (footprints.rows(k), footprints.tiles(k));
            scratch
                .maps
                .load::<LANES>(self.map, image, channel, rows, tiles);
            let cells = scratch.maps.cells();
            block::<R, LANES>(
                self.rule,
                k,
                channel,
                cells,
                &mut scratch.values,
                self.rois[i].1,
            );
        }
    }

    #[inline(always)]
    fn in_place(&mut self, values: &mut Vec<f32>) {
        let outputs = self.rule.outputs();
        for i in 0..self.rois.len() {
            let k = self.rois[i].0;
            let image = self.image(k);
            let mut channel = 0;
            while channel < self.map.channels {
                let cells = Cells {
                    data: &self.map.data[self.map.origin(image, channel)..],
                    row: self.map.stride[2],
                    column: self.map.stride[3],
                };
                let left = if self.map.is_channels_last() {
                    self.map.channels - channel
                } else {
                    1
                };
                let out = &mut self.rois[i].1[channel * outputs..];
                channel += if left >= WIDE {
                    block::<R, WIDE>(
                        self.rule,
                        k,
                        channel,
                        cells,
                        values,
                        &mut out[..WIDE * outputs],
                    )
                } else if left >= LANES {
                    block::<R, LANES>(
                        self.rule,
                        k,
                        channel,
                        cells,
                        values,
                        &mut out[..LANES * outputs],
                    )
                } else {
                    block::<R, 1>(self.rule, k, channel, cells, values, &mut out[..outputs])
                };
            }
        }
    }
}

/// Pools `L` channels of a RoI and writes those that exist to `out`, channel by channel.
#[inline(always)]
fn block<R: Pool, const L: usize>(
    rule: &R,
    k: usize,
    channel: usize,
    cells: Cells<'_>,
    values: &mut Vec<f32>,
    out: &mut [f32],
) -> usize {
    let outputs = rule.outputs();
    values.resize((outputs * L).max(values.len()), 0.0);
    let (values, _) = values[..outputs * L].as_chunks_mut::<L>();
    rule.pool::<L>(k, channel, cells, values);
    for (lane, out) in out.chunks_exact_mut(outputs).enumerate() {
        for (out, value) in out.iter_mut().zip(values.iter()) {
            *out = value[lane];
        }
    }
    L
}

struct SpreadTask<'a, R> {
    rule: &'a R,
    map: &'a FeatureMap<'a>,
    image: usize,
    channel: usize,
    rois: Vec<usize>,
    grad: &'a [f32],
    /// `[channels of the block, H, W]`.
    planes: &'a mut [f32],
}

impl<R: Spread> Task for SpreadTask<'_, R> {
    #[inline(always)]
    fn run(self, scratch: &mut Scratch) {
        let outputs = self.rule.outputs();
        let Scratch { maps, sums, values } = scratch;
        sums.begin::<LANES>(self.map);
        if R::READS_CELLS {
            maps.begin::<LANES>(self.map);
        }
        values.resize((outputs * LANES).max(values.len()), 0.0);
        let (values, _) = values[..outputs * LANES].as_chunks_mut::<LANES>();
        let present = LANES.min(self.map.channels - self.channel);
        for &k in &self.rois {
            let footprints = self.rule.footprints();
            let (rows, tiles) = (footprints.rows(k), footprints.tiles(k));
            sums.clear(rows, tiles);
            if R::READS_CELLS {
                maps.load::<LANES>(self.map, self.image, self.channel, rows, tiles);
            }
            let start = (k * self.map.channels + self.channel) * outputs;
            let grad = &self.grad[start..start + present * outputs];
            for (lane, grad) in grad.chunks_exact(outputs).enumerate() {
                for (value, grad) in values.iter_mut().zip(grad) {
                    value[lane] = *grad;
                }
            }
            self.rule
                .spread::<LANES>(k, maps.cells(), values, &mut sums.cells_mut());
        }
        sums.add_to::<LANES>(self.planes);
    }
}
