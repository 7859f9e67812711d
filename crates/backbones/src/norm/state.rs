//! Vectors that belong to a module and that no optimiser touches.

use burn::{
    module::{
        Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
        Param, ParamId, RunningState,
    },
    tensor::{Device, Tensor},
};

/// A constant vector: saved, loaded and moved like a parameter, never trained.
#[derive(Clone, Debug)]
pub struct Buffer {
    id: ParamId,
    value: Tensor<1>,
}

impl Buffer {
    /// A buffer holding `value`.
    pub fn new(value: Tensor<1>) -> Self {
        Self {
            id: ParamId::new(),
            value: value.detach(),
        }
    }

    /// The value `[C]`.
    pub fn val(&self) -> Tensor<1> {
        self.value.clone()
    }

    fn with(self, change: impl FnOnce(Tensor<1>) -> Tensor<1>) -> Self {
        Self {
            id: self.id,
            value: change(self.value),
        }
    }
}

impl Module for Buffer {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_float(&Param::initialized(self.id, self.value.clone()));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let (id, value) = mapped(self.id, self.value, mapper);
        Self { id, value }
    }

    fn to_device(self, device: &Device) -> Self {
        self.with(|value| value.to_device(device))
    }

    fn fork(self, device: &Device) -> Self {
        self.to_device(device)
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        with_device(devices, &self.value)
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        self.clone().with(Tensor::without_autodiff)
    }

    fn train(self) -> Self {
        self.with(Tensor::from_inner)
    }
}

impl ModuleDisplayDefault for Buffer {
    fn content(&self, content: Content) -> Option<Content> {
        content
            .add_formatted(&format!("Buffer {{shape: {:?}}}", self.value.dims()))
            .optional()
    }
}

impl ModuleDisplay for Buffer {}

/// A statistic that forward passes move, from any number of threads.
///
/// Burn's [`RunningState`] with two differences: a visitor (so, an export) sees the newest value and
/// not the one before the last update, and a mapped module (so, a loaded one) no longer shares its
/// value with the clones it had.
#[derive(Clone, Debug)]
pub struct RunningStatistic {
    id: ParamId,
    state: RunningState<Tensor<1>>,
}

impl RunningStatistic {
    /// A statistic that starts at `value`.
    pub fn new(value: Tensor<1>) -> Self {
        Self::with_id(ParamId::new(), value)
    }

    fn with_id(id: ParamId, value: Tensor<1>) -> Self {
        Self {
            id,
            state: RunningState::with_id(id, value),
        }
    }

    /// The value `[C]`, all updates of this thread included.
    pub fn val(&self) -> Tensor<1> {
        self.state.value_sync()
    }

    /// value ← value · (1 − momentum) + batch · momentum, computed on `device`.
    pub fn move_towards(&self, batch: Tensor<1>, momentum: f64, device: &Device) {
        let running = self.val().to_device(device);
        let moved = running * (1.0 - momentum) + batch.detach() * momentum;
        self.state.update(moved.detach());
    }

    /// The value with the updates of all threads.
    fn merged(&self) -> Tensor<1> {
        // The only public way to merge the updates of other threads; its result is not needed.
        let _ = self.state.valid();
        self.state.value()
    }
}

impl Module for RunningStatistic {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.visit_float(&Param::initialized(self.id, self.merged()));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let (id, value) = mapped(self.id, self.merged(), mapper);
        Self::with_id(id, value)
    }

    fn to_device(self, device: &Device) -> Self {
        Self {
            id: self.id,
            state: self.state.to_device(device),
        }
    }

    fn fork(self, device: &Device) -> Self {
        self.to_device(device)
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        with_device(devices, &self.state.value())
    }

    fn materialize(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        Self {
            id: self.id,
            state: self.state.valid(),
        }
    }

    fn train(self) -> Self {
        Self {
            id: self.id,
            state: self.state.train(),
        }
    }
}

impl ModuleDisplayDefault for RunningStatistic {
    fn content(&self, content: Content) -> Option<Content> {
        content
            .add_formatted(&format!(
                "RunningStatistic {{shape: {:?}}}",
                self.state.value().dims()
            ))
            .optional()
    }
}

impl ModuleDisplay for RunningStatistic {}

fn mapped<M: ModuleMapper>(id: ParamId, value: Tensor<1>, mapper: &mut M) -> (ParamId, Tensor<1>) {
    let (id, value, _) = mapper.map_float(Param::initialized(id, value)).consume();
    (id, value.set_require_grad(false))
}

fn with_device(mut devices: Devices, value: &Tensor<1>) -> Devices {
    let device = value.device();
    if !devices.contains(&device) {
        devices.push(device);
    }
    devices
}
