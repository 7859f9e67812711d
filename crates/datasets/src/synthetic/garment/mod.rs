//! Garments: what they are (plain data), how they are cut (pure geometry) and how they are drawn.
//!
//! A [`Garment`] is its category, one value of every FashionAI dimension that applies to it, and the
//! numbers of its cut. [`design`] samples one; [`cut`] says where its edges lie on a body; the other
//! files each draw one part, in the order that [`draw`] gives them.

mod bodice;
mod collar;
pub mod cut;
pub mod design;
mod details;
mod fit;
mod flags;
mod hood;
mod lapel;
mod neck;
mod neckline;
mod skirt;
mod sleeve;
mod tailor;
mod trousers;

use serde::{Deserialize, Serialize};

use super::canvas::{Canvas, Owner};
use super::fabric::{Cloth, Light};
use super::figure::Body;
use super::labels::{
    CoatLength, CollarDesign, Dimension, Flag, GarmentKind, LapelDesign, NeckDesign,
    NecklineDesign, PantLength, SkirtLength, SleeveLength,
};

pub use tailor::Tailor;

/// What the upper edge of a bodice is: exactly one of FashionAI's four designs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TopEdge {
    /// An edge without collar.
    Neckline(NecklineDesign),
    /// A turned-down or knitted collar.
    Collar(CollarDesign),
    /// Something around or below the neck.
    Neck(NeckDesign),
    /// The edges of an open or crossed front.
    Lapel(LapelDesign),
}

/// How a sleeve widens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SleeveStyle {
    /// Evenly.
    Plain,
    /// Gathered into a band at its end.
    Puff,
    /// Wide at its end.
    Bell,
    /// A rectangle that hangs from the arm.
    Kimono,
    /// Ends in a buttoned band.
    Cuffed,
    /// Ends in knitted ribs.
    Ribbed,
}

/// A pair of sleeves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sleeves {
    /// The label.
    pub length: SleeveLength,
    /// Where they end: 0 at the shoulder, 1 at the wrist.
    pub part: f32,
    /// Room around the upper arm, in head heights.
    pub upper: f32,
    /// Room at the end.
    pub cuff: f32,
    /// How they widen.
    pub style: SleeveStyle,
}

/// The part between shoulders and hem (of a dress or jumpsuit: and waist).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bodice {
    /// Half width of the neck opening on the shoulders.
    pub neck: f32,
    /// Depth of the neck opening in front.
    pub depth: f32,
    /// How far the shoulder seam lies outside the shoulder (negative: a strap).
    pub shoulder: f32,
    /// Room at chest, waist and hips.
    pub ease: [f32; 3],
    /// Widening below the hips, a part of the length.
    pub flare: f32,
    /// Height of the hem.
    pub hem: f32,
    /// The label of that height.
    pub length: CoatLength,
    /// How much lower the hem hangs in front than at the sides.
    pub sag: f32,
    /// Ribs above the hem, in head heights; 0 for none.
    pub rib: f32,
    /// A flounce below the waist.
    pub peplum: bool,
}

/// What closes the front.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Front {
    /// Nothing to close.
    Plain,
    /// A row of buttons.
    Buttons,
    /// Two rows.
    DoubleBreasted,
    /// A zip.
    Zip,
    /// Open, with this gap between the panels.
    Open(f32),
}

/// What hangs or stands below the waist.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Lower {
    /// Nothing: an upper garment.
    None,
    /// One tube.
    Skirt(SkirtCut),
    /// Two.
    Legs(LegCut),
}

/// How a skirt is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SkirtStyle {
    /// Smooth, wider at the hem.
    ALine,
    /// Narrow.
    Pencil,
    /// Sharp folds.
    Pleated,
    /// Soft folds from a gathered waist.
    Gathered,
    /// Flounces one above the other.
    Tiered,
}

/// Numbers of a skirt.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SkirtCut {
    /// The label.
    pub length: SkirtLength,
    /// Height of the waist.
    pub waist: f32,
    /// Height of the hem.
    pub hem: f32,
    /// Room at the hips.
    pub ease: f32,
    /// Widening below the hips, a part of the length.
    pub flare: f32,
    /// How it is made.
    pub style: SkirtStyle,
}

/// How a trouser leg ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LegEnd {
    /// A plain hem.
    Plain,
    /// Knitted ribs.
    Rib,
    /// Gathered by an elastic band inside.
    Elastic,
    /// Turned up.
    TurnUp,
}

/// Numbers of trousers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LegCut {
    /// The label.
    pub length: PantLength,
    /// Height of the waist.
    pub waist: f32,
    /// Where the legs end: 0 at the hip joint, 1 at the ankle.
    pub part: f32,
    /// Room at hips, thigh, knee and ankle.
    pub ease: [f32; 4],
    /// How they end.
    pub end: LegEnd,
}

/// Parts that are there or not.
// Independent facts, each drawn by its own few lines.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Details {
    /// A hood.
    pub hood: bool,
    /// One wide pocket on the belly.
    pub kangaroo: bool,
    /// A pocket or two on the chest.
    pub chest_pockets: u8,
    /// Pockets with flaps at the hips.
    pub flap_pockets: bool,
    /// Sewn-on pockets at the hips.
    pub patch_pockets: bool,
    /// A belt at the waist.
    pub belt: bool,
    /// Jeans: fly, curved pockets, loops, contrasting seams.
    pub five_pocket: bool,
    /// A cord at the waist.
    pub drawstring: bool,
    /// A stripe down the outer side.
    pub side_stripe: bool,
    /// A ruffle along the upper edge or down the front.
    pub ruffle: bool,
    /// Holes at the knees.
    pub torn: bool,
    /// A crease down each leg.
    pub crease: bool,
    /// Cables on a knitted front.
    pub cables: bool,
}

/// One garment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Garment {
    /// Its category.
    pub kind: GarmentKind,
    /// Its upper edge; `None` for trousers and skirts.
    pub top: Option<TopEdge>,
    /// Its bodice.
    pub bodice: Option<Bodice>,
    /// Its sleeves; always there with a bodice (of length 0 when sleeveless).
    pub sleeves: Option<Sleeves>,
    /// What closes it.
    pub front: Front,
    /// What is below the waist.
    pub lower: Lower,
    /// Its parts.
    pub details: Details,
    /// Its cloth.
    pub cloth: Cloth,
    /// The cloth of collar, ribs and bands.
    pub trim: Cloth,
    /// What runs along its style: casual, sporty, formal, boho.
    pub style: Flag,
}

impl Garment {
    /// The value of a dimension by its place in the table; 0 (Invisible) where it does not apply.
    pub fn value(&self, dimension: Dimension) -> u8 {
        match (dimension, self.top) {
            (Dimension::Skirt, _) => match self.lower {
                Lower::Skirt(cut) => cut.length as u8,
                _ => 0,
            },
            (Dimension::Pant, _) => match self.lower {
                Lower::Legs(cut) => cut.length as u8,
                _ => 0,
            },
            (Dimension::Coat, _) => self.bodice.map_or(0, |bodice| bodice.length as u8),
            (Dimension::Sleeve, _) => self.sleeves.map_or(0, |sleeves| sleeves.length as u8),
            (Dimension::Neckline, Some(TopEdge::Neckline(design))) => design as u8,
            (Dimension::Collar, Some(TopEdge::Collar(design))) => design as u8,
            (Dimension::Neck, Some(TopEdge::Neck(design))) => design as u8,
            (Dimension::Lapel, Some(TopEdge::Lapel(design))) => design as u8,
            _ => 0,
        }
    }

    /// Whether sleeves begin at both shoulders.
    pub fn covers_shoulders(&self) -> bool {
        let bare = matches!(
            self.top,
            Some(TopEdge::Neckline(
                NecklineDesign::OffShoulder
                    | NecklineDesign::OneShoulder
                    | NecklineDesign::Strapless
            ))
        );
        !bare && self.sleeves.is_some_and(|sleeves| sleeves.part >= 0.24)
    }

    /// LIP's parsing class of its pixels.
    pub fn parsing_class(&self) -> u8 {
        match self.kind {
            GarmentKind::Dress => 6,
            GarmentKind::Jumpsuit | GarmentKind::Romper => 10,
            GarmentKind::Skirt => 12,
            kind if kind.is_outer() => 7,
            kind if kind.has_bodice() => 5,
            _ => 9,
        }
    }
}

/// Draws what lies behind the wearer's body: the back's inside, a hood, the back of a long coat.
pub fn draw_behind(
    canvas: &mut Canvas,
    body: &Body,
    light: &Light,
    garment: &Garment,
    owner: Owner,
    flat: bool,
) {
    let mut tailor = Tailor::new(canvas, body, light, garment, owner, flat);
    tailor.hood_behind();
    tailor.back();
}

/// Draws skirt, trousers and bodice.
pub fn draw_front(
    canvas: &mut Canvas,
    body: &Body,
    light: &Light,
    garment: &Garment,
    owner: Owner,
    flat: bool,
) {
    let mut tailor = Tailor::new(canvas, body, light, garment, owner, flat);
    match garment.lower {
        Lower::None => {}
        Lower::Skirt(cut) => tailor.skirt(&cut),
        Lower::Legs(cut) => tailor.trousers(&cut),
    }
    tailor.bodice();
}

/// Draws the sleeves over the arms.
pub fn draw_sleeves(
    canvas: &mut Canvas,
    body: &Body,
    light: &Light,
    garment: &Garment,
    owner: Owner,
    flat: bool,
) {
    Tailor::new(canvas, body, light, garment, owner, flat).sleeves(None);
}

/// Draws what an outer garment's sleeves, which end at a part of the arm, let out of the sleeves of
/// the one below.
pub fn draw_sleeve_ends(
    canvas: &mut Canvas,
    body: &Body,
    light: &Light,
    garment: &Garment,
    owner: Owner,
    from: f32,
) {
    Tailor::new(canvas, body, light, garment, owner, false).sleeves(Some(from));
}

/// Draws the upper edge: collar, lapels, neck.
pub fn draw_top_edge(
    canvas: &mut Canvas,
    body: &Body,
    light: &Light,
    garment: &Garment,
    owner: Owner,
    flat: bool,
) {
    let mut tailor = Tailor::new(canvas, body, light, garment, owner, flat);
    match garment.top {
        None => {}
        Some(TopEdge::Neckline(design)) => tailor.neckline_edge(design),
        Some(TopEdge::Collar(design)) => tailor.collar(design),
        Some(TopEdge::Neck(design)) => tailor.neck(design),
        Some(TopEdge::Lapel(design)) => tailor.lapel(design),
    }
    tailor.hood_front();
}
