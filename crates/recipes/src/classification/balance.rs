//! The weights of a class-balanced loss, counted from the data.

use wardrobe_datasets::loader::Source;
use wardrobe_losses::{ClassLoss, class_balanced_weights};

use crate::data::Classes;
use crate::error::RecipeError;

/// The loss with weights for a β, counted over the pictures of all sources.
///
/// # Errors
/// [`RecipeError::Setting`] for a β outside 0 … 1 (1 excluded), a loss that has weights already, and a source whose
/// annotations cannot be counted.
pub(super) fn balanced<'a>(
    loss: &ClassLoss,
    beta: f64,
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
        count(source, classes, &mut counts);
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

/// Adds the pictures of each class; one with several counts for each.
fn count(source: &dyn Source, classes: &Classes, counts: &mut [usize]) {
    for index in 0..source.len() {
        let categories = source.categories(index);
        let mut of_picture: Vec<usize> = categories
            .into_iter()
            .filter_map(|category| classes.class(category))
            .collect();
        of_picture.sort_unstable();
        of_picture.dedup();
        for class in of_picture {
            counts[class] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use wardrobe_datasets::sample::Category;
    use wardrobe_datasets::{PictureError, Sample};

    use super::*;
    use crate::data::ClassChoice;

    struct Counted(Vec<Vec<u32>>);

    impl Source for Counted {
        fn len(&self) -> usize {
            self.0.len()
        }

        fn get(&self, _index: usize) -> Result<Sample, PictureError> {
            panic!("counting reads no picture")
        }

        fn categories(&self, index: usize) -> Vec<u32> {
            self.0[index].clone()
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

    /// Three pictures with a dress, in two sources, one with a skirt (which also has two blouses, no class). β = ½: effective
    /// numbers 1 + ½ + ¼ = 1.75 and 1; weights 1/1.75 and 1 scaled to a sum of two.
    #[test]
    fn pictures_are_counted_by_class() {
        let first = Counted(vec![vec![0], vec![0, 0]]);
        let second = Counted(vec![vec![0], vec![2, 1, 1], vec![]]);
        let classes = classes();
        let sources: [(&dyn Source, _); 2] = [(&first, &classes), (&second, &classes)];
        let loss = balanced(&ClassLoss::default(), 0.5, sources).unwrap();
        let weights = loss.class_weights.unwrap();
        let unit = 2.0 / (1.0 / 1.75 + 1.0);
        assert!((weights[0] - unit / 1.75).abs() < 1e-6, "{weights:?}");
        assert!((weights[1] - unit).abs() < 1e-6, "{weights:?}");
    }

    #[test]
    fn what_cannot_be_balanced_is_refused() {
        let source = Counted(vec![vec![0]]);
        let refuse = |loss: ClassLoss, beta: f64, source: &dyn Source| {
            balanced(&loss, beta, [(source, &classes())])
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
            refuse(plain(), 0.9, &Counted(vec![vec![1]])),
            "class_balance: found no picture with a class; leave it out: these data cannot be counted"
        );
    }
}
