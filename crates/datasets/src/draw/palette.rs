//! A colour for each class, apart from those of its neighbours and readable on a photograph.

use super::canvas::Rgb;

/// The golden angle in turns, 1 − 1/φ: successive multiples never crowd on the circle of hues.
const GOLDEN_TURN: f32 = 0.381_966;

/// Lightness and chroma (Oklab) taken in turn, so that two classes whose hues come close still
/// differ.
const TONES: [(f32, f32); 3] = [(0.72, 0.19), (0.56, 0.21), (0.82, 0.18)];

/// The colour of a label. The same label has the same colour in every picture.
pub(super) fn colour_of(label: usize) -> Rgb {
    let hue = std::f32::consts::TAU * (0.08 + GOLDEN_TURN * label as f32).fract();
    let (lightness, chroma) = TONES[label % TONES.len()];
    // Chroma outside what a screen shows is reduced until all three channels fit.
    let mut chroma = chroma;
    loop {
        let linear = oklab_to_linear([lightness, chroma * hue.cos(), chroma * hue.sin()]);
        if chroma < 0.01 || linear.iter().all(|channel| (0.0..=1.0).contains(channel)) {
            return linear.map(encode);
        }
        chroma *= 0.95;
    }
}

/// Black or white, whichever reads better on `background` (WCAG 2 relative luminance; 0.179 has
/// equal contrast with both).
pub(super) fn ink_on(background: Rgb) -> Rgb {
    let [red, green, blue] = background.map(decode);
    let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    if luminance > 0.179 { [0; 3] } else { [255; 3] }
}

/// Oklab to linear sRGB, with the matrices of Björn Ottosson's definition (2020).
fn oklab_to_linear([lightness, a, b]: [f32; 3]) -> [f32; 3] {
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
}

/// Linear light to an sRGB byte (IEC 61966-2-1).
fn encode(linear: f32) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let value = if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    };
    (value * 255.0).round() as u8
}

/// An sRGB byte to linear light.
fn decode(byte: u8) -> f32 {
    let value = f32::from(byte) / 255.0;
    if value <= 0.040_45 {
        value / 12.92
    } else {
        ((value + 0.055) / 1.055).powf(2.4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_labels_differ_clearly() {
        for label in 0..200 {
            let distance = |other: usize| -> i32 {
                colour_of(label)
                    .iter()
                    .zip(colour_of(other))
                    .map(|(&a, b)| (i32::from(a) - i32::from(b)).abs())
                    .sum()
            };
            for other in label + 1..label + 6 {
                assert!(
                    distance(other) > 45,
                    "labels {label} and {other}: {:?} {:?}",
                    colour_of(label),
                    colour_of(other)
                );
            }
        }
    }

    #[test]
    fn white_in_oklab_is_white() {
        assert_eq!(oklab_to_linear([1.0, 0.0, 0.0]).map(encode), [255; 3]);
        assert_eq!((ink_on([255; 3]), ink_on([0, 0, 90])), ([0; 3], [255; 3]));
    }
}
