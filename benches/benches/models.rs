//! Whole detectors with generated weights: one picture of 800 × 1088 bytes in, instances out (resized, normalised, detected,
//! masks pasted), 91 classes. The best 100 instances are kept, as many as there can be.
#![allow(missing_docs)]

use std::{hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use wardrobe::{Architecture, Detector, DetectorOptions, RgbPicture};
use wardrobe_benches::{device, generated, picture};

const PICTURE: [usize; 2] = [800, 1088];
const NUM_CLASSES: usize = 91;

fn detectors(criterion: &mut Criterion) {
    wardrobe::kernels::host::prepare();
    let (backend, device) = device();
    let [height, width] = PICTURE;
    let bytes = picture(height, width);
    for architecture in Architecture::ALL {
        let options = DetectorOptions::new(NUM_CLASSES);
        let detector = Detector::new(architecture, &options, &device)
            .expect("torchvision's numbers are in range");
        let detector = match detector {
            Detector::Boxes(model) => Detector::Boxes(Box::new(generated(*model))),
            Detector::Masks(model) => Detector::Masks(Box::new(generated(*model))),
        }
        .fold_batch_norm();
        let name = architecture.name();
        criterion.bench_function(&format!("models/{backend}/{name}"), |bencher| {
            bencher.iter(|| {
                let picture = RgbPicture {
                    data: &bytes,
                    width,
                    height,
                };
                black_box(detector.detect(&[picture]).expect("the picture has pixels"))
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(2))
        .measurement_time(Duration::from_secs(15));
    targets = detectors
}
criterion_main!(benches);
