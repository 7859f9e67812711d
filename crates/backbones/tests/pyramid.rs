//! The feature pyramid by hand.
#![allow(clippy::unwrap_used, missing_docs)]

use burn::tensor::{Device, Tensor};
use wardrobe_backbones::{
    fpn::{Fpn, FpnConfig},
    weights::apply_named,
};
use wardrobe_kernels::device::test_device;

/// One channel; lateral convolutions multiply by 1 (C2) and 10 (C3) and add 0.5; output convolutions
/// pass the centre.
fn fpn(device: &Device) -> Fpn {
    let fpn = FpnConfig::new(vec![1, 1]).with_out_channels(1).init(device);
    apply_named(fpn, |name, _| match name {
        "inner_blocks.0.0.weight" => vec![1.0],
        "inner_blocks.1.0.weight" => vec![10.0],
        name if name.starts_with("inner_blocks") => vec![0.5],
        name if name.ends_with("weight") => vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        _ => vec![0.0],
    })
}

fn values(level: &Tensor<4>) -> Vec<f32> {
    level.to_data().try_to_vec().unwrap()
}

#[test]
fn levels_are_laterals_plus_the_nearest_coarser_cell() {
    let device = test_device();
    // C2 is 4×4 with the values 0 … 15, C3 is 2×2.
    let c2 = Tensor::<1>::from_floats(std::array::from_fn::<f32, 16, _>(|i| i as f32), &device)
        .reshape([1, 1, 4, 4]);
    let c3 = Tensor::<4>::from_floats([[[[1.0, 2.0], [3.0, 4.0]]]], &device);
    let levels = fpn(&device).forward(vec![c2, c3]).levels;
    assert_eq!(levels.len(), 3);
    // P3 = 10 · C3 + 0.5.
    assert_eq!(values(&levels[1]), [10.5, 20.5, 30.5, 40.5]);
    // P2 = C2 + 0.5 + the P3 cell above: 10.5 over the upper left quarter, and so on.
    let p2 = [
        11.0, 12.0, 23.0, 24.0, //
        15.0, 16.0, 27.0, 28.0, //
        39.0, 40.0, 51.0, 52.0, //
        43.0, 44.0, 55.0, 56.0,
    ];
    assert_eq!(values(&levels[0]), p2);
    // P4 takes every second cell of P3, the first one here.
    assert_eq!(values(&levels[2]), [10.5]);
}

#[test]
fn odd_sizes_read_the_cell_that_rounding_down_gives() {
    let device = test_device();
    // Cell j of 5 reads cell ⌊j · 3 / 5⌋ = 0, 0, 1, 1, 2 of the 3 coarser ones.
    let c2 = Tensor::<4>::zeros([1, 1, 1, 5], &device);
    let c3 = Tensor::<4>::from_floats([[[[1.0, 2.0, 3.0]]]], &device);
    let levels = fpn(&device).forward(vec![c2, c3]).levels;
    assert_eq!(values(&levels[0]), [11.0, 11.0, 21.0, 21.0, 31.0]);
    // The subsampled level keeps cells 0 and 2 of 3: windows of one cell, two apart.
    assert_eq!(values(&levels[2]), [10.5, 30.5]);
}

#[test]
fn without_the_extra_level_there_is_one_per_stage() {
    let config = FpnConfig {
        extra_pool: false,
        ..FpnConfig::new(vec![3, 5])
    };
    assert_eq!(config.levels(), 2);
    let device = test_device();
    let stages = vec![
        Tensor::zeros([1, 3, 4, 4], &device),
        Tensor::zeros([1, 5, 2, 2], &device),
    ];
    assert_eq!(
        config.init(&device).forward(stages).sizes(),
        [[4, 4], [2, 2]]
    );
}

#[test]
#[should_panic(expected = "FPN: got 1 stages for 2 lateral convolutions")]
fn a_missing_stage_panics() {
    let device = test_device();
    let _ = fpn(&device).forward(vec![Tensor::zeros([1, 1, 2, 2], &device)]);
}
