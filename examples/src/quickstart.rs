//! The quickstart on the terminal: what is done, two bars with the time left, the tables.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::time::{Duration, Instant};

use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressStyle};
use wardrobe::recipes;
use wardrobe::recipes::quickstart::{Finished, Notice, Stage};
use wardrobe::training::{Event, Flow};

use crate::interrupt::Interrupt;
use crate::training::shown;

/// Units of the bar over everything.
const WHOLE: u64 = 1_000;

/// Of [`WHOLE`], what a stage takes on two cores; scoring the four detectors takes the rest.
const fn share(stage: Stage) -> u64 {
    match stage {
        Stage::ClothNet => 126,
        Stage::FasterRcnn | Stage::FasterRcnnClothNet => 125,
        Stage::ClothNetResNet => 72,
        Stage::MaskRcnn | Stage::MaskRcnnClothNet => 270,
    }
}

/// Draws the bars, prints scores, and stops at Ctrl-C.
pub struct Show {
    bars: MultiProgress,
    whole: ProgressBar,
    stage: ProgressBar,
    /// What the stages before took of the bar.
    before: u64,
    own: u64,
    trained: bool,
    interrupt: Interrupt,
    begun: Instant,
}

impl Show {
    /// Nothing to see yet.
    ///
    /// # Errors
    /// When Ctrl-C cannot be listened for.
    pub fn new() -> anyhow::Result<Self> {
        let bars = MultiProgress::new();
        let bar = |template: &str| {
            let bar = bars.add(ProgressBar::new(0));
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        };
        let stage = bar("{prefix:24} {bar:30} {pos}/{len}, {per_sec}, {eta} left  {msg}");
        let whole = bar("everything               {bar:30} {percent} %, {eta} left");
        whole.set_length(WHOLE);
        Ok(Self {
            bars,
            whole,
            stage,
            before: 0,
            own: 0,
            trained: false,
            interrupt: Interrupt::listen()?,
            begun: Instant::now(),
        })
    }

    fn say(&self, line: &str) {
        self.bars.suspend(|| println!("{line}"));
    }

    fn stage(&mut self, stage: Stage) {
        self.before += self.own;
        self.own = share(stage);
        self.whole.set_position(self.before);
        if !self.trained {
            // Stages that were done before took this start no time.
            self.whole.reset_eta();
        }
        self.trained = false;
        let place = Stage::ALL.iter().position(|one| *one == stage);
        let place = place.map_or(0, |place| place + 1);
        self.say(&format!("{place}/{} {}", Stage::ALL.len(), stage.title()));
        self.stage.set_prefix(stage.title());
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::PhaseBegun {
                done, iterations, ..
            } => {
                self.stage.reset();
                self.stage.set_length(*iterations);
                self.stage.set_position(*done);
                self.stage.reset_eta();
                self.forward();
            }
            Event::StepDone(step) => {
                self.trained = true;
                self.stage.inc(1);
                self.stage.set_message(format!("loss {:.3}", step.loss));
                self.forward();
            }
            Event::Validating => self.stage.set_message("scoring"),
            Event::Validated(record) => {
                let scores = shown(&record.scores);
                self.say(&format!("    step {}: {scores}", record.iteration));
            }
            _ => {}
        }
    }

    /// The stage's part of the bar over everything.
    fn forward(&self) {
        let length = self.stage.length().unwrap_or(1).max(1);
        let part = self.own * self.stage.position().min(length) / length;
        self.whole.set_position(self.before + part);
    }

    fn scoring(&mut self, stage: Stage, done: usize) {
        if done == 1 {
            self.before = Stage::ALL.into_iter().map(share).sum();
            self.whole.set_position(self.before);
            self.say(&format!("scoring {}", stage.title()));
        }
        self.stage.set_prefix(stage.title());
        self.stage.set_message(format!("scoring, {done} pictures"));
    }

    /// Shows what is told, and says whether to go on: not after Ctrl-C.
    pub fn hear(&mut self, notice: Notice<'_>) -> Flow {
        match notice {
            Notice::Stage(stage) => self.stage(stage),
            Notice::Training(recipes::Notice::Begun { resumed: true, .. }) => {
                self.say("    goes on");
            }
            Notice::Training(recipes::Notice::Begun { warnings, .. }) => {
                for warning in warnings {
                    self.bars.suspend(|| eprintln!("warning: {warning}"));
                }
            }
            Notice::Training(recipes::Notice::Event(event)) => self.event(event),
            Notice::Scoring { stage, done } => self.scoring(stage, done),
            _ => {}
        }
        if self.interrupt.is_set() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }

    /// Clears the bars and prints the tables.
    pub fn finish(&self, finished: Option<&Finished>) {
        self.stage.finish_and_clear();
        self.whole.finish_and_clear();
        let Some(finished) = finished else {
            println!("stopped; the same command goes on");
            return;
        };
        for table in finished.tables() {
            println!("\n{table}");
        }
        let seconds = Duration::from_secs(self.begun.elapsed().as_secs());
        println!("report: {}", finished.report.display());
        println!("done in {}", HumanDuration(seconds));
    }
}
