//! Who wears what.

use super::super::background::Background;
use super::super::canvas::Rgb;
use super::super::config::WardrobeConfig;
use super::super::fabric::Palette;
use super::super::figure::{Body, Build, HairStyle, Looks, Pose};
use super::super::garment::{Front, Garment, SleeveStyle, design};
use super::super::geometry::{Affine, p};
use super::super::labels::{CoatLength, Dimension, GarmentKind as Kind, Region};
use super::super::random::Dice;
use super::framing::{self, Frame};
use super::{Figure, Wish};

/// Tries at a garment with a wished value; the rarest comes up about once in 300.
const TRIES: usize = 6000;

const LOWER: [Kind; 6] = [
    Kind::Jeans,
    Kind::Joggers,
    Kind::Leggings,
    Kind::Shorts,
    Kind::Skirt,
    Kind::Sweatpants,
];
const INNER: [Kind; 6] = [
    Kind::Tee,
    Kind::Tank,
    Kind::Top,
    Kind::Blouse,
    Kind::Sweater,
    Kind::Hoodie,
];
const UNDER: [Kind; 4] = [Kind::Tee, Kind::Tank, Kind::Blouse, Kind::Top];
const OVER: [Kind; 4] = [Kind::Cardigan, Kind::Blazer, Kind::Jacket, Kind::Kimono];

/// All figures of a picture, the one it is about last, and which of its garments that is.
pub(super) fn figures(
    config: &WardrobeConfig,
    wish: Wish,
    worn: bool,
    background: &Background,
    size: [usize; 2],
    dice: &mut Dice,
) -> (Vec<Figure>, usize) {
    let [few, many] = config.garments.map(usize::from);
    let count = few + dice.below(many - few + 1);
    let shop = Shop {
        config,
        unlike: vec![background.colours[0], background.colours[1]],
    };
    if worn {
        people(&shop, wish, count, size, dice)
    } else {
        (laid_out(&shop, wish, count, size, dice), 0)
    }
}

fn people(
    shop: &Shop,
    wish: Wish,
    count: usize,
    size: [usize; 2],
    dice: &mut Dice,
) -> (Vec<Figure>, usize) {
    let (main, subject) = person(shop, wish, count, size, dice);
    let mut figures = Vec::new();
    let others = usize::from(count >= 4) + usize::from(count >= 8);
    let first = if dice.chance(0.5) { 1.0 } else { -1.0 };
    for index in 0..others {
        let (mut other, _) = person(shop, Wish::default(), 2, size, dice);
        // Beside and a little behind.
        let away = first * [1.0, -1.0][index % 2] * dice.range(1.7, 2.5);
        let scale = main.view.scale() * dice.range(0.8, 1.0);
        let at = main.view.apply(p(away, 4.2));
        other.view = Affine::placing(p(0.0, 4.2), at, scale, dice.around(2.0));
        figures.push(other);
    }
    figures.push(main);
    (figures, subject)
}

fn laid_out(
    shop: &Shop,
    wish: Wish,
    count: usize,
    size: [usize; 2],
    dice: &mut Dice,
) -> Vec<Figure> {
    let d = shop.config.difficulty;
    let mut cells = framing::cells(count, dice);
    // What the picture is about gets any of the cells and is drawn last.
    let own = dice.below(cells.len());
    let last = cells.len() - 1;
    cells.swap(own, last);
    let mut unlike = shop.unlike.clone();
    let mut figures = Vec::new();
    for (index, cell) in cells.into_iter().enumerate() {
        let wish = if index == last { wish } else { Wish::default() };
        let garment = shop.garment(wish, &unlike, dice);
        unlike.push(garment.cloth.ground());
        let pose = Pose::flat(dice, d, garment.kind == Kind::Kimono);
        figures.push(Figure {
            looks: None,
            build: Build::FORM,
            pose,
            view: framing::flat(&garment, pose, cell, size, d, dice),
            garments: vec![garment],
            tucked: false,
            bag: None,
        });
    }
    figures
}

/// Where garments come from.
struct Shop<'a> {
    config: &'a WardrobeConfig,
    /// The background's colours.
    unlike: Vec<Rgb>,
}

impl Shop<'_> {
    fn one(&self, kind: Kind, unlike: &[Rgb], dice: &mut Dice) -> Garment {
        let d = self.config.difficulty;
        let brief = design::Brief {
            unlike,
            gap: 0.06 + 0.30 * (1.0 - d),
            prints: 0.08 + 0.55 * d,
        };
        design::draw(kind, &brief, dice)
    }

    /// The garment a picture is about.
    fn garment(&self, wish: Wish, unlike: &[Rgb], dice: &mut Dice) -> Garment {
        let kind = |dice: &mut Dice| {
            wish.kind
                .unwrap_or_else(|| dice.pick(&self.config.categories))
        };
        let Some((dimension, value)) = wish.value else {
            let kind = kind(dice);
            return self.one(kind, unlike, dice);
        };
        let first = kind(dice);
        let mut garment = self.one(first, unlike, dice);
        for _ in 0..TRIES {
            if garment.value(dimension) == value {
                break;
            }
            let kind = kind(dice);
            garment = self.one(kind, unlike, dice);
        }
        garment
    }
}

/// A dressed person and which garment the picture is about.
fn person(
    shop: &Shop,
    wish: Wish,
    count: usize,
    size: [usize; 2],
    dice: &mut Dice,
) -> (Figure, usize) {
    let d = shop.config.difficulty;
    let mut looks = Looks::draw(dice, d);
    let (build, pose) = (Build::draw(dice), Pose::standing(dice, 0.25 + 0.75 * d));
    let mut unlike = shop.unlike.clone();
    unlike.push(looks.skin);
    let mut subject = shop.garment(wish, &unlike, dice);
    unlike.push(subject.cloth.ground());
    let kind = subject.kind;
    let mut tucked = false;
    let mut outfit: Vec<Garment> = Vec::new();
    let place;
    match kind.region() {
        Region::Lower => {
            let upper = dice.pick(&INNER);
            let mut upper = shop.one(upper, &unlike, dice);
            tucked = can_tuck(&upper) && dice.chance(0.5);
            if !tucked {
                shorten(&mut upper, dice);
            }
            outfit.extend([subject, upper]);
            place = 0;
        }
        _ if kind.is_outer() => {
            let lower = shop.one(dice.pick(&LOWER), &unlike, dice);
            unlike.push(lower.cloth.ground());
            outfit.push(lower);
            let open = matches!(subject.front, Front::Open(_));
            if open || dice.chance(0.7) {
                let mut inner = shop.one(dice.pick(&UNDER), &unlike, dice);
                slip_under(&mut inner, &subject);
                tucked = can_tuck(&inner) && dice.chance(0.5);
                outfit.push(inner);
            }
            outfit.push(subject);
            place = outfit.len() - 1;
        }
        Region::Upper => {
            outfit.push(shop.one(dice.pick(&LOWER), &unlike, dice));
            unlike.push(outfit[0].cloth.ground());
            place = 1;
            let over = count >= 3 && dice.chance(0.25 + 0.3 * d);
            let outer = over.then(|| outer_over(shop, &unlike, dice)).flatten();
            if let Some(outer) = &outer {
                slip_under(&mut subject, outer);
            }
            outfit.push(subject);
            outfit.extend(outer);
        }
        Region::Full => {
            place = 0;
            let over = count >= 2 && dice.chance(0.15 + 0.3 * d);
            let outer = over.then(|| outer_over(shop, &unlike, dice)).flatten();
            if let Some(outer) = &outer {
                slip_under(&mut subject, outer);
            }
            outfit.push(subject);
            outfit.extend(outer);
        }
    }
    if outfit.iter().any(|garment| garment.details.hood) && looks.style == HairStyle::Flowing {
        looks.style = HairStyle::Bob;
    }
    let frame = wish
        .frame
        .unwrap_or_else(|| frame_for(&subject, wish, dice));
    let body = Body::new(build, pose);
    let figure = Figure {
        looks: Some(looks),
        build,
        pose,
        tucked,
        bag: dice
            .chance(0.35 * d)
            .then(|| Palette::draw(dice, &unlike, 0.15).0[0]),
        view: framing::standing(&body, &subject, frame, size, d, dice),
        garments: outfit,
    };
    (figure, place)
}

/// Something open to wear over the rest; `None` when the shop's first offers are all closed.
fn outer_over(shop: &Shop, unlike: &[Rgb], dice: &mut Dice) -> Option<Garment> {
    (0..12)
        .map(|_| shop.one(dice.pick(&OVER), unlike, dice))
        .find(|garment| matches!(garment.front, Front::Open(_)))
}

fn frame_for(subject: &Garment, wish: Wish, dice: &mut Dice) -> Frame {
    let long = subject.kind.region() == Region::Full;
    match wish.value {
        Some((Dimension::Collar | Dimension::Lapel | Dimension::Neck | Dimension::Neckline, _)) => {
            dice.weigh(&[(Frame::Bust, 1.4), (Frame::Garment, 1.6)])
        }
        // How long something is shows against the body.
        Some(_) => dice.weigh(&[(Frame::Whole, 1.0), (Frame::Garment, 1.0)]),
        None => dice.weigh(&[
            (Frame::Whole, if long { 1.5 } else { 0.8 }),
            (Frame::Garment, 2.0),
        ]),
    }
}

fn can_tuck(garment: &Garment) -> bool {
    matches!(
        garment.kind,
        Kind::Blouse | Kind::Tank | Kind::Tee | Kind::Top
    ) && garment
        .bodice
        .is_some_and(|bodice| bodice.hem > 3.2 && !bodice.peplum)
}

/// An upper garment that must not hide the trousers the picture is about.
fn shorten(garment: &mut Garment, dice: &mut Dice) {
    if let Some(bodice) = garment.bodice.as_mut().filter(|bodice| bodice.hem > 3.3) {
        bodice.hem = dice.range(3.4, 3.6);
        bodice.length = CoatLength::Regular;
    }
}

/// What is worn under something must fit into it.
fn slip_under(inner: &mut Garment, outer: &Garment) {
    if let (Some(inner), Some(outer)) = (&mut inner.bodice, &outer.bodice) {
        for (inside, outside) in inner.ease.iter_mut().zip(outer.ease) {
            *inside = inside.min(outside - 0.03).max(0.01);
        }
        inner.peplum = false;
        inner.shoulder = inner.shoulder.min(0.02);
        inner.flare = inner.flare.min(outer.flare + 0.01);
    }
    if let Some(sleeves) = &mut inner.sleeves {
        if matches!(sleeves.style, SleeveStyle::Bell | SleeveStyle::Puff) {
            sleeves.style = SleeveStyle::Plain;
        }
        sleeves.upper = sleeves.upper.min(0.03);
        sleeves.cuff = sleeves.cuff.min(0.03);
    }
}
