//! `runbook triage`: which problems show.

use super::triage_text;
use crate::args::{Format, TriageArguments};
use crate::environment::{Environment, quoted};
use crate::exit::{self, Failure};
use crate::gathered::{files, rank};
use crate::load;
use crate::onward::{all_known, command};
use crate::triage::{Asking, Candidate, Prepared, Reading, candidates, stage};
use jiff::Timestamp;
use runbook_interpreter::outcome::Outcome;
use runbook_playbook::duration;
use runbook_registry::Registry;
use runbook_report::triage::{Standing, Triage, TriagedPlaybook, document, lines};
use std::cmp::Reverse;
use std::sync::Arc;

/// Reads the symptoms of all playbooks, or looks for a text in them.
pub fn execute(arguments: &TriageArguments, environment: &Environment) -> Result<u8, Failure> {
    let within = duration::parse(&arguments.within).map_err(|error| {
        Failure::wrong(format!("--within {}: {error}; write 2m", arguments.within))
    })?;
    let files = files(arguments.folder.as_deref(), environment)?;
    let registry = Arc::new(Registry::new());
    if let Some(text) = &arguments.text {
        return triage_text::execute(text, &files, arguments, environment);
    }
    let mut asking = Vec::new();
    let (mut without, mut wrong) = (0, false);
    for candidate in candidates(&files, &registry, environment) {
        match candidate {
            Candidate::Asks(one) => asking.push(*one),
            Candidate::Without => without += 1,
            Candidate::LeftAlone => {}
            Candidate::Wrong(why) => {
                wrong = true;
                environment.console.err.line(why);
            }
        }
    }
    if asking.is_empty() {
        return Err(Failure::wrong(
            "no playbook here says how its problem shows; name a folder with playbooks that have `symptom`",
        ));
    }
    let staged = match &arguments.scenario {
        Some(name) => Some(stage(name, &files, &registry, environment)?),
        None => None,
    };
    let scenario = staged.as_ref().map(|(_, staged)| staged);
    let given = load::given(&arguments.given, scenario, environment)?;
    let typed = load::given(&arguments.given, None, environment)?;
    all_known(&typed, asking.iter().map(Asking::playbook))?;
    let now = scenario.map_or_else(Timestamp::now, |staged| staged.scenario.clock);
    let prepared: Vec<Prepared<'_>> = asking
        .iter()
        .map(|asking| Prepared::new(asking, &given, within, now))
        .collect();
    let reading = Reading {
        arguments,
        environment,
        registry: &registry,
        staged: scenario,
        now,
    };
    let read = reading.all(&prepared)?;
    let of = staged.as_ref().map(|(name, _)| name.as_str());
    let mut playbooks: Vec<TriagedPlaybook> = prepared
        .iter()
        .zip(&read.of_each)
        .map(|(prepared, outcome)| {
            let on = of.is_some_and(|name| *name == prepared.asking.name);
            let playbook = prepared.asking.playbook();
            let name = &prepared.asking.name;
            let next = if let (true, Some(scenario)) = (on, &arguments.scenario) {
                let scenario = scenario.rsplit(':').next().unwrap_or_default();
                let own = prepared.asking.own(&typed);
                let next = command(name, playbook, &own, None);
                format!("{next} --scenario {}", quoted(scenario))
            } else {
                let own = prepared.asking.own(&given);
                command(name, playbook, &own, Some(&arguments.target))
            };
            prepared.triaged(outcome.as_ref(), next)
        })
        .collect();
    playbooks.sort_by_cached_key(|one| {
        let rank = rank(one.severity.as_deref());
        let worst = order(&one.standing);
        (worst, rank, Reverse(one.holding()), one.name.clone())
    });
    let triage = Triage {
        playbooks,
        without,
        reads: read.reads,
        shared: read.shared,
    };
    let out = environment.console.out;
    match arguments.format {
        Format::Json => out.line(format!("{:#}", document(&triage))),
        Format::Text => out.lines(&lines(&triage, out.look)),
    }
    if let Some(why) = no_environment(&read.of_each) {
        return Err(Failure::environment(why));
    }
    Ok(if wrong {
        exit::WRONG
    } else if triage.is_well() {
        exit::WELL
    } else {
        exit::NOT_WELL
    })
}

/// What comes first.
fn order(standing: &Standing) -> u8 {
    match standing {
        Standing::Holds => 0,
        Standing::Unknown { .. } => 1,
        Standing::NotAsked { .. } => 2,
        Standing::Clear => 3,
    }
}

/// Why nothing could be read at all; nothing where something could.
fn no_environment(outcomes: &[Option<Outcome>]) -> Option<String> {
    let mut asked = outcomes.iter().flatten().peekable();
    let first = asked.peek()?.explanation.clone();
    asked.all(|outcome| outcome.environment).then_some(first)
}
