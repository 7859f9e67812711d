//! Ctrl-C: once asks the program to finish what it has in hand, twice ends it at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use wardrobe::datasets::atomic_file;

/// The exit status of a program ended by Ctrl-C: 128 + SIGINT's number, as shells report it.
pub const EXIT_STATUS: u8 = 130;

/// Whether the program was asked to stop. Clones share the answer.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens for Ctrl-C, SIGTERM and SIGHUP. The second signal removes lists and drawings that
    /// are not whole yet and ends the program.
    ///
    /// # Errors
    /// When the system refuses, or a handler is already there.
    pub fn listen() -> anyhow::Result<Self> {
        let interrupt = Self::default();
        let asked = interrupt.clone();
        ctrlc::set_handler(move || {
            if asked.0.swap(true, Ordering::SeqCst) {
                atomic_file::remove_unfinished();
                std::process::exit(i32::from(EXIT_STATUS));
            }
        })
        .context("cannot listen for Ctrl-C")?;
        Ok(interrupt)
    }

    /// Whether to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
