//! Head, face, hair, hats and glasses.

use super::super::canvas::{Canvas, Owner, Rgb};
use super::super::fabric::{Light, darker, lighter, lit, mixed};
use super::super::geometry::{Outline, P2, p, spline};
use super::super::random::noise;
use super::body::Body;
use super::looks::{HairStyle, Looks};
use super::pose::Side;

const HAT: u8 = 1;
const HAIR: u8 = 2;
const SUNGLASSES: u8 = 4;
const FACE: u8 = 13;
const SCARF: u8 = 11;

/// Where a point of the upright head goes when it nods and turns.
fn placed(body: &Body) -> impl Fn(f32, f32) -> P2 {
    let direction = P2::hanging(-body.pose.nod * 0.7);
    let pivot = p(0.0, 1.05);
    move |x, y| {
        let (dx, dy) = (x, y - pivot.y);
        pivot
            + p(
                direction.y * dx + direction.x * dy,
                -direction.x * dx + direction.y * dy,
            )
    }
}

/// Hair strands: streaks along `y`.
fn strands(light: Light, colour: Rgb) -> impl Fn(P2) -> Rgb {
    move |at| {
        let streak = noise(9, at.x * 26.0, at.y * 2.2) - 0.5;
        let gloss = noise(10, at.x * 2.0, at.y * 2.4) - 0.4;
        let side = (at.x * 1.6).clamp(-1.0, 1.0);
        lit(
            lighter(colour, (0.12 * gloss).max(0.0)),
            light.on(0.8 * side, -0.2) * (1.0 + 0.5 * streak),
        )
    }
}

/// Hair that hangs behind the shoulders.
pub fn draw_back_hair(canvas: &mut Canvas, body: &Body, looks: &Looks, light: &Light) {
    let at = placed(body);
    let owner = Owner::of_class(HAIR);
    let (bottom, width) = match looks.style {
        HairStyle::Long => (2.15, 0.60),
        HairStyle::Flowing => (2.0, 0.58),
        HairStyle::Bob => (1.16, 0.55),
        _ => return,
    };
    let outline = Outline::blob(&[
        at(-0.42, 0.35),
        at(0.0, -0.03),
        at(0.42, 0.35),
        at(width, 1.0),
        at(width * 0.95, bottom),
        at(0.0, bottom + 0.08),
        at(-width * 0.95, bottom),
        at(-width, 1.0),
    ]);
    canvas.fill(&outline, owner, strands(*light, darker(looks.hair, 0.25)));
}

/// Head with face, hair, glasses and hat; the neck belongs to the torso.
pub fn draw_head(canvas: &mut Canvas, body: &Body, looks: &Looks, light: &Light) {
    let at = placed(body);
    let skin = Owner::of_class(FACE);
    let turn = body.pose.turn * 0.35;
    let face = Outline::blob(&[
        at(0.0, 0.04),
        at(0.30, 0.16),
        at(0.37, 0.48),
        at(0.33, 0.76),
        at(0.17, 0.97),
        at(0.0, 1.02),
        at(-0.17, 0.97),
        at(-0.33, 0.76),
        at(-0.37, 0.48),
        at(-0.30, 0.16),
    ]);
    canvas.shadow(&face, p(0.02, 0.14), 0.10, 0.42 * light.shadows, |owner| {
        owner.class != 0
    });
    if looks.style == HairStyle::Curly {
        let mass = Outline::blob(&[
            at(0.0, -0.2),
            at(0.42, -0.08),
            at(0.62, 0.3),
            at(0.55, 0.72),
            at(0.3, 0.9),
            at(-0.3, 0.9),
            at(-0.55, 0.72),
            at(-0.62, 0.3),
            at(-0.42, -0.08),
        ]);
        canvas.fill(&mass, Owner::of_class(HAIR), strands(*light, looks.hair));
    }
    for side in Side::BOTH {
        let ear = Outline::ellipse(at(side.sign() * 0.37, 0.56), 0.06, 0.11);
        canvas.fill(&ear, skin, |_| lit(darker(looks.skin, 0.08), 1.0));
    }
    let shade = |point: P2| {
        let (x, y) = (
            (point.x / 0.40).clamp(-1.0, 1.0),
            ((point.y - 0.55) / 0.6).clamp(-1.0, 1.0),
        );
        lit(looks.skin, 0.03 + light.on(x * 0.85, y * 0.5))
    };
    canvas.fill(&face, skin, shade);
    draw_features(canvas, looks, turn, &at);
    draw_hair(canvas, looks, light, turn, &at);
    if let Some(colour) = looks.hat {
        draw_hat(canvas, colour, light, &at);
    }
    if looks.sunglasses {
        let owner = Owner::of_class(SUNGLASSES);
        for side in Side::BOTH {
            let lens = Outline::ellipse(at(side.sign() * 0.155 + turn, 0.53), 0.125, 0.095);
            canvas.fill(&lens, owner, |point| {
                mixed([0.05; 3], [0.3, 0.3, 0.33], (0.6 - point.y).clamp(0.0, 0.5))
            });
        }
        let bridge = Outline::ribbon(&[at(-0.36, 0.49), at(0.36, 0.49)], |_| 0.035);
        canvas.fill(&bridge, owner, |_| [0.05; 3]);
    }
    if let Some(colour) = looks.scarf {
        let wrap = Outline::blob(&[
            p(-0.42, 1.12),
            p(0.0, 1.22),
            p(0.42, 1.12),
            p(0.48, 1.42),
            p(0.0, 1.68),
            p(-0.48, 1.42),
        ]);
        let tail = Outline::blob(&[p(0.0, 1.5), p(0.28, 1.5), p(0.34, 2.5), p(0.06, 2.55)]);
        for part in [&tail, &wrap] {
            canvas.shadow(part, p(0.02, 0.05), 0.06, 0.4 * light.shadows, |owner| {
                owner.class != 0
            });
            canvas.fill(part, Owner::of_class(SCARF), |at: P2| {
                lit(
                    colour,
                    0.85 + 0.3 * (noise(77, at.x * 9.0, at.y * 4.0) - 0.4),
                )
            });
        }
    }
}

fn draw_features(canvas: &mut Canvas, looks: &Looks, turn: f32, at: &impl Fn(f32, f32) -> P2) {
    let skin = Owner::of_class(FACE);
    let dark = darker(looks.skin, 0.4);
    for side in Side::BOTH {
        let x = side.sign() * 0.15 + turn;
        canvas.mark(
            &Outline::ellipse(at(x, 0.535), 0.072, 0.036),
            skin,
            1.0,
            |_| [0.95, 0.94, 0.92],
        );
        canvas.mark(
            &Outline::ellipse(at(x, 0.537), 0.036, 0.038),
            skin,
            1.0,
            |_| [0.16, 0.11, 0.09],
        );
        let lid = Outline::ribbon(
            &[at(x - 0.085, 0.525), at(x, 0.492), at(x + 0.085, 0.525)],
            |_| 0.022,
        );
        canvas.mark(&lid, skin, 0.9, |_| [0.12, 0.08, 0.07]);
        let brow = [at(x - 0.09, 0.44), at(x, 0.415), at(x + 0.09, 0.44)];
        canvas.mark(
            &Outline::ribbon(&spline(&brow), |_| 0.034),
            skin,
            0.8,
            |_| darker(looks.hair, 0.1),
        );
    }
    let nose = [
        at(turn + 0.01, 0.5),
        at(turn * 1.3 + 0.045, 0.68),
        at(turn * 1.3 - 0.04, 0.70),
    ];
    canvas.mark(
        &Outline::ribbon(&spline(&nose), |_| 0.024),
        skin,
        0.45,
        |_| dark,
    );
    let mouth = Outline::blob(&[
        at(turn - 0.115, 0.815),
        at(turn, 0.79),
        at(turn + 0.115, 0.815),
        at(turn, 0.865),
    ]);
    canvas.mark(&mouth, skin, 0.9, |_| looks.lips);
    let line = Outline::ribbon(&[at(turn - 0.11, 0.817), at(turn + 0.11, 0.817)], |_| 0.014);
    canvas.mark(&line, skin, 0.6, |_| darker(looks.lips, 0.45));
    if looks.beard > 0.0 {
        let beard = Outline::blob(&[
            at(-0.36, 0.62),
            at(-0.2, 0.78),
            at(turn, 0.75),
            at(0.2, 0.78),
            at(0.36, 0.62),
            at(0.2, 1.0),
            at(0.0, 1.06),
            at(-0.2, 1.0),
        ]);
        canvas.mark(&beard, skin, looks.beard, |_| looks.hair);
        canvas.mark(&mouth, skin, 0.8, |_| looks.lips);
    }
}

fn draw_hair(
    canvas: &mut Canvas,
    looks: &Looks,
    light: &Light,
    turn: f32,
    at: &impl Fn(f32, f32) -> P2,
) {
    if looks.style == HairStyle::Bald {
        return;
    }
    let owner = Owner::of_class(HAIR);
    let part = looks.parting * 0.16 + turn;
    // The cap: crown, down both temples, and back over the forehead in two arcs from the parting.
    let temple = match looks.style {
        HairStyle::Short | HairStyle::Bun => 0.5,
        HairStyle::Curly => 0.6,
        _ => 0.72,
    };
    let cap = Outline::from(at(-0.39, temple))
        .curve(&[
            at(-0.44, 0.3),
            at(-0.26, -0.01),
            at(0.0, -0.07),
            at(0.26, -0.01),
            at(0.44, 0.3),
            at(0.39, temple),
        ])
        .curve(&[at(0.33, 0.42), at(0.22, 0.28), at(part, 0.17)])
        .curve(&[at(-0.22, 0.28), at(-0.33, 0.42), at(-0.39, temple)]);
    canvas.fill(&cap, owner, strands(*light, looks.hair));
    if looks.style == HairStyle::Bun {
        canvas.fill(
            &Outline::ellipse(at(0.0, -0.12), 0.2, 0.17),
            owner,
            strands(*light, looks.hair),
        );
    }
    if matches!(
        looks.style,
        HairStyle::Bob | HairStyle::Long | HairStyle::Flowing
    ) {
        let low = if looks.style == HairStyle::Bob {
            1.12
        } else {
            1.3
        };
        for side in Side::BOTH {
            let s = side.sign();
            let curtain = Outline::from(at(s * 0.30, 0.22)).curve(&[
                at(s * 0.45, 0.3),
                at(s * 0.53, 0.8),
                at(s * 0.5, low),
                at(s * 0.36, low - 0.02),
                at(s * 0.35, 0.75),
                at(s * 0.30, 0.22),
            ]);
            canvas.fill(&curtain, owner, strands(*light, looks.hair));
        }
    }
}

fn draw_hat(canvas: &mut Canvas, colour: Rgb, light: &Light, at: &impl Fn(f32, f32) -> P2) {
    let owner = Owner::of_class(HAT);
    let shade = |point: P2| lit(colour, light.on((point.x * 2.0).clamp(-0.9, 0.9), -0.2));
    let crown = Outline::from(at(-0.43, 0.2)).curve(&[
        at(-0.38, -0.12),
        at(0.0, -0.26),
        at(0.38, -0.12),
        at(0.43, 0.2),
    ]);
    canvas.fill(&crown, owner, shade);
    let brim = Outline::blob(&[at(-0.62, 0.2), at(0.0, 0.10), at(0.62, 0.2), at(0.0, 0.30)]);
    canvas.fill(&brim, owner, shade);
    let band = Outline::ribbon(&[at(-0.43, 0.12), at(0.43, 0.12)], |_| 0.08);
    canvas.mark(&band, owner, 0.6, |_| darker(colour, 0.5));
}

/// Locks that fall over the shoulders, in front of collar and chest.
pub fn draw_front_locks(canvas: &mut Canvas, body: &Body, looks: &Looks, light: &Light) {
    if looks.style != HairStyle::Flowing {
        return;
    }
    let at = placed(body);
    for side in Side::BOTH {
        let s = side.sign();
        let lock = Outline::from(at(s * 0.38, 0.7)).curve(&[
            at(s * 0.56, 1.0),
            at(s * 0.62, 1.6),
            at(s * 0.52, 2.3),
            at(s * 0.36, 2.42),
            at(s * 0.24, 1.9),
            at(s * 0.27, 1.3),
            at(s * 0.34, 0.9),
        ]);
        canvas.shadow(&lock, p(0.02, 0.05), 0.06, 0.3 * light.shadows, |owner| {
            owner.class != 0
        });
        canvas.fill(&lock, Owner::of_class(HAIR), strands(*light, looks.hair));
    }
}
