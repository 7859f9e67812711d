//! From items to objects.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::formats::check::BoxForm;
use crate::formats::json::{self, json_entry};
use crate::formats::problem::{Problem, need};
use crate::formats::{check, extra};
use crate::sample::{BBox, Extra, Landmark, Landmarks, Mask, Object, Record, Visibility};

use super::NAME;
use super::points::KINDS;

json_entry! {
    struct Item {
        category_name: String = "category_name",
        category_id: u32 = "category_id",
        bounding_box: Vec<f32> = "bounding_box",
        landmarks: Vec<f32> = "landmarks",
        segmentation: Vec<Vec<f32>> = "segmentation",
    }
}

/// Fields of an item with three levels.
const LEVELS: [&str; 4] = ["scale", "occlusion", "zoom_in", "viewpoint"];

/// The fields of a file in their order.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `item1`, `item2` …")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                let mut names = std::collections::HashSet::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format_args!("`{name}` stands twice")));
                    }
                    fields.push((name, map.next_value()?));
                }
                Ok(Fields(fields))
            }
        }

        json.deserialize_map(All)
    }
}

/// The number of `item7`.
fn item_number(name: &str) -> Option<u64> {
    name.strip_prefix("item")?.parse().ok()
}

pub(super) fn picture(bytes: &[u8]) -> Result<Record, Vec<Problem>> {
    let Fields(fields) = json::document(bytes).map_err(|problem| vec![problem])?;
    let mut record = Record::default();
    let mut kept = Extra::new();
    let mut problems = Vec::new();
    let mut items: Vec<(u64, Object)> = Vec::new();
    for (name, text) in fields {
        let Some(number) = item_number(&name) else {
            match json::entry::<Value>(text.get()) {
                Ok(value) => {
                    kept.insert(name, value);
                }
                Err(problem) => problems.push(problem.within(&name)),
            }
            continue;
        };
        match json::entry(text.get()).and_then(item) {
            Ok(object) => items.push((number, object)),
            Err(problem) => problems.push(problem.within(&name)),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    items.sort_by_key(|&(number, _)| number);
    record.objects = items.into_iter().map(|(_, object)| object).collect();
    record.extra = extra::keep(NAME, kept);
    Ok(record)
}

fn item(item: Item) -> Result<Object, Problem> {
    let id = need(item.category_id, "category_id")?;
    let kind = (id as usize)
        .checked_sub(1)
        .and_then(|place| Some((place, KINDS.get(place)?)));
    let Some((category, kind)) = kind else {
        let what = format!(
            "there is no category {id}; the numbers are 1–{}",
            KINDS.len()
        );
        return Err(Problem::new("category_id", what, "correct the number"));
    };
    if let Some(name) = item.category_name.filter(|name| name != kind.name) {
        let what = format!("category {id} is `{}`, not `{name}`", kind.name);
        return Err(Problem::new(
            "category_name",
            what,
            "correct the name or the number",
        ));
    }
    for name in LEVELS {
        let level = item.extra.get(name);
        if let Some(level) = level.filter(|level| !matches!(level.as_u64(), Some(1..=3))) {
            let what = format!("{level} is none of 1, 2 and 3");
            return Err(Problem::new(name, what, "correct the level"));
        }
    }
    let bbox = match need(item.bounding_box, "bounding_box")?.as_slice() {
        &[x1, y1, x2, y2] => {
            let form = BoxForm::Corners("x1, y1, x2, y2");
            check::bbox("bounding_box", BBox::new(x1, y1, x2, y2), None, form)?
        }
        other => {
            let what = format!("{} numbers instead of [x1, y1, x2, y2]", other.len());
            return Err(Problem::new("bounding_box", what, "write the two corners"));
        }
    };
    let landmarks = item
        .landmarks
        .map(|flat| landmarks(&flat, category, usize::from(kind.points)))
        .transpose()?;
    let polygons = item.segmentation.unwrap_or_default();
    let polygons = polygons.iter().enumerate().map(|(index, flat)| {
        let field = format!("segmentation[{index}]");
        check::polygon(&field, check::pairs(&field, flat)?, None)
    });
    let polygons: Vec<_> = polygons.collect::<Result<_, _>>()?;
    Ok(Object {
        category: Some(category as u32),
        bbox: Some(bbox),
        mask: (!polygons.is_empty()).then_some(Mask::Polygons(polygons)),
        landmarks,
        extra: extra::keep(NAME, item.extra),
        ..Object::default()
    })
}

fn landmarks(flat: &[f32], category: usize, expected: usize) -> Result<Landmarks, Problem> {
    let wrong = |what: String| Problem::new("landmarks", what, "correct the landmarks");
    if flat.len() != 3 * expected {
        return Err(wrong(format!(
            "{} numbers for the {expected} landmarks of `{}`; each takes x, y and visibility",
            flat.len(),
            KINDS[category].name
        )));
    }
    let point = |&[x, y, v]: &[f32; 3]| {
        let visibility = match v {
            0.0 => Visibility::Absent,
            1.0 => Visibility::Occluded,
            2.0 => Visibility::Visible,
            other => return Err(wrong(format!("visibility {other} is none of 0, 1 and 2"))),
        };
        if x.is_finite() && y.is_finite() {
            Ok(Landmark { x, y, visibility })
        } else {
            Err(wrong(format!(
                "the point ({x}, {y}) is not made of finite numbers"
            )))
        }
    };
    Ok(Landmarks {
        schema: category as u16,
        points: flat
            .as_chunks::<3>()
            .0
            .iter()
            .map(point)
            .collect::<Result<_, _>>()?,
    })
}
