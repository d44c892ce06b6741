//! What filters compare: values of two kinds are never equal, and have no order (RFC 9535, section 2.3.5.2.2).

use super::infer::Walk;
use super::parse::PLACEHOLDER;
use crate::diagnostic::Code;
use crate::types::Type;
use jsonpath_rust::parser::model::{
    Comparable, Comparison, FnArg, Literal, SingularQuery, SingularQuerySegment, Test, TestFunction,
};

/// Kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    Boolean,
    List,
    Map,
}

impl Kind {
    fn of(ty: &Type) -> Option<Self> {
        Some(match ty.present() {
            Type::Integer(..) | Type::Number(_) => Self::Number,
            // A timestamp, a duration and bytes are text in JSON.
            Type::Text(_) | Type::Timestamp(_) | Type::Duration | Type::Blob => Self::Text,
            Type::Boolean => Self::Boolean,
            Type::List(_) => Self::List,
            Type::Map(_) | Type::Structure(_) => Self::Map,
            Type::Any | Type::JsonText | Type::Secret | Type::Absent | Type::Optional(_) => {
                return None;
            }
        })
    }

    fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Text => "text",
            Self::Boolean => "a boolean",
            Self::List => "a list",
            Self::Map => "a mapping",
        }
    }
}

impl Walk {
    /// Says that a comparison is of two kinds, or with a text that is none of those that the API lists.
    pub(super) fn compared(&mut self, node: &Type, comparison: &Comparison) {
        let (left, right, ordered, equal) = match comparison {
            Comparison::Eq(left, right) => (left, right, false, true),
            Comparison::Ne(left, right) => (left, right, false, false),
            Comparison::Gt(left, right)
            | Comparison::Gte(left, right)
            | Comparison::Lt(left, right)
            | Comparison::Lte(left, right) => (left, right, true, false),
        };
        let (Some(one), Some(other)) = (self.type_of(node, left), self.type_of(node, right)) else {
            return;
        };
        let (Some(a), Some(b)) = (Kind::of(&one), Kind::of(&other)) else {
            return;
        };
        if a != b {
            let truth = if equal || ordered { "never" } else { "always" };
            self.wrong(
                Code::ExpressionType,
                format!(
                    "the filter compares {} with {}, which is {truth} true",
                    a.words(),
                    b.words()
                ),
                None,
            );
        } else if ordered && !matches!(a, Kind::Number | Kind::Text) {
            self.wrong(
                Code::ExpressionType,
                format!("the filter asks for an order, and {} has none", a.words()),
                None,
            );
        } else if equal {
            self.listed(left, &other);
            self.listed(right, &one);
        }
    }

    /// A text that the API does not list can still come one day, but is likelier to be a slip of the pen.
    fn listed(&mut self, literal: &Comparable, other: &Type) {
        let (Comparable::Literal(Literal::String(text)), Type::Text(rule)) =
            (literal, other.present())
        else {
            return;
        };
        let text = text.trim_matches(['\'', '"']);
        if rule.values.is_empty()
            || text.starts_with(PLACEHOLDER)
            || rule.values.iter().any(|value| value == text)
        {
            return;
        }
        let known = rule.values.iter().map(String::as_str);
        let help =
            crate::expression::closest(text, known).map(|near| format!("did you mean `{near}`?"));
        self.wrong(
            Code::NeverTrue,
            format!("`{text}` is none of the values that this can have"),
            help,
        );
    }

    fn type_of(&mut self, node: &Type, comparable: &Comparable) -> Option<Type> {
        match comparable {
            Comparable::Literal(literal) => self.of_literal(literal),
            Comparable::Function(function) => match function {
                TestFunction::Length(_) | TestFunction::Count(_) => Some(Type::integer()),
                _ => None,
            },
            Comparable::SingularQuery(query) => {
                let (mut ty, segments) = match query {
                    SingularQuery::Current(segments) => (node.clone(), segments),
                    SingularQuery::Root(segments) => (self.root(), segments),
                };
                for segment in segments {
                    ty = match (ty.present(), segment) {
                        (Type::Structure(structure), SingularQuerySegment::Name(name)) => {
                            structure.member(name.trim_matches(['\'', '"']))?.known()
                        }
                        (Type::List(list), SingularQuerySegment::Index(_)) => list.element.clone(),
                        (Type::Map(value), SingularQuerySegment::Name(_)) => value.as_ref().clone(),
                        _ => return None,
                    };
                }
                Some(ty)
            }
        }
    }

    fn of_literal(&self, literal: &Literal) -> Option<Type> {
        match literal {
            Literal::Int(_) => Some(Type::integer()),
            Literal::Float(_) => Some(Type::number()),
            Literal::Bool(_) => Some(Type::Boolean),
            Literal::Null => None,
            Literal::String(text) => match text.trim_matches('\'').strip_prefix(PLACEHOLDER) {
                Some(place) => self.named(place.parse().ok()?),
                None => Some(Type::text()),
            },
        }
    }

    /// What `match` and `search` look for is a regular expression, and what they look at is text.
    pub(super) fn searched(&mut self, node: &Type, subject: &FnArg, pattern: &FnArg) {
        if let FnArg::Literal(Literal::String(text)) = pattern {
            let text = text.trim_matches(['\'', '"']).replace("\\\\", "\\");
            if !text.starts_with(PLACEHOLDER) && regex_syntax::parse(&text).is_err() {
                self.wrong(
                    Code::InvalidRegex,
                    format!("`{text}` is no regular expression"),
                    None,
                );
            }
        }
        let FnArg::Test(test) = subject else { return };
        let Test::RelQuery(segments) = test.as_ref() else {
            return;
        };
        let found = self.quietly(node, segments);
        if let Some(kind) = found.as_ref().and_then(Kind::of)
            && kind != Kind::Text
        {
            self.wrong(
                Code::ExpressionType,
                format!("the filter searches in text, and this is {}", kind.words()),
                None,
            );
        }
    }
}
