//! What can be wrong with a run before its first step: errors and warnings, never printed.

use crate::config::check::Check;
use crate::config::{PhaseConfig, ShapeConfig, TrainingConfig};
use crate::data::{DataSets, TrainingData};
use crate::error::TrainingError;
use crate::names;
use crate::parameters::Parameter;
use crate::task::TaskError;

/// Something that is allowed, and most often a mistake.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// SGD's rate is used whatever the batch size.
    #[error(
        "{field}.rate: {rate} is taken as it is for steps of {samples} samples; set rate_for_batch to the batch it was meant for (its usual 0.02 is for 16), or to {samples} if it is right"
    )]
    RateNotScaled {
        /// The phase's path in the JSON.
        field: String,
        /// The rate.
        rate: f64,
        /// Samples of an optimiser step.
        samples: usize,
    },
    /// The warm-up lasts as long as the phase, so the full rate is never reached.
    #[error(
        "{field}.schedule.warm_up: takes {warm_up} of {iterations} iterations; the rate is never reached, shorten it"
    )]
    WarmUpTooLong {
        /// The phase's path in the JSON.
        field: String,
        /// Its iterations.
        warm_up: u64,
        /// The phase's.
        iterations: u64,
    },
    /// A step of the rate lies beyond the phase's end.
    #[error(
        "{field}.schedule.shape: the rate would change at iteration {at}, but the phase has {iterations}; scale the schedule to the phase"
    )]
    StepAfterEnd {
        /// The phase's path in the JSON.
        field: String,
        /// The iteration of the step.
        at: u64,
        /// The phase's iterations.
        iterations: u64,
    },
    /// A group holds frozen parameters only.
    #[error("{field}: all its parameters are frozen, so its settings do nothing; remove it")]
    GroupFrozen {
        /// The group's path in the JSON.
        field: String,
    },
    /// A pass has fewer samples than one step should see.
    #[error(
        "{field}.batches_per_step: a pass over {key:?} has {batches} batches, so every step averages fewer than the {wanted} asked for"
    )]
    PassShorterThanStep {
        /// The phase's path in the JSON.
        field: String,
        /// The data set.
        key: String,
        /// Batches of a pass.
        batches: u64,
        /// Batches of a step.
        wanted: usize,
    },
    /// Some devices wait for others in every step.
    #[error(
        "{field}.batches_per_step: {wanted} batches cannot be shared evenly by {devices} devices, so some wait in every step; write a multiple of {devices}"
    )]
    DevicesWait {
        /// The phase's path in the JSON.
        field: String,
        /// Batches of a step.
        wanted: usize,
        /// The devices.
        devices: usize,
    },
    /// A data set has fewer samples than a batch.
    #[error(
        "{field}: {key:?} has {samples} samples, fewer than the batch of {batch}; check its split"
    )]
    FewSamples {
        /// The phase's path in the JSON.
        field: String,
        /// The data set.
        key: String,
        /// Its samples.
        samples: usize,
        /// A full batch.
        batch: usize,
    },
}

/// What the checks found out.
pub(crate) struct Checked {
    pub warnings: Vec<Warning>,
    /// Iterations of all phases, as planned.
    pub iterations: u64,
}

/// Checks every phase against the model and the data.
pub(crate) fn all<B>(
    config: &TrainingConfig,
    parameters: &[Parameter],
    data: &DataSets<B>,
    devices: usize,
) -> Result<Checked, TrainingError> {
    let mut warnings = Vec::new();
    let mut iterations = 0_u64;
    for (index, phase) in config.phases.iter().enumerate() {
        let check = Check::root().item("phases", index);
        let frozen = frozen(phase, parameters, &check)?;
        groups(phase, parameters, &frozen, &check, &mut warnings)?;
        about_devices(phase, devices, &check, &mut warnings)?;
        let set = find(phase, data, &check)?;
        let extent = Extent::of(phase, set, 0).map_err(|source| TrainingError::Data {
            key: phase.data.clone(),
            epoch: 0,
            batch: 0,
            source,
        })?;
        let Some(extent) = extent else {
            return Err(TrainingError::NoBatches {
                field: check.field("data"),
                key: phase.data.clone(),
            });
        };
        iterations = iterations.saturating_add(extent.iterations);
        about_data(phase, set, &extent, &check, &mut warnings);
        about_schedule(phase, &extent, &check, &mut warnings);
    }
    Ok(Checked {
        warnings,
        iterations,
    })
}

/// An error for a score to be kept that is none of those the task gives, where it says which.
pub(crate) fn kept_score(
    config: &TrainingConfig,
    given: Option<Vec<String>>,
) -> Result<(), TrainingError> {
    match (&config.keep_best, given) {
        (Some(keep), Some(given)) if !given.contains(&keep.metric) => {
            Err(TrainingError::NoSuchScore {
                metric: keep.metric.clone(),
                given,
            })
        }
        _ => Ok(()),
    }
}

/// How long a phase is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Extent {
    pub batches: u64,
    pub per_epoch: u64,
    pub iterations: u64,
    /// Samples of an optimiser step.
    pub samples: usize,
}

impl Extent {
    /// As a phase that begins with this epoch; nothing without batches.
    pub fn of<B>(
        phase: &PhaseConfig,
        data: &dyn TrainingData<B>,
        epoch: u64,
    ) -> Result<Option<Self>, TaskError> {
        let batches = data.batches_in(epoch)?;
        let per_epoch = batches.div_ceil(phase.batches_per_step as u64);
        Ok((batches > 0).then(|| Self {
            batches,
            per_epoch,
            iterations: phase.duration.iterations(per_epoch),
            samples: data.batch_size() * phase.batches_per_step,
        }))
    }
}

pub(crate) fn find<'a, B>(
    phase: &PhaseConfig,
    data: &'a DataSets<B>,
    check: &Check,
) -> Result<&'a dyn TrainingData<B>, TrainingError> {
    data.get(&phase.data)
        .ok_or_else(|| TrainingError::NoSuchData {
            field: check.field("data"),
            key: phase.data.clone(),
            known: data.keys().map(str::to_owned).collect(),
        })
}

/// Which parameters, by number, the phase keeps as they are; buffers count as frozen.
pub(crate) fn frozen(
    phase: &PhaseConfig,
    parameters: &[Parameter],
    check: &Check,
) -> Result<Vec<bool>, TrainingError> {
    let mut frozen: Vec<bool> = parameters.iter().map(|one| !one.trainable).collect();
    for (index, pattern) in phase.frozen.iter().enumerate() {
        let field = || check.field(&format!("frozen[{index}]"));
        for number in matching(pattern, parameters, field)? {
            frozen[number] = true;
        }
    }
    if frozen.iter().all(|frozen| *frozen) {
        return Err(TrainingError::AllFrozen {
            field: check.field("frozen"),
        });
    }
    Ok(frozen)
}

fn groups(
    phase: &PhaseConfig,
    parameters: &[Parameter],
    frozen: &[bool],
    check: &Check,
    warnings: &mut Vec<Warning>,
) -> Result<(), TrainingError> {
    for (index, group) in phase.groups.iter().enumerate() {
        let check = check.item("groups", index);
        let mut any_trained = false;
        for (index, pattern) in group.parameters.iter().enumerate() {
            let field = || check.field(&format!("parameters[{index}]"));
            let numbers = matching(pattern, parameters, field)?;
            any_trained |= numbers.iter().any(|number| !frozen[*number]);
        }
        if !any_trained {
            warnings.push(Warning::GroupFrozen {
                field: check.field("parameters"),
            });
        }
    }
    Ok(())
}

fn matching(
    pattern: &str,
    parameters: &[Parameter],
    field: impl FnOnce() -> String,
) -> Result<Vec<usize>, TrainingError> {
    let numbers: Vec<usize> = (0..parameters.len())
        .filter(|number| names::matches(pattern, &parameters[*number].name))
        .collect();
    if !numbers.is_empty() {
        return Ok(numbers);
    }
    let all = parameters.iter().map(|one| one.name.as_str());
    Err(TrainingError::NoSuchParameter {
        field: field(),
        pattern: pattern.to_owned(),
        near: names::nearest(pattern, all, 5),
    })
}

fn about_devices(
    phase: &PhaseConfig,
    devices: usize,
    check: &Check,
    warnings: &mut Vec<Warning>,
) -> Result<(), TrainingError> {
    let wanted = phase.batches_per_step;
    check.that(
        "batches_per_step",
        &wanted,
        wanted >= devices,
        &format!(
            "every step needs a batch for each of the {devices} devices; write {devices}, or give fewer devices"
        ),
    )?;
    if !wanted.is_multiple_of(devices) {
        warnings.push(Warning::DevicesWait {
            field: check.path().to_owned(),
            wanted,
            devices,
        });
    }
    Ok(())
}

fn about_data<B>(
    phase: &PhaseConfig,
    data: &dyn TrainingData<B>,
    extent: &Extent,
    check: &Check,
    warnings: &mut Vec<Warning>,
) {
    let key = || phase.data.clone();
    if data.samples() < data.batch_size() {
        warnings.push(Warning::FewSamples {
            field: check.field("data"),
            key: key(),
            samples: data.samples(),
            batch: data.batch_size(),
        });
    }
    if extent.batches < phase.batches_per_step as u64 {
        warnings.push(Warning::PassShorterThanStep {
            field: check.path().to_owned(),
            key: key(),
            batches: extent.batches,
            wanted: phase.batches_per_step,
        });
    }
    // Adam's steps do not grow with the gradient, and recipes do not scale its rate.
    if phase.rate_for_batch.is_none() && !phase.optimiser.is_adaptive() {
        warnings.push(Warning::RateNotScaled {
            field: check.path().to_owned(),
            rate: phase.rate,
            samples: extent.samples,
        });
    }
}

fn about_schedule(
    phase: &PhaseConfig,
    extent: &Extent,
    check: &Check,
    warnings: &mut Vec<Warning>,
) {
    let iterations = extent.iterations;
    let field = || check.path().to_owned();
    if let Some(warm_up) = &phase.schedule.warm_up {
        let warm_up = warm_up.span.iterations(extent.per_epoch);
        if warm_up >= iterations {
            warnings.push(Warning::WarmUpTooLong {
                field: field(),
                warm_up,
                iterations,
            });
        }
    }
    let first_beyond = match &phase.schedule.shape {
        // A step size is one number for the whole run; only when none fits is it a mistake.
        ShapeConfig::Step { every, .. } => Some(every.iterations(extent.per_epoch)),
        ShapeConfig::MultiStep { milestones, .. } => milestones
            .iter()
            .map(|span| span.iterations(extent.per_epoch))
            .find(|at| *at >= iterations),
        ShapeConfig::Constant | ShapeConfig::Cosine { .. } => None,
    };
    if let Some(at) = first_beyond.filter(|at| *at >= iterations) {
        warnings.push(Warning::StepAfterEnd {
            field: field(),
            at,
            iterations,
        });
    }
}
