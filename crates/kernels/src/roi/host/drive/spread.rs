//! From the gradients of bins to those of cells.

use std::{cmp::Reverse, ops::Range};

use super::{
    super::{
        FeatureMap, Gradient,
        rule::{Cells, CellsMut, Spread},
    },
    LANES, Scratch, Task, WIDE, ordered, run,
};

/// Least rows of a share of a channels-last gradient: a RoI's values are turned once per share it
/// touches.
const MIN_ROWS: usize = 16;

/// Writes the gradient of every RoI, `grad` `[K, C, outputs]`, to `out`, zeros at first: one per map.
pub(in super::super) fn spread<R: Spread>(
    rule: &R,
    maps: &[FeatureMap<'_>],
    grad: &[f32],
    out: Vec<Gradient<'_>>,
) {
    let mut blocks = Vec::new();
    let mut bands = Vec::new();
    for (level, (map, out)) in maps.iter().zip(out).enumerate() {
        if out.data.is_empty() {
            continue;
        }
        let order = ordered(rule, level);
        let image_of = |k: &usize| rule.targets()[*k].map(|target| target.image);
        let plane = map.height * map.width;
        let images = out.data.chunks_mut(map.channels * plane).enumerate();
        for (image, data) in images {
            let start = order.partition_point(|k| image_of(k) < Some(image));
            let end = order.partition_point(|k| image_of(k) <= Some(image));
            let rois = &order[start..end];
            if rois.is_empty() {
                continue;
            }
            let source = Source {
                rule,
                map,
                image,
                grad,
            };
            if out.channels_last {
                // Several shares per thread, because RoIs crowd in some of them.
                let shares = 8 * rayon::current_num_threads();
                let rows = map.height.div_ceil(shares).max(MIN_ROWS);
                let row = map.width * map.channels;
                for (band, data) in data.chunks_mut(rows * row).enumerate() {
                    let first = band * rows;
                    let rows = first..first + data.len() / row;
                    bands.push(BandTask {
                        source,
                        rois: rois
                            .iter()
                            .copied()
                            .filter(|&k| touches(rule.footprints().rows(k), &rows))
                            .collect(),
                        rows,
                        data,
                    });
                }
            } else {
                for (block, planes) in data.chunks_mut(LANES * plane).enumerate() {
                    blocks.push(BlockTask {
                        source,
                        channel: block * LANES,
                        rois: rois.to_vec(),
                        planes,
                    });
                }
            }
        }
    }
    blocks.sort_by_key(|task| Reverse(task.rois.len()));
    bands.sort_by_key(|task| Reverse(task.rois.len()));
    run(blocks);
    run(bands);
}

fn touches(read: &[u32], rows: &Range<usize>) -> bool {
    read.iter().any(|&row| rows.contains(&(row as usize)))
}

/// What every share of one image reads.
struct Source<'a, R> {
    rule: &'a R,
    map: &'a FeatureMap<'a>,
    image: usize,
    grad: &'a [f32],
}

impl<R> Clone for Source<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Source<'_, R> {}

impl<R: Spread> Source<'_, R> {
    /// Turns the gradient of RoI `k` for the `present` channels from `channel` on, channels side by
    /// side.
    #[inline(always)]
    fn turn<const L: usize>(
        &self,
        k: usize,
        channel: usize,
        present: usize,
        values: &mut [[f32; L]],
    ) {
        let outputs = self.rule.outputs();
        let start = (k * self.map.channels + channel) * outputs;
        let grad = &self.grad[start..start + present * outputs];
        for (lane, grad) in grad.chunks_exact(outputs).enumerate() {
            for (value, grad) in values.iter_mut().zip(grad) {
                value[lane] = *grad;
            }
        }
    }
}

/// Rows of a channels-last gradient.
struct BandTask<'a, R> {
    source: Source<'a, R>,
    rois: Vec<usize>,
    rows: Range<usize>,
    /// `[rows, W, C]`.
    data: &'a mut [f32],
}

impl<R: Spread> Task for BandTask<'_, R> {
    #[inline(always)]
    fn run(mut self, scratch: &mut Scratch) {
        let outputs = self.source.rule.outputs();
        let channels = self.source.map.channels;
        let values = &mut scratch.values;
        values.resize((outputs * WIDE).max(values.len()), 0.0);
        for k in std::mem::take(&mut self.rois) {
            let mut channel = 0;
            while channel < channels {
                let left = channels - channel;
                channel += if left >= WIDE {
                    self.add::<WIDE>(k, channel, values)
                } else if left >= LANES {
                    self.add::<LANES>(k, channel, values)
                } else {
                    self.add::<1>(k, channel, values)
                };
            }
        }
    }
}

impl<R: Spread> BandTask<'_, R> {
    #[inline(always)]
    fn add<const L: usize>(&mut self, k: usize, channel: usize, values: &mut [f32]) -> usize {
        let Source {
            rule, map, image, ..
        } = self.source;
        let (values, _) = values[..rule.outputs() * L].as_chunks_mut::<L>();
        self.source.turn(k, channel, L, values);
        let cells = Cells {
            data: map.data.get(map.origin(image, channel)..).unwrap_or(&[]),
            row: map.stride[2],
            column: map.stride[3],
        };
        let mut into = CellsMut {
            data: &mut self.data[channel..],
            row: map.width * map.channels,
            column: map.channels,
            rows: self.rows.clone(),
        };
        rule.spread::<L>(k, cells, values, &mut into);
        L
    }
}

/// Channels of a planar gradient.
struct BlockTask<'a, R> {
    source: Source<'a, R>,
    channel: usize,
    rois: Vec<usize>,
    /// `[channels of the block, H, W]`.
    planes: &'a mut [f32],
}

impl<R: Spread> Task for BlockTask<'_, R> {
    #[inline(always)]
    fn run(self, scratch: &mut Scratch) {
        let Source {
            rule, map, image, ..
        } = self.source;
        let outputs = rule.outputs();
        let Scratch { maps, sums, values } = scratch;
        sums.begin::<LANES>(map);
        if R::READS_CELLS {
            maps.begin::<LANES>(map);
        }
        values.resize((outputs * LANES).max(values.len()), 0.0);
        let (values, _) = values[..outputs * LANES].as_chunks_mut::<LANES>();
        let present = LANES.min(map.channels - self.channel);
        for &k in &self.rois {
            let footprints = rule.footprints();
            let (rows, tiles) = (footprints.rows(k), footprints.tiles(k));
            sums.clear(rows, tiles);
            if R::READS_CELLS {
                maps.load::<LANES>(map, image, self.channel, rows, tiles);
            }
            self.source.turn(k, self.channel, present, values);
            rule.spread::<LANES>(k, maps.cells(), values, &mut sums.cells_mut());
        }
        sums.write_to::<LANES>(self.planes);
    }
}
