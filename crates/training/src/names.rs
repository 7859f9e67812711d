//! Names of parameters, and patterns over them.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// The path of every float tensor of a module, in the order of [`Module::visit`]: fields and indices
/// joined by dots. The variant of an enum adds no level.
///
/// ```
/// use burn::nn::LinearConfig;
/// use burn::tensor::Device;
/// let layer = LinearConfig::new(2, 3).init(&Device::flex());
/// assert_eq!(wardrobe_training::names::of(&layer), ["weight", "bias"]);
/// ```
pub fn of<M: Module>(module: &M) -> Vec<String> {
    let mut paths = Paths::default();
    module.visit(&mut paths);
    paths.found
}

#[derive(Default)]
struct Paths {
    levels: Vec<(String, bool)>,
    found: Vec<String>,
}

impl ModuleVisitor for Paths {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.levels
            .push((name.to_owned(), !container.starts_with("Enum:")));
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.levels.pop();
    }

    fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
        let named = self.levels.iter().filter(|(_, named)| *named);
        let names: Vec<&str> = named.map(|(name, _)| name.as_str()).collect();
        self.found.push(names.join("."));
    }
}

/// Whether `name` is `pattern` with every `*` replaced by some run of characters, dots included.
///
/// ```
/// use wardrobe_training::names::matches;
/// assert!(matches("backbone.*.bias", "backbone.layer1.0.conv1.bias"));
/// assert!(!matches("backbone", "backbone.layer1"));
/// ```
pub fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let head = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(tail) = parts.pop() else {
        return rest.is_empty();
    };
    // The leftmost occurrence leaves the most for the parts to come.
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= tail.len() && rest.ends_with(tail)
}

/// The names most like `wanted`, nearest first, at most `count`.
pub(crate) fn nearest<'a>(
    wanted: &str,
    names: impl IntoIterator<Item = &'a str>,
    count: usize,
) -> Vec<String> {
    let wanted = wanted.replace('*', "");
    let mut ranked: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (distance(&wanted, name), name))
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked
        .into_iter()
        .take(count)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// Insertions and deletions between two names, beyond what a `*` may stand for: what of `wanted` is
/// missing in `name` counts four times what `name` has in addition.
fn distance(wanted: &str, name: &str) -> usize {
    let (wanted, name): (Vec<char>, Vec<char>) = (wanted.chars().collect(), name.chars().collect());
    // Longest common subsequence, row by row.
    let mut row = vec![0_usize; name.len() + 1];
    for letter in &wanted {
        let mut diagonal = 0;
        for (index, other) in name.iter().enumerate() {
            let above = row[index + 1];
            row[index + 1] = if letter == other {
                diagonal + 1
            } else {
                above.max(row[index])
            };
            diagonal = above;
        }
    }
    let common = row[name.len()];
    4 * (wanted.len() - common) + (name.len() - common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_of_characters() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("fc.*", "fc.weight", true),
            ("fc.*", "afc.weight", false),
            ("fc.weight", "fc.weights", false),
            ("*.bias", "layer1.0.conv1.bias", true),
            ("*.bias", "bias", false),
            // The star must not reuse characters: "aa" needs two.
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }

    /// "backbne.*" lacks one letter of "backbone.": 0 missing; "head.weight" shares 3 of its 8
    /// letters and dot (a, e, dot).
    #[test]
    fn a_misspelt_pattern_finds_its_neighbour() {
        let names = ["head.weight", "backbone.conv.weight", "backbone.conv.bias"];
        assert_eq!(
            nearest("backbne.*", names, 2),
            ["backbone.conv.bias", "backbone.conv.weight"]
        );
    }
}
