//! `runbook fleet approve`: yes or no to what a fleet waits for.

use crate::args::FleetApproveArguments;
use crate::commands::runtime;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::fleet::{held_as, kept as unkept, rebuilt, store};
use crate::record::{Record, kept};
use crate::world;
use jiff::Timestamp;
use runbook_fleet::outcome::GateAnswer;
use runbook_fleet::rollout::{Decision, Gate, Standing};
use runbook_fleet::target::run_id;
use runbook_interpreter::approval::Question;
use runbook_interpreter::journal::{GateRow, RunRow, Vote};
use runbook_interpreter::voter::Voter;
use runbook_report::question::{self, counted_people, safe};

/// The most questions that are shown in full.
const SHOWN: usize = 3;

/// A question of a target.
struct Asked {
    target: String,
    row: RunRow,
    gate: GateRow,
    question: Question,
}

/// Answers what a fleet waits for.
pub fn execute(
    arguments: &FleetApproveArguments,
    environment: &Environment,
) -> Result<u8, Failure> {
    #[cfg(feature = "restate")]
    if let Some(on) = &arguments.of.on.on {
        return super::remote::approve(arguments, on, environment);
    }
    let record = Record::open(arguments.of.state_dir.as_deref(), environment)?;
    let store = store(&record)?;
    let fleet = store.find(&arguments.of.fleet).map_err(unkept)?;
    let spec = store.spec(&fleet).map_err(unkept)?;
    let rows = store.targets(&fleet).map_err(unkept)?;
    let (mut rollout, _) = rebuilt(&fleet, &spec, &rows, &store, &record)?;
    let mut asked = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let name = &row.target.name;
        let meant = arguments.target_name.is_empty() || arguments.target_name.contains(name);
        if rollout.standing(index) == Standing::Waits && meant && !arguments.wave {
            asked.extend(questions(&record, &run_id(&fleet.id, name), name)?);
        }
    }
    let gate = rollout
        .decide(Timestamp::MAX)
        .into_iter()
        .find_map(|decision| match decision {
            Decision::Ask(gate) => Some(gate),
            _ => None,
        });
    let gate = gate.filter(|_| arguments.target_name.is_empty());
    let out = environment.console.out;
    if asked.is_empty() && gate.is_none() {
        return Err(Failure::wrong(match arguments.target_name.as_slice() {
            [] => format!("fleet {} waits for no answer", fleet.id),
            names => format!(
                "no target {} of fleet {} waits for an answer",
                names.join(", "),
                fleet.id
            ),
        }));
    }
    show(&asked, gate, environment);
    if arguments.show {
        return Ok(exit::WELL);
    }
    let Some(yes) = said(arguments, environment)? else {
        out.line("nothing was said");
        return Ok(exit::NOT_WELL);
    };
    let at = Timestamp::now();
    if let Some(gate) = gate {
        let answer = GateAnswer {
            yes,
            by: environment.user.clone(),
            reason: arguments.reason.clone(),
            at,
        };
        store.answer(&fleet, gate.wave, &answer).map_err(unkept)?;
        let word = if yes { "approved" } else { "declined" };
        out.line(safe(&format!("{word} wave {} by {}", gate.wave, answer.by)));
    }
    let (mut counted, mut refused) = (0, 0);
    for one in &asked {
        match vote(one, yes, arguments, &record, environment)? {
            None => counted += 1,
            Some(why) => {
                refused += 1;
                environment
                    .console
                    .err
                    .line(safe(&format!("{}: {why}", one.target)));
            }
        }
    }
    if counted > 0 {
        let word = if yes { "approved" } else { "declined" };
        let what = if counted == 1 {
            "question"
        } else {
            "questions"
        };
        out.line(safe(&format!(
            "{word} {counted} {what} by {}",
            environment.user
        )));
    }
    if !record.is_held(&held_as(&fleet.id)) {
        out.line(format!(
            "no process has the fleet now; to go on: {}",
            record.fleet("resume", &fleet.id)
        ));
    }
    Ok(if refused > 0 {
        exit::NOT_WELL
    } else {
        exit::WELL
    })
}

/// The open questions of a target's run.
fn questions(record: &Record, run: &str, target: &str) -> Result<Vec<Asked>, Failure> {
    let row = record.file.run(run).map_err(kept)?;
    let gates = record.file.gates(&row).map_err(kept)?;
    Ok(gates
        .into_iter()
        .filter(GateRow::is_open)
        .filter_map(|gate| {
            Some(Asked {
                target: target.to_owned(),
                row: row.clone(),
                question: Question::of_json(&gate.question)?,
                gate,
            })
        })
        .collect())
}

/// Shows what is answered: each kind of question once, with the targets that ask it.
fn show(asked: &[Asked], gate: Option<Gate>, environment: &Environment) {
    let out = environment.console.out;
    for (number, one) in asked.iter().enumerate() {
        if number < SHOWN {
            out.line(safe(&format!("{}:", one.target)));
            out.lines(&question::lines(&one.question, out.look));
        } else {
            let calls: Vec<String> = one
                .question
                .calls
                .iter()
                .map(|call| format!("{} {}", call.action, call.arguments))
                .collect();
            out.line(safe(&format!(
                "{}: {} {}",
                one.target,
                one.gate.step,
                calls.join(", ")
            )));
        }
    }
    if let Some(gate) = gate {
        out.line(format!("wave {} may begin?", gate.wave));
    }
}

/// What is answered; nothing where a person would rather not say.
pub(super) fn said(
    arguments: &FleetApproveArguments,
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
        runtime()?.block_on(prompt.line("approve all? [y]es, [n]o, anything else: not now: "));
    Ok(match line.unwrap_or_default().to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "n" | "no" => Some(false),
        _ => None,
    })
}

/// Puts an answer on record; why it would not count, where it would not.
fn vote(
    asked: &Asked,
    yes: bool,
    arguments: &FleetApproveArguments,
    record: &Record,
    environment: &Environment,
) -> Result<Option<String>, Failure> {
    let voter = Voter {
        user: environment.user.clone(),
        identity: None,
    };
    let gates = record.file.gates(&asked.row).map_err(kept)?;
    let agreed = asked.gate.agreed(&gates);
    let from = &asked.question.from;
    if yes && !from.is_empty() && !from.iter().any(|name| voter.is_named(name)) {
        return Ok(Some(format!(
            "{} may say yes to {}, and this is {voter}; one whom AWS knows by another name says it with `runbook approve {}`",
            from.join(" or "),
            asked.gate.step,
            asked.row.id
        )));
    }
    if yes && agreed.iter().any(|other| other.may_be(&voter)) {
        let why = if asked.question.people > 1 {
            format!(
                "{} must say yes: somebody else has to",
                counted_people(asked.question.people)
            )
        } else {
            "the run takes note of it when it goes on".to_owned()
        };
        return Ok(Some(format!("{voter} has said yes already; {why}")));
    }
    let vote = Vote {
        approves: yes,
        by: voter,
        place: format!("{}, process {}", record.host(), std::process::id()),
        reason: arguments.reason.clone(),
        at: Timestamp::now(),
    };
    record
        .file
        .vote(&asked.row, &asked.gate, &vote)
        .map_err(kept)?;
    Ok(None)
}
