//! Which tensors a phase trains, and which modules stop their training behaviour with them.

use std::collections::{HashMap, HashSet};

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

use crate::parameters::Parameter;

/// The flags that were on when the run began: batch statistics, dropout.
pub(crate) fn enabled_flags<M: Module>(model: &M) -> HashSet<ParamId> {
    #[derive(Default)]
    struct Enabled(HashSet<ParamId>);
    impl ModuleVisitor for Enabled {
        fn visit_flag(&mut self, flag: &Param<Flag>) {
            if flag.val().is_enabled() {
                self.0.insert(flag.id);
            }
        }
    }
    let mut enabled = Enabled::default();
    model.visit(&mut enabled);
    enabled.0
}

/// The model with exactly the trainable tensors that are not frozen under training, and of `flags`
/// those on whose module still has one of them.
///
/// A flag belongs to the nearest module around it with trainable tensors at all: a batch norm's to
/// the norm, a dropout's to the block it stands in.
pub(crate) fn apply<M: Module>(
    model: M,
    parameters: &[Parameter],
    frozen: &[bool],
    flags: &HashSet<ParamId>,
) -> M {
    let mut census = Census {
        tensors: parameters.iter().zip(frozen),
        path: Vec::new(),
        counts: HashMap::new(),
        flags: Vec::new(),
    };
    model.visit(&mut census);
    let on = |holders: &Vec<String>| {
        let holder = holders
            .iter()
            .rev()
            .find_map(|path| census.counts.get(path));
        holder.is_none_or(|count| count.frozen < count.trainable)
    };
    let enabled: HashSet<ParamId> = census
        .flags
        .iter()
        .filter(|(id, holders)| flags.contains(id) && on(holders))
        .map(|(id, _)| *id)
        .collect();
    model.map(&mut Apply {
        tensors: parameters.iter().zip(frozen),
        enabled,
    })
}

type Tensors<'a> = std::iter::Zip<std::slice::Iter<'a, Parameter>, std::slice::Iter<'a, bool>>;

#[derive(Default)]
struct Count {
    trainable: usize,
    frozen: usize,
}

struct Census<'a> {
    tensors: Tensors<'a>,
    /// Paths of the modules around, outermost first, the field itself last.
    path: Vec<String>,
    counts: HashMap<String, Count>,
    flags: Vec<(ParamId, Vec<String>)>,
}

impl ModuleVisitor for Census<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        let outer = self.path.last().map_or("", String::as_str);
        self.path.push(format!("{outer}/{name}"));
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
        let Some((parameter, &frozen)) = self.tensors.next() else {
            return;
        };
        if !parameter.trainable {
            return;
        }
        let root = String::new();
        for path in std::iter::once(&root).chain(&self.path) {
            let count = self.counts.entry(path.clone()).or_default();
            count.trainable += 1;
            count.frozen += usize::from(frozen);
        }
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        let mut holders = vec![String::new()];
        holders.extend(self.path.iter().cloned());
        self.flags.push((flag.id, holders));
    }
}

struct Apply<'a> {
    tensors: Tensors<'a>,
    enabled: HashSet<ParamId>,
}

impl ModuleMapper for Apply<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.tensors.next() {
            Some((parameter, frozen)) if parameter.trainable => param.set_require_grad(!frozen),
            _ => param,
        }
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        let enabled = self.enabled.contains(&flag.id);
        flag.with_value(enabled)
    }
}
