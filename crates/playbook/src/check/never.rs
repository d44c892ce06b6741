//! Assertions that are never true, or never false.

use super::certain::{Certainty, Constant, Domain, Facts, Relation, constant, decide};
use super::index::StepId;
use super::problems::{Problems, closest, helped};
use super::reach::Reach;
use super::uses::Moment;
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::{Expression, TypeScope, infer};
use crate::jsonpath::Path;
use crate::span::{Span, Spanned};
use crate::syntax::assertion::{Assertion, Predicate, Subject};
use crate::syntax::step::{Step, Work};
use crate::template::Data;
use crate::types::Type;
use jsonpath_rust::parser::model::{Segment, Selector};
use regex::Regex;

/// Checks the assertions of a step; the causes that it may find come back.
pub(super) fn of_step<'a>(
    reach: &Reach<'a, '_>,
    id: StepId,
    facts: &Facts,
    problems: &mut Problems,
) -> Vec<&'a str> {
    let step = reach.index.entry(id).step;
    let until = step.until.iter().flat_map(|until| &until.assertions);
    for assertion in step.require.iter().chain(&step.assert).chain(until) {
        one(reach, id, facts, assertion, problems);
    }
    let mut findable = Vec::new();
    for finder in &step.causes {
        let certainties: Vec<Certainty> = finder
            .assertions
            .iter()
            .map(|assertion| one(reach, id, facts, assertion, problems))
            .collect();
        if !certainties.contains(&Certainty::Never) {
            findable.push(finder.name.value.as_str());
        }
    }
    findable
}

fn one(
    reach: &Reach<'_, '_>,
    id: StepId,
    facts: &Facts,
    assertion: &Assertion,
    problems: &mut Problems,
) -> Certainty {
    let scope = reach.scope(id, Moment::End);
    let step = reach.index.entry(id).step;
    let looked = match &assertion.subject {
        Subject::That(condition) => {
            let certainty = decide(&condition.root, facts, &scope);
            if !problems.has_error_in(condition.span) {
                certain(problems, condition.span, certainty);
            }
            return certainty;
        }
        Subject::Value(expression) => {
            let (ty, wrong) = infer(&expression.root, &scope);
            if !wrong.is_empty() {
                return Certainty::Open;
            }
            let domain = facts.domain(&expression.root, &scope);
            Looked {
                present: !matches!(ty, Type::Any | Type::Optional(_) | Type::Absent),
                ty: ty.present().clone(),
                many: false,
                most: None,
                domain,
            }
        }
        Subject::Path(path) if matches!(step.work, Work::Action(_)) => {
            let Ok(ty) = path.infer(&reach.types.result(id)) else {
                return Certainty::Open;
            };
            Looked {
                present: path.singular
                    && step.expect_error.is_empty()
                    && !matches!(ty, Type::Any | Type::Optional(_) | Type::Absent),
                domain: Domain::of_type(ty.present(), false),
                ty: ty.present().clone(),
                many: !path.singular,
                most: most(path, step),
            }
        }
        Subject::Path(_) => return Certainty::Open,
    };
    let mut rule = Predicates {
        problems,
        quiet: false,
    };
    rule.all(&looked, &assertion.predicates)
}

/// Says where a condition leaves out every element of `each`, or none.
pub(super) fn element(
    condition: &Expression,
    facts: &Facts,
    scope: &dyn TypeScope,
    problems: &mut Problems,
) {
    let (code, message) = match decide(&condition.root, facts, scope) {
        Certainty::Open => return,
        Certainty::Never => (
            Code::NeverTrue,
            "this is never true, so every element is left out",
        ),
        Certainty::Always => (
            Code::NeverFalse,
            "this is never false, so no element is left out",
        ),
    };
    if !problems.has_error_in(condition.span) {
        let problem = problems.error(code, condition.span, message);
        problems.push(problem.help("compare what differs between elements, or delete it"));
    }
}

/// Says where a condition has only one answer.
pub(super) fn condition(
    condition: &Expression,
    facts: &Facts,
    scope: &dyn TypeScope,
    problems: &mut Problems,
) {
    if !problems.has_error_in(condition.span) {
        let certainty = decide(&condition.root, facts, scope);
        certain(problems, condition.span, certainty);
    }
}

fn certain(problems: &mut Problems, span: Span, certainty: Certainty) {
    match certainty {
        Certainty::Open => {}
        Certainty::Never => problems.push(
            problems
                .error(Code::NeverTrue, span, "this condition is never true")
                .help("compare what can differ, or delete it"),
        ),
        Certainty::Always => problems.push(
            problems
                .error(Code::NeverFalse, span, "this condition is never false")
                .help("compare what can differ, or delete it"),
        ),
    }
}

/// The most nodes that a path can lead to, where `limit` bounds what it goes through: `$.items[*]`.
fn most(path: &Path, step: &Step) -> Option<f64> {
    let limit = step.limit.as_ref()?;
    let first = matches!(
        path.query.segments.first(),
        Some(Segment::Selector(Selector::Name(_)))
    );
    let rest = path.query.segments.get(1..)?;
    let plain = match rest {
        [] => true,
        [Segment::Selector(selector)] => matches!(
            selector,
            Selector::Wildcard | Selector::Filter(_) | Selector::Slice(..)
        ),
        _ => false,
    };
    (first && plain).then(|| f64::from(limit.value))
}

/// What predicates look at.
struct Looked {
    ty: Type,
    /// There may be several nodes.
    many: bool,
    /// It is surely there.
    present: bool,
    /// The most nodes or elements.
    most: Option<f64>,
    domain: Domain,
}

struct Predicates<'p> {
    problems: &'p mut Problems,
    /// Only the answer is wanted.
    quiet: bool,
}

impl Predicates<'_> {
    /// All of them must be true.
    fn all(&mut self, looked: &Looked, predicates: &[Spanned<Predicate>]) -> Certainty {
        let mut domain = looked.domain.clone();
        let mut said: Vec<Span> = Vec::new();
        let mut all = Certainty::Always;
        for predicate in predicates {
            let span = predicate.span;
            let certainty = match &predicate.value {
                Predicate::Any(inner) | Predicate::All(inner) => self.elements(looked, inner),
                Predicate::None(inner) => self.none(looked, inner, span),
                Predicate::Count(inner) => self.count(looked, inner),
                Predicate::Exists(there) => self.exists(looked, *there, span),
                Predicate::Type(word) => self.kind(looked, word, span),
                Predicate::Empty(_) => Certainty::Open,
                _ if looked.many => Certainty::Open,
                // To compile a pattern takes longer than all else here, and only known texts are asked whether they fit.
                other if is_pattern(other) && domain.known_texts().is_empty() => Certainty::Open,
                other => {
                    let Some((relation, operand)) = relation_of(other, &looked.ty) else {
                        all = Certainty::Open;
                        continue;
                    };
                    if domain == Domain::Any && is_order(&relation) {
                        domain = Domain::of_type(&Type::number(), false);
                    }
                    let next = domain.with(&relation);
                    if next.is_empty() {
                        self.impossible(span, operand, &domain, &said);
                        return Certainty::Never;
                    }
                    let idle = domain.with(&relation.opposite()).is_empty();
                    domain = next;
                    said.push(span);
                    if idle && looked.present {
                        self.idle(span, operand);
                        Certainty::Always
                    } else {
                        Certainty::Open
                    }
                }
            };
            match certainty {
                Certainty::Never => return Certainty::Never,
                Certainty::Open => all = Certainty::Open,
                Certainty::Always => {}
            }
        }
        all
    }

    fn push(&mut self, problem: Diagnostic) {
        if !self.quiet && !self.problems.has_error_at(problem.primary.span) {
            self.problems.push(problem);
        }
    }

    fn impossible(&mut self, span: Span, operand: Operand<'_>, domain: &Domain, said: &[Span]) {
        let known = domain.known_texts();
        let problem = match operand {
            Operand::Pattern(text, at) if !known.is_empty() => {
                let message = format!("none of the values that this can have fits `{text}`");
                let problem = self.problems.error(Code::NeverTrue, at, message);
                let help = super::problems::suggestion("", known.iter().map(String::as_str));
                helped(problem, help)
            }
            Operand::Text(text, at) if !known.is_empty() => {
                let message = format!("`{text}` is none of the values that this can have");
                let problem = self.problems.error(Code::NeverTrue, at, message);
                let help = closest(text, known.iter().map(String::as_str)).map_or_else(
                    || super::problems::suggestion("", known.iter().map(String::as_str)),
                    |meant| Some(format!("did you mean `{meant}`?")),
                );
                helped(problem, help)
            }
            _ => self
                .problems
                .error(Code::NeverTrue, span, "this is never true")
                .help("mend the bounds, or delete the assertion"),
        };
        let problem = said.iter().fold(problem, |problem, span| {
            problem.also(*span, "where this is true")
        });
        self.push(problem);
    }

    fn idle(&mut self, span: Span, operand: Operand<'_>) {
        let at = match operand {
            Operand::Text(_, at) | Operand::Pattern(_, at) => at,
            Operand::Other => span,
        };
        let problem = self
            .problems
            .error(Code::NeverFalse, at, "this is never false")
            .help("mend the bounds, or delete the assertion");
        self.push(problem);
    }

    /// What the elements are, for predicates over several.
    fn element(looked: &Looked) -> Option<Looked> {
        let ty = if looked.many {
            looked.ty.clone()
        } else {
            match &looked.ty {
                Type::List(list) => list.element.present().clone(),
                Type::Map(value) => value.present().clone(),
                _ => return None,
            }
        };
        Some(Looked {
            domain: Domain::of_type(&ty, false),
            ty,
            many: false,
            present: false,
            most: None,
        })
    }

    fn elements(&mut self, looked: &Looked, inner: &[Spanned<Predicate>]) -> Certainty {
        match Self::element(looked).map(|element| self.all(&element, inner)) {
            Some(Certainty::Never) => Certainty::Never,
            _ => Certainty::Open,
        }
    }

    fn none(&mut self, looked: &Looked, inner: &[Spanned<Predicate>], span: Span) -> Certainty {
        let Some(element) = Self::element(looked) else {
            return Certainty::Open;
        };
        let quiet = std::mem::replace(&mut self.quiet, true);
        let certainty = self.all(&element, inner);
        self.quiet = quiet;
        if certainty != Certainty::Never {
            return Certainty::Open;
        }
        let problem = self
            .problems
            .error(
                Code::NeverFalse,
                span,
                "this is never false: none of them can ever be so",
            )
            .help("mend what `none` looks for, or delete the assertion");
        self.push(problem);
        Certainty::Always
    }

    fn count(&mut self, looked: &Looked, inner: &[Spanned<Predicate>]) -> Certainty {
        let count = Looked {
            ty: Type::integer(),
            many: false,
            present: true,
            most: None,
            domain: Domain::count(looked.most),
        };
        self.all(&count, inner)
    }

    fn exists(&mut self, looked: &Looked, there: bool, span: Span) -> Certainty {
        if !looked.present {
            return Certainty::Open;
        }
        let (code, certainty, message) = if there {
            (
                Code::NeverFalse,
                Certainty::Always,
                "this is never false: the value is always there",
            )
        } else {
            (
                Code::NeverTrue,
                Certainty::Never,
                "this is never true: the value is always there",
            )
        };
        let problem = self
            .problems
            .error(code, span, message)
            .help("say something of the value, or delete the assertion");
        self.push(problem);
        certainty
    }

    fn kind(&mut self, looked: &Looked, word: &Spanned<String>, span: Span) -> Certainty {
        let kinds: &[&str] = match &looked.ty {
            Type::Text(_) | Type::Blob => &["text"],
            Type::Integer(..) => &["integer", "number"],
            Type::Boolean => &["boolean"],
            Type::List(_) => &["list"],
            Type::Map(_) | Type::Structure(_) => &["map"],
            _ => return Certainty::Open,
        };
        if looked.many || kinds.contains(&word.value.as_str()) {
            return Certainty::Open;
        }
        let message = format!("this is never true: the value is {}", looked.ty);
        let problem = self
            .problems
            .error(Code::NeverTrue, span, message)
            .help(format!(
                "write `type: {}`",
                kinds.first().unwrap_or(&"text")
            ));
        self.push(problem);
        Certainty::Never
    }
}

/// What a predicate compares with, for messages.
#[derive(Clone, Copy)]
enum Operand<'p> {
    Text(&'p str, Span),
    Pattern(&'p str, Span),
    Other,
}

fn is_order(relation: &Relation) -> bool {
    matches!(
        relation,
        Relation::Less(_) | Relation::AtMost(_) | Relation::Greater(_) | Relation::AtLeast(_)
    )
}

fn is_pattern(predicate: &Predicate) -> bool {
    matches!(
        predicate,
        Predicate::Matches(_)
            | Predicate::Contains(_)
            | Predicate::StartsWith(_)
            | Predicate::EndsWith(_)
    )
}

fn relation_of<'p>(predicate: &'p Predicate, ty: &Type) -> Option<(Relation, Operand<'p>)> {
    let number =
        |data: &Data| match value_of(data, ty).or_else(|| value_of(data, &Type::number()))? {
            Constant::Number(number) => Some(number),
            _ => None,
        };
    let text = |data: &'p Spanned<Data>| match &data.value {
        Data::Scalar(scalar) => Operand::Text(&scalar.text, data.span),
        _ => Operand::Other,
    };
    let part = |data: &'p Spanned<Data>, before: &str, after: &str| match &data.value {
        Data::Scalar(scalar) if matches!(ty, Type::Text(_)) => {
            let pattern = format!("{before}{}{after}", regex::escape(&scalar.text));
            let operand = Operand::Pattern(&scalar.text, data.span);
            Some((Relation::Matches(Regex::new(&pattern).ok()?), operand))
        }
        _ => None,
    };
    Some(match predicate {
        Predicate::Equals(data) => (Relation::OneOf(vec![value_of(data, ty)?]), text(data)),
        Predicate::NotEquals(data) => (Relation::NoneOf(vec![value_of(data, ty)?]), text(data)),
        Predicate::Lt(data) => (Relation::Less(number(data)?), Operand::Other),
        Predicate::Lte(data) => (Relation::AtMost(number(data)?), Operand::Other),
        Predicate::Gt(data) => (Relation::Greater(number(data)?), Operand::Other),
        Predicate::Gte(data) => (Relation::AtLeast(number(data)?), Operand::Other),
        Predicate::In(data) => match &data.value {
            Data::List(items) => {
                let values = items.iter().map(|item| value_of(item, ty));
                let operand = match items.as_slice() {
                    [one] => text(one),
                    _ => Operand::Other,
                };
                (Relation::OneOf(values.collect::<Option<_>>()?), operand)
            }
            _ => return None,
        },
        Predicate::Contains(data) => return part(data, "", ""),
        Predicate::StartsWith(data) => return part(data, "^", ""),
        Predicate::EndsWith(data) => return part(data, "", "$"),
        Predicate::Matches(pattern) if matches!(ty, Type::Text(_)) => (
            Relation::Matches(Regex::new(pattern).ok()?),
            Operand::Pattern(&pattern.value, pattern.span),
        ),
        _ => return None,
    })
}

fn value_of(data: &Data, ty: &Type) -> Option<Constant> {
    match data {
        Data::Scalar(scalar) => Constant::of_scalar(&scalar.text, ty),
        Data::Expression(expression) => constant(&expression.root),
        _ => None,
    }
}
