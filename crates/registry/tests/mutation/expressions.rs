//! Mistakes in expressions and templates.

use super::plant::Planter;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::expression::{Expr, ExprKind, Expression};
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

/// Every expression of a playbook.
pub fn of_playbook(playbook: &Playbook, steps: &[&Step]) -> Vec<Expression> {
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
    found
        .0
        .extend(playbook.outputs.iter().map(|(_, output)| output.clone()));
    for step in steps {
        found.step(step);
    }
    found.0
}

struct Found(Vec<Expression>);

impl Found {
    fn step(&mut self, step: &Step) {
        self.0.extend(step.when.clone());
        self.0
            .extend(step.each.iter().map(|each| each.list.clone()));
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
                self.0.push(expression.clone());
            }
            capture.default.iter().for_each(|data| self.data(data));
        }
        for assertion in super::assertions(step) {
            self.assertion(assertion);
        }
        match &step.show {
            Some(Show::Chart { series, .. }) => self.0.push(series.clone()),
            Some(Show::Table { rows, .. }) => self.0.push(rows.clone()),
            None => {}
        }
    }

    fn call(&mut self, call: &Call) {
        self.0.extend(call.base.clone());
        call.with.iter().for_each(|(_, value)| self.data(value));
    }

    fn assertion(&mut self, assertion: &Assertion) {
        match &assertion.subject {
            Subject::That(expression) | Subject::Value(expression) => {
                self.0.push(expression.clone());
            }
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
            Data::Expression(expression) => self.0.push(expression.clone()),
            Data::Text(template) => {
                for part in &template.parts {
                    if let Part::Expression(expression) = part {
                        self.0.push(expression.clone());
                    }
                }
            }
            Data::List(items) => items.iter().for_each(|item| self.data(item)),
            Data::Map(entries) => entries.iter().for_each(|(_, value)| self.data(value)),
        }
    }
}

/// Plants mistakes into an expression.
pub fn plant(planter: &mut Planter<'_>, expression: &Expression) {
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
    node(planter, &expression.root);
}

fn node(planter: &mut Planter<'_>, expr: &Expr) {
    match &expr.kind {
        ExprKind::Name(name) => planter.misspell("name misspelt", expr.span, name, &UNKNOWN),
        ExprKind::Member(_, name) => {
            planter.misspell("member misspelt", expr.span, name, &UNKNOWN);
        }
        ExprKind::Filter { name, input, .. } => {
            word(planter, "filter misspelt", expr.span, input.span, name);
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
    for child in children(expr) {
        node(planter, child);
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

fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Constant(_) | ExprKind::Name(_) => Vec::new(),
        ExprKind::Member(inner, _)
        | ExprKind::Not(inner)
        | ExprKind::Negate(inner)
        | ExprKind::Slice(inner, ..) => vec![inner],
        ExprKind::Index(left, right)
        | ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Arithmetic(_, left, right)
        | ExprKind::Concat(left, right) => vec![left, right],
        ExprKind::Compare(first, rest) => std::iter::once(first.as_ref())
            .chain(rest.iter().map(|(_, right)| right))
            .collect(),
        ExprKind::If {
            test,
            then,
            otherwise,
        } => [Some(test), Some(then), otherwise.as_ref()]
            .into_iter()
            .flatten()
            .map(AsRef::as_ref)
            .collect(),
        ExprKind::Filter {
            input, arguments, ..
        }
        | ExprKind::Test {
            input, arguments, ..
        } => std::iter::once(input.as_ref())
            .chain(arguments.iter().map(|argument| &argument.value))
            .collect(),
        ExprKind::Call { arguments, .. } => {
            arguments.iter().map(|argument| &argument.value).collect()
        }
        ExprKind::List(items) => items.iter().collect(),
        ExprKind::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
    }
}
