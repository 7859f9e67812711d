//! LibTorch: the host kernels on CPU tensors' own memory, LibTorch's operations elsewhere.
//!
//! LibTorch knows the channels-last layout itself, so tensors pass between these kernels and its
//! own operations without a copy. On a GPU the composed path runs, in place where it may.

use std::{borrow::Cow, sync::Arc};

use burn::{
    backend::{LibTorch, tensor::FloatTensor},
    tensor::FloatDType,
};
use burn_tch::TchTensor;
use tch::{Device, Kind, Tensor};

use super::{
    Activation, ConvOptions,
    host::{
        cache::{self, Form, Guard, Key},
        layout::transpose,
    },
    host_blocks::host_conv_blocks,
    host_tensor::{self, HostTensor, is_channels_last},
};

host_conv_blocks!(LibTorch);

/// The values of a contiguous host tensor of f32, or of one that is contiguous once permuted.
fn slice(tensor: &Tensor) -> &[f32] {
    // SAFETY: the callers have checked kind, device and layout; the tensor outlives the slice and
    // burn writes in place only where there is one reference.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<f32>(), tensor.numel()) }
}

/// A new tensor of `size` that `fill` writes in full.
fn filled(size: &[i64], fill: impl FnOnce(&mut [f32])) -> Tensor {
    let tensor = Tensor::empty(size, (Kind::Float, Device::Cpu));
    if tensor.numel() > 0 {
        // SAFETY: a fresh, contiguous tensor that nobody else refers to.
        fill(unsafe {
            std::slice::from_raw_parts_mut(tensor.data_ptr().cast::<f32>(), tensor.numel())
        });
    }
    tensor
}

/// A strong reference to a storage's count: while the cache holds one, burn sees two and does not
/// write in place; the storage is in use as long as there are more.
struct StorageGuard(Arc<*mut std::ffi::c_void>);

// SAFETY: only the reference count is ever read, which is atomic; the pointer is not.
unsafe impl Send for StorageGuard {}

impl Guard for StorageGuard {
    fn in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

impl HostTensor for TchTensor {
    fn is_readable(&self) -> bool {
        self.tensor.kind() == Kind::Float && self.tensor.device() == Device::Cpu
    }

    fn half(&self) -> Option<FloatDType> {
        match (self.tensor.device(), self.tensor.kind()) {
            (Device::Cpu, Kind::Half) => Some(FloatDType::F16),
            (Device::Cpu, Kind::BFloat16) => Some(FloatDType::BF16),
            _ => None,
        }
    }

    fn sizes<const D: usize>(&self) -> [usize; D] {
        let size = self.tensor.size();
        std::array::from_fn(|axis| size[axis] as usize)
    }

    fn rows(&self) -> Cow<'_, [f32]> {
        let [n, c, h, w] = self.sizes();
        if n * c * h * w == 0 {
            return Cow::Borrowed(&[]);
        }
        let strides = self.tensor.stride();
        let strides = std::array::from_fn(|axis| strides[axis].unsigned_abs() as usize);
        if is_channels_last([n, c, h, w], strides) {
            return Cow::Borrowed(slice(&self.tensor));
        }
        Cow::Owned(transpose(&self.values(), n, c, h * w))
    }

    fn values(&self) -> Cow<'_, [f32]> {
        if self.tensor.numel() == 0 {
            Cow::Borrowed(&[])
        } else if self.tensor.is_contiguous() {
            Cow::Borrowed(slice(&self.tensor))
        } else {
            Cow::Owned(slice(&self.tensor.contiguous()).to_vec())
        }
    }

    fn packed<P: Send + Sync + 'static>(
        &self,
        form: Form,
        pack: impl FnOnce(&[f32]) -> P,
    ) -> Arc<P> {
        // Only a dense row-major view is identified by its start; anything else is packed anew.
        if !self.tensor.is_contiguous() {
            return Arc::new(pack(&self.values()));
        }
        let storage = self.storage.buffer_ref();
        let key = Key {
            storage: Arc::as_ptr(storage).addr(),
            offset: self.tensor.data_ptr().addr(),
            form,
        };
        cache::packed(key, StorageGuard(Arc::clone(storage)), || {
            pack(&self.values())
        })
    }

    fn from_rows([n, c, h, w]: [usize; 4], fill: impl FnOnce(&mut [f32])) -> Self {
        let size = [n, h, w, c].map(|size| size as i64);
        Self::new(filled(&size, fill).permute([0, 3, 1, 2]))
    }

    fn from_values<const D: usize>(shape: [usize; D], fill: impl FnOnce(&mut [f32])) -> Self {
        Self::new(filled(&shape.map(|size| size as i64), fill))
    }
}
