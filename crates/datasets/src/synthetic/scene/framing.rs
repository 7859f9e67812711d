//! How much of a figure the picture shows, and where flat garments lie.

use serde::{Deserialize, Serialize};

use super::super::figure::{Body, Build, Pose};
use super::super::garment::Garment;
use super::super::garment::cut::Cut;
use super::super::geometry::{Affine, P2, p};
use super::super::labels::Region;
use super::super::random::Dice;

/// How much of a standing figure is in the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frame {
    /// From hair to shoes.
    Whole,
    /// The garment the picture is about, with some of what is around it.
    Garment,
    /// Head to waist: the upper edge of a garment is large.
    Bust,
}

/// The window on a standing figure.
pub fn standing(
    body: &Body,
    subject: &Garment,
    frame: Frame,
    [width, height]: [usize; 2],
    d: f32,
    dice: &mut Dice,
) -> Affine {
    let [low, high] = Cut {
        body,
        garment: subject,
    }
    .bounds();
    let (left, right) = (low.x.min(-0.95), high.x.max(0.95));
    let ([x0, x1], [y0, y1]) = match frame {
        Frame::Whole => ([left - 0.15, right + 0.15], [-0.32, 8.1]),
        Frame::Bust => ([-1.15, 1.15], [dice.range(-0.25, 0.6), 3.0]),
        Frame::Garment => {
            let top = match subject.kind.region() {
                Region::Lower => low.y - dice.range(0.2, 1.2),
                // With the head or without.
                _ if dice.chance(0.7) => -0.3,
                _ => dice.range(0.3, 0.95),
            };
            (
                [left - 0.1, right + 0.1],
                [top, high.y + dice.range(0.15, 0.9)],
            )
        }
    };
    let fit = (height as f32 / (y1 - y0)).min(width as f32 / (x1 - x0));
    let fill = dice.range(0.86, 0.97) * (1.0 + 0.35 * d * dice.unit() * dice.unit());
    let shrink = 1.0 - 0.3 * d * dice.unit() * dice.unit();
    let middle = p(f32::midpoint(x0, x1), f32::midpoint(y0, y1));
    let jitter = 0.02 + 0.10 * d;
    let to = p(
        width as f32 * (0.5 + dice.around(jitter)),
        height as f32 * (0.5 + dice.around(jitter * 0.6)),
    );
    Affine::placing(middle, to, fit * fill * shrink, dice.around(1.5 + 5.0 * d))
}

/// Where `count` flat things lie: middles and sizes, in parts of the picture.
pub fn cells(count: usize, dice: &mut Dice) -> Vec<(P2, P2)> {
    let columns = match count {
        0 | 1 => 1,
        2..=4 => 2,
        5 | 6 => 3,
        _ => 4,
    };
    let rows = count.div_ceil(columns).max(1);
    let turned = count == 2 && dice.chance(0.3);
    let (columns, rows) = if turned {
        (rows, columns)
    } else {
        (columns, rows)
    };
    (0..count)
        .map(|index| {
            let (column, row) = (index % columns, index / columns);
            let size = p(1.0 / columns as f32, 1.0 / rows as f32);
            (
                p((column as f32 + 0.5) * size.x, (row as f32 + 0.5) * size.y),
                size,
            )
        })
        .collect()
}

/// The view of one flat garment in its cell.
pub fn flat(
    garment: &Garment,
    pose: Pose,
    (middle, cell): (P2, P2),
    [width, height]: [usize; 2],
    d: f32,
    dice: &mut Dice,
) -> Affine {
    let body = Body::new(Build::FORM, pose);
    let [low, high] = Cut {
        body: &body,
        garment,
    }
    .bounds();
    let size = high - low;
    let fit = (cell.x * width as f32 / size.x).min(cell.y * height as f32 / size.y);
    let fill = dice.range(0.80, 0.94)
        * (1.0 + 0.3 * d * dice.unit() * dice.unit())
        * (1.0 - 0.3 * d * dice.unit() * dice.unit());
    let jitter = (0.02 + 0.12 * d) * cell.x.min(cell.y);
    let to = p(
        (middle.x + dice.around(jitter)) * width as f32,
        (middle.y + dice.around(jitter)) * height as f32,
    );
    let mut turn = dice.around(3.0 + 22.0 * d);
    if dice.chance(0.06 * d) {
        turn += dice.range(60.0, 300.0);
    }
    Affine::placing(low.lerp(high, 0.5), to, fit * fill, turn)
}
