//! Pictures through a detector: decoding, inference and writing side by side.
//!
//! ```text
//! decoder thread ──(bounded)──▶ caller's thread: detect ──(bounded)──▶ output thread: JSON, drawings
//! ```
//! The queues are short, so memory does not grow with the number of pictures. Order is kept: image
//! ids count the arguments.

use std::fmt::Display;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use wardrobe::datasets::{PictureError, image_file::look_at};
use wardrobe::rpn_roi::RpnRoiError;
use wardrobe::{DecodeLimits, Detector, DetectorError, Instance, Picture, read_picture};

use crate::arguments::{with_remedy, with_ways_out};
use crate::interrupt::Interrupt;
use crate::output::Output;

/// Pictures that may wait between two stages: enough that none starves for the other's slowest
/// picture, few enough for memory.
const QUEUE: usize = 4;

/// A picture with what was found in it.
#[derive(Debug)]
pub struct Judged {
    /// From 1, in the order of the arguments.
    pub image_id: u64,
    /// The file as the caller named it.
    pub path: PathBuf,
    /// Its pixels.
    pub picture: Picture,
    /// Best first.
    pub instances: Vec<Instance>,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Pictures judged and written.
    pub pictures: usize,
    /// Instances written.
    pub instances: usize,
    /// Bad pictures passed over.
    pub skipped: usize,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
}

/// Hears of a run's progress.
pub trait Observer {
    /// One more picture is done, or passed over.
    fn advanced(&self);
    /// A bad picture was passed over.
    fn skipped(&self, error: &dyn Display);
}

/// What to do with bad pictures, and how far to trust files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// Passes bad pictures over instead of stopping.
    pub skip_bad: bool,
    /// Limits of what is decoded.
    pub limits: DecodeLimits,
}

/// Judges the pictures one by one and hands them to `output`, which is finished unless the run
/// fails.
///
/// # Errors
/// The first bad picture, unless they are skipped; a file that cannot be written. `output` then
/// leaves no results file.
pub fn run(
    detector: &Detector,
    paths: &[PathBuf],
    rules: Rules,
    output: Output,
    interrupt: &Interrupt,
    observer: &impl Observer,
) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    let output = thread::scope(|scope| {
        let (to_detect, decoded) = sync_channel(QUEUE);
        let (to_output, judged) = sync_channel(QUEUE);
        scope.spawn(move || decode_all(paths, &rules.limits, &to_detect));
        let writer = scope.spawn(move || write_all(output, &judged));
        let judging = judge_all(
            detector,
            &decoded,
            &to_output,
            rules,
            interrupt,
            observer,
            &mut summary,
        );
        // Closed queues end the other threads: the decoder at its next picture, the writer after
        // its last.
        drop((decoded, to_output));
        let written = writer
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // A failed writer is why judging had nobody to hand to.
        let output = written?;
        judging.map(|()| output)
    })?;
    summary.instances = output.finish()?;
    Ok(summary)
}

type Decoded = (u64, PathBuf, Result<Picture, PictureError>);

fn decode_all(paths: &[PathBuf], limits: &DecodeLimits, next: &SyncSender<Decoded>) {
    for (image_id, path) in (1..).zip(paths) {
        if next
            .send((image_id, path.clone(), read_picture(path, limits)))
            .is_err()
        {
            break;
        }
    }
}

fn judge_all(
    detector: &Detector,
    decoded: &Receiver<Decoded>,
    next: &SyncSender<Judged>,
    rules: Rules,
    interrupt: &Interrupt,
    observer: &impl Observer,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    loop {
        if interrupt.is_set() {
            summary.interrupted = true;
            return Ok(());
        }
        let Ok((image_id, path, picture)) = decoded.recv() else {
            return Ok(());
        };
        let picture = match picture {
            Ok(picture) => picture,
            Err(error) if rules.skip_bad => {
                summary.skipped += 1;
                observer.skipped(&error);
                observer.advanced();
                continue;
            }
            Err(error) => return Err(with_ways_out(&error)),
        };
        let instances = match detector.detect(std::slice::from_ref(&picture)) {
            Ok(mut instances) => instances.pop().unwrap_or_default(),
            Err(DetectorError::Detector(error @ RpnRoiError::PictureShape { .. })) => {
                let error = format!("{}: {error}", path.display());
                if !rules.skip_bad {
                    return Err(with_ways_out(&error));
                }
                summary.skipped += 1;
                observer.skipped(&error);
                observer.advanced();
                continue;
            }
            Err(error) => return Err(with_remedy(error).context(format!("{}", path.display()))),
        };
        if next
            .send(Judged {
                image_id,
                path,
                picture,
                instances,
            })
            .is_err()
        {
            return Ok(());
        }
        summary.pictures += 1;
        observer.advanced();
    }
}

fn write_all(mut output: Output, judged: &Receiver<Judged>) -> anyhow::Result<Output> {
    while let Ok(one) = judged.recv() {
        output.write(&one)?;
    }
    Ok(output)
}

/// Opens each file and looks at its first bytes, so that a misspelt name is known before the
/// weights are loaded.
///
/// # Errors
/// The first picture that cannot be one.
pub fn look_at_all(paths: &[PathBuf], limits: &DecodeLimits) -> Result<(), PictureError> {
    paths.iter().try_for_each(|path| look_at(path, limits))
}
