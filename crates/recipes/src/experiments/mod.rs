//! Claims put to the test: several ways of training, each over several seeds, compared by their scores on
//! pictures that none of them learnt from or was chosen by.
//!
//! A **member** is a run; a **reading** is a member's detector scored, perhaps with another suppression than
//! it was trained with; a **claim** says that one reading is better than another by some scores.

mod finding;
mod page;
mod plan;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use wardrobe_training::{Flow, Progress, Scores};

pub use finding::{Finding, Measured, Verdict};
pub use plan::{Claim, Experiments, Member, MemberRecipe, Reading};

use crate::detection::DetectorRecipe;
use crate::error::RecipeError;
use crate::evaluation::DetectorCheckpoint;
use crate::json;
use crate::run::{self, Begin, Outcome};
use crate::table::Table;
use crate::weights::StartWeights;

/// The page in the experiments' folder.
pub const REPORT: &str = "report.html";
/// The numbers behind it, as JSON.
pub const FINDINGS: &str = "findings.json";

/// What experiments tell while they go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// A member's run begins.
    Member {
        /// The seed of its run.
        seed: u64,
        /// Which.
        member: &'a Member,
    },
    /// The member's run tells something.
    Training(run::Notice<'a>),
    /// A detector is scored: this many pictures are done.
    Scoring {
        /// The seed of its run.
        seed: u64,
        /// Which.
        reading: &'a Reading,
        /// Pictures done.
        done: usize,
    },
}

/// What experiments left.
#[derive(Debug)]
pub struct Finished {
    /// One for each claim, in their order.
    pub findings: Vec<Finding>,
    /// The page.
    pub report: PathBuf,
}

impl Finished {
    /// A table for each claim.
    pub fn tables(&self) -> Vec<Table> {
        self.findings.iter().map(Finding::table).collect()
    }
}

impl Experiments {
    /// Trains every member with every seed, scores every reading and writes the page. Runs that are in the
    /// folder already are not done again: experiments that were stopped go on, with the same result, and
    /// other seeds may be added.
    ///
    /// `listener` hears of everything, in order. What it answers counts at the events of a run and while a
    /// detector is scored; `None` when it stopped the experiments.
    ///
    /// # Errors
    /// [`RecipeError`], also for a folder with other experiments, and one whose path is not UTF-8 where a member has another's
    /// body.
    pub fn run(
        &self,
        device: &Device,
        folder: &Path,
        listener: &mut dyn FnMut(Notice<'_>) -> Flow,
    ) -> Result<Option<Finished>, RecipeError> {
        self.validate()?;
        if self.members.iter().any(|member| member.body.is_some()) {
            // The settings of a detector name the run in it that its body is of.
            json::check_path("folder", folder)?;
        }
        for &seed in &self.seeds {
            let own = seed_folder(folder, seed);
            for member in &self.members {
                listener(Notice::Member { seed, member });
                let outcome =
                    member.train(seed, device, &own, &mut |notice: run::Notice<'_>| {
                        listener(Notice::Training(notice))
                    })?;
                if outcome.progress != Progress::Finished {
                    return Ok(None);
                }
            }
        }
        let mut measured = Vec::new();
        for reading in self.readings() {
            let mut of_seeds = Vec::new();
            for &seed in &self.seeds {
                let own = seed_folder(folder, seed);
                match self.score(seed, reading, device, &own, listener)? {
                    Some(scores) => of_seeds.push(scores),
                    None => return Ok(None),
                }
            }
            measured.push((reading, of_seeds));
        }
        let findings = self.findings(&measured)?;
        let report = page::write(self, &findings, folder)?;
        Ok(Some(Finished { findings, report }))
    }

    fn score(
        &self,
        seed: u64,
        reading: &Reading,
        device: &Device,
        folder: &Path,
        listener: &mut dyn FnMut(Notice<'_>) -> Flow,
    ) -> Result<Option<Scores>, RecipeError> {
        let run = folder.join(&reading.member);
        let checkpoint =
            DetectorCheckpoint::of_changed_run(run, device, |model| reading.change(model))?;
        let pictures = checkpoint.open(&self.test, false)?;
        let (mut done, mut flow) = (0, Flow::Continue);
        let tally = checkpoint.evaluate(&pictures, &mut |_| {
            done += 1;
            let notice = Notice::Scoring {
                seed,
                reading,
                done,
            };
            flow = listener(notice);
            Ok(flow)
        })?;
        Ok((flow == Flow::Continue).then(|| tally.scores()))
    }

    /// Every claim's scores, picked from those of the readings, one list of scores for each seed.
    fn findings(&self, measured: &[(&Reading, Vec<Scores>)]) -> Result<Vec<Finding>, RecipeError> {
        let of = |reading: &Reading, score: &str| -> Result<Vec<f64>, RecipeError> {
            let found = measured.iter().find(|(one, _)| *one == reading);
            let of_seeds = found.map(|(_, scores)| scores.as_slice());
            let values = of_seeds.unwrap_or_default().iter().map(|scores| {
                scores.get(score).ok_or_else(|| RecipeError::Setting {
                    field: "claims.scores".into(),
                    found: score.to_owned(),
                    remedy: format!("{} has {}", reading.title(), names(scores)),
                })
            });
            values.collect()
        };
        let finding = |claim: &Claim| {
            let scores = claim.scores.iter().map(|score| {
                Ok(Measured {
                    score: score.clone(),
                    better: of(&claim.better, score)?,
                    worse: of(&claim.worse, score)?,
                })
            });
            Ok(Finding {
                claim: claim.clone(),
                seeds: self.seeds.clone(),
                scores: scores.collect::<Result<_, RecipeError>>()?,
            })
        };
        self.claims.iter().map(finding).collect()
    }
}

impl Member {
    fn train(
        &self,
        seed: u64,
        device: &Device,
        folder: &Path,
        listener: &mut dyn run::Listener,
    ) -> Result<Outcome, RecipeError> {
        let own = folder.join(&self.name);
        let devices = std::slice::from_ref(device);
        match &self.recipe {
            MemberRecipe::Classifier(recipe) => {
                let mut recipe = recipe.as_ref().clone();
                recipe.training.seed = seed;
                recipe.train(devices, &own, Begin::Resume, listener)
            }
            MemberRecipe::Detector(recipe) => {
                let mut recipe: DetectorRecipe = recipe.as_ref().clone();
                recipe.training.seed = seed;
                let body = self.body.iter().map(|body| folder.join(body));
                recipe.weights.extend(body.map(StartWeights::Classifier));
                recipe.train(devices, &own, Begin::Resume, listener)
            }
        }
    }
}

fn seed_folder(folder: &Path, seed: u64) -> PathBuf {
    folder.join(format!("seed-{seed}"))
}

fn names(scores: &Scores) -> String {
    let all: Vec<&str> = scores
        .named()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    all.join(", ")
}
