//! Assertions and their predicates.

use super::fields::{Field, Fields};
use super::keys::{Key, Shape, Table, key, one_of};
use super::reader::{Reader, nearest, poison};
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::Expression;
use crate::jsonpath::Path;
use crate::span::{Span, Spanned};
use crate::template::Data;

/// One thing that is to be true.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// What is looked at.
    pub subject: Subject,
    /// What is to hold of it; empty for [`Subject::That`]. All must be true.
    pub predicates: Vec<Spanned<Predicate>>,
    /// Shown either way, with what was found.
    pub message: Option<Spanned<Data>>,
    /// It never counts.
    pub warn: bool,
    /// The whole assertion.
    pub span: Span,
}

/// What an assertion looks at.
#[derive(Debug, Clone, PartialEq)]
pub enum Subject {
    /// Nodes of the step's result.
    Path(Path),
    /// The value of an expression.
    Value(Expression),
    /// A condition; there are no predicates.
    That(Expression),
}

/// One predicate. Operands are read by the type of the subject.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the predicates' own names, explained in the language reference"
)]
pub enum Predicate {
    Equals(Spanned<Data>),
    NotEquals(Spanned<Data>),
    Lt(Spanned<Data>),
    Lte(Spanned<Data>),
    Gt(Spanned<Data>),
    Gte(Spanned<Data>),
    In(Spanned<Data>),
    Contains(Spanned<Data>),
    StartsWith(Spanned<Data>),
    EndsWith(Spanned<Data>),
    /// Searches; Rust regex syntax.
    Matches(Spanned<String>),
    /// `text`, `number`, `integer`, `boolean`, `list`, `map`, `timestamp`, `duration`.
    Type(Spanned<String>),
    Exists(bool),
    Empty(bool),
    Count(Vec<Spanned<Predicate>>),
    Any(Vec<Spanned<Predicate>>),
    All(Vec<Spanned<Predicate>>),
    None(Vec<Spanned<Predicate>>),
}

/// The words of the predicate `type`.
pub(super) const TYPES: &[&str] = &[
    "text",
    "number",
    "integer",
    "boolean",
    "list",
    "map",
    "timestamp",
    "duration",
];

const EQUALS: Key = key("equals", Shape::Data, "Is equal.");
const NOT_EQUALS: Key = key("not_equals", Shape::Data, "Is there and is not equal.");
const LT: Key = key("lt", Shape::Data, "Is less.");
const LTE: Key = key("lte", Shape::Data, "Is less or equal.");
const GT: Key = key("gt", Shape::Data, "Is greater.");
const GTE: Key = key("gte", Shape::Data, "Is greater or equal.");
const IN: Key = key("in", Shape::Data, "Is one of a list.");

/// What can be said of a count.
pub static COUNTS: Table = Table {
    name: "`count`",
    example: "{gt: 0}",
    keys: &[EQUALS, NOT_EQUALS, LT, LTE, GT, GTE, IN],
    includes: None,
};

/// What can be said of a value.
pub static PREDICATES: Table = Table {
    name: "a predicate",
    example: "{equals: RUNNING}",
    keys: &[
        EQUALS,
        NOT_EQUALS,
        LT,
        LTE,
        GT,
        GTE,
        IN,
        key("contains", Shape::Data, "Contains the text or the element."),
        key("starts_with", Shape::Template, "Is text that begins so."),
        key("ends_with", Shape::Template, "Is text that ends so."),
        key(
            "matches",
            Shape::Regex,
            "Is text in which the regular expression is found.",
        ),
        key("type", Shape::Word(TYPES), "Is of the type."),
        key("exists", Shape::Boolean, "Is there and is not null."),
        key(
            "empty",
            Shape::Boolean,
            "Has no nodes, elements or characters.",
        ),
        key(
            "count",
            Shape::Object(&COUNTS),
            "How many nodes or elements there are.",
        ),
        key("any", Shape::Object(&PREDICATES), "Holds for at least one."),
        key(
            "all",
            Shape::Object(&PREDICATES),
            "Holds for each, and there is one.",
        ),
        key("none", Shape::Object(&PREDICATES), "Holds for none."),
    ],
    includes: None,
};

/// The keys of an assertion.
pub static ASSERTION: Table = Table {
    name: "an assertion",
    example: "{path: $.status, equals: ACTIVE}",
    keys: &[
        key(
            "path",
            Shape::Path,
            "The nodes of the result that are looked at.",
        ),
        key("value", Shape::Expression, "The value that is looked at."),
        key(
            "that",
            Shape::Condition,
            "The condition that is to be true.",
        ),
        key(
            "message",
            Shape::Template,
            "Shown either way, with what was found.",
        ),
        key("warn", Shape::Boolean, "It is shown and never counts."),
    ],
    includes: Some(&PREDICATES),
};

impl Assertion {
    /// Reads the assertions of a field: one, or a list of them.
    pub(super) fn read_all(reader: &mut Reader<'_>, field: &Field<'_>) -> Vec<Self> {
        let owner = format!("an assertion of `{}`", field.key.value);
        reader
            .elements(field)
            .iter()
            .filter_map(|element| {
                let fields = Fields::read(reader, element.node, &ASSERTION, &owner, None)?;
                Some(Self::read(reader, &fields, &owner))
            })
            .collect()
    }

    /// Reads the assertion among some fields.
    pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>, owner: &str) -> Self {
        let subjects: Vec<(&str, Field<'_>)> = fields
            .iter()
            .filter(|(key, _)| matches!(key.name, "path" | "value" | "that"))
            .map(|(key, field)| (key.name, field))
            .collect();
        let mut predicates = Vec::new();
        let mut written = Vec::new();
        for (key, field) in fields.iter() {
            if PREDICATES.key(key.name).is_some() {
                written.push(field);
                predicates.extend(Predicate::read(reader, key.name, &field));
            }
        }
        if let [(_, first), (_, second), ..] = subjects.as_slice() {
            reader.push(
                Diagnostic::new(
                    Code::ConflictingKeys,
                    reader.source,
                    second.key.span,
                    format!("{owner} looks at `{}` and at `{}`", first.key.value, second.key.value),
                )
                .also(first.key.span, "the first")
                .help("keep one of `path`, `value` and `that`; make the other an assertion of its own"),
            );
        }
        let subject = match subjects.first() {
            Some(("path", field)) => match reader.path(field) {
                Some(path) => Subject::Path(path),
                None => Subject::That(poison(field.node.span)),
            },
            Some(("value", field)) => Subject::Value(reader.expression(field)),
            Some((_, field)) => Subject::That(reader.expression(field)),
            None => {
                reader.report(
                    Code::MissingKey,
                    written.first().map_or(fields.span, |first| first.key.span),
                    format!("{owner} does not say what it looks at"),
                    "add `path:` with a JSONPath into the result or `value:` with an expression, or write `that:` with a condition",
                );
                Subject::That(poison(fields.span))
            }
        };
        match (subjects.first(), written.first()) {
            (Some(("that", that)), Some(first)) => reader.push(
                Diagnostic::new(
                    Code::ConflictingKeys,
                    reader.source,
                    first.key.span,
                    format!(
                        "`{}` says something of a value, but `that` is a whole condition",
                        first.key.value
                    ),
                )
                .also(that.key.span, "the condition")
                .help(format!(
                    "write `value:` instead of `that:`, or put `{}` into the condition",
                    first.key.value
                )),
            ),
            (Some((name, subject)), None) if subjects.len() == 1 && *name != "that" => reader.report(
                Code::MissingKey,
                subject.key.span,
                format!(
                    "{owner} does not say what holds of its `{}`",
                    subject.key.value
                ),
                "add a predicate, for example `equals: ACTIVE`, `exists: true` or `count: {gt: 0}`",
            ),
            _ => {}
        }
        if matches!(subject, Subject::That(_)) {
            predicates.clear();
        }
        Self {
            subject,
            predicates,
            message: fields
                .get("message")
                .and_then(|field| reader.template(&field)),
            warn: fields
                .get("warn")
                .and_then(|field| reader.boolean(&field))
                .is_some_and(|warn| warn.value),
            span: fields.span,
        }
    }
}

impl Predicate {
    /// Reads one predicate.
    fn read(reader: &mut Reader<'_>, name: &str, field: &Field<'_>) -> Option<Spanned<Self>> {
        let operand = |reader: &mut Reader<'_>| {
            if field.node.is_null() {
                reader.report(
                    Code::WrongKind,
                    field.node.span,
                    format!("`{}` has no value to compare with", field.key.value),
                    "write the value; whether something is there at all, `exists: false` says",
                );
                return None;
            }
            Some(reader.data(field.node))
        };
        let predicate = match name {
            "equals" => Self::Equals(operand(reader)?),
            "not_equals" => Self::NotEquals(operand(reader)?),
            "lt" => Self::Lt(operand(reader)?),
            "lte" => Self::Lte(operand(reader)?),
            "gt" => Self::Gt(operand(reader)?),
            "gte" => Self::Gte(operand(reader)?),
            "in" => Self::In(operand(reader)?),
            "contains" => Self::Contains(operand(reader)?),
            "starts_with" => Self::StartsWith(reader.template(field)?),
            "ends_with" => Self::EndsWith(reader.template(field)?),
            "matches" => Self::Matches(reader.regex(field)?),
            "type" => Self::Type(Self::type_word(reader, field)?),
            "exists" => Self::Exists(reader.boolean(field)?.value),
            "empty" => Self::Empty(reader.boolean(field)?.value),
            "count" => Self::Count(Self::nested(reader, field, &COUNTS)?),
            "any" => Self::Any(Self::nested(reader, field, &PREDICATES)?),
            "all" => Self::All(Self::nested(reader, field, &PREDICATES)?),
            "none" => Self::None(Self::nested(reader, field, &PREDICATES)?),
            _ => return None,
        };
        Some(Spanned::new(predicate, field.key.span))
    }

    fn type_word(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Spanned<String>> {
        let word = reader.text(field)?;
        if TYPES.contains(&word.as_str()) {
            return Some(word);
        }
        let near = match word.as_str() {
            "string" => Some("text"),
            "bool" => Some("boolean"),
            "int" => Some("integer"),
            "float" => Some("number"),
            "array" => Some("list"),
            "object" | "mapping" | "dict" => Some("map"),
            other => nearest(other, TYPES),
        };
        let help = near.map_or_else(
            || format!("write {}", one_of(TYPES)),
            |near| format!("did you mean `{near}`?"),
        );
        reader.report(
            Code::InvalidValue,
            field.node.span,
            format!("there is no type `{}`", word.value),
            help,
        );
        None
    }

    fn nested(
        reader: &mut Reader<'_>,
        field: &Field<'_>,
        table: &'static Table,
    ) -> Option<Vec<Spanned<Self>>> {
        let owner = format!("`{}`", field.key.value);
        if let Some(text) = field.node.text() {
            reader.report(
                Code::WrongKind,
                field.node.span,
                format!("{owner} takes predicates, not a value"),
                format!("write `{}: {{equals: {text}}}`", field.key.value),
            );
            return None;
        }
        let fields = Fields::read(reader, field.node, table, &owner, None)?;
        let mut predicates = Vec::new();
        let mut any = false;
        for (key, inner) in fields.iter() {
            any = true;
            predicates.extend(Self::read(reader, key.name, &inner));
        }
        if !any && field.node.entries().is_some_and(<[_]>::is_empty) {
            reader.report(
                Code::MissingKey,
                field.node.span,
                format!("{owner} says nothing"),
                format!("write `{}: {}`", field.key.value, table.example),
            );
        }
        Some(predicates)
    }
}
