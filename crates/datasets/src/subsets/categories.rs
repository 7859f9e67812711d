//! Categories by name, told apart less strictly than by their letters.

use crate::sample::Category;

/// The 20 categories of paper A (its table 1), spelled and ordered as there. DeepFashion writes the
/// seventeenth `Sweatpants`; [`match_category`] finds it.
pub const PAPER_A_CATEGORIES: [&str; 20] = [
    "Blouse",
    "Blazer",
    "Cardigan",
    "Coat",
    "Dress",
    "Hoodie",
    "Jacket",
    "Jeans",
    "Joggers",
    "Jumpsuit",
    "Kimono",
    "Leggings",
    "Romper",
    "Shorts",
    "Skirt",
    "Sweater",
    "Sweatpant",
    "Tank",
    "Tee",
    "Top",
];

/// The index of the category that a name means: the one of exactly that name; otherwise the only
/// one that differs in upper and lower case, spaces, hyphens or a plural `s` at the end.
///
/// ```
/// use wardrobe_datasets::sample::Category;
/// use wardrobe_datasets::subsets::match_category;
/// let categories: Vec<Category> = ["Tee", "Sweatpants", "Button-Down"]
///     .map(|name| Category { name: name.into(), group: None, id: 0 })
///     .into();
/// assert_eq!(match_category(&categories, "Sweatpant"), Some(1));
/// assert_eq!(match_category(&categories, "button down"), Some(2));
/// assert_eq!(match_category(&categories, "Shirt"), None);
/// ```
pub fn match_category(categories: &[Category], name: &str) -> Option<usize> {
    let exact = categories.iter().position(|category| category.name == name);
    exact.or_else(|| {
        let folded = fold(name);
        let mut alike =
            (0..categories.len()).filter(|&index| fold(&categories[index].name) == folded);
        let first = alike.next()?;
        alike.next().is_none().then_some(first)
    })
}

/// Letters and digits in lower case, without the `s` of a plural; `Dress` keeps its own.
fn fold(name: &str) -> String {
    let mut folded: String = name
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    if folded.ends_with('s') && !folded.ends_with("ss") {
        folded.pop();
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories(names: &[&str]) -> Vec<Category> {
        names
            .iter()
            .map(|name| Category {
                name: (*name).into(),
                group: None,
                id: 0,
            })
            .collect()
    }

    #[test]
    fn an_exact_name_wins_and_a_doubtful_one_matches_nothing() {
        let both = categories(&["Shorts", "Short", "Dress", "short-s"]);
        assert_eq!(match_category(&both, "Short"), Some(1));
        assert_eq!(match_category(&both, "Shorts"), Some(0));
        assert_eq!(match_category(&both, "SHORT"), None); // three could be meant
        assert_eq!(match_category(&both, "dress"), Some(2));
        assert_eq!(match_category(&both, "Dres"), None);
    }

    #[test]
    fn the_paper_s_names_are_twenty_different_ones() {
        let folded: std::collections::BTreeSet<String> =
            PAPER_A_CATEGORIES.iter().map(|name| fold(name)).collect();
        assert_eq!(folded.len(), 20);
    }
}
