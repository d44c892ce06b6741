//! Steps that can never run, and causes that can never be found.

use super::certain::{Certainty, Facts, decide};
use super::index::{Index, StepId};
use super::names::{Meaning, Offer, Viewpoint};
use super::never;
use super::order::{Order, Resolved};
use super::problems::Problems;
use super::types::Types;
use super::uses::Moment;
use crate::diagnostic::Code;
use crate::span::Span;
use std::collections::{BTreeSet, HashMap, HashSet};

/// How many conditions are looked at together.
const MAX_CONDITIONS: usize = 32;

/// What is known of every step before a run.
pub(super) struct Reach<'a, 't> {
    pub(super) index: &'t Index<'a>,
    pub(super) types: &'t Types<'a>,
    /// For each step those whose values it needs, and where it says so.
    values: HashMap<StepId, Vec<(StepId, Span)>>,
    /// Steps that never run, with the place that says so.
    never: HashMap<StepId, Span>,
    /// For each step those whose `when` must have been true for it to run, itself included.
    conditions: HashMap<StepId, BTreeSet<StepId>>,
    /// Causes that some finder may find.
    findable: HashSet<&'a str>,
    /// All finders have been looked at.
    settled: bool,
    visited: HashSet<StepId>,
}

/// Says which steps never run, and which conditions are never true or never false.
pub(super) fn check(
    index: &Index<'_>,
    types: &Types<'_>,
    order: &Order,
    resolved: &[Resolved],
    problems: &mut Problems,
) {
    let mut values: HashMap<StepId, Vec<(StepId, Span)>> = HashMap::new();
    for name in resolved {
        if let Meaning::Step(on, Offer::Value(_)) = name.meaning {
            values.entry(name.from).or_default().push((on, name.span));
        }
    }
    let mut reach = Reach {
        index,
        types,
        values,
        never: HashMap::new(),
        conditions: HashMap::new(),
        findable: HashSet::new(),
        settled: false,
        visited: HashSet::new(),
    };
    let mut steps = order.sequence.clone();
    steps.sort_by_key(|id| index.group_of(*id).stage);
    let diagnosed = super::index::Stage::Diagnose;
    for id in steps {
        if index.group_of(id).stage > diagnosed {
            reach.settled = true;
        }
        reach.visit(id, problems);
    }
    reach.levels(problems);
}

impl Reach<'_, '_> {
    /// Looks at a step after those that it stands in and those whose values it needs. Without recursion: a chain may be as
    /// long as the file.
    fn visit(&mut self, id: StepId, problems: &mut Problems) {
        let mut open = vec![(id, false)];
        while let Some((id, ready)) = open.pop() {
            if ready {
                self.step(id, problems);
            } else if self.visited.insert(id) {
                open.push((id, true));
                let outer = self.index.chain(id).into_iter().skip(1);
                let needed = self.values(id).iter().map(|(on, _)| *on);
                let before = outer.map(|(_, outer)| outer).chain(needed);
                open.extend(before.map(|before| (before, false)));
            }
        }
    }

    /// The steps whose values a step needs, and where it says so.
    fn values(&self, id: StepId) -> &[(StepId, Span)] {
        self.values.get(&id).map_or(&[], Vec::as_slice)
    }

    fn step(&mut self, id: StepId, problems: &mut Problems) {
        let entry = self.index.entry(id);
        let mut conditions = BTreeSet::from([id]);
        let mut cause: Option<Span> = None;
        for (_, outer) in self.index.chain(id).into_iter().skip(1) {
            conditions.extend(self.conditions.get(&outer).into_iter().flatten());
            cause = cause.or_else(|| self.never.get(&outer).copied());
        }
        if let Some(cause) = cause {
            // Of what stands in a block that never runs, the block has said enough.
            self.never.insert(id, cause);
            return;
        }
        let reads = self.values(id);
        let unread = reads
            .iter()
            .find_map(|(on, span)| Some((*span, *on, *self.never.get(on)?)));
        for (on, _) in reads {
            conditions.extend(self.conditions.get(on).into_iter().flatten());
        }
        conditions.remove(&id);
        // What is not looked at is not known, which is never wrong.
        while conditions.len() > MAX_CONDITIONS {
            conditions.pop_last();
        }
        let facts = self.facts(&conditions);
        let name = &entry.step.id.value;
        let problem = if let Some((span, on, cause)) = unread {
            let other = &self.index.entry(on).step.id.value;
            let message = format!(
                "the step `{name}` never runs: it needs a value of `{other}`, which never runs"
            );
            Some((
                span,
                problems
                    .error(Code::UnreachableStep, span, message)
                    .also(cause, format!("`{other}` never runs for this"))
                    .help("delete the step, or mend what keeps the other from running"),
            ))
        } else if let Some(when) = &entry.step.when
            && decide(&when.root, &facts, &self.scope(id, Moment::Start)) == Certainty::Never
        {
            let message = format!("the step `{name}` never runs: its condition is never true");
            let mut problem = problems.error(Code::UnreachableStep, when.span, message);
            for other in &conditions {
                if let Some(other) = &self.index.entry(*other).step.when {
                    problem = problem.also(other.span, "this is true where it is asked");
                }
            }
            Some((
                when.span,
                problem.help("mend the condition, or delete the step"),
            ))
        } else {
            self.remedy(id, problems)
        };
        if let Some((span, problem)) = problem {
            problems.push(problem);
            self.never.insert(id, span);
            return;
        }
        conditions.insert(id);
        let mut facts = self.facts(&conditions);
        self.conditions.insert(id, conditions);
        let each = entry.step.each.as_ref();
        if let Some(condition) = each.and_then(|each| each.condition.as_ref()) {
            let scope = self.scope(id, Moment::Element);
            never::element(condition, &facts, &scope, problems);
            facts.assume(&condition.root, true, &scope);
        }
        let found = never::of_step(self, id, &facts, problems);
        self.findable.extend(found);
    }

    /// A remedy runs only for causes that can be found.
    fn remedy(
        &self,
        id: StepId,
        problems: &Problems,
    ) -> Option<(Span, crate::diagnostic::Diagnostic)> {
        let causes = &self.index.entry(id).step.for_causes;
        let first = causes.first()?;
        let last = causes.last()?;
        let dead = causes.iter().all(|cause| {
            self.index.causes().contains(cause.value.as_str())
                && !self.findable.contains(cause.value.as_str())
        });
        if !dead {
            return None;
        }
        let span = Span::new(first.span.start, last.span.end);
        let name = &self.index.entry(id).step.id.value;
        let message = format!("the step `{name}` never runs: no step can find what it is for");
        let mut problem = problems.error(Code::UnreachableStep, span, message);
        for cause in causes {
            for finder in self.index.finders(cause) {
                let finder = self.index.entry(finder).step;
                let found = finder
                    .causes
                    .iter()
                    .find(|found| found.name.value == cause.value);
                if let Some(found) = found {
                    problem = problem.also(found.name.span, "never found here");
                }
            }
        }
        Some((
            span,
            problem.help("mend what finds the cause, or delete the remedy"),
        ))
    }

    /// What is known when the conditions of these steps have been true. Names that mean something else elsewhere are left
    /// out.
    fn facts(&self, conditions: &BTreeSet<StepId>) -> Facts {
        let mut facts = Facts::default();
        for id in conditions {
            if let Some(when) = &self.index.entry(*id).step.when {
                facts.assume(&when.root, true, &self.scope(*id, Moment::Start));
            }
        }
        facts.keep_global();
        if self.settled {
            for cause in self.index.causes() {
                if !self.findable.contains(cause) {
                    facts.is_false(format!("cause.{cause}"));
                }
            }
        }
        facts
    }

    /// Levels of escalation that are told when something is true.
    fn levels(&self, problems: &mut Problems) {
        let escalate = self.index.playbook.escalate.iter();
        let levels = escalate.flat_map(|escalate| &escalate.levels);
        let facts = self.facts(&BTreeSet::new());
        let scope = self.types.from(Viewpoint::Escalate);
        for when in levels.filter_map(|level| level.when.as_ref()) {
            never::condition(when, &facts, &scope, problems);
        }
    }

    pub(super) fn scope(&self, id: StepId, moment: Moment) -> super::types::NameTypes<'_, '_> {
        self.types.from(Viewpoint::Step(id, moment))
    }
}
