//! Parity with torchvision 0.24: outputs and gradients stored by `fixtures/roi_generate.py`.

use crate::support::{Fixture, assert_close, device, oracle, tracking, values};
use burn::tensor::Tensor;
use wardrobe_kernels::roi::{
    LevelAssignment, RoiAlignOptions, RoiPoolOptions, assign_levels, pyramid_roi_align, roi_align,
    roi_pool, twin,
};

/// Values lie in −1…1 and a bin adds at most 16 samples: a few units in the last place.
const FORWARD: f32 = 2e-6;
/// A cell collects the gradient of up to twelve RoIs of many bins.
const GRADIENT: f32 = 2e-5;

fn align_cases() -> impl Iterator<Item = (String, RoiAlignOptions)> {
    [("legacy", false), ("aligned", true)]
        .into_iter()
        .flat_map(|(name, aligned)| {
            (0..4).map(move |ratio| {
                let size = if ratio == 2 { [7, 7] } else { [3, 5] };
                let options = RoiAlignOptions::new(size, 0.25)
                    .with_sampling_ratio(ratio)
                    .with_aligned(aligned);
                (format!("{name}_ratio{ratio}"), options)
            })
        })
}

#[test]
fn align_and_its_twin_equal_torchvision() {
    let file = Fixture::open("roi_align");
    let device = device();
    for (case, options) in align_cases() {
        let features = file.float::<4>("features", &device);
        let rois = file.float::<2>("rois", &device);
        let expected = file.float::<4>(&format!("{case}.output"), &device);
        let fast = roi_align(features, rois, &options);
        assert_close(fast, expected.clone(), FORWARD, &case);
        let features = file.float::<4>("features", &oracle());
        let rois = file.float::<2>("rois", &oracle());
        let plain = twin::roi_align(features, rois, &options);
        assert_close(plain, expected, FORWARD, &case);
    }
}

#[test]
fn align_reads_channels_last_views_with_the_same_result() {
    let file = Fixture::open("roi_align");
    let device = device();
    for (case, options) in align_cases() {
        let features = file.float::<4>("features", &device);
        // Stored as [N, H, W, C], seen as [N, C, H, W].
        let [n, c, h, w] = features.dims();
        let stored = features
            .permute([0, 2, 3, 1])
            .reshape([n, h * w * c])
            .reshape([n, h, w, c]);
        let view = stored.permute([0, 3, 1, 2]);
        let rois = file.float::<2>("rois", &device);
        let expected = file.float::<4>(&format!("{case}.output"), &device);
        assert_close(roi_align(view, rois, &options), expected, FORWARD, &case);
    }
}

#[test]
fn align_gradient_equals_torch() {
    let file = Fixture::open("roi_align");
    let device = tracking();
    for (case, options) in align_cases() {
        let features = file.float::<4>("features", &device).require_grad();
        let rois = file.float::<2>("rois", &device);
        let weights = file.float::<4>(&format!("{case}.weights"), &device);
        let gradients = (roi_align(features.clone(), rois, &options) * weights)
            .sum()
            .backward();
        let expected = file.float::<4>(&format!("{case}.gradient"), &crate::support::device());
        assert_close(
            features.grad(&gradients).unwrap(),
            expected,
            GRADIENT,
            &case,
        );
    }
}

#[test]
fn pyramid_equals_multi_scale_roi_align() {
    let file = Fixture::open("roi_pyramid");
    let device = tracking();
    let names = ["p2", "p3", "p4", "p5"];
    let levels: Vec<Tensor<4>> = names
        .iter()
        .map(|name| file.float::<4>(name, &device).require_grad())
        .collect();
    let rois = file.float::<2>("rois", &device);
    let scales = values(file.float::<1>("scales", &device));
    assert_eq!(scales, [0.25, 0.125, 0.0625, 0.03125]);

    let level_of = assign_levels(rois.clone(), &LevelAssignment::default());
    let expected: Vec<i64> = file
        .int::<1>("level_of", &device)
        .into_data()
        .iter()
        .collect();
    assert_eq!(
        level_of
            .clone()
            .into_data()
            .iter::<i64>()
            .collect::<Vec<_>>(),
        expected
    );

    let options = RoiAlignOptions::new([3, 3], 0.25).with_scales(scales);
    let output = pyramid_roi_align(&levels, rois, level_of.clone(), &options);
    let expected = file.float::<4>("output", &device);
    assert_close(output.clone(), expected.clone(), FORWARD, "output");
    let plain = twin::pyramid_roi_align(
        &names.map(|name| file.float::<4>(name, &oracle())),
        file.float::<2>("rois", &oracle()),
        Tensor::from_data(level_of.into_data(), &oracle()),
        &options,
    );
    assert_close(plain, expected, FORWARD, "twin");

    let weights = file.float::<4>("weights", &device);
    let gradients = (output * weights).sum().backward();
    for (name, level) in names.iter().zip(&levels) {
        let expected = file.float::<4>(&format!("{name}.gradient"), &crate::support::device());
        assert_close(level.grad(&gradients).unwrap(), expected, GRADIENT, name);
    }
}

#[test]
fn pool_and_its_twin_equal_torchvision() {
    let file = Fixture::open("roi_pool");
    let device = tracking();
    for (case, size) in [("size3x5", [3, 5]), ("size7x7", [7, 7])] {
        let options = RoiPoolOptions::new(size, 0.25);
        let features = file.float::<4>("features", &device).require_grad();
        let rois = file.float::<2>("rois", &device);
        let expected = file.float::<4>(&format!("{case}.output"), &device);
        let output = roi_pool(features.clone(), rois, &options);
        // Maxima are copied, not computed.
        assert_close(output.clone(), expected.clone(), 0.0, case);
        let plain = twin::roi_pool(
            file.float::<4>("features", &oracle()),
            file.float::<2>("rois", &oracle()),
            &options,
        );
        assert_close(plain, expected, 0.0, case);

        let weights = file.float::<4>(&format!("{case}.weights"), &device);
        let gradients = (output * weights).sum().backward();
        let expected = file.float::<4>(&format!("{case}.gradient"), &crate::support::device());
        assert_close(features.grad(&gradients).unwrap(), expected, GRADIENT, case);
    }
}
