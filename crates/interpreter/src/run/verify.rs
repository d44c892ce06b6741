//! `verify`: whether the symptom is gone.

use super::state::{Container, Graph, Run, Wait};
use super::{escalate, reading, symptom};
use crate::event::EventKind;
use crate::truth::Truth;
use jiff::SignedDuration;
use runbook_playbook::syntax::playbook::MatchSymptoms;
use runbook_playbook::syntax::step::Step;
use runbook_playbook::syntax::verify::{Otherwise, Verify};

/// What verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    /// Enough clear readings in a row.
    Clear,
    /// The problem still shows, or was not clear often enough in time.
    Still,
    /// The last reading that was not clear could not tell.
    Unreadable,
}

/// Reads until it is clear often enough or the time is over; `None` when the run ends meanwhile.
pub(crate) async fn run(run: &Run<'_>) -> Option<(Verified, Otherwise)> {
    let playbook = &run.plan.checked.playbook;
    let verify = playbook.verify.clone().unwrap_or_default();
    let steps: &[Step] = match &playbook.symptom {
        _ if !verify.steps.is_empty() => &verify.steps,
        Some(symptom) => &symptom.steps,
        None => return None,
    };
    let own = !verify.steps.is_empty();
    let container = Container {
        checked: if own { "verify" } else { "symptom" }.to_owned(),
        ..Container::of(Graph::Verify, &run.clock)
    };
    let matching = if own {
        MatchSymptoms::Any
    } else {
        playbook.match_symptoms
    };
    let result = readings(run, &verify, steps, &container, matching).await?;
    Some((result, verify.otherwise))
}

async fn readings(
    run: &Run<'_>,
    verify: &Verify,
    steps: &[Step],
    container: &Container,
    matching: MatchSymptoms,
) -> Option<Verified> {
    let start = run.clock.now();
    if verify.after > SignedDuration::ZERO
        && !run
            .sleep(
                container,
                "verify",
                Wait {
                    why: "before the first reading",
                    length: verify.after,
                    within: Some(verify.within),
                },
                &run.clock,
                format!("{}verify/after", run.key_prefix),
            )
            .await
    {
        return None;
    }
    let mut clear = 0;
    let mut reading = 1;
    let mut unread = false;
    loop {
        forget_last_reading(run);
        let started = EventKind::GraphStarted {
            graph: "verify",
            reading: Some(reading),
        };
        run.emit(&run.clock, &format!("{}verify", run.key_prefix), started);
        reading::graph(run, steps, container).await;
        if run.is_stopped(container) {
            return None;
        }
        let truth = symptom(run, steps, container, matching);
        clear = if truth == Truth::False { clear + 1 } else { 0 };
        // What keeps it from being clear often enough is what was found last that was not clear.
        if truth != Truth::False {
            unread = truth == Truth::Unknown;
        }
        let summary = match truth {
            Truth::True => "holds".to_owned(),
            Truth::Unknown => "unknown".to_owned(),
            Truth::False => format!("clear ({clear} of {})", verify.times.max(1)),
        };
        let ended = EventKind::GraphEnded {
            graph: "verify",
            summary,
        };
        run.emit(&run.clock, &format!("{}verify", run.key_prefix), ended);
        if clear >= verify.times.max(1) {
            return Some(Verified::Clear);
        }
        let waited = run.clock.now().duration_since(start);
        if waited.saturating_add(verify.every) > verify.within {
            return Some(if unread {
                Verified::Unreadable
            } else {
                Verified::Still
            });
        }
        escalate::checkpoint(run).await;
        if !run
            .sleep(
                container,
                "verify",
                Wait {
                    why: "before the next reading",
                    length: verify.every,
                    within: Some(verify.within),
                },
                &run.clock,
                format!("{}verify/every", run.key_prefix),
            )
            .await
        {
            return None;
        }
        reading += 1;
    }
}

/// A reading starts from nothing: its steps must not see those of the last one.
fn forget_last_reading(run: &Run<'_>) {
    run.state
        .borrow_mut()
        .steps
        .retain(|path, _| !path.starts_with("verify."));
}
