//! What samples weigh in memory.

use std::mem::size_of;

use crate::sample::{Mask, Object, Sample};

/// Bytes of a sample: pixels, parsing map, and its objects.
pub(super) fn of_sample(sample: &Sample) -> usize {
    let picture = sample.picture.data().len();
    let parsing = sample.parsing.as_ref().map_or(0, |map| map.labels().len());
    of_parts(picture + parsing, &sample.objects)
}

/// Bytes of a sample with this many bytes of pixels and parsing map.
pub(super) fn of_parts(pixels: usize, objects: &[Object]) -> usize {
    let objects = objects
        .iter()
        .map(|object| size_of::<Object>() + object.mask.as_ref().map_or(0, of_mask));
    objects.fold(
        pixels.saturating_add(size_of::<Sample>()),
        usize::saturating_add,
    )
}

fn of_mask(mask: &Mask) -> usize {
    match mask {
        Mask::Polygons(polygons) => polygons
            .iter()
            .map(|polygon| polygon.0.len() * size_of::<[f32; 2]>())
            .sum(),
        Mask::Rle(rle) => rle.counts.len(),
        Mask::Region(region) => region.bits().len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image_file::Picture;
    use crate::mask_region::MaskRegion;
    use crate::sample::{LabelMap, Polygon};

    #[test]
    fn a_sample_weighs_its_pixels_its_parsing_map_and_its_masks() {
        let object = |mask| Object {
            mask,
            ..Object::default()
        };
        let triangle = Polygon(vec![[0.0, 0.0], [4.0, 0.0], [0.0, 3.0]]);
        let sample = Sample {
            picture: Picture::new(vec![0; 3 * 20], 5, 4),
            objects: vec![
                object(None),
                object(Some(Mask::Polygons(vec![triangle]))),
                object(Some(Mask::Region(MaskRegion::new(0, 0, 2, vec![true; 6])))),
            ],
            parsing: Some(LabelMap::new(vec![0; 20], 5, 4)),
        };
        // 60 bytes of pixels, 20 of parsing, 3 corners of 8 bytes, 6 pixels of a mask.
        let structs = size_of::<Sample>() + 3 * size_of::<Object>();
        assert_eq!(of_sample(&sample), structs + 60 + 20 + 24 + 6);
        assert_eq!(of_parts(80, &sample.objects), of_sample(&sample));
        // An annotation that claims an absurd size.
        assert_eq!(of_parts(usize::MAX, &sample.objects), usize::MAX);
    }
}
