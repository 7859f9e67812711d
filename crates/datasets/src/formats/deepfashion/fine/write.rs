//! A data set to row-aligned files.

use std::path::Path;

use super::super::lists::{FINE, List};
use super::super::picture::{Picture, corners, writable};
use super::super::vocabulary::FINE_TYPES;
use super::super::write::{Files, column_order, write_attribute_types, write_categories};
use super::{Column, LANDMARK_COLUMNS, SPLITS};
use crate::formats::{FormatError, Losses};
use crate::sample::{DataSet, Judgement, Landmark, Visibility};

/// Writes `Anno_fine` below `root`: both vocabularies, and for each split its pictures and aligned
/// files. An aligned file is written when every picture of the split has what it holds.
///
/// Gives what the files cannot hold, such as visibilities, or the boxes of a split in which one
/// picture has none.
///
/// # Errors
/// As [`write`](crate::formats::deepfashion::write): files that cannot be written, vocabularies without numbers in the
/// format. Then no file is written.
pub fn write(data: &DataSet, root: impl AsRef<Path>) -> Result<Losses, FormatError> {
    let mut losses = Losses::default();
    let pictures = writable(data, &mut losses);
    let folder = root.as_ref().join(FINE);
    let mut files = Files::default();
    write_categories(
        data,
        &mut files.create_at(folder.join(List::Categories.file_name()))?,
    )?;
    if !data.attributes.is_empty() {
        let mut file = files.create_at(folder.join(List::Attributes.file_name()))?;
        write_attribute_types(data, &FINE_TYPES, &mut file)?;
    }
    let order = column_order(data);
    for _ in pictures
        .iter()
        .filter(|picture| picture.record.split.is_none())
    {
        losses.add("picture of no split", 1);
    }
    for (split, name) in SPLITS {
        let pictures: Vec<&Picture<'_>> = pictures
            .iter()
            .filter(|picture| picture.record.split == Some(split))
            .collect();
        if pictures.is_empty() {
            continue;
        }
        let mut file = files.create_at(folder.join(format!("{name}.txt")))?;
        for picture in &pictures {
            file.write(format!("{}\n", picture.record.image.path).as_bytes())?;
        }
        for column in Column::ALL {
            let lines: Vec<Option<String>> = pictures
                .iter()
                .map(|picture| line(picture, column, data, &order))
                .collect();
            if lines.iter().all(Option::is_some) {
                let mut file = files.create_at(folder.join(column.file_name(name)))?;
                for line in lines.iter().flatten() {
                    file.write(format!("{}\n", line.trim_end()).as_bytes())?;
                }
                for picture in &pictures {
                    note_losses(picture, column, &mut losses);
                }
            } else {
                let lost = column.lost();
                lines.iter().flatten().for_each(|_| losses.add(lost, 1));
            }
        }
    }
    files.finish()?;
    Ok(losses)
}

/// What a picture has for an aligned file.
fn line(picture: &Picture<'_>, column: Column, data: &DataSet, order: &[u32]) -> Option<String> {
    let object = picture.object;
    match column {
        Column::Category => Some((picture.category + 1).to_string()),
        Column::Attributes => {
            (object.attributes.len() == order.len() && !order.is_empty()).then(|| {
                let flag = |&index: &u32| match object.attributes.get(index as usize) {
                    Judgement::Yes => "1 ",
                    Judgement::No | Judgement::Maybe | Judgement::Unknown => "0 ",
                };
                order.iter().map(flag).collect()
            })
        }
        Column::Box => Some(corners(picture.bbox()?).concat()),
        Column::Landmarks => {
            let kind = picture.kind(data)?;
            // The reader takes the kind from the category.
            let category = data.categories.get(picture.category as usize)?;
            let points = &object.landmarks.as_ref()?.points;
            let written = |point: &Landmark| match point.visibility {
                Visibility::Absent => "0 0 ".to_owned(),
                _ => format!("{} {} ", point.x.round() as u32, point.y.round() as u32),
            };
            let padding =
                std::iter::repeat_n("0 0 ".to_owned(), LANDMARK_COLUMNS / 2 - points.len());
            (category.group.as_deref() == Some(kind.name()))
                .then(|| points.iter().map(written).chain(padding).collect())
        }
    }
}

fn note_losses(picture: &Picture<'_>, column: Column, losses: &mut Losses) {
    match column {
        Column::Attributes => {
            if picture
                .object
                .attributes
                .with(Judgement::Unknown)
                .next()
                .is_some()
            {
                losses.add("attributes not judged", 1);
            }
        }
        Column::Landmarks => {
            let points = picture
                .object
                .landmarks
                .iter()
                .flat_map(|landmarks| &landmarks.points);
            let hidden = |point: &Landmark| point.visibility == Visibility::Occluded;
            let corner = |point: &Landmark| {
                point.visibility == Visibility::Visible
                    && point.x.round() == 0.0
                    && point.y.round() == 0.0
            };
            for point in points {
                if hidden(point) || corner(point) {
                    losses.add("visibility of a landmark", 1);
                }
            }
        }
        Column::Category | Column::Box => {}
    }
}
