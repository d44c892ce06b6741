//! `runbook call`: one typed call.

use super::guarded::Guarded;
use crate::approve::Answers;
use crate::args::CallArguments;
use crate::environment::{Environment, Left};
use crate::exit::{self, Failure};
use crate::{document, record, world};
use runbook_interpreter::Redactor;
use runbook_interpreter::approval::{Approver, Decision, Question, QuestionCall};
use runbook_interpreter::cancel::Cancel;
use runbook_playbook::catalog::{Catalog, Effect, Effects};
use runbook_registry::Registry;
use runbook_registry::call::{Call, CallError, DEFAULT_LIMIT, FailureKind};
use runbook_registry::model::validate::validate;
use runbook_registry::world::{Place, World};
use serde::Serialize;
use serde_json::Value as Json;
use std::sync::Arc;

/// Makes the call and prints its result.
pub fn execute(arguments: &CallArguments, environment: &Environment) -> Result<u8, Failure> {
    let err = environment.console.err;
    let registry = Arc::new(Registry::new());
    let action = registry
        .action(&arguments.action)
        .map_err(|unknown| super::unknown(&unknown))?;
    let with = match arguments.with.strip_prefix('@') {
        Some(file) => {
            let path = environment.places.current.join(file);
            document::read(&path, file, err)?
        }
        None => document::json(&arguments.with, "--with")?,
    };
    let problems = validate(&action.input, &with);
    if !problems.is_empty() {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        return Err(Failure::wrong(format!(
            "{} does not take these arguments:\n  {}\n  see `runbook actions show {}`",
            action.name,
            lines.join("\n  "),
            action.name
        )));
    }
    let mut redactor = Redactor::default();
    redactor.learn_typed(&with, &action.input);
    let masked = redactor.json(&with);
    let shown = Shown {
        secret: masked != with,
        arguments: masked,
    };
    let mut call = Call::new(&action.name, with);
    call.limit = arguments
        .limit
        .map_or(DEFAULT_LIMIT, |limit| limit as usize);
    let current = &environment.places.current;
    let mut context = world::context(environment, &arguments.target, &registry, current, current);
    // What is typed here is meant: there is no playbook that would have to name it.
    context.reaches = Some(hosts(&call.arguments));
    context.runs = Some(program(&call.arguments));
    let world = world::live(environment, &arguments.target, context);
    let effects = Catalog::effects(&*registry, &action, &call.arguments);
    let runtime = super::runtime()?;
    let result = runtime.block_on(async {
        if effects.iter().all(|effect| *effect == Effect::Read) {
            return Ok(registry.perform(&world, &call).await);
        }
        if let (Some(token), Some(members)) =
            (&action.idempotency_token, call.arguments.as_object_mut())
        {
            // The record must know the token that is sent.
            let given = members.get(token).is_some_and(|value| !value.is_null());
            if !given {
                members.insert(token.clone(), world.fresh_id().into());
            }
        }
        approve(
            &call,
            &shown,
            &effects,
            &world.place(),
            arguments,
            environment,
        )
        .await?;
        let record = record::Record::open(arguments.state_dir.as_deref(), environment)?;
        let journal = record
            .file
            .start(uuid::Uuid::new_v4().to_string(), serde_json::json!({}));
        let guarded = Guarded {
            journal: &journal,
            world: &world,
            action: &action,
            effects: &effects,
        };
        guarded.send(&registry, &call).await
    });
    runtime.shutdown_background();
    match result? {
        Ok(answer) => {
            let empty = answer
                .result
                .as_object()
                .is_some_and(serde_json::Map::is_empty);
            if !empty {
                environment.console.out.line(as_the_aws_cli(&answer.result));
            }
            if answer.truncated {
                err.line(format!(
                    "note: cut at {} items; ask for more with --limit",
                    call.limit
                ));
            }
            Ok(exit::WELL)
        }
        Err(error) => Err(failed(&call, &effects, &error)),
    }
}

/// Arguments as people may see them.
struct Shown {
    arguments: Json,
    /// Something of them is masked.
    secret: bool,
}

/// Asks before anything is changed.
async fn approve(
    call: &Call,
    Shown {
        arguments: shown,
        secret,
    }: &Shown,
    effects: &Effects,
    place: &Place,
    arguments: &CallArguments,
    environment: &Environment,
) -> Result<(), Failure> {
    let question = Question {
        step: "call".to_owned(),
        title: None,
        calls: vec![QuestionCall {
            action: call.action.clone(),
            arguments: shown.clone(),
            changes: Vec::new(),
        }],
        effects: effects.clone(),
        prompt: None,
        place: arguments
            .target
            .region
            .as_ref()
            .or(place.region.as_ref())
            .map_or_else(String::new, |region| format!("region {region}")),
        undo: Vec::new(),
        stated: Vec::new(),
        insists: false,
        people: 1,
        from: Vec::new(),
        because: Vec::new(),
        agreed: Vec::new(),
    };
    let in_a_file = arguments.with.starts_with('@');
    let text = shown.to_string();
    let with = (*secret && !in_a_file).then_some(text.as_str());
    let again = environment.call(None, with);
    let answers = Answers {
        consent: arguments.consent.given(),
        prompt: world::prompt(environment),
        cancel: Cancel::new(),
        unanswered: environment.call(
            Some(Left {
                option: "--yes",
                value: false,
            }),
            with,
        ),
        again,
        resumes: false,
        elsewhere: None,
        waits: false,
        stream: environment.console.err,
    };
    let words: Vec<&str> = effects
        .iter()
        .filter(|effect| **effect != Effect::Read)
        .map(|effect| effect.as_str())
        .collect();
    let words = words.join(",");
    match answers.decide(&question).await {
        Decision::Approved { .. } => Ok(()),
        Decision::Nobody => Err(Failure {
            code: exit::PAUSED,
            message: format!(
                "{} was not sent: its effect is {words}, and nobody could be asked; to send it:\n  {}",
                call.action,
                answers.onward(Some(&question)).command
            ),
        }),
        Decision::Declined { .. } | Decision::Abort | Decision::Expired => {
            Err(Failure::not_well(format!("{} was not sent", call.action)))
        }
    }
}

fn failed(call: &Call, effects: &Effects, error: &CallError) -> Failure {
    let id = error
        .request_id
        .as_ref()
        .map(|id| format!(" (request {id})"))
        .unwrap_or_default();
    let unsure = matches!(error.kind, FailureKind::Unanswered | FailureKind::Garbled)
        && effects.iter().any(|effect| *effect != Effect::Read);
    let look = if unsure {
        "; look whether it took effect before you send it again"
    } else {
        ""
    };
    let message = format!(
        "{}: {}: {}{id}{look}",
        call.action, error.code, error.message
    );
    match error.kind {
        FailureKind::Environment => Failure::environment(message),
        _ if error.code == "arguments" => Failure::wrong(message),
        _ => Failure::not_well(message),
    }
}

/// The hosts that the arguments name, alone or in a URL.
pub(crate) fn hosts(arguments: &Json) -> Vec<String> {
    let texts = arguments
        .as_object()
        .into_iter()
        .flat_map(|members| members.values());
    texts
        .filter_map(Json::as_str)
        .filter_map(|text| {
            let place = text.split_once("://").map_or(text, |(_, rest)| rest);
            let authority = place.split(['/', '?', '#']).next()?;
            let host = authority.rsplit('@').next()?;
            let end = host.find(']').unwrap_or(0);
            let port = host.get(end..)?.find(':').map(|at| end + at);
            Some(host.get(..port.unwrap_or(host.len()))?.to_owned())
        })
        .collect()
}

/// The program that the arguments of `local:Exec` start.
fn program(arguments: &Json) -> Vec<String> {
    let command = arguments.get("command").and_then(|command| command.get(0));
    command
        .and_then(Json::as_str)
        .map(ToOwned::to_owned)
        .into_iter()
        .chain(["sh".to_owned(), "/bin/sh".to_owned()])
        .collect()
}

/// JSON with the AWS CLI's indentation of four spaces.
fn as_the_aws_cli(value: &Json) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    // Writing JSON to memory cannot fail.
    let _ = value.serialize(&mut serializer);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::hosts;
    use serde_json::json;

    #[test]
    fn hosts_are_found_alone_and_in_urls() {
        let arguments = json!({"url": "https://me:pw@api.example.com:8443/v1?x=a:b", "count": 1});
        assert_eq!(hosts(&arguments), ["api.example.com"]);
        assert_eq!(hosts(&json!({"host": "[::1]"})), ["[::1]"]);
        assert_eq!(hosts(&json!({"url": "http://[::1]:80/"})), ["[::1]"]);
    }
}
