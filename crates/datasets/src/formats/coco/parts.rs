//! The values of an annotation, checked one by one.

use std::collections::HashMap;

use serde_json::Value;

use crate::coco_results::CompressedRle;
use crate::formats::check::BoxForm;
use crate::formats::problem::{Problem, need};
use crate::formats::{check, number};
use crate::sample::{AttributeLabels, BBox, Judgement, Landmark, Landmarks, Mask, Visibility};

use super::entries::{Counts, Segmentation};

/// The points of an object whose category has `schema`, the `expected` number of them.
pub(super) fn landmarks(flat: &[f32], schema: Option<(u16, usize)>) -> Result<Landmarks, Problem> {
    let wrong = |what: String| Problem::new("keypoints", what, "correct the keypoints");
    let Some((schema, expected)) = schema else {
        return Err(wrong("the category names no `keypoints`".into()));
    };
    if flat.len() != 3 * expected {
        return Err(wrong(format!(
            "{} numbers for {expected} keypoints; each takes x, y and visibility",
            flat.len()
        )));
    }
    let points = flat
        .as_chunks::<3>()
        .0
        .iter()
        .map(|&[x, y, v]| {
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
        })
        .collect::<Result<_, _>>()?;
    Ok(Landmarks { schema, points })
}

/// COCO counts the joints of its skeleton from 1.
pub(super) fn skeleton(pairs: &[[u16; 2]], points: usize) -> Result<Vec<[u16; 2]>, Problem> {
    pairs
        .iter()
        .map(|&[from, to]| {
            let known = |joint: u16| joint >= 1 && usize::from(joint) <= points;
            if known(from) && known(to) {
                Ok([from - 1, to - 1])
            } else {
                Err(Problem::new(
                    "skeleton",
                    format!("[{from}, {to}] joins points outside 1–{points}"),
                    "count the keypoints from 1",
                ))
            }
        })
        .collect()
}

/// Pairs of points whose names differ in `left` and `right` only.
pub(super) fn mirrored(points: &[String]) -> Vec<[u16; 2]> {
    let place = |name: &str| points.iter().position(|point| point == name);
    points
        .iter()
        .enumerate()
        .filter(|(_, name)| name.contains("left"))
        .filter_map(|(left, name)| {
            let right = place(&name.replace("left", "right"))?;
            Some([left as u16, right as u16])
        })
        .collect()
}

pub(super) fn bbox(numbers: &[f64], size: Option<[u32; 2]>) -> Result<BBox, Problem> {
    let Ok(xywh) = <[f64; 4]>::try_from(numbers) else {
        return Err(Problem::new(
            "bbox",
            format!("{} numbers instead of [x, y, width, height]", numbers.len()),
            "write the four numbers or leave `bbox` out",
        ));
    };
    check::bbox("bbox", number::corners(xywh).into(), size, BoxForm::Sized)
}

pub(super) fn area(area: f32) -> Result<f32, Problem> {
    if area.is_finite() && area >= 0.0 {
        Ok(area)
    } else {
        let what = format!("{area} is no area in square pixels");
        Err(Problem::new("area", what, "compute the area again"))
    }
}

pub(super) fn mask(
    segmentation: Segmentation,
    size: Option<[u32; 2]>,
) -> Result<Option<Mask>, Problem> {
    match segmentation {
        Segmentation::Polygons(polygons) if polygons.is_empty() => Ok(None),
        Segmentation::Polygons(polygons) => {
            let polygons = polygons.iter().enumerate().map(|(index, flat)| {
                let field = format!("segmentation[{index}]");
                check::polygon(&field, check::pairs(&field, flat)?, size)
            });
            Ok(Some(Mask::Polygons(polygons.collect::<Result<_, _>>()?)))
        }
        Segmentation::Runs(runs) => {
            let within = |problem: Problem| problem.within("segmentation");
            let size_stated = need(runs.size, "size").map_err(within)?;
            let rle = match need(runs.counts, "counts").map_err(within)? {
                Counts::Text(counts) => CompressedRle {
                    size: size_stated,
                    counts,
                },
                Counts::Numbers(counts) => CompressedRle::from_counts(size_stated, &counts),
            };
            check::run_lengths("segmentation", rle, size).map(|rle| Some(Mask::Rle(rle)))
        }
    }
}

/// Listed attributes are there, all others are not (the data set's own reading of its lists).
pub(super) fn labels(
    list: &Value,
    places: &HashMap<u32, usize>,
    count: usize,
) -> Result<AttributeLabels, Problem> {
    let wrong = |what: String| {
        Problem::new(
            "attribute_ids",
            what,
            "list the numbers of known attributes",
        )
    };
    let Some(list) = list.as_array() else {
        return Err(wrong(format!("{list} is no list")));
    };
    let mut present = vec![Judgement::No; count];
    for id in list {
        let place = id
            .as_u64()
            .and_then(|id| u32::try_from(id).ok())
            .and_then(|id| places.get(&id))
            .ok_or_else(|| wrong(format!("there is no attribute {id}")))?;
        present[*place] = Judgement::Yes;
    }
    Ok(present.into_iter().collect())
}
