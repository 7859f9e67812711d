//! Two modules whose parameters stand side by side under one name.
//!
//! In a torchvision state dict the mask branch lives inside the box branch's module: `roi_heads.box_head.*` next to
//! `roi_heads.mask_head.*`. Here they are two modules of two crates; [`Siblings`] gives them the common prefix without
//! making one know the other.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::tensor::Device;

/// A pair of modules that adds no level to the names of their parameters. Their own names must differ.
#[derive(Debug, Clone)]
pub struct Siblings<A, B> {
    /// The first.
    pub first: A,
    /// The second.
    pub second: B,
}

impl<A, B> Siblings<A, B> {
    fn map_both(self, first: impl FnOnce(A) -> A, second: impl FnOnce(B) -> B) -> Self {
        Self {
            first: first(self.first),
            second: second(self.second),
        }
    }
}

impl<A: Module, B: Module> Module for Siblings<A, B> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.first.visit(visitor);
        self.second.visit(visitor);
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let first = self.first.map(mapper);
        Self {
            first,
            second: self.second.map(mapper),
        }
    }

    fn to_device(self, device: &Device) -> Self {
        self.map_both(
            |first| first.to_device(device),
            |second| second.to_device(device),
        )
    }

    fn fork(self, device: &Device) -> Self {
        self.map_both(|first| first.fork(device), |second| second.fork(device))
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.second
            .collect_devices(self.first.collect_devices(devices))
    }

    fn materialize(self) -> Self {
        self.map_both(A::materialize, B::materialize)
    }

    fn valid(&self) -> Self {
        Self {
            first: self.first.valid(),
            second: self.second.valid(),
        }
    }

    fn train(self) -> Self {
        self.map_both(A::train, B::train)
    }
}

impl<A: Module + ModuleDisplay, B: Module + ModuleDisplay> ModuleDisplayDefault for Siblings<A, B> {
    fn content(&self, content: Content) -> Option<Content> {
        content
            .add("first", &self.first)
            .add("second", &self.second)
            .optional()
    }
}

impl<A: Module + ModuleDisplay, B: Module + ModuleDisplay> ModuleDisplay for Siblings<A, B> {}
