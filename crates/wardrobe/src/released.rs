//! Recognises the two released files that need another ε.
//!
//! torchvision trained its first detectors with frozen batch norm of ε = 0 and sets it back to 0
//! when it loads their `COCO_V1` files; with the usual 1e-5 the same file gives slightly other
//! boxes. A file says nothing of this, so it is told by its SHA-256.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use wardrobe_backbones::weights::known::{self, KnownWeights};

/// torchvision's names of the weights that were trained with ε = 0.
const WITHOUT_EPSILON: [&str; 2] = [
    "FasterRCNN_ResNet50_FPN.COCO_V1",
    "MaskRCNN_ResNet50_FPN.COCO_V1",
];
/// Half a unit of the last digit of [`KnownWeights::megabytes`], and a little for rounding.
const SIZE_TOLERANCE: f64 = 0.000_6;
const BUFFER_BYTES: usize = 1 << 20;

/// Whether the file is one of the released ones trained with ε = 0. A file that cannot be read is
/// not: loading it will say why.
pub(crate) fn has_no_epsilon(path: &Path) -> bool {
    WITHOUT_EPSILON
        .iter()
        .filter_map(|name| known::find(name))
        .any(|weights| is_released(path, weights).unwrap_or(false))
}

/// Compares the size first: hashing reads the whole file.
fn is_released(path: &Path, weights: &KnownWeights) -> io::Result<bool> {
    let megabytes = std::fs::metadata(path)?.len() as f64 / f64::from(1 << 20);
    if (megabytes - f64::from(weights.megabytes)).abs() > SIZE_TOLERANCE {
        return Ok(false);
    }
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hash.update(&buffer[..read]),
        }
    }
    let digits = format!("{:x}", hash.finalize());
    Ok(digits.starts_with(weights.sha256_prefix))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_files_are_in_the_table() {
        assert!(
            WITHOUT_EPSILON
                .iter()
                .all(|name| known::find(name).is_some())
        );
    }

    #[test]
    fn size_and_checksum_must_both_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.pth");
        // 1 MiB of zeros has the SHA-256 30e14955…
        std::fs::write(&path, vec![0; 1 << 20]).unwrap();
        let template = *known::find(WITHOUT_EPSILON[0]).unwrap();
        let with = |megabytes, sha256_prefix| KnownWeights {
            megabytes,
            sha256_prefix,
            ..template
        };
        assert!(is_released(&path, &with(1.0, "30e14955")).unwrap());
        assert!(!is_released(&path, &with(1.0, "30e14956")).unwrap());
        assert!(!is_released(&path, &with(1.01, "30e14955")).unwrap());
        assert!(!has_no_epsilon(&path));
        assert!(!has_no_epsilon(&folder.path().join("missing.pth")));
    }
}
