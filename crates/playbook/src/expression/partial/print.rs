//! Expressions as text, as a playbook would write them.

use crate::expression::number;
use crate::expression::tree::{Argument, Arithmetic, CompareOp, Expr, ExprKind};
use crate::value::Value;
use std::fmt::Write as _;

/// How tightly a node binds; one that binds less tightly than its place asks for stands in parentheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Choice,
    Or,
    And,
    Not,
    Compare,
    Sum,
    Concat,
    Product,
    Power,
    Sign,
    Postfix,
}

/// Writes an expression as text that reads back as the same expression.
#[must_use]
pub fn print(expr: &Expr) -> String {
    let mut text = String::new();
    write(&mut text, expr, Binding::Choice);
    text
}

fn binding(expr: &Expr) -> Binding {
    match &expr.kind {
        ExprKind::If { .. } => Binding::Choice,
        ExprKind::Or(..) => Binding::Or,
        ExprKind::And(..) => Binding::And,
        ExprKind::Not(_) | ExprKind::Test { .. } => Binding::Not,
        ExprKind::Compare(..) => Binding::Compare,
        ExprKind::Arithmetic(op, ..) => match op {
            Arithmetic::Add | Arithmetic::Subtract => Binding::Sum,
            Arithmetic::Power => Binding::Power,
            _ => Binding::Product,
        },
        ExprKind::Concat(..) => Binding::Concat,
        // A filter needs no parentheses in a comparison, `a | length > 0`, and has them in a sum for who reads it.
        ExprKind::Filter { .. } => Binding::Sum,
        ExprKind::Negate(_) => Binding::Sign,
        ExprKind::Constant(Value::Integer(value)) if *value < 0 => Binding::Sign,
        ExprKind::Constant(Value::Number(value)) if *value < 0.0 => Binding::Sign,
        _ => Binding::Postfix,
    }
}

fn write(text: &mut String, expr: &Expr, due: Binding) {
    let inside = binding(expr) < due;
    if inside {
        text.push('(');
    }
    node(text, expr);
    if inside {
        text.push(')');
    }
}

#[expect(clippy::too_many_lines, reason = "one arm a kind of node")]
fn node(text: &mut String, expr: &Expr) {
    match &expr.kind {
        ExprKind::Constant(value) => constant(text, value),
        ExprKind::Name(name) => text.push_str(name),
        ExprKind::Member(inner, name) => {
            write(text, inner, Binding::Postfix);
            if is_name(name) {
                text.push('.');
                text.push_str(name);
            } else {
                text.push('[');
                quoted(text, name);
                text.push(']');
            }
        }
        ExprKind::Index(inner, index) => {
            write(text, inner, Binding::Postfix);
            text.push('[');
            write(text, index, Binding::Choice);
            text.push(']');
        }
        ExprKind::Slice(inner, start, end, step) => {
            write(text, inner, Binding::Postfix);
            text.push('[');
            let bounds = [start, end, step];
            let last = if step.is_some() { 3 } else { 2 };
            for (place, bound) in bounds.into_iter().take(last).enumerate() {
                if place > 0 {
                    text.push(':');
                }
                if let Some(bound) = bound {
                    write(text, bound, Binding::Or);
                }
            }
            text.push(']');
        }
        ExprKind::Not(inner) => {
            text.push_str("not ");
            write(text, inner, Binding::Not);
        }
        ExprKind::Negate(inner) => {
            text.push('-');
            write(text, inner, Binding::Postfix);
        }
        ExprKind::And(left, right) => pair(text, left, " and ", right, Binding::And),
        ExprKind::Or(left, right) => pair(text, left, " or ", right, Binding::Or),
        ExprKind::Compare(first, rest) => {
            write(text, first, Binding::Sum);
            for (op, right) in rest {
                text.push_str(comparison(*op));
                write(text, right, Binding::Sum);
            }
        }
        ExprKind::Arithmetic(op, left, right) => {
            pair(text, left, arithmetic(*op), right, binding(expr));
        }
        ExprKind::Concat(left, right) => pair(text, left, " ~ ", right, Binding::Concat),
        ExprKind::If {
            test,
            then,
            otherwise,
        } => {
            // A test takes what follows it for its argument: `(x is defined) if …`.
            write(text, then, Binding::Compare);
            text.push_str(" if ");
            write(text, test, Binding::Compare);
            if let Some(otherwise) = otherwise {
                text.push_str(" else ");
                write(text, otherwise, Binding::Choice);
            }
        }
        ExprKind::Filter {
            name,
            input,
            arguments,
        } => {
            chained(text, input);
            text.push_str(" | ");
            text.push_str(name);
            if !arguments.is_empty() {
                call(text, arguments);
            }
        }
        ExprKind::Test {
            name,
            input,
            arguments,
        } => {
            chained(text, input);
            text.push_str(" is ");
            text.push_str(name);
            if !arguments.is_empty() {
                call(text, arguments);
            }
        }
        ExprKind::Call { name, arguments } => {
            text.push_str(name);
            call(text, arguments);
        }
        ExprKind::List(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                comma(text, place);
                write(text, item, Binding::Choice);
            }
            text.push(']');
        }
        ExprKind::Map(entries) => {
            text.push('{');
            for (place, (name, value)) in entries.iter().enumerate() {
                comma(text, place);
                quoted(text, name);
                text.push_str(": ");
                write(text, value, Binding::Choice);
            }
            text.push('}');
        }
    }
}

/// What a filter or a test is applied to: a filter chain goes on without parentheses.
fn chained(text: &mut String, input: &Expr) {
    if matches!(input.kind, ExprKind::Filter { .. }) {
        node(text, input);
    } else {
        write(text, input, Binding::Postfix);
    }
}

/// Operators of one level group to the left; the right side is set apart.
fn pair(text: &mut String, left: &Expr, op: &str, right: &Expr, own: Binding) {
    let (loose, tight) = if own == Binding::Power {
        (Binding::Postfix, Binding::Postfix)
    } else {
        (own, next(own))
    };
    let calculates = own >= Binding::Sum;
    let loose = if calculates && matches!(left.kind, ExprKind::Filter { .. }) {
        Binding::Postfix
    } else {
        loose
    };
    write(text, left, loose);
    text.push_str(op);
    write(text, right, tight);
}

fn next(binding: Binding) -> Binding {
    match binding {
        Binding::Choice => Binding::Or,
        Binding::Or => Binding::And,
        Binding::And => Binding::Not,
        Binding::Not => Binding::Compare,
        Binding::Compare => Binding::Sum,
        Binding::Sum => Binding::Concat,
        Binding::Concat => Binding::Product,
        Binding::Product => Binding::Power,
        Binding::Power => Binding::Sign,
        Binding::Sign | Binding::Postfix => Binding::Postfix,
    }
}

fn comma(text: &mut String, place: usize) {
    if place > 0 {
        text.push_str(", ");
    }
}

fn call(text: &mut String, arguments: &[Argument]) {
    text.push('(');
    for (place, argument) in arguments.iter().enumerate() {
        comma(text, place);
        if let Some(name) = &argument.name {
            text.push_str(name);
            text.push('=');
        }
        write(text, &argument.value, Binding::Choice);
    }
    text.push(')');
}

fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(
            name,
            "if" | "else" | "and" | "or" | "not" | "in" | "is" | "absent" | "true" | "false"
        )
}

fn constant(text: &mut String, value: &Value) {
    match value {
        Value::Absent => text.push_str("absent"),
        Value::Unknown => text.push_str("unknown"),
        Value::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Integer(value) => {
            let _ = write!(text, "{value}");
        }
        Value::Number(value) => {
            let written = number::format(*value);
            text.push_str(&written);
            if !written.contains(['.', 'e', 'E']) {
                text.push_str(".0");
            }
        }
        Value::Text(value) => quoted(text, value),
        Value::Timestamp(at) => {
            let _ = write!(text, "timestamp('{at}')");
        }
        Value::Duration(length) => {
            let _ = write!(text, "duration('{}')", crate::duration::format(*length));
        }
        Value::List(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                comma(text, place);
                constant(text, item);
            }
            text.push(']');
        }
        Value::Map(entries) => {
            text.push('{');
            for (place, (name, value)) in entries.iter().enumerate() {
                comma(text, place);
                quoted(text, name);
                text.push_str(": ");
                constant(text, value);
            }
            text.push('}');
        }
    }
}

fn quoted(text: &mut String, value: &str) {
    text.push('\'');
    for c in value.chars() {
        match c {
            '\'' => text.push_str("\\'"),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c => text.push(c),
        }
    }
    text.push('\'');
}

fn comparison(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Equal => " == ",
        CompareOp::NotEqual => " != ",
        CompareOp::Less => " < ",
        CompareOp::LessOrEqual => " <= ",
        CompareOp::Greater => " > ",
        CompareOp::GreaterOrEqual => " >= ",
        CompareOp::In => " in ",
        CompareOp::NotIn => " not in ",
    }
}

fn arithmetic(op: Arithmetic) -> &'static str {
    match op {
        Arithmetic::Add => " + ",
        Arithmetic::Subtract => " - ",
        Arithmetic::Multiply => " * ",
        Arithmetic::Divide => " / ",
        Arithmetic::FloorDivide => " // ",
        Arithmetic::Remainder => " % ",
        Arithmetic::Power => " ** ",
    }
}
