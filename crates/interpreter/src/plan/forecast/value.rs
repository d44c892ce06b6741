//! Values as a forecast shows them: JSON with gaps.

use indexmap::IndexMap;
pub use runbook_playbook::expression::partial::Origin;
use runbook_playbook::expression::partial::{Partial, Unknown, print};
use runbook_playbook::template;
use runbook_playbook::types::{Type, are_pair};
use runbook_playbook::value::Value;
use serde_json::Value as Json;

/// A JSON value of which some parts may not be known before a run.
#[derive(Debug, Clone)]
pub enum PlannedValue {
    /// What will be sent, exactly.
    Known(Json),
    /// What only a run can tell.
    Unknown(Box<PlannedUnknown>),
    /// Text of which some pieces are not known.
    Text(Vec<PlannedText>),
    /// A list; an element that may be absent is left out when it is.
    List(Vec<PlannedValue>),
    /// A mapping; an entry that may be absent is left out when it is.
    Map(IndexMap<String, PlannedValue>),
    /// Known or not, never shown.
    Secret,
}

/// A value that only a run can tell.
#[derive(Debug, Clone)]
pub struct PlannedUnknown {
    /// What it will be.
    pub ty: Type,
    /// It may turn out to be absent, and is left out then.
    pub optional: bool,
    /// What must come first, each once.
    pub origins: Vec<Origin>,
    /// The expression that will give it, with full names and known values put in; empty where nobody writes one.
    pub expression: String,
}

/// A piece of a text.
#[derive(Debug, Clone)]
pub enum PlannedText {
    /// Known.
    Known(String),
    /// Not known.
    Unknown(PlannedUnknown),
    /// A secret.
    Secret,
}

impl PlannedValue {
    /// Whether every part is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// The value, where every part is known.
    #[must_use]
    pub fn known(&self) -> Option<&Json> {
        match self {
            Self::Known(json) => Some(json),
            _ => None,
        }
    }

    /// The member of a mapping.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<Self> {
        match self {
            Self::Known(Json::Object(members)) => members.get(name).cloned().map(Self::Known),
            Self::Map(entries) => entries.get(name).cloned(),
            _ => None,
        }
    }

    /// The value may turn out to be absent.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Unknown(unknown) if unknown.optional)
    }
}

impl PlannedUnknown {
    /// Where it comes from, in a few words: `known after diagnose.stopped.arns`.
    #[must_use]
    pub fn why(&self) -> String {
        let origins: Vec<String> = self.origins.iter().map(ToString::to_string).collect();
        match origins.as_slice() {
            [] => "not known".to_owned(),
            origins => origins.join(", "),
        }
    }
}

/// Turns a value that was read for a member of a type into what will be sent; `None` for what is left out.
#[must_use]
pub(super) fn planned(partial: &Partial, ty: &Type) -> Option<PlannedValue> {
    if is_sensitive(ty) {
        return (partial.known() != Some(&Value::Absent)).then_some(PlannedValue::Secret);
    }
    match partial {
        Partial::Known(Value::Unknown) => Some(gap(PlannedUnknown {
            ty: ty.present().clone(),
            optional: false,
            origins: Vec::new(),
            expression: "unknown".to_owned(),
        })),
        Partial::Known(value) => match template::write(value, ty) {
            Ok(written) => written.map(|json| masked(json, ty)),
            // The call itself fails with its own message.
            Err(_) => Some(PlannedValue::Known(value.to_json())),
        },
        Partial::Unknown(unknown) => Some(of_unknown(unknown, ty)),
        Partial::Text(parts) => Some(PlannedValue::Text(
            parts
                .iter()
                .map(|part| match part {
                    Partial::Known(value) => PlannedText::Known(
                        value
                            .to_json()
                            .as_str()
                            .map_or_else(|| value.to_json().to_string(), str::to_owned),
                    ),
                    Partial::Unknown(unknown) => match of_unknown(unknown, &Type::text()) {
                        PlannedValue::Unknown(unknown) => PlannedText::Unknown(*unknown),
                        _ => PlannedText::Secret,
                    },
                    _ => PlannedText::Secret,
                })
                .collect(),
        )),
        Partial::List(items) => {
            let element = match ty.present() {
                Type::List(list) => &list.element,
                _ => &Type::Any,
            };
            let untyped = matches!(element.present(), Type::Any);
            Some(PlannedValue::List(
                items
                    .iter()
                    .filter_map(|item| {
                        planned(item, element)
                            .or_else(|| untyped.then_some(PlannedValue::Known(Json::Null)))
                    })
                    .collect(),
            ))
        }
        Partial::Map(entries) => Some(PlannedValue::Map(
            entries
                .iter()
                .filter_map(|(name, value)| {
                    let (member, sensitive) = match ty.present() {
                        Type::Structure(structure) => structure
                            .member(name)
                            .map_or((Type::Any, false), |member| (member.ty, member.sensitive)),
                        Type::Map(inner) => (inner.as_ref().clone(), false),
                        _ => (Type::Any, false),
                    };
                    let value = planned(value, &member)?;
                    let value = if sensitive { hidden(value) } else { value };
                    Some((name.clone(), value))
                })
                .collect(),
        )),
    }
}

/// A value that a model calls sensitive as a whole: what its members are called is shown, and in pairs of a name and a value,
/// as environment variables are, the name.
pub(super) fn hidden(value: PlannedValue) -> PlannedValue {
    match value {
        PlannedValue::List(items) => PlannedValue::List(items.into_iter().map(hidden).collect()),
        PlannedValue::Known(Json::Array(items)) => PlannedValue::List(
            items
                .into_iter()
                .map(|item| hidden(PlannedValue::Known(item)))
                .collect(),
        ),
        PlannedValue::Map(entries) => of_members(entries.into_iter().collect()),
        PlannedValue::Known(Json::Object(members)) => of_members(
            members
                .into_iter()
                .map(|(name, value)| (name, PlannedValue::Known(value)))
                .collect(),
        ),
        _ => PlannedValue::Secret,
    }
}

fn of_members(members: Vec<(String, PlannedValue)>) -> PlannedValue {
    let pair = are_pair(members.iter().map(|(name, _)| name.as_str()));
    PlannedValue::Map(
        members
            .into_iter()
            .map(|(name, value)| {
                let named = pair && name.eq_ignore_ascii_case("name");
                let value = if named { value } else { hidden(value) };
                (name, value)
            })
            .collect(),
    )
}

fn gap(unknown: PlannedUnknown) -> PlannedValue {
    PlannedValue::Unknown(Box::new(unknown))
}

/// A value that only a run can tell, for a place of a type.
fn of_unknown(unknown: &Unknown, due: &Type) -> PlannedValue {
    let is_secret = |origin: &Origin| matches!(origin, Origin::Secret(_));
    if unknown.origins.iter().any(is_secret) {
        return PlannedValue::Secret;
    }
    let ty = match due.present() {
        Type::Any => unknown.ty.present().clone(),
        due => due.clone(),
    };
    gap(PlannedUnknown {
        ty,
        optional: matches!(unknown.ty, Type::Optional(_) | Type::Absent | Type::Any),
        origins: unknown.origins.iter().cloned().collect(),
        expression: print(&unknown.residual),
    })
}

fn is_sensitive(ty: &Type) -> bool {
    match ty.present() {
        Type::Secret => true,
        Type::Text(rule) => rule.sensitive,
        _ => false,
    }
}

/// A known value with what its type calls sensitive left out of sight.
fn masked(json: Json, ty: &Type) -> PlannedValue {
    if !holds_sensitive(&json, ty) {
        return PlannedValue::Known(json);
    }
    match (json, ty.present()) {
        (Json::Object(members), present) => PlannedValue::Map(
            members
                .into_iter()
                .map(|(name, value)| {
                    let value = match present {
                        Type::Structure(structure) => match structure.member(&name) {
                            Some(member) if member.sensitive => hidden(PlannedValue::Known(value)),
                            Some(member) => masked(value, &member.ty),
                            None => PlannedValue::Known(value),
                        },
                        Type::Map(inner) => masked(value, inner),
                        _ => PlannedValue::Known(value),
                    };
                    (name, value)
                })
                .collect(),
        ),
        (Json::Array(items), Type::List(list)) => PlannedValue::List(
            items
                .into_iter()
                .map(|item| masked(item, &list.element))
                .collect(),
        ),
        _ => PlannedValue::Secret,
    }
}

fn holds_sensitive(json: &Json, ty: &Type) -> bool {
    match (json, ty.present()) {
        (Json::Null, _) => false,
        (_, present) if is_sensitive(present) => true,
        (Json::Object(members), Type::Structure(structure)) => {
            members.iter().any(|(name, value)| {
                structure
                    .member(name)
                    .is_some_and(|member| member.sensitive || holds_sensitive(value, &member.ty))
            })
        }
        (Json::Object(members), Type::Map(inner)) => {
            members.values().any(|value| holds_sensitive(value, inner))
        }
        (Json::Array(items), Type::List(list)) => items
            .iter()
            .any(|item| holds_sensitive(item, &list.element)),
        _ => false,
    }
}
