//! The norm of all gradients together, and what a step multiplies them with.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{FloatDType, Tensor};
use burn_optim::GradientsParams;

/// The sum of squares of the gradient of each parameter that has one: (number, sum).
///
/// Rows are summed before the whole: a backend may split a sum over millions of numbers among its
/// threads, in an order that is not the same twice (Burn's Flex does from 4·2²⁰ numbers on).
pub(crate) fn square_sums<M: Module>(model: &M, gradients: &GradientsParams) -> Vec<(usize, f64)> {
    let mut squares = Squares {
        gradients,
        number: 0,
        numbers: Vec::new(),
        sums: Vec::new(),
    };
    model.visit(&mut squares);
    if squares.sums.is_empty() {
        return Vec::new();
    }
    // One reading for all: a device is waited for only once.
    let sums = Tensor::cat(squares.sums, 0).into_data();
    let sums = sums.as_slice::<f32>().unwrap_or_default().to_vec();
    let sums = sums.into_iter().map(f64::from);
    squares.numbers.into_iter().zip(sums).collect()
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    number: usize,
    numbers: Vec<usize>,
    sums: Vec<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            let rows = if D > 1 { gradient.dims()[0] } else { 1 };
            let columns = gradient.shape().num_elements() / rows.max(1);
            let gradient = gradient.reshape([rows, columns]).cast(FloatDType::F32);
            let row_sums = gradient.square().sum_dim(1);
            self.sums.push(row_sums.sum());
            self.numbers.push(self.number);
        }
        self.number += 1;
    }
}

/// What gradients of this norm are multiplied with so that it is at most `limit`: limit/(norm + 1e-6)
/// where that is below 1 (PyTorch's `clip_grad_norm_`, 1e-6 included).
///
/// ```
/// # use wardrobe_training::clip_factor;
/// assert_eq!(clip_factor(5.0, Some(10.0)), 1.0);
/// assert!((clip_factor(20.0, Some(10.0)) - 0.5).abs() < 1e-7);
/// assert_eq!(clip_factor(20.0, None), 1.0);
/// ```
pub fn clip_factor(norm: f64, limit: Option<f64>) -> f64 {
    limit.map_or(1.0, |limit| (limit / (norm + 1e-6)).min(1.0))
}
