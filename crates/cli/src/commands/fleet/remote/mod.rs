//! Fleets on a Restate server, which workers carry out.

mod answer;
mod control;
mod list;
mod report;
mod start;
mod watch;

pub use answer::approve;
pub use control::{cancel, pause, resume};
pub use report::report;
pub use start::{Starting, start};
pub use watch::{status, watch};

use crate::args::On;
use crate::commands::runtime;
use crate::environment::{Environment, quoted};
use crate::exit::Failure;
use runbook_fleet::outcome::{FleetOutcome, NeedsPerson, TargetStatus};
use runbook_fleet::restate::{Client, ClientError, Waiting};
use runbook_interpreter::approval::Question;

/// The variable that holds the token of the ingress, where that asks for one.
const TOKEN: &str = "RESTATE_AUTH_TOKEN";

/// How many targets that wait are asked what they wait for.
const MOST_ASKED: usize = 100;

fn client(on: &On, environment: &Environment) -> Result<Client, Failure> {
    let token = environment.variable(TOKEN).map(str::to_owned);
    Client::new(&on.url, token).map_err(|error| failed(&error))
}

fn failed(error: &ClientError) -> Failure {
    match error {
        ClientError::Address { .. }
        | ClientError::NoFleet { .. }
        | ClientError::Several { .. }
        | ClientError::Exists { .. } => Failure::wrong(error.to_string()),
        error => Failure::environment(error.to_string()),
    }
}

/// Speaks to the fleet that a person means: its id, the beginning of it, or `last`.
fn reached(asked: &str, on: &On, environment: &Environment) -> Result<(Client, String), Failure> {
    let client = client(on, environment)?;
    let meant = runtime()?.block_on(client.meant(asked));
    let fleet = meant.map_err(|error| failed(&error))?;
    Ok((client, fleet))
}

/// A command about a fleet there.
pub fn command(name: &str, fleet: &str, on: &On) -> String {
    format!(
        "runbook fleet {name} {fleet} --on {}",
        quoted(&format!("restate={}", on.url))
    )
}

/// A fleet as it stands, with what its targets ask.
async fn told(client: &Client, fleet: &str, on: &On) -> Result<FleetOutcome, ClientError> {
    let mut told = client.outcome(fleet).await?;
    let waits = |status| status == TargetStatus::Paused;
    if !told.targets.iter().any(|target| waits(target.status)) {
        return Ok(told);
    }
    let head = client.head(fleet).await?;
    let waiting = told.targets.iter_mut().zip(&head.targets);
    let waiting = waiting.filter(|(outcome, _)| waits(outcome.status) && outcome.verdict.is_none());
    for (outcome, target) in waiting.take(MOST_ASKED) {
        let asked = client.waiting(fleet, &head, target).await?;
        outcome.person = asked.first().map(|one| NeedsPerson {
            step: Some(one.step.clone()),
            question: Some(calls(one)),
            why: format!("{} waits for a yes or no since {}", one.step, one.since),
            next: Some(format!(
                "{} --target {}",
                command("approve", fleet, on),
                quoted(&target.name)
            )),
        });
    }
    Ok(told)
}

/// The calls that a question is about.
fn calls(waiting: &Waiting) -> String {
    let asked = Question::of_json(&waiting.question);
    let calls = asked.map(|asked| asked.calls).unwrap_or_default();
    let calls: Vec<String> = calls
        .iter()
        .map(|call| format!("{} {}", call.action, call.arguments))
        .collect();
    calls.join(", ")
}

/// The targets that wait, with what they ask.
async fn questions(
    client: &Client,
    fleet: &str,
    names: &[String],
) -> Result<Vec<(String, Waiting)>, ClientError> {
    let (head, board) = (client.head(fleet).await?, client.board(fleet).await?);
    let mut asked = Vec::new();
    for index in board.waits {
        let Some(target) = head.targets.get(index) else {
            continue;
        };
        if names.is_empty() || names.contains(&target.name) {
            let waiting = client.waiting(fleet, &head, target).await?;
            asked.extend(waiting.into_iter().map(|one| (target.name.clone(), one)));
        }
    }
    Ok(asked)
}
