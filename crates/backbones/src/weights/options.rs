//! Which tensors of a file go into which part of a module.

use super::names::BATCH_COUNTER;

/// How strictly, and which part of, a file is loaded.
///
/// Patterns are names in which `*` stands for any run of characters, dots included:
/// `roi_heads.box_predictor.*`.
///
/// # Example
/// ```
/// use wardrobe_backbones::weights::LoadOptions;
///
/// // A COCO model's weights for a model with other classes.
/// let other_classes = LoadOptions::except(["roi_heads.box_predictor.*", "roi_heads.mask_predictor.*"]);
/// // An ImageNet classifier's weights for a detector's body.
/// let body = LoadOptions::strict().under("backbone.body").ignoring(["fc.*"]);
/// # let _ = (other_classes, body);
/// ```
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    scope: Scope,
    ignored: Vec<String>,
    prefix: String,
    top_level: String,
}

#[derive(Clone, Debug, Default)]
enum Scope {
    #[default]
    All,
    Only(Vec<String>),
    Except(Vec<String>),
}

impl LoadOptions {
    /// File and module must hold the same tensors.
    pub fn strict() -> Self {
        Self::default()
    }

    /// Only the module's tensors that match a pattern are loaded. Those absent from the file are
    /// reported, those of another shape are an error.
    pub fn partial<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Self {
        Self {
            scope: Scope::Only(strings(patterns)),
            ..Self::default()
        }
    }

    /// Like [`partial`](Self::partial) with every tensor that matches none of the patterns.
    pub fn except<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Self {
        Self {
            scope: Scope::Except(strings(patterns)),
            ..Self::default()
        }
    }

    /// Tensors of the file that match a pattern are not even looked at, and count as expected surplus.
    pub fn ignoring<S: Into<String>>(mut self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.ignored.extend(strings(patterns));
        self
    }

    /// The file's names are relative to this part of the module (`backbone.body`); the other parts
    /// keep their values. Patterns and reports are relative to it too.
    pub fn under(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = dotted(prefix.into());
        self
    }

    /// The weights lie below this key of the file (`model`, `state_dict`); what lies beside it
    /// (an optimiser's state) is passed over.
    pub fn with_top_level(mut self, key: impl Into<String>) -> Self {
        self.top_level = dotted(key.into());
        self
    }

    pub(super) fn is_partial(&self) -> bool {
        !matches!(self.scope, Scope::All)
    }

    pub(super) fn patterns(&self) -> &[String] {
        match &self.scope {
            Scope::All => &[],
            Scope::Only(patterns) | Scope::Except(patterns) => patterns,
        }
    }

    /// Patterns of what to load that match none of the names.
    pub(super) fn idle_patterns<'a>(
        &self,
        names: impl Iterator<Item = &'a String> + Clone,
    ) -> Vec<String> {
        let Scope::Only(patterns) = &self.scope else {
            return Vec::new();
        };
        let idle = |pattern: &&String| {
            !names
                .clone()
                .any(|name| any_matches(std::slice::from_ref(*pattern), name))
        };
        patterns.iter().filter(idle).cloned().collect()
    }

    pub(super) fn wants(&self, name: &str) -> bool {
        match &self.scope {
            Scope::All => true,
            Scope::Only(patterns) => any_matches(patterns, name),
            Scope::Except(patterns) => !any_matches(patterns, name),
        }
    }

    pub(super) fn is_ignored(&self, name: &str) -> bool {
        any_matches(&self.ignored, name)
    }

    /// The name below the top-level key, unless the tensor lies elsewhere or nothing needs it.
    pub(super) fn file_name(&self, name: &str) -> Option<String> {
        let name = name.strip_prefix(&self.top_level)?;
        let counter = name.rsplit('.').next() == Some(BATCH_COUNTER);
        (!counter).then(|| name.to_owned())
    }

    /// A module's name below the prefix.
    pub(super) fn local_name<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(&self.prefix)
    }

    /// The inverse of [`local_name`](Self::local_name).
    pub(super) fn module_name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

fn strings<S: Into<String>>(patterns: impl IntoIterator<Item = S>) -> Vec<String> {
    patterns.into_iter().map(Into::into).collect()
}

fn dotted(key: String) -> String {
    if key.is_empty() || key.ends_with('.') {
        key
    } else {
        key + "."
    }
}

fn any_matches(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, name))
}

/// Whether `name` is `pattern` with every `*` replaced by some run of characters.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut tail) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    // Leftmost matches leave the most for the parts to come, so greed in this direction never fails
    // where another choice would succeed.
    for part in parts {
        match tail.find(part) {
            Some(at) => tail = &tail[at + part.len()..],
            None => return false,
        }
    }
    tail.ends_with(last)
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
            ("fc.weight", "fc.weight", true),
            ("fc.weight", "fc.weights", false),
            ("*.bias", "layer1.0.conv1.bias", true),
            ("*.bias", "bias", false),
            ("layer*.conv*.weight", "layer1.0.conv1.weight", true),
            ("layer*.conv*.weight", "layer1.0.bn1.weight", false),
            // The star must not reuse characters: "aa" needs two.
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn batch_counters_and_other_keys_are_passed_over() {
        let options = LoadOptions::strict().with_top_level("model");
        assert_eq!(
            options.file_name("model.fc.bias").as_deref(),
            Some("fc.bias")
        );
        assert_eq!(options.file_name("optimizer.state.0"), None);
        assert_eq!(options.file_name("model.bn1.num_batches_tracked"), None);
    }
}
