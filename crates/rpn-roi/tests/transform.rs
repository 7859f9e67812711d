//! The transform against torchvision's, on the fixture of `fixtures/generate_transform.py`.

#![allow(clippy::unwrap_used, missing_docs)]

use safetensors::SafeTensors;
use wardrobe_kernels::device::test_device;
use wardrobe_rpn_roi::config::TransformConfig;
use wardrobe_rpn_roi::error::RpnRoiError;
use wardrobe_rpn_roi::image_batch::{ImageSize, RgbPicture};
use wardrobe_rpn_roi::transform::ImageTransform;

fn transform(min_size: usize, max_size: usize, size_divisor: usize) -> ImageTransform {
    let config = TransformConfig {
        min_size,
        max_size,
        size_divisor,
        ..TransformConfig::default()
    };
    ImageTransform::new(config).unwrap()
}

#[test]
fn pixels_equal_torchvisions() {
    let file = SafeTensors::deserialize(include_bytes!("fixtures/transform.safetensors")).unwrap();
    let pictures = ["picture_0", "picture_1"].map(|name| {
        let view = file.tensor(name).unwrap();
        let [height, width, _] = *view.shape() else {
            panic!("{name} is not [h, w, 3]")
        };
        RgbPicture {
            data: view.data(),
            width,
            height,
        }
    });
    let batch = transform(24, 40, 16)
        .batch(&pictures, &test_device())
        .unwrap();
    assert_eq!(
        batch.sizes,
        [ImageSize::new(24, 38), ImageSize::new(40, 24)]
    );
    assert_eq!(
        batch.originals,
        [ImageSize::new(23, 37), ImageSize::new(150, 90)]
    );
    let expected = file.tensor("pixels").unwrap();
    assert_eq!(batch.pixels.dims(), expected.shape());
    let found = batch.pixels.into_data().try_to_vec::<f32>().unwrap();
    for (index, (found, bytes)) in found
        .iter()
        .zip(expected.data().chunks_exact(4))
        .enumerate()
    {
        let expected = f32::from_le_bytes(bytes.try_into().unwrap());
        // Both mix the same two normalised values of size below 3 in f32, in a different order of rounding.
        assert!(
            (found - expected).abs() < 2e-6,
            "value {index}: {found} for {expected}"
        );
    }
}

#[test]
fn sizes_follow_the_shorter_bound() {
    let transform = transform(800, 1333, 32);
    // min(800 / short, 1333 / long) of Python's floats, rounded down: 480×640 → 800/480; 1080×1920 → 1333/1920.
    for (from, to) in [
        ((480, 640), (800, 1066)),
        ((427, 640), (800, 1199)),
        ((1080, 1920), (749, 1333)),
        ((333, 1000), (443, 1333)),
        ((3000, 4000), (800, 1066)),
        ((1200, 628), (1333, 697)),
        ((1, 1), (800, 800)),
    ] {
        let found = transform.resized(ImageSize::new(from.0, from.1));
        assert_eq!((found.height, found.width), to, "{from:?}");
    }
}

#[test]
fn pictures_that_cannot_be_are_named() {
    let device = test_device();
    let transform = transform(800, 1333, 32);
    let bytes = [0_u8; 12];
    let good = RgbPicture {
        data: &bytes,
        width: 2,
        height: 2,
    };
    assert_eq!(
        transform.batch(&[], &device).unwrap_err(),
        RpnRoiError::NoPictures
    );
    let short = RgbPicture { width: 3, ..good };
    assert_eq!(
        transform.batch(&[good, short], &device).unwrap_err(),
        RpnRoiError::PictureBytes {
            index: 1,
            width: 3,
            height: 2,
            expected: 18,
            found: 12
        }
    );
    let empty = RgbPicture {
        data: &[],
        width: 0,
        height: 5,
    };
    assert!(matches!(
        transform.batch(&[empty], &device).unwrap_err(),
        RpnRoiError::PictureShape { index: 0, .. }
    ));
    // One row of 4000 px: 1333/4000 leaves a third of a row.
    let line = vec![0_u8; 12_000];
    let line = RgbPicture {
        data: &line,
        width: 4000,
        height: 1,
    };
    assert!(matches!(
        transform.batch(&[line], &device).unwrap_err(),
        RpnRoiError::PictureShape {
            resized_height: 0,
            ..
        }
    ));
}

#[test]
fn a_picture_of_its_final_size_is_only_normalised() {
    let device = test_device();
    let bytes: Vec<u8> = (0..4 * 4 * 3).map(|i| (i * 5) as u8).collect();
    let picture = RgbPicture {
        data: &bytes,
        width: 4,
        height: 4,
    };
    let batch = transform(4, 8, 4).batch(&[picture], &device).unwrap();
    let found = batch.pixels.into_data().try_to_vec::<f32>().unwrap();
    // Green of pixel (1, 2): byte (1·4 + 2)·3 + 1 = 19 → 95; (95/255 − 0.456) / 0.224.
    let expected = (95.0 / 255.0 - 0.456) / 0.224;
    assert!((found[16 + 4 + 2] - expected).abs() < 1e-6);
}
