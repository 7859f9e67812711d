//! The files: their names, their headers and where a download keeps them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::super::FormatError;
use super::Kind;

/// The seven list files of Category and Attribute Prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum List {
    /// `list_category_cloth.txt`: the categories and their kinds.
    Categories,
    /// `list_category_img.txt`: each picture's category. Its pictures are the data set's records.
    CategoryOfPicture,
    /// `list_attr_cloth.txt`: the attributes and their types.
    Attributes,
    /// `list_attr_img.txt`: each picture's attributes.
    AttributesOfPicture,
    /// `list_bbox.txt`: each picture's box.
    Boxes,
    /// `list_landmarks.txt`: each picture's landmarks.
    Landmarks,
    /// `list_eval_partition.txt`: each picture's part of the data set.
    Partition,
}

impl List {
    /// In reading order.
    pub const ALL: [Self; 7] = [
        Self::Categories,
        Self::CategoryOfPicture,
        Self::Attributes,
        Self::AttributesOfPicture,
        Self::Boxes,
        Self::Landmarks,
        Self::Partition,
    ];

    /// The file's name.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Categories => "list_category_cloth.txt",
            Self::CategoryOfPicture => "list_category_img.txt",
            Self::Attributes => "list_attr_cloth.txt",
            Self::AttributesOfPicture => "list_attr_img.txt",
            Self::Boxes => "list_bbox.txt",
            Self::Landmarks => "list_landmarks.txt",
            Self::Partition => "list_eval_partition.txt",
        }
    }

    /// A data set cannot do without it; the others may be missing.
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Categories | Self::CategoryOfPicture)
    }

    /// The first word of line 2, which tells a header from a row.
    pub(super) const fn first_heading(self) -> &'static str {
        match self {
            Self::Categories => "category_name",
            Self::Attributes => "attribute_name",
            _ => "image_name",
        }
    }

    /// The columns' names as line 2 has them.
    pub(super) fn headings(self) -> Vec<String> {
        let own: &[&str] = match self {
            Self::Categories => &["category_name", "category_type"],
            Self::CategoryOfPicture => &["image_name", "category_label"],
            Self::Attributes => &["attribute_name", "attribute_type"],
            Self::AttributesOfPicture => &["image_name", "attribute_labels"],
            Self::Boxes => &["image_name", "x_1", "y_1", "x_2", "y_2"],
            Self::Landmarks => &["image_name", "clothes_type"],
            Self::Partition => &["image_name", "evaluation_status"],
        };
        let mut headings: Vec<String> = own.iter().map(ToString::to_string).collect();
        if self == Self::Landmarks {
            for point in 1..=Kind::Full.points().len() {
                let columns = ["visibility", "location_x", "location_y"];
                headings.extend(columns.map(|column| format!("landmark_{column}_{point}")));
            }
        }
        headings
    }

    /// The folder it is written to.
    pub(super) const fn folder(self) -> &'static str {
        match self {
            Self::Partition => EVALUATION,
            _ => COARSE[0],
        }
    }
}

/// Folders of the annotations: today's download, and that before the fine annotations came.
pub(super) const COARSE: [&str; 2] = ["Anno_coarse", "Anno"];
/// Folder of the fine annotations.
pub(super) const FINE: &str = "Anno_fine";
/// Folder of the partition.
pub(super) const EVALUATION: &str = "Eval";
/// Folder of the pictures, which the lists' paths start from.
pub(super) const PICTURES: &str = "Img";

/// The folder that paths such as `img/…` start from: `Img`, or the data set's own where the
/// pictures were unpacked there.
pub(super) fn picture_root(root: &Path) -> PathBuf {
    let inside = root.join(PICTURES);
    if inside.is_dir() {
        inside
    } else {
        root.to_path_buf()
    }
}

/// One list: a name for messages, and its bytes.
pub struct Source<'a> {
    /// The file, as messages name it.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Box<dyn Read + Send + 'a>,
}

/// The lists to read, from files or from memory.
///
/// ```
/// use wardrobe_datasets::formats::Mode;
/// use wardrobe_datasets::formats::deepfashion::{List, Lists, read_lists};
/// let lists = Lists::default()
///     .with(List::Categories, &b"1\ncategory_name  category_type\nTee  1\n"[..])
///     .with(List::CategoryOfPicture, &b"1\nimage_name  category_label\nimg/a.jpg  1\n"[..]);
/// let read = read_lists(lists, Mode::Strict)?;
/// assert_eq!(read.loaded.value.records[0].objects[0].category, Some(0));
/// # Ok::<(), wardrobe_datasets::formats::FormatError>(())
/// ```
#[derive(Default)]
pub struct Lists<'a> {
    sources: BTreeMap<List, Source<'a>>,
}

impl std::fmt::Debug for Lists<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let paths = self
            .sources
            .iter()
            .map(|(list, source)| (list, &source.path));
        f.debug_map().entries(paths).finish()
    }
}

impl<'a> Lists<'a> {
    /// The lists that are in a data set's folder: below `Anno_coarse`, `Anno` or the folder itself,
    /// the partition also below `Eval`.
    ///
    /// # Errors
    /// [`FormatError::Unreadable`] for a list that is there and cannot be opened.
    pub fn open(root: &Path) -> Result<Self, FormatError> {
        let mut lists = Self::default();
        for list in List::ALL {
            let mut folders = vec![
                root.join(COARSE[0]),
                root.join(COARSE[1]),
                root.to_path_buf(),
            ];
            if list == List::Partition {
                folders.insert(0, root.join(EVALUATION));
            }
            for folder in folders {
                if let Some(source) = open(folder.join(list.file_name()))? {
                    lists.sources.insert(list, source);
                    break;
                }
            }
        }
        Ok(lists)
    }

    /// With one more list (or in place of the one there), named by its file name in messages.
    pub fn with(mut self, list: List, bytes: impl Read + Send + 'a) -> Self {
        let source = Source {
            path: list.file_name().into(),
            bytes: Box::new(bytes),
        };
        self.sources.insert(list, source);
        self
    }

    /// Without one list.
    pub fn without(mut self, list: List) -> Self {
        self.sources.remove(&list);
        self
    }

    /// The lists that are there.
    pub fn present(&self) -> impl Iterator<Item = List> + '_ {
        self.sources.keys().copied()
    }

    pub(super) fn take(&mut self, list: List) -> Option<Source<'a>> {
        self.sources.remove(&list)
    }
}

/// A file that may be missing; `None` then.
pub(super) fn open<'a>(path: PathBuf) -> Result<Option<Source<'a>>, FormatError> {
    // Asked before opening: a folder opens and fails only when read, a named pipe waits for ever.
    let opened = std::fs::metadata(&path).and_then(|metadata| {
        if metadata.is_file() {
            File::open(&path)
        } else {
            Err(std::io::Error::other("it is not a file"))
        }
    });
    match opened {
        Ok(file) => Ok(Some(Source {
            path,
            bytes: Box::new(file),
        })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FormatError::Unreadable { path, source }),
    }
}
