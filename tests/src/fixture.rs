//! Reading the committed fixtures.

use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::compare::{Difference, Sampled};
use crate::parameters::{Draw, Listing};

/// Why a fixture could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a safetensors file.
    #[error("{}: {source}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: safetensors::SafeTensorError,
    },
    /// The metadata holds no readable facts.
    #[error("{}: no facts in the metadata: {source}", path.display())]
    Facts {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        source: serde_json::Error,
    },
}

/// One fixture file in memory.
///
/// Its methods panic on a name or type that the fixture does not have: test and fixture then do not belong together.
#[derive(Debug)]
pub struct Fixture {
    name: String,
    bytes: Vec<u8>,
    facts: Value,
}

impl Fixture {
    /// Opens `tests/fixtures/<name>.safetensors`.
    ///
    /// # Errors
    /// If the file is missing or damaged.
    pub fn open(name: &str) -> Result<Self, FixtureError> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let path = folder.join(name).with_extension("safetensors");
        let bytes = std::fs::read(&path).map_err(|source| FixtureError::Read {
            path: path.clone(),
            source,
        })?;
        let (_, header) =
            SafeTensors::read_metadata(&bytes).map_err(|source| FixtureError::Format {
                path: path.clone(),
                source,
            })?;
        let facts = header
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get("facts"));
        let facts = serde_json::from_str(facts.map_or("", String::as_str))
            .map_err(|source| FixtureError::Facts { path, source })?;
        Ok(Self {
            name: name.to_owned(),
            bytes,
            facts,
        })
    }

    /// A fact of the metadata.
    ///
    /// # Panics
    /// If there is none of this name and type.
    pub fn fact<T: DeserializeOwned>(&self, name: &str) -> T {
        let value = self.facts[name].clone();
        serde_json::from_value(value)
            .unwrap_or_else(|error| panic!("{}: fact `{name}`: {error}", self.name))
    }

    /// Names and shapes of the parameters.
    ///
    /// # Panics
    /// As [`Fixture::fact`].
    pub fn parameters(&self) -> Listing {
        self.fact("parameters")
    }

    /// Seed and background logit; both 0 where the fixture names none.
    pub fn draw(&self) -> Draw {
        Draw {
            seed: self.facts["seed"].as_u64().unwrap_or(0),
            background: self.facts["background"].as_f64().unwrap_or(0.0),
        }
    }

    fn view(&self, name: &str) -> TensorView<'_> {
        let file = SafeTensors::deserialize(&self.bytes);
        let view = file.and_then(|file| file.tensor(name));
        view.unwrap_or_else(|error| panic!("{}: tensor `{name}`: {error}", self.name))
    }

    /// The dimensions of a tensor that is stored whole.
    ///
    /// # Panics
    /// If there is none of this name.
    pub fn shape(&self, name: &str) -> Vec<usize> {
        self.view(name).shape().to_vec()
    }

    /// Bytes of an 8-bit tensor.
    ///
    /// # Panics
    /// If there is none of this name and type.
    pub fn bytes(&self, name: &str) -> &[u8] {
        let view = self.view(name);
        assert_eq!(view.dtype(), Dtype::U8, "{}: tensor `{name}`", self.name);
        view.data()
    }

    /// Values of a 32-bit float tensor.
    ///
    /// # Panics
    /// If there is none of this name and type.
    pub fn floats(&self, name: &str) -> Vec<f32> {
        let view = self.view(name);
        assert_eq!(view.dtype(), Dtype::F32, "{}: tensor `{name}`", self.name);
        let (values, _) = view.data().as_chunks::<4>();
        values
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    }

    /// Values of a 64-bit float tensor.
    ///
    /// # Panics
    /// If there is none of this name and type.
    pub fn doubles(&self, name: &str) -> Vec<f64> {
        let view = self.view(name);
        assert_eq!(view.dtype(), Dtype::F64, "{}: tensor `{name}`", self.name);
        let (values, _) = view.data().as_chunks::<8>();
        values
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect()
    }

    /// Values of a 64-bit integer tensor.
    ///
    /// # Panics
    /// If there is none of this name and type.
    pub fn integers(&self, name: &str) -> Vec<i64> {
        let view = self.view(name);
        assert_eq!(view.dtype(), Dtype::I64, "{}: tensor `{name}`", self.name);
        let (values, _) = view.data().as_chunks::<8>();
        values
            .iter()
            .map(|bytes| i64::from_le_bytes(*bytes))
            .collect()
    }

    /// Rows of four of a 32-bit float tensor.
    ///
    /// # Panics
    /// As [`Fixture::floats`].
    pub fn boxes(&self, name: &str) -> Vec<[f32; 4]> {
        self.floats(name).as_chunks::<4>().0.to_vec()
    }

    /// A tensor that is stored whole, on `device`.
    ///
    /// # Panics
    /// If there is no float tensor of this name with D dimensions.
    pub fn tensor<const D: usize>(&self, name: &str, device: &Device) -> Tensor<D> {
        Tensor::from_data(TensorData::new(self.floats(name), self.shape(name)), device)
    }

    /// The rule by which a large tensor was sampled.
    ///
    /// # Panics
    /// If the fixture has no sampled tensor of this name.
    pub fn sampled(&self, name: &str) -> Sampled {
        let value = self.facts["sampled"][name].clone();
        serde_json::from_value(value)
            .unwrap_or_else(|error| panic!("{}: sample `{name}`: {error}", self.name))
    }

    /// How far `actual` is from the sampled tensor `name`.
    ///
    /// # Panics
    /// If the shapes differ.
    pub fn difference<const D: usize>(&self, name: &str, actual: Tensor<D>) -> Difference {
        self.sampled(name).difference(&self.floats(name), actual)
    }

    /// Fails unless `actual` is within `tolerance` of the sampled tensor `name`; see [`Difference`] for what is relative to what.
    ///
    /// # Panics
    /// If it is not, or the shapes differ.
    pub fn assert_close<const D: usize>(&self, name: &str, actual: Tensor<D>, tolerance: f64) {
        let difference = self.difference(name, actual);
        assert!(
            difference.is_within(tolerance),
            "{}: `{name}`: {difference:?} is not within {tolerance}",
            self.name
        );
    }
}
