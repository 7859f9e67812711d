//! Draws the records of a subset.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{Shortage, SplitRule, SubsetError, SubsetSpec, match_category};
use crate::error::PictureError;
use crate::formats::{Finding, Mode, Place, Skipped};
use crate::image_file::{DecodeLimits, read_picture};
use crate::picture_finder::PictureFinder;
use crate::picture_size::picture_size;
use crate::sample::{Category, DataSet, Record, Split};

/// How well a picture is looked at before it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PictureCheck {
    /// Not at all; files may be missing.
    None,
    /// Its header is read; a file that ends early passes.
    #[default]
    Header,
    /// It is decoded.
    Decode,
}

/// How to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SelectOptions {
    /// What to do with a picture that cannot be read: stop, or count it and draw the next one.
    pub mode: Mode,
    /// How well to look.
    pub check: PictureCheck,
    /// What a picture may ask for.
    pub limits: DecodeLimits,
}

/// A subset: the records, and what was left out.
#[derive(Debug)]
pub struct Selection {
    /// The subset. Its categories are those of the specification, in that order and by those names;
    /// [`Category::id`] is still the source's. Records are sorted by category and path, and each has
    /// its split, and the path and size its file has on disk.
    pub data: DataSet,
    /// For each of its categories, the name the source has for it, and how many pictures there were
    /// to draw from.
    pub drawn_from: Vec<(String, usize)>,
    /// Pictures that cannot be read.
    pub skipped: Skipped,
}

/// Draws a subset. A picture counts for the category of its object; pictures with no object or
/// several are not drawn.
///
/// # Errors
/// [`SubsetError`]: the specification is wrong, names a category the data set does not have, or
/// asks for more pictures than there are (every such category is named); in strict mode a drawn
/// picture that cannot be read.
pub fn select(
    data: &DataSet,
    spec: &SubsetSpec,
    options: &SelectOptions,
) -> Result<Selection, SubsetError> {
    spec.check()?;
    let sources = sources(data, spec)?;
    let mut of_category: Vec<Vec<&Record>> = vec![Vec::new(); spec.categories.len()];
    let mut without_box = vec![0; spec.categories.len()];
    for record in &data.records {
        let [object] = record.objects.as_slice() else {
            continue;
        };
        let wanted = |category: u32| {
            sources
                .iter()
                .position(|&source| source == category as usize)
        };
        if let Some(place) = object.category.and_then(wanted) {
            if spec.needs_box && object.bbox.is_none() {
                without_box[place] += 1;
            } else {
                of_category[place].push(record);
            }
        }
    }

    let mut draw = Draw {
        spec,
        options,
        data,
        finder: PictureFinder::new(&data.root),
        skipped: Skipped::default(),
    };
    let mut shortages = Vec::new();
    let mut records = Vec::new();
    let drawn_from = of_category
        .iter()
        .zip(&sources)
        .map(|(candidates, &source)| (data.categories[source].name.clone(), candidates.len()))
        .collect();
    for (place, candidates) in of_category.into_iter().enumerate() {
        let source = &data.categories[sources[place]].name;
        match draw.category(place, source, candidates)? {
            Ok(mut drawn) => {
                drawn.sort_by(|a, b| a.image.path.cmp(&b.image.path));
                records.append(&mut drawn);
            }
            Err(mut short) => {
                for shortage in &mut short {
                    shortage.without_box = without_box[place];
                }
                shortages.append(&mut short);
            }
        }
    }
    if !shortages.is_empty() {
        return Err(SubsetError::TooFew { shortages });
    }
    let categories = spec
        .categories
        .iter()
        .zip(&sources)
        .map(|(name, &source)| Category {
            name: name.clone(),
            ..data.categories[source].clone()
        });
    Ok(Selection {
        data: DataSet {
            root: data.root.clone(),
            categories: categories.collect(),
            attributes: data.attributes.clone(),
            landmark_schemas: data.landmark_schemas.clone(),
            records,
            extra: data.extra.clone(),
        },
        drawn_from,
        skipped: draw.skipped,
    })
}

/// The data set's category for each of the specification's.
fn sources(data: &DataSet, spec: &SubsetSpec) -> Result<Vec<usize>, SubsetError> {
    let mut sources = Vec::new();
    for name in &spec.categories {
        let source =
            match_category(&data.categories, name).ok_or_else(|| SubsetError::UnknownCategory {
                name: name.clone(),
                known: data
                    .categories
                    .iter()
                    .map(|category| category.name.clone())
                    .collect(),
            })?;
        if sources.contains(&source) {
            return Err(SubsetError::Specification {
                name: spec.name.clone(),
                problem: format!(
                    "names the data set's category `{}` twice, the second time as `{name}`; name it once",
                    data.categories[source].name
                ),
            });
        }
        sources.push(source);
    }
    Ok(sources)
}

struct Draw<'a> {
    spec: &'a SubsetSpec,
    options: &'a SelectOptions,
    data: &'a DataSet,
    finder: PictureFinder,
    skipped: Skipped,
}

type Drawn = Result<Vec<Record>, Vec<Shortage>>;

impl Draw<'_> {
    /// The records of one category, with split and category, or why there are not enough.
    fn category(
        &mut self,
        place: usize,
        source: &str,
        candidates: Vec<&Record>,
    ) -> Result<Drawn, SubsetError> {
        let (train, validation) = (self.spec.train, self.spec.validation);
        let parts = match self.spec.splits {
            SplitRule::Draw => vec![(None, train + validation)],
            SplitRule::Keep => vec![
                (Some(Split::Train), train),
                (Some(Split::Validation), validation),
            ],
        };
        let mut all = Vec::new();
        let mut shortages = Vec::new();
        for (part, needed) in parts {
            let of_part: Vec<&Record> = candidates
                .iter()
                .copied()
                .filter(|record| part.is_none() || record.split == part)
                .collect();
            let (mut drawn, shortage) = self.part(place, source, part, of_part, needed)?;
            all.append(&mut drawn);
            shortages.extend(shortage);
        }
        if !shortages.is_empty() {
            return Ok(Err(shortages));
        }
        if self.spec.splits == SplitRule::Draw {
            let rank = |record: &Record| rank("split", self.spec.seed, source, &record.image.path);
            all.sort_by_cached_key(rank);
            for (index, record) in all.iter_mut().enumerate() {
                record.split = Some(if index < validation {
                    Split::Validation
                } else {
                    Split::Train
                });
            }
        }
        Ok(Ok(all))
    }

    fn part(
        &mut self,
        place: usize,
        source: &str,
        part: Option<Split>,
        mut candidates: Vec<&Record>,
        needed: usize,
    ) -> Result<(Vec<Record>, Option<Shortage>), SubsetError> {
        candidates
            .sort_by_cached_key(|record| rank("draw", self.spec.seed, source, &record.image.path));
        let available = candidates.len();
        let mut drawn = Vec::new();
        let mut rest = candidates.as_slice();
        while drawn.len() < needed && !rest.is_empty() {
            let (next, later) = rest.split_at(rest.len().min(needed - drawn.len()));
            rest = later;
            let looked: Vec<Result<_, PictureError>> = next
                .par_iter()
                .map(|record| self.look(&record.image.path))
                .collect();
            for (record, looked) in next.iter().zip(looked) {
                match (looked, self.options.mode) {
                    (Ok((path, size)), _) => {
                        let mut record = (*record).clone();
                        record.image.path = path;
                        record.image.size = size.or(record.image.size);
                        record.objects[0].category = Some(place as u32);
                        drawn.push(record);
                    }
                    (Err(error), Mode::Strict) => return Err(error.into()),
                    (Err(error), Mode::Lenient) => self.skip(&record.image.path, &error),
                }
            }
        }
        let found = drawn.len();
        let shortage = (found < needed).then(|| Shortage {
            category: self.spec.categories[place].clone(),
            part,
            found,
            needed,
            unreadable: available - found,
            without_box: 0,
        });
        Ok((drawn, shortage))
    }

    /// The path on disk of a picture that can be used, and its size where it was looked at.
    fn look(&self, path: &str) -> Result<(String, Option<[u32; 2]>), PictureError> {
        let (check, limits) = (self.options.check, &self.options.limits);
        if check == PictureCheck::None {
            return Ok((path.to_owned(), None));
        }
        let found = self.finder.find(path);
        let file = self.data.root.join(&found);
        let size = if check == PictureCheck::Decode {
            let picture = read_picture(&file, limits)?;
            [picture.width() as u32, picture.height() as u32]
        } else {
            picture_size(&file, limits)?
        };
        Ok((found, Some(size)))
    }

    fn skip(&mut self, path: &str, error: &PictureError) {
        let file = self.data.root.join(path);
        let text = error.to_string();
        let named = format!("{}: ", file.display());
        let finding = Finding {
            problem: text.strip_prefix(&named).unwrap_or(&text).to_owned(),
            path: file,
            place: Place::File,
            remedy: "the next picture was drawn instead".into(),
        };
        // Lenient never refuses.
        let _ = self.skipped.note(Mode::Lenient, finding);
    }
}

/// A picture's place in the draw: the same everywhere, and of no one's choosing.
fn rank(purpose: &str, seed: u64, category: &str, path: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in [purpose, category, path] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.update(seed.to_le_bytes());
    hasher.finalize().into()
}
