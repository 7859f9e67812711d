//! Which classes a model learns, and which category of a data set is which class.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use wardrobe_datasets::sample::Category;

use crate::error::RecipeError;

/// What a class is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassChoice {
    /// Every category of the data is one.
    #[default]
    Categories,
    /// Every group of categories is one: DeepFashion's `upper`, `lower` and `full`.
    Groups,
    /// These categories, in this order. Objects of others are neither to be found nor background; a classifier's pictures of
    /// others are left out.
    Only(Vec<String>),
}

/// The classes of a model, and the class of each category of one data set.
///
/// ```
/// use wardrobe_datasets::sample::Category;
/// use wardrobe_recipes::data::{ClassChoice, Classes};
///
/// let category = |name: &str| Category { name: name.into(), group: None, id: 0 };
/// let data = ["Coat", "Dress", "Tee"].map(category);
/// let classes = Classes::choose(&data, &ClassChoice::Only(vec!["Tee".into(), "Coat".into()]))?;
/// assert_eq!(classes.names(), ["Tee", "Coat"]);
/// // Categories count from 0, labels from 1: 0 is the background.
/// assert_eq!([0, 1, 2].map(|category| classes.label(category)), [Some(2), None, Some(1)]);
/// # Ok::<(), wardrobe_recipes::RecipeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classes {
    names: Vec<String>,
    /// For each category its class from 0.
    of: Vec<Option<usize>>,
}

impl Classes {
    /// The classes of a data set's categories.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] for data without categories or, where they are asked for, groups, and
    /// for a name that is no category.
    pub fn choose(categories: &[Category], choice: &ClassChoice) -> Result<Self, RecipeError> {
        let setting = |found: String, remedy: String| RecipeError::Setting {
            field: "classes".into(),
            found,
            remedy,
        };
        if categories.is_empty() {
            return Err(setting(
                "data without categories".into(),
                "train on data that say what their objects are".into(),
            ));
        }
        let names = match choice {
            ClassChoice::Categories => categories.iter().map(|c| c.name.clone()).collect(),
            ClassChoice::Groups => {
                let mut names: Vec<String> = Vec::new();
                for category in categories {
                    let Some(group) = &category.group else {
                        return Err(setting(
                            format!("\"groups\", but {:?} has none", category.name),
                            "write \"categories\" or {\"only\": […]}".into(),
                        ));
                    };
                    if !names.contains(group) {
                        names.push(group.clone());
                    }
                }
                names
            }
            ClassChoice::Only(names) => {
                check_names(names, categories)?;
                names.clone()
            }
        };
        let of = categories
            .iter()
            .map(|category| {
                let name = match choice {
                    ClassChoice::Groups => category.group.as_ref(),
                    _ => Some(&category.name),
                };
                names.iter().position(|class| Some(class) == name)
            })
            .collect();
        Ok(Self { names, of })
    }

    /// The same classes for another data set, by name: held-out data may number their categories in
    /// another way, and lack some.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] when no category, or, unless a choice was made, not every category is
    /// one of the classes.
    pub fn matched(
        &self,
        key: &str,
        categories: &[Category],
        choice: &ClassChoice,
    ) -> Result<Self, RecipeError> {
        let by_group = *choice == ClassChoice::Groups;
        let chosen = matches!(choice, ClassChoice::Only(_));
        let remedy = "or list those to keep under \"classes\": {\"only\": […]}";
        self.found_in(key, categories, by_group, chosen, remedy)
    }

    /// The classes a checkpoint was trained for, by the choice it was trained with, in data it is evaluated on. For
    /// [`ClassChoice::Groups`] a category's group says its class where one of that name is a class, else its own name. With
    /// `ignore_others`, and for [`ClassChoice::Only`], objects of no class are neither to be found nor background.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] when no category, or, unless others are ignored, not every category is one
    /// of the classes.
    pub fn of_checkpoint(
        names: Vec<String>,
        key: &str,
        categories: &[Category],
        choice: &ClassChoice,
        ignore_others: bool,
    ) -> Result<Self, RecipeError> {
        let classes = Self {
            names,
            of: Vec::new(),
        };
        let by_group = *choice == ClassChoice::Groups;
        let ignore_others = ignore_others || matches!(choice, ClassChoice::Only(_));
        let remedy = "or let objects of other categories be ignored";
        classes.found_in(key, categories, by_group, ignore_others, remedy)
    }

    fn found_in(
        &self,
        key: &str,
        categories: &[Category],
        by_group: bool,
        ignore_others: bool,
        remedy: &str,
    ) -> Result<Self, RecipeError> {
        let class = |name: &String| self.names.iter().position(|class| class == name);
        let of: Vec<Option<usize>> = categories
            .iter()
            .map(|category| {
                let group = category.group.as_ref().filter(|_| by_group);
                group.and_then(class).or_else(|| class(&category.name))
            })
            .collect();
        let unknown: Vec<&str> = categories
            .iter()
            .zip(&of)
            .filter(|(_, class)| class.is_none())
            .map(|(category, _)| category.name.as_str())
            .collect();
        if unknown.len() == categories.len() || (!unknown.is_empty() && !ignore_others) {
            return Err(RecipeError::Setting {
                field: key.to_owned(),
                found: format!("categories that are no class: {}", unknown.join(", ")),
                remedy: format!(
                    "name them as the training data do ({}), {remedy}",
                    self.names.join(", ")
                ),
            });
        }
        Ok(Self {
            names: self.names.clone(),
            of,
        })
    }

    /// The names, without the background.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many a detector counts: one more, for the background.
    pub fn with_background(&self) -> usize {
        self.names.len() + 1
    }

    /// The class of a category, from 0; nothing for one that is left out.
    pub fn class(&self, category: u32) -> Option<usize> {
        self.of.get(category as usize).copied().flatten()
    }

    /// The class of a category as detectors count: from 1.
    pub fn label(&self, category: u32) -> Option<usize> {
        self.class(category).map(|class| class + 1)
    }
}

/// Names of classes that are each one category.
fn check_names(names: &[String], categories: &[Category]) -> Result<(), RecipeError> {
    let known = |name: &&String| categories.iter().any(|c| c.name == **name);
    let unknown: Vec<&str> = names
        .iter()
        .filter(|name| !known(name))
        .map(String::as_str)
        .collect();
    let setting = |found: String, remedy: String| RecipeError::Setting {
        field: "classes.only".into(),
        found,
        remedy,
    };
    if !unknown.is_empty() {
        let given: Vec<&str> = categories.iter().map(|c| c.name.as_str()).collect();
        return Err(setting(
            unknown.join(", "),
            format!("the data's categories are {}", given.join(", ")),
        ));
    }
    let distinct: BTreeSet<&String> = names.iter().collect();
    if names.is_empty() || distinct.len() < names.len() {
        return Err(setting(
            format!("{names:?}"),
            "name at least one category, each once".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn categories(names: &[(&str, &str)]) -> Vec<Category> {
        let category = |&(name, group): &(&str, &str)| Category {
            name: name.into(),
            group: Some(group.into()),
            id: 7,
        };
        names.iter().map(category).collect()
    }

    #[test]
    fn groups_are_numbered_as_they_turn_up() {
        let data = categories(&[("Tee", "upper"), ("Skirt", "lower"), ("Coat", "upper")]);
        let classes = Classes::choose(&data, &ClassChoice::Groups).unwrap();
        assert_eq!(classes.names(), ["upper", "lower"]);
        assert_eq!(classes.with_background(), 3);
        assert_eq!(
            [0, 1, 2, 3].map(|category| classes.label(category)),
            [Some(1), Some(2), Some(1), None]
        );
    }

    #[test]
    fn names_that_are_no_category_are_listed_with_those_that_are() {
        let data = categories(&[("Tee", "upper"), ("Skirt", "lower")]);
        let choice = ClassChoice::Only(vec!["Tee".into(), "Shirt".into()]);
        let message = Classes::choose(&data, &choice).unwrap_err().to_string();
        assert_eq!(
            message,
            "classes.only: found Shirt; the data's categories are Tee, Skirt"
        );
        let twice = ClassChoice::Only(vec!["Tee".into(), "Tee".into()]);
        assert!(Classes::choose(&data, &twice).is_err());
    }

    #[test]
    fn held_out_data_are_matched_by_name() {
        let training = categories(&[("Tee", "upper"), ("Skirt", "lower")]);
        let held_out = categories(&[("Skirt", "lower"), ("Tee", "upper")]);
        let classes = Classes::choose(&training, &ClassChoice::Categories).unwrap();
        let same = classes
            .matched("validation", &held_out, &ClassChoice::Categories)
            .unwrap();
        assert_eq!([same.class(0), same.class(1)], [Some(1), Some(0)]);

        let other = categories(&[("Tee", "upper"), ("skirt", "lower")]);
        let message = classes
            .matched("validation", &other, &ClassChoice::Categories)
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("validation: found categories that are no class: skirt;"),
            "{message}"
        );
    }

    #[test]
    fn a_checkpoints_groups_are_found_by_group_or_by_name() {
        let names = || vec!["upper".to_owned(), "lower".to_owned()];
        let mut data = categories(&[("Skirt", "lower"), ("upper", "garment")]);
        let found =
            Classes::of_checkpoint(names(), "data", &data, &ClassChoice::Groups, false).unwrap();
        assert_eq!([found.class(0), found.class(1)], [Some(1), Some(0)]);

        data.extend(categories(&[("Hat", "head")]));
        let refused = Classes::of_checkpoint(names(), "data", &data, &ClassChoice::Groups, false);
        let message = refused.unwrap_err().to_string();
        assert!(
            message.starts_with("data: found categories that are no class: Hat;")
                && message.contains("be ignored"),
            "{message}"
        );
        let found =
            Classes::of_checkpoint(names(), "data", &data, &ClassChoice::Groups, true).unwrap();
        assert_eq!(found.class(2), None);
        // A checkpoint of some categories was trained to ignore the others.
        let only = ClassChoice::Only(names());
        let found = Classes::of_checkpoint(names(), "data", &data, &only, false).unwrap();
        assert_eq!([1, 2].map(|at| found.class(at)), [Some(0), None]);
        // Nothing to be found at all is a mistake, whatever may be ignored.
        let hats = &data[2..];
        assert!(Classes::of_checkpoint(names(), "data", hats, &ClassChoice::Groups, true).is_err());
    }
}
