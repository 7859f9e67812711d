//! Blanking rectangles.

use serde::{Deserialize, Serialize};

use crate::transforms::range::check_probability;
use crate::transforms::{Range, Stream, Transform, TransformError, Work};

/// Lays a coarse grid over the picture and blanks some of its cells (imgaug's `CoarseDropout` with
/// `size_percent`).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoarseDropout {
    /// How likely each cell is blanked (0 to 1).
    pub probability: Range,
    /// Columns and rows of the grid as a part of the picture's (0.0001 to 1); at least 3 of each, as
    /// in imgaug, or as many as the picture has.
    pub grid: Range,
    /// Probability (0–1) that each channel has cells of its own.
    #[serde(default)]
    pub per_channel: f32,
    /// What blank cells hold; black when left out.
    #[serde(default)]
    pub fill: [u8; 3],
}

/// imgaug's `min_size`.
const LEAST_CELLS: usize = 3;

impl Transform for CoarseDropout {
    fn check(&self) -> Result<(), TransformError> {
        let probability = "a probability is 0 to 1";
        self.probability
            .check("probability", 0.0..=1.0, probability)?;
        let grid = "a grid is 0.0001 to 1 of the picture's columns";
        self.grid.check("grid", 1e-4..=1.0, grid)?;
        check_probability("per_channel", self.per_channel)
    }

    fn apply(&self, work: &mut Work, stream: &Stream) -> Result<(), TransformError> {
        let mut dice = stream.dice();
        let probability = dice.within(self.probability) as f32;
        let part = dice.within(self.grid);
        let each = dice.chance(self.per_channel);
        let size = work.size();
        let [columns, rows] = size.map(|side| {
            let cells = (part * side as f64) as usize;
            cells.max(LEAST_CELLS).min(side)
        });
        // Bit c of a cell: channel c is blank.
        let cells: Vec<u8> = (0..columns * rows)
            .map(|_| {
                if each {
                    (0..3).fold(0, |bits, c| bits | u8::from(dice.chance(probability)) << c)
                } else {
                    7 * u8::from(dice.chance(probability))
                }
            })
            .collect();
        blank(
            work.picture_mut().data_mut(),
            size,
            &cells,
            columns,
            self.fill,
        );
        Ok(())
    }
}

/// Pixel x lies in cell ⌊x · columns / width⌋, as nearest-neighbour enlargement of the grid has it.
fn blank(
    pixels: &mut [u8],
    [width, height]: [usize; 2],
    cells: &[u8],
    columns: usize,
    fill: [u8; 3],
) {
    let rows = cells.len() / columns;
    for (y, row) in pixels.chunks_exact_mut(3 * width).enumerate() {
        let line = &cells[y * rows / height * columns..][..columns];
        for (column, &bits) in line.iter().enumerate().filter(|&(_, &bits)| bits != 0) {
            let start = |column: usize| (column * width).div_ceil(columns);
            let cell = &mut row[3 * start(column)..3 * start(column + 1)];
            for pixel in cell.as_chunks_mut::<3>().0 {
                for (channel, value) in pixel.iter_mut().enumerate() {
                    if bits >> channel & 1 == 1 {
                        *value = fill[channel];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_share_the_pixels_out() {
        // 7 columns in 3 cells: 0–2, 3–4, 5–6 (⌊x · 3 / 7⌋ is 0 0 0 1 1 2 2).
        let mut pixels = vec![9; 3 * 7];
        blank(&mut pixels, [7, 1], &[0, 7, 0], 3, [1, 2, 3]);
        let expected: Vec<u8> = (0..7)
            .flat_map(|x| if x == 3 || x == 4 { [1, 2, 3] } else { [9; 3] })
            .collect();
        assert_eq!(pixels, expected);
        // 3 rows in 2 cells: ⌊y · 2 / 3⌋ is 0 0 1; the second channel only.
        let mut pixels = vec![9; 9];
        blank(&mut pixels, [1, 3], &[2, 0], 1, [0; 3]);
        assert_eq!(pixels, [9, 0, 9, 9, 0, 9, 9, 9, 9]);
    }

    #[derive(serde::Deserialize)]
    struct Grid {
        columns: usize,
        cells: Vec<u8>,
        pixels: Vec<String>,
    }

    #[test]
    fn grids_are_enlarged_as_imgaug_enlarges_them() {
        let json = include_str!("../../../tests/fixtures/transforms/imgaug-grids.json");
        let grids: Vec<Grid> = serde_json::from_str(json).unwrap_or_default();
        assert_eq!(grids.len(), 3);
        for grid in grids {
            let (width, height) = (grid.pixels[0].len(), grid.pixels.len());
            let cells: Vec<u8> = grid.cells.iter().map(|&cell| 7 * cell).collect();
            let mut pixels = vec![0; 3 * width * height];
            blank(&mut pixels, [width, height], &cells, grid.columns, [1; 3]);
            let expected: Vec<u8> = grid.pixels.iter().flat_map(|row| row.bytes()).collect();
            for (index, pixel) in pixels.as_chunks::<3>().0.iter().enumerate() {
                assert_eq!(
                    *pixel,
                    [expected[index] - b'0'; 3],
                    "{} columns, pixel {index}",
                    grid.columns
                );
            }
        }
    }
}
