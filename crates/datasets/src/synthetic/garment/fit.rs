//! From labels to numbers: where hems and sleeves of each length end, how deep necklines are.
//!
//! The ranges leave gaps between neighbouring labels, so that a label is a fact of the picture and
//! not a coin toss; how hard neighbours are to tell apart is the difficulty's business.

use super::super::labels::{
    CoatLength, CollarDesign, LapelDesign, NeckDesign, NecklineDesign, PantLength, SkirtLength,
    SleeveLength,
};
use super::super::random::Dice;
use super::TopEdge;

/// Height of an upper garment's hem: above the waist, hips, below them, thigh, knee, calf, ankle.
pub fn coat_hem(length: CoatLength, dice: &mut Dice) -> f32 {
    let (low, high) = match length {
        CoatLength::Invisible => (2.88, 2.92),
        CoatLength::HighWaist => (2.5, 2.82),
        CoatLength::Regular => (3.4, 3.8),
        CoatLength::Long => (4.12, 4.4),
        CoatLength::Micro => (4.75, 5.1),
        CoatLength::Knee => (5.5, 5.9),
        CoatLength::Midi => (6.25, 6.65),
        CoatLength::AnkleFloor => (7.05, 7.6),
    };
    dice.range(low, high)
}

/// Height of a skirt's hem: thigh, knee, calf, ankle, floor.
pub fn skirt_hem(length: SkirtLength, dice: &mut Dice) -> f32 {
    let (low, high) = match length {
        SkirtLength::Invisible | SkirtLength::Short => (4.45, 5.1),
        SkirtLength::Knee => (5.5, 5.9),
        SkirtLength::Midi => (6.25, 6.65),
        SkirtLength::Ankle => (7.0, 7.25),
        SkirtLength::Floor => (7.6, 7.85),
    };
    dice.range(low, high)
}

/// Part of the leg that trousers cover.
pub fn pant_part(length: PantLength, dice: &mut Dice) -> f32 {
    let (low, high) = match length {
        PantLength::Invisible | PantLength::Short => (0.14, 0.29),
        PantLength::Mid => (0.43, 0.52),
        PantLength::ThreeQuarter => (0.63, 0.71),
        PantLength::Cropped => (0.82, 0.89),
        PantLength::Full => (0.99, 1.04),
    };
    dice.range(low, high)
}

/// Part of the arm that sleeves cover.
pub fn sleeve_part(length: SleeveLength, dice: &mut Dice) -> f32 {
    let (low, high) = match length {
        SleeveLength::Invisible | SleeveLength::Sleeveless => (0.0, 0.0001),
        SleeveLength::Cup => (0.13, 0.18),
        SleeveLength::Short => (0.30, 0.38),
        SleeveLength::Elbow => (0.50, 0.57),
        SleeveLength::ThreeQuarter => (0.68, 0.75),
        SleeveLength::Wrist => (0.86, 0.92),
        SleeveLength::Long => (1.0, 1.05),
        SleeveLength::ExtraLong => (1.2, 1.3),
    };
    dice.range(low, high)
}

/// Half width and depth of the neck opening.
pub fn opening(top: TopEdge, dice: &mut Dice) -> (f32, f32) {
    let ((n0, n1), (d0, d1)) = match top {
        TopEdge::Neckline(design) => match design {
            NecklineDesign::Round | NecklineDesign::Invisible => ((0.32, 0.46), (0.24, 0.46)),
            NecklineDesign::V => ((0.30, 0.40), (0.58, 0.82)),
            NecklineDesign::DeepV => ((0.34, 0.44), (1.15, 1.42)),
            NecklineDesign::Square => ((0.46, 0.56), (0.48, 0.66)),
            NecklineDesign::Straight => ((0.58, 0.66), (0.06, 0.10)),
            NecklineDesign::Strapless => ((0.5, 0.6), (0.08, 0.16)),
            NecklineDesign::OffShoulder => ((0.7, 0.8), (0.12, 0.22)),
            NecklineDesign::SweetHeart => ((0.46, 0.54), (0.78, 0.9)),
            NecklineDesign::OneShoulder => ((0.34, 0.44), (0.3, 0.4)),
        },
        TopEdge::Collar(design) => match design {
            CollarDesign::Invisible | CollarDesign::Shirt => ((0.26, 0.29), (0.26, 0.34)),
            CollarDesign::PeterPan | CollarDesign::Puritan => ((0.27, 0.32), (0.22, 0.30)),
            CollarDesign::Rib => ((0.28, 0.32), (0.24, 0.32)),
        },
        TopEdge::Neck(design) => match design {
            NeckDesign::Draped => ((0.50, 0.58), (0.38, 0.5)),
            _ => ((0.26, 0.30), (0.18, 0.24)),
        },
        TopEdge::Lapel(design) => match design {
            LapelDesign::Invisible | LapelDesign::Collarless => ((0.28, 0.38), (0.8, 1.3)),
            LapelDesign::Notched => ((0.26, 0.30), (1.05, 1.45)),
            LapelDesign::Shawl => ((0.26, 0.30), (1.1, 1.5)),
            LapelDesign::PlusSizeShawl => ((0.28, 0.32), (1.2, 1.55)),
        },
    };
    (dice.range(n0, n1), dice.range(d0, d1))
}
