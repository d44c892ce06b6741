//! `ecs:Exec`: a command in a running container.

use super::{Composite, part, signature};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::local::some_text;
use crate::local::{Arguments, Session, SessionOutput};
use crate::world::{Pending, World};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::catalog::{Action, Effect};
use runbook_playbook::types::{Record, Type};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

const DEFAULT_TIMEOUT: SignedDuration = SignedDuration::from_mins(1);
/// The most bytes of output.
const MOST_BYTES: usize = 1024 * 1024;

/// Runs a command in a container of a running task, as `aws ecs execute-command` does, and reads what it writes.
///
/// | input | meaning |
/// | --- | --- |
/// | `cluster`, `task` | names or ARNs; the task must have ECS Exec enabled |
/// | `container` | which one, where the task has several |
/// | `command` | the command, which no shell reads: for pipes write `sh -c '…'` |
/// | `timeout` | 60s by default; then the command is ended |
///
/// The session is followed over its own channel. Where that cannot be opened (a KMS key that encrypts sessions, a proxy
/// in between), the installed `session-manager-plugin` follows a new one, if the playbook's `runs` names it.
///
/// Result: `output` (1 MiB at most; the command has a terminal, so both of its streams), `exit` where the agent tells it.
///
/// Errors: those of `ecs:ExecuteCommand`, `session` (no session, or one that was lost), `timeout`, `size`.
#[derive(Debug, Clone, Copy)]
pub struct Exec;

impl Composite for Exec {
    fn signature(&self) -> Action {
        let input = Record::new("ecs:Exec input")
            .required("cluster", some_text())
            .required("task", some_text())
            .optional("container", some_text())
            .required("command", some_text())
            .optional("timeout", Type::Duration)
            .build();
        let output = Record::new("ecs:Exec result")
            .required("output", Type::text())
            .optional("exit", Type::integer())
            .build();
        signature(
            "ecs:Exec",
            input,
            output,
            Effect::Execute,
            &[
                "ClusterNotFoundException",
                "InvalidParameterException",
                "TargetNotConnectedException",
                "session",
                "timeout",
                "size",
            ],
            // The latter for the plugin, which wants the container's runtime id.
            &[
                "ecs:ExecuteCommand",
                "ecs:DescribeTasks",
                "ssm:TerminateSession",
            ],
        )
    }

    fn run<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(run(world, call))
    }
}

async fn run(world: &dyn World, call: &Call) -> Result<Answer, CallError> {
    let arguments = Arguments::of(call);
    let asked = arguments.duration("timeout", DEFAULT_TIMEOUT)?;
    let deadline = Deadline {
        started: world.now(),
        within: call.timeout.map_or(asked, |timeout| timeout.min(asked)),
    };
    let (session, request_id) = open(world, call, &arguments, &deadline, None).await?;
    let output = match follow(world, call, &session).await {
        Err(error) if error.code == "session" && error.kind == FailureKind::NotSent => {
            let plugin = world.session_plugin().map_err(|missing| CallError {
                message: format!("{}; {missing}", error.message),
                ..error
            })?;
            // A session has one client; another needs another.
            let (session, _) = open(world, call, &arguments, &deadline, Some(plugin)).await?;
            follow(world, call, &session).await
        }
        other => other,
    }?;
    let mut result = json!({"output": output.text});
    if let (Some(exit), Some(members)) = (output.exit, result.as_object_mut()) {
        members.insert("exit".to_owned(), exit.into());
    }
    Ok(Answer {
        result,
        truncated: false,
        request_id,
    })
}

/// Follows a session to its end. One whose end is not waited for is ended: a command that nobody follows must not go on.
async fn follow(
    world: &dyn World,
    call: &Call,
    session: &Session,
) -> Result<SessionOutput, CallError> {
    let followed = tokio::select! {
        followed = world.session(session) => followed,
        () = world.stopped() => Err(CallError::new(
            FailureKind::Unanswered,
            "cancelled",
            "the run was asked to end, and the session was ended",
        )),
    };
    if let Err(error) = &followed
        && matches!(error.code.as_str(), "cancelled" | "timeout" | "size")
    {
        let request = json!({"SessionId": session.id});
        let end = part(call, "ssm:TerminateSession", request, TO_END);
        // The command has been left; whether the service ended it too is told by nobody.
        drop(world.send(&end).await);
    }
    followed
}

/// How long the end of a session may take.
const TO_END: SignedDuration = SignedDuration::from_secs(10);

struct Deadline {
    started: Timestamp,
    within: SignedDuration,
}

impl Deadline {
    fn left(&self, world: &dyn World) -> SignedDuration {
        let left = self.within - world.now().duration_since(self.started);
        left.max(SignedDuration::from_secs(1))
    }
}

/// Starts the command; it waits for a client of its session.
async fn open(
    world: &dyn World,
    call: &Call,
    arguments: &Arguments<'_>,
    deadline: &Deadline,
    plugin: Option<PathBuf>,
) -> Result<(Session, Option<String>), CallError> {
    let mut request = json!({
        "cluster": arguments.text("cluster")?,
        "task": arguments.text("task")?,
        "command": arguments.text("command")?,
        // ECS has no other sessions.
        "interactive": true,
    });
    if let (Some(container), Some(members)) = (
        arguments.optional_text("container")?,
        request.as_object_mut(),
    ) {
        members.insert("container".to_owned(), container.into());
    }
    let with = match &plugin {
        Some(_) => target(world, call, &request, deadline).await?,
        None => String::new(),
    };
    let execute = part(call, "ecs:ExecuteCommand", request, deadline.left(world));
    let answer = world.send(&execute).await?;
    let text = |name: &str| {
        answer
            .result
            .pointer(&format!("/session/{name}"))
            .and_then(Json::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .ok_or_else(|| {
                garbled(&format!(
                    "ecs:ExecuteCommand answered without a `session.{name}`"
                ))
            })
    };
    let session = Session {
        action: call.action.clone(),
        step: call.step.clone(),
        id: text("sessionId")?,
        stream_url: text("streamUrl")?,
        token: text("tokenValue")?,
        with,
        region: region(world, call, &answer.result),
        target: call.target.clone(),
        plugin,
        timeout: deadline.left(world),
        most: MOST_BYTES,
    };
    Ok((session, answer.request_id))
}

/// The container as Systems Manager names it: `ecs:CLUSTER_TASK_RUNTIME`.
async fn target(
    world: &dyn World,
    call: &Call,
    request: &Json,
    deadline: &Deadline,
) -> Result<String, CallError> {
    let of = |name: &str| request.get(name).and_then(Json::as_str).unwrap_or_default();
    let arguments = json!({"cluster": of("cluster"), "tasks": [of("task")]});
    let describe = part(call, "ecs:DescribeTasks", arguments, deadline.left(world));
    let answer = world.send(&describe).await?;
    let containers = answer
        .result
        .pointer("/tasks/0/containers")
        .and_then(Json::as_array);
    let wanted = of("container");
    let runtime = containers
        .into_iter()
        .flatten()
        .find(|container| {
            wanted.is_empty() || container.get("name").and_then(Json::as_str) == Some(wanted)
        })
        .and_then(|container| container.get("runtimeId")?.as_str())
        .ok_or_else(|| {
            CallError::new(
                FailureKind::NotSent,
                "session",
                "the container has no runtime id, so it is not running",
            )
        })?;
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(format!(
        "ecs:{}_{}_{runtime}",
        last(of("cluster")),
        last(of("task"))
    ))
}

/// The region that the session is in: that of the task's ARN, else that of the call.
fn region(world: &dyn World, call: &Call, result: &Json) -> String {
    let of_task = result
        .get("taskArn")
        .and_then(Json::as_str)
        .and_then(|arn| arn.split(':').nth(3))
        .filter(|region| !region.is_empty());
    of_task
        .map(str::to_owned)
        .or_else(|| call.target.region.clone())
        .or_else(|| world.place().region)
        .unwrap_or_default()
}

fn garbled(message: &str) -> CallError {
    CallError::new(FailureKind::Garbled, "response", message)
}

#[cfg(test)]
#[path = "exec_tests.rs"]
mod tests;
