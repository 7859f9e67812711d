//! Draws a synthetic wardrobe in the folders of a real data set.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use wardrobe::datasets::synthetic::{self, GarmentKind, LabelNoise, WardrobeConfig};
use wardrobe_examples::arguments::in_words;

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
    /// 0 (large garments on a plain ground) to 1 (clutter, occlusion, prints, blur).
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
            eprintln!("error: {}", in_words(&error));
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
    let losses = synthetic::write_annotations(&set, layout, &arguments.out)?;
    println!(
        "{}: {} pictures written",
        arguments.out.display(),
        set.records.len()
    );
    if !losses.is_empty() {
        println!("not in this format: {losses}");
    }
    Ok(())
}
