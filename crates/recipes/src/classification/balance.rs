//! The weights of a class-balanced loss, counted from the data.

use wardrobe_datasets::loader::Source;
use wardrobe_losses::{ClassLoss, class_balanced_weights};

use super::config::Subject;
use super::task::category_of;
use crate::data::Classes;
use crate::error::RecipeError;

/// The loss with weights for a β, counted over the pictures of all sources: each counts for the class that it is learnt as.
///
/// # Errors
/// [`RecipeError::Setting`] for a β outside 0 … 1 (1 excluded), a loss that has weights already, and a source whose
/// annotations cannot be counted.
pub(super) fn balanced<'a>(
    loss: &ClassLoss,
    beta: f64,
    subject: Subject,
    sources: impl IntoIterator<Item = (&'a dyn Source, &'a Classes)>,
) -> Result<ClassLoss, RecipeError> {
    let fail = |field: &str, found: String, remedy: &str| {
        Err(RecipeError::Setting {
            field: field.into(),
            found,
            remedy: remedy.into(),
        })
    };
    if !(0.0..1.0).contains(&beta) {
        return fail(
            "class_balance",
            beta.to_string(),
            "give a number from 0, which weighs nothing, to below 1: 0.999",
        );
    }
    if loss.class_weights.is_some() {
        return fail(
            "loss.class_weights",
            "weights beside class_balance".into(),
            "give one of the two",
        );
    }
    let mut counts = Vec::new();
    for (source, classes) in sources {
        counts.resize(classes.names().len(), 0);
        count(source, classes, subject, &mut counts);
    }
    if counts.iter().all(|count| *count == 0) {
        return fail(
            "class_balance",
            "no picture with a class".into(),
            "leave it out: these data cannot be counted",
        );
    }
    Ok(ClassLoss {
        class_weights: Some(class_balanced_weights(&counts, beta)),
        ..loss.clone()
    })
}

/// Adds the pictures of each class; those without one are bad files to the loader, and nothing is learnt from them.
fn count(source: &dyn Source, classes: &Classes, subject: Subject, counts: &mut [usize]) {
    for index in 0..source.len() {
        let category = category_of(source, index, subject);
        if let Some(class) = category.and_then(|category| classes.class(category)) {
            counts[class] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use wardrobe_datasets::sample::{BBox, Category};
    use wardrobe_datasets::{PictureError, Sample};

    use super::*;
    use crate::data::ClassChoice;

    /// For each picture the categories of its objects, each with the width of its box.
    struct Counted(Vec<Vec<(u32, f32)>>);

    impl Source for Counted {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn get(&self, _index: usize) -> Result<Sample, PictureError> {
            panic!("counting reads no picture")
        }

        fn boxes(&self, index: usize) -> Vec<(Option<u32>, Option<BBox>)> {
            let boxed = |&(category, width): &(u32, f32)| {
                let bbox = BBox::new(0.0, 0.0, width, 5.0);
                (Some(category), Some(bbox))
            };
            self.0[index].iter().map(boxed).collect()
        }
    }

    fn classes() -> Classes {
        let categories = ["Dress", "Blouse", "Skirt"].map(|name| Category {
            name: name.into(),
            group: None,
            id: 0,
        });
        let names = vec!["Dress".to_owned(), "Skirt".to_owned()];
        Classes::choose(&categories, &ClassChoice::Only(names)).unwrap()
    }

    /// Three pictures of a dress, in two sources, one of a skirt (with a smaller dress on it); one of a blouse, which is no
    /// class, and one of nothing. β = ½: effective numbers 1 + ½ + ¼ = 1.75 and 1; weights 1/1.75 and 1 scaled to a sum of two.
    #[test]
    fn a_picture_counts_for_its_largest_garment() {
        let first = Counted(vec![vec![(0, 5.0)], vec![(0, 5.0), (2, 5.0)]]);
        let second = Counted(vec![
            vec![(0, 5.0)],
            vec![(0, 4.0), (2, 9.0)],
            vec![(1, 9.0), (2, 4.0)],
            vec![],
        ]);
        let classes = classes();
        let sources: [(&dyn Source, _); 2] = [(&first, &classes), (&second, &classes)];
        let loss = balanced(&ClassLoss::default(), 0.5, Subject::Largest, sources).unwrap();
        let weights = loss.class_weights.unwrap();
        let unit = 2.0 / (1.0 / 1.75 + 1.0);
        assert!((weights[0] - unit / 1.75).abs() < 1e-6, "{weights:?}");
        assert!((weights[1] - unit).abs() < 1e-6, "{weights:?}");

        // Of pictures with one garment, two dresses are left: one class occurs, of weight 1.
        let loss = balanced(&ClassLoss::default(), 0.5, Subject::Only, sources).unwrap();
        assert_eq!(loss.class_weights.unwrap(), [1.0, 0.0]);
    }

    #[test]
    fn what_cannot_be_balanced_is_refused() {
        let source = Counted(vec![vec![(0, 5.0)]]);
        let refuse = |loss: ClassLoss, beta: f64, source: &dyn Source| {
            balanced(&loss, beta, Subject::Only, [(source, &classes())])
                .unwrap_err()
                .to_string()
        };
        let plain = ClassLoss::default;
        let weighted = ClassLoss {
            class_weights: Some(vec![1.0, 1.0]),
            ..plain()
        };
        assert_eq!(
            refuse(plain(), 1.0, &source),
            "class_balance: found 1; give a number from 0, which weighs nothing, to below 1: 0.999"
        );
        assert_eq!(
            refuse(weighted, 0.9, &source),
            "loss.class_weights: found weights beside class_balance; give one of the two"
        );
        assert_eq!(
            refuse(plain(), 0.9, &Counted(vec![vec![(1, 5.0)]])),
            "class_balance: found no picture with a class; leave it out: these data cannot be counted"
        );
    }
}
