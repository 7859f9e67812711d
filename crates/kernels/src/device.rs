//! Names of backends, and the devices they stand for.
//!
//! The one place where a program's `--backend` argument turns into a [`Device`]; everything
//! above this crate asks for a device and never which backend it belongs to.

#[cfg(feature = "wgpu")]
use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};
use std::{fmt, str::FromStr};

use burn::tensor::Device;
#[cfg(feature = "wgpu")]
use burn::tensor::{DeviceKind, DeviceType};
use serde::{Deserialize, Serialize};

/// A backend a binary may have been compiled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BackendKind {
    /// Pure Rust on the CPU.
    Flex,
    /// LibTorch on the CPU.
    Tch,
    /// LibTorch on the first CUDA device.
    TchCuda,
    /// WGSL on whatever adapter wgpu picks (a software adapter where there is no GPU).
    Wgpu,
    /// SPIR-V on Vulkan.
    Vulkan,
    /// MSL on Metal.
    Metal,
}

/// Why a backend cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BackendError {
    /// The name is none of the known ones.
    #[error("unknown backend `{name}`: expected one of flex, tch, tch-cuda, wgpu, vulkan, metal")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The backend exists, but this binary was built without it.
    #[error("backend `{kind}` is not compiled in: rebuild with `--features {}`", kind.feature())]
    NotCompiled {
        /// What was asked for.
        kind: BackendKind,
    },
    /// More devices were asked for than there are.
    #[error("backend `{kind}` has fewer than {wanted} devices: ask for {found}")]
    TooFew {
        /// What was asked for.
        kind: BackendKind,
        /// Devices there are.
        found: usize,
        /// Devices that were asked for.
        wanted: usize,
    },
    /// The backend is compiled in, but the machine has no such device.
    #[error(
        "backend `{kind}` finds no device on this machine: install its driver, or use another backend"
    )]
    NoDevice {
        /// What was asked for.
        kind: BackendKind,
    },
}

impl BackendKind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 6] = [
        Self::Flex,
        Self::Tch,
        Self::TchCuda,
        Self::Wgpu,
        Self::Vulkan,
        Self::Metal,
    ];

    /// The name used on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Tch => "tch",
            Self::TchCuda => "tch-cuda",
            Self::Wgpu => "wgpu",
            Self::Vulkan => "vulkan",
            Self::Metal => "metal",
        }
    }

    /// The Cargo feature that compiles the backend in.
    pub const fn feature(self) -> &'static str {
        match self {
            Self::TchCuda => "tch",
            other => other.name(),
        }
    }

    /// Whether this binary was built with the backend.
    pub const fn is_compiled(self) -> bool {
        match self {
            Self::Flex => cfg!(feature = "flex"),
            Self::Tch | Self::TchCuda => cfg!(feature = "tch"),
            Self::Wgpu => cfg!(feature = "wgpu"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::Metal => cfg!(feature = "metal"),
        }
    }

    /// The backend's first device.
    ///
    /// # Errors
    /// [`BackendError::NotCompiled`] if the binary lacks the backend, [`BackendError::NoDevice`]
    /// if the machine has no CUDA device, or no adapter with a driver.
    ///
    /// # Example
    /// ```
    /// use wardrobe_kernels::device::BackendKind;
    /// let device = "flex".parse::<BackendKind>()?.device()?;
    /// # Ok::<(), wardrobe_kernels::device::BackendError>(())
    /// ```
    pub fn device(self) -> Result<Device, BackendError> {
        match self {
            #[cfg(feature = "flex")]
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "tch")]
            Self::Tch => Ok(Device::libtorch()),
            #[cfg(feature = "tch")]
            Self::TchCuda if tch::Cuda::is_available() => Ok(Device::libtorch_cuda(0)),
            #[cfg(feature = "tch")]
            Self::TchCuda => Err(BackendError::NoDevice { kind: self }),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => self.on_adapter(DeviceType::Wgpu, Device::wgpu),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => self.on_adapter(DeviceType::Vulkan, Device::vulkan),
            #[cfg(feature = "metal")]
            Self::Metal => self.on_adapter(DeviceType::Metal, Device::metal),
            #[allow(unreachable_patterns)]
            kind => Err(BackendError::NotCompiled { kind }),
        }
    }

    /// The default adapter, if the API has any: Burn panics where it first needs one and finds none.
    #[cfg(feature = "wgpu")]
    fn on_adapter(
        self,
        api: DeviceType,
        open: fn(DeviceKind) -> Device,
    ) -> Result<Device, BackendError> {
        // Asked once: each time opens the drivers.
        static FOUND: LazyLock<Mutex<HashMap<BackendKind, bool>>> = LazyLock::new(Mutex::default);
        let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let any = found
            .entry(self)
            .or_insert_with(|| !Device::enumerate(api).is_empty());
        if *any {
            Ok(open(DeviceKind::DefaultDevice))
        } else {
            Err(BackendError::NoDevice { kind: self })
        }
    }
}

impl BackendKind {
    /// The backend's first `count` devices, each once. Every backend but LibTorch on CUDA counts as one
    /// device: of several adapters wgpu picks the one to compute on.
    ///
    /// # Errors
    /// As [`device`](Self::device); [`BackendError::TooFew`].
    ///
    /// # Example
    /// ```
    /// use wardrobe_kernels::device::BackendKind;
    /// assert_eq!(BackendKind::Flex.devices(1)?.len(), 1);
    /// let error = BackendKind::Flex.devices(2).unwrap_err();
    /// assert_eq!(error.to_string(), "backend `flex` has fewer than 2 devices: ask for 1");
    /// # Ok::<(), wardrobe_kernels::device::BackendError>(())
    /// ```
    pub fn devices(self, count: usize) -> Result<Vec<Device>, BackendError> {
        let mut devices = vec![self.device()?];
        #[cfg(feature = "tch")]
        if self == Self::TchCuda {
            let all = usize::try_from(tch::Cuda::device_count()).unwrap_or(1);
            devices.extend((1..all).map(Device::libtorch_cuda));
        }
        if devices.len() < count {
            return Err(BackendError::TooFew {
                kind: self,
                found: devices.len(),
                wanted: count,
            });
        }
        devices.truncate(count);
        Ok(devices)
    }
}

impl fmt::Display for BackendKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for BackendKind {
    type Err = BackendError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| BackendError::Unknown {
                name: name.to_owned(),
            })
    }
}

/// The device tests run on: the backend named by the environment variable `WARDROBE_BACKEND`,
/// `flex` when it is not set. One test source thus covers every backend. The calling thread, when it
/// ends, waits for the device.
///
/// # Panics
/// If the variable names an unknown backend, or one that is not compiled in.
pub fn test_device() -> Device {
    let device = named_device();
    SETTLE.with(|_| ());
    device
}

fn named_device() -> Device {
    let name = std::env::var("WARDROBE_BACKEND").unwrap_or_else(|_| "flex".to_owned());
    name.parse::<BackendKind>()
        .and_then(BackendKind::device)
        .unwrap_or_else(|error| panic!("WARDROBE_BACKEND: {error}"))
}

thread_local! {
    static SETTLE: Settle = const { Settle };
}

/// Waits for the device when a test's thread ends. Work whose results nobody reads may be under way
/// then. A software driver compiles a shader when it first runs it, on a thread of its own, and
/// crashes in there if the process ends meanwhile and takes the compiler's tables down.
struct Settle;

impl Drop for Settle {
    fn drop(&mut self) {
        // On another thread: this one's other thread-local values are gone. Errors were the test's to
        // find.
        let waiting = std::thread::Builder::new().spawn(|| named_device().sync());
        let _ = waiting.map(std::thread::JoinHandle::join);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for kind in BackendKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        let error = "cuda".parse::<BackendKind>().expect_err("not a backend");
        assert_eq!(
            error.to_string(),
            "unknown backend `cuda`: expected one of flex, tch, tch-cuda, wgpu, vulkan, metal"
        );
    }

    #[test]
    fn a_missing_backend_names_its_feature() {
        let missing = BackendKind::ALL
            .into_iter()
            .find(|kind| !kind.is_compiled());
        if let Some(kind) = missing {
            let error = kind.device().expect_err("not compiled in").to_string();
            assert!(
                error.contains(&format!("--features {}", kind.feature())),
                "{error}"
            );
        }
    }
}
