//! The rules between paths in a module and names in a state dict; see [`crate::weights`].

/// Where in a module a visitor stands.
#[derive(Debug, Default)]
pub(crate) struct ModulePath {
    /// (name, type that holds it), outermost first.
    levels: Vec<(String, String)>,
}

/// Fields whose name in a state dict is not their own: (type, field, name).
const FIELD_NAMES: [(&str, &str, &str); 4] = [
    // backbone.fpn.inner_blocks.0.conv.weight → backbone.fpn.inner_blocks.0.0.weight
    ("Struct:ConvNorm", "conv", "0"),
    // layer1.0.downsample.norm.running_mean → layer1.0.downsample.1.running_mean
    ("Struct:ConvNorm", "norm", "1"),
    // bn1.gamma → bn1.weight (burn::nn::BatchNorm; this crate's own has PyTorch's names)
    ("Struct:BatchNorm", "gamma", "weight"),
    // bn1.beta → bn1.bias
    ("Struct:BatchNorm", "beta", "bias"),
];

/// Field that holds the layers of an `nn.Sequential` and adds no name:
/// features.sequential.28.weight → features.28.weight
const SEQUENTIAL: &str = "sequential";

impl ModulePath {
    pub(crate) fn enter(&mut self, name: &str, container: &str) {
        self.levels.push((name.to_owned(), container.to_owned()));
    }

    pub(crate) fn exit(&mut self) {
        self.levels.pop();
    }

    /// The name in torchvision's `state_dict()`.
    pub(crate) fn name(&self) -> String {
        let levels = self.levels.iter().filter(|(name, container)| {
            // backbone.ResNetFpn.body.conv1.weight → backbone.body.conv1.weight
            !container.starts_with("Enum:") && name != SEQUENTIAL
        });
        let names = levels.map(|(name, container)| {
            FIELD_NAMES
                .iter()
                .find(|(holder, field, _)| holder == container && field == name)
                .map_or(name.as_str(), |(_, _, name)| *name)
        });
        names.collect::<Vec<_>>().join(".")
    }

    fn is(&self, container: &str, field: &str) -> bool {
        self.levels
            .last()
            .is_some_and(|(name, holder)| holder == container && name == field)
    }

    /// Whether PyTorch stores the tensor transposed: `Linear.weight` `[in, out]` → `[out, in]`.
    pub(crate) fn is_transposed(&self) -> bool {
        self.is("Struct:Linear", "weight")
    }

    /// The name of the batch counter that PyTorch keeps beside this tensor, if it is the running
    /// variance of a trained batch norm: `bn1.running_var` → `bn1.num_batches_tracked`. torchvision's
    /// `FrozenBatchNorm2d` has none.
    pub(crate) fn batch_counter(&self) -> Option<String> {
        self.is("Struct:BatchNorm", "running_var").then(|| {
            let name = self.name();
            let module = name.strip_suffix("running_var").unwrap_or_default();
            format!("{module}{BATCH_COUNTER}")
        })
    }
}

/// PyTorch's count of training batches, which nothing here reads.
pub(crate) const BATCH_COUNTER: &str = "num_batches_tracked";

/// Ends of names in older torchvision files, and of the same tensors today. `#` is any index, kept;
/// `@` is the tensor's own name (`weight` or `bias`), kept.
const OLD_ENDINGS: [(&str, &str); 7] = [
    // backbone.fpn.inner_blocks.0.weight → backbone.fpn.inner_blocks.0.0.weight
    // (torchvision < 0.13, and every released COCO_V1 file)
    ("inner_blocks.#.@", "inner_blocks.#.0.@"),
    // backbone.fpn.layer_blocks.0.weight → backbone.fpn.layer_blocks.0.0.weight
    ("layer_blocks.#.@", "layer_blocks.#.0.@"),
    // rpn.head.conv.weight → rpn.head.conv.0.0.weight
    ("conv.@", "conv.0.0.@"),
    // roi_heads.mask_head.mask_fcn1.weight → roi_heads.mask_head.0.0.weight
    ("mask_fcn1.@", "0.0.@"),
    ("mask_fcn2.@", "1.0.@"),
    ("mask_fcn3.@", "2.0.@"),
    ("mask_fcn4.@", "3.0.@"),
];

/// Today's name of a tensor that a file has under an older one.
///
/// A name the module knows is taken as it is; an older one is translated only if the module knows the
/// result, so that no rule can touch a network with a different idea of the same word. Anything else
/// comes back unchanged.
///
/// # Example
/// ```
/// use wardrobe_backbones::weights::names::modern;
///
/// let known = |name: &str| name == "rpn.head.conv.0.0.bias";
/// assert_eq!(modern("rpn.head.conv.bias".into(), known), "rpn.head.conv.0.0.bias");
/// assert_eq!(modern("head.conv.bias".into(), known), "head.conv.bias");
/// ```
pub fn modern(name: String, known: impl Fn(&str) -> bool) -> String {
    if known(&name) {
        return name;
    }
    OLD_ENDINGS
        .iter()
        .filter_map(|(old, new)| renamed(&name, old, new))
        .find(|candidate| known(candidate))
        .unwrap_or(name)
}

fn renamed(name: &str, old: &str, new: &str) -> Option<String> {
    let segments: Vec<&str> = name.split('.').collect();
    let pattern: Vec<&str> = old.split('.').collect();
    let start = segments.len().checked_sub(pattern.len())?;
    let (head, tail) = segments.split_at(start);
    let (mut index, mut own) = ("", "");
    for (segment, part) in tail.iter().zip(&pattern) {
        match *part {
            "#" if segment.bytes().all(|b| b.is_ascii_digit()) => index = segment,
            "@" if ["weight", "bias"].contains(segment) => own = segment,
            part if part == *segment => {}
            _ => return None,
        }
    }
    let ending = new.split('.').map(|part| match part {
        "#" => index,
        "@" => own,
        part => part,
    });
    Some(
        head.iter()
            .copied()
            .chain(ending)
            .collect::<Vec<_>>()
            .join("."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(levels: &[(&str, &str)]) -> ModulePath {
        let mut path = ModulePath::default();
        for (name, container) in levels {
            path.enter(name, container);
        }
        path
    }

    #[test]
    fn enum_variants_and_sequentials_add_no_name() {
        let path = path(&[
            ("backbone", "Struct:FasterRcnn"),
            ("Vgg", "Enum:Backbone"),
            ("sequential", "Struct:VggFeatures"),
            ("28", "Vec"),
            ("Conv", "Enum:VggLayer"),
            ("weight", "Struct:Conv2d"),
        ]);
        assert_eq!(path.name(), "backbone.28.weight");
        assert!(!path.is_transposed());
    }

    #[test]
    fn a_conv_norm_is_a_sequential_of_two() {
        let at = |field| {
            path(&[
                ("downsample", "Struct:Bottleneck"),
                (field, "Struct:ConvNorm"),
            ])
            .name()
        };
        assert_eq!(at("conv"), "downsample.0");
        assert_eq!(at("norm"), "downsample.1");
    }

    #[test]
    fn only_trained_norms_count_batches() {
        let trained = path(&[
            ("bn1", "Struct:ResNet"),
            ("running_var", "Struct:BatchNorm"),
        ]);
        let frozen = path(&[
            ("bn1", "Struct:ResNet"),
            ("running_var", "Struct:FrozenBatchNorm"),
        ]);
        assert_eq!(
            trained.batch_counter().as_deref(),
            Some("bn1.num_batches_tracked")
        );
        assert_eq!(frozen.batch_counter(), None);
    }

    #[test]
    fn old_detector_names_become_todays() {
        let all = |_: &str| true;
        let none_known_but = |wanted: &'static str| move |name: &str| name == wanted;
        for (old, new) in [
            (
                "backbone.fpn.inner_blocks.3.bias",
                "backbone.fpn.inner_blocks.3.0.bias",
            ),
            ("fpn.layer_blocks.0.weight", "fpn.layer_blocks.0.0.weight"),
            ("rpn.head.conv.weight", "rpn.head.conv.0.0.weight"),
            (
                "roi_heads.mask_head.mask_fcn1.weight",
                "roi_heads.mask_head.0.0.weight",
            ),
            (
                "roi_heads.mask_head.mask_fcn4.bias",
                "roi_heads.mask_head.3.0.bias",
            ),
        ] {
            assert_eq!(modern(old.into(), none_known_but(new)), new);
            // A module that knows the old name keeps it.
            assert_eq!(modern(old.into(), all), old);
        }
    }

    #[test]
    fn unknown_names_stay() {
        for name in [
            "rpn.head.conv.running_mean",
            "inner_blocks.x.weight",
            "weight",
            "",
        ] {
            assert_eq!(modern(name.into(), |_| false), name);
        }
    }
}
