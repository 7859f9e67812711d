//! From cells to bins.

use std::ops::Range;

use super::{
    super::{
        FeatureMap,
        geometry::Target,
        rule::{Cells, Pool},
    },
    LANES, Scratch, Task, WIDE, WIDEST, ordered, push_chunks, run,
};

/// Below this many channels, turning a planar map costs more than reading its planes one by one.
const MIN_BLOCK: usize = 4;

/// Pools every RoI into `out` `[K, C, outputs]`, all of which is written.
pub(in super::super) fn pool<R: Pool>(rule: &R, maps: &[FeatureMap<'_>], out: &mut [f32]) {
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
        let turned = !map.is_channels_last() && channels >= MIN_BLOCK;
        let width = if turned { LANES } else { WIDEST };
        let blocks = channels.div_ceil(width);
        let mut by_block: Vec<Vec<(usize, &mut [f32])>> = (0..blocks).map(|_| Vec::new()).collect();
        for (k, piece) in mine {
            for (block, piece) in piece.chunks_mut(width * outputs).enumerate() {
                by_block[block].push((k, piece));
            }
        }
        // With fewer blocks than threads, each thread takes a share of the RoIs of a block. A block
        // of a turned map is turned once per share.
        let shares = (4 * rayon::current_num_threads()).div_ceil(blocks);
        for (block, rois) in by_block.into_iter().enumerate() {
            let first = block * width;
            push_chunks(&mut tasks, rois, shares, |rois| PoolTask {
                rule,
                map,
                rois,
                channels: first..channels.min(first + width),
                turned,
            });
        }
    }
    for void in pieces.into_iter().flatten() {
        void.fill(0.0);
    }
    run(tasks);
}

struct PoolTask<'a, R> {
    rule: &'a R,
    map: &'a FeatureMap<'a>,
    /// RoIs and where their values go.
    rois: Vec<(usize, &'a mut [f32])>,
    /// All RoIs take one block before the next: a turned block of the whole map fits in the cache.
    channels: Range<usize>,
    /// Whether the map is planar, to be turned.
    turned: bool,
}

impl<R: Pool> Task for PoolTask<'_, R> {
    #[inline(always)]
    fn run(mut self, scratch: &mut Scratch) {
        if self.turned {
            self.turned(scratch);
        } else {
            self.in_place(&mut scratch.values);
        }
    }
}

impl<R: Pool> PoolTask<'_, R> {
    #[inline(always)]
    fn image(&self, k: usize) -> usize {
        self.rule.targets()[k].map_or(0, |Target { image, .. }| image)
    }

    #[inline(always)]
    fn turned(&mut self, scratch: &mut Scratch) {
        let channel = self.channels.start;
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
            let mut channel = self.channels.start;
            while channel < self.channels.end {
                let cells = Cells {
                    data: &self.map.data[self.map.origin(image, channel)..],
                    row: self.map.stride[2],
                    column: self.map.stride[3],
                };
                let left = if self.map.is_channels_last() {
                    self.channels.end - channel
                } else {
                    1
                };
                let out = &mut self.rois[i].1[(channel - self.channels.start) * outputs..];
                channel += if left >= WIDEST {
                    block::<R, WIDEST>(
                        self.rule,
                        k,
                        channel,
                        cells,
                        values,
                        &mut out[..WIDEST * outputs],
                    )
                } else if left >= WIDE {
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
