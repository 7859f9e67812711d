//! 16-bit operations against the same in f32: on the values that 16 bits have, only the result is rounded.

use burn::tensor::{DType, Device, FloatDType, Tensor};
use wardrobe_kernels::{
    conv::{Activation, ConvOptions, conv2d, linear, max_pool2d, twin, upsample_nearest},
    device::test_device,
    norm::{self, batch_norm},
    precision::widened,
};

use crate::support::{cases, oracle, relative, values};

/// The 16-bit types of the device, each with the largest error of a result over the largest result.
///
/// Rounding to p bits (bf16 has 8, f16 has 11) moves a value by 2⁻ᵖ of itself at most. A gradient is rounded on its way in
/// and on its way out, and behind a ReLU or a norm the value it passes is too: four roundings are not exceeded.
fn types() -> Vec<(FloatDType, f32)> {
    let device = test_device();
    let all = [(FloatDType::BF16, 8), (FloatDType::F16, 11)].into_iter();
    all.filter(|(dtype, _)| device.supports_dtype(*dtype))
        .map(|(dtype, bits)| (dtype, 4.0 * 0.5_f32.powi(bits)))
        .collect()
}

/// Values of the type, on the device under test and as f32 for the oracle.
fn rounded<const D: usize>(shape: [usize; D], seed: u32, dtype: FloatDType) -> [Tensor<D>; 2] {
    let short = values(shape, seed, &test_device()).cast(dtype);
    let long = oracle(&widened(short.clone()));
    [
        Tensor::from_inner(short).require_grad(),
        Tensor::from_inner(long).require_grad(),
    ]
}

fn assert_near<const D: usize>(found: Tensor<D>, expected: Tensor<D>, least: f32, what: &str) {
    let error = relative(found, expected);
    assert!(error < least, "{what}: {error}, {least} allowed");
}

#[test]
fn convolutions_and_their_gradients() {
    for (dtype, tolerance) in types() {
        for (index, case) in cases().iter().enumerate() {
            let [x, long_x] = rounded(case.x, 1, dtype);
            let [w, long_w] = rounded([case.d, case.x[1], case.kernel, case.kernel], 2, dtype);
            let [b, long_b] = rounded([case.d], 3, dtype);
            let found = conv2d(x.clone(), w.clone(), Some(b.clone()), None, &case.options);
            let expected = twin::conv2d(
                long_x.clone(),
                long_w.clone(),
                Some(long_b.clone()),
                None,
                &case.options,
            );
            assert_eq!(found.dtype(), DType::from(dtype));
            let what = |part: &str| format!("{dtype:?}, case {index}, {part}");
            assert_near(found.clone(), expected.clone(), tolerance, &what("output"));
            let [seed, long_seed] = rounded(found.dims(), 4, dtype);
            let found = (found * seed.detach()).sum().backward();
            let expected = (expected * long_seed.detach()).sum().backward();
            let of_x = (x.grad(&found).unwrap(), long_x.grad(&expected).unwrap());
            let of_w = (w.grad(&found).unwrap(), long_w.grad(&expected).unwrap());
            let of_b = (b.grad(&found).unwrap(), long_b.grad(&expected).unwrap());
            assert_eq!(of_w.0.dtype(), DType::from(dtype));
            assert_near(of_x.0, of_x.1, tolerance, &what("of the input"));
            assert_near(of_w.0, of_w.1, tolerance, &what("of the weight"));
            assert_near(of_b.0, of_b.1, tolerance, &what("of the bias"));
        }
    }
}

/// f32 gives way: pixels in f32 meet 16-bit weights, and the gradient comes back in f32.
#[test]
fn of_two_types_the_shorter_computes() {
    let device = test_device().autodiff();
    for (dtype, tolerance) in types() {
        let [w, long_w] = rounded([4, 3, 3, 3], 2, dtype);
        let x = values([2, 3, 6, 5], 1, &device).require_grad();
        let residual = values([2, 4, 6, 5], 3, &device).require_grad();
        let bias = values([4], 4, &device);
        let options = ConvOptions::same(3);
        let y = conv2d(x.clone(), w, Some(bias), Some(residual.clone()), &options);
        assert_eq!(y.dtype(), DType::from(dtype));
        let grads = y.sum().backward();
        let expected = twin::conv2d(
            values([2, 3, 6, 5], 1, &Device::flex()),
            long_w.inner(),
            Some(values([4], 4, &Device::flex())),
            Some(values([2, 4, 6, 5], 3, &Device::flex())),
            &options,
        );
        let y = conv2d(
            values([2, 3, 6, 5], 1, &test_device()).cast(dtype),
            values([4, 3, 3, 3], 2, &test_device()),
            Some(values([4], 4, &test_device())),
            Some(values([2, 4, 6, 5], 3, &test_device())),
            &options,
        );
        assert_eq!(y.dtype(), DType::from(dtype));
        assert_near(y, expected, tolerance, "of f32 inputs");
        assert_eq!(x.grad(&grads).unwrap().dtype(), DType::F32);
        assert_eq!(residual.grad(&grads).unwrap().dtype(), DType::F32);
    }
}

#[test]
fn linear_layers() {
    for (dtype, tolerance) in types() {
        let [x, long_x] = rounded([37, 50], 1, dtype);
        let [w, long_w] = rounded([50, 21], 2, dtype);
        let [b, long_b] = rounded([21], 3, dtype);
        let relu = Activation::Relu;
        let found = linear(x.clone(), w.clone(), Some(b.clone()), relu);
        let expected = twin::linear(long_x.clone(), long_w.clone(), Some(long_b.clone()), relu);
        assert_near(found.clone(), expected.clone(), tolerance, "output");
        let plain = linear(
            x.clone().inner(),
            w.clone().inner(),
            Some(b.clone().inner()),
            relu,
        );
        assert_near(
            plain,
            expected.clone().inner(),
            tolerance,
            "without autodiff",
        );
        let found = found.sum().backward();
        let expected = expected.sum().backward();
        let of_w = (w.grad(&found).unwrap(), long_w.grad(&expected).unwrap());
        let of_b = (b.grad(&found).unwrap(), long_b.grad(&expected).unwrap());
        let of_x = (x.grad(&found).unwrap(), long_x.grad(&expected).unwrap());
        assert_near(of_x.0, of_x.1, tolerance, "of the input");
        assert_near(of_w.0, of_w.1, tolerance, "of the weight");
        assert_near(of_b.0, of_b.1, tolerance, "of the bias");
    }
}

/// Maxima and copies need no rounding at all; their gradients are sums of up to four values.
#[test]
fn pools_and_upsampling() {
    for (dtype, tolerance) in types() {
        for (name, op) in [
            (
                "pool",
                (|x| max_pool2d(x, 3, 2, 1)) as fn(Tensor<4>) -> Tensor<4>,
            ),
            ("subsampling", |x| max_pool2d(x, 1, 2, 0)),
            ("upsampling", |x| upsample_nearest(x, [13, 16])),
        ] {
            let [x, long_x] = rounded([2, 5, 7, 8], 1, dtype);
            let (found, expected) = (op(x.clone()), op(long_x.clone()));
            assert_eq!(relative(found.clone(), expected.clone()), 0.0, "{name}");
            let found = x.grad(&found.sum().backward()).unwrap();
            let expected = long_x.grad(&expected.sum().backward()).unwrap();
            assert_near(found, expected, tolerance, name);
        }
    }
}

/// A map of 16 bits far from 0, whose statistics no 16-bit sum would find: 2,000 values around 100.
#[test]
fn batch_norm_counts_in_f32() {
    for (dtype, tolerance) in types() {
        let device = test_device().autodiff();
        let x = values([2, 3, 25, 40], 1, &device)
            .add_scalar(100.0)
            .cast(dtype);
        let residual = values([2, 3, 25, 40], 2, &device).cast(dtype);
        let (weight, bias) = (values([3], 3, &device), values([3], 4, &device));
        let seed = values([2, 3, 25, 40], 5, &device).cast(dtype);
        let long = |tensor: &Tensor<4>| oracle(&widened(tensor.clone())).autodiff().detach();
        let (long_x, long_residual) = (long(&x).require_grad(), long(&residual));
        let (x, short) = (x.detach().require_grad(), weight.cast(dtype).detach());
        let weight = short.clone().require_grad();
        let relu = Activation::Relu;
        let found = batch_norm(
            x.clone(),
            weight.clone(),
            bias.clone(),
            Some(residual),
            1e-5,
            relu,
        );
        let expected = norm::twin::batch_norm(
            long_x.clone(),
            oracle(&widened(short)).autodiff(),
            oracle(&bias).autodiff(),
            Some(long_residual),
            1e-5,
            relu,
        );
        assert_eq!(found.output.dtype(), DType::from(dtype));
        assert_eq!(found.mean.dtype(), DType::F32);
        assert_near(found.mean, expected.mean, 1e-5, "mean");
        assert_near(found.variance, expected.variance, 1e-3, "variance");
        assert_near(
            found.output.clone(),
            expected.output.clone(),
            tolerance,
            "output",
        );
        let long_seed = long(&seed);
        let found = (found.output * seed).sum().backward();
        let expected = (expected.output * long_seed).sum().backward();
        assert_eq!(weight.grad(&found).unwrap().dtype(), DType::from(dtype));
        let (found, expected) = (x.grad(&found).unwrap(), long_x.grad(&expected).unwrap());
        assert_near(found, expected, tolerance, "of the input");
    }
}

/// 4,096 ones are 4,096. A sum that is counted in 16 bits stops at 2ᵖ, where one more is half a unit and rounds to even:
/// at 256 in bf16, at 2,048 in f16.
#[test]
fn long_sums_do_not_stop_growing() {
    let device = test_device().autodiff();
    for (dtype, _) in types() {
        let ones4 = |shape: [usize; 4]| Tensor::<4>::ones(shape, &device).cast(dtype).detach();
        let ones2 = |shape: [usize; 2]| Tensor::<2>::ones(shape, &device).cast(dtype).detach();
        let bias = || Tensor::<1>::zeros([2], &device).cast(dtype).detach();
        let all = |data: burn::tensor::TensorData, what: &str| {
            for value in data.iter::<f32>() {
                assert_eq!(value, 4096.0, "{dtype:?}, {what}");
            }
        };
        let options = ConvOptions::default();
        // Over channels.
        let y = conv2d(
            ones4([1, 4096, 1, 2]),
            ones4([2, 4096, 1, 1]),
            None,
            None,
            &options,
        );
        all(y.into_data(), "convolution");
        let y = linear(ones2([3, 4096]), ones2([4096, 2]), None, Activation::None);
        all(y.into_data(), "linear");
        // Over cells.
        let (weight, offset) = (ones4([2, 1, 1, 1]).require_grad(), bias().require_grad());
        let x = ones4([1, 1, 64, 64]);
        let y = conv2d(x, weight.clone(), Some(offset.clone()), None, &options);
        let grads = widened(y).sum().backward();
        all(
            weight.grad(&grads).unwrap().into_data(),
            "convolution's weight",
        );
        all(
            offset.grad(&grads).unwrap().into_data(),
            "convolution's bias",
        );
        // Over output channels.
        let x = ones4([1, 1, 1, 2]).require_grad();
        let y = conv2d(x.clone(), ones4([4096, 1, 1, 1]), None, None, &options);
        let grads = widened(y).sum().backward();
        all(x.grad(&grads).unwrap().into_data(), "convolution's input");
        // Over rows: far more than a sum in bf16 could count and, as Flex's own f16 products sum in f16, as many as that can.
        let (weight, offset) = (ones2([1, 2]).require_grad(), bias().require_grad());
        let y = linear(
            ones2([2048, 1]),
            weight.clone(),
            Some(offset.clone()),
            Activation::None,
        );
        let grads = widened(y).sum().backward();
        let halved = |data: burn::tensor::TensorData| {
            let values: Vec<f32> = data.iter::<f32>().collect();
            assert_eq!(values, [2048.0; 2], "{dtype:?}, linear");
        };
        halved(weight.grad(&grads).unwrap().into_data());
        halved(offset.grad(&grads).unwrap().into_data());
    }
}
