//! Boxes: overlap, pasted masks, the suppressions, the best of a row.
#![allow(clippy::unwrap_used, missing_docs)]

mod iou_guided_nms;
mod nms;
mod overlap_fixtures;
mod overlap_rules;
mod soft_nms;
mod support;
mod suppression_fixtures;
mod suppression_sizes;
mod suppression_twin;
mod top_k;
