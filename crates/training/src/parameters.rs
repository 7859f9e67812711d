//! A module's float tensors by number and name: what they are, reading and replacing them.
//!
//! Everything here numbers tensors in the order of [`Module::visit`], which mapping follows too.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};

use crate::error::TrainingError;
use crate::run::Stored;

/// One float tensor of a model.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub name: String,
    pub id: ParamId,
    /// Number of dimensions.
    pub rank: usize,
    /// Whether it can be trained; false for buffers and running statistics.
    pub trainable: bool,
}

/// All float tensors of a model in training mode.
pub(crate) fn list<M: Module>(
    model: &M,
    names: &[String],
) -> Result<Vec<Parameter>, TrainingError> {
    let mut lister = Lister::default();
    model.visit(&mut lister);
    let failed = |reason: String| TrainingError::Parameters { reason };
    if lister.found.len() != names.len() {
        return Err(failed(format!(
            "the task names {} of {} float tensors; name all, in the order of `Module::visit`",
            names.len(),
            lister.found.len()
        )));
    }
    let mut parameters: Vec<Parameter> = Vec::with_capacity(names.len());
    for ((id, rank, trainable), name) in lister.found.into_iter().zip(names) {
        if parameters.iter().any(|other| other.name == *name) {
            return Err(failed(format!("two are called {name:?}")));
        }
        if let Some(other) = parameters.iter().find(|other| other.id == id) {
            return Err(failed(format!(
                "{name:?} and {:?} are one tensor; hold it in one place of the module",
                other.name
            )));
        }
        parameters.push(Parameter {
            name: name.clone(),
            id,
            rank,
            trainable,
        });
    }
    Ok(parameters)
}

#[derive(Default)]
struct Lister {
    found: Vec<(ParamId, usize, bool)>,
}

impl ModuleVisitor for Lister {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push((param.id, D, param.is_require_grad()));
    }
}

/// A parameter with another value, in its old state of autodiff.
pub(crate) fn with_value<const D: usize>(
    param: Param<Tensor<D>>,
    value: impl FnOnce(Tensor<D>) -> Tensor<D>,
) -> Param<Tensor<D>> {
    let (id, old, mapper) = param.consume();
    let autodiff = old.is_autodiff();
    let strategy = old.gradient_checkpointing_strategy();
    let trained = old.is_require_grad();
    let mut new = value(old.inner());
    if autodiff {
        new = Tensor::from_inner(new);
    }
    if let Some(strategy) = strategy {
        new = new.with_gradient_checkpointing_strategy(strategy);
    }
    if trained {
        new = new.require_grad();
    }
    Param::from_mapped_value(id, new, mapper)
}

/// All values on the host, under `prefix` and their names.
pub(crate) fn store<M: Module>(model: &M, names: &[String], prefix: &str, stored: &mut Stored) {
    let mut reader = Reader::default();
    // The snapshot's running statistics have taken in their last update, the model's may not.
    model.valid().visit(&mut reader);
    for (name, data) in names.iter().zip(reader.values) {
        stored.insert(format!("{prefix}{name}"), data);
    }
}

#[derive(Default)]
struct Reader {
    values: Vec<TensorData>,
}

impl ModuleVisitor for Reader {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.values.push(param.val().into_data());
    }
}

/// The model with the values stored under `prefix`; they are taken out of `stored`.
///
/// Says what does not fit, all of it.
pub(crate) fn restore<M: Module>(
    model: M,
    names: &[String],
    prefix: &str,
    stored: &mut Stored,
) -> Result<M, String> {
    let mut writer = Writer {
        names: names.iter(),
        prefix,
        stored,
        problems: Vec::new(),
    };
    let model = model.map(&mut writer);
    let mut problems = writer.problems;
    let surplus = stored.keys().filter(|name| name.starts_with(prefix));
    problems.extend(surplus.map(|name| format!("{name} is not in the model")));
    if problems.is_empty() {
        Ok(model)
    } else {
        Err(format!(
            "holds another model than this one: {}; load it with the configuration it was trained with",
            problems.join(", ")
        ))
    }
}

struct Writer<'a> {
    names: std::slice::Iter<'a, String>,
    prefix: &'a str,
    stored: &'a mut Stored,
    problems: Vec<String>,
}

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.names.next().map_or("", String::as_str);
        let Some(data) = self.stored.remove(&format!("{}{name}", self.prefix)) else {
            self.problems.push(format!("{name} is missing"));
            return param;
        };
        let expected = param.lazy_shape();
        if *data.shape() != expected {
            self.problems.push(format!(
                "{name} is {:?} instead of {:?}",
                data.shape().as_slice(),
                expected.as_slice()
            ));
            return param;
        }
        with_value(param, |old| placed(data, &old))
    }
}

/// Values on the device of `like`, in their own type.
fn placed<const D: usize>(data: TensorData, like: &Tensor<D>) -> Tensor<D> {
    let dtype = data.dtype();
    Tensor::from_data(data, (&like.device(), dtype))
}

/// The model with every value read to the host and back: drawn, and dense in memory. A model that was handed
/// over can hold views, over which a product may add up in another order than over the dense copy that a
/// resumed run starts from.
pub(crate) fn dense<M: Module>(model: M) -> M {
    struct Dense;
    impl ModuleMapper for Dense {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            with_value(param, |old| placed(old.clone().into_data(), &old))
        }
    }
    model.map(&mut Dense)
}

/// The model with every tensor under balanced gradient checkpointing.
pub(crate) fn checkpointed<M: Module>(model: M) -> M {
    use burn::tensor::GradientCheckpointingStrategy::Balanced;
    struct Checkpointed;
    impl ModuleMapper for Checkpointed {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let trained = param.is_require_grad();
            param.map(|old| {
                old.inner()
                    .autodiff()
                    .with_gradient_checkpointing_strategy(Balanced)
                    .set_require_grad(trained)
            })
        }
    }
    model.map(&mut Checkpointed)
}

/// The number of the first tensor with a NaN or an infinity.
pub(crate) fn first_not_finite<M: Module>(model: &M) -> Option<usize> {
    #[derive(Default)]
    struct Finder {
        number: usize,
        found: Option<usize>,
    }
    impl ModuleVisitor for Finder {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.found.is_none() {
                let finite = param.val().inner().is_finite().all();
                if !finite.into_scalar::<bool>() {
                    self.found = Some(self.number);
                }
            }
            self.number += 1;
        }
    }
    let mut finder = Finder::default();
    model.visit(&mut finder);
    finder.found
}
