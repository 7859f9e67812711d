//! Skirts, trousers, and the lower halves of dresses, jumpsuits and rompers.

use super::super::super::fabric::Weave;
use super::super::super::labels::{GarmentKind as Kind, PantLength as Pant, SkirtLength as Skirt};
use super::super::super::random::Dice;
use super::super::{LegCut, LegEnd, SkirtCut, SkirtStyle};
use super::{Details, Front, Garment, Lower, fit};

/// Samples everything below the waist.
pub(super) fn lower(garment: &mut Garment, dice: &mut Dice) {
    match garment.kind {
        Kind::Dress | Kind::Skirt => skirt(garment, dice),
        Kind::Jeans
        | Kind::Joggers
        | Kind::Leggings
        | Kind::Shorts
        | Kind::Sweatpants
        | Kind::Jumpsuit
        | Kind::Romper => {
            legs(garment, dice);
        }
        _ => {}
    }
}

fn skirt(garment: &mut Garment, dice: &mut Dice) {
    let length = dice.weigh(&[
        (Skirt::Short, 1.4),
        (Skirt::Knee, 1.3),
        (Skirt::Midi, 1.1),
        (Skirt::Ankle, 0.9),
        (Skirt::Floor, 0.9),
    ]);
    let style = dice.weigh(&[
        (SkirtStyle::ALine, 1.4),
        (
            SkirtStyle::Pencil,
            if length <= Skirt::Midi { 0.9 } else { 0.2 },
        ),
        (SkirtStyle::Pleated, 0.9),
        (SkirtStyle::Gathered, 1.0),
        (SkirtStyle::Tiered, 0.5),
    ]);
    let own = garment.kind == Kind::Skirt;
    let waist = garment
        .bodice
        .map_or_else(|| dice.range(2.86, 3.1), |bodice| bodice.hem - 0.04);
    let (ease, flare) = match style {
        SkirtStyle::Pencil => (dice.range(0.02, 0.05), dice.range(-0.03, 0.02)),
        SkirtStyle::ALine => (dice.range(0.05, 0.12), dice.range(0.14, 0.34)),
        SkirtStyle::Pleated => (dice.range(0.06, 0.14), dice.range(0.16, 0.36)),
        SkirtStyle::Gathered => (dice.range(0.08, 0.2), dice.range(0.16, 0.42)),
        SkirtStyle::Tiered => (dice.range(0.06, 0.14), dice.range(0.12, 0.3)),
    };
    // A long skirt flares over a longer way: the same hem needs less of it.
    let flare = if length >= Skirt::Midi {
        flare * 0.65
    } else {
        flare
    };
    garment.lower = Lower::Skirt(SkirtCut {
        length,
        waist,
        hem: fit::skirt_hem(length, dice),
        ease,
        flare,
        style,
    });
    if own {
        let denim = garment.cloth.weave == Weave::Denim;
        garment.details = Details {
            five_pocket: denim,
            belt: dice.chance(0.15),
            ..Details::default()
        };
        let plain = matches!(style, SkirtStyle::ALine | SkirtStyle::Pencil);
        if plain && dice.chance(if denim { 0.7 } else { 0.2 }) {
            garment.front = Front::Buttons;
        }
    }
}

fn legs(garment: &mut Garment, dice: &mut Dice) {
    let kind = garment.kind;
    let length = match kind {
        Kind::Shorts => dice.weigh(&[(Pant::Short, 2.4), (Pant::Mid, 1.0)]),
        Kind::Romper => dice.weigh(&[(Pant::Short, 2.4), (Pant::Mid, 0.6)]),
        Kind::Leggings => dice.weigh(&[
            (Pant::Full, 1.4),
            (Pant::Cropped, 1.0),
            (Pant::ThreeQuarter, 1.2),
            (Pant::Mid, 0.3),
        ]),
        Kind::Jumpsuit => dice.weigh(&[
            (Pant::Full, 2.0),
            (Pant::Cropped, 1.2),
            (Pant::ThreeQuarter, 0.5),
        ]),
        Kind::Joggers => dice.weigh(&[
            (Pant::Full, 2.4),
            (Pant::Cropped, 1.0),
            (Pant::ThreeQuarter, 0.3),
        ]),
        _ => dice.weigh(&[
            (Pant::Full, 2.4),
            (Pant::Cropped, 1.2),
            (Pant::ThreeQuarter, 0.4),
        ]),
    };
    // Room at hips, thigh, knee, ankle.
    let mut room = |hip: f32, thigh: f32, knee: f32, ankle: f32, spread: f32| {
        let shared = dice.around(spread);
        [
            hip + 0.4 * shared,
            thigh + 0.7 * shared,
            knee + shared,
            ankle + shared,
        ]
    };
    let (ease, end) = match kind {
        Kind::Leggings => (room(0.012, 0.012, 0.012, 0.010, 0.004), LegEnd::Plain),
        Kind::Joggers => (room(0.08, 0.12, 0.10, 0.025, 0.02), LegEnd::Rib),
        Kind::Sweatpants => (room(0.10, 0.16, 0.20, 0.20, 0.04), LegEnd::Plain),
        Kind::Shorts => (room(0.05, 0.11, 0.15, 0.15, 0.04), LegEnd::Plain),
        Kind::Romper => (room(0.06, 0.13, 0.18, 0.18, 0.04), LegEnd::Plain),
        Kind::Jumpsuit => {
            let wide = room(0.05, 0.08, 0.14, 0.18, 0.09);
            (wide, LegEnd::Plain)
        }
        _ => {
            // Skinny, straight or flared.
            let cut = room(0.025, 0.03, 0.03, 0.05, 0.01);
            let [hip, thigh, knee, ankle] = cut;
            let shape = dice.below(4);
            let cut = match shape {
                0 | 1 => [hip, thigh, knee, ankle - 0.02],
                2 => [hip + 0.01, thigh + 0.03, knee + 0.06, ankle + 0.07],
                _ => [hip, thigh, knee + 0.02, ankle + 0.20],
            };
            (cut, LegEnd::Plain)
        }
    };
    let end = match kind {
        Kind::Shorts | Kind::Jeans if dice.chance(0.3) => LegEnd::TurnUp,
        Kind::Sweatpants if dice.chance(0.25) => LegEnd::Elastic,
        Kind::Jumpsuit if dice.chance(0.12) => LegEnd::Rib,
        _ => end,
    };
    let waist = garment
        .bodice
        .map_or_else(|| dice.range(2.9, 3.15), |bodice| bodice.hem - 0.04);
    garment.lower = Lower::Legs(LegCut {
        length,
        waist,
        part: fit::pant_part(length, dice),
        ease,
        end,
    });
    if kind.has_bodice() {
        return;
    }
    let denim = garment.cloth.weave == Weave::Denim;
    let sporty = matches!(kind, Kind::Joggers | Kind::Sweatpants);
    garment.details = Details {
        five_pocket: kind == Kind::Jeans || kind == Kind::Shorts && denim,
        drawstring: sporty && dice.chance(0.85)
            || kind == Kind::Shorts && !denim && dice.chance(0.4),
        side_stripe: (sporty || kind == Kind::Leggings) && dice.chance(0.25),
        patch_pockets: sporty || kind == Kind::Shorts,
        belt: kind == Kind::Jeans && dice.chance(0.25)
            || kind == Kind::Shorts && denim && dice.chance(0.2),
        torn: kind == Kind::Jeans && dice.chance(0.2),
        crease: kind == Kind::Shorts && !denim && dice.chance(0.25),
        ..Details::default()
    };
}
