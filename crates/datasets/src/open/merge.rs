//! Parts that were read one by one, as one data set.

use std::path::Path;

use super::Found;
use super::detect::Part;
use super::error::OpenError;
use crate::formats::{Loaded, Skipped};
use crate::sample::{DataSet, Extra};

/// Reads every part and puts their records into one set, the first part's first. One part is left as
/// it is; of several, paths start from the data set's folder. Vocabularies must be the same; of what
/// the format said of a whole part, fields stay on which all parts agree.
pub(super) fn merge(
    found: &Found,
    mut read: impl FnMut(&Part) -> Result<Loaded<DataSet>, OpenError>,
) -> Result<Loaded<DataSet>, OpenError> {
    let mut whole: Option<DataSet> = None;
    let mut skipped = Skipped::default();
    for part in &found.parts {
        let mut loaded = read(part)?;
        skipped.append(loaded.skipped);
        if found.parts.len() > 1 {
            rebase(&mut loaded.value, &found.folder);
        }
        match &mut whole {
            None => whole = Some(loaded.value),
            Some(whole) => append(whole, loaded.value).map_err(|what| OpenError::PartsDiffer {
                first: found.parts[0].path.clone(),
                part: part.path.clone(),
                what,
            })?,
        }
    }
    Ok(Loaded {
        value: whole.unwrap_or_default(),
        skipped,
    })
}

/// Makes paths start from `folder`, where the set's own folder is below it.
fn rebase(set: &mut DataSet, folder: &Path) {
    let inside = match set.root.strip_prefix(folder) {
        Ok(inside) => inside.to_string_lossy().replace('\\', "/"),
        // Joining an absolute path to a folder gives that path.
        Err(_) => match std::path::absolute(&set.root) {
            Ok(absolute) => absolute.to_string_lossy().into_owned(),
            Err(_) => return,
        },
    };
    set.root = folder.to_path_buf();
    if inside.is_empty() {
        return;
    }
    for record in &mut set.records {
        for path in std::iter::once(&mut record.image.path).chain(&mut record.parsing) {
            *path = format!("{inside}/{path}");
        }
    }
}

fn append(whole: &mut DataSet, part: DataSet) -> Result<(), &'static str> {
    if whole.categories != part.categories {
        return Err("categories");
    }
    if whole.attributes != part.attributes {
        return Err("attributes");
    }
    if whole.landmark_schemas != part.landmark_schemas {
        return Err("landmark schemas");
    }
    whole.extra = match (whole.extra.take(), part.extra) {
        (Some(whole), Some(part)) => {
            let common = common(*whole, &part);
            (!common.is_empty()).then(|| Box::new(common))
        }
        _ => None,
    };
    whole.records.extend(part.records);
    Ok(())
}

/// Fields that both have alike, also inside the fields of a format.
fn common(whole: Extra, part: &Extra) -> Extra {
    let fields = whole.into_iter().filter_map(|(name, value)| {
        let other = part.get(&name)?;
        if value == *other {
            return Some((name, value));
        }
        let (serde_json::Value::Object(value), Some(other)) = (value, other.as_object()) else {
            return None;
        };
        let both: Extra = value
            .into_iter()
            .filter(|(field, value)| other.get(field) == Some(value))
            .collect();
        (!both.is_empty()).then(|| (name, both.into()))
    });
    fields.collect()
}
