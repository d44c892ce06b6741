//! What a name means where it stands.

use super::index::{Index, Part, Stage, StepId};
use super::problems::{Problems, helped, suggestion};
use super::reference::Reference;
use super::uses::Moment;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::step::Work;

/// Members of `run`.
pub(super) const RUN: [&str; 11] = [
    "id",
    "started",
    "changed",
    "playbook",
    "title",
    "verdict",
    "reason",
    "explanation",
    "causes",
    "changes",
    "report",
];
/// Members of `run` that are there only when the run has ended.
const RUN_AT_THE_END: [&str; 6] = [
    "verdict",
    "reason",
    "explanation",
    "causes",
    "changes",
    "report",
];
/// Names that only `escalate` has: the level that is told, and the contacts.
const ESCALATING: [&str; 2] = ["level", "contacts"];
/// Members of `target`.
pub(super) const TARGET: [&str; 3] = ["account", "region", "partition"];
/// What a step offers beside its captures.
const OFFERS: [&str; 5] = ["holds", "status", "error", "truncated", "captures"];
/// Tests of how a step ended, which need no value of it.
const ENDINGS: [&str; 6] = ["done", "skipped", "failed", "blocked", "undone", "unknown"];

/// From where a name is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Viewpoint {
    /// From the input with this position.
    Input(usize),
    /// From what is the same for a whole run: `defaults`, `reaches`, `guards`.
    Playbook,
    /// From a step.
    Step(StepId, Moment),
    /// From `outputs`, when the run has ended.
    Ended,
    /// From `escalate`, when the run has ended or goes on for long.
    Escalate,
}

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An input, by position.
    Input(usize),
    /// Something of the step itself, or of the step that it undoes.
    Local,
    /// What another step offers.
    Step(StepId, Offer),
    /// Whether a cause was found.
    Cause(String),
    /// `now`, `run`, `target`.
    Builtin,
}

/// What is wanted of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offer {
    /// A capture, by position: the step must have been done.
    Value(usize),
    /// How it ended or whether it holds: any end will do.
    State,
    /// Whether its result was cut.
    Truncated,
}

/// Finds the meaning of a name, or says why it has none.
pub(super) fn resolve(
    index: &Index<'_>,
    problems: &mut Problems,
    from: Viewpoint,
    reference: &Reference,
) -> Option<Meaning> {
    let resolver = Resolver {
        index,
        problems,
        from,
        reference,
    };
    match resolver.resolve() {
        Ok(meaning) => Some(meaning),
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

/// The names of its own that a step sees: its results, its captures, its element, and those of the step that it undoes
/// or of the block that repeats it.
pub(super) fn locals<'a>(index: &Index<'a>, step: StepId, moment: Moment) -> Vec<&'a str> {
    let own = index.entry(step).step;
    let mut names = Vec::new();
    if moment != Moment::Start
        && let Some(each) = &own.each
    {
        names.push(each.name.value.as_str());
    }
    if !matches!(moment, Moment::Start | Moment::Element) && own.before.is_some() {
        names.push("before");
    }
    let captures = match moment {
        Moment::Start | Moment::Element | Moment::Call => None,
        Moment::Capture(count) => Some(count),
        Moment::Cause(_) | Moment::End => Some(own.capture.len()),
    };
    if let Some(captures) = captures {
        if matches!(own.work, Work::Action(_)) {
            names.extend(["result", "error"]);
        }
        let kept = own.capture.iter().take(captures);
        names.extend(kept.map(|capture| capture.name.value.as_str()));
    }
    for (group, _) in index.chain(step) {
        let group = index.group(group);
        let Some(owner) = group.owner.map(|owner| index.entry(owner).step) else {
            continue;
        };
        names.extend(owner.each.iter().map(|each| each.name.value.as_str()));
        if group.part == Part::Undo {
            if owner.before.is_some() {
                names.push("before");
            }
            let kept = owner.capture.iter();
            names.extend(kept.map(|capture| capture.name.value.as_str()));
        }
    }
    names
}

/// The steps that a step can name by their id alone.
pub(super) fn neighbours(index: &Index<'_>, step: StepId) -> Vec<StepId> {
    let mut visible = Vec::new();
    for (group, _) in index.chain(step) {
        let group = index.group(group);
        visible.extend(&group.members);
        if group.part == Part::Finally
            && let Some(steps) = group.owner.and_then(|owner| index.entry(owner).steps)
        {
            visible.extend(&index.group(steps).members);
        }
    }
    visible
}

struct Resolver<'r, 'a> {
    index: &'r Index<'a>,
    problems: &'r Problems,
    from: Viewpoint,
    reference: &'r Reference,
}

type Resolved = Result<Meaning, Box<Diagnostic>>;

impl Resolver<'_, '_> {
    fn error(&self, code: Code, at: usize, message: String) -> Diagnostic {
        self.problems
            .error(code, self.reference.span_to(at), message)
    }

    fn resolve(&self) -> Resolved {
        let name = self.reference.name(0).unwrap_or_default();
        if let Viewpoint::Step(step, moment) = self.from {
            if locals(self.index, step, moment).contains(&name) {
                return Ok(Meaning::Local);
            }
            if locals(self.index, step, Moment::End).contains(&name) {
                let message = format!("`{name}` is not there yet at this point of the step");
                return Err(Box::new(
                    self.error(Code::ForwardReference, 0, message).help(
                        "results and captures are there in `capture`, `require`, `assert`, `causes`, `until`, `show` and `undo`; \
                         the element of `each` is there in everything but `when`; for some of the elements there is \
                         `each: {in: …, as: …, if: …}`",
                    ),
                ));
            }
        }
        match name {
            "inputs" => return self.input(),
            "now" => return Ok(Meaning::Builtin),
            "run" if self.run_is_known() => return self.run(),
            "target" if self.run_is_known() => return self.builtin(&TARGET),
            "cause" if self.run_is_known() => return self.cause(),
            "level" if self.escalates() => return Ok(Meaning::Builtin),
            "contacts" if self.escalates() => return self.contact(),
            "result" | "error" | "before" if matches!(self.from, Viewpoint::Step(..)) => {
                return Err(Box::new(self.no_result(name)));
            }
            _ => {}
        }
        if let Some(stage) = Stage::ALL.into_iter().find(|stage| stage.as_str() == name) {
            return self.graph(stage);
        }
        if let Viewpoint::Step(step, _) = self.from {
            let neighbours = neighbours(self.index, step);
            let named = |id: &&StepId| self.index.entry(**id).step.id.value == name;
            if let Some(found) = neighbours.iter().find(named) {
                return self.offer(*found, 1);
            }
        }
        Err(Box::new(self.unknown(name)))
    }

    /// Inputs are resolved before there is a run.
    fn run_is_known(&self) -> bool {
        !matches!(self.from, Viewpoint::Input(_))
    }

    /// The name stands in a step of `escalate`, or beside them.
    fn escalates(&self) -> bool {
        match self.from {
            Viewpoint::Step(step, _) => self.index.group_of(step).stage >= Stage::Gather,
            Viewpoint::Escalate => true,
            Viewpoint::Ended | Viewpoint::Playbook | Viewpoint::Input(_) => false,
        }
    }

    fn contact(&self) -> Resolved {
        let contacts = self.index.playbook.escalate.iter();
        let names: Vec<&str> = contacts
            .flat_map(|escalate| &escalate.contacts)
            .map(|(name, _)| name.value.as_str())
            .collect();
        self.builtin(&names)
    }

    fn no_result(&self, name: &str) -> Diagnostic {
        let (message, help) = if name == "before" {
            (
                "this step has no `before`".to_owned(),
                "add `before: {action: …}` to the step",
            )
        } else {
            (
                format!("this step calls no action, so it has no `{name}`"),
                "look at what other steps captured",
            )
        };
        self.error(Code::UnknownName, 0, message).help(help)
    }

    fn bare(&self, example: &str) -> Diagnostic {
        let name = self.reference.name(0).unwrap_or_default();
        self.error(
            Code::ExpressionType,
            0,
            format!("`{name}` is a group of names and no value"),
        )
        .help(format!("write for example `{example}`"))
    }

    fn input(&self) -> Resolved {
        let inputs = &self.index.playbook.inputs;
        let Some(name) = self.reference.name(1) else {
            return Err(Box::new(self.bare("inputs.environment")));
        };
        let names = || inputs.iter().map(|input| input.name.value.as_str());
        let Some(at) = names().position(|input| input == name) else {
            let mut problem =
                self.error(Code::UnknownName, 1, format!("there is no input `{name}`"));
            problem = helped(problem, suggestion(name, names()));
            return Err(Box::new(problem));
        };
        match self.from {
            Viewpoint::Input(own) if at >= own => Err(Box::new(
                self.error(
                    Code::ForwardReference,
                    1,
                    format!("the input `{name}` has no value yet when this default is read"),
                )
                .help("a default may use inputs that stand above it"),
            )),
            _ => Ok(Meaning::Input(at)),
        }
    }

    fn builtin(&self, members: &[&str]) -> Resolved {
        let root = self.reference.name(0).unwrap_or_default();
        let Some(name) = self.reference.name(1) else {
            let first = members.first().copied().unwrap_or_default();
            return Err(Box::new(self.bare(&format!("{root}.{first}"))));
        };
        if members.contains(&name) {
            return Ok(Meaning::Builtin);
        }
        let mut problem = self.error(
            Code::UnknownName,
            1,
            format!("`{root}` has no member `{name}`"),
        );
        problem = helped(problem, suggestion(name, members.iter().copied()));
        Err(Box::new(problem))
    }

    fn run(&self) -> Resolved {
        let meaning = self.builtin(&RUN)?;
        let name = self.reference.name(1).unwrap_or_default();
        let ended = match self.from {
            Viewpoint::Ended | Viewpoint::Escalate => true,
            Viewpoint::Step(step, _) => self.index.group_of(step).stage >= Stage::Gather,
            Viewpoint::Playbook | Viewpoint::Input(_) => false,
        };
        if RUN_AT_THE_END.contains(&name) && !ended {
            return Err(Box::new(
                self.error(
                    Code::ForwardReference,
                    1,
                    format!("`run.{name}` is known only when the run has ended"),
                )
                .help("it can be used in `escalate` and `outputs`"),
            ));
        }
        Ok(meaning)
    }

    fn cause(&self) -> Resolved {
        let causes = self.index.causes();
        let Some(name) = self.reference.name(1) else {
            return Err(Box::new(self.bare("cause.out_of_memory")));
        };
        if !causes.contains(name) {
            let mut problem = self.error(
                Code::UnknownCause,
                1,
                format!("no step finds the cause `{name}`"),
            );
            problem = helped(problem, suggestion(name, causes.iter().copied()));
            return Err(Box::new(problem));
        }
        self.earlier(Stage::Diagnose, &format!("cause.{name}"), 1)?;
        Ok(Meaning::Cause(name.to_owned()))
    }

    /// Whether a stage can have begun where the name stands.
    fn earlier(&self, stage: Stage, what: &str, at: usize) -> Result<(), Box<Diagnostic>> {
        let here = match self.from {
            Viewpoint::Ended | Viewpoint::Escalate => return Ok(()),
            Viewpoint::Step(step, _) => Some(self.index.group_of(step).stage),
            Viewpoint::Playbook | Viewpoint::Input(_) => None,
        };
        if here.is_some_and(|here| stage <= here) {
            return Ok(());
        }
        let place = here.map_or("here", Stage::as_str);
        let message = if here.is_some() {
            format!("`{what}` belongs to a graph that runs after `{place}`")
        } else {
            format!("`{what}` cannot have run where this is read")
        };
        Err(Box::new(
            self.error(Code::ForwardReference, at, message).help(
                "references go back: to earlier graphs, and to earlier steps of the same graph",
            ),
        ))
    }

    /// `symptom.S`, `resolve.block.S`
    fn graph(&self, stage: Stage) -> Resolved {
        let root = stage.as_str();
        let Some(graph) = self.index.graph(stage) else {
            return Err(Box::new(self.error(
                Code::UnknownName,
                0,
                format!("this playbook has no `{root}` steps"),
            )));
        };
        self.earlier(stage, root, 0)?;
        let mut group = graph;
        let mut at = 1;
        loop {
            let Some(name) = self.reference.name(at) else {
                return Err(Box::new(self.bare(&format!("{root}.STEP.CAPTURE"))));
            };
            let Some(found) = self.index.member(group, name) else {
                let ids = self.index.group(group).members.iter();
                let ids = ids.map(|id| self.index.entry(*id).step.id.value.as_str());
                let mut problem = self.error(
                    Code::UnknownName,
                    at,
                    format!("`{root}` has no step `{name}`"),
                );
                problem = helped(problem, suggestion(name, ids));
                return Err(Box::new(problem));
            };
            at += 1;
            match (self.index.entry(found).steps, self.reference.name(at)) {
                (Some(inner), Some(next)) if self.index.member(inner, next).is_some() => {
                    group = inner;
                }
                _ => return self.offer(found, at),
            }
        }
    }

    /// What is wanted of a step; `at` is the position of the member.
    fn offer(&self, step: StepId, at: usize) -> Resolved {
        let entry = self.index.entry(step);
        let id = &entry.step.id.value;
        let Some(member) = self.reference.name(at) else {
            let tested = self.reference.tested.as_deref();
            if tested.is_some_and(|test| ENDINGS.contains(&test)) {
                return Ok(Meaning::Step(step, Offer::State));
            }
            let example = entry.step.capture.first().map_or_else(
                || format!("{id}.status"),
                |capture| format!("{id}.{}", capture.name.value),
            );
            return Err(Box::new(
                self.error(
                    Code::ExpressionType,
                    at.saturating_sub(1),
                    format!("the step `{id}` is no value"),
                )
                .help(format!("name what it offers, for example `{example}`")),
            ));
        };
        let captures = &entry.step.capture;
        if let Some(at) = captures
            .iter()
            .position(|capture| capture.name.value == member)
        {
            return Ok(Meaning::Step(step, Offer::Value(at)));
        }
        match member {
            "status" => return Ok(Meaning::Step(step, Offer::State)),
            "holds" if entry.claims() => return Ok(Meaning::Step(step, Offer::State)),
            "truncated" => return Ok(Meaning::Step(step, Offer::Truncated)),
            "error" => return self.error_member(step, at),
            _ => {}
        }
        Err(Box::new(self.unknown_member(step, member, at)))
    }

    fn error_member(&self, step: StepId, at: usize) -> Resolved {
        match self.reference.name(at + 1) {
            Some("code" | "message") => Ok(Meaning::Step(step, Offer::State)),
            None if self.reference.tested.is_some() => Ok(Meaning::Step(step, Offer::State)),
            other => {
                let id = &self.index.entry(step).step.id.value;
                let message = other.map_or_else(
                    || format!("the error of `{id}` is no value"),
                    |name| format!("the error of a step has no member `{name}`"),
                );
                Err(Box::new(
                    self.error(Code::UnknownMember, at + 1, message)
                        .help(format!("write `{id}.error.code` or `{id}.error.message`")),
                ))
            }
        }
    }

    fn unknown_member(&self, step: StepId, member: &str, at: usize) -> Diagnostic {
        let entry = self.index.entry(step);
        let id = &entry.step.id.value;
        let problem = self.error(
            Code::UnknownMember,
            at,
            format!("the step `{id}` offers no `{member}`"),
        );
        if member == "holds" {
            return problem
                .help(format!(
                    "`{id}` claims nothing; give it `assert`, or use what it captures"
                ))
                .also(entry.step.id.span, "a lookup, without `assert` or `causes`");
        }
        if entry
            .steps
            .and_then(|inner| self.index.member(inner, member))
            .is_some()
        {
            return problem.help(format!("write `{}.{member}.…`", entry.path));
        }
        if member == "result" {
            return problem.help(format!(
                "a raw result stays inside its step; add a capture to `{id}` and name that"
            ));
        }
        let captures = entry.step.capture.iter();
        let offers = captures.map(|capture| capture.name.value.as_str()).chain(
            OFFERS
                .into_iter()
                .filter(|offer| *offer != "captures" && (*offer != "holds" || entry.claims())),
        );
        let mut problem = problem.also(entry.step.id.span, "this step");
        problem = helped(problem, suggestion(member, offers));
        problem
    }

    fn unknown(&self, name: &str) -> Diagnostic {
        let mut problem = self.error(
            Code::UnknownName,
            0,
            format!("nothing here is called `{name}`"),
        );
        if let Some(meant) = self.elsewhere(name) {
            return problem.help(format!("did you mean `{meant}`?"));
        }
        let mut candidates: Vec<&str> = Vec::new();
        if let Viewpoint::Step(step, moment) = self.from {
            candidates.extend(locals(self.index, step, moment));
            let steps = neighbours(self.index, step);
            candidates.extend(
                steps
                    .into_iter()
                    .filter(|other| *other != step)
                    .map(|other| self.index.entry(other).step.id.value.as_str()),
            );
        }
        candidates.extend(["inputs", "now"]);
        if self.run_is_known() {
            candidates.extend(["run", "target", "cause"]);
            if self.escalates() {
                candidates.extend(ESCALATING);
            }
            for stage in Stage::ALL {
                if self.index.graph(stage).is_some() {
                    candidates.push(stage.as_str());
                }
            }
        }
        problem = helped(problem, suggestion(name, candidates));
        problem
    }

    /// The full name of something that exists under this name but is not visible by it.
    fn elsewhere(&self, name: &str) -> Option<String> {
        let inputs = &self.index.playbook.inputs;
        if inputs.iter().any(|input| input.name.value == name) {
            return Some(format!("inputs.{name}"));
        }
        if !self.run_is_known() {
            return None;
        }
        if self.index.causes().contains(name) {
            return Some(format!("cause.{name}"));
        }
        if let Viewpoint::Step(step, _) = self.from {
            let beside = neighbours(self.index, step).into_iter();
            let capturing = beside
                .filter(|other| *other != step)
                .map(|other| self.index.entry(other).step)
                .find(|other| other.capture.iter().any(|kept| kept.name.value == name));
            if let Some(other) = capturing {
                return Some(format!("{}.{name}", other.id.value));
            }
        }
        let named = |id: &StepId| self.index.entry(*id).step.id.value == name;
        let from_outside = |id: &StepId| {
            self.index.chain(*id).iter().all(|(group, _)| {
                matches!(self.index.group(*group).part, Part::Graph | Part::Steps)
            })
        };
        let mut steps = 0..self.index.steps.len();
        let found = steps.find(|id| named(id) && from_outside(id))?;
        Some(self.index.entry(found).path.clone())
    }
}
