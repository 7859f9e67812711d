//! Burn's terminal interface on a run: losses and scores as curves, progress, and a key to stop.

use std::collections::BTreeSet;
use std::sync::Arc;

use burn_train::Interrupter;
use burn_train::logger::TrainingProgressLogger;
use burn_train::metric::{
    MetricDefinition, MetricEntry, MetricId, NumericAttributes, NumericEntry, SerializedEntry,
};
use burn_train::renderer::tui::TuiMetricsRendererWrapper;
use burn_train::renderer::{MetricState, MetricsRenderer, MetricsRendererTraining};
use wardrobe::recipes::{Listener, Notice};
use wardrobe::training::{Event, Flow};

use crate::interrupt::Interrupt;
use crate::training::announce;

/// The curve of what is minimised.
const LOSS: &str = "loss";

/// Takes the terminal when the first phase begins and gives it back when dropped.
pub struct Dashboard {
    renderer: Option<TuiMetricsRendererWrapper>,
    interrupter: Interrupter,
    interrupt: Interrupt,
    curves: BTreeSet<String>,
    /// Steps of the phases so far.
    done: u64,
}

impl Dashboard {
    /// Nothing to see yet.
    ///
    /// # Errors
    /// When Ctrl-C cannot be listened for.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {
            renderer: None,
            interrupter: Interrupter::new(),
            interrupt: Interrupt::listen()?,
            curves: BTreeSet::new(),
            done: 0,
        })
    }

    fn event(&mut self, event: &Event) {
        let interrupter = &self.interrupter;
        let renderer = self
            .renderer
            .get_or_insert_with(|| TuiMetricsRendererWrapper::new(interrupter.clone(), None));
        let mut point = |renderer: &mut TuiMetricsRendererWrapper, name: &str, value: f64| {
            let id = MetricId::new(Arc::new(name.to_owned()));
            if self.curves.insert(name.to_owned()) {
                renderer.register_metric(definition(id.clone(), name));
            }
            let text = SerializedEntry::new(format!("{value:.4}"), value.to_string());
            // A score of nothing is no point of a curve.
            let value = value.is_finite().then_some(NumericEntry::Value(value));
            MetricState::Numeric(MetricEntry::new(id, text), value)
        };
        match event {
            Event::PhaseBegun {
                name,
                done,
                iterations,
                ..
            } => {
                // The interface counts epochs and steps in one, takes what it saw at first from what it sees, and cannot
                // bear that to be less: phases go on from each other in the only epoch there is.
                let before = self.done;
                self.done += *done;
                renderer.start(1, 1, None, Some(name));
                renderer.start_split("train", (before + *iterations) as usize);
                renderer.update_split(self.done as usize);
            }
            Event::StepDone(step) => {
                self.done += 1;
                let terms = step
                    .losses
                    .0
                    .iter()
                    .map(|(name, value)| (name.as_str(), *value));
                for (name, value) in std::iter::once((LOSS, step.loss)).chain(terms) {
                    let state = point(renderer, name, value);
                    renderer.update_train(state);
                }
                renderer.update_split(self.done as usize);
            }
            Event::Validating => renderer.log_event_training("scoring".into()),
            Event::Validated(record) => {
                for (name, value) in &record.scores.0 {
                    let state = point(renderer, name, *value);
                    renderer.update_valid(state);
                }
            }
            Event::PhaseDone { .. } => renderer.end_split(),
            _ => {}
        }
    }
}

/// Every score is better the higher, every loss the lower.
fn definition(metric_id: MetricId, name: &str) -> MetricDefinition {
    MetricDefinition {
        metric_id,
        name: Arc::new(name.to_owned()),
        description: None,
        attributes: NumericAttributes {
            unit: None,
            higher_is_better: !name.starts_with(LOSS),
        }
        .into(),
    }
}

impl Listener for Dashboard {
    fn hear(&mut self, notice: Notice<'_>) -> Flow {
        // Before the terminal is taken; there again when it is given back.
        announce(&notice);
        if let Notice::Event(event) = notice {
            self.event(event);
        }
        if self.interrupt.is_set() || self.interrupter.should_stop() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }
}
