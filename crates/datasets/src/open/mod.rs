//! From a path to a data set, whatever its format.
//!
//! [`DataSet::open`] looks for the files that tell a format, in the folder it is given and up to two
//! levels below; the nearest level that has a data set counts. Nothing is guessed: with two data sets
//! on that level, or none, the error lists what was looked for and what is there.
//!
//! | format | told by | parts (train, validation, test) |
//! |---|---|---|
//! | DeepFashion | `list_category_cloth.txt` and `list_category_img.txt`, in `Anno_coarse`, `Anno` or the folder | `list_eval_partition.txt` |
//! | DeepFashion, fine | `train.txt` with `train_cate.txt` …, in `Anno_fine` or the folder | the files |
//! | DeepFashion2 | `annos/000001.json` with `item1`; `train` and `validation` together | the folders' names |
//! | FashionAI | `Annotations/label.csv`, `Tests/question.csv`; `base` and `rank` together, the warm-up `web` by its own path | labels train, in `Tests` test; questions test |
//! | COCO, Fashionpedia | JSON files in the folder or `annotations`; `…train…`, `…val…`, `…test…` of one kind together | the files' names |
//! | Pascal VOC | `Annotations/*.xml` | `ImageSets/Main` |
//! | labelme | JSON files with `shapes`, in the folder and below | the folders' names |
//! | LIP | `TrainVal_images/train_id.txt` … | the lists |
//!
//! Only the two ends of files are looked at, and each file is then read once, by its format's reader
//! in [`formats`](crate::formats). A format's own reader says more (which lists are absent, whose
//! case differs) and reads files that lie elsewhere.

mod detect;
mod error;
mod folder;
mod head;
mod merge;
mod pictures;
mod read;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::formats::{Format, Mode, Skipped};
use crate::sample::{DataSet, Split};

pub use detect::Found;
pub use error::OpenError;

/// How a data set is opened.
///
/// ```
/// use wardrobe_datasets::OpenOptions;
/// use wardrobe_datasets::formats::{Format, Mode};
/// use wardrobe_datasets::sample::Split;
/// # let folder = tempfile::tempdir()?;
/// # let annotations = folder.path().join("Annotations");
/// # std::fs::create_dir_all(&annotations)?;
/// # std::fs::write(annotations.join("label.csv"), "Images/pant_length_labels/a.jpg,pant_length_labels,nnynnn\n")?;
/// let options = OpenOptions {
///     split: Some(Split::Train),
///     mode: Mode::Lenient,
///     ..OpenOptions::default()
/// };
/// let opened = options.open(folder.path())?;
/// assert_eq!(opened.found.format, Format::FashionAi);
/// assert_eq!((opened.set.records.len(), opened.skipped.count()), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpenOptions {
    /// The format, where the path could be read as several; found out if `None`.
    pub format: Option<Format>,
    /// The one part to keep; the whole set if `None`. Files that are of other parts by their names are
    /// not read.
    pub split: Option<Split>,
    /// What becomes of entries that cannot be used.
    pub mode: Mode,
    /// The folder that COCO's and Fashionpedia's names of pictures start from; looked for around the
    /// annotations if `None`. Other formats fix where their pictures lie.
    pub pictures: Option<PathBuf>,
}

/// A data set, and how it came about.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// The data set.
    pub set: DataSet,
    /// What was found and read.
    pub found: Found,
    /// What a lenient reader left out.
    pub skipped: Skipped,
}

impl OpenOptions {
    /// Finds and reads the data set at a path: its folder, a folder up to two levels above, or the
    /// file of a format that keeps everything in one (COCO, Fashionpedia, FashionAI). No picture is
    /// opened.
    ///
    /// # Errors
    /// [`OpenError`]: none or several data sets there, pictures that cannot be found, a part that is
    /// not there; [`OpenError::Format`] with file and line for the content of files.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Opened, OpenError> {
        let path = path.as_ref();
        read::read(path, self.find(path)?, self)
    }

    /// What [`OpenOptions::open`] would read.
    ///
    /// # Errors
    /// As [`OpenOptions::open`] for a path without one data set; no content is read.
    pub fn find(&self, path: impl AsRef<Path>) -> Result<Found, OpenError> {
        detect::find(path.as_ref(), self.format)
    }
}

impl DataSet {
    /// Any supported data set on disk, all its parts, by its path alone; the first thing wrong with it
    /// is an error. See [`open`](crate::open) for what is found where, and [`OpenOptions`] for one part,
    /// a lenient reader or a format named.
    ///
    /// ```
    /// use wardrobe_datasets::DataSet;
    /// # let folder = tempfile::tempdir()?;
    /// # let annotations = folder.path().join("Annotations");
    /// # std::fs::create_dir_all(&annotations)?;
    /// # std::fs::write(annotations.join("1.xml"), "<annotation><filename>1.jpg</filename>
    /// #   <size><width>100</width><height>80</height></size><object><name>coat</name>
    /// #   <bndbox><xmin>11</xmin><ymin>21</ymin><xmax>40</xmax><ymax>60</ymax></bndbox></object></annotation>")?;
    /// let set = DataSet::open(folder.path())?;
    /// assert_eq!(set.categories[0].name, "coat");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`OpenOptions::open`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Ok(OpenOptions::default().open(path)?.set)
    }

    /// As [`DataSet::open`], of a format that is named instead of found out.
    ///
    /// # Errors
    /// As [`OpenOptions::open`]; what was looked for is then this format alone.
    pub fn open_as(format: Format, path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let options = OpenOptions {
            format: Some(format),
            ..OpenOptions::default()
        };
        Ok(options.open(path)?.set)
    }
}
