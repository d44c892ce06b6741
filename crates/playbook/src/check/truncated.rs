//! Claims and causes that rest on a list which may have been cut.

use super::index::{Index, Stage, StepId};
use super::names::{Meaning, Offer, Viewpoint, resolve};
use super::order::Resolved;
use super::problems::Problems;
use super::reference::{Reference, references};
use super::uses::Moment;
use crate::diagnostic::Code;
use crate::expression::{CompareOp, Expr, ExprKind, children};
use crate::span::Span;
use crate::syntax::assertion::{Assertion, Predicate, Subject};
use crate::syntax::capture::CaptureFrom;
use crate::value::Value;

/// A step that sets `limit` goes on with a cut list. What its own paths say of it is unknown then; what an expression says
/// of the captured list is not, so that it must be such that more items cannot overturn it, or `.truncated` is read.
pub(super) fn check(index: &Index<'_>, resolved: &[Resolved], problems: &mut Problems) {
    for (id, entry) in index.steps.iter().enumerate() {
        if index.group_of(id).stage > Stage::Diagnose && index.group_of(id).stage != Stage::Verify {
            continue;
        }
        let finders = entry
            .step
            .causes
            .iter()
            .flat_map(|finder| &finder.assertions);
        for assertion in entry.step.assert.iter().chain(finders) {
            if assertion.warn {
                continue;
            }
            let mut rule = Rule {
                index,
                resolved,
                problems,
                step: id,
            };
            rule.assertion(assertion);
        }
    }
}

/// What becomes of a condition when there are more items than were read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Polarity {
    /// What holds goes on to hold with more items.
    Grows,
    /// What holds may cease to hold.
    Shrinks,
}

struct Rule<'r, 'a> {
    index: &'r Index<'a>,
    resolved: &'r [Resolved],
    problems: &'r mut Problems,
    step: StepId,
}

impl Rule<'_, '_> {
    fn assertion(&mut self, assertion: &Assertion) {
        match &assertion.subject {
            Subject::That(condition) => self.condition(&condition.root, Polarity::Grows),
            Subject::Value(value) => {
                let grows = assertion
                    .predicates
                    .iter()
                    .all(|predicate| match &predicate.value {
                        Predicate::Any(_) | Predicate::Contains(_) | Predicate::Exists(_) => true,
                        Predicate::Empty(empty) => !empty,
                        Predicate::Gt(_) | Predicate::Gte(_) => measures(&value.root),
                        Predicate::Count(inner) => inner.iter().all(|predicate| {
                            matches!(predicate.value, Predicate::Gt(_) | Predicate::Gte(_))
                        }),
                        _ => false,
                    });
                if !grows {
                    self.cut(&value.root);
                }
            }
            Subject::Path(_) => {}
        }
    }

    fn condition(&mut self, expr: &Expr, polarity: Polarity) {
        match &expr.kind {
            ExprKind::Not(inner) => {
                let other = match polarity {
                    Polarity::Grows => Polarity::Shrinks,
                    Polarity::Shrinks => Polarity::Grows,
                };
                self.condition(inner, other);
            }
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                self.condition(left, polarity);
                self.condition(right, polarity);
            }
            ExprKind::Compare(first, rest) => {
                if let [(op, right)] = rest.as_slice() {
                    if self.counts(first, right) || self.counts(right, first) {
                        return;
                    }
                    self.comparison(first, *op, right, polarity == Polarity::Grows);
                } else {
                    self.cut(expr);
                }
            }
            ExprKind::Test { name, .. } if matches!(name.as_str(), "defined" | "undefined") => {}
            _ => self.cut(expr),
        }
    }

    /// A side may grow where that leaves the comparison as it is.
    fn comparison(&mut self, first: &Expr, op: CompareOp, right: &Expr, grows: bool) {
        let (first_may, right_may) = match op {
            CompareOp::Greater | CompareOp::GreaterOrEqual => (grows, !grows),
            CompareOp::Less | CompareOp::LessOrEqual => (!grows, grows),
            CompareOp::In => (false, grows),
            CompareOp::NotIn => (false, !grows),
            CompareOp::Equal | CompareOp::NotEqual => (false, false),
        };
        let of_list = matches!(op, CompareOp::In | CompareOp::NotIn);
        if !(first_may && measures(first)) {
            self.cut(first);
        }
        if !(right_may && (of_list || measures(right))) {
            self.cut(right);
        }
    }

    /// Whether a whole list is counted and held against a number below its `limit`: one that was cut has as many
    /// items as `limit` says, and more would not change what is said.
    fn counts(&self, counted: &Expr, number: &Expr) -> bool {
        let ExprKind::Filter { name, input, .. } = &counted.kind else {
            return false;
        };
        let plain = matches!(input.kind, ExprKind::Name(_) | ExprKind::Member(..));
        let ExprKind::Constant(Value::Integer(number)) = &number.kind else {
            return false;
        };
        let names = references(input);
        let [reference] = names.as_slice() else {
            return false;
        };
        let Some((on, at)) = self
            .captured(reference)
            .filter(|_| plain && name == "length")
        else {
            return false;
        };
        let step = self.index.entry(on).step;
        let limit = step.limit.as_ref().map(|limit| i64::from(limit.value));
        let whole = step
            .capture
            .get(at)
            .is_some_and(|capture| match &capture.from {
                CaptureFrom::Path(path) => {
                    let inner = path.text.strip_prefix("$.");
                    let member = inner.and_then(|inner| inner.strip_suffix("[*]"));
                    member.is_some_and(|member| !member.contains(['.', '[']))
                }
                CaptureFrom::Expression(_) => false,
            });
        whole && limit.is_some_and(|limit| *number < limit)
    }

    /// The capture that a name stands for.
    fn captured(&self, reference: &Reference) -> Option<(StepId, usize)> {
        let from = Viewpoint::Step(self.step, Moment::End);
        let mut quiet = Problems::new(self.index.playbook.source.clone());
        match resolve(self.index, &mut quiet, from, reference)? {
            Meaning::Step(on, Offer::Value(at)) => Some((on, at)),
            Meaning::Local => {
                let captures = &self.index.entry(self.step).step.capture;
                let own = captures
                    .iter()
                    .position(|capture| Some(capture.name.value.as_str()) == reference.name(0));
                own.map(|at| (self.step, at))
            }
            _ => None,
        }
    }

    /// Reports captured lists of cut reads that an expression looks at whole.
    fn cut(&mut self, expr: &Expr) {
        for reference in references(expr) {
            if let Some((on, at)) = self.captured(&reference) {
                self.report(on, at, reference.span());
            }
        }
    }

    fn report(&mut self, on: StepId, at: usize, span: Span) {
        let entry = self.index.entry(on);
        let paginated = entry.action.as_ref().is_some_and(|action| action.paginated);
        let (Some(limit), true) = (&entry.step.limit, paginated) else {
            return;
        };
        let many = entry.step.capture.get(at).is_some_and(|capture| {
            matches!(&capture.from, CaptureFrom::Path(path) if !path.singular)
                && capture.take.is_none()
        });
        let asked = self
            .resolved
            .iter()
            .any(|name| name.meaning == Meaning::Step(on, Offer::Truncated));
        if !many || asked {
            return;
        }
        let id = &entry.step.id.value;
        self.problems.push(
            self.problems
                .error(
                    Code::TruncatedDiagnosis,
                    span,
                    "this looks at the whole list, and the list may have been cut",
                )
                .also(limit.span, "cut here")
                .help(format!(
                    "ask what more items cannot overturn (`… | length > 0`), leave `limit` out, or ask `not {id}.truncated` too"
                )),
        );
    }
}

/// A number that only grows with more items: how many there are, their sum or their greatest.
fn measures(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Filter { name, input, .. } => match name.as_str() {
            "length" | "max" | "sum" => listed(input),
            _ => false,
        },
        ExprKind::Index(inner, index) => {
            listed(inner) && matches!(index.kind, ExprKind::Constant(_))
        }
        _ => children(expr).is_empty(),
    }
}

/// A list of which more items leave what is in it: names, and filters that choose.
fn listed(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) => true,
        ExprKind::Member(inner, _) => listed(inner),
        ExprKind::Filter { name, input, .. } => {
            matches!(
                name.as_str(),
                "select"
                    | "selectattr"
                    | "reject"
                    | "rejectattr"
                    | "map"
                    | "unique"
                    | "sort"
                    | "list"
            ) && listed(input)
        }
        _ => false,
    }
}
