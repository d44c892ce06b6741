//! Secrets that a run reads itself, from Parameter Store or Secrets Manager: each is a call of the run, on record without what
//! it found.

use super::state::{Container, Ended, Ending, Graph, Run, Stop};
use crate::event::{EventKind, Shown};
use crate::journal::{CallRecord, JournalError, Repeat, Step, Worked};
use crate::outcome::{Outcome, StepError, StepOutcome, StepStatus};
use crate::plan::Plan;
use crate::redact::MASK;
use crate::verdict::{Facts, Verdict};
use indexmap::IndexMap;
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::inputs::check_secret;
use runbook_playbook::secret::{SecretRead, SecretSource};
use runbook_playbook::syntax::input::{Input, InputKind};
use runbook_playbook::value::Value;
use runbook_registry::call::{Call, CallError, FailureKind, Target};
use runbook_registry::world::Pending;
use serde_json::{Value as Json, json};

/// Why a secret is not there.
enum Unread {
    /// The run ends before it was read.
    Stopped,
    /// It cannot be read.
    Failed(StepError),
}

/// Reads the secrets; the plan with them, or nothing where there is none to read.
///
/// # Errors
/// One cannot be read, and the run has ended.
pub(super) async fn read(run: &Run<'_>) -> Result<Option<Plan>, Box<Outcome>> {
    let to_read: Vec<(&Input, SecretSource)> = run.plan.secrets_to_read().collect();
    if to_read.is_empty() {
        return Ok(None);
    }
    let mut plan = run.plan.clone();
    for (input, source) in to_read {
        match one(run, input, &source).await {
            Ok(value) => put(&mut plan, &source, &value),
            Err(Unread::Stopped) => return Ok(None),
            Err(Unread::Failed(error)) => {
                return Err(Box::new(failed(run, input, &source, &error)));
            }
        }
    }
    Ok(Some(plan))
}

/// Puts a secret where it was named, and into what was made of it: the default of another secret input.
fn put(plan: &mut Plan, source: &SecretSource, secret: &str) {
    let named = source.to_string();
    for input in &plan.checked.playbook.inputs {
        if input.kind == InputKind::Secret
            && let Some(Value::Text(text)) = plan.inputs.get_mut(&input.name.value)
        {
            *text = text.replace(&named, secret).into();
        }
    }
}

async fn one(run: &Run<'_>, input: &Input, source: &SecretSource) -> Result<String, Unread> {
    let Some(read) = source.call() else {
        return Err(Unread::Stopped);
    };
    let name = &input.name.value;
    let container = Container {
        shown: "inputs".to_owned(),
        checked: "inputs".to_owned(),
        keyed: "inputs".to_owned(),
        ..Container::of(Graph::Symptom, &run.clock)
    };
    let path = container.shown(name);
    let keyed = run.key(&path);
    run.instant(&run.clock, &keyed).await;
    let started = run.clock.now();
    let began = EventKind::StepStarted {
        step: path.clone(),
        title: None,
        action: Some(read.action.to_owned()),
    };
    run.emit(&run.clock, &keyed, began);
    let result = call(run, &read, &path, &keyed).await;
    let result = result.and_then(|result| {
        let value = read
            .value(&result)
            .map_err(|why| Unread::Failed(StepError::new("secret", why)))?;
        if value == MASK {
            return Ok(value);
        }
        run.redactor.borrow_mut().learn_text(&value);
        check_secret(input, &value).map_err(|why| Unread::Failed(StepError::new("input", why)))?;
        Ok(value)
    });
    let (status, error) = match &result {
        Ok(_) => (StepStatus::Done, None),
        Err(Unread::Stopped) => (StepStatus::Blocked, None),
        Err(Unread::Failed(error)) => (StepStatus::Failed, Some(error.clone())),
    };
    let ended = Ended {
        outcome: StepOutcome {
            status,
            title: None,
            action: Some(read.action.to_owned()),
            holds: None,
            captures: IndexMap::new(),
            assertions: Vec::new(),
            error,
            truncated: false,
            calls: 1,
            started,
            ended: started,
        },
        names: Vec::new(),
        finders: IndexMap::new(),
        masked: true,
    };
    run.end(&container, name, ended);
    result
}

/// Makes the call; its result is nowhere but in what comes back.
async fn call(run: &Run<'_>, read: &SecretRead, path: &str, keyed: &str) -> Result<Json, Unread> {
    let mut call = Call::new(read.action, read.arguments.clone());
    call.step = Some(path.to_owned());
    let key = run.unique(format!("{keyed}@1"));
    let started = EventKind::CallStarted {
        step: path.to_owned(),
        action: call.action.clone(),
        arguments: call.arguments.clone(),
        effects: Effects::from([Effect::Read]),
        attempt: 1,
    };
    run.emit(&run.clock, &key, started);
    let record = CallRecord {
        key: key.clone(),
        step: path.to_owned(),
        element: None,
        action: call.action.clone(),
        arguments: call.arguments.clone(),
        target: Target::default(),
        effect: Effect::Read,
        before: None,
        token: None,
        attempt: 1,
        repeat: Repeat::Free,
    };
    let around = &run.around;
    let work: Pending<'_, Worked> = Box::pin(async {
        let answer = tokio::select! {
            biased;
            answer = around.performer.perform(around.world, &call) => answer,
            () = around.cancel.cancelled() => {
                run.stop(Stop::Aborted);
                Err(CallError::new(FailureKind::NotSent, "cancelled", "the run was asked to end"))
            }
        };
        Worked {
            shown: shown(&answer),
            masked: answer.is_ok(),
            keep: !matches!(&answer, Err(error) if error.code == "cancelled"),
            answer,
        }
    });
    let answer = match around.journal.step(around.world, record, work).await {
        Ok(Step::Done {
            answer, at, unkept, ..
        }) => {
            run.clock.advance(at);
            if let Some(error) = unkept {
                run.unkept(error);
            }
            answer
        }
        Ok(Step::InFlight { .. }) => return Err(Unread::Stopped),
        Err(error @ (JournalError::Unrecorded | JournalError::Diverged { .. })) => {
            run.unkept(error);
            return Err(Unread::Stopped);
        }
        Err(error) => {
            let told = StepError::new("journal", error.to_string());
            run.unkept(error);
            return Err(Unread::Failed(told));
        }
    };
    let ended = EventKind::CallEnded {
        step: path.to_owned(),
        action: call.action.clone(),
        answer: shown(&answer),
        request_id: match &answer {
            Ok(answer) => answer.request_id.clone(),
            Err(error) => error.request_id.clone(),
        },
        attempt: 1,
    };
    run.emit(&run.clock, &key, ended);
    let mut state = run.state.borrow_mut();
    match answer {
        Ok(answer) if answer.result == json!(MASK) => {
            // Gone through again without being made again: what stands for it is masked as well.
            state.answered = true;
            Ok(masked(read))
        }
        Ok(answer) => {
            state.answered = true;
            Ok(answer.result)
        }
        Err(error) if error.code == "cancelled" => Err(Unread::Stopped),
        Err(error) => {
            state.answered |= matches!(error.kind, FailureKind::Answered | FailureKind::Garbled);
            let environment = error.kind == FailureKind::Environment;
            state.environment.get_or_insert(environment);
            let message = format!("{}: {}", read.action, error.message);
            Err(Unread::Failed(StepError::new(error.code, message)))
        }
    }
}

fn shown(answer: &Result<runbook_registry::call::Answer, CallError>) -> Shown {
    match answer {
        Ok(_) => Ok(json!(MASK).into()),
        Err(error) => Err((error.code.clone(), error.message.clone())),
    }
}

/// A result that holds the mask where the secret was.
fn masked(read: &SecretRead) -> Json {
    let text = match &read.member {
        Some(member) => json!({ member.as_str(): MASK }).to_string(),
        None => MASK.to_owned(),
    };
    let mut result = json!(text);
    for name in read.at.rsplit('/').filter(|name| !name.is_empty()) {
        result = json!({ name: result });
    }
    result
}

/// Ends the run.
fn failed(run: &Run<'_>, input: &Input, source: &SecretSource, error: &StepError) -> Outcome {
    let explanation = format!(
        "the input `{}` could not be read from {source}: {}: {}",
        input.name.value, error.code, error.message
    );
    run.state.borrow_mut().ending = Some(Ending {
        verdict: Verdict::Failed,
        reason: None,
        explanation: run.redactor.borrow().text(&explanation),
    });
    run.finish(&Facts::default())
}
