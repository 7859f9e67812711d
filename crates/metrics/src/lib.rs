#![doc = include_str!("../README.md")]

pub mod accuracy;
pub mod attribute_recall;
pub mod average_precision;
pub mod bootstrap;
pub mod calibration;
pub mod coco;
pub mod confusion;
pub mod error;
pub mod fashionai;
pub mod label_maps;
pub mod landmarks;
mod numbers;
pub mod parsing;
pub mod plot;
pub mod top_k;
pub mod voc;

pub use accuracy::AttributeAccuracy;
pub use attribute_recall::AttributeRecall;
pub use average_precision::{average_precision, precision_recall};
pub use bootstrap::{Bootstrap, Interval};
pub use calibration::Reliability;
pub use confusion::ConfusionMatrix;
pub use error::{CocoError, MetricError};
pub use fashionai::{FashionAiDimension, FashionAiScores, Mark, fashionai_scores, parse_marks};
pub use label_maps::{Instance, LabelMapScores, Shape, paint_detections, paint_truth};
pub use landmarks::{LandmarkErrors, LandmarkScale};
pub use parsing::ParsingAccumulator;
pub use top_k::TopK;
pub use voc::{VocAccumulator, VocDetection, VocTruth, VocYear};
