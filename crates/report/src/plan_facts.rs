//! What a plan says of each of its parts, in the words that all formats share. Nothing here is escaped yet.

use crate::plan_value::{lines, one_line};
use jiff::SignedDuration;
use runbook_interpreter::plan::forecast::{
    AssertionKind, Certainty, Condition, ConditionKind, Contact, Count, Forecast, Longest,
    PlannedApproval, PlannedCall, PlannedGraph, PlannedStep, PlannedWork, Reading, Readings, Turn,
    gravest,
};
use runbook_playbook::catalog::Effect;
use runbook_playbook::duration;

/// One thing that is said of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    /// What it is about: `if`, `asks`, `undo`.
    pub label: &'static str,
    /// What is said, in lines with their depth.
    pub lines: Vec<(usize, String)>,
    /// Its weight.
    pub weight: Weight,
}

/// How much a reviewer should look at a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A reviewer wants to see it.
    Plain,
    /// Decides whether something dangerous happens.
    Attention,
    /// There for the whole picture.
    Quiet,
}

fn fact(label: &'static str, text: impl Into<String>) -> Fact {
    Fact {
        label,
        lines: vec![(0, text.into())],
        weight: Weight::Plain,
    }
}

fn quiet(label: &'static str, text: impl Into<String>) -> Fact {
    Fact {
        weight: Weight::Quiet,
        ..fact(label, text)
    }
}

fn attention(label: &'static str, text: impl Into<String>) -> Fact {
    Fact {
        weight: Weight::Attention,
        ..fact(label, text)
    }
}

/// A length of time as people read it: `3h35m`.
pub(crate) fn length(length: SignedDuration) -> String {
    let whole = SignedDuration::from_secs(length.as_secs());
    if length < SignedDuration::from_secs(1) || whole == length {
        duration::format(length)
    } else {
        duration::format(whole)
    }
}

/// A number that may not be known exactly.
pub(crate) fn count(count: Count) -> String {
    match count.at_most {
        Some(most) if most == count.at_least => most.to_string(),
        Some(most) => format!("{} to {most}", count.at_least),
        None => format!("{} or more", count.at_least),
    }
}

/// The mark that stands before a step, so that effects can be told apart without colour.
pub(crate) fn mark(effect: Option<Effect>) -> &'static str {
    match effect {
        None => " ",
        Some(Effect::Read) => "·",
        Some(Effect::Write) => "~",
        Some(Effect::Execute) => ">",
        Some(Effect::Permission) => "!",
        Some(Effect::Destroy) => "-",
    }
}

/// The gravest effect of a step and of what is inside of it.
pub(crate) fn effect_of(step: &PlannedStep) -> Option<Effect> {
    step.turns
        .iter()
        .filter_map(|turn| match &turn.work {
            PlannedWork::Call(call) => Some(gravest(&call.effects)),
            // What it says of itself is less than what the steps inside may do.
            PlannedWork::Playbook { call, forecast } => {
                let inner = forecast.as_ref().into_iter();
                inner
                    .flat_map(|forecast| &forecast.graphs)
                    .flat_map(|graph| &graph.steps)
                    .filter_map(effect_of)
                    .chain([gravest(&call.effects)])
                    .max()
            }
            PlannedWork::Block { steps, finally } => {
                steps.iter().chain(finally).filter_map(effect_of).max()
            }
            PlannedWork::Reason => None,
        })
        .max()
}

/// The action of a step.
pub(crate) fn action_of(step: &PlannedStep) -> Option<&str> {
    step.turns.iter().find_map(|turn| match &turn.work {
        PlannedWork::Call(call) | PlannedWork::Playbook { call, .. } => Some(call.action.as_str()),
        _ => None,
    })
}

/// The effects of a call in words: `write`, `execute, stated read by the author`.
pub(crate) fn effects(call: &PlannedCall) -> String {
    let words: Vec<&str> = call.effects.iter().map(|effect| effect.as_str()).collect();
    let words = words.join(", ");
    match stated(call) {
        Some(stated) => format!("{words}, {stated}; nothing can check that"),
        None => words,
    }
}

/// What the author of a call states of it.
pub(crate) fn stated(call: &PlannedCall) -> Option<&'static str> {
    match (call.stated_read, call.stated_plain) {
        (true, true) => Some("stated to only read, and to hold nothing secret, by the author"),
        (true, false) => Some("stated to only read by the author"),
        (false, true) => Some("stated to hold nothing secret by the author"),
        (false, false) => None,
    }
}

/// What the author of a step's call states of it.
pub(crate) fn stated_of(step: &PlannedStep) -> Option<&'static str> {
    step.turns.iter().find_map(|turn| match &turn.work {
        PlannedWork::Call(call) => stated(call),
        _ => None,
    })
}

/// What a reader of the list of effects needs to know.
pub(crate) const EFFECTS: &str =
    "· read  ~ write  > runs code  ! changes who may do what  - deletes or cannot be taken back";

fn condition(condition: &Condition) -> String {
    match condition.kind {
        ConditionKind::For => {
            let causes = condition.text.replace("cause.", "");
            let word = if causes.contains(" or ") {
                "one of the causes"
            } else {
                "the cause"
            };
            format!("{word} {causes} was found")
        }
        ConditionKind::Needs => format!("{}, whose value it needs", condition.text),
        ConditionKind::When | ConditionKind::Graph | ConditionKind::Level => condition.text.clone(),
    }
}

/// The conditions of something, in lines.
pub(crate) fn conditions(certainty: &Certainty) -> Vec<String> {
    match certainty {
        Certainty::Runs => Vec::new(),
        Certainty::Depends(conditions) => conditions.iter().map(condition).collect(),
        Certainty::Never(reason) => vec![format!("never: {}", reason.message)],
    }
}

/// How often and when `verify` reads.
pub(crate) fn readings(readings: Readings) -> String {
    let first = if readings.after.is_zero() {
        "at once".to_owned()
    } else {
        format!("after {}", length(readings.after))
    };
    let undone = if readings.undoes {
        "; what was done is taken back where the problem is still there"
    } else {
        ""
    };
    format!(
        "first {first}, then every {} within {}, until {} in a row {} clear: {} to {} readings{undone}",
        length(readings.every),
        length(readings.within),
        readings.times,
        if readings.times == 1 { "is" } else { "are" },
        readings.at_least,
        readings.at_most,
    )
}

/// The longest time, with what has no bound.
pub(crate) fn longest(longest: &Longest) -> String {
    if longest.open.is_empty() {
        return length(longest.bounded);
    }
    format!("{} + open ends", length(longest.bounded))
}

/// What has no bound in time, by reason: each with the steps that it is said of.
pub(crate) fn open_ends(longest: &Longest) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for open in &longest.open {
        match reasons.iter_mut().find(|(why, _)| *why == open.why) {
            Some((_, steps)) => steps.push(&open.step),
            None => reasons.push((&open.why, vec![&open.step])),
        }
    }
    reasons
        .into_iter()
        .map(|(why, steps)| format!("{why} ({})", steps.join(", ")))
        .collect()
}

/// A host or a program, with who contacts or starts it.
pub(crate) fn contact(contact: &Contact) -> String {
    let steps = if contact.steps.is_empty() {
        "no step that is planned names it".to_owned()
    } else {
        contact.steps.join(", ")
    };
    let declared = if contact.declared {
        ""
    } else {
        "; not declared by the playbook"
    };
    format!("{} — {steps}{declared}", one_line(&contact.name))
}

/// A count with its word: `1 question`, `0 to 2 questions`.
pub(crate) fn counted(number: Count, word: &str) -> String {
    let text = count(number);
    let plural = if text == "1" { "" } else { "s" };
    format!("{text} {word}{plural}")
}

/// What the forecast rests on.
pub(crate) fn reading(forecast: &Forecast) -> String {
    match &forecast.reading {
        Reading::Offline => "offline: nothing was read".to_owned(),
        Reading::Live {
            place,
            scenario,
            calls,
            ..
        } => {
            let from = match scenario {
                Some(scenario) => format!("the scenario {scenario}"),
                None if place.is_empty() => "the account".to_owned(),
                None => place.clone(),
            };
            format!("live: {calls} reads were made in {from}, and no write")
        }
    }
}

/// The totals by effect, in words.
pub(crate) fn calls(forecast: &Forecast) -> Vec<(Effect, String)> {
    let word = |effect: Effect, one: bool| match (effect, one) {
        (Effect::Read, true) => "read",
        (Effect::Read, false) => "reads",
        (Effect::Write, true) => "write",
        (Effect::Write, false) => "writes",
        (Effect::Execute, true) => "run of code",
        (Effect::Execute, false) => "runs of code",
        (Effect::Permission, true) => "permission change",
        (Effect::Permission, false) => "permission changes",
        (Effect::Destroy, true) => "deletion or other change for good",
        (Effect::Destroy, false) => "deletions or other changes for good",
    };
    forecast
        .totals
        .calls
        .iter()
        .map(|(effect, number)| {
            let text = count(*number);
            let word = word(*effect, text == "1");
            (*effect, format!("{text} {word}"))
        })
        .collect()
}

fn asks(approval: &PlannedApproval) -> String {
    let who = match (approval.people, approval.from.as_slice()) {
        (1, []) => "a person".to_owned(),
        (1, names) => format!("one of {}", names.join(", ")),
        (people, []) => format!("{people} people"),
        (people, names) => format!("{people} of {}", names.join(", ")),
    };
    let within = approval
        .within
        .map(|within| format!(", within {}", length(within)))
        .unwrap_or_default();
    let words: Vec<&str> = approval
        .consent
        .iter()
        .map(|effect| effect.as_str())
        .collect();
    let consent = if approval.insists {
        "; --yes does not answer it".to_owned()
    } else if words == ["write"] {
        "; --yes answers it".to_owned()
    } else {
        format!("; --yes={} answers it", words.join(","))
    };
    format!("{who}{within}{consent}")
}

/// What is said of a step besides its call.
fn of_step(step: &PlannedStep) -> Vec<Fact> {
    let mut facts = Vec::new();
    let conditions = conditions(&step.certainty);
    if !conditions.is_empty() {
        facts.push(Fact {
            label: "if",
            lines: conditions.into_iter().map(|text| (0, text)).collect(),
            weight: Weight::Attention,
        });
    }
    if let Some(each) = &step.each {
        facts.push(fact(
            "each",
            format!("{} in {}", each.name, one_line(&each.list)),
        ));
        facts.push(fact(
            "times",
            format!(
                "{}, {} at once, {} may fail",
                count(each.count),
                each.concurrency,
                each.max_errors
            ),
        ));
    }
    if let Some(approval) = &step.approval {
        facts.push(attention("asks", asks(approval)));
    }
    if let Some(until) = &step.until {
        facts.push(fact(
            "until",
            format!(
                "{}, read every {} within {}",
                until.conditions.join(" and "),
                length(until.every),
                length(until.within)
            ),
        ));
    }
    for rule in &step.retry {
        facts.push(fact(
            "retries",
            format!(
                "{} more after {}, waiting {} in all at most",
                rule.times,
                rule.errors.join(", "),
                length(rule.longest)
            ),
        ));
    }
    if let Some(timeout) = step.timeout {
        facts.push(fact("timeout", length(timeout)));
    }
    if let Some(limit) = step.limit {
        facts.push(quiet("limit", format!("{limit} items")));
    }
    if !step.expect_error.is_empty() {
        facts.push(quiet(
            "answers",
            match step.expect_error.as_slice() {
                [one] => format!("the error {one} counts as an answer"),
                many => format!("the errors {} count as answers", many.join(", ")),
            },
        ));
    }
    match step.on_error {
        Some("undo") => facts.push(attention(
            "on error",
            "what the enclosing block did is taken back",
        )),
        Some("continue") => facts.push(attention("on error", "what follows still runs")),
        _ => {}
    }
    for assertion in &step.assertions {
        let (label, text) = match assertion.kind {
            AssertionKind::Require => ("requires", assertion.text.clone()),
            AssertionKind::Claim => ("claims", assertion.text.clone()),
            AssertionKind::Assert => ("asserts", assertion.text.clone()),
            AssertionKind::Warn => ("warns", assertion.text.clone()),
            AssertionKind::Cause => (
                "finds",
                format!(
                    "{} if {}",
                    assertion.cause.as_deref().unwrap_or_default(),
                    assertion.text
                ),
            ),
        };
        facts.push(quiet(label, text));
    }
    if !step.captures.is_empty() {
        let kept: Vec<String> = step
            .captures
            .iter()
            .map(|(name, ty)| format!("{name} ({ty})"))
            .collect();
        facts.push(quiet("keeps", kept.join(", ")));
    }
    facts
}

/// What is said of a step before its call, and after it.
pub(crate) fn parted(step: &PlannedStep) -> (Vec<Fact>, Vec<Fact>) {
    of_step(step)
        .into_iter()
        .partition(|fact| fact.weight != Weight::Quiet && fact.label != "on error")
}

/// What is said of a call.
pub(crate) fn of_call(call: &PlannedCall) -> Vec<Fact> {
    let mut facts = Vec::new();
    if call.stated_read {
        facts.push(attention(
            "stated",
            "its author states that it only reads; nothing can check that, so it asks",
        ));
    }
    if call.stated_plain {
        facts.push(attention(
            "stated",
            "its author states that nothing in it is secret; nothing can check that",
        ));
    }
    let arguments = lines("with", &call.arguments);
    let arguments: Vec<(usize, String)> = match arguments.as_slice() {
        // The members stand for themselves.
        [(_, only)] => vec![(0, only.trim_start_matches("with: ").to_owned())],
        many => many
            .iter()
            .skip(1)
            .map(|(depth, text)| (depth.saturating_sub(1), text.clone()))
            .collect(),
    };
    facts.push(Fact {
        label: "with",
        lines: arguments,
        weight: Weight::Plain,
    });
    if let Some(base) = &call.base {
        let mut shown = vec![(0, format!("begins from {}", base.from))];
        if let Some(known) = base.value.known() {
            let members = known.as_object().map_or(0, serde_json::Map::len);
            shown = vec![(0, format!("begins from {}, {members} members", base.from))];
        }
        for (path, value) in &base.paths {
            shown.extend(
                lines(path, value)
                    .into_iter()
                    .map(|(depth, text)| (depth + 1, text)),
            );
        }
        if !base.dropped.is_empty() {
            shown.push((1, format!("left behind: {}", base.dropped.join(", "))));
        }
        facts.push(Fact {
            label: "base",
            lines: shown,
            weight: Weight::Plain,
        });
    }
    let target = &call.target;
    for (what, value) in [
        ("region", &target.region),
        ("account", &target.account),
        ("role", &target.role),
    ] {
        if let Some(value) = value {
            facts.push(attention("target", format!("{what} {}", one_line(value))));
        }
    }
    match call.operations.as_slice() {
        [] => {}
        [one] if *one == call.action => {}
        many => facts.push(quiet("calls", many.join(", "))),
    }
    if let Some(changes) = &call.changes {
        let lines = if changes.is_empty() {
            vec![(0, "nothing of what was read".to_owned())]
        } else {
            changes
                .iter()
                .map(|change| {
                    let (from, to) = (one_line(&change.from), one_line(&change.to));
                    (0, format!("{}: {from} → {to}", change.path))
                })
                .collect()
        };
        facts.push(Fact {
            label: "changes",
            lines,
            weight: Weight::Attention,
        });
    }
    facts
}

/// What is said of one time through a step.
pub(crate) fn of_turn(turn: &Turn) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(before) = &turn.before {
        facts.push(fact(
            "before",
            format!("{} {}", before.action, one_line(&before.arguments)),
        ));
    }
    match &turn.work {
        PlannedWork::Call(call) | PlannedWork::Playbook { call, .. } => facts.extend(of_call(call)),
        PlannedWork::Block { .. } | PlannedWork::Reason => {}
    }
    facts
}

/// One line for each step that takes another back.
pub(crate) fn undo_line(step: &PlannedStep) -> String {
    let call = step.turns.iter().find_map(|turn| match &turn.work {
        PlannedWork::Call(call) => Some(call),
        _ => None,
    });
    match call {
        Some(call) => format!("{} {}", call.action, one_line(&call.arguments)),
        None => step.id.clone(),
    }
}

/// The heading of a graph: its name and when it is read.
pub(crate) fn graph_condition(graph: &PlannedGraph) -> Option<String> {
    let conditions = conditions(&graph.certainty);
    (!conditions.is_empty()).then(|| conditions.join(", and "))
}
