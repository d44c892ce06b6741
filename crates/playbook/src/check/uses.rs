//! Everything in a step that can name things, with what has happened by then.

use super::reference::Written;
use crate::span::Spanned;
use crate::syntax::approve::Approve;
use crate::syntax::assertion::{Assertion, Predicate, Subject};
use crate::syntax::capture::CaptureFrom;
use crate::syntax::step::{Call, Sensitive, Show, Step, Work};

/// What of its own a step can already see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before it is known whether it runs: nothing.
    Start,
    /// Once for each element, before anything is read: the element.
    Element,
    /// When its call is made: the element and `before`.
    Call,
    /// While results are kept: `result` and `error` too, and so many captures.
    Capture(usize),
    /// When all is there, and so many causes of the step have been looked for.
    Cause(usize),
    /// When all is there.
    End,
}

/// One use of names in a step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use<'a> {
    pub(super) moment: Moment,
    pub(super) written: Written<'a>,
    /// It is an argument of a call, where a secret may enter.
    pub(super) argument: bool,
}

/// All uses of names in a step, in no particular order. Steps below it are not looked into.
pub(super) fn of_step(step: &Step) -> Vec<Use<'_>> {
    let mut uses = Uses(Vec::new());
    if let Some(when) = &step.when {
        uses.add(Moment::Start, Written::Expression(when));
    }
    if let Some(each) = &step.each {
        uses.add(Moment::Start, Written::Expression(&each.list));
        if let Some(condition) = &each.condition {
            uses.add(Moment::Element, Written::Expression(condition));
        }
    }
    if let Some(target) = &step.target {
        for part in [&target.region, &target.account, &target.role]
            .into_iter()
            .flatten()
        {
            uses.add(Moment::Element, Written::Data(part));
        }
    }
    if let Work::Action(call) = &step.work {
        uses.call(Moment::Call, call);
    }
    if let Some(before) = &step.before {
        uses.call(Moment::Element, &before.call);
        if let Some(path) = &before.path {
            uses.add(Moment::Element, Written::Path(path));
        }
    }
    if let Approve::People(people) = &step.approve
        && let Some(prompt) = &people.prompt
    {
        uses.add(Moment::Call, Written::Data(prompt));
    }
    for (at, capture) in step.capture.iter().enumerate() {
        let moment = Moment::Capture(at);
        match &capture.from {
            CaptureFrom::Path(path) => uses.add(moment, Written::Path(path)),
            CaptureFrom::Expression(expression) => {
                uses.add(moment, Written::Expression(expression));
            }
        }
        if let Some(default) = &capture.default {
            uses.add(moment, Written::Data(default));
        }
    }
    let until = step.until.iter().flat_map(|until| &until.assertions);
    for assertion in step.require.iter().chain(&step.assert).chain(until) {
        uses.assertion(Moment::End, assertion);
    }
    for (at, finder) in step.causes.iter().enumerate() {
        for assertion in &finder.assertions {
            uses.assertion(Moment::Cause(at), assertion);
        }
    }
    if let Some(Sensitive::Paths(paths)) = &step.sensitive {
        for path in paths {
            uses.add(Moment::End, Written::Path(path));
        }
    }
    match &step.show {
        Some(Show::Chart { series, threshold }) => {
            uses.add(Moment::End, Written::Expression(series));
            if let Some(threshold) = threshold {
                uses.add(Moment::End, Written::Data(threshold));
            }
        }
        Some(Show::Table { rows, .. }) => uses.add(Moment::End, Written::Expression(rows)),
        None => {}
    }
    uses.0
}

struct Uses<'a>(Vec<Use<'a>>);

impl<'a> Uses<'a> {
    fn add(&mut self, moment: Moment, written: Written<'a>) {
        self.0.push(Use {
            moment,
            written,
            argument: false,
        });
    }

    fn call(&mut self, moment: Moment, call: &'a Call) {
        for (key, value) in &call.with {
            if key.starts_with('$') {
                self.add(moment, Written::Key(key));
            }
            self.0.push(Use {
                moment,
                written: Written::Data(value),
                argument: true,
            });
        }
        if let Some(base) = &call.base {
            self.0.push(Use {
                moment,
                written: Written::Expression(base),
                argument: true,
            });
        }
    }

    fn assertion(&mut self, moment: Moment, assertion: &'a Assertion) {
        match &assertion.subject {
            Subject::Path(path) => self.add(moment, Written::Path(path)),
            Subject::Value(expression) | Subject::That(expression) => {
                self.add(moment, Written::Expression(expression));
            }
        }
        self.predicates(moment, &assertion.predicates);
        if let Some(message) = &assertion.message {
            self.add(moment, Written::Data(message));
        }
    }

    fn predicates(&mut self, moment: Moment, predicates: &'a [Spanned<Predicate>]) {
        for predicate in predicates {
            match &predicate.value {
                Predicate::Equals(operand)
                | Predicate::NotEquals(operand)
                | Predicate::Lt(operand)
                | Predicate::Lte(operand)
                | Predicate::Gt(operand)
                | Predicate::Gte(operand)
                | Predicate::In(operand)
                | Predicate::Contains(operand)
                | Predicate::StartsWith(operand)
                | Predicate::EndsWith(operand) => self.add(moment, Written::Data(operand)),
                Predicate::Count(inner)
                | Predicate::Any(inner)
                | Predicate::All(inner)
                | Predicate::None(inner) => self.predicates(moment, inner),
                Predicate::Matches(_)
                | Predicate::Type(_)
                | Predicate::Exists(_)
                | Predicate::Empty(_) => {}
            }
        }
    }
}
