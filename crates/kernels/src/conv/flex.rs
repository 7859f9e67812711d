//! Flex: the host kernels on the tensors' own storage.
//!
//! A channels-last tensor is an `[N, C, H, W]` tensor whose strides say so: results leave in that
//! form, and a convolution that receives one reads it in place. 16-bit tensors are computed on in f32
//! and rounded; double precision takes the composed path.

use std::{borrow::Cow, sync::Arc};

use burn::{
    backend::{Flex, tensor::FloatTensor},
    tensor::{DType, FloatDType, Shape, TensorData},
};
use burn_flex::{FlexTensor, Layout};

use super::{
    Activation, ConvOptions,
    host::{
        cache::{self, Form, Key},
        layout::transpose,
        uninit,
    },
    host_blocks::host_conv_blocks,
    host_tensor::{self, HostTensor, is_channels_last},
};
use crate::precision::is_half;

host_conv_blocks!(Flex);

impl HostTensor for FlexTensor {
    fn is_readable(&self) -> bool {
        self.dtype() == DType::F32
    }

    fn half(&self) -> Option<FloatDType> {
        is_half(self.dtype()).then(|| self.dtype().into())
    }

    fn sizes<const D: usize>(&self) -> [usize; D] {
        let shape = self.layout().shape();
        std::array::from_fn(|axis| shape[axis])
    }

    fn rows(&self) -> Cow<'_, [f32]> {
        let [n, c, h, w] = self.sizes();
        let strides = self.layout().strides();
        let forward = strides.iter().all(|&stride| stride >= 0);
        let strides = std::array::from_fn(|axis| strides[axis].unsigned_abs());
        if forward && is_channels_last([n, c, h, w], strides) {
            let start = self.layout().start_offset();
            return Cow::Borrowed(&self.storage::<f32>()[start..start + n * c * h * w]);
        }
        Cow::Owned(transpose(&self.values(), n, c, h * w))
    }

    fn values(&self) -> Cow<'_, [f32]> {
        match self.as_slice::<f32>() {
            Some(values) => Cow::Borrowed(values),
            None => Cow::Owned(
                self.to_contiguous().storage::<f32>()[..self.layout().num_elements()].to_vec(),
            ),
        }
    }

    fn packed<P: Send + Sync + 'static>(
        &self,
        form: Form,
        pack: impl FnOnce(&[f32]) -> P,
    ) -> Arc<P> {
        // Only a dense row-major view is identified by its start; anything else is packed anew.
        if !self.is_contiguous() {
            return Arc::new(pack(&self.values()));
        }
        let storage = self.data_arc();
        let key = Key {
            storage: Arc::as_ptr(&storage).addr(),
            offset: self.layout().start_offset(),
            form,
        };
        cache::packed(key, Arc::downgrade(&storage), || pack(&self.values()))
    }

    fn from_rows([n, c, h, w]: [usize; 4], fill: impl FnOnce(&mut [f32])) -> Self {
        let mut values = uninit(n * c * h * w);
        fill(&mut values);
        let strides = [h * w * c, 1, w * c, c].map(|stride| stride as isize);
        let layout = Layout::new(Shape::from([n, c, h, w]), strides.to_vec(), 0);
        Self::from_data(TensorData::new(values, [n * c * h * w])).with_layout(layout)
    }

    fn from_values<const D: usize>(shape: [usize; D], fill: impl FnOnce(&mut [f32])) -> Self {
        let mut values = uninit(shape.iter().product());
        fill(&mut values);
        Self::from_data(TensorData::new(values, shape))
    }
}
