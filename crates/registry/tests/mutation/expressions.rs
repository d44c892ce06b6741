//! Mistakes in expressions and templates.

use super::plant::Planter;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::expression::{CompareOp, Expr, ExprKind, Expression};
use runbook_playbook::span::{Span, Spanned};
use runbook_playbook::syntax::assertion::{Assertion, Predicate, Subject};
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::step::{Call, Show, Step};
use runbook_playbook::template::{Data, Part};
use runbook_playbook::value::Value;

/// What a name that is not there may be called.
const UNKNOWN: [Code; 5] = [
    Code::UnknownName,
    Code::UnknownMember,
    Code::UnknownCause,
    Code::ForwardReference,
    Code::ExpressionType,
];

/// Whether the place of an expression takes a value that may be absent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Something must be there: an operand, a condition, a piece of a text.
    Present,
    /// What is absent is left out.
    Optional,
}

/// Every expression of a playbook.
pub fn of_playbook(playbook: &Playbook, steps: &[&Step]) -> Vec<(Expression, Place)> {
    let mut found = Found(Vec::new());
    for input in &playbook.inputs {
        input.default.iter().for_each(|data| found.data(data));
    }
    for service in &playbook.defaults {
        service
            .members
            .iter()
            .for_each(|(_, value)| found.data(value));
    }
    for (_, output) in &playbook.outputs {
        found.add(output, Place::Optional);
    }
    for step in steps {
        found.step(step);
    }
    found.0
}

struct Found(Vec<(Expression, Place)>);

impl Found {
    fn add(&mut self, expression: &Expression, place: Place) {
        self.0.push((expression.clone(), place));
    }

    fn step(&mut self, step: &Step) {
        let each = step.each.as_ref();
        let condition = each.and_then(|each| each.condition.as_ref());
        let list = each.map(|each| &each.list);
        for expression in [step.when.as_ref(), list, condition].into_iter().flatten() {
            self.add(expression, Place::Present);
        }
        if let runbook_playbook::syntax::step::Work::Action(call) = &step.work {
            self.call(call);
        }
        if let Some(before) = &step.before {
            self.call(&before.call);
        }
        for capture in &step.capture {
            if let runbook_playbook::syntax::capture::CaptureFrom::Expression(expression) =
                &capture.from
            {
                self.add(expression, Place::Optional);
            }
            capture.default.iter().for_each(|data| self.data(data));
        }
        for assertion in super::assertions(step) {
            self.assertion(assertion);
        }
        match &step.show {
            Some(Show::Chart { series, .. }) => self.add(series, Place::Present),
            Some(Show::Table { rows, .. }) => self.add(rows, Place::Present),
            None => {}
        }
    }

    fn call(&mut self, call: &Call) {
        if let Some(base) = &call.base {
            self.add(base, Place::Optional);
        }
        call.with.iter().for_each(|(_, value)| self.data(value));
    }

    fn assertion(&mut self, assertion: &Assertion) {
        match &assertion.subject {
            Subject::That(expression) => self.add(expression, Place::Present),
            Subject::Value(expression) => self.add(expression, Place::Optional),
            Subject::Path(_) => {}
        }
        assertion.message.iter().for_each(|data| self.data(data));
        assertion
            .predicates
            .iter()
            .for_each(|one| self.predicate(one));
    }

    fn predicate(&mut self, predicate: &Spanned<Predicate>) {
        if let Predicate::Equals(data) | Predicate::Gt(data) | Predicate::Lt(data) =
            &predicate.value
        {
            self.data(data);
        }
    }

    fn data(&mut self, data: &Data) {
        match data {
            Data::Scalar(_) => {}
            Data::Expression(expression) => self.add(expression, Place::Optional),
            Data::Text(template) => {
                for part in &template.parts {
                    if let Part::Expression(expression) = part {
                        self.add(expression, Place::Present);
                    }
                }
            }
            Data::List(items) => items.iter().for_each(|item| self.data(item)),
            Data::Map(entries) => entries.iter().for_each(|(_, value)| self.data(value)),
        }
    }
}

/// Plants mistakes into an expression.
pub fn plant(planter: &mut Planter<'_>, expression: &Expression, place: Place) {
    let span = expression.span;
    if planter.source.slice(span) != expression.text {
        // A folded text has no exact places.
        return;
    }
    planter.replace(
        "expression cut short",
        span,
        &format!("{} +", expression.text),
        &[Code::TemplateSyntax, Code::ExpressionType],
    );
    planter.replace(
        "bracket not closed",
        span,
        &format!("({}", expression.text),
        &[Code::TemplateSyntax, Code::YamlSyntax],
    );
    node(planter, &expression.root, place);
}

fn node(planter: &mut Planter<'_>, expr: &Expr, place: Place) {
    match &expr.kind {
        ExprKind::Name(name) => planter.misspell("name misspelt", expr.span, name, &UNKNOWN),
        ExprKind::Member(_, name) => {
            planter.misspell("member misspelt", expr.span, name, &UNKNOWN);
        }
        ExprKind::Filter {
            name,
            input,
            arguments,
        } => {
            word(planter, "filter misspelt", expr.span, input.span, name);
            if name == "default" && arguments.len() == 1 && place == Place::Present {
                planter.replace(
                    "default dropped",
                    Span::new(input.span.end, expr.span.end),
                    "",
                    &[Code::MaybeAbsent],
                );
            }
        }
        ExprKind::Test { name, input, .. } => {
            word(planter, "test misspelt", expr.span, input.span, name);
        }
        ExprKind::Call { name, .. } => {
            let at = Span::new(expr.span.start, expr.span.start + name.len());
            planter.misspell("function misspelt", at, name, &[Code::UnknownFunction]);
        }
        ExprKind::Compare(_, rest) => {
            for (_, right) in rest {
                if matches!(
                    right.kind,
                    ExprKind::Constant(Value::Integer(_) | Value::Number(_))
                ) {
                    planter.replace(
                        "number compared with text",
                        right.span,
                        "'many'",
                        &[Code::ExpressionType],
                    );
                }
            }
        }
        _ => {}
    }
    for (child, place) in children(expr, place) {
        node(planter, child, place);
    }
}

/// A word behind an input: a filter or a test.
fn word(planter: &mut Planter<'_>, kind: &'static str, whole: Span, input: Span, name: &str) {
    let behind = Span::new(input.end, whole.end);
    if let Some(at) = planter.source.slice(behind).find(name) {
        let start = behind.start + at;
        let at = Span::new(start, start + name.len());
        planter.misspell(
            kind,
            at,
            name,
            &[Code::UnknownFunction, Code::TemplateSyntax],
        );
    }
}

/// The parts of an expression, and what their places take; `place` is that of the whole.
fn children(expr: &Expr, place: Place) -> Vec<(&Expr, Place)> {
    use Place::{Optional, Present};
    fn all<'e>(parts: impl IntoIterator<Item = &'e Expr>, place: Place) -> Vec<(&'e Expr, Place)> {
        parts.into_iter().map(|part| (part, place)).collect()
    }
    match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) => Vec::new(),
        ExprKind::Member(inner, _) | ExprKind::Slice(inner, ..) => vec![(inner, place)],
        ExprKind::Not(inner) | ExprKind::Negate(inner) => vec![(inner, Present)],
        ExprKind::Index(whole, index) => vec![(whole, place), (index, Present)],
        ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Arithmetic(_, left, right)
        | ExprKind::Concat(left, right) => vec![(left, Present), (right, Present)],
        ExprKind::Compare(first, rest) => {
            let order = rest.iter().all(|(op, _)| {
                !matches!(
                    op,
                    CompareOp::Equal | CompareOp::NotEqual | CompareOp::In | CompareOp::NotIn
                )
            });
            let parts = std::iter::once(first.as_ref()).chain(rest.iter().map(|(_, right)| right));
            all(parts, if order { Present } else { Optional })
        }
        ExprKind::If {
            test,
            then,
            otherwise,
        } => {
            let mut parts = vec![(test.as_ref(), Present), (then, place)];
            parts.extend(
                otherwise
                    .iter()
                    .map(|otherwise| (otherwise.as_ref(), place)),
            );
            parts
        }
        ExprKind::Filter {
            name,
            input,
            arguments,
        } => {
            let absent = matches!(name.as_str(), "default" | "required" | "tojson");
            let mut parts = vec![(input.as_ref(), if absent { Optional } else { Present })];
            parts.extend(all(
                arguments.iter().map(|argument| &argument.value),
                Optional,
            ));
            parts
        }
        ExprKind::Test {
            input, arguments, ..
        } => {
            let mut parts = vec![(input.as_ref(), Optional)];
            parts.extend(all(
                arguments.iter().map(|argument| &argument.value),
                Present,
            ));
            parts
        }
        ExprKind::Call { arguments, .. } => {
            all(arguments.iter().map(|argument| &argument.value), Present)
        }
        ExprKind::List(items) => all(items, Optional),
        ExprKind::Map(entries) => all(entries.iter().map(|(_, value)| value), Optional),
    }
}
