//! Resizing, normalising and padding against torchvision's `GeneralizedRCNNTransform`.

use wardrobe::RgbPicture;
use wardrobe::kernels::device::test_device;
use wardrobe::rpn_roi::config::TransformConfig;
use wardrobe::rpn_roi::transform::ImageTransform;
use wardrobe_tests::fixture::Fixture;

#[test]
fn three_pictures_in_one_batch() {
    let fixture = Fixture::open("transform").unwrap();
    let config = TransformConfig {
        min_size: fixture.fact("min_size"),
        max_size: fixture.fact("max_size"),
        ..TransformConfig::default()
    };
    let pictures: Vec<RgbPicture<'_>> = (0..3)
        .map(|image| {
            let name = format!("{image}.picture");
            let shape = fixture.shape(&name);
            RgbPicture {
                data: fixture.bytes(&name),
                width: shape[1],
                height: shape[0],
            }
        })
        .collect();
    let batch = ImageTransform::new(config)
        .unwrap()
        .batch(&pictures, &test_device())
        .unwrap();
    let sizes: Vec<[usize; 2]> = batch
        .sizes
        .iter()
        .map(|size| [size.height, size.width])
        .collect();
    assert_eq!(sizes, fixture.fact::<Vec<[usize; 2]>>("resized"));
    // Four products a pixel: a few units in the last place.
    fixture.assert_close("pixels", batch.pixels, 1e-5);
}
