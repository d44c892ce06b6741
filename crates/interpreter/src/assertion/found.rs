//! What was found, in a few words.

use super::Evidence;
use crate::truth::Truth;
use runbook_playbook::expression::{Expr, ExprKind, Expression, evaluate};
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, Spanned};
use runbook_playbook::syntax::assertion::Predicate;
use runbook_playbook::template::Data;
use runbook_playbook::value::Value;

/// The most characters of one value that are shown.
const LONGEST: usize = 80;

/// What was found.
pub(super) struct Found(pub(super) String);

/// A value, shortened.
fn short(value: &Value) -> String {
    let text = match value {
        Value::Absent => return "nothing".to_owned(),
        Value::Unknown => return "unknown".to_owned(),
        Value::List(items) if items.len() > 5 => return format!("{} items", items.len()),
        #[expect(clippy::cast_precision_loss, reason = "shown with two decimals only")]
        Value::Number(number) if number.abs() < i64::MAX as f64 => {
            let rounded = format!("{number:.2}");
            return rounded
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned();
        }
        other => other.to_json().to_string(),
    };
    if text.chars().count() > LONGEST {
        let start: String = text.chars().take(LONGEST).collect();
        format!("{start}…")
    } else {
        text
    }
}

pub(super) fn value(value: &Value) -> Found {
    Found(short(value))
}

/// How many nodes, and the first that tells.
pub(super) fn nodes(nodes: &[Value], telling: &[Value]) -> Found {
    match (nodes.len(), telling) {
        (0, _) => "nothing".into(),
        (1, []) => Found(nodes.first().map(short).unwrap_or_default()),
        (many, []) => Found(format!("{many} found")),
        (many, [first, ..]) => Found(format!("{} of {many}: {}", telling.len(), short(first))),
    }
}

/// The values that a condition compares; its truth where there is nothing else to show.
pub(super) fn condition(root: &Expr, truth: Truth, evidence: Evidence<'_>) -> Found {
    let mut parts = Vec::new();
    operands(root, root.span, evidence, &mut parts);
    if parts.is_empty() {
        return Found(
            truth
                .to_value()
                .to_json()
                .to_string()
                .replace("null", "unknown"),
        );
    }
    Found(parts.join(", "))
}

fn operands(expr: &Expr, whole: Span, evidence: Evidence<'_>, parts: &mut Vec<String>) {
    match &expr.kind {
        ExprKind::And(left, right) | ExprKind::Or(left, right) => {
            operands(left, whole, evidence, parts);
            operands(right, whole, evidence, parts);
        }
        ExprKind::Not(inner) => operands(inner, whole, evidence, parts),
        ExprKind::Compare(first, rest) => {
            operands(first, whole, evidence, parts);
            for (_, other) in rest {
                operands(other, whole, evidence, parts);
            }
        }
        ExprKind::Constant(_) | ExprKind::List(_) | ExprKind::Map(_) => {}
        // Where the places of parts are not known, each would show the whole condition.
        _ if expr.span == whole => {}
        ExprKind::Test { input, .. } => operands(input, whole, evidence, parts),
        _ => {
            let words = evidence.source.slice(expr.span).split_whitespace();
            let text = words.collect::<Vec<_>>().join(" ");
            let expression = Expression {
                text: text.clone(),
                span: expr.span,
                root: expr.clone(),
            };
            if let Ok(value) = evaluate(&expression, evidence.scope) {
                let part = format!("{text} = {}", short(&value));
                if !text.is_empty() && !parts.contains(&part) {
                    parts.push(part);
                }
            }
        }
    }
}

/// A predicate as written.
pub(super) fn predicate(predicate: &Predicate, source: &Source) -> String {
    let operand = |data: &Spanned<Data>| source.slice(data.span).trim().to_owned();
    let inner = |predicates: &[Spanned<Predicate>]| {
        predicates
            .iter()
            .map(|one| self::predicate(&one.value, source))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match predicate {
        Predicate::Equals(data) => format!("equals {}", operand(data)),
        Predicate::NotEquals(data) => format!("not_equals {}", operand(data)),
        Predicate::Lt(data) => format!("lt {}", operand(data)),
        Predicate::Lte(data) => format!("lte {}", operand(data)),
        Predicate::Gt(data) => format!("gt {}", operand(data)),
        Predicate::Gte(data) => format!("gte {}", operand(data)),
        Predicate::In(data) => format!("in {}", operand(data)),
        Predicate::Contains(data) => format!("contains {}", operand(data)),
        Predicate::StartsWith(data) => format!("starts_with {}", operand(data)),
        Predicate::EndsWith(data) => format!("ends_with {}", operand(data)),
        Predicate::Matches(pattern) => format!("matches {}", pattern.value),
        Predicate::Type(name) => format!("type {}", name.value),
        Predicate::Exists(expected) => format!("exists {expected}"),
        Predicate::Empty(expected) => format!("empty {expected}"),
        Predicate::Count(predicates) => format!("count {{{}}}", inner(predicates)),
        Predicate::Any(predicates) => format!("any {{{}}}", inner(predicates)),
        Predicate::All(predicates) => format!("all {{{}}}", inner(predicates)),
        Predicate::None(predicates) => format!("none {{{}}}", inner(predicates)),
    }
}
