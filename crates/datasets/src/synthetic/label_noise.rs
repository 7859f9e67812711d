//! Faults of annotators, on top of exact annotations.

use super::config::LabelNoise;
use super::labels::{Dimension, GarmentKind, first_value};
use super::random::Dice;
use crate::sample::{Judgement, Object};

/// Spoils the objects of one picture.
pub(super) fn spoil(objects: &mut [Object], noise: &LabelNoise, dice: &mut Dice) {
    for object in objects {
        maybe(object, noise.maybe, dice);
        if dice.chance(noise.wrong_category) {
            mistake(object, dice);
        }
        if dice.chance(noise.missing_box) {
            object.bbox = None;
            object.mask = None;
            object.landmarks = None;
            object.area = None;
        }
    }
}

/// Marks a neighbour of a length as possible.
fn maybe(object: &mut Object, share: f32, dice: &mut Dice) {
    for dimension in Dimension::ALL
        .into_iter()
        .filter(|dimension| dimension.is_length())
    {
        let first = first_value(dimension);
        let count = dimension.values().len();
        // Drawn whether or not it is used, so that the next object's faults do not depend on it.
        let (marked, longer) = (dice.chance(share), dice.chance(0.5));
        let value =
            (1..count).find(|&value| object.attributes.get(first + value) == Judgement::Yes);
        let (true, Some(value)) = (marked, value) else {
            continue;
        };
        let neighbour = if longer && value + 1 < count || value == 1 {
            value + 1
        } else {
            value - 1
        };
        object.attributes.set(first + neighbour, Judgement::Maybe);
    }
}

/// Another category of the same region.
fn mistake(object: &mut Object, dice: &mut Dice) {
    let Some(kind) = object
        .category
        .and_then(|category| GarmentKind::ALL.get(category as usize).copied())
    else {
        return;
    };
    let others: Vec<GarmentKind> = GarmentKind::ALL
        .iter()
        .copied()
        .filter(|other| *other != kind && other.region() == kind.region())
        .collect();
    object.category = Some(dice.pick(&others) as u32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{AttributeLabels, BBox};
    use crate::synthetic::labels::vocabulary;

    fn tee(sleeve: usize) -> Object {
        let mut attributes: AttributeLabels =
            std::iter::repeat_n(Judgement::No, vocabulary().len()).collect();
        attributes.set(first_value(Dimension::Sleeve) + sleeve, Judgement::Yes);
        Object {
            category: Some(GarmentKind::Tee as u32),
            bbox: Some(BBox::new(0.0, 0.0, 1.0, 1.0)),
            attributes,
            ..Object::default()
        }
    }

    #[test]
    fn certain_faults_happen_and_absent_ones_do_not() {
        let mut objects = [tee(1), tee(8), tee(0)];
        spoil(&mut objects, &LabelNoise::default(), &mut Dice::new(1, 1));
        assert_eq!(objects, [tee(1), tee(8), tee(0)]);
        let all = LabelNoise {
            maybe: 1.0,
            missing_box: 1.0,
            wrong_category: 1.0,
        };
        spoil(&mut objects, &all, &mut Dice::new(1, 1));
        let sleeve = first_value(Dimension::Sleeve);
        let possible =
            |object: &Object| object.attributes.with(Judgement::Maybe).collect::<Vec<_>>();
        // Sleeveless has one neighbour, Cup (Invisible is none); Extra Long has Long; Invisible none.
        assert_eq!(possible(&objects[0]), [sleeve + 2]);
        assert_eq!(possible(&objects[1]), [sleeve + 7]);
        assert!(possible(&objects[2]).is_empty());
        for object in &objects {
            assert_eq!(object.bbox, None);
            let kind = GarmentKind::ALL[object.category.map_or(0, |category| category as usize)];
            assert_ne!(kind, GarmentKind::Tee);
            assert_eq!(kind.region(), GarmentKind::Tee.region());
        }
    }
}
