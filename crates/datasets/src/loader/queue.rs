//! The queue between the threads that decode and the one consumer: bounded in bytes, strictly in
//! order.
//!
//! Jobs are numbered in the order of the plan and handed out in that order; a slot waits for each
//! that is under way or finished. The consumer takes the slots from the front. A job is handed out
//! only when the bytes of all slots and its own expected bytes stay within the limit, or when there
//! is no slot at all, so the front slot is always under way and nobody waits for ever.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::plan::Plan;
use super::shared::Shared;
use super::worker::Outcome;
use super::{LoaderError, State};

/// Where a sample stands in the run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub epoch: u64,
    pub batch: usize,
    pub index: usize,
    pub repeat: u32,
    pub last_in_batch: bool,
    pub last_in_epoch: bool,
}

/// A sample to be made.
#[derive(Debug)]
pub(super) struct Job {
    number: u64,
    /// Bytes it was expected to take when it was handed out.
    reserved: usize,
    pub place: Place,
}

/// A sample that was made, or what went wrong.
#[derive(Debug)]
pub(super) struct Done {
    pub place: Place,
    pub outcome: Outcome,
    bytes: usize,
}

pub(super) struct Queue {
    shared: Arc<Shared>,
    /// The first epoch that is no longer wanted.
    until: u64,
    inside: Mutex<Inside>,
    /// Something left the queue: a worker may go on.
    room: Condvar,
    /// The front slot was filled, or will never be: the consumer may go on.
    ready: Condvar,
}

struct Inside {
    /// The next place to hand out.
    epoch: u64,
    plan: Plan,
    batch: usize,
    at: usize,
    /// Number of the front slot.
    first: u64,
    slots: VecDeque<Option<Done>>,
    /// Bytes of finished samples in slots and expected bytes of those under way.
    held: usize,
    /// The expected bytes of a sample of unknown size.
    recent: usize,
    all_handed_out: bool,
    stopped: bool,
    failure: Option<LoaderError>,
}

impl Queue {
    /// From batch `next_batch` of `plan`, which is the plan of epoch `epoch`.
    pub fn new(shared: Arc<Shared>, from: State, plan: Plan, until: u64) -> Self {
        let inside = Inside {
            epoch: from.epoch,
            at: plan.start(from.next_batch),
            batch: from.next_batch,
            plan,
            first: 0,
            slots: VecDeque::new(),
            held: 0,
            recent: 0,
            all_handed_out: false,
            stopped: false,
            failure: None,
        };
        Self {
            shared,
            until,
            inside: Mutex::new(inside),
            room: Condvar::new(),
            ready: Condvar::new(),
        }
    }

    /// The next sample to make, once there is room for it; `None` when no more are wanted.
    pub fn next_job(&self) -> Option<Job> {
        let mut inside = self.lock();
        loop {
            if inside.stopped {
                return None;
            }
            let place = match inside.peek(&self.shared, self.until) {
                Ok(Some(place)) => place,
                Ok(None) => {
                    inside.all_handed_out = true;
                    self.ready.notify_one();
                    return None;
                }
                Err(failure) => {
                    drop(inside);
                    self.fail(failure);
                    return None;
                }
            };
            let hint = self.shared.source.bytes(place.index).unwrap_or(0);
            let reserved = hint.max(inside.recent);
            let fits = inside.held.saturating_add(reserved) <= self.shared.config.max_bytes;
            if fits || inside.slots.is_empty() {
                let number = inside.first + inside.slots.len() as u64;
                inside.slots.push_back(None);
                inside.held += reserved;
                inside.advance();
                return Some(Job {
                    number,
                    reserved,
                    place,
                });
            }
            inside = wait(&self.room, inside);
        }
    }

    /// Puts what became of a job into its slot.
    pub fn finish(&self, job: Job, outcome: Outcome) {
        let bytes = outcome.bytes();
        let mut inside = self.lock();
        inside.held = inside.held - job.reserved + bytes;
        // The largest of late: one huge sample must not make all later ones wait for its size.
        inside.recent = bytes.max(inside.recent - inside.recent / 16);
        let slot = (job.number - inside.first) as usize;
        inside.slots[slot] = Some(Done {
            place: job.place,
            outcome,
            bytes,
        });
        if slot == 0 {
            self.ready.notify_one();
        }
        if bytes < job.reserved {
            self.room.notify_all();
        }
    }

    /// The next sample of the run, once it is made; `None` after the last.
    pub fn take(&self) -> Result<Option<Done>, LoaderError> {
        let mut inside = self.lock();
        loop {
            if let Some(Some(_)) = inside.slots.front() {
                let done = inside.slots.pop_front().flatten();
                inside.first += 1;
                inside.held -= done.as_ref().map_or(0, |done| done.bytes);
                self.room.notify_all();
                return Ok(done);
            }
            // A failure is of a job that was never handed out; all before it are still finished, so
            // the consumer meets it at the same place each time.
            if inside.slots.is_empty() {
                if let Some(failure) = inside.failure.take() {
                    return Err(failure);
                }
                if inside.stopped || inside.all_handed_out {
                    return Ok(None);
                }
            }
            inside = wait(&self.ready, inside);
        }
    }

    /// The epoch that is handed out at present.
    pub fn epoch(&self) -> u64 {
        self.lock().epoch
    }

    /// Ends the run: no more jobs are handed out, and the consumer gets the error after what was.
    pub fn fail(&self, failure: LoaderError) {
        let mut inside = self.lock();
        inside.failure.get_or_insert(failure);
        inside.stopped = true;
        self.wake_all();
    }

    /// Ends the run; finished samples are dropped.
    pub fn stop(&self) {
        let mut inside = self.lock();
        inside.stopped = true;
        inside.slots.iter_mut().for_each(|slot| *slot = None);
        self.wake_all();
    }

    fn wake_all(&self) {
        self.room.notify_all();
        self.ready.notify_all();
    }

    /// A panic while the lock was held leaves whole values behind, and [`Queue::fail`] follows it.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a>(condition: &Condvar, guard: MutexGuard<'a, Inside>) -> MutexGuard<'a, Inside> {
    condition
        .wait(guard)
        .unwrap_or_else(PoisonError::into_inner)
}

impl Inside {
    /// The next place, planning the next epoch when this one is handed out; an epoch without a
    /// batch ends the run, so that an endless run over nothing ends.
    fn peek(&mut self, shared: &Shared, until: u64) -> Result<Option<Place>, LoaderError> {
        while self.batch == self.plan.len() {
            if self.plan.is_empty() || self.epoch.saturating_add(1) >= until {
                return Ok(None);
            }
            self.plan = shared.plan(self.epoch + 1)?;
            self.epoch += 1;
            self.batch = 0;
            self.at = 0;
        }
        let (index, repeat) = self.plan.sample(self.at);
        let last_in_batch = self.at + 1 == self.plan.end(self.batch);
        Ok(Some(Place {
            epoch: self.epoch,
            batch: self.batch,
            index,
            repeat,
            last_in_batch,
            last_in_epoch: last_in_batch && self.batch + 1 == self.plan.len(),
        }))
    }

    fn advance(&mut self) {
        self.at += 1;
        if self.at == self.plan.end(self.batch) {
            self.batch += 1;
        }
    }
}
