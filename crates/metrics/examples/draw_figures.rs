//! Draws one figure of each kind from made-up scores: `draw_figures FOLDER`.

use std::error::Error;
use std::path::PathBuf;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wardrobe_metrics::plot::{self, BarSeries, PlotCurve};
use wardrobe_metrics::{
    Bootstrap, ConfusionMatrix, Reliability, average_precision, precision_recall,
};

/// The dimensions of paper B.
const DIMENSIONS: [&str; 8] = [
    "skirt_length",
    "coat_length",
    "collar_design",
    "lapel_design",
    "neck_design",
    "neckline_design",
    "pant_length",
    "sleeve_length",
];
/// The categories of paper A.
const CATEGORIES: [&str; 20] = [
    "Blouse",
    "Blazer",
    "Cardigan",
    "Coat",
    "Dress",
    "Hoodie",
    "Jacket",
    "Jeans",
    "Joggers",
    "Jumpsuit",
    "Kimono",
    "Leggings",
    "Romper",
    "Shorts",
    "Skirt",
    "Sweater",
    "Sweatpants",
    "Tank",
    "Tee",
    "Top",
];

type Drawn = Result<String, Box<dyn Error>>;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("usage: draw_figures FOLDER")?,
    );
    std::fs::create_dir_all(&folder)?;
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for (file, svg) in [
        ("precision_recall.svg", curves(&mut random)?),
        ("confusion_20.svg", matrix(&mut random, &CATEGORIES)?),
        ("confusion_8.svg", matrix(&mut random, &DIMENSIONS)?),
        ("bars.svg", dimensions(&mut random)?),
        ("models.svg", models()?),
        ("reliability.svg", reliability(&mut random)?),
    ] {
        std::fs::write(folder.join(file), svg)?;
    }
    Ok(())
}

fn curves(random: &mut ChaCha8Rng) -> Drawn {
    let mut curves = Vec::new();
    for (name, gap) in [
        ("Coat", 0.5),
        ("Dress", 0.35),
        ("Skirt", 0.2),
        ("Sweatpants", 0.1),
    ] {
        let positive: Vec<bool> = (0..400).map(|_| random.random_bool(0.4)).collect();
        let score = |&is: &bool| random.random_range(0.0..1.0) + if is { gap } else { 0.0 };
        let scores: Vec<f32> = positive.iter().map(score).collect();
        let ap = average_precision(&scores, &positive)?.unwrap_or_default();
        let points = precision_recall(&scores, &positive)?.unwrap_or_default();
        curves.push(PlotCurve {
            name: format!("{name}, AP {ap:.2}"),
            points: points
                .iter()
                .map(|point| (point.recall, point.precision))
                .collect(),
        });
    }
    Ok(plot::precision_recall("Precision and recall", &curves)?)
}

fn matrix(random: &mut ChaCha8Rng, names: &[&str]) -> Drawn {
    let mut matrix = ConfusionMatrix::new(names.len());
    for _ in 0..4000 {
        let truth = random.random_range(0..names.len());
        let predicted = if random.random_bool(0.7) {
            truth
        } else {
            random.random_range(0..names.len())
        };
        matrix.add(truth, predicted)?;
    }
    Ok(plot::confusion("Categories", &matrix, names)?)
}

fn dimensions(random: &mut ChaCha8Rng) -> Drawn {
    let mut series = Vec::new();
    for (name, level) in [("single channel", 0.82), ("dual channel", 0.9)] {
        let mut intervals = Vec::new();
        for _ in DIMENSIONS {
            let right: Vec<bool> = (0..150).map(|_| random.random_bool(level)).collect();
            let share = |draw: &[usize]| {
                Some(draw.iter().filter(|&&i| right[i]).count() as f64 / draw.len() as f64)
            };
            intervals.push(Some(Bootstrap::default().interval(right.len(), share)?));
        }
        let values = intervals
            .iter()
            .map(|interval| interval.map(|i| i.estimate))
            .collect();
        series.push(BarSeries {
            name: name.to_owned(),
            values,
            intervals,
        });
    }
    Ok(plot::bars(
        "Accuracy per attribute dimension",
        "Accuracy",
        &DIMENSIONS,
        &series,
    )?)
}

fn models() -> Drawn {
    let of = |name: &str, values: [f64; 2]| BarSeries {
        name: name.to_owned(),
        values: values.map(Some).to_vec(),
        intervals: Vec::new(),
    };
    let series = [
        of("Inception-v4", [0.84, 0.93]),
        of("Inception-ResNet-v2", [0.85, 0.94]),
        of("doubleNet", [0.88, 0.96]),
    ];
    Ok(plot::bars("Backbones", "Share", &["acc", "mAP"], &series)?)
}

fn reliability(random: &mut ChaCha8Rng) -> Drawn {
    let mut reliability = Reliability::new(10)?;
    for _ in 0..3000 {
        let p: f32 = random.random_range(0.0_f32..1.0).sqrt();
        reliability.push(&[p], &[random.random_bool(f64::from(p).powf(1.6))])?;
    }
    Ok(plot::reliability("Sleeve length", &reliability))
}
