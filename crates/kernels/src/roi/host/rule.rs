//! What a pooling rule tells the driver.

use std::ops::Range;

use super::{geometry::Target, tiles::TILE};

/// The cells of one image and one block of channels: `L` channels side by side in each cell.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub data: &'a [f32],
    /// Elements from one row to the next.
    pub row: usize,
    /// Elements from one cell of a row to the next.
    pub column: usize,
}

impl<'a> Cells<'a> {
    /// The channels of one cell.
    #[inline(always)]
    pub fn lanes<const L: usize>(&self, y: usize, x: usize) -> &'a [f32; L] {
        let at = y * self.row + x * self.column;
        let Some(lanes) = self.data.get(at..).and_then(<[f32]>::first_chunk) else {
            outside()
        };
        lanes
    }
}

/// Like [`Cells`], to add gradients to; only some of the rows are there.
pub(super) struct CellsMut<'a> {
    pub data: &'a mut [f32],
    pub row: usize,
    pub column: usize,
    pub rows: Range<usize>,
}

impl CellsMut<'_> {
    /// Whether row `y` is there.
    #[inline(always)]
    pub fn holds(&self, y: usize) -> bool {
        self.rows.contains(&y)
    }

    /// The channels of one cell of a row that is there.
    #[inline(always)]
    pub fn lanes<const L: usize>(&mut self, y: usize, x: usize) -> &mut [f32; L] {
        let at = (y - self.rows.start) * self.row + x * self.column;
        let Some(lanes) = self.data.get_mut(at..).and_then(<[f32]>::first_chunk_mut) else {
            outside()
        };
        lanes
    }
}

#[cold]
fn outside() -> ! {
    panic!("a RoI reads a cell outside its map")
}

/// Lists of different lengths, end to end.
pub(super) struct Lists<T> {
    items: Vec<T>,
    ends: Vec<usize>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self::with_capacity(0, 0)
    }
}

impl<T> Lists<T> {
    /// Room for `lists` lists of about `each` items.
    pub fn with_capacity(lists: usize, each: usize) -> Self {
        Self {
            items: Vec::with_capacity(lists * each),
            ends: Vec::with_capacity(lists),
        }
    }

    /// Adds an item to the list that is being written.
    pub fn push(&mut self, item: T) {
        self.items.push(item);
    }

    /// The list that is being written.
    pub fn open(&mut self) -> &mut [T] {
        let start = self.ends.last().copied().unwrap_or(0);
        &mut self.items[start..]
    }

    /// Ends the list that is being written.
    pub fn close(&mut self) {
        self.ends.push(self.items.len());
    }

    /// List number `index`.
    #[inline(always)]
    pub fn get(&self, index: usize) -> &[T] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.items[start..self.ends[index]]
    }
}

/// Rows, and tiles of [`TILE`] columns, among which are all cells a RoI reads.
#[derive(Default)]
pub(super) struct Footprints {
    rows: Lists<u32>,
    tiles: Lists<u32>,
}

impl Footprints {
    /// Adds the next RoI; cells may repeat and come in any order.
    pub fn push(&mut self, rows: impl Iterator<Item = u32>, columns: impl Iterator<Item = u32>) {
        push_distinct(&mut self.rows, rows);
        push_distinct(&mut self.tiles, columns.map(|x| x / TILE as u32));
    }

    /// The rows read by RoI `k`.
    pub fn rows(&self, k: usize) -> &[u32] {
        self.rows.get(k)
    }

    /// The tiles of columns read by RoI `k`.
    pub fn tiles(&self, k: usize) -> &[u32] {
        self.tiles.get(k)
    }
}

fn push_distinct(lists: &mut Lists<u32>, items: impl Iterator<Item = u32>) {
    for item in items {
        // Neighbouring taps mostly repeat one of the last two cells.
        if !lists.open().iter().rev().take(2).any(|&seen| seen == item) {
            lists.push(item);
        }
    }
    lists.close();
}

/// A way to pool the cells of a RoI, channel by channel.
pub(super) trait Pool: Sync {
    /// Values per RoI and channel.
    fn outputs(&self) -> usize;

    /// What each RoI reads; `None` for a void one.
    fn targets(&self) -> &[Option<Target>];

    /// Which cells each RoI reads.
    fn footprints(&self) -> &Footprints;

    /// Pools RoI `k` for the `L` channels from `channel` on: one array per output.
    fn pool<const L: usize>(
        &self,
        k: usize,
        channel: usize,
        cells: Cells<'_>,
        out: &mut [[f32; L]],
    );
}

/// A rule whose gradient flows back to the cells.
pub(super) trait Spread: Pool {
    /// Whether [`Spread::spread`] reads the cells.
    const READS_CELLS: bool;

    /// Adds the gradient of RoI `k`, one array per output, to the cells it came from, as far as
    /// their rows are there.
    fn spread<const L: usize>(
        &self,
        k: usize,
        cells: Cells<'_>,
        grad: &[[f32; L]],
        into: &mut CellsMut<'_>,
    );
}
