//! Weights by the names of the files that torchvision publishes.

use std::path::{Path, PathBuf};

use wardrobe::backbones::weights::known::{KNOWN, KnownWeights};

/// The file of weights at `path`. Where there is none, and torchvision publishes a file of that name: that file, fetched into
/// the cache the first time, with a progress bar (feature `download`).
///
/// # Errors
/// As `wardrobe::backbones::weights::fetch`; without the feature, where the file is to be had.
pub fn weights_at(path: &Path) -> anyhow::Result<PathBuf> {
    let published = KNOWN
        .iter()
        .find(|known| Path::new(known.file_name()) == path);
    match published {
        Some(known) if !path.exists() => fetched(known),
        _ => Ok(path.to_owned()),
    }
}

#[cfg(feature = "download")]
fn fetched(known: &KnownWeights) -> anyhow::Result<PathBuf> {
    use indicatif::{ProgressBar, ProgressStyle};
    use wardrobe::backbones::weights::{cache_folder, fetch};

    let bar = ProgressBar::new(0);
    if let Ok(style) =
        ProgressStyle::with_template("{msg} {bar:40} {bytes}/{total_bytes}, {eta} left")
    {
        bar.set_style(style);
    }
    bar.set_message(known.file_name());
    let path = fetch(known, cache_folder(), |received, total| {
        bar.set_length(total.unwrap_or(received));
        bar.set_position(received);
    });
    bar.finish_and_clear();
    Ok(path?)
}

#[cfg(not(feature = "download"))]
fn fetched(known: &KnownWeights) -> anyhow::Result<PathBuf> {
    anyhow::bail!(
        "{}: no such file; torchvision publishes it at {}: download it, or build with --features download",
        known.file_name(),
        known.url
    )
}
