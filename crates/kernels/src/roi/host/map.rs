//! A strided view of a feature map.

/// Channels from which on gradients are channels-last: one AVX-512 register.
const WIDE_MAP: usize = 16;

/// One feature map `[N, C, H, W]` of any layout.
#[derive(Clone, Copy)]
pub(crate) struct FeatureMap<'a> {
    /// From the first element on; empty when only the sizes are known.
    pub data: &'a [f32],
    /// N.
    pub images: usize,
    /// C.
    pub channels: usize,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// Elements from one image, channel, row, column to the next.
    pub stride: [usize; 4],
}

impl<'a> FeatureMap<'a> {
    /// A view of `data` with the given strides.
    ///
    /// # Panics
    /// If an element of the view lies outside `data`.
    pub fn new(
        data: &'a [f32],
        [images, channels, height, width]: [usize; 4],
        stride: [usize; 4],
    ) -> Self {
        let sizes = [images, channels, height, width];
        if sizes.iter().all(|&size| size > 0) {
            let last: usize = sizes
                .iter()
                .zip(stride)
                .map(|(size, step)| (size - 1) * step)
                .sum();
            assert!(
                last < data.len(),
                "feature map {sizes:?} with strides {stride:?} exceeds {} elements",
                data.len()
            );
        }
        Self {
            data,
            images,
            channels,
            height,
            width,
            stride,
        }
    }

    /// A map of which only the sizes matter.
    pub fn sizes_only([images, channels, height, width]: [usize; 4]) -> Self {
        Self {
            data: &[],
            images,
            channels,
            height,
            width,
            stride: [0; 4],
        }
    }

    /// Channels of one cell lie side by side.
    pub fn is_channels_last(&self) -> bool {
        self.stride[1] == 1 || self.channels == 1
    }

    /// Whether a gradient that does not read the map is best written channels-last.
    ///
    /// Cells then take all their channels in one go; convolutions here keep that layout anyway.
    pub fn is_wide(&self) -> bool {
        self.channels >= WIDE_MAP
    }

    /// Index of channel `channel` of the first cell of `image`.
    pub fn origin(&self, image: usize, channel: usize) -> usize {
        image * self.stride[0] + channel * self.stride[1]
    }
}

/// Where the gradient of a map goes: contiguous `[N, H, W, C]` or `[N, C, H, W]`.
pub(crate) struct Gradient<'a> {
    /// Zeros at first.
    pub data: &'a mut [f32],
    /// Whether the channels of a cell lie side by side.
    pub channels_last: bool,
}
