//! A sample in the making.
//!
//! Steps do not touch pixels one after the other. Two things wait until they have to be done:
//!
//! - **Geometry.** Each geometric step moves the annotations at once and is composed into one affine
//!   map for everything made of pixels. The map is carried out when a step needs pixels (noise,
//!   blur, an antialiased resize …) or at the end: one resample however many steps, and plain row
//!   copies when every pixel lands on a pixel. What a step cuts off stays cut: the canvases on the
//!   way are kept as windows.
//! - **Tables.** Brightness, contrast, lighting and channel permutation are one table of 256 values
//!   a channel; consecutive ones are composed, value by value, into one table with exactly the
//!   result of doing them in turn.
//!
//! Geometry that waits is older than tables that wait.

use crate::image_file::{DecodeLimits, Picture};
use crate::sample::{LabelMap, Object, Sample};

use super::annotations::{Motion, Moving};
use super::error::TransformError;
use super::geometry::{AffineMap, Window, bilinear, copy, nearest, resample};
use super::mirrors::Mirrors;
use super::pixels::ChannelTables;

/// How a geometric step leaves the canvas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Canvas {
    /// Columns and rows after the step.
    pub size: [usize; 2],
    /// Colour of what no pixel of the picture lands on; of no account when there is nothing of the
    /// kind.
    pub fill: [u8; 3],
    /// Objects of which a smaller share (0–1) stays in the canvas are dropped. What the share is of:
    /// the polygons' area, or the mask's pixels, or without a mask the box's area, as they were just
    /// before the step. With 0 an object goes when nothing of it stays. Whatever the share, an object
    /// goes whose mask covers no pixel any more when all steps are done.
    pub min_visible: f32,
}

/// A sample with the steps that wait to be carried out.
#[derive(Debug)]
pub struct Work<'a> {
    picture: Picture,
    parsing: Option<LabelMap>,
    annotations: Annotations,
    pending: Option<Pending>,
    tables: Option<ChannelTables>,
    mirrors: &'a Mirrors,
}

#[derive(Debug)]
enum Annotations {
    /// No geometric step yet: exactly as they came.
    Still(Vec<Object>),
    Moving(Vec<Moving>),
}

#[derive(Debug)]
struct Pending {
    /// From the picture to the canvas.
    map: AffineMap,
    /// Back.
    back: AffineMap,
    size: [usize; 2],
    /// `None` as long as no step has uncovered anything.
    fill: Option<[u8; 3]>,
    windows: Vec<Window>,
}

impl<'a> Work<'a> {
    /// Starts on a sample.
    ///
    /// # Errors
    /// [`TransformError::EmptyPicture`], [`TransformError::MapSize`].
    pub fn new(sample: Sample, mirrors: &'a Mirrors) -> Result<Self, TransformError> {
        let (width, height) = (sample.picture.width(), sample.picture.height());
        if width == 0 || height == 0 {
            return Err(TransformError::EmptyPicture { width, height });
        }
        if let Some(map) = &sample.parsing
            && [map.width(), map.height()] != [width, height]
        {
            return Err(TransformError::MapSize {
                map: [map.width(), map.height()],
                picture: [width, height],
            });
        }
        Ok(Self {
            picture: sample.picture,
            parsing: sample.parsing,
            annotations: Annotations::Still(sample.objects),
            pending: None,
            tables: None,
            mirrors,
        })
    }

    /// Columns and rows of the picture as the steps so far leave it.
    pub fn size(&self) -> [usize; 2] {
        self.pending
            .as_ref()
            .map_or_else(|| self.picture_size(), |pending| pending.size)
    }

    fn picture_size(&self) -> [usize; 2] {
        [self.picture.width(), self.picture.height()]
    }

    /// A geometric step: the map from today's canvas to the next one, in continuous pixels. Pixels
    /// are resampled bilinearly, parsing maps and masks by the nearest pixel.
    ///
    /// # Errors
    /// [`TransformError::TooLarge`]; [`TransformError::UnknownSchema`] and
    /// [`TransformError::UnknownPoint`] when landmarks cannot be mirrored;
    /// [`TransformError::BrokenMask`].
    pub fn transform(&mut self, step: &AffineMap, canvas: &Canvas) -> Result<(), TransformError> {
        let before = self.size();
        if *step == AffineMap::IDENTITY && canvas.size == before {
            return Ok(());
        }
        check_size(canvas.size)?;
        let Some(back) = step.inverse() else {
            return Err(TransformError::setting(
                "map",
                step,
                "an affine map must not flatten the picture",
            ));
        };
        self.apply_tables();
        let covered = back.keeps_inside(canvas.size, before);
        let fill = (!covered).then_some(canvas.fill);
        let waiting = self.pending.as_ref().and_then(|pending| pending.fill);
        if waiting.is_some() && fill.is_some() && waiting != fill {
            self.apply_geometry();
        }
        let next = match self.pending.take() {
            None => Pending {
                map: *step,
                back,
                size: canvas.size,
                fill,
                windows: Vec::new(),
            },
            Some(mut pending) => {
                for window in &mut pending.windows {
                    window.map = back.then(window.map);
                }
                let cut = !pending.map.keeps_inside(self.picture_size(), pending.size);
                if cut && !covered {
                    pending.windows.push(Window {
                        map: back,
                        size: pending.size,
                    });
                }
                Pending {
                    map: pending.map.then(*step),
                    back: back.then(pending.back),
                    size: canvas.size,
                    fill: fill.or(pending.fill),
                    windows: pending.windows,
                }
            }
        };
        self.move_annotations(step, &next, canvas.min_visible)?;
        self.pending = Some(next);
        Ok(())
    }

    fn move_annotations(
        &mut self,
        step: &AffineMap,
        next: &Pending,
        min_visible: f32,
    ) -> Result<(), TransformError> {
        let size = self.picture_size();
        let objects = match std::mem::replace(&mut self.annotations, Annotations::Still(Vec::new()))
        {
            Annotations::Moving(objects) => objects,
            Annotations::Still(objects) => objects
                .into_iter()
                .map(|object| Moving::new(object, size))
                .collect::<Result<_, _>>()?,
        };
        let motion = Motion {
            step,
            whole: &next.map,
            windows: &next.windows,
            size: next.size,
            min_visible,
            mirrors: self.mirrors,
        };
        let mut kept = Vec::with_capacity(objects.len());
        for mut object in objects {
            if object.apply(&motion)? {
                kept.push(object);
            }
        }
        self.annotations = Annotations::Moving(kept);
        Ok(())
    }

    /// A step of one value to one value, channel by channel.
    pub fn map_channels(&mut self, tables: &ChannelTables) {
        match &mut self.tables {
            Some(waiting) => waiting.append(tables),
            None => self.tables = Some(tables.clone()),
        }
    }

    /// The pixels, all steps so far carried out.
    pub fn picture_mut(&mut self) -> &mut Picture {
        self.settle();
        &mut self.picture
    }

    /// Replaces the picture by one of the same size.
    ///
    /// # Panics
    /// When it is of another size.
    pub fn replace_picture(&mut self, picture: Picture) {
        self.settle();
        assert!(
            [picture.width(), picture.height()] == self.picture_size(),
            "a {}x{} picture cannot stand for one of {:?}",
            picture.width(),
            picture.height(),
            self.picture_size()
        );
        self.picture = picture;
    }

    /// The parsing map, all steps so far carried out.
    pub fn parsing_mut(&mut self) -> Option<&mut LabelMap> {
        self.settle();
        self.parsing.as_mut()
    }

    /// Resizes with a filter that looks at more than four pixels.
    pub(crate) fn resample(
        &mut self,
        size: [usize; 2],
        filter: super::Filter,
    ) -> Result<(), TransformError> {
        let [w, h] = self.size();
        if size == [w, h] {
            return Ok(());
        }
        check_size(size)?;
        self.settle();
        let picture = resample(&self.picture, size, filter);
        let step = AffineMap::scale(size[0] as f64 / w as f64, size[1] as f64 / h as f64);
        let canvas = Canvas {
            size,
            fill: [0; 3],
            min_visible: 0.0,
        };
        self.transform(&step, &canvas)?;
        if let Some(pending) = self.pending.take() {
            self.move_maps(&pending, [w, h]);
        }
        self.picture = picture;
        Ok(())
    }

    /// Carries out everything that waits.
    fn settle(&mut self) {
        self.apply_geometry();
        self.apply_tables();
    }

    fn apply_tables(&mut self) {
        if self.tables.is_some() {
            self.apply_geometry();
        }
        if let Some(tables) = self.tables.take() {
            tables.apply(self.picture.data_mut());
        }
    }

    fn apply_geometry(&mut self) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        let from = self.picture_size();
        self.move_maps(&pending, from);
        let Pending {
            back, size, fill, ..
        } = pending;
        let fill = fill.unwrap_or_default();
        let data = self.picture.data();
        let pixels = match pending.whole_pixels() {
            Some(whole) => copy(data, from, whole, size, fill),
            None => bilinear(data, from, &back, size, fill, &pending.windows),
        };
        self.picture = Picture::new(pixels, size[0], size[1]);
    }

    /// Resamples the parsing map and the masks made of pixels.
    fn move_maps(&mut self, pending: &Pending, from: [usize; 2]) {
        let size = pending.size;
        if let Some(map) = &self.parsing {
            let mut labels = match pending.whole_pixels() {
                Some(whole) => copy(map.labels(), from, whole, size, [0]),
                None => nearest(map.labels(), from, &pending.back, size, 0, &pending.windows),
            };
            if pending.map.determinant() < 0.0 {
                let table = self.mirrors.parsing_table();
                for label in &mut labels {
                    *label = table[usize::from(*label)];
                }
            }
            self.parsing = Some(LabelMap::new(labels, size[0], size[1]));
        }
        if let Annotations::Moving(objects) = &mut self.annotations {
            for object in objects {
                object.settle(&pending.map, &pending.back, size, &pending.windows);
            }
        }
    }

    /// The finished sample.
    pub fn finish(mut self) -> Sample {
        self.settle();
        let size = self.picture_size();
        Sample {
            picture: self.picture,
            objects: match self.annotations {
                Annotations::Still(objects) => objects,
                Annotations::Moving(objects) => objects
                    .into_iter()
                    .filter_map(|object| object.finish(size))
                    .collect(),
            },
            parsing: self.parsing,
        }
    }
}

impl Pending {
    /// The map as a plain copy, when it is one and nothing was cut on the way.
    fn whole_pixels(&self) -> Option<super::geometry::WholePixels> {
        self.windows
            .is_empty()
            .then(|| self.map.whole_pixels())
            .flatten()
    }
}

/// No step may ask for more pixels than a decoder would be allowed to make.
fn check_size([width, height]: [usize; 2]) -> Result<(), TransformError> {
    let limit = usize::try_from(DecodeLimits::default().max_pixels).unwrap_or(usize::MAX);
    if width == 0 || height == 0 {
        return Err(TransformError::EmptyPicture { width, height });
    }
    if width
        .checked_mul(height)
        .is_none_or(|pixels| pixels > limit)
    {
        return Err(TransformError::TooLarge {
            width,
            height,
            limit,
        });
    }
    Ok(())
}
