//! Some samples of a source.

use std::sync::Arc;

use wardrobe_datasets::loader::Source;
use wardrobe_datasets::sample::BBox;
use wardrobe_datasets::{PictureError, Sample};

/// The samples of a source at some indices, in their order.
pub(crate) struct Chosen {
    source: Arc<dyn Source>,
    indices: Vec<usize>,
}

impl Chosen {
    /// Those that `keep` says.
    pub fn of(source: Arc<dyn Source>, keep: impl Fn(&dyn Source, usize) -> bool) -> Self {
        let indices = (0..source.len())
            .filter(|&index| keep(source.as_ref(), index))
            .collect();
        Self { source, indices }
    }
}

impl Source for Chosen {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn get(&self, index: usize) -> Result<Sample, PictureError> {
        self.source.get(self.indices[index])
    }

    fn name(&self, index: usize) -> String {
        self.source.name(self.indices[index])
    }

    fn aspect(&self, index: usize) -> Option<f32> {
        self.source.aspect(self.indices[index])
    }

    fn categories(&self, index: usize) -> Vec<u32> {
        self.source.categories(self.indices[index])
    }

    fn boxes(&self, index: usize) -> Vec<(Option<u32>, Option<BBox>)> {
        self.source.boxes(self.indices[index])
    }

    fn bytes(&self, index: usize) -> Option<usize> {
        self.source.bytes(self.indices[index])
    }
}
