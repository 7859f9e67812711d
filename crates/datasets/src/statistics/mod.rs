//! Mean and spread of each colour channel over a set of pictures, and what is made of them.
//!
//! Sums of 8-bit levels and of their squares are whole numbers and are kept as such, so the result
//! does not depend on the order of the pictures or the count of threads, and nothing cancels.
//!
//! [`channel_sums`] goes through a data set; [`ChannelSums::statistics`] has mean and variance;
//! [`ChannelStatistics::standardisation`] is what batches are made with.

mod channels;
mod standardisation;

pub use channels::{ChannelStatistics, ChannelSums, Spread};
pub(crate) use standardisation::Levels;
pub use standardisation::{Standardisation, StandardisationError, per_image_standardization};

use rayon::prelude::*;

use crate::error::PictureError;
use crate::formats::{Finding, FormatError, Mode, Place, Skipped};
use crate::image_file::{DecodeLimits, Picture, read_picture};
use crate::sample::DataSet;

/// The sums over a data set's pictures, each as `prepare` gives it: the resizing and padding that
/// come before standardisation belong there. Pictures of one size weigh the same; otherwise large
/// ones weigh more. Decodes on all threads, one picture each at a time.
///
/// ```
/// use wardrobe_datasets::formats::Mode;
/// use wardrobe_datasets::statistics::{Spread, Standardisation, channel_sums};
/// use wardrobe_datasets::{DataSet, DecodeLimits, Picture, Record, save_picture};
/// # let folder = tempfile::tempdir()?;
/// # let mut set = DataSet { root: folder.path().into(), ..DataSet::default() };
/// # for (path, level) in [("black.png", 0), ("white.png", 255)] {
/// #     let mut record = Record::default();
/// #     record.image.path = path.into();
/// #     save_picture(&Picture::new(vec![level; 3 * 16], 4, 4), folder.path().join(path))?;
/// #     set.records.push(record);
/// # }
/// // `set`: a black and a white picture of 4 × 4.
/// let (sums, skipped) = channel_sums(&set, |picture| picture, &DecodeLimits::default(), Mode::Strict)?;
/// let found = sums.statistics().ok_or("no picture")?;
/// assert_eq!((found.mean, found.variance, skipped.count()), ([0.5; 3], [0.25; 3], 0));
/// let by = found.standardisation(Spread::Deviation, 4 * 4);
/// assert_eq!(by, Standardisation::DataSet { mean: [0.5; 3], std: [0.5; 3] });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// In strict mode the first picture (in the records' order) that cannot be read; a lenient caller
/// gets it counted.
pub fn channel_sums(
    data: &DataSet,
    prepare: impl Fn(Picture) -> Picture + Sync,
    limits: &DecodeLimits,
    mode: Mode,
) -> Result<(ChannelSums, Skipped), FormatError> {
    /// Pictures whose results are held at a time, so that a failure stops the work early.
    const BATCH: usize = 1024;
    let mut sums = ChannelSums::default();
    let mut skipped = Skipped::default();
    for batch in data.records.chunks(BATCH) {
        let found: Vec<Result<ChannelSums, PictureError>> = batch
            .par_iter()
            .map(|record| {
                let picture = read_picture(data.root.join(&record.image.path), limits)?;
                Ok(ChannelSums::of(&prepare(picture)))
            })
            .collect();
        for (record, found) in batch.iter().zip(found) {
            match (found, mode) {
                (Ok(found), _) => sums = sums.with(found),
                (Err(error), Mode::Strict) => return Err(error.into()),
                (Err(error), Mode::Lenient) => {
                    let path = data.root.join(&record.image.path);
                    let text = error.to_string();
                    let named = format!("{}: ", path.display());
                    let finding = Finding {
                        problem: text.strip_prefix(&named).unwrap_or(&text).to_owned(),
                        path,
                        place: Place::File,
                        remedy: "the picture was not counted".into(),
                    };
                    skipped.note(mode, finding)?;
                }
            }
        }
    }
    Ok((sums, skipped))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::draw::save_picture;
    use crate::sample::{ImageFile, Record};

    #[test]
    fn a_set_is_the_sum_of_its_pictures_whatever_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut data = DataSet {
            root: folder.path().into(),
            ..DataSet::default()
        };
        let mut expected = ChannelSums::default();
        for number in 0..5_u8 {
            let side = usize::from(number) + 2;
            let pixels = (0..3 * side * side)
                .map(|at| (at * 37 % 251) as u8 ^ number)
                .collect();
            let picture = Picture::new(pixels, side, side);
            expected = expected.with(ChannelSums::of(&picture));
            let path = format!("{number}.png");
            save_picture(&picture, folder.path().join(&path)).unwrap();
            let image = ImageFile { path, size: None };
            data.records.push(Record {
                image,
                ..Record::default()
            });
        }
        let limits = DecodeLimits::default();
        let sums = |data: &DataSet, mode| channel_sums(data, |picture| picture, &limits, mode);
        assert_eq!(sums(&data, Mode::Strict).unwrap().0, expected);
        data.records.reverse();
        assert_eq!(sums(&data, Mode::Strict).unwrap().0, expected);

        // 4 + 9 + 16 + 25 + 36 pixels, less the last 36.
        std::fs::write(folder.path().join("4.png"), b"\x89PNG\r\n\x1a\n").unwrap();
        let error = sums(&data, Mode::Strict).unwrap_err().to_string();
        assert!(error.contains("4.png"), "{error}");
        let (sums, skipped) = sums(&data, Mode::Lenient).unwrap();
        assert_eq!((sums.pictures, sums.pixels, skipped.count()), (4, 54, 1));
        let named = skipped.first()[0].to_string();
        assert!(
            named.contains("4.png: the PNG file ends before its picture does"),
            "{named}"
        );
    }
}
