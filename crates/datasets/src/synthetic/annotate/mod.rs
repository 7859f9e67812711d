//! Annotations read from the canvas: masks, boxes, outlines, landmarks, attributes, parsing, joints.

mod points;

use super::canvas::Canvas;
use super::contour;
use super::figure::{Body, Side};
use super::garment::Garment;
use super::garment::cut::Cut;
use super::geometry::P2;
use super::labels::{Dimension, FIRST_FLAG, Flag, PERSON_SCHEMA, first_value, vocabulary};
use super::scene::{Figure, Scene};
use crate::mask_region::MaskRegion;
use crate::sample::{
    AttributeLabels, BBox, Judgement, LabelMap, Landmark, Landmarks, Mask, Object, Polygon,
    Visibility,
};
use points::{edge_points, hem_point, landmark_points, sleeve_points};

/// Fewest visible pixels of a garment that is annotated.
const MIN_PIXELS: usize = 20;
/// Smallest visible share of its pixels inside the picture.
const MIN_SHARE: f32 = 0.06;
/// A garment of which less than this is visible counts as occluded.
const OCCLUDED_BELOW: f32 = 0.92;
/// Share of an edge's points that must be visible for its design to be told.
const EDGE_SHARE: f32 = 0.45;

/// What is known of one garment beyond its [`Object`].
#[derive(Debug, Clone, PartialEq)]
pub struct GarmentFacts {
    /// All that was drawn.
    pub garment: Garment,
    /// Which figure of the scene has it.
    pub figure: usize,
    /// Worn by a person, or flat.
    pub worn: bool,
    /// Share of its pixels inside the picture that nothing covers.
    pub visible: f32,
    /// Its outlines.
    pub polygons: Vec<Polygon>,
    /// By dimension, in the table's order: the value's place in the table as it can be seen, 0
    /// (Invisible) where its part is hidden, cut off, or missing.
    pub values: [u8; 8],
}

/// Annotations of a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotations {
    /// One object for each garment that can be seen.
    pub objects: Vec<Object>,
    /// Facts of the same garments, in the same order.
    pub facts: Vec<GarmentFacts>,
    /// The object that the picture is about, if it can be seen.
    pub subject: Option<usize>,
    /// Joints of the wearers, in LIP's order.
    pub people: Vec<Landmarks>,
    /// LIP's class of every pixel.
    pub parsing: LabelMap,
}

/// Reads everything off a drawn scene.
pub fn annotate(scene: &Scene, canvas: &Canvas) -> Annotations {
    let mut found = Annotations {
        objects: Vec::new(),
        facts: Vec::new(),
        subject: None,
        people: Vec::new(),
        parsing: LabelMap::new(
            canvas.owners().iter().map(|owner| owner.class).collect(),
            scene.width,
            scene.height,
        ),
    };
    let attributes = vocabulary().len();
    let mut instance = 0;
    for (index, figure) in scene.figures.iter().enumerate() {
        let body = Body::new(figure.build, figure.pose);
        for (place, garment) in figure.garments.iter().enumerate() {
            instance += 1;
            let seen = Seen {
                canvas,
                figure,
                body: &body,
                garment,
                instance,
            };
            let Some((object, facts)) = seen.object(index, attributes) else {
                continue;
            };
            if index + 1 == scene.figures.len() && scene.subject == Some(place) {
                found.subject = Some(found.objects.len());
            }
            found.objects.push(object);
            found.facts.push(facts);
        }
        if figure.looks.is_some() {
            found.people.push(joints(canvas, figure, &body));
        }
    }
    found
}

fn joints(canvas: &Canvas, figure: &Figure, body: &Body) -> Landmarks {
    let point = |joint: P2| {
        let at = figure.view.apply(joint);
        let Some(pixel) = pixel(canvas, at) else {
            return Landmark::ABSENT;
        };
        // A thing in front has no class; skin and clothes have one.
        let visible = canvas.owner(pixel[0], pixel[1]).class != 0;
        Landmark {
            x: at.x,
            y: at.y,
            visibility: if visible {
                Visibility::Visible
            } else {
                Visibility::Occluded
            },
        }
    };
    Landmarks {
        schema: PERSON_SCHEMA,
        points: body.joints().into_iter().map(point).collect(),
    }
}

/// The pixel a point lies in, if it lies in the picture.
fn pixel(canvas: &Canvas, at: P2) -> Option<[usize; 2]> {
    let inside =
        at.x >= 0.0 && at.y >= 0.0 && at.x < canvas.width() as f32 && at.y < canvas.height() as f32;
    inside.then_some([at.x as usize, at.y as usize])
}

/// One garment on the canvas.
struct Seen<'a> {
    canvas: &'a Canvas,
    figure: &'a Figure,
    body: &'a Body,
    garment: &'a Garment,
    instance: u8,
}

impl Seen<'_> {
    fn object(&self, figure: usize, attributes: usize) -> Option<(Object, GarmentFacts)> {
        let mask = self.mask()?;
        let extent = self
            .canvas
            .extent(self.instance)
            .iter()
            .filter(|&&pixel| pixel)
            .count();
        let area = mask.area();
        let visible = area as f32 / extent.max(1) as f32;
        if area < MIN_PIXELS || visible < MIN_SHARE {
            return None;
        }
        let (left, top) = (mask.left() as f32, mask.top() as f32);
        let bbox = BBox::from_xywh(left, top, mask.width() as f32, mask.height() as f32);
        let (width, height) = (self.canvas.width() as f32, self.canvas.height() as f32);
        let truncated = bbox.x1 <= 0.0 || bbox.y1 <= 0.0 || bbox.x2 >= width || bbox.y2 >= height;
        let values = self.values();
        let polygons = contour::polygons(&mask);
        let object = Object {
            category: Some(self.garment.kind as u32),
            bbox: Some(bbox),
            mask: Some(Mask::Region(mask)),
            landmarks: Some(self.landmarks()),
            attributes: attribute_labels(self.garment, values, attributes),
            area: Some(area as f32),
            truncated,
            occluded: visible < OCCLUDED_BELOW,
            ..Object::default()
        };
        let facts = GarmentFacts {
            garment: *self.garment,
            figure,
            worn: self.figure.looks.is_some(),
            visible,
            polygons,
            values,
        };
        Some((object, facts))
    }

    fn mask(&self) -> Option<MaskRegion> {
        let width = self.canvas.width();
        let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
        for (index, owner) in self.canvas.owners().iter().enumerate() {
            if owner.instance == self.instance {
                let (x, y) = (index % width, index / width);
                (left, right, top, bottom) = (left.min(x), right.max(x), top.min(y), bottom.max(y));
            }
        }
        if left > right {
            return None;
        }
        let bits = (top..=bottom)
            .flat_map(|y| (left..=right).map(move |x| (x, y)))
            .map(|(x, y)| self.canvas.owner(x, y).instance == self.instance)
            .collect();
        Some(MaskRegion::new(left, top, right - left + 1, bits))
    }

    /// Whether a point of the garment can be seen: it or a pixel beside it is the garment's.
    fn visibility(&self, point: P2) -> (P2, Visibility) {
        let at = self.figure.view.apply(point);
        let Some([x, y]) = pixel(self.canvas, at) else {
            return (at, Visibility::Absent);
        };
        let near = |x: usize, y: usize| {
            x < self.canvas.width()
                && y < self.canvas.height()
                && self.canvas.owner(x, y).instance == self.instance
        };
        let seen = (0..3)
            .any(|dy| (0..3).any(|dx| (x + dx > 0 && y + dy > 0) && near(x + dx - 1, y + dy - 1)));
        (
            at,
            if seen {
                Visibility::Visible
            } else {
                Visibility::Occluded
            },
        )
    }

    fn is_visible(&self, point: P2) -> bool {
        self.visibility(point).1 == Visibility::Visible
    }

    fn landmarks(&self) -> Landmarks {
        let points = landmark_points(Cut {
            body: self.body,
            garment: self.garment,
        });
        let landmark = |point: Option<P2>| {
            let Some((at, visibility)) = point.map(|point| self.visibility(point)) else {
                return Landmark::ABSENT;
            };
            match visibility {
                Visibility::Absent => Landmark::ABSENT,
                visibility => Landmark {
                    x: at.x,
                    y: at.y,
                    visibility,
                },
            }
        };
        Landmarks {
            schema: self.garment.kind.region() as u16,
            points: points.into_iter().map(landmark).collect(),
        }
    }

    /// What can be told of each dimension.
    fn values(&self) -> [u8; 8] {
        let cut = Cut {
            body: self.body,
            garment: self.garment,
        };
        Dimension::ALL.map(|dimension| {
            let value = self.garment.value(dimension);
            let told = value > 0
                && match dimension {
                    Dimension::Sleeve => sleeve_points(cut)
                        .into_iter()
                        .flatten()
                        .any(|point| self.is_visible(point)),
                    Dimension::Coat | Dimension::Skirt | Dimension::Pant => Side::BOTH
                        .into_iter()
                        .filter_map(|side| hem_point(cut, side))
                        .any(|point| self.is_visible(point)),
                    _ => {
                        let edge = edge_points(cut);
                        let seen = edge.iter().filter(|&&point| self.is_visible(point)).count();
                        seen as f32 >= EDGE_SHARE * edge.len() as f32
                    }
                };
            if told { value } else { 0 }
        })
    }
}

/// Labels of all attributes: one value of every dimension, and every flag.
pub(super) fn attribute_labels(
    garment: &Garment,
    values: [u8; 8],
    count: usize,
) -> AttributeLabels {
    let mut labels: AttributeLabels = std::iter::repeat_n(Judgement::No, count).collect();
    for (dimension, value) in Dimension::ALL.into_iter().zip(values) {
        labels.set(first_value(dimension) + usize::from(value), Judgement::Yes);
    }
    for flag in garment.flags() {
        labels.set(FIRST_FLAG + flag as usize, Judgement::Yes);
    }
    debug_assert!(FIRST_FLAG + Flag::COUNT == count);
    labels
}
