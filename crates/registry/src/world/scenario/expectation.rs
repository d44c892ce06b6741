//! What came out of a run against what a scenario expects.

use super::CallRecord;
use super::definition::{Expectation, ExpectedCall};
use super::fit::{fits, unlike};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;

/// What came out of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The verdict.
    pub verdict: String,
    /// Its reason, where it has one.
    pub reason: Option<String>,
    /// The causes that were found.
    pub causes: Vec<String>,
    /// The status of each step, by its id with its graph and blocks: `resolve.restart.settled`.
    pub steps: BTreeMap<String, String>,
    /// The truth of each claim, by the id of its step: `true`, `false` or `unknown`.
    pub holds: BTreeMap<String, String>,
    /// The outputs.
    pub outputs: Json,
    /// The levels of escalation that were due.
    pub escalated: Vec<u32>,
}

/// Something that came out other than expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// What: `verdict`, `causes`, `writes`, `calls`, `steps.ID`, `holds.ID`, `outputs`, `escalated`, or `actions` for a call without an answer.
    pub what: String,
    /// What was expected.
    pub expected: String,
    /// What came out.
    pub actual: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: expected {}, got {}",
            self.what, self.expected, self.actual
        )
    }
}

/// Compares; calls that no entry answered come first, since everything else may follow from them.
pub(super) fn check(
    expect: &Expectation,
    outcome: &Outcome,
    calls: &[CallRecord],
) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut differs = |what: &str, expected: String, actual: String| {
        found.push(Mismatch {
            what: what.to_owned(),
            expected,
            actual,
        });
    };
    for call in calls.iter().filter(|call| call.unanswered) {
        let called = shown(call);
        differs(
            "actions",
            format!("an entry that answers {called}"),
            "none".to_owned(),
        );
    }
    if let Some(verdict) = &expect.verdict
        && *verdict != outcome.verdict
    {
        differs("verdict", verdict.clone(), outcome.verdict.clone());
    }
    if let Some(reason) = &expect.reason
        && Some(reason) != outcome.reason.as_ref()
    {
        let actual = outcome.reason.clone().unwrap_or_else(|| "none".to_owned());
        differs("reason", reason.clone(), actual);
    }
    if let Some(causes) = &expect.causes {
        let (expected, actual) = (listed(causes), listed(&outcome.causes));
        if expected != actual {
            differs("causes", expected, actual);
        }
    }
    for (id, status) in &expect.steps {
        let actual = step(&outcome.steps, id).unwrap_or("no such step");
        if actual != status {
            differs(&format!("steps.{id}"), status.clone(), actual.to_owned());
        }
    }
    for (id, truth) in &expect.holds {
        let actual = step(&outcome.holds, id).unwrap_or("no such claim");
        if actual != truth {
            differs(&format!("holds.{id}"), truth.clone(), actual.to_owned());
        }
    }
    if let Some(outputs) = &expect.outputs
        && !fits(outputs, &outcome.outputs)
    {
        let unlike = unlike(outputs, &outcome.outputs);
        let (expected, actual) =
            unlike.unwrap_or_else(|| (outputs.clone(), outcome.outputs.clone()));
        differs("outputs", expected.to_string(), actual.to_string());
    }
    if let Some(levels) = &expect.escalated
        && *levels != outcome.escalated
    {
        differs(
            "escalated",
            format!("{levels:?}"),
            format!("{:?}", outcome.escalated),
        );
    }
    for (what, one, expected, writes_only) in [
        ("writes", "write", &expect.writes, true),
        ("calls", "call", &expect.calls, false),
    ] {
        let Some(expected) = expected else { continue };
        let actual: Vec<_> = calls
            .iter()
            .filter(|call| !writes_only || call.is_write())
            .collect();
        if let Some((expected, actual)) = first_difference(one, expected, &actual) {
            differs(what, expected, actual);
        }
    }
    found
}

/// The first place where the calls are not the expected ones.
fn first_difference(
    one: &str,
    expected: &[ExpectedCall],
    actual: &[&CallRecord],
) -> Option<(String, String)> {
    (0..expected.len().max(actual.len())).find_map(|position| {
        let number = position + 1;
        match (expected.get(position), actual.get(position)) {
            (Some(wanted), Some(call))
                if wanted.action == call.action && fits(&wanted.arguments, &call.arguments) =>
            {
                None
            }
            // The arguments that are as expected would only hide the others.
            (Some(wanted), Some(call)) if wanted.action == call.action => {
                let unlike = unlike(&wanted.arguments, &call.arguments);
                let (expected, actual) =
                    unlike.unwrap_or_else(|| (wanted.arguments.clone(), call.arguments.clone()));
                let action = &call.action;
                let expected = format!("{one} {number}, {action}, to have {expected}");
                Some((expected, actual.to_string()))
            }
            (Some(wanted), Some(call)) => {
                Some((format!("{one} {number} to be {wanted}"), shown(call)))
            }
            (Some(wanted), None) => Some((
                format!("{one} {number} to be {wanted}"),
                format!("only {}", actual.len()),
            )),
            (None, Some(call)) => Some((
                format!("only {}", expected.len()),
                format!("{one} {number}, {}", shown(call)),
            )),
            (None, None) => None,
        }
    })
}

fn shown(call: &CallRecord) -> String {
    format!("{} {}", call.action, call.arguments)
}

/// Names in one order, as a list.
fn listed(names: &[String]) -> String {
    let mut names: Vec<_> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    format!("[{}]", names.join(", "))
}

/// What is said of a step by its full id, or by the end of one that is the only one to end so.
fn step<'a>(said: &'a BTreeMap<String, String>, id: &str) -> Option<&'a str> {
    if let Some(said) = said.get(id) {
        return Some(said);
    }
    let mut ends = said
        .iter()
        .filter(|(full, _)| {
            full.strip_suffix(id)
                .is_some_and(|before| before.ends_with('.'))
        })
        .map(|(_, said)| said.as_str());
    match (ends.next(), ends.next()) {
        (Some(_), Some(_)) => Some("several steps of that name"),
        (one, _) => one,
    }
}
