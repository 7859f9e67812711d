//! Paper A's tables, its numbers beside the miniature's, and COCO's.

use wardrobe_metrics::{Bootstrap, LabelMapScores};

use super::Scored;
use super::stage::Stage;
use crate::detection::{Kind, Tally};
use crate::table::{Table, header, per_cent};

/// Numbers of the paper in per cent.
type Printed = (Stage, &'static [f64]);

/// Table 2: mean accuracy, mean IoU (deepfashionVoc).
const TABLE_2: [Printed; 2] = [
    (Stage::FasterRcnn, &[78.3, 38.5]),
    (Stage::FasterRcnnClothNet, &[80.2, 39.2]),
];
/// Table 3: pixel accuracy, mean accuracy, mean IoU (deepfashionMask).
const TABLE_3: [Printed; 2] = [
    (Stage::MaskRcnn, &[85.2, 51.7, 39.5]),
    (Stage::MaskRcnnClothNet, &[88.3, 53.5, 45.2]),
];

pub(super) fn all(scored: &[Scored]) -> Vec<Table> {
    let table_2 = paper(
        "Table 2, boxes, %: the paper's number | the miniature's",
        &["mean accuracy", "mean IoU"],
        &TABLE_2,
        scored,
        Kind::Boxes,
        |painted| vec![painted.mean_accuracy, painted.mean_iou],
    );
    let table_3 = paper(
        "Table 3, masks, %: the paper's number | the miniature's",
        &["pixel accuracy", "mean accuracy", "mean IoU"],
        &TABLE_3,
        scored,
        Kind::Masks,
        |painted| {
            vec![
                painted.pixel_accuracy,
                painted.mean_accuracy,
                painted.mean_iou,
            ]
        },
    );
    vec![table_2, table_3, coco(scored)]
}

fn paper(
    title: &str,
    columns: &[&str],
    printed: &[Printed],
    scored: &[Scored],
    kind: Kind,
    numbers: impl Fn(LabelMapScores) -> Vec<Option<f64>>,
) -> Table {
    let rows = printed.iter().filter_map(|(stage, printed)| {
        let one = scored.iter().find(|one| one.stage == *stage)?;
        let own = one.tally.kinds.iter().find(|one| one.kind == kind)?;
        let cells = printed.iter().zip(numbers(own.painted()));
        let mut row = vec![stage.title().to_owned()];
        row.extend(cells.map(|(paper, own)| format!("{paper:.1} | {}", per_cent(own))));
        Some(row)
    });
    Table {
        title: title.into(),
        header: header("detector", columns),
        rows: rows.collect(),
    }
}

/// COCO's AP of boxes and masks, AP50 with its interval.
fn coco(scored: &[Scored]) -> Table {
    let mut rows = Vec::new();
    for one in scored {
        let intervals = intervals(&one.tally);
        for kind in &one.tally.kinds {
            let (name, summary) = (kind.kind.prefix(), kind.coco.summary());
            let within = intervals
                .iter()
                .find(|(of, _)| *of == format!("{name}_AP50"));
            let within = within.map_or_else(String::new, |(_, [lower, upper])| {
                format!("{:.1} to {:.1}", 100.0 * lower, 100.0 * upper)
            });
            rows.push(vec![
                one.stage.title().to_owned(),
                kind.kind.plural().to_owned(),
                per_cent(summary.ap),
                per_cent(summary.ap50),
                within,
                per_cent(summary.ap75),
            ]);
        }
    }
    Table {
        title: "COCO's average precision of the miniature, %".into(),
        header: header("detector", &["of", "AP", "AP50", "95 % interval", "AP75"]),
        rows,
    }
}

/// The intervals of a tally; none where nothing was to be found.
fn intervals(tally: &Tally) -> Vec<(String, [f64; 2])> {
    let found = tally.intervals(&Bootstrap::default()).unwrap_or_default();
    let both = |(name, interval): (String, wardrobe_metrics::Interval)| {
        (name, [interval.lower, interval.upper])
    };
    found.into_iter().map(both).collect()
}
