//! Two rules every stage applies to its boxes: stay inside the picture, be no splinter.

use burn::tensor::{Bool, Tensor};

use crate::image_batch::ImageSize;

/// Boxes `[K, 4]` with every corner moved into the picture: x to 0 … width, y to 0 … height.
pub(crate) fn clip(boxes: Tensor<2>, size: ImageSize) -> Tensor<2> {
    let [count, _] = boxes.dims();
    // [K, 2, 2]: corner, then axis.
    let corners = boxes.reshape([count, 2, 2]);
    let x = corners
        .clone()
        .narrow(2, 0, 1)
        .clamp(0.0, size.width as f32);
    let y = corners.narrow(2, 1, 1).clamp(0.0, size.height as f32);
    Tensor::cat(vec![x, y], 2).reshape([count, 4])
}

/// `[K]`: whether both sides are `≥ min_size` pixels; never for a box with a NaN.
pub(crate) fn is_large_enough(boxes: &Tensor<2>, min_size: f32) -> Tensor<1, Bool> {
    let sides = boxes.clone().narrow(1, 2, 2) - boxes.clone().narrow(1, 0, 2);
    sides.greater_equal_elem(min_size).all_dim(1).squeeze_dim(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, missing_docs)]
    use super::*;
    use wardrobe_kernels::device::test_device;

    #[test]
    fn corners_move_to_the_border() {
        let boxes = Tensor::from_floats(
            [[-5.0, 3.0, 700.0, 481.0], [650.0, -9.0, 660.0, -1.0]],
            &test_device(),
        );
        let clipped = clip(boxes, ImageSize::new(480, 640))
            .into_data()
            .try_to_vec::<f32>()
            .unwrap();
        assert_eq!(clipped, [0.0, 3.0, 640.0, 480.0, 640.0, 0.0, 640.0, 0.0]);
    }

    #[test]
    fn splinters_and_nan_are_too_small() {
        let boxes = Tensor::from_floats(
            [
                [0.0, 0.0, 1.0, 1.0],
                [0.0, 0.0, 0.5, 9.0],
                [0.0, 0.0, f32::NAN, 9.0],
                [5.0, 5.0, 3.0, 9.0],
            ],
            &test_device(),
        );
        let large: Vec<bool> = is_large_enough(&boxes, 1.0)
            .into_data()
            .iter::<bool>()
            .collect();
        // A side equal to the limit stays (≥).
        assert_eq!(large, [true, false, false, false]);
    }
}
