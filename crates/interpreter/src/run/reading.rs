//! Graphs that read: each step as soon as what it comes after has ended, side by side.

use super::state::{Container, Run};
use crate::outcome::{StepError, StepStatus};
use crate::step::{self, StepEnd};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use runbook_playbook::syntax::step::Step;
use std::collections::{BTreeMap, BTreeSet};

/// Runs the steps. Ready steps start in written order; a failure keeps nobody from running but its readers.
pub(crate) async fn graph(run: &Run<'_>, steps: &[Step], container: &Container) -> StepEnd {
    let mut waiting: Vec<&Step> = steps.iter().collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut running = FuturesUnordered::new();
    let mut end = StepEnd::Done;
    let began = container.clock.now();
    let mut ends: BTreeMap<String, Timestamp> = BTreeMap::new();
    loop {
        if !run.is_stopped(container) {
            let (ready, rest): (Vec<_>, Vec<_>) = waiting
                .into_iter()
                .partition(|step| is_ready(run, step, steps, container, &done));
            waiting = rest;
            for step in ready {
                // What it comes after decides when it begins, and not what else has ended by then.
                let start = after(run, step, container)
                    .filter_map(|id| ends.get(&id).copied())
                    .fold(began, Timestamp::max);
                let own = container.strand(start);
                running.push(async move {
                    let end = step::run_step(run, step, &own).await;
                    (step.id.value.clone(), end, own.clock.now())
                });
            }
        }
        let Some((id, ended, at)) = running.next().await else {
            break;
        };
        container.clock.advance(at);
        ends.insert(id.clone(), at);
        done.insert(id);
        match ended {
            StepEnd::Failed | StepEnd::Blocked if end == StepEnd::Done => end = StepEnd::Failed,
            StepEnd::Stopped => end = StepEnd::Stopped,
            _ => {}
        }
    }
    for step in waiting {
        let (status, error) = if run.state.borrow().stop.is_some() {
            let error = StepError::new("stopped", "the run ended before its turn");
            (StepStatus::Blocked, error)
        } else {
            let error = StepError::new("needs", "what it comes after never ended");
            (StepStatus::Blocked, error)
        };
        step::leave_out(run, step, container, status, error);
        if run.state.borrow().stop.is_some() {
            end = StepEnd::Stopped;
        }
    }
    end
}

/// A block in a graph that reads.
pub(crate) async fn block(
    run: &Run<'_>,
    steps: &[Step],
    finally: &[Step],
    container: &Container,
) -> StepEnd {
    let end = graph(run, steps, container).await;
    let mut last = container.inside("finally", container.locals.clone());
    last.shielded = true;
    for step in finally {
        if !run.is_stopped(&last) {
            step::run_step(run, step, &last).await;
        }
    }
    end
}

/// Every other step of this graph that it comes after has ended.
fn is_ready(
    run: &Run<'_>,
    step: &Step,
    steps: &[Step],
    container: &Container,
    done: &BTreeSet<String>,
) -> bool {
    after(run, step, container).all(|id| {
        let is_here = id != step.id.value && steps.iter().any(|other| other.id.value == id);
        !is_here || done.contains(&id)
    })
}

/// The steps beside it that it comes after.
fn after(run: &Run<'_>, step: &Step, container: &Container) -> impl Iterator<Item = String> {
    let prefix = format!("{}.", container.checked);
    let after = run.checked(&container.checked(&step.id.value)).after;
    after.into_iter().filter_map(move |path| {
        let rest = path.strip_prefix(&prefix)?;
        Some(rest.split('.').next().unwrap_or(rest).to_owned())
    })
}
