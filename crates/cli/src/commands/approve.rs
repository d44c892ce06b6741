//! `runbook approve`: yes or no to what a run waits for, from another terminal.

use super::history::open;
use crate::args::{ApproveArguments, TargetArguments};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::identity;
use crate::record::{Record, kept};
use crate::world;
use jiff::Timestamp;
use runbook_interpreter::approval::Question;
use runbook_interpreter::journal::{GateRow, RunRow, Vote};
use runbook_interpreter::voter::Voter;
use runbook_registry::Registry;
use runbook_report::question::{self, counted_people, safe};
use serde_json::Value as Json;
use std::sync::Arc;

/// Answers a question of a run.
pub fn execute(arguments: &ApproveArguments, environment: &Environment) -> Result<u8, Failure> {
    let record = Record::open(arguments.of.state_dir.as_deref(), environment)?;
    let row = record.file.find(&arguments.of.run).map_err(kept)?;
    if let Some(verdict) = row.verdict.as_deref()
        && !matches!(verdict, "paused" | "aborted")
    {
        return Err(Failure::wrong(format!(
            "run {0} has ended: {verdict}; it waits for nobody. `runbook show {0}` tells what it did",
            row.id
        )));
    }
    let gate = find(&record, &row, arguments.step.as_deref())?;
    let asked = Question::of_json(&gate.question).ok_or_else(|| {
        Failure::wrong(format!(
            "what run {} asks about {} cannot be read; resume it with this program",
            row.id, gate.step
        ))
    })?;
    let out = environment.console.out;
    out.lines(&question::lines(&asked, out.look));
    let gates = record.file.gates(&row).map_err(kept)?;
    let agreed = gate.agreed(&gates);
    for voter in &agreed {
        out.line(safe(&format!("  said yes: {voter}")));
    }
    if arguments.show {
        return Ok(exit::WELL);
    }
    let voter = Voter {
        user: environment.user.clone(),
        identity: identity(arguments, &row, environment)?,
    };
    let Some(approves) = answer(arguments, environment)? else {
        out.line("nothing was said");
        return Ok(exit::NOT_WELL);
    };
    if approves {
        may(&voter, &gate, &asked, &agreed)?;
    }
    // What was shown is what is answered: a question that was asked anew meanwhile is another one.
    let still = find(&record, &row, Some(&gate.step))?;
    if still.hash != gate.hash {
        return Err(Failure::wrong(format!(
            "what {} would do has changed meanwhile; look at it again",
            gate.step
        )));
    }
    let vote = Vote {
        approves,
        by: voter,
        place: place(&record, environment),
        reason: arguments.reason.clone(),
        at: Timestamp::now(),
    };
    record.file.vote(&row, &gate, &vote).map_err(kept)?;
    let word = if approves { "approved" } else { "declined" };
    out.line(safe(&format!("{word} {} by {}", gate.step, vote.by)));
    let left = asked.people.saturating_sub(agreed.len() + 1);
    if approves && left > 0 {
        let left = counted_people(left);
        out.line(format!("{left} more must say yes"));
    } else if !record.is_held(&row.id) {
        out.line(format!(
            "no process has the run now; to go on: {}",
            record.resume(&row.id, &[])
        ));
    }
    Ok(exit::WELL)
}

/// The question that is meant.
fn find(record: &Record, row: &RunRow, step: Option<&str>) -> Result<GateRow, Failure> {
    let open = open(row, record);
    let names: Vec<String> = open.iter().map(|gate| gate.step.clone()).collect();
    let tail = step.map(|step| format!(".{step}"));
    let mut meant: Vec<GateRow> = open
        .into_iter()
        .filter(|gate| match (step, &tail) {
            (Some(step), Some(tail)) => gate.step == step || gate.step.ends_with(tail.as_str()),
            _ => true,
        })
        .collect();
    match (meant.pop(), meant.is_empty()) {
        (Some(gate), true) => Ok(gate),
        (Some(_), false) => Err(Failure::wrong(format!(
            "run {} waits for several answers; name the step: {}",
            row.id,
            names.join(", ")
        ))),
        (None, _) => Err(Failure::wrong(none(record, row, step, &names)?)),
    }
}

/// Why there is no such question.
fn none(
    record: &Record,
    row: &RunRow,
    step: Option<&str>,
    names: &[String],
) -> Result<String, Failure> {
    let gates = record.file.gates(row).map_err(kept)?;
    let answered = gates.iter().rev().find(|gate| {
        let is_it =
            step.is_some_and(|step| gate.step == step || gate.step.ends_with(&format!(".{step}")));
        is_it && gate.answer.is_some()
    });
    if let Some(gate) = answered {
        return Ok(format!(
            "{} has been answered: {} by {}",
            gate.step,
            gate.answer.as_deref().unwrap_or_default(),
            gate.by.as_deref().unwrap_or("nobody")
        ));
    }
    Ok(match names {
        [] => format!("run {} waits for no answer", row.id),
        names => format!(
            "run {} waits for no answer to `{}`; it waits for {}",
            row.id,
            step.unwrap_or_default(),
            names.join(", ")
        ),
    })
}

/// Whether a person's yes would count.
///
/// # Errors
/// Why it would not.
fn may(voter: &Voter, gate: &GateRow, asked: &Question, agreed: &[Voter]) -> Result<(), Failure> {
    if !asked.from.is_empty() && !asked.from.iter().any(|name| voter.is_named(name)) {
        return Err(Failure::wrong(format!(
            "{} may say yes to {}, and this is {voter}; one of them has to run `runbook approve`",
            asked.from.join(" or "),
            gate.step
        )));
    }
    if agreed.iter().any(|other| other.may_be(voter)) {
        let why = if asked.people > 1 {
            format!(
                "{} must say yes: somebody else has to",
                counted_people(asked.people)
            )
        } else {
            "the run takes note of it when it goes on".to_owned()
        };
        return Err(Failure::wrong(format!(
            "{voter} has said yes already; {why}"
        )));
    }
    Ok(())
}

/// What is answered; nothing where a person would rather not say.
fn answer(
    arguments: &ApproveArguments,
    environment: &Environment,
) -> Result<Option<bool>, Failure> {
    if arguments.deny {
        return Ok(Some(false));
    }
    if arguments.yes {
        return Ok(Some(true));
    }
    let Some(prompt) = world::prompt(environment) else {
        return Err(Failure::wrong(
            "nobody is at a terminal to read this; say --yes or --deny",
        ));
    };
    let line =
        super::runtime()?.block_on(prompt.line("approve? [y]es, [n]o, anything else: not now: "));
    Ok(match line.unwrap_or_default().to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    })
}

/// By what AWS knows whoever answers; nothing in a scenario, where AWS is not asked.
fn identity(
    arguments: &ApproveArguments,
    row: &RunRow,
    environment: &Environment,
) -> Result<Option<String>, Failure> {
    let in_a_scenario = row.context.get("scenario").is_some_and(Json::is_string);
    if arguments.no_identity || in_a_scenario {
        return Ok(None);
    }
    // A person is known where the run acts, by credentials of their own.
    let of_run = |name: &str| {
        let target = row.context.get("target")?;
        target.get(name)?.as_str().map(str::to_owned)
    };
    let target = TargetArguments {
        region: arguments.target.region.clone().or_else(|| of_run("region")),
        endpoint_url: arguments
            .target
            .endpoint_url
            .clone()
            .or_else(|| of_run("endpoint_url")),
        ..arguments.target.clone()
    };
    let registry = Arc::new(Registry::new());
    let folder = environment.places.current.clone();
    let context = world::context(environment, &target, &registry, &folder, &folder);
    let live = world::live(environment, &target, context);
    let asked = super::runtime()?.block_on(identity::caller(&live, &registry));
    match asked {
        Ok(caller) => Ok(caller.arn),
        Err(error) => Err(Failure::environment(format!(
            "AWS does not say who you are: {} ({}); --no-identity answers as {} alone",
            error.message, error.code, environment.user
        ))),
    }
}

/// From where it is answered.
fn place(record: &Record, environment: &Environment) -> String {
    let mut place = format!("{}, process {}", record.host(), std::process::id());
    let remote = environment.variable("SSH_CONNECTION");
    if let Some(address) = remote.and_then(|remote| remote.split_whitespace().next()) {
        place.push_str(", from ");
        place.push_str(address);
    }
    place
}
