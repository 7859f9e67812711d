//! What is behind the garments, and the things that lie about.
//!
//! Coordinates: the picture's shorter side is 1, the origin its top left corner.

mod thing;

pub use thing::{Thing, ThingKind};

use serde::{Deserialize, Serialize};

use super::canvas::{Canvas, Rgb};
use super::fabric::{Cloth, Light, Palette, Pattern, Weave, darker, lighter, mixed};
use super::geometry::{Affine, Outline, P2, p};
use super::random::{Dice, at_cell, noise};

/// Where the picture was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setting {
    /// One colour, slightly shaded.
    Studio,
    /// A wall and a floor.
    Room,
    /// Houses and pavement.
    Street,
    /// Leaves.
    Garden,
    /// A table of planks, seen from above.
    Planks,
    /// A bed sheet.
    Sheet,
    /// Tiles.
    Tiles,
    /// A printed rug.
    Rug,
}

/// A background.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Background {
    /// Where.
    pub setting: Setting,
    /// Wall, floor and a third colour.
    pub colours: [Rgb; 3],
    /// Height of the floor's edge.
    pub horizon: f32,
    /// How much it is structured, 0–1.
    pub busy: f32,
    /// The print of wallpaper or rug.
    pub cloth: Cloth,
    /// What else follows from chance.
    pub seed: u32,
}

impl Background {
    /// A place for standing people or for things laid out.
    pub fn draw(dice: &mut Dice, flat: bool, busy: f32, height: f32) -> Self {
        let b = busy;
        let setting = if flat {
            dice.weigh(&[
                (Setting::Studio, 1.2 - 0.9 * b),
                (Setting::Planks, 0.2 + 0.6 * b),
                (Setting::Sheet, 0.5),
                (Setting::Tiles, 0.1 + 0.4 * b),
                (Setting::Rug, 0.6 * b),
            ])
        } else {
            dice.weigh(&[
                (Setting::Studio, 1.6 - 1.4 * b),
                (Setting::Room, 0.3 + 0.8 * b),
                (Setting::Street, 0.7 * b),
                (Setting::Garden, 0.45 * b),
            ])
        };
        let palette = Palette::draw(dice, &[], 0.0).0;
        // Walls are paler than clothes, but not always.
        let pale = |colour: Rgb, dice: &mut Dice| {
            mixed(
                colour,
                [0.9, 0.89, 0.87],
                dice.range(0.75 - 0.6 * b, 0.95 - 0.4 * b),
            )
        };
        let colours = [
            pale(palette[0], dice),
            pale(palette[1], dice),
            pale(palette[2], dice),
        ];
        let patterns = [
            Pattern::Stripes,
            Pattern::Gingham,
            Pattern::Dots,
            Pattern::Floral,
            Pattern::Chevron,
            Pattern::Marble,
            Pattern::Hoops,
        ];
        let mut cloth = Cloth::plain(Weave::Jersey, colours[0], dice);
        cloth.colours = [
            colours[0],
            mixed(colours[0], colours[1], 0.3 + 0.7 * b * dice.unit()),
            colours[2],
        ];
        cloth.repeat = dice.range(0.06, 0.3);
        if setting == Setting::Rug || dice.chance(0.5 * b) {
            cloth.pattern = dice.pick(&patterns);
        }
        Self {
            setting,
            colours,
            horizon: height * dice.range(0.62, 0.92),
            busy,
            cloth,
            seed: dice.seed(),
        }
    }

    /// Paints the whole canvas and leaves it looking in background coordinates.
    pub fn paint(&self, canvas: &mut Canvas, light: &Light) {
        let unit = canvas.width().min(canvas.height()) as f32;
        let view = Affine::placing(p(0.0, 0.0), p(0.0, 0.0), unit, 0.0);
        canvas.look(view);
        let inverse = view.inverse();
        let size = inverse.apply(p(canvas.width() as f32, canvas.height() as f32));
        let glow = |at: P2| {
            1.0 + 0.22
                * light.contrast
                * ((at.x / size.x - 0.5) * light.from.x + (at.y / size.y - 0.5) * light.from.y)
                * 2.0
        };
        canvas.paint_all(|pixel| {
            let at = inverse.apply(pixel);
            self.colour(at).map(|channel| channel * glow(at))
        });
        match self.setting {
            Setting::Room => self.room(canvas, size),
            Setting::Street => self.street(canvas, size),
            _ => {}
        }
    }

    fn colour(&self, at: P2) -> Rgb {
        let [wall, floor, third] = self.colours;
        let [x, y] = [at.x, at.y];
        let fine = |amount: f32| 1.0 + amount * (noise(self.seed ^ 1, x * 60.0, y * 60.0) - 0.5);
        let slow = |amount: f32| 1.0 + amount * (noise(self.seed ^ 2, x * 3.0, y * 3.0) - 0.5);
        let dim = |colour: Rgb, factor: f32| colour.map(|channel| channel * factor);
        match self.setting {
            Setting::Studio => dim(wall, slow(0.06 + 0.1 * self.busy)),
            Setting::Room => {
                if y < self.horizon {
                    dim(self.cloth.pattern.colour(&self.cloth, x, y), slow(0.12))
                } else {
                    let depth = 1.0 / (y - self.horizon + 0.12);
                    let plank = at_cell(self.seed, ((x - 0.5) * depth * 2.0).floor() as i32, 3);
                    dim(floor, (0.82 + 0.1 * plank) * slow(0.1) * fine(0.08))
                }
            }
            Setting::Street => {
                if y < self.horizon {
                    dim(wall, slow(0.2) * fine(0.06))
                } else {
                    dim(mixed(floor, [0.5; 3], 0.6), 0.85 * slow(0.1) * fine(0.16))
                }
            }
            Setting::Garden => {
                // Leaves of three sizes, lighter where the sky shines through.
                let leaf = |salt: u32, fine: f32| {
                    let bend = noise(self.seed ^ salt ^ 0x40, x * 5.0, y * 5.0) * 2.0;
                    noise(self.seed ^ salt, x * fine + bend, y * fine - bend)
                };
                let (small, middle, large) = (leaf(3, 34.0), leaf(4, 13.0), leaf(5, 3.0));
                let depth = 0.35 * small + 0.4 * middle + 0.45 * large - 0.1;
                let green = mixed([0.10, 0.20, 0.08], [0.50, 0.62, 0.28], depth);
                let sky = ((0.6 * large + 0.4 * middle - 0.62) * 7.0).clamp(0.0, 0.8);
                let flower = ((small * middle - 0.72) * 12.0).clamp(0.0, 0.9);
                mixed(mixed(green, lighter(wall, 0.3), sky), third, flower)
            }
            Setting::Planks => {
                let wood = mixed(
                    mixed(
                        [0.72, 0.55, 0.38],
                        [0.35, 0.23, 0.15],
                        at_cell(self.seed, 0, 0),
                    ),
                    wall,
                    0.25,
                );
                let row = y * 4.5;
                let plank = at_cell(self.seed, row.floor() as i32, 1);
                let grain = noise(self.seed ^ 5, x * 3.0 + plank * 9.0, y * 70.0) - 0.5;
                let gap = row - row.floor() < 0.035;
                dim(
                    wood,
                    if gap {
                        0.45
                    } else {
                        (0.9 + 0.2 * plank) * (1.0 + 0.22 * grain)
                    },
                )
            }
            Setting::Sheet => {
                let mut soft = self.cloth;
                soft.weave = Weave::Light;
                let fold = soft.fold(p(x * 2.2, y * 2.2), p(0.7, 0.71), 1.3);
                dim(
                    lighter(self.cloth.pattern.colour(&self.cloth, x, y), 0.25),
                    0.95 + fold,
                )
            }
            Setting::Tiles => {
                let (column, row) = (x * 3.2, y * 3.2);
                let joint = column - column.floor() < 0.04 || row - row.floor() < 0.04;
                let tile = at_cell(self.seed, column.floor() as i32, row.floor() as i32);
                if joint {
                    darker(wall, 0.3)
                } else {
                    dim(mixed(wall, third, 0.3 * tile), 0.95 + 0.08 * tile)
                }
            }
            Setting::Rug => dim(
                self.cloth.pattern.colour(&self.cloth, x, y),
                fine(0.2) * slow(0.1),
            ),
        }
    }

    fn room(&self, canvas: &mut Canvas, size: P2) {
        let skirting = lighter(self.colours[0], 0.5);
        let y = self.horizon;
        let rail = Outline::rectangle(p(0.0, y - 0.035), p(size.x, y));
        canvas.veil(&rail, 1.0, |_| skirting);
        canvas.veil(
            &Outline::rectangle(p(0.0, y), p(size.x, y + 0.012)),
            0.5,
            |_| [0.1; 3],
        );
    }

    fn street(&self, canvas: &mut Canvas, size: P2) {
        let own = |salt: i32, x: i32| at_cell(self.seed ^ 6, x, salt);
        let pane = mixed([0.25, 0.32, 0.4], self.colours[2], 0.3);
        let (step_x, step_y) = (0.2 + 0.12 * own(0, 0), 0.26 + 0.1 * own(1, 0));
        let (mut row, mut y) = (0, 0.05 * own(2, 0));
        while y + step_y * 0.7 < self.horizon {
            let (mut column, mut x) = (0, -0.1 * own(3, 0));
            while x < size.x {
                if own(10 + row, column) > 0.18 {
                    let (a, b) = (p(x, y), p(x + step_x * 0.55, y + step_y * 0.66));
                    canvas.veil(
                        &Outline::rectangle(a - p(0.012, 0.012), b + p(0.012, 0.012)),
                        0.9,
                        |_| lighter(self.colours[0], 0.35),
                    );
                    let shade = 0.6 + 0.6 * own(30 + row, column);
                    canvas.veil(&Outline::rectangle(a, b), 1.0, |_| {
                        pane.map(|channel| channel * shade)
                    });
                    let bar = f32::midpoint(a.x, b.x);
                    canvas.veil(
                        &Outline::rectangle(p(bar - 0.006, a.y), p(bar + 0.006, b.y)),
                        0.9,
                        |_| lighter(self.colours[0], 0.35),
                    );
                }
                x += step_x;
                column += 1;
            }
            y += step_y;
            row += 1;
        }
        canvas.veil(
            &Outline::rectangle(p(0.0, self.horizon), p(size.x, self.horizon + 0.02)),
            0.6,
            |_| [0.35; 3],
        );
    }
}
