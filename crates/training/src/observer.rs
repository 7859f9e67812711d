//! What a run tells while it goes on; the library itself prints nothing.

use std::path::PathBuf;

use crate::run::{EpochRecord, StepRecord};

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A phase begins, or a resumed run stands in it.
    PhaseBegun {
        /// Which phase, from 0.
        phase: usize,
        /// Its name.
        name: String,
        /// Its iterations done so far; above 0 in a resumed run.
        done: u64,
        /// Its iterations in all, as planned; bad files that are skipped can make it fewer.
        iterations: u64,
        /// Iterations in a pass over its data.
        per_epoch: u64,
        /// The rate after linear scaling, before the schedule.
        rate: f64,
    },
    /// The optimiser made a step.
    StepDone(StepRecord),
    /// The model is about to be scored.
    Validating,
    /// The model was scored.
    Validated(EpochRecord),
    /// The run can be resumed from here.
    CheckpointWritten {
        /// Optimiser steps of the run so far.
        iteration: u64,
        /// The file.
        path: PathBuf,
    },
    /// The best model so far was kept.
    BestWritten {
        /// Its score.
        score: f64,
        /// The file.
        path: PathBuf,
    },
    /// A phase is over.
    PhaseDone {
        /// Which phase, from 0.
        phase: usize,
    },
}

/// What the observer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// On.
    #[default]
    Continue,
    /// Save and stop after this step; the run can be resumed.
    Stop,
}

/// Draws progress, or ends a run at a user's wish.
///
/// ```
/// use wardrobe_training::{Event, Flow, Observer};
/// let mut steps = 0;
/// let mut ten_steps = |event: &Event| {
///     steps += usize::from(matches!(event, Event::StepDone(_)));
///     if steps < 10 { Flow::Continue } else { Flow::Stop }
/// };
/// assert_eq!(ten_steps.observe(&Event::Validating), Flow::Continue);
/// ```
pub trait Observer {
    /// Called for every event, in order.
    fn observe(&mut self, event: &Event) -> Flow;
}

/// Nobody looks.
impl Observer for () {
    fn observe(&mut self, _event: &Event) -> Flow {
        Flow::Continue
    }
}

impl<F: FnMut(&Event) -> Flow> Observer for F {
    fn observe(&mut self, event: &Event) -> Flow {
        self(event)
    }
}
