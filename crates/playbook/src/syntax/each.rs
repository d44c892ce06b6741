//! `each`: one step over a list.

use super::fields::{Field, Fields};
use super::keys::{Key, Shape, Table, key};
use super::reader::{Reader, poison};
use crate::diagnostic::Code;
use crate::expression::Expression;
use crate::span::{Span, Spanned, TextPlace};
use crate::yaml::NodeKind;

/// `each: name in list`, or the mapping form with bounds (`{in: …, as: …, concurrency, max_errors, max}`), whose keys may
/// also stand in the step beside `each`.
#[derive(Debug, Clone, PartialEq)]
pub struct Each {
    /// The element's name.
    pub name: Spanned<String>,
    /// The list.
    pub list: Expression,
    /// Which elements; all where it is not said.
    pub condition: Option<Expression>,
    /// How many at once; by default 1 for writes, 8 for reads.
    pub concurrency: Option<Spanned<u32>>,
    /// How many may fail.
    pub max_errors: Option<Spanned<MaxErrors>>,
    /// How many elements the list may have; 100 by default.
    pub max: Option<Spanned<u32>>,
}

/// A number or a share of elements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxErrors {
    /// So many.
    Number(u32),
    /// Such a share, in percent.
    Percent(f64),
}

/// How many at once, as `each` and the step have it.
pub(super) const CONCURRENCY: Key = key(
    "concurrency",
    Shape::Integer(1),
    "How many elements at once; by default 1 for writes, 8 for reads.",
);
/// How many may fail, as `each` and the step have it.
pub(super) const MAX_ERRORS: Key = key("max_errors", Shape::Share, "How many elements may fail.");
/// The longest list, as `each` and the step have it.
pub(super) const MAX: Key = key(
    "max",
    Shape::Integer(1),
    "How many elements the list may have; 100 by default.",
);

/// The keys of `each` in its mapping form.
pub static EACH: Table = Table {
    name: "`each`",
    example: "{in: stopped.arns, as: arn}",
    keys: &[
        key("in", Shape::Expression, "The list.").required(),
        key("as", Shape::Name, "The element's name.").required(),
        key(
            "if",
            Shape::Condition,
            "Only the elements for which this is true.",
        ),
        CONCURRENCY,
        MAX_ERRORS,
        MAX,
    ],
    includes: None,
};

impl Each {
    /// Reads `each`; its bounds may stand beside it in the step.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        field: &Field<'_>,
        step: &Fields<'_>,
    ) -> Option<Self> {
        let (name, list, inner) = match &field.node.kind {
            NodeKind::Scalar { text, place, .. } if !field.node.is_null() => {
                let (name, list) = Self::name_in_list(reader, field, text, *place)?;
                (name, list, None)
            }
            NodeKind::Map(_) => {
                let fields = Fields::read(reader, field.node, &EACH, "`each`", None)?;
                let list = fields
                    .get("in")
                    .map_or_else(|| poison(field.node.span), |list| reader.expression(&list));
                let name = fields.get("as").and_then(|name| reader.text(&name));
                let name = name.unwrap_or_else(|| Spanned::new(String::new(), field.node.span));
                (name, list, Some(fields))
            }
            _ => {
                reader.wrong_kind("`each`", field.node, &field.shape);
                return None;
            }
        };
        if !name.is_empty() {
            reader.name("element", &name);
        }
        let condition = inner
            .as_ref()
            .and_then(|fields| fields.get("if"))
            .map(|condition| reader.expression(&condition));
        let bound = |reader: &mut Reader<'_>, key: &str| {
            let inside = inner.as_ref().and_then(|fields| fields.get(key));
            let beside = step.get(key);
            if let (Some(inside), Some(beside)) = (inside, beside) {
                reader.report(
                    Code::ConflictingKeys,
                    beside.key.span,
                    format!("`{}` stands beside `each` and in it", inside.key.value),
                    "keep one of them",
                );
            }
            inside.or(beside)
        };
        let concurrency = bound(reader, "concurrency").and_then(|field| reader.integer(&field));
        let max_errors =
            bound(reader, "max_errors").and_then(|field| MaxErrors::read(reader, &field));
        let max = bound(reader, "max").and_then(|field| reader.integer(&field));
        Some(Self {
            name,
            list,
            condition,
            concurrency,
            max_errors,
            max,
        })
    }

    /// Reads `name in list`.
    fn name_in_list(
        reader: &mut Reader<'_>,
        field: &Field<'_>,
        text: &str,
        place: TextPlace,
    ) -> Option<(Spanned<String>, Expression)> {
        let Some((name, list)) = text.split_once(" in ") else {
            reader.report(
                Code::WrongKind,
                field.node.span,
                "`each` does not say what an element is called",
                format!("write {}", field.shape.due()),
            );
            return None;
        };
        let before = name.len() - name.trim_start().len();
        let span = place.part(before, name.trim_end().len());
        let name = Spanned::new(name.trim().to_owned(), span);
        let from = text.len() - list.len();
        let place = TextPlace {
            span: if place.exact {
                place.part(from, text.len())
            } else {
                place.span
            },
            exact: place.exact,
        };
        Some((name, reader.expression_text(list, place)))
    }
}

impl MaxErrors {
    pub(super) fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Spanned<Self>> {
        let text = reader.text(field)?;
        let share = text.strip_suffix('%').map(str::trim_end);
        let read = match share {
            Some(share) => share
                .parse::<f64>()
                .ok()
                .filter(|share| (0.0..=100.0).contains(share))
                .map(Self::Percent),
            None => text.parse::<u32>().ok().map(Self::Number),
        };
        if read.is_none() {
            reader.report(
                Code::InvalidValue,
                field.node.span,
                format!("`{}` cannot be `{}`", field.key.value, text.value),
                format!("write {}", field.shape.due()),
            );
        }
        read.map(|errors| Spanned::new(errors, field.node.span))
    }
}

/// Reports bounds that stand in a step without `each`.
pub(super) fn bounds_without_each(reader: &mut Reader<'_>, step: &Fields<'_>) {
    for bound in [CONCURRENCY, MAX_ERRORS, MAX] {
        if let Some(field) = step.get(bound.name) {
            let span: Span = field.key.span;
            reader.report(
                Code::MisplacedKey,
                span,
                format!("`{}` has a meaning only with `each`", bound.name),
                "delete it, or add `each: NAME in LIST`",
            );
        }
    }
}
