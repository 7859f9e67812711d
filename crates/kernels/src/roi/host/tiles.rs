//! A block of channels of one image, channels side by side, built tile by tile when needed.

use super::{
    FeatureMap,
    rule::{Cells, CellsMut},
};

/// Columns that are turned together: 16 floats are one cache line of a planar map.
pub(super) const TILE: usize = 16;

/// Reusable storage for `[H, W, L]` of one image and block of channels.
#[derive(Default)]
pub(super) struct Tiles {
    data: Vec<f32>,
    ready: Vec<bool>,
    height: usize,
    width: usize,
    lanes: usize,
}

impl Tiles {
    /// Forgets all tiles and takes the size of `map`, with `L` channels.
    pub fn begin<const L: usize>(&mut self, map: &FeatureMap<'_>) {
        self.height = map.height;
        self.width = map.width;
        self.lanes = L;
        let cells = map.height * map.width * L;
        if self.data.len() < cells {
            // Fresh zeroed pages cost nothing until touched; growing would copy.
            self.data = vec![0.0; cells];
        }
        self.ready.clear();
        self.ready.resize(map.height * self.across(), false);
    }

    fn across(&self) -> usize {
        self.width.div_ceil(TILE)
    }

    /// Calls `fill(y, x0, cells)` once for each of these tiles that is not ready yet.
    #[inline(always)]
    fn prepare(
        &mut self,
        rows: &[u32],
        tiles: &[u32],
        mut fill: impl FnMut(usize, usize, &mut [f32]),
    ) {
        let across = self.across();
        for &y in rows {
            for &tile in tiles {
                let (y, tile) = (y as usize, tile as usize);
                if std::mem::replace(&mut self.ready[y * across + tile], true) {
                    continue;
                }
                let first = tile * TILE;
                let count = TILE.min(self.width - first);
                let at = (y * self.width + first) * self.lanes;
                fill(y, first, &mut self.data[at..at + count * self.lanes]);
            }
        }
    }

    /// Copies these tiles of channels `channel..` of `image` from `map`, unless ready.
    #[inline(always)]
    pub fn load<const L: usize>(
        &mut self,
        map: &FeatureMap<'_>,
        image: usize,
        channel: usize,
        rows: &[u32],
        tiles: &[u32],
    ) {
        let present = L.min(map.channels - channel);
        let origin = map.origin(image, channel);
        let [_, plane, row, column] = map.stride;
        self.prepare(rows, tiles, |y, x, cells| {
            let source = &map.data[origin + y * row + x * column..];
            if column == 1 && present == L && cells.len() == TILE * L {
                turn::<L>(source, plane, cells);
            } else {
                for (i, cell) in cells.chunks_exact_mut(L).enumerate() {
                    for (lane, value) in cell[..present].iter_mut().enumerate() {
                        *value = source[lane * plane + i * column];
                    }
                }
            }
        });
    }

    /// Zeroes these tiles, unless ready.
    #[inline(always)]
    pub fn clear(&mut self, rows: &[u32], tiles: &[u32]) {
        self.prepare(rows, tiles, |_, _, cells| cells.fill(0.0));
    }

    /// Writes every ready tile to its place in `planes`, contiguous `[channels, H, W]`.
    #[inline(always)]
    pub fn write_to<const L: usize>(&self, planes: &mut [f32]) {
        let plane = self.height * self.width;
        let across = self.across();
        for (index, _) in self.ready.iter().enumerate().filter(|(_, ready)| **ready) {
            let first = index % across * TILE;
            let count = TILE.min(self.width - first);
            let at = index / across * self.width + first;
            let cells = &self.data[at * L..(at + count) * L];
            for (lane, target) in planes.chunks_exact_mut(plane).enumerate() {
                for (value, cell) in target[at..at + count].iter_mut().zip(cells.chunks_exact(L)) {
                    *value = cell[lane];
                }
            }
        }
    }

    /// The tiles, to read.
    pub fn cells(&self) -> Cells<'_> {
        Cells {
            data: &self.data,
            row: self.width * self.lanes,
            column: self.lanes,
        }
    }

    /// The tiles, to add to.
    pub fn cells_mut(&mut self) -> CellsMut<'_> {
        CellsMut {
            row: self.width * self.lanes,
            column: self.lanes,
            rows: 0..self.height,
            data: &mut self.data,
        }
    }
}

/// `TILE` cells of `L` planes, `plane` apart, to `L` channels side by side.
#[inline(always)]
fn turn<const L: usize>(source: &[f32], plane: usize, cells: &mut [f32]) {
    for lane in 0..L {
        let Some(line) = source[lane * plane..].first_chunk::<TILE>() else {
            return;
        };
        for (cell, value) in cells.chunks_exact_mut(L).zip(line) {
            cell[lane] = *value;
        }
    }
}
