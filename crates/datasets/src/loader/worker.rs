//! One thread's work: read, transform, hand over; no panic leaves it unseen.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::PictureError;
use crate::sample::Sample;

use super::queue::{Place, Queue};
use super::shared::{AnyError, Shared};
use super::{LoaderError, SampleSeed, weight};

/// What became of a sample.
#[derive(Debug)]
pub(super) enum Outcome {
    Sample(Box<Sample>),
    Bad(Bad),
    MapPanicked(String),
}

/// Why a sample cannot be used.
#[derive(Debug)]
pub(super) enum Bad {
    Picture(PictureError),
    Panicked(String),
    Map(AnyError),
}

impl Outcome {
    /// Bytes it holds.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Sample(sample) => weight::of_sample(sample),
            Self::Bad(_) | Self::MapPanicked(_) => 0,
        }
    }
}

/// Makes samples until no more are wanted.
pub(super) fn work(shared: &Shared, queue: &Queue) {
    let loop_ended = catch_unwind(AssertUnwindSafe(|| {
        while let Some(job) = queue.next_job() {
            let outcome = make(shared, job.place);
            queue.finish(job, outcome);
        }
    }));
    // Pictures and transforms are caught in `make`; here it is a sampler or a cheap fact.
    if let Err(panic) = loop_ended {
        queue.fail(LoaderError::WorkerPanicked {
            message: message_of(&*panic),
        });
    }
}

fn make(shared: &Shared, place: Place) -> Outcome {
    let read = catch_unwind(AssertUnwindSafe(|| shared.source.get(place.index)));
    let sample = match read {
        Ok(Ok(sample)) => sample,
        Ok(Err(error)) => return Outcome::Bad(Bad::Picture(error)),
        Err(panic) => return Outcome::Bad(Bad::Panicked(message_of(&*panic))),
    };
    let Some(map) = &shared.map else {
        return Outcome::Sample(Box::new(sample));
    };
    let seed = SampleSeed {
        seed: shared.config.seed,
        epoch: place.epoch,
        index: place.index as u64,
        repeat: u64::from(place.repeat),
        batch: place.batch as u64,
    };
    match catch_unwind(AssertUnwindSafe(|| map(sample, &seed))) {
        Ok(Ok(sample)) => Outcome::Sample(Box::new(sample)),
        Ok(Err(error)) => Outcome::Bad(Bad::Map(error)),
        Err(panic) => Outcome::MapPanicked(message_of(&*panic)),
    }
}

/// What `panic!` was given.
fn message_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|message| (*message).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_keep_their_words() {
        let words = |panic: Box<dyn Any + Send>| message_of(&*panic);
        assert_eq!(words(Box::new("plain")), "plain");
        assert_eq!(words(Box::new(String::from("built"))), "built");
        assert_eq!(words(Box::new(7)), "without a message");
    }
}
