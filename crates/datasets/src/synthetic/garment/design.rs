//! Samples a garment of a category: what goes together in one.
//!
//! Colours and prints come from the same palette for every category; what tells categories apart is
//! cut, closure and parts. Weights are rough shares of the shop floor, not measurements.

use super::super::canvas::Rgb;
use super::super::fabric::{Cloth, Palette, Pattern, Weave, darker, lighter};
use super::super::labels::{
    CoatLength as Coat, CollarDesign as Collar, Flag, GarmentKind as Kind, LapelDesign as Lapel,
    NeckDesign as Neck, NecklineDesign as Line, SleeveLength as Sleeve,
};
use super::super::random::Dice;
use super::{Bodice, Details, Front, Garment, Lower, SleeveStyle, Sleeves, TopEdge, fit};

mod lower;
mod parts;

/// What a garment is to be like, apart from its category.
#[derive(Debug, Clone, Copy)]
pub struct Brief<'a> {
    /// Colours it should differ from.
    pub unlike: &'a [Rgb],
    /// By how much (0–1).
    pub gap: f32,
    /// Share of printed cloth.
    pub prints: f32,
}

/// A garment of the category.
pub fn draw(kind: Kind, brief: &Brief, dice: &mut Dice) -> Garment {
    let palette = Palette::draw(dice, brief.unlike, brief.gap);
    let mut garment = blank(kind, palette, dice);
    if kind.has_bodice() {
        parts::bodice(&mut garment, dice);
    }
    lower::lower(&mut garment, dice);
    print(&mut garment, palette, brief.prints, dice);
    trim(&mut garment, palette, dice);
    garment
}

fn blank(kind: Kind, palette: Palette, dice: &mut Dice) -> Garment {
    let weave = weave(kind, dice);
    let mut colour = palette.0[0];
    if weave == Weave::Denim && dice.chance(0.65) {
        // Indigo, washed more or less; the rest is dyed any colour.
        let wash = dice.unit();
        colour = lighter([0.14 + 0.06 * dice.unit(), 0.2, 0.36], 0.65 * wash);
    }
    let cloth = Cloth {
        colours: [colour, palette.0[1], palette.0[2]],
        repeat: 0.3,
        ..Cloth::plain(weave, colour, dice)
    };
    Garment {
        kind,
        top: None,
        bodice: None,
        sleeves: None,
        front: Front::Plain,
        lower: Lower::None,
        details: Details::default(),
        cloth,
        trim: cloth,
        style: match kind {
            Kind::Blazer | Kind::Coat => Flag::Formal,
            Kind::Hoodie | Kind::Joggers | Kind::Leggings | Kind::Sweatpants => Flag::Sporty,
            Kind::Kimono => Flag::Boho,
            _ => dice.pick(&[Flag::Casual, Flag::Casual, Flag::Formal, Flag::Boho]),
        },
    }
}

fn weave(kind: Kind, dice: &mut Dice) -> Weave {
    use Weave::{Denim, Fleece, Jersey, Knit, Leather, Light, Wool};
    match kind {
        Kind::Blouse | Kind::Kimono => Light,
        Kind::Blazer | Kind::Coat => dice.weigh(&[(Wool, 0.85), (Light, 0.15)]),
        Kind::Cardigan | Kind::Sweater => Knit,
        Kind::Dress => dice.weigh(&[
            (Light, 0.55),
            (Jersey, 0.25),
            (Knit, 0.08),
            (Denim, 0.06),
            (Wool, 0.06),
        ]),
        Kind::Hoodie | Kind::Sweatpants => Fleece,
        Kind::Joggers => dice.weigh(&[(Jersey, 0.6), (Fleece, 0.4)]),
        Kind::Jacket => dice.weigh(&[(Denim, 0.28), (Leather, 0.27), (Light, 0.25), (Wool, 0.2)]),
        Kind::Jeans => Denim,
        Kind::Jumpsuit | Kind::Romper => dice.weigh(&[(Light, 0.6), (Jersey, 0.25), (Denim, 0.15)]),
        Kind::Leggings | Kind::Tee => Jersey,
        Kind::Shorts => dice.weigh(&[(Denim, 0.4), (Light, 0.35), (Jersey, 0.25)]),
        Kind::Skirt => dice.weigh(&[
            (Light, 0.45),
            (Wool, 0.2),
            (Denim, 0.15),
            (Jersey, 0.12),
            (Leather, 0.08),
        ]),
        Kind::Tank | Kind::Top => dice.weigh(&[(Jersey, 0.55), (Light, 0.4), (Knit, 0.05)]),
    }
}

/// The pattern. Every category can have most of them.
fn print(garment: &mut Garment, palette: Palette, share: f32, dice: &mut Dice) {
    let weave = garment.cloth.weave;
    let printed = match weave {
        Weave::Denim | Weave::Leather => 0.05,
        Weave::Fleece | Weave::Knit | Weave::Wool => 0.7 * share,
        Weave::Light | Weave::Jersey => share,
    };
    let repeat = dice.range(0.16, 0.5);
    let pattern = dice.weigh(&[
        (Pattern::Hoops, 1.0),
        (Pattern::Pinstripes, 0.5),
        (Pattern::Stripes, 0.7),
        (Pattern::Gingham, 0.7),
        (
            Pattern::Tartan,
            if weave == Weave::Wool { 1.5 } else { 0.7 },
        ),
        (Pattern::Dots, 0.8),
        (
            Pattern::Floral,
            if weave == Weave::Light { 1.8 } else { 0.5 },
        ),
        (Pattern::Leopard, 0.3),
        (Pattern::Marble, 0.4),
        (Pattern::Blocks, 0.4),
        (Pattern::Chevron, 0.3),
    ]);
    let drawn = dice.chance(printed);
    let chest = matches!(
        garment.kind,
        Kind::Tee | Kind::Hoodie | Kind::Sweater | Kind::Tank
    );
    let graphic = dice.chance(0.4 * share.min(1.0));
    let cloth = &mut garment.cloth;
    if drawn {
        cloth.pattern = pattern;
        cloth.repeat = if pattern == Pattern::Floral {
            repeat * 1.3
        } else {
            repeat
        };
        cloth.colours = [palette.0[0], palette.0[1], palette.0[2]];
    } else if chest && graphic && garment.front == Front::Plain {
        cloth.pattern = Pattern::Graphic;
    }
}

/// The cloth of collars, ribs and bands: mostly the same.
fn trim(garment: &mut Garment, palette: Palette, dice: &mut Dice) {
    let ground = garment.cloth.ground();
    let contrasting = match garment.kind {
        Kind::Kimono | Kind::Jacket => 0.45,
        Kind::Blouse | Kind::Tee | Kind::Dress | Kind::Cardigan => 0.25,
        Kind::Jeans | Kind::Blazer => 0.0,
        _ => 0.12,
    };
    let colour = if dice.chance(contrasting) {
        if dice.chance(0.4) {
            [0.95, 0.95, 0.93]
        } else {
            palette.0[1]
        }
    } else if garment.details.belt && dice.chance(0.5) {
        darker(palette.0[1], 0.2)
    } else {
        garment.trim = if garment.cloth.pattern == Pattern::Graphic {
            garment.cloth.trim(ground)
        } else {
            garment.cloth
        };
        return;
    };
    garment.trim = garment.cloth.trim(colour);
    if garment.details.belt
        && garment
            .top
            .is_some_and(|top| matches!(top, TopEdge::Lapel(_)))
    {
        // A coat's collar is of the coat's cloth even when its belt is not.
        garment.trim = garment.cloth;
    }
}

/// One of the upper edges that a category has, by weight.
fn top_edge(kind: Kind, dice: &mut Dice) -> TopEdge {
    use TopEdge::{Collar as C, Lapel as L, Neck as N, Neckline as E};
    let any: &[(TopEdge, f32)] = &[
        (E(Line::Strapless), 1.0),
        (E(Line::DeepV), 0.8),
        (E(Line::Straight), 0.8),
        (E(Line::V), 1.0),
        (E(Line::Square), 1.0),
        (E(Line::OffShoulder), 1.0),
        (E(Line::Round), 1.4),
        (E(Line::SweetHeart), 0.8),
        (E(Line::OneShoulder), 0.8),
        (C(Collar::Shirt), 0.8),
        (C(Collar::PeterPan), 0.5),
        (C(Collar::Puritan), 0.4),
        (N(Neck::Turtle), 0.3),
        (N(Neck::LowTurtle), 0.3),
        (N(Neck::RuffleSemiHigh), 0.4),
        (N(Neck::Draped), 0.5),
    ];
    match kind {
        Kind::Blouse => dice.weigh(&[
            (C(Collar::Shirt), 3.0),
            (C(Collar::PeterPan), 1.8),
            (C(Collar::Puritan), 1.8),
            (N(Neck::RuffleSemiHigh), 2.0),
            (N(Neck::Draped), 0.6),
            (E(Line::V), 1.0),
            (E(Line::Round), 0.8),
        ]),
        Kind::Blazer => dice.weigh(&[
            (L(Lapel::Notched), 5.0),
            (L(Lapel::Shawl), 2.2),
            (L(Lapel::Collarless), 0.8),
            (L(Lapel::PlusSizeShawl), 0.5),
        ]),
        Kind::Cardigan => dice.weigh(&[
            (L(Lapel::Collarless), 4.0),
            (L(Lapel::Shawl), 2.2),
            (L(Lapel::PlusSizeShawl), 1.8),
            (E(Line::V), 1.2),
            (E(Line::Round), 0.8),
        ]),
        Kind::Coat => dice.weigh(&[
            (L(Lapel::Notched), 3.5),
            (L(Lapel::PlusSizeShawl), 1.8),
            (L(Lapel::Shawl), 1.4),
            (L(Lapel::Collarless), 1.0),
            (C(Collar::Shirt), 0.8),
            (C(Collar::Puritan), 0.5),
            (N(Neck::LowTurtle), 0.3),
        ]),
        Kind::Hoodie => E(Line::Round),
        Kind::Jacket => dice.weigh(&[
            (C(Collar::Rib), 3.5),
            (C(Collar::Shirt), 3.0),
            (L(Lapel::Notched), 1.2),
            (L(Lapel::Collarless), 1.0),
            (N(Neck::LowTurtle), 0.6),
        ]),
        Kind::Kimono => L(Lapel::Collarless),
        Kind::Sweater => dice.weigh(&[
            (N(Neck::Turtle), 2.6),
            (N(Neck::LowTurtle), 2.2),
            (N(Neck::Draped), 1.0),
            (E(Line::Round), 2.4),
            (E(Line::V), 1.4),
            (E(Line::OffShoulder), 0.5),
            (C(Collar::Rib), 0.6),
        ]),
        Kind::Tank => dice.weigh(&[
            (E(Line::Round), 4.0),
            (E(Line::V), 1.6),
            (E(Line::Square), 1.0),
            (E(Line::DeepV), 0.8),
            (E(Line::Straight), 0.3),
        ]),
        Kind::Tee => dice.weigh(&[
            (E(Line::Round), 5.0),
            (E(Line::V), 2.4),
            (C(Collar::Rib), 1.0),
            (E(Line::Straight), 0.5),
            (E(Line::DeepV), 0.3),
        ]),
        Kind::Top => dice.weigh(&[
            (E(Line::Strapless), 2.0),
            (E(Line::OffShoulder), 2.2),
            (E(Line::OneShoulder), 1.8),
            (E(Line::SweetHeart), 1.8),
            (E(Line::Square), 1.2),
            (E(Line::Straight), 1.0),
            (E(Line::DeepV), 1.0),
            (N(Neck::Draped), 0.9),
        ]),
        _ => dice.weigh(any),
    }
}

/// One of the lengths an upper garment of a category has.
fn coat_length(kind: Kind, dice: &mut Dice) -> Coat {
    use Coat::{AnkleFloor, HighWaist, Invisible, Knee, Long, Micro, Midi, Regular};
    let table: &[(Coat, f32)] = match kind {
        Kind::Dress | Kind::Jumpsuit | Kind::Romper => &[(Invisible, 1.0)],
        Kind::Blazer => &[(Regular, 3.0), (Long, 2.0), (HighWaist, 0.3)],
        Kind::Cardigan => &[
            (HighWaist, 0.6),
            (Regular, 2.0),
            (Long, 1.6),
            (Micro, 1.2),
            (Knee, 0.8),
            (Midi, 0.5),
        ],
        Kind::Coat => &[
            (Long, 0.5),
            (Micro, 1.6),
            (Knee, 2.2),
            (Midi, 2.0),
            (AnkleFloor, 1.6),
        ],
        Kind::Kimono => &[
            (Regular, 1.0),
            (Long, 1.4),
            (Micro, 1.2),
            (Knee, 1.0),
            (Midi, 0.8),
            (AnkleFloor, 0.6),
        ],
        Kind::Jacket => &[(HighWaist, 1.6), (Regular, 3.0)],
        Kind::Hoodie => &[(HighWaist, 0.5), (Regular, 3.0), (Long, 0.8)],
        Kind::Top => &[(HighWaist, 2.4), (Regular, 2.4)],
        Kind::Blouse | Kind::Sweater => &[(HighWaist, 0.7), (Regular, 3.0), (Long, 1.0)],
        _ => &[(HighWaist, 0.8), (Regular, 3.0), (Long, 0.5)],
    };
    dice.weigh(table)
}

/// One of the sleeve lengths a category has under this upper edge.
fn sleeve_length(kind: Kind, top: TopEdge, dice: &mut Dice) -> Sleeve {
    use Sleeve::{Cup, Elbow, ExtraLong, Long, Short, Sleeveless, ThreeQuarter, Wrist};
    match top {
        TopEdge::Neckline(Line::Strapless | Line::SweetHeart | Line::OneShoulder) => {
            return Sleeveless;
        }
        TopEdge::Neckline(Line::OffShoulder) => {
            return dice.weigh(&[
                (Short, 2.0),
                (Elbow, 1.2),
                (ThreeQuarter, 1.2),
                (Wrist, 0.6),
                (Long, 1.4),
            ]);
        }
        _ => {}
    }
    let table: &[(Sleeve, f32)] = match kind {
        Kind::Blazer => &[(Long, 3.0), (Wrist, 1.4), (ThreeQuarter, 0.8), (Elbow, 0.2)],
        Kind::Cardigan | Kind::Coat | Kind::Hoodie | Kind::Jacket | Kind::Sweater => &[
            (Long, 3.0),
            (Wrist, 1.0),
            (ThreeQuarter, 0.6),
            (ExtraLong, 0.9),
            (Elbow, 0.15),
        ],
        Kind::Kimono => &[(Elbow, 1.0), (ThreeQuarter, 1.6), (Wrist, 1.4), (Long, 0.5)],
        Kind::Tank => &[(Sleeveless, 1.0)],
        Kind::Tee => &[(Short, 4.0), (Elbow, 1.0), (Cup, 0.6)],
        Kind::Top => &[
            (Cup, 1.6),
            (Sleeveless, 1.6),
            (Short, 0.8),
            (ThreeQuarter, 0.4),
            (Long, 0.4),
        ],
        Kind::Blouse => &[
            (Cup, 0.6),
            (Short, 1.4),
            (Elbow, 1.2),
            (ThreeQuarter, 1.4),
            (Wrist, 1.2),
            (Long, 2.0),
            (ExtraLong, 0.4),
        ],
        _ => &[
            (Sleeveless, 2.4),
            (Cup, 1.0),
            (Short, 1.6),
            (Elbow, 1.0),
            (ThreeQuarter, 0.8),
            (Wrist, 0.6),
            (Long, 1.2),
        ],
    };
    dice.weigh(table)
}
