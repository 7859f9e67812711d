//! Bodice, sleeves, closure and parts of a category.

use super::super::super::fabric::Weave;
use super::super::super::labels::{
    CoatLength as Coat, CollarDesign as Collar, GarmentKind as Kind, LapelDesign as Lapel,
    NeckDesign as Neck, NecklineDesign as Line, SleeveLength as Sleeve,
};
use super::super::super::random::Dice;
use super::{
    Bodice, Details, Front, Garment, SleeveStyle, Sleeves, TopEdge, coat_length, fit,
    sleeve_length, top_edge,
};

/// Samples everything above the waist.
pub(super) fn bodice(garment: &mut Garment, dice: &mut Dice) {
    let kind = garment.kind;
    let top = top_edge(kind, dice);
    let length = coat_length(kind, dice);
    let (neck, depth) = fit::opening(top, dice);
    // Below bare shoulders a garment still has to cover the chest.
    let bare = matches!(
        top,
        TopEdge::Neckline(Line::Strapless | Line::OffShoulder | Line::OneShoulder)
    );
    let hem = fit::coat_hem(length, dice);
    let hem = if bare { hem.max(2.68) } else { hem };
    let sleeves = sleeves(kind, top, dice);
    garment.top = Some(top);
    garment.front = front(kind, top, dice);
    garment.details = details(kind, top, length, dice);
    if kind == Kind::Hoodie {
        garment.details.hood = true;
        garment.details.kangaroo = garment.front == Front::Plain;
    }
    garment.details.cables =
        garment.cloth.weave == Weave::Knit && garment.front == Front::Plain && dice.chance(0.35);
    garment.sleeves = Some(sleeves);
    garment.bodice = Some(Bodice {
        neck,
        depth: match (kind, top) {
            (Kind::Hoodie, _) => 0.4,
            // Cardigans with buttons open in a V or close at the throat.
            _ => depth,
        },
        shoulder: shoulder(kind, top, sleeves.length, dice),
        ease: ease(kind, dice),
        flare: flare(kind, length, dice),
        hem,
        length,
        sag: if kind == Kind::Blouse {
            dice.range(0.06, 0.22)
        } else {
            dice.range(0.03, 0.09)
        },
        rib: match kind {
            Kind::Sweater | Kind::Hoodie => dice.range(0.14, 0.26),
            Kind::Cardigan if dice.chance(0.6) => dice.range(0.12, 0.22),
            Kind::Jacket
                if matches!(top, TopEdge::Collar(Collar::Rib))
                    || garment.cloth.weave == Weave::Denim =>
            {
                dice.range(0.15, 0.22)
            }
            _ => 0.0,
        },
        peplum: matches!(kind, Kind::Top | Kind::Blouse)
            && length == Coat::HighWaist
            && hem > 2.65
            && dice.chance(0.5),
    });
}

fn sleeves(kind: Kind, top: TopEdge, dice: &mut Dice) -> Sleeves {
    let length = sleeve_length(kind, top, dice);
    let long = matches!(
        length,
        Sleeve::Elbow | Sleeve::ThreeQuarter | Sleeve::Wrist | Sleeve::Long | Sleeve::ExtraLong
    );
    let style = match kind {
        Kind::Kimono => SleeveStyle::Kimono,
        Kind::Sweater | Kind::Hoodie | Kind::Cardigan => SleeveStyle::Ribbed,
        Kind::Jacket => {
            if matches!(top, TopEdge::Collar(Collar::Rib)) {
                SleeveStyle::Ribbed
            } else {
                SleeveStyle::Cuffed
            }
        }
        Kind::Blazer | Kind::Coat | Kind::Tee => SleeveStyle::Plain,
        Kind::Blouse if long => dice.weigh(&[
            (SleeveStyle::Cuffed, 2.0),
            (SleeveStyle::Bell, 1.2),
            (SleeveStyle::Puff, 1.0),
        ]),
        Kind::Blouse => dice.weigh(&[
            (SleeveStyle::Puff, 1.0),
            (SleeveStyle::Bell, 1.0),
            (SleeveStyle::Plain, 0.7),
        ]),
        _ if long => dice.weigh(&[
            (SleeveStyle::Plain, 2.0),
            (SleeveStyle::Bell, 1.0),
            (SleeveStyle::Cuffed, 0.5),
        ]),
        _ => dice.weigh(&[
            (SleeveStyle::Plain, 3.0),
            (SleeveStyle::Puff, 0.7),
            (SleeveStyle::Bell, 0.7),
        ]),
    };
    let (upper, cuff) = match (kind, style) {
        (_, SleeveStyle::Kimono) => (dice.range(0.12, 0.18), dice.range(0.5, 0.9)),
        (_, SleeveStyle::Bell) => (dice.range(0.03, 0.07), dice.range(0.16, 0.32)),
        (_, SleeveStyle::Puff) => (dice.range(0.06, 0.10), dice.range(0.12, 0.22)),
        (Kind::Hoodie | Kind::Sweater | Kind::Cardigan, _) => {
            (dice.range(0.07, 0.15), dice.range(0.05, 0.09))
        }
        (Kind::Coat, _) => (dice.range(0.10, 0.15), dice.range(0.10, 0.14)),
        (Kind::Blazer | Kind::Jacket, _) => (dice.range(0.07, 0.11), dice.range(0.06, 0.09)),
        (Kind::Tee, _) => (dice.range(0.06, 0.13), dice.range(0.07, 0.14)),
        _ => (dice.range(0.04, 0.09), dice.range(0.04, 0.09)),
    };
    Sleeves {
        length,
        part: fit::sleeve_part(length, dice),
        upper,
        cuff,
        style,
    }
}

fn front(kind: Kind, top: TopEdge, dice: &mut Dice) -> Front {
    let gap = dice.range(0.10, 0.42);
    match (kind, top) {
        (Kind::Kimono, _)
        | (Kind::Blazer | Kind::Coat | Kind::Jacket, TopEdge::Lapel(Lapel::Collarless)) => {
            Front::Open(gap)
        }
        (Kind::Blazer, _) => dice.weigh(&[
            (Front::Buttons, 2.0),
            (Front::DoubleBreasted, 0.8),
            (Front::Open(gap), 1.2),
        ]),
        (Kind::Cardigan, TopEdge::Neckline(_)) | (_, TopEdge::Collar(Collar::Shirt))
            if !matches!(kind, Kind::Jacket | Kind::Coat) =>
        {
            Front::Buttons
        }
        (Kind::Cardigan, _) => Front::Open(gap),
        (Kind::Coat, TopEdge::Lapel(_)) => dice.weigh(&[
            (Front::DoubleBreasted, 1.4),
            (Front::Buttons, 1.4),
            (Front::Open(gap), 1.0),
        ]),
        (Kind::Coat, _) => dice.weigh(&[(Front::Buttons, 2.0), (Front::Zip, 0.5)]),
        (Kind::Jacket, TopEdge::Lapel(_)) => {
            dice.weigh(&[(Front::Zip, 1.4), (Front::Open(gap), 1.0)])
        }
        (Kind::Jacket, TopEdge::Collar(Collar::Shirt)) => {
            dice.weigh(&[(Front::Buttons, 2.0), (Front::Zip, 0.8)])
        }
        (Kind::Jacket, _) => Front::Zip,
        (Kind::Hoodie, _) => dice.weigh(&[(Front::Plain, 1.6), (Front::Zip, 1.0)]),
        (_, TopEdge::Collar(Collar::PeterPan | Collar::Puritan))
        | (Kind::Blouse, TopEdge::Neckline(Line::V)) => {
            dice.weigh(&[(Front::Buttons, 1.0), (Front::Plain, 1.0)])
        }
        _ => Front::Plain,
    }
}

fn details(kind: Kind, top: TopEdge, length: Coat, dice: &mut Dice) -> Details {
    let (a, b, c) = (dice.unit(), dice.unit(), dice.unit());
    Details {
        chest_pockets: match kind {
            Kind::Jacket if matches!(top, TopEdge::Collar(Collar::Shirt)) => 2,
            Kind::Blazer => 1,
            Kind::Blouse | Kind::Tee if a < 0.18 => 1,
            Kind::Romper | Kind::Jumpsuit if a < 0.15 => 2,
            _ => 0,
        },
        flap_pockets: matches!(kind, Kind::Blazer)
            || kind == Kind::Coat && b < 0.7
            || kind == Kind::Jacket && b < 0.35,
        patch_pockets: kind == Kind::Cardigan && b < 0.5,
        belt: match kind {
            Kind::Coat => c < 0.4,
            Kind::Dress => c < 0.3,
            Kind::Jumpsuit | Kind::Romper => c < 0.45,
            Kind::Kimono => c < 0.15 && length >= Coat::Micro,
            Kind::Cardigan => c < 0.1 && length >= Coat::Long,
            _ => false,
        },
        ruffle: match top {
            TopEdge::Neckline(Line::OffShoulder) => a < 0.6,
            TopEdge::Collar(Collar::PeterPan | Collar::Shirt) if kind == Kind::Blouse => a > 0.7,
            TopEdge::Neck(Neck::RuffleSemiHigh) => true,
            _ => false,
        },
        ..Details::default()
    }
}

/// Where the shoulder seam lies.
fn shoulder(kind: Kind, top: TopEdge, sleeve: Sleeve, dice: &mut Dice) -> f32 {
    if sleeve == Sleeve::Sleeveless {
        return match top {
            TopEdge::Neckline(Line::SweetHeart) => -0.3,
            TopEdge::Neckline(Line::Straight) => -0.02,
            _ if kind == Kind::Tank => dice.range(-0.30, -0.12),
            _ => dice.range(-0.26, -0.04),
        };
    }
    match kind {
        Kind::Hoodie | Kind::Sweater | Kind::Cardigan => dice.range(0.02, 0.14),
        Kind::Coat | Kind::Blazer => dice.range(0.04, 0.10),
        Kind::Kimono => dice.range(0.06, 0.12),
        _ => dice.range(0.0, 0.06),
    }
}

/// Room at chest, waist and hips.
fn ease(kind: Kind, dice: &mut Dice) -> [f32; 3] {
    let mut near = |chest: f32, waist: f32, hips: f32, spread: f32| {
        let shared = dice.around(spread);
        [
            chest + shared,
            waist + shared + dice.around(spread),
            hips + shared,
        ]
    };
    match kind {
        Kind::Tank => near(0.03, 0.06, 0.05, 0.03),
        Kind::Top => near(0.025, 0.04, 0.06, 0.025),
        Kind::Tee => near(0.09, 0.16, 0.07, 0.05),
        Kind::Blouse => near(0.11, 0.17, 0.11, 0.05),
        Kind::Sweater => near(0.12, 0.19, 0.08, 0.06),
        Kind::Hoodie => near(0.16, 0.26, 0.10, 0.05),
        Kind::Cardigan => near(0.12, 0.18, 0.11, 0.05),
        Kind::Blazer => near(0.11, 0.10, 0.13, 0.02),
        Kind::Jacket => near(0.13, 0.18, 0.08, 0.04),
        Kind::Coat => near(0.16, 0.2, 0.19, 0.05),
        Kind::Kimono => near(0.14, 0.27, 0.16, 0.04),
        _ => near(0.03, 0.035, 0.06, 0.02),
    }
}

fn flare(kind: Kind, length: Coat, dice: &mut Dice) -> f32 {
    match kind {
        Kind::Coat if length >= Coat::Knee => dice.range(0.02, 0.16),
        Kind::Coat | Kind::Kimono => dice.range(0.03, 0.12),
        Kind::Cardigan => dice.range(0.0, 0.06),
        _ => dice.range(0.0, 0.08),
    }
}
