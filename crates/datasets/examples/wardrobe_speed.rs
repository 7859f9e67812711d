//! Pictures a second of the synthetic wardrobe.
//!
//! `cargo run --release -p wardrobe-datasets --example wardrobe_speed -- [COUNT [SIDE [DIFFICULTY]]]`
//! draws COUNT (400) square pictures of SIDE (256) pixels on all threads of the machine
//! (`RAYON_NUM_THREADS` sets their number), annotations included, without writing files.

use std::time::Instant;

use rayon::prelude::*;
use wardrobe_datasets::synthetic::{SyntheticWardrobe, WardrobeConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let count: u64 = arguments.first().map_or(Ok(400), |text| text.parse())?;
    let side: u32 = arguments.get(1).map_or(Ok(256), |text| text.parse())?;
    let difficulty: f32 = arguments.get(2).map_or(Ok(0.5), |text| text.parse())?;
    let wardrobe = SyntheticWardrobe::new(WardrobeConfig {
        long_side: [side, side],
        difficulty,
        ..WardrobeConfig::default()
    })?;
    let start = Instant::now();
    let objects: usize = (0..count)
        .into_par_iter()
        .map(|index| wardrobe.sample(index).sample.objects.len())
        .sum();
    let seconds = start.elapsed().as_secs_f64();
    #[allow(clippy::print_stdout)]
    {
        println!(
            "{count} pictures of {side}x{side} with {objects} garments in {seconds:.2} s on {} threads: {:.0} a second",
            rayon::current_num_threads(),
            count as f64 / seconds
        );
    }
    Ok(())
}
