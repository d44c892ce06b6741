//! A write of which it is not known whether it was made: the process died between the record before it and the one after.
//!
//! It is looked up where the model has an operation that tells; else a person is asked, with what is known.

use super::call::{Attempted, Prepared, make, unsent};
use super::lookup::{self, Found};
use super::{Context, call};
use crate::approval::{Decision, Doubt, Question, QuestionCall, Settlement};
use crate::journal::{CallRecord, Repeat, Step, Worked};
use crate::outcome::Waiting;
use crate::run::state::Stop;
use jiff::Timestamp;
use runbook_playbook::catalog::{Action, Effect};
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::world::{Pending, Recalled};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Finds out what became of a call, and makes it if it was not made.
pub(super) async fn settle(
    context: &Context<'_, '_>,
    action: &Action,
    prepared: &Prepared,
    call: &Call,
    record: CallRecord,
    since: Timestamp,
) -> Attempted {
    let mut known = Vec::new();
    match look(context, call, &record, since, &mut known).await {
        Ok(Found::Made(result)) => {
            let lost = result.is_none();
            return Attempted::done(
                Answer {
                    result: result.unwrap_or_else(|| json!({})),
                    ..Answer::default()
                },
                lost,
            );
        }
        Ok(Found::NotMade) => {}
        Ok(Found::Unknown) => match ask(context, call, &record, since, known).await {
            Decision::Approved { .. } => {}
            Decision::Declined { .. } => {
                let nothing = Answer {
                    result: json!({}),
                    ..Answer::default()
                };
                return Attempted::done(nothing, true);
            }
            _ => return Attempted::failed(cancelled()),
        },
        Ok(Found::Failed(error)) | Err(error) => return Attempted::failed(error),
    }
    // It was not made: what holds a write back now holds this one back as well.
    if let Err(error) = call::guarded(context, &record.key).await {
        return Attempted::failed(error);
    }
    let again = CallRecord {
        key: context.run.unique(format!("{}/again", record.key)),
        ..record
    };
    Box::pin(make(context, action, prepared, call, again)).await
}

fn cancelled() -> CallError {
    CallError::new(
        FailureKind::NotSent,
        "cancelled",
        "whether it was made is not known",
    )
}

/// Looks the call up; what is found is on record like any read.
async fn look(
    context: &Context<'_, '_>,
    call: &Call,
    record: &CallRecord,
    since: Timestamp,
    known: &mut Vec<String>,
) -> Result<Found, CallError> {
    let run = context.run;
    let world = run.around.world;
    let pair = lookup::pair(call);
    // A world that is written down knows what it was asked for; its descriptions are written down as well.
    let remembers = world.recall(call, &record.key).is_some();
    let read = match &pair {
        _ if remembers => Call::new("scenario:Recall", call.arguments.clone()),
        Some(pair) => Call {
            target: call.target.clone(),
            step: call.step.clone(),
            ..Call::new(pair.read, pair.arguments.clone())
        },
        None => return Ok(Found::Unknown),
    };
    let looked = CallRecord {
        key: run.unique(format!("{}/lookup", record.key)),
        action: read.action.clone(),
        arguments: run.redactor.borrow().json(&read.arguments),
        effect: Effect::Read,
        before: None,
        token: None,
        repeat: Repeat::Free,
        ..record.clone()
    };
    let key = &record.key;
    let work: Pending<'_, Worked> = Box::pin(async {
        let answer = match world.recall(call, key) {
            Some(recalled) => Ok(Answer {
                result: recalled_json(recalled),
                ..Answer::default()
            }),
            None => run.around.performer.perform(world, &read).await,
        };
        let shown = match &answer {
            Ok(answer) => Ok(Arc::new(run.redactor.borrow().json(&answer.result))),
            Err(error) => Err((
                error.code.clone(),
                run.redactor.borrow().text(&error.message),
            )),
        };
        Worked {
            masked: matches!((&answer, &shown), (Ok(answer), Ok(shown)) if answer.result != **shown),
            answer,
            shown,
            keep: true,
        }
    });
    let step = run.around.journal.step(world, looked, work).await;
    let (answer, at) = match step {
        Ok(Step::Done { answer, at, .. }) => (answer, at),
        Ok(Step::InFlight { .. }) => return Ok(Found::Unknown),
        Err(error) => return Err(unsent(context, error)),
    };
    context.clock.advance(at);
    if remembers {
        return Ok(answer.map_or(Found::Unknown, |answer| recalled_found(&answer.result)));
    }
    let Some(pair) = pair else {
        return Ok(Found::Unknown);
    };
    Ok(match answer {
        Ok(answer) => lookup::judge(&pair, call, &answer.result, since, known),
        Err(error) if pair.absent.contains(&error.code.as_str()) => Found::NotMade,
        Err(error) => {
            known.push(format!("{} says {error}", pair.read));
            Found::Unknown
        }
    })
}

fn recalled_json(recalled: Recalled) -> Json {
    match recalled {
        Recalled::NotMade => json!({"made": false}),
        Recalled::Made(Ok(answer)) => json!({"made": true, "result": answer}),
        Recalled::Made(Err(error)) => {
            json!({"made": true, "code": error.code, "message": error.message})
        }
    }
}

fn recalled_found(json: &Json) -> Found {
    let text = |name: &str| json.get(name).and_then(Json::as_str).unwrap_or_default();
    match json.get("made").and_then(Json::as_bool) {
        Some(true) if json.get("code").is_some() => Found::Failed(CallError::new(
            FailureKind::Answered,
            text("code"),
            text("message"),
        )),
        Some(true) => Found::Made(json.get("result").cloned()),
        Some(false) => Found::NotMade,
        None => Found::Unknown,
    }
}

/// Asks a person: yes means that the call was not made, and is made again.
async fn ask(
    context: &Context<'_, '_>,
    call: &Call,
    record: &CallRecord,
    since: Timestamp,
    known: Vec<String>,
) -> Decision {
    let run = context.run;
    let shown = QuestionCall {
        action: call.action.clone(),
        arguments: record.arguments.clone(),
        changes: Vec::new(),
    };
    let doubt = Doubt {
        step: context.public(),
        call: shown.clone(),
        place: run.place(&call.target),
        since,
        known,
    };
    let question = Question {
        step: context.public(),
        title: context.step.title.as_ref().map(|title| title.value.clone()),
        calls: vec![shown],
        effects: [record.effect].into(),
        prompt: Some("it is not known whether this was made; make it again?".to_owned()),
        place: doubt.place.clone(),
        undo: Vec::new(),
        stated: context.stated(),
        insists: true,
        people: 1,
        from: Vec::new(),
        because: Vec::new(),
        agreed: Vec::new(),
    };
    let key = run.unique(format!("{}/doubt", record.key));
    let ask: Pending<'_, Decision> = Box::pin(async {
        let settled = tokio::select! {
            biased;
            settled = run.around.approver.settle(&doubt) => settled,
            () = run.around.cancel.cancelled() => Settlement::Abort,
        };
        match settled {
            Settlement::NotMade { by } => Decision::Approved { by },
            Settlement::Made { by } => Decision::Declined { by },
            Settlement::Nobody => Decision::Nobody,
            Settlement::Abort => Decision::Abort,
        }
    });
    let asked = run
        .around
        .journal
        .gate(run.around.world, &key, &question, None, ask);
    match asked.await {
        Ok((decision, at)) => {
            context.clock.advance(at);
            match &decision {
                Decision::Nobody => {
                    let onward = run.around.approver.onward(None);
                    run.stop(Stop::Paused(Box::new(Waiting {
                        step: context.public(),
                        question: format!("was {} {} made?", call.action, record.arguments),
                        why: format!(
                            "the run was interrupted while {} was sent, and nobody could be asked whether it was made",
                            call.action
                        ),
                        next: onward.command,
                    })));
                }
                Decision::Abort => run.stop(Stop::Aborted),
                _ => {}
            }
            decision
        }
        Err(error) => {
            let _: CallError = call::unsent(context, error);
            run.stop(Stop::Aborted);
            Decision::Abort
        }
    }
}
