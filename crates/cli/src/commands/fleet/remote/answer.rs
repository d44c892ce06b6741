//! `runbook fleet approve` of a fleet on a Restate server.

use super::super::answer::said;
use super::{failed, questions, reached};
use crate::args::{FleetApproveArguments, On};
use crate::commands::runtime;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use jiff::Timestamp;
use runbook_fleet::restate::{Command, Vote, Waiting};
use runbook_interpreter::approval::Question;
use runbook_interpreter::voter::Voter;
use runbook_report::question::{self, safe};

/// The most questions that are shown in full.
const SHOWN: usize = 3;

/// Answers what a fleet waits for.
pub fn approve(
    arguments: &FleetApproveArguments,
    on: &On,
    environment: &Environment,
) -> Result<u8, Failure> {
    let (client, fleet) = reached(&arguments.of.fleet, on, environment)?;
    let fleet = fleet.as_str();
    let runtime = runtime()?;
    let (asks, asked) = runtime
        .block_on(async {
            let asks = client.board(fleet).await?.asks;
            let asked = if arguments.wave {
                Vec::new()
            } else {
                questions(&client, fleet, &arguments.target_name).await?
            };
            Ok((asks.filter(|_| arguments.target_name.is_empty()), asked))
        })
        .map_err(|error| failed(&error))?;
    let out = environment.console.out;
    if asked.is_empty() && asks.is_none() {
        return Err(Failure::wrong(match arguments.target_name.as_slice() {
            [] => format!("fleet {fleet} waits for no answer"),
            names => format!(
                "no target {} of fleet {fleet} waits for an answer",
                names.join(", ")
            ),
        }));
    }
    for (number, (target, waiting)) in asked.iter().enumerate() {
        show(target, waiting, number < SHOWN, environment);
    }
    if let Some(gate) = asks {
        out.line(format!("wave {} may begin?", gate.wave));
    }
    if arguments.show {
        return Ok(exit::WELL);
    }
    let Some(yes) = said(arguments, environment)? else {
        out.line("nothing was said");
        return Ok(exit::NOT_WELL);
    };
    let word = if yes { "approved" } else { "declined" };
    let by = environment.user.clone();
    if let Some(gate) = asks {
        let reason = arguments.reason.clone();
        let command = Command::Wave { gate, yes, reason };
        runtime
            .block_on(client.tell(fleet, command, &by))
            .map_err(|error| failed(&error))?;
        out.line(safe(&format!("{word} wave {} by {by}", gate.wave)));
    }
    let (mut counted, mut refused) = (0, 0);
    for (target, waiting) in &asked {
        if let Some(why) = kept_from(waiting, yes, &by) {
            refused += 1;
            environment
                .console
                .err
                .line(safe(&format!("{target}: {why}")));
            continue;
        }
        let vote = Vote {
            approves: yes,
            by: by.clone(),
            place: place(environment),
            reason: arguments.reason.clone(),
            at: Timestamp::now(),
        };
        runtime
            .block_on(client.answer(waiting, &vote))
            .map_err(|error| failed(&error))?;
        counted += 1;
    }
    if counted > 0 {
        let what = if counted == 1 {
            "question"
        } else {
            "questions"
        };
        out.line(safe(&format!("{word} {counted} {what} by {by}")));
    }
    Ok(if refused > 0 {
        exit::NOT_WELL
    } else {
        exit::WELL
    })
}

fn show(target: &str, waiting: &Waiting, whole: bool, environment: &Environment) {
    let out = environment.console.out;
    match Question::of_json(&waiting.question) {
        Some(asked) if whole => {
            out.line(safe(&format!("{target}:")));
            out.lines(&question::lines(&asked, out.look));
            for voter in &waiting.agreed {
                out.line(safe(&format!("  said yes: {voter}")));
            }
        }
        _ => out.line(safe(&format!(
            "{target}: {} {}",
            waiting.step,
            super::calls(waiting)
        ))),
    }
}

/// Why somebody's yes would not count; nothing where it would.
fn kept_from(waiting: &Waiting, yes: bool, by: &str) -> Option<String> {
    let voter = Voter::of(by);
    let from = Question::of_json(&waiting.question).map(|asked| asked.from);
    let from = from.unwrap_or_default();
    if yes && !from.is_empty() && !from.iter().any(|name| voter.is_named(name)) {
        let who = from.join(" or ");
        return Some(format!(
            "{who} may say yes to {}, and this is {voter}",
            waiting.step
        ));
    }
    let agreed = waiting.agreed.iter().map(|other| Voter::of(other));
    let mut again = agreed.filter(|other| other.may_be(&voter));
    let said = again.next().filter(|_| yes);
    said.map(|_| format!("{voter} has said yes already: somebody else has to"))
}

/// From where it is said.
fn place(environment: &Environment) -> String {
    let host = environment.variable("HOSTNAME").unwrap_or("this host");
    format!("{host}, process {}", std::process::id())
}
