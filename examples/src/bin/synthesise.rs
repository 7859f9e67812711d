//! Draws a synthetic wardrobe in the folders of a real data set.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use wardrobe::datasets::DataSet;
use wardrobe::datasets::formats::{
    FormatError, Losses, coco, deepfashion, fashionai, labelme, lip, voc,
};
use wardrobe::datasets::sample::Split;
use wardrobe::datasets::synthetic::{self, GarmentKind, LabelNoise, WardrobeConfig};

/// Draws pictures of garments with exact annotations, as one of the real data sets has them.
///
/// The same seed draws the same pictures on every machine.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Whose folders and files to write.
    #[arg(long, value_enum)]
    layout: Layout,
    /// How many pictures.
    #[arg(long, default_value_t = 1000)]
    count: usize,
    /// 0 (one garment on a plain ground) to 1 (clutter, occlusion, prints, blur).
    #[arg(long, value_name = "0..1", default_value_t = WardrobeConfig::default().difficulty)]
    difficulty: f32,
    /// Longer side in pixels; DeepFashion's is 300.
    #[arg(long, value_name = "PIXELS", default_value_t = 256)]
    size: u32,
    /// Portrait and landscape pictures too.
    #[arg(long)]
    any_shape: bool,
    /// Share of worn garments; the others lie flat.
    #[arg(long, value_name = "0..1", default_value_t = WardrobeConfig::default().worn_share)]
    worn: f32,
    /// Fewest garments aimed at in a picture.
    #[arg(long, default_value_t = WardrobeConfig::default().garments[0])]
    fewest: u8,
    /// Most garments aimed at in a picture.
    #[arg(long, default_value_t = WardrobeConfig::default().garments[1])]
    most: u8,
    /// Share of pictures without garments, where the layout can have them.
    #[arg(long, value_name = "0..1", default_value_t = WardrobeConfig::default().empty_share)]
    empty: f32,
    /// Categories the pictures are about, divided by commas; all twenty if left out.
    #[arg(long, value_delimiter = ',', value_name = "NAMES", value_parser = kind)]
    categories: Vec<GarmentKind>,
    /// Share of length labels with a neighbour marked `m`.
    #[arg(long, value_name = "0..1", default_value_t = 0.0)]
    noise_maybe: f32,
    /// Share of garments without a box.
    #[arg(long, value_name = "0..1", default_value_t = 0.0)]
    noise_missing: f32,
    /// Share of garments with a wrong category.
    #[arg(long, value_name = "0..1", default_value_t = 0.0)]
    noise_category: f32,
    /// Another seed is another wardrobe.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// The folder; files already there are replaced.
    #[arg(value_name = "OUT")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Layout {
    Deepfashion,
    Fashionai,
    Coco,
    Voc,
    Labelme,
    Lip,
}

impl From<Layout> for synthetic::Layout {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::Deepfashion => Self::DeepFashion,
            Layout::Fashionai => Self::FashionAi,
            Layout::Coco => Self::Coco,
            Layout::Voc => Self::Voc,
            Layout::Labelme => Self::Labelme,
            Layout::Lip => Self::Lip,
        }
    }
}

fn kind(name: &str) -> Result<GarmentKind, String> {
    let found = GarmentKind::ALL
        .iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(name));
    found
        .copied()
        .ok_or_else(|| format!("is none of {}", GarmentKind::NAMES.join(", ")))
}

fn main() -> ExitCode {
    match synthesise(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn synthesise(arguments: &Arguments) -> anyhow::Result<()> {
    let config = WardrobeConfig {
        seed: arguments.seed,
        long_side: [arguments.size; 2],
        square: !arguments.any_shape,
        difficulty: arguments.difficulty,
        worn_share: arguments.worn,
        garments: [arguments.fewest, arguments.most],
        empty_share: arguments.empty,
        categories: if arguments.categories.is_empty() {
            GarmentKind::ALL.to_vec()
        } else {
            arguments.categories.clone()
        },
        noise: LabelNoise {
            maybe: arguments.noise_maybe,
            missing_box: arguments.noise_missing,
            wrong_category: arguments.noise_category,
        },
    };
    let bar = ProgressBar::new(arguments.count as u64);
    if let Ok(style) =
        ProgressStyle::with_template("{bar:40} {pos}/{len} pictures, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    let layout = arguments.layout.into();
    let set = synthetic::synthesise(&config, arguments.count, layout, &arguments.out, &|| {
        bar.inc(1);
    })?;
    bar.finish_and_clear();
    let annotations = match arguments.layout {
        Layout::Coco => Some("annotations"),
        Layout::Fashionai => Some("Annotations"),
        _ => None,
    };
    if let Some(name) = annotations {
        let folder = arguments.out.join(name);
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    }
    let losses = write(&set, arguments.layout, &arguments.out)?;
    println!(
        "{}: {} pictures written",
        arguments.out.display(),
        set.records.len()
    );
    for losses in losses.iter().filter(|losses| !losses.is_empty()) {
        println!("not in this format: {losses}");
    }
    Ok(())
}

/// The annotation files beside the pictures.
fn write(set: &DataSet, layout: Layout, folder: &Path) -> Result<Vec<Losses>, FormatError> {
    Ok(match layout {
        Layout::Deepfashion => vec![deepfashion::write(set, folder)?],
        Layout::Fashionai => vec![fashionai::write_labels(
            set,
            folder.join("Annotations/label.csv"),
        )?],
        Layout::Voc => vec![voc::write(set, folder)?],
        Layout::Labelme => vec![labelme::write(set, folder)?],
        Layout::Lip => vec![lip::write(set, folder)?],
        Layout::Coco => {
            let parts = [
                (Split::Train, "instances_train2017.json"),
                (Split::Validation, "instances_val2017.json"),
                (Split::Test, "instances_test2017.json"),
            ];
            let mut losses = Vec::new();
            for (split, name) in parts {
                let mut part = set.clone();
                part.records.retain(|record| record.split == Some(split));
                // COCO's file names start from the part's own folder.
                for record in &mut part.records {
                    if let Some((_, name)) = record.image.path.rsplit_once('/') {
                        record.image.path = name.to_owned();
                    }
                    record.split = None;
                }
                losses.push(coco::write(&part, folder.join("annotations").join(name))?);
            }
            losses
        }
    })
}
