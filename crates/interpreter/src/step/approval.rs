//! Asking before a write: what is shown is what is sent.

use super::call::{Prepared, gravest, guarded};
use super::changes::changes;
use super::{Context, Halt, arguments};
use crate::approval::{Decision, Question, QuestionCall};
use crate::event::EventKind;
use crate::outcome::{StepError, Waiting};
use crate::run::scope::StepScope;
use crate::run::state::{Graph, Stop};
use crate::truth::Truth;
use crate::voter::Voter;
use runbook_playbook::catalog::Effect;
use runbook_playbook::syntax::approve::{Approve, People};
use runbook_playbook::syntax::step::Work;
use runbook_playbook::template;
use runbook_registry::world::Pending;
use serde_json::Value as Json;
use std::sync::Arc;

/// Who answers in a scenario; stands for as many people as are needed.
const SCENARIO: &str = "scenario";

/// The calls by which a step would be taken back, as far as they can be rendered before it is sent.
pub(super) fn undo_calls(
    context: &Context<'_, '_>,
    scope: &StepScope<'_, '_>,
) -> Vec<QuestionCall> {
    let base = context.container.checked(&context.step.id.value);
    context
        .step
        .undo
        .iter()
        .filter_map(|step| match &step.work {
            Work::Action(call) => {
                let checked = context
                    .run
                    .checked(&format!("{base}.undo.{}", step.id.value));
                Some(QuestionCall {
                    action: call.action.value.clone(),
                    arguments: arguments::render_early(
                        context,
                        call,
                        checked.action.as_deref(),
                        scope,
                    ),
                    changes: Vec::new(),
                })
            }
            _ => None,
        })
        .collect()
}

/// Asks for leave to send the calls, unless none is needed or it has been given.
///
/// # Errors
/// Leave was not given.
pub(super) async fn ask(
    context: &Context<'_, '_>,
    prepared: &[&Prepared],
    undo: Vec<QuestionCall>,
    scope: &StepScope<'_, '_>,
) -> Result<(), Halt> {
    let run = context.run;
    let Some(first) = prepared.first() else {
        return Ok(());
    };
    let by_effect = gravest(&first.effects) != Effect::Read
        && !first.call.action.starts_with("human:")
        && first.call.action != "playbook:Run";
    let writes = by_effect && !context.states_read();
    if run.plan.options.read_only && (writes || first.call.action == "human:Do") {
        run.state.borrow_mut().declined = true;
        return Err(Halt::Declined);
    }
    if !by_effect && context.step.approve == Approve::Auto {
        return Ok(());
    }
    // Whether people may be told was asked when the run began.
    if covered_by_write(context, prepared) || context.container.graph == Graph::Notify {
        return Ok(());
    }
    let reading = context.states_read();
    if reading && run.state.borrow().allowed.contains(&context.checked_path()) {
        return Ok(());
    }
    let people = match &context.step.approve {
        Approve::People(people) => Some(people.as_ref()),
        _ => None,
    };
    let question = Question {
        step: context.public(),
        title: context.step.title.as_ref().map(|title| title.value.clone()),
        calls: prepared
            .iter()
            .map(|one| QuestionCall {
                action: one.call.action.clone(),
                arguments: one.call.arguments.clone(),
                changes: changes(one.before.as_ref(), &one.call.arguments),
            })
            .collect(),
        effects: first.effects.clone(),
        prompt: people
            .and_then(|people| people.prompt.as_ref())
            .and_then(|prompt| template::render_text(prompt, scope).ok()),
        place: run.place(&first.call.target),
        undo,
        stated: context.stated(),
        insists: context.step.approve != Approve::Auto,
        people: people.map_or(1, |people| {
            usize::try_from(people.people.value).unwrap_or(usize::MAX)
        }),
        from: people
            .map(|people| people.from.iter().map(|name| name.value.clone()).collect())
            .unwrap_or_default(),
        because: because(context),
        agreed: Vec::new(),
    };
    for one in prepared {
        context.learn(
            &one.call.arguments,
            context.action().map(|action| &action.input),
        );
    }
    // What is shown stands for what is sent from here on; a question can have thousands of calls.
    let question = Arc::new({
        let whole = question;
        run.masked_question(&whole)
    });
    match decide(context, Arc::clone(&question), people, writes).await {
        Decision::Approved { .. } => {
            if reading {
                let path = context.checked_path();
                run.state.borrow_mut().allowed.insert(path);
            }
            Ok(())
        }
        Decision::Declined { by } if context.container.graph.acts() => {
            tracing::debug!(step = context.path, by, "declined");
            run.state.borrow_mut().declined = true;
            Err(Halt::Declined)
        }
        // In a graph that only reads, what was not allowed could not be read.
        Decision::Declined { by } => {
            Err(StepError::new("declined", format!("declined by {by}")).into())
        }
        Decision::Nobody => {
            pause(context, &question);
            Err(Halt::Stopped)
        }
        Decision::Abort => {
            run.stop(Stop::Aborted);
            Err(Halt::Stopped)
        }
        Decision::Expired => {
            let late = run.is_late(context.container, context.clock.now());
            run.stop(if late {
                Stop::TimedOut
            } else {
                Stop::Expired(context.public())
            });
            Err(Halt::Stopped)
        }
    }
}

/// Pauses the run at a question that nobody could be asked.
fn pause(context: &Context<'_, '_>, question: &Question) {
    let run = context.run;
    let calls: Vec<String> = question
        .calls
        .iter()
        .map(|call| format!("{} {}", call.action, call.arguments))
        .collect();
    let onward = run.around.approver.onward(Some(question));
    run.stop(Stop::Paused(Box::new(Waiting {
        step: context.public(),
        question: calls.join("; "),
        why: onward.why,
        next: onward.command,
    })));
}

/// Asks once, or until as many people have said yes as the author wants.
async fn decide(
    context: &Context<'_, '_>,
    mut question: Arc<Question>,
    people: Option<&People>,
    writes: bool,
) -> Decision {
    let mut agreed: Vec<Voter> = Vec::new();
    let run = context.run;
    let within = people
        .and_then(|people| people.within.as_ref())
        .map(|within| within.value);
    loop {
        let key = run.unique(format!("{}/leave", context.keyed));
        // Nobody is asked about what a guard would not let through.
        if writes && guarded(context, &key).await.is_err() {
            return Decision::Abort;
        }
        if !agreed.is_empty() {
            question = Arc::new(Question {
                agreed: agreed.iter().map(ToString::to_string).collect(),
                ..Arc::unwrap_or_clone(question)
            });
        }
        let left = run.time_left(context.container, context.clock.now());
        let within = match (within, left) {
            (Some(within), Some(left)) => Some(within.min(left)),
            (within, left) => within.or(left),
        };
        run.emit(
            &context.clock,
            &key,
            EventKind::Asked(Arc::clone(&question)),
        );
        let ask: Pending<'_, Decision> = Box::pin(async {
            let answer = run.around.approver.decide(&question);
            if context.container.shielded {
                return answer.await;
            }
            tokio::select! {
                biased;
                decision = answer => decision,
                () = run.around.cancel.cancelled() => Decision::Abort,
            }
        });
        let asked = run
            .around
            .journal
            .gate(run.around.world, &key, &question, within, ask);
        let (mut decision, at) = match asked.await {
            Ok(answered) => answered,
            Err(error) => {
                run.unkept(error);
                // Without a record of the answer nothing is sent.
                run.stop(Stop::Aborted);
                return Decision::Abort;
            }
        };
        context.clock.advance(at);
        if let (Decision::Approved { by }, Some(people)) = (&decision, people) {
            let voter = Voter::of(by);
            let may = people.from.is_empty()
                || by == SCENARIO
                || people.from.iter().any(|name| voter.is_named(&name.value));
            // One person who answers twice is still one.
            let again = by != SCENARIO && agreed.iter().any(|other| voter.may_be(other));
            if !may || again {
                decision = Decision::Nobody;
            } else {
                agreed.push(voter);
            }
        }
        let answered = EventKind::Answered {
            step: question.step.clone(),
            decision: decision.clone(),
        };
        let key = match decision {
            // The next session asks again.
            Decision::Nobody | Decision::Abort => format!("{key}!{}", run.around.journal.session()),
            _ => key,
        };
        run.emit(&context.clock, &key, answered);
        match &decision {
            Decision::Approved { by }
                if by != SCENARIO && agreed.len() < question.people && people.is_some() => {}
            _ => return decision,
        }
    }
}

/// What speaks for what is asked: the causes that were found, and what their finders saw.
fn because(context: &Context<'_, '_>) -> Vec<String> {
    if context.container.graph != Graph::Resolve {
        return Vec::new();
    }
    let causes = context.run.causes().into_iter();
    causes
        .filter(|cause| cause.found == Truth::True)
        .flat_map(|cause| {
            let seen = cause.evidence.into_iter();
            seen.filter(|one| one.truth == Truth::True)
                .map(move |one| format!("{}: {} ({})", cause.name, one.found, one.step))
        })
        .collect()
}

/// An undo step that is what was shown with its write's approval needs no answer of its own.
fn covered_by_write(context: &Context<'_, '_>, prepared: &[&Prepared]) -> bool {
    let Some(entry) = &context.container.undoing else {
        return false;
    };
    context.step.approve == Approve::Auto
        && prepared.iter().all(|one| {
            entry.shown.iter().any(|shown| {
                shown.action == one.call.action && fits(&shown.arguments, &one.call.arguments)
            })
        })
}

/// What is sent is what was shown; a value that could not be known then was shown as its template.
fn fits(shown: &Json, sent: &Json) -> bool {
    match (shown, sent) {
        (Json::String(text), _) if text.contains("${{") => true,
        (Json::Object(shown), Json::Object(sent)) => {
            shown.len() == sent.len()
                && shown
                    .iter()
                    .all(|(name, value)| sent.get(name).is_some_and(|other| fits(value, other)))
        }
        (shown, sent) => shown == sent,
    }
}
