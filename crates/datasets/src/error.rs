//! What can go wrong, told by what the reader of the message can do about it.
//!
//! Each message names the file and what was expected of it; the parts are fields, so a caller can
//! decide without parsing text.

use std::path::PathBuf;

use thiserror::Error;

/// A picture that cannot be used. Nothing was written and nothing was guessed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The file could not be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path names a folder, a device or something else that is not a file.
    #[error("{}: is not a file; name the pictures themselves", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file has no bytes.
    #[error("{}: is empty (0 bytes); copy or download it again", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The first bytes are of no known picture format.
    #[error("{}: is not a PNG, JPEG, WebP or BMP picture (told by its first bytes, not by its name)", path.display())]
    NotAPicture {
        /// The file.
        path: PathBuf,
    },
    /// The file ends before the picture does.
    #[error("{}: the {format} file ends before its picture does; copy or download it again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The format, as its users write it.
        format: &'static str,
    },
    /// The data contradict the format.
    #[error("{}: damaged {format} file: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The format, as its users write it.
        format: &'static str,
        /// What the decoder found.
        reason: String,
    },
    /// The header announces more pixels than allowed; no pixel was decoded.
    #[error(
        "{}: its header announces {width}x{height} = {} pixels, more than the limit of {limit}; \
         make the picture smaller or raise `DecodeLimits::max_pixels` if you trust the file",
        path.display(), u64::from(*width) * u64::from(*height)
    )]
    TooManyPixels {
        /// The file.
        path: PathBuf,
        /// Announced width in pixels.
        width: u32,
        /// Announced height in pixels.
        height: u32,
        /// The limit in pixels.
        limit: u64,
    },
    /// The file is larger than allowed; it was not read.
    #[error("{}: has {bytes} bytes, more than the limit of {limit}; raise `DecodeLimits::max_file_bytes` if you trust the file", path.display())]
    FileTooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The annotation was made for a picture of another size.
    #[error(
        "{}: is {}x{} pixels, its annotation is for {}x{}; use the picture that was annotated \
         (EXIF orientation applied) or annotate this one",
        path.display(), found[0], found[1], stated[0], stated[1]
    )]
    SizeMismatch {
        /// The file.
        path: PathBuf,
        /// Its width and height in pixels.
        found: [usize; 2],
        /// Width and height in the annotation.
        stated: [usize; 2],
    },
    /// A map of class numbers has to be a PNG with one number a pixel.
    #[error("{}: is no label map: {found}; save it as a PNG with one 8-bit class number a pixel (grey or palette)", path.display())]
    NotALabelMap {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        found: String,
    },
}

/// An output file that cannot be written. The name the caller asked for was not touched.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The system refused.
    #[error("{}: cannot be written: {source}", path.display())]
    Unwritable {
        /// The file that was to be written.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path is a folder.
    #[error("{}: is a folder; name a file", path.display())]
    IsAFolder {
        /// The path.
        path: PathBuf,
    },
    /// A value has no form in the format, such as a number that is not finite.
    #[error("{}: {what}", path.display())]
    Unrepresentable {
        /// The file that was to be written.
        path: PathBuf,
        /// Which value, and why.
        what: String,
    },
}

/// A list of class names that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CategoryError {
    /// The file could not be read as UTF-8 text.
    #[error("{}: cannot be read as text: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no name in it.
    #[error("{}: names no class; write one name a line, without the background", path.display())]
    NoNames {
        /// The file.
        path: PathBuf,
    },
    /// A line between two names is empty, so the classes after it could be off by one.
    #[error("{}, line {line}: is empty, so the class numbers after it are in doubt; write one name a line", path.display())]
    EmptyLine {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A name stands twice.
    #[error("{}, line {line}: `{name}` is already the name on line {first}; give every class its own name", path.display())]
    Duplicate {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The line with the same name, from 1.
        first: usize,
        /// The name.
        name: String,
    },
}
