//! Experiments as data.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wardrobe_rpn_roi::config::{RefinementConfig, RoiHeadsConfig, Suppression};

use crate::classification::ClassifierRecipe;
use crate::data::DataConfig;
use crate::detection::{DetectorModel, DetectorRecipe};
use crate::error::RecipeError;
use crate::json;

/// Members, seeds and what is claimed of them.
///
/// ```no_run
/// use burn::tensor::Device;
/// use wardrobe_recipes::experiments::Experiments;
/// use wardrobe_training::Flow;
///
/// // Paper A's claims in miniature.
/// let experiments = Experiments::default();
/// let done = experiments.run(&Device::flex(), "runs/experiments".as_ref(), &mut |_| Flow::Continue)?;
/// for table in done.iter().flat_map(|done| done.tables()) {
///     println!("{table}");
/// }
/// # Ok::<(), wardrobe_recipes::RecipeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiments {
    /// Every member is trained once with each.
    pub seeds: Vec<u64>,
    /// The runs, in this order.
    pub members: Vec<Member>,
    /// The pictures of the scores.
    pub test: DataConfig,
    /// What is claimed.
    pub claims: Vec<Claim>,
}

/// A run, done once for every seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its name, and its folder inside the seed's.
    pub name: String,
    /// The classifier before it of the same seed whose body a detector starts from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// What is trained; the seed is the experiments'.
    pub recipe: MemberRecipe,
}

/// What a member trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRecipe {
    /// A classifier.
    Classifier(Box<ClassifierRecipe>),
    /// A detector.
    Detector(Box<DetectorRecipe>),
}

/// A member's detector as it is scored.
///
/// With neither of the two settings it is scored as it was trained; with one of them given, the other
/// counts as standard, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// The detector.
    pub member: String,
    /// Which overlapping detection survives, in place of what it was trained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppression: Option<Suppression>,
    /// How detections are moved uphill of the predicted IoU, besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refinement: Option<RefinementConfig>,
}

/// One reading is said to be better than another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// In words.
    pub title: String,
    /// Who says so, and where.
    pub source: String,
    /// The reading said to be better.
    pub better: Reading,
    /// The reading said to be worse.
    pub worse: Reading,
    /// The scores that are compared, as in a run's log: `box_AP75`.
    pub scores: Vec<String>,
}

impl Default for Experiments {
    fn default() -> Self {
        crate::presets::experiments()
    }
}

impl Experiments {
    /// Reads a JSON file.
    ///
    /// # Errors
    /// [`RecipeError::Io`]; [`RecipeError::Json`] with the path of what does not fit.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, RecipeError> {
        json::read(path.as_ref())
    }

    /// Checks what can be checked before anything is trained.
    ///
    /// # Errors
    /// [`RecipeError::Setting`] for no seed, no or equal names, and names of nothing: members, scores; as the
    /// recipes' own checks.
    pub fn validate(&self) -> Result<(), RecipeError> {
        let setting = |field: String, found: &str, remedy: &str| RecipeError::Setting {
            field,
            found: found.to_owned(),
            remedy: remedy.to_owned(),
        };
        let seeds: BTreeSet<u64> = self.seeds.iter().copied().collect();
        if seeds.is_empty() || seeds.len() < self.seeds.len() {
            let found = format!("{:?}", self.seeds);
            return Err(setting("seeds".into(), &found, "give seeds that differ"));
        }
        for (index, member) in self.members.iter().enumerate() {
            let (before, field) = (&self.members[..index], format!("members[{index}]"));
            let mut letters = member.name.chars();
            let is_name = letters.all(|one| one.is_ascii_alphanumeric() || one == '-');
            if member.name.is_empty() || !is_name || before.iter().any(|b| b.name == member.name) {
                let remedy = "give a name of letters, digits and hyphens that no other has";
                return Err(setting(format!("{field}.name"), &member.name, remedy));
            }
            match &member.recipe {
                MemberRecipe::Classifier(recipe) => recipe.validate()?,
                MemberRecipe::Detector(recipe) => recipe.validate()?,
            }
            if let Some(body) = &member.body {
                let known = before
                    .iter()
                    .any(|before| before.name == *body && !before.is_detector());
                if !known || !member.is_detector() {
                    let remedy = "give a classifier before it, to a detector";
                    return Err(setting(format!("{field}.body"), body, remedy));
                }
            }
        }
        for (index, claim) in self.claims.iter().enumerate() {
            for (side, reading) in [("better", &claim.better), ("worse", &claim.worse)] {
                let field = format!("claims[{index}].{side}.member");
                let mut members = self.members.iter();
                let member = members.find(|member| member.name == reading.member);
                let Some(MemberRecipe::Detector(recipe)) = member.map(|member| &member.recipe)
                else {
                    return Err(setting(field, &reading.member, "give a detector's name"));
                };
                reading.change(&mut recipe.model.clone())?;
                let given = recipe.model.score_names();
                let unknown = claim.scores.iter().position(|score| !given.contains(score));
                if let Some(place) = unknown {
                    let field = format!("claims[{index}].scores[{place}]");
                    let remedy = format!("{} has {}", reading.title(), given.join(", "));
                    return Err(setting(field, &claim.scores[place], &remedy));
                }
            }
        }
        Ok(())
    }

    /// Every reading of a claim, once.
    pub(super) fn readings(&self) -> Vec<&Reading> {
        let mut readings: Vec<&Reading> = Vec::new();
        for claim in &self.claims {
            for reading in [&claim.worse, &claim.better] {
                if !readings.contains(&reading) {
                    readings.push(reading);
                }
            }
        }
        readings
    }
}

impl Member {
    /// A detector from weights drawn at random, or as its recipe says.
    pub fn detector(name: impl Into<String>, recipe: DetectorRecipe) -> Self {
        Self {
            name: name.into(),
            body: None,
            recipe: MemberRecipe::Detector(Box::new(recipe)),
        }
    }

    /// A classifier.
    pub fn classifier(name: impl Into<String>, recipe: ClassifierRecipe) -> Self {
        Self {
            name: name.into(),
            body: None,
            recipe: MemberRecipe::Classifier(Box::new(recipe)),
        }
    }

    /// The same from the body of a classifier before it.
    #[must_use]
    pub fn with_body(self, classifier: impl Into<String>) -> Self {
        Self {
            body: Some(classifier.into()),
            ..self
        }
    }

    const fn is_detector(&self) -> bool {
        matches!(self.recipe, MemberRecipe::Detector(_))
    }
}

impl Reading {
    /// The detector as it was trained.
    pub fn of(member: impl Into<String>) -> Self {
        Self {
            member: member.into(),
            suppression: None,
            refinement: None,
        }
    }

    /// For people: `faster-rcnn-iou, IoU-guided`.
    pub fn title(&self) -> String {
        let suppression = self.suppression.map(|suppression| match suppression {
            Suppression::Standard => ", standard",
            Suppression::IouGuided => ", IoU-guided",
        });
        let refined = self.refinement.map(|_| ", refined");
        let parts = [suppression.unwrap_or_default(), refined.unwrap_or_default()];
        format!("{}{}", self.member, parts.concat())
    }

    /// The network as this reading wants it.
    pub(super) fn change(&self, model: &mut DetectorModel) -> Result<(), RecipeError> {
        if self.suppression.is_none() && self.refinement.is_none() {
            return Ok(());
        }
        let heads: Option<&mut RoiHeadsConfig> = model.roi_heads_mut();
        let changed = heads.and_then(|heads| {
            heads.postprocess.suppression = self.suppression.unwrap_or_default();
            let iou_head = heads.iou_head.as_mut()?;
            iou_head.refinement = self.refinement;
            Some(())
        });
        changed.ok_or_else(|| RecipeError::Setting {
            field: "suppression".into(),
            found: self.title(),
            remedy: "only a detector with an IoU head (roi_heads.iou_head) is read in other ways"
                .into(),
        })
    }
}
