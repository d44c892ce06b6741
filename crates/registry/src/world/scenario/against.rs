//! Scenarios against the playbook that they are for: what they answer is asked, and what they expect can come out.

use super::definition::{
    Approve, Entry, Expectation, ExpectedCall, Response, Scenario, ScenarioProblem, Segment,
};
use super::fit::fits;
use crate::model::validate::validate_output;
use runbook_playbook::catalog::{Action, ActionKind, Catalog, Effect};
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::inputs::{Given, bind};
use runbook_playbook::syntax::step::Step;
use runbook_playbook::types::Type;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How a run can end.
const VERDICTS: [&str; 11] = [
    "absent",
    "diagnosed",
    "resolved",
    "unresolved",
    "done",
    "healthy",
    "unhealthy",
    "failed",
    "undone",
    "aborted",
    "paused",
];
/// Why a run is unresolved though nothing was done.
const REASONS: [&str; 5] = [
    "unexplained",
    "no_remedy",
    "declined",
    "read_only",
    "timeout",
];
/// How a step can end.
const STATUSES: [&str; 5] = ["done", "skipped", "blocked", "failed", "undone"];

impl Scenario {
    /// Checks the scenario against its playbook: inputs, answers and expectations name what the playbook has, entries answer
    /// calls that it makes, flags are set by somebody, and no entry hides another. Paths begin at the scenario.
    #[must_use]
    pub fn check_against(&self, checked: &Checked, catalog: &dyn Catalog) -> Vec<ScenarioProblem> {
        let mut against = Against {
            scenario: self,
            checked,
            catalog,
            called: called(checked, catalog),
            open: runs_others(checked),
            problems: Vec::new(),
        };
        against.inputs();
        against.actions();
        against.answers();
        against.expectations();
        against.problems
    }
}

/// The actions that a playbook and its guards call, by the names that scenarios answer them by: a waiter by the operation that it polls.
fn called(checked: &Checked, catalog: &dyn Catalog) -> BTreeMap<String, Arc<Action>> {
    let mut called = BTreeMap::new();
    let guards = &checked.playbook.guards;
    let read = [
        ("cloudwatch:DescribeAlarms", guards.alarms.is_empty()),
        ("ssm:GetCalendarState", guards.freeze.is_empty()),
    ];
    for (name, unused) in read {
        if !unused && let Ok(action) = catalog.action(name) {
            called.insert(name.to_owned(), action);
        }
    }
    for step in checked.steps.values() {
        for action in [&step.action, &step.before].into_iter().flatten() {
            if let ActionKind::Waiter { polls, .. } = &action.kind {
                called
                    .entry(polls.clone())
                    .or_insert_with(|| Arc::clone(action));
            }
            called.insert(action.name.clone(), Arc::clone(action));
        }
    }
    called
}

/// What other playbooks call and ask is not known here.
fn runs_others(checked: &Checked) -> bool {
    let shared = checked
        .playbook
        .escalate
        .as_ref()
        .is_some_and(|escalate| escalate.uses.is_some());
    let mut actions = checked
        .steps
        .values()
        .filter_map(|step| step.action.as_ref());
    shared || actions.any(|action| action.name == "playbook:Run")
}

struct Against<'a> {
    scenario: &'a Scenario,
    checked: &'a Checked,
    catalog: &'a dyn Catalog,
    called: BTreeMap<String, Arc<Action>>,
    /// It runs playbooks of which nothing is known here.
    open: bool,
    problems: Vec<ScenarioProblem>,
}

fn key(name: &str) -> Segment {
    Segment::Key(name.to_owned())
}

impl Against<'_> {
    fn problem(&mut self, code: Code, path: &[Segment], message: impl Into<String>) {
        self.problems.push(ScenarioProblem {
            code,
            path: path.to_vec(),
            message: message.into(),
        });
    }

    /// A word that is none of those that may stand there.
    fn unknown<'c>(
        &mut self,
        code: Code,
        path: &[Segment],
        what: String,
        word: &str,
        known: impl IntoIterator<Item = &'c str>,
    ) {
        let known: Vec<&str> = known.into_iter().collect();
        let help = match nearest(word, &known) {
            Some(near) => format!("; did you mean `{near}`?"),
            None if known.is_empty() || known.len() > 12 => String::new(),
            None => format!("; there is {}", known.join(", ")),
        };
        self.problem(code, path, what + &help);
    }

    fn inputs(&mut self) {
        let given: Vec<(String, Given)> = self
            .scenario
            .inputs
            .iter()
            .map(|(name, value)| (name.clone(), Given::Json(value.clone())))
            .collect();
        let Err(problems) = bind(&self.checked.playbook, &given, self.scenario.clock) else {
            return;
        };
        for problem in problems {
            let named = self.scenario.inputs.contains_key(&problem.name);
            let mut path = vec![key("inputs")];
            if named {
                path.push(key(&problem.name));
            }
            let code = if problem.unknown {
                Code::UnknownInput
            } else {
                Code::InputType
            };
            self.problem(code, &path, problem.to_string());
        }
    }

    fn actions(&mut self) {
        let scenario = self.scenario;
        let flags: BTreeSet<&str> = scenario
            .actions
            .values()
            .flatten()
            .flat_map(|entry| &entry.set)
            .map(|(flag, _)| flag.as_str())
            .collect();
        for (name, entries) in &scenario.actions {
            let at = [key("actions"), key(name)];
            let action = self.called.get(name).cloned();
            let exists = self.catalog.action(name).is_ok();
            if action.is_none() && exists && !self.answers_inside(name) {
                let what = format!("the playbook never calls `{name}`");
                let known: Vec<String> = self.called.keys().cloned().collect();
                self.unknown(
                    Code::UnreachedEntry,
                    &at,
                    what,
                    name,
                    known.iter().map(String::as_str),
                );
            }
            for (position, entry) in entries.iter().enumerate() {
                let mut at = at.to_vec();
                at.push(Segment::Index(position));
                let earlier = entries.get(..position).unwrap_or_default();
                self.reached(&at, entry, earlier, &flags);
                if let Some(action) = &action {
                    self.error_code(&at, entry, action);
                    if let Some(with) = &entry.with {
                        at.push(key("with"));
                        self.arguments(&at, with, action);
                    }
                }
            }
        }
    }

    /// Another playbook may call it, or one of the actions that are made of several operations.
    fn answers_inside(&self, name: &str) -> bool {
        let (service, _) = name.split_once(':').unwrap_or((name, ""));
        self.open
            || self.called.values().any(|action| {
                action.kind == ActionKind::Composite
                    && action.name.split(':').next() == Some(service)
            })
    }

    /// No entry before it answers all that it answers, and its flags are set by somebody.
    fn reached(
        &mut self,
        at: &[Segment],
        entry: &Entry,
        earlier: &[Entry],
        flags: &BTreeSet<&str>,
    ) {
        let conditions = [("if", &entry.when), ("unless", &entry.unless)];
        for (word, flag) in conditions
            .into_iter()
            .flat_map(|(word, flags)| flags.iter().map(move |flag| (word, flag)))
        {
            let known: Vec<&str> = flags.iter().copied().collect();
            // An entry that is there until something happens is reached where nothing does.
            let slip = *word == *"if" || nearest(flag, &known).is_some();
            if slip && !flags.contains(flag.as_str()) {
                let mut at = at.to_vec();
                at.push(key(word));
                let what = format!("no entry sets the flag `{flag}`");
                self.unknown(Code::UnreachedEntry, &at, what, flag, flags.iter().copied());
            }
        }
        let hidden = earlier.iter().position(|other| hides(other, entry));
        if let Some(other) = hidden {
            let message = format!(
                "no call gets here: entry {} answers the same calls, without a bound",
                other + 1
            );
            self.problem(Code::UnreachedEntry, at, message);
        }
    }

    fn error_code(&mut self, at: &[Segment], entry: &Entry, action: &Action) {
        let Response::Error(error) = &entry.response else {
            return;
        };
        let common = self.catalog.errors_beside(action);
        if action.errors.is_empty()
            || action.errors.contains(&error.code)
            || common.contains(&error.code.as_str())
        {
            return;
        }
        let mut at = at.to_vec();
        at.extend([key("error"), key("code")]);
        let what = format!(
            "`{}` does not answer with the error `{}`",
            action.name, error.code
        );
        let known = action.errors.iter().map(String::as_str);
        self.unknown(Code::UnknownErrorCode, &at, what, &error.code, known);
    }

    /// A subset of arguments names what the action takes.
    fn arguments(&mut self, at: &[Segment], arguments: &Json, action: &Action) {
        let problems = unknown_members(arguments, &action.input);
        for (path, message) in problems {
            let mut at = at.to_vec();
            at.extend(path.iter().map(|name| key(name)));
            self.problem(Code::UnknownArgument, &at, message);
        }
        for (path, message) in unfit_members(arguments, &action.input) {
            let mut at = at.to_vec();
            at.extend(path.iter().map(|name| key(name)));
            self.problem(Code::ArgumentType, &at, message);
        }
    }

    fn answers(&mut self) {
        let scenario = self.scenario;
        if self.open {
            return;
        }
        for id in scenario.answers.people.keys() {
            let at = [key("answers"), key(id)];
            let asked = |path: &String| {
                let action = self
                    .checked
                    .steps
                    .get(path)
                    .and_then(|step| step.action.as_ref());
                action.is_some_and(|action| action.name.starts_with("human:"))
            };
            let steps: Vec<&String> = self.steps(id);
            if steps.is_empty() {
                self.unknown_step(&at, id);
            } else if !steps.into_iter().any(asked) {
                let message = format!("`{id}` asks nobody, so nothing is to be answered");
                self.problem(Code::ScenarioExpectation, &at, message);
            }
        }
        if let Approve::Steps(steps) = &scenario.answers.approve {
            for (position, id) in steps.iter().enumerate() {
                if self.steps(id).is_empty() {
                    let at = [key("answers"), key("approve"), Segment::Index(position)];
                    self.unknown_step(&at, id);
                }
            }
        }
    }

    /// The steps that an id names, alone or with the graph and block before it.
    fn steps(&self, id: &str) -> Vec<&String> {
        let named = |path: &&String| {
            *path == id
                || path
                    .strip_suffix(id)
                    .is_some_and(|before| before.ends_with('.'))
        };
        self.checked.steps.keys().filter(named).collect()
    }

    fn unknown_step(&mut self, at: &[Segment], id: &str) {
        let mut ends: Vec<String> = self
            .checked
            .steps
            .keys()
            .filter_map(|path| path.rsplit('.').next())
            .map(str::to_owned)
            .collect();
        ends.sort();
        ends.dedup();
        let full: Vec<&str> = self.checked.steps.keys().map(String::as_str).collect();
        let known: Vec<&str> = if id.contains('.') {
            full
        } else {
            ends.iter().map(String::as_str).collect()
        };
        let what = format!("the playbook has no step `{id}`");
        self.unknown(Code::ScenarioExpectation, at, what, id, known);
    }

    fn expectations(&mut self) {
        self.expectation("expect", &self.scenario.expect);
        if let Some(undo) = &self.scenario.undo {
            self.expectation("undo", undo);
        }
    }

    fn expectation(&mut self, member: &str, expect: &Expectation) {
        let words = [
            ("verdict", &expect.verdict, VERDICTS.as_slice()),
            ("reason", &expect.reason, REASONS.as_slice()),
        ];
        for (name, word, known) in words {
            let Some(word) = word else { continue };
            let at = [key(member), key(name)];
            if !known.contains(&word.as_str()) {
                let what = format!("there is no {name} `{word}`");
                self.unknown(
                    Code::ScenarioExpectation,
                    &at,
                    what,
                    word,
                    known.iter().copied(),
                );
            } else if name == "verdict" {
                self.verdict(&at, word);
            }
        }
        for cause in expect.causes.iter().flatten() {
            if !self.checked.causes.contains_key(cause) {
                let at = [key(member), key("causes")];
                let known: Vec<&str> = self.checked.causes.keys().map(String::as_str).collect();
                let what = format!("no step finds the cause `{cause}`");
                self.unknown(Code::ScenarioExpectation, &at, what, cause, known);
            }
        }
        for (id, status) in &expect.steps {
            let at = [key(member), key("steps"), key(id)];
            if self.steps(id).is_empty() && !self.open {
                self.unknown_step(&at, id);
            }
            if !STATUSES.contains(&status.as_str()) {
                let what = format!("no step ends `{status}`");
                self.unknown(Code::ScenarioExpectation, &at, what, status, STATUSES);
            }
        }
        for id in expect.holds.keys() {
            let at = [key(member), key("holds"), key(id)];
            let steps = self.steps(id);
            if steps.is_empty() && !self.open {
                self.unknown_step(&at, id);
            } else if !steps.is_empty() && !steps.iter().any(|path| self.claims(path)) {
                let message = format!("`{id}` claims nothing: it has no `assert` and no `causes`");
                self.problem(Code::ScenarioExpectation, &at, message);
            }
        }
        let outputs = expect.outputs.as_ref().and_then(Json::as_object);
        for name in outputs.into_iter().flatten().map(|(name, _)| name) {
            let known: Vec<String> = self
                .checked
                .playbook
                .outputs
                .iter()
                .map(|(name, _)| name.value.clone())
                .collect();
            if !known.contains(name) {
                let at = [key(member), key("outputs"), key(name)];
                let what = format!("the playbook has no output `{name}`");
                let known = known.iter().map(String::as_str);
                self.unknown(Code::ScenarioExpectation, &at, what, name, known);
            }
        }
        for (name, calls) in [("writes", &expect.writes), ("calls", &expect.calls)] {
            for (position, call) in calls.iter().flatten().enumerate() {
                let at = [key(member), key(name), Segment::Index(position)];
                self.expected_call(&at, call, name == "writes");
            }
        }
    }

    /// Health checks are healthy or not, and nothing else is.
    fn verdict(&mut self, at: &[Segment], word: &str) {
        let check = self.checked.playbook.check.is_some();
        let of_check = matches!(word, "healthy" | "unhealthy");
        let of_both = matches!(word, "failed" | "aborted" | "paused");
        if of_both || of_check == check {
            return;
        }
        let message = if check {
            format!("a health check never ends `{word}`; it is healthy, unhealthy or failed")
        } else {
            format!("only a playbook with `check` ends `{word}`")
        };
        self.problem(Code::ScenarioExpectation, at, message);
    }

    fn claims(&self, path: &str) -> bool {
        step_at(self.checked, path)
            .is_none_or(|step| !step.assert.is_empty() || !step.causes.is_empty())
    }

    fn expected_call(&mut self, at: &[Segment], call: &ExpectedCall, write: bool) {
        let Some(action) = self.called.get(&call.action).cloned() else {
            if !self.answers_inside(&call.action) {
                let known: Vec<String> = self.called.keys().cloned().collect();
                let what = format!("the playbook never calls `{}`", call.action);
                let known = known.iter().map(String::as_str);
                self.unknown(Code::ScenarioExpectation, at, what, &call.action, known);
            }
            return;
        };
        let may_write = action.effects.iter().any(|effect| *effect != Effect::Read)
            || !action.effects_by_member.is_empty();
        if write && !may_write {
            let message = format!(
                "`{}` only reads, so it is never among the writes; `calls` has all calls",
                call.action
            );
            self.problem(Code::ScenarioExpectation, at, message);
        }
        let mut at = at.to_vec();
        at.push(key(&call.action));
        self.arguments(&at, &call.arguments, &action);
    }
}

/// Whether an entry answers every call that another one does, for ever.
fn hides(entry: &Entry, other: &Entry) -> bool {
    let all = |needed: &[String], given: &[String]| needed.iter().all(|flag| given.contains(flag));
    let arguments = match (&entry.with, &other.with) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wanted), Some(actual)) => fits(wanted, actual),
    };
    entry.times.is_none()
        && arguments
        && all(&entry.when, &other.when)
        && all(&entry.unless, &other.unless)
}

/// Members that a structure does not have, with the way to them.
fn unknown_members(arguments: &Json, ty: &Type) -> Vec<(Vec<String>, String)> {
    let (Json::Object(members), Type::Structure(structure)) = (arguments, ty.present()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, value) in members {
        if let Some(member) = structure.member(name) {
            for (mut path, message) in unknown_members(value, &member.ty) {
                path.insert(0, name.clone());
                found.push((path, message));
            }
            continue;
        }
        let names = structure.member_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let help = nearest(name, &names)
            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        let message = format!("{} has no member `{name}`{help}", structure.name());
        found.push((vec![name.clone()], message));
    }
    found
}

/// Members whose values no call can have, with the way to them. What is missing, and `null`, which says that nothing is there,
/// are fine.
fn unfit_members(arguments: &Json, ty: &Type) -> Vec<(Vec<String>, String)> {
    let (Json::Object(members), Type::Structure(structure)) = (arguments, ty.present()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (name, value) in members {
        let Some(member) = structure.member(name).filter(|_| !value.is_null()) else {
            continue;
        };
        let below = match (member.ty.present(), value) {
            (Type::Structure(_), Json::Object(_)) => unfit_members(value, &member.ty),
            // A document in a text is compared as what it holds.
            (Type::Text(_), Json::Object(_) | Json::Array(_)) => Vec::new(),
            (ty, value) => validate_output(ty, value)
                .into_iter()
                .map(|problem| (Vec::new(), problem.to_string()))
                .collect(),
        };
        for (mut path, message) in below {
            path.insert(0, name.clone());
            found.push((path, message));
        }
    }
    found
}

/// The step at a path; nothing for those that hang below a step in another way than by `steps`.
fn step_at<'c>(checked: &'c Checked, path: &str) -> Option<&'c Step> {
    use runbook_playbook::syntax::step::Work;
    let mut names = path.split('.');
    let playbook = &checked.playbook;
    let graph = match names.next()? {
        "check" => playbook.check.as_ref(),
        "symptom" => playbook.symptom.as_ref(),
        "diagnose" => playbook.diagnose.as_ref(),
        "resolve" => playbook.resolve.as_ref(),
        _ => None,
    }?;
    let mut steps = &graph.steps;
    let mut found = None;
    for name in names {
        let step = steps.iter().find(|step| step.id.value == name)?;
        if let Work::Block { steps: inner, .. } = &step.work {
            steps = inner;
        }
        found = Some(step);
    }
    found
}

/// The word that was probably meant.
fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    known
        .iter()
        .map(|name| {
            if name.starts_with(word) && word.len() > 3 {
                (1, *name)
            } else {
                (strsim::damerau_levenshtein(word, name), *name)
            }
        })
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4 && *distance < name.len())
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
#[path = "against_tests.rs"]
mod tests;
