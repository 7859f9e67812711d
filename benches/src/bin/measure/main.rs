//! One workload of `benches/peers/workloads.json` on one backend; `benches/peers/compare` runs it beside a peer.
//!
//! `measure WORKLOAD [--backend flex] [--repeats 5] [WEIGHTS]` prints one JSON line: the median milliseconds, the peak resident
//! memory of this process in MiB and a checksum of the result. Inputs come from the parameter generator of `tests/`, so they are
//! the peer's bit for bit; WEIGHTS is the file that the peer's script wrote. Data is built before the clock starts, and the clock
//! stops when the result is on the host.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod training;

use std::process::ExitCode;
use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;
use wardrobe::backbones::ResNetConfig;
use wardrobe::backbones::weights::{self, LoadOptions};
use wardrobe::kernels::roi::{RoiAlignOptions, roi_align};
use wardrobe::kernels::suppression::{NmsOptions, nms};
use wardrobe::{Architecture, BackendKind, Detector, DetectorOptions, Device, RgbPicture};
use wardrobe_tests::generated::input;
use wardrobe_tests::parameters::{boxes, noise};

use burn::tensor::{Tensor, TensorData};

const TABLE: &str = include_str!("../../../peers/workloads.json");
/// Boxes of NMS and `RoIAlign` lie on a picture of this size, with sides from [`SMALLEST`] up (`workloads.py` has the same numbers).
const PICTURE: [usize; 2] = [800, 1088];
const SMALLEST: f64 = 16.0;
const NUM_CLASSES: usize = 91;

type Failure = Box<dyn std::error::Error>;
/// One repetition; returns the checksum, or in [`Look::Glance`] any value of the result.
type Work = Box<dyn Fn(Look) -> Result<f64, Failure>>;

/// How much of a result is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// One value: enough for it to have been computed.
    Glance,
    /// All values, which takes longer than some of the operations measured.
    Whole,
}

/// A row of the table.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Workload {
    RoiAlign {
        rois: usize,
        output: usize,
        channels: usize,
        map: [usize; 2],
        scale: f32,
        backward: bool,
    },
    Nms {
        boxes: usize,
        threshold: f32,
    },
    Body {
        picture: [usize; 2],
    },
    #[serde(rename = "maskrcnn")]
    MaskRcnn {
        picture: [usize; 2],
        min_size: usize,
        max_size: usize,
    },
    #[serde(rename = "maskrcnn_training")]
    MaskRcnnTraining {
        picture: [usize; 2],
        min_size: usize,
        max_size: usize,
        /// Of ours; a peer keeps everything.
        #[serde(default)]
        gradient_checkpointing: bool,
    },
}

impl Workload {
    /// A row of the table, or one made up by a growth plot: `nms_<boxes>` or `roi_align_<rois>`.
    fn find(name: &str) -> Result<Self, Failure> {
        let table: Value = serde_json::from_str(TABLE)?;
        let row = |name: &str| serde_json::from_value::<Self>(table[name].clone());
        let mut found = row(name);
        if found.is_err()
            && let Some((family, count)) = name.rsplit_once('_')
            && let Ok(count) = count.parse()
        {
            found = row(if family == "nms" {
                "nms_1000"
            } else {
                "roi_align_boxes"
            });
            if let Ok(Self::RoiAlign { rois: size, .. } | Self::Nms { boxes: size, .. }) =
                &mut found
            {
                *size = count;
            }
        }
        found.map_err(|error| format!("workload `{name}`: {error}").into())
    }

    fn prepare(&self, device: &Device, weights: Option<&str>) -> Result<Work, Failure> {
        let file = || weights.ok_or("this workload needs a file of weights");
        match *self {
            Self::RoiAlign {
                rois,
                output,
                channels,
                map: [height, width],
                scale,
                backward,
            } => {
                let features = input::<4>("features", &[1, channels, height, width], device);
                Ok(roi_align_work(
                    features,
                    rois,
                    RoiAlignOptions::new([output; 2], scale).with_sampling_ratio(2),
                    backward,
                ))
            }
            Self::Nms {
                boxes: count,
                threshold,
            } => Ok(nms_work(count, threshold, device)),
            Self::Body { picture } => body_work(picture, file()?, device),
            Self::MaskRcnn {
                picture,
                min_size,
                max_size,
            } => {
                let options = DetectorOptions {
                    min_size,
                    max_size,
                    ..DetectorOptions::new(NUM_CLASSES)
                };
                maskrcnn_work(picture, &options, file()?, device)
            }
            Self::MaskRcnnTraining {
                picture,
                min_size,
                max_size,
                gradient_checkpointing,
            } => {
                let mut device = device.clone().autodiff();
                if gradient_checkpointing {
                    device = device.gradient_checkpointing();
                }
                training::maskrcnn(picture, [min_size, max_size], file()?, &device)
            }
        }
    }
}

fn flat_boxes(count: usize, device: &Device) -> Tensor<2> {
    let corners = boxes("boxes", count, PICTURE, SMALLEST)
        .into_iter()
        .flatten()
        .collect();
    Tensor::from_data(TensorData::new(corners, [count, 4]), device)
}

/// The sum of absolute values, in 64-bit floats.
fn absolute_sum<const D: usize>(values: Tensor<D>, look: Look) -> f64 {
    let flat = values.flatten::<1>(0, D - 1);
    let seen = if look == Look::Glance {
        flat.narrow(0, 0, 1)
    } else {
        flat
    };
    seen.into_data().iter::<f64>().map(f64::abs).sum()
}

fn roi_align_work(
    features: Tensor<4>,
    count: usize,
    options: RoiAlignOptions,
    backward: bool,
) -> Work {
    let device = features.device();
    let rois = Tensor::cat(
        vec![
            Tensor::zeros([count, 1], &device),
            flat_boxes(count, &device),
        ],
        1,
    );
    if !backward {
        return Box::new(move |look| {
            Ok(absolute_sum(
                roi_align(features.clone(), rois.clone(), &options),
                look,
            ))
        });
    }
    let device = device.autodiff();
    let rois = Tensor::from_data(rois.into_data(), &device);
    let features = Tensor::<4>::from_data(features.into_data(), &device);
    Box::new(move |look| {
        let features = features.clone().require_grad();
        let pooled = roi_align(features.clone(), rois.clone(), &options);
        let gradients = pooled.clone().mul(pooled).sum().backward();
        Ok(absolute_sum(
            features.grad(&gradients).ok_or("no gradient")?,
            look,
        ))
    })
}

fn nms_work(count: usize, threshold: f32, device: &Device) -> Work {
    let corners = flat_boxes(count, device);
    let scores =
        Tensor::<1>::from_data(TensorData::new(noise("scores", count, 0), [count]), device);
    Box::new(move |_| {
        let kept = nms(corners.clone(), scores.clone(), &NmsOptions::new(threshold));
        Ok(kept
            .indices()
            .into_data()
            .iter::<i64>()
            .map(|index| index as f64)
            .sum())
    })
}

fn body_work([height, width]: [usize; 2], file: &str, device: &Device) -> Result<Work, Failure> {
    let body = ResNetConfig::resnet50()
        .with_classes(Some(1000))
        .init(device);
    let body = weights::load(body, file, &LoadOptions::strict())?
        .0
        .fold_batch_norm();
    let x = input::<4>("picture", &[1, 3, height, width], device);
    Ok(Box::new(move |look| {
        Ok(body
            .stages(x.clone())
            .into_iter()
            .map(|stage| absolute_sum(stage, look))
            .sum())
    }))
}

fn maskrcnn_work(
    picture: [usize; 2],
    options: &DetectorOptions,
    file: &str,
    device: &Device,
) -> Result<Work, Failure> {
    let detector = Detector::load_with(Architecture::MaskRcnnResnet50Fpn, options, file, device)?;
    let [height, width] = picture;
    let bytes = wardrobe_benches::picture(height, width);
    Ok(Box::new(move |_| {
        let picture = RgbPicture {
            data: &bytes,
            width,
            height,
        };
        let found = detector.detect(&[picture])?;
        Ok(found[0].iter().map(|one| f64::from(one.score)).sum())
    }))
}

/// Peak resident memory in MiB; 0 where the system has no `/proc`.
fn peak_mebibytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| {
        line.trim()
            .trim_end_matches(" kB")
            .trim()
            .parse::<f64>()
            .ok()
    });
    kibibytes.unwrap_or(0.0) / 1024.0
}

fn measure(arguments: &[String]) -> Result<String, Failure> {
    let mut backend = BackendKind::Flex;
    let mut repeats = 5_usize;
    let mut plain = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || {
            rest.next()
                .ok_or_else(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "--backend" => backend = value()?.parse()?,
            "--repeats" => repeats = value()?.parse()?,
            _ => plain.push(argument.as_str()),
        }
    }
    let (name, weights) = match plain[..] {
        [name] => (name, None),
        [name, weights] => (name, Some(weights)),
        _ => return Err("usage: measure WORKLOAD [--backend NAME] [--repeats N] [WEIGHTS]".into()),
    };
    let work = Workload::find(name)?.prepare(&backend.device()?, weights)?;
    let checksum = work(Look::Whole)?;
    let mut times = (0..repeats.max(1))
        .map(|_| {
            let start = Instant::now();
            work(Look::Glance)?;
            Ok(start.elapsed().as_secs_f64() * 1e3)
        })
        .collect::<Result<Vec<f64>, Failure>>()?;
    times.sort_by(f64::total_cmp);
    let (lower, upper) = (times[(times.len() - 1) / 2], times[times.len() / 2]);
    let line = serde_json::json!({
        "milliseconds": f64::midpoint(lower, upper),
        "peak_mebibytes": peak_mebibytes(),
        "checksum": checksum,
    });
    Ok(line.to_string())
}

fn main() -> ExitCode {
    wardrobe::kernels::host::prepare();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match measure(&arguments) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
