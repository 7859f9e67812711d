//! Where a garment's landmarks and edges lie on its cut.

use super::super::figure::Side;
use super::super::garment::cut::Cut;
use super::super::garment::{Lower, TopEdge};
use super::super::geometry::{P2, p};
use super::super::labels::{NecklineDesign, Region, SleeveLength};

/// How far inside the garment its landmarks lie, in head heights: on an edge, rounding would decide
/// whose they are.
const INSET: f32 = 0.06;

/// Points just inside the upper edge.
pub(super) fn edge_points(cut: Cut) -> Vec<P2> {
    let Some(bodice) = cut.garment.bodice else {
        return Vec::new();
    };
    let edge = cut.neck_edge(&bodice);
    let last = edge.len() - 1;
    // Away from the opening: outwards at the shoulders, downwards at the throat.
    let middle = edge[0].lerp(edge[last], 0.5) - p(0.0, 0.15);
    (0..=8)
        .map(|index| {
            let point = edge[index * last / 8];
            point + (point - middle).unit() * (1.5 * INSET)
        })
        .collect()
}

/// Middles of the sleeves' ends; of a sleeveless garment, points beside the armholes.
pub(super) fn sleeve_points(cut: Cut) -> [Option<P2>; 2] {
    let (Some(bodice), Some(sleeves)) = (cut.garment.bodice, cut.garment.sleeves) else {
        return [None; 2];
    };
    Side::BOTH.map(|side| {
        if sleeves.length != SleeveLength::Sleeveless {
            let from = cut.body.on_arm(side, 0.2 * sleeves.part);
            let end = cut.body.on_arm(side, sleeves.part);
            return Some(end + (from - end).unit() * INSET);
        }
        let inward = p(-side.sign() * (INSET + 0.14), 0.0);
        if cut.has_shoulder(side) {
            let tip = cut.shoulder_tip(&bodice, side);
            return Some(tip.lerp(cut.edge_end(&bodice, side), 0.4) + p(0.0, 0.06));
        }
        Some(cut.armpit(&bodice, side) + inward)
    })
}

/// A lower corner: of the skirt, the leg, or the bodice.
pub(super) fn hem_point(cut: Cut, side: Side) -> Option<P2> {
    let inward = p(-side.sign() * INSET, -INSET);
    match (cut.garment.lower, cut.garment.bodice) {
        (Lower::Skirt(skirt), _) => Some(cut.skirt_side(&skirt, side, skirt.hem) + inward),
        (Lower::Legs(legs), _) => {
            let (outer, inner) = (
                cut.leg_edge(&legs, side, legs.part, true),
                cut.leg_edge(&legs, side, legs.part, false),
            );
            Some(outer.lerp(inner, 0.18) - p(0.0, INSET))
        }
        (Lower::None, Some(bodice)) => Some(cut.hem_corner(&bodice, side) + inward),
        (Lower::None, None) => None,
    }
}

fn waist_point(cut: Cut, side: Side) -> Option<P2> {
    let inward = p(-side.sign() * INSET, INSET);
    match (cut.garment.lower, cut.garment.bodice) {
        (Lower::Skirt(skirt), None) => Some(cut.skirt_side(&skirt, side, skirt.waist) + inward),
        (Lower::Legs(legs), None) => Some(cut.trouser_side(&legs, side, legs.waist) + inward),
        (_, Some(bodice)) => {
            Some(cut.side(&bodice, side, bodice.hem.min(2.9)) + p(-side.sign() * INSET, 0.0))
        }
        (Lower::None, None) => None,
    }
}

fn collar_point(cut: Cut, side: Side) -> Option<P2> {
    let bodice = cut.garment.bodice?;
    let end = cut.edge_end(&bodice, side);
    let off = matches!(
        cut.garment.top,
        Some(TopEdge::Neckline(
            NecklineDesign::OffShoulder | NecklineDesign::Strapless | NecklineDesign::OneShoulder
        ))
    ) && !cut.has_shoulder(side);
    let inward = if off {
        p(-side.sign() * 1.5 * INSET, 1.2 * INSET)
    } else {
        p(side.sign() * INSET, INSET)
    };
    Some(end + inward)
}

/// DeepFashion's landmarks of the garment's region, left and right by the picture; `None` where the
/// garment has no such point.
pub(super) fn landmark_points(cut: Cut) -> Vec<Option<P2>> {
    let [l, r] = Side::BOTH;
    let [sl, sr] = sleeve_points(cut);
    let collar = [collar_point(cut, l), collar_point(cut, r)];
    let waist = [waist_point(cut, l), waist_point(cut, r)];
    let hem = [hem_point(cut, l), hem_point(cut, r)];
    match cut.garment.kind.region() {
        Region::Upper => vec![collar[0], collar[1], sl, sr, hem[0], hem[1]],
        Region::Lower => vec![waist[0], waist[1], hem[0], hem[1]],
        Region::Full => vec![
            collar[0], collar[1], sl, sr, waist[0], waist[1], hem[0], hem[1],
        ],
    }
}
