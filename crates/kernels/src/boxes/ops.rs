//! The backend trait of box overlaps and mask pasting.

use burn::backend::{Backend, backend_extension, tensor::FloatTensor};

/// Box kernels. The public functions of this module have checked the inputs: no empty tensor, float
/// tensors in `f32`.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    LibTorch: cfg(feature = "tch"),
    Cube: cfg(feature = "cube"),
    Fusion: cfg(feature = "cube"),
    Autodiff
)]
pub trait BoxOps: Backend {
    /// `[N, 4]`, `[M, 4]` → IoU `[N, M]`: `inter / ((area_a + area_b) − inter)`, so 0/0 is NaN.
    #[allow(unused_variables)]
    #[fusion(dtype = a, shape = burn::tensor::Shape::from([a[0], b[0]]))]
    fn box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;

    /// `[N, 4]`, `[M, 4]` → GIoU `[N, M]`: `IoU − (hull − union) / hull`, where `hull` is the area of
    /// the smallest box around both.
    #[allow(unused_variables)]
    #[fusion(dtype = a, shape = burn::tensor::Shape::from([a[0], b[0]]))]
    fn generalized_box_iou(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Mask probabilities `[K, M, M]` pasted at boxes `[K, 4]` into images of `size` `[H, W]`
    /// → `[K, H, W]`, 0 outside the boxes. The rules are those of [`super::paste_masks`].
    #[allow(unused_variables)]
    #[fusion(dtype = masks, shape = burn::tensor::Shape::from([masks[0], size[0], size[1]]))]
    fn paste_masks(
        masks: FloatTensor<Self>,
        boxes: FloatTensor<Self>,
        size: [usize; 2],
    ) -> FloatTensor<Self>;
}
