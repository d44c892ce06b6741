//! Reading the arguments of a call by their types.

use crate::call::{Call, CallError, FailureKind};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::duration;
use serde_json::{Map, Value as Json};
use std::ops::RangeInclusive;

/// The arguments of one call. Each reader fails with the code `arguments` and names the member.
pub(crate) struct Arguments<'a> {
    action: &'a str,
    members: Option<&'a Map<String, Json>>,
}

impl<'a> Arguments<'a> {
    /// Takes the arguments of the call.
    pub(crate) fn of(call: &'a Call) -> Self {
        Self {
            action: &call.action,
            members: call.arguments.as_object(),
        }
    }

    /// A failure of one member.
    pub(crate) fn wrong(&self, name: &str, what: impl std::fmt::Display) -> CallError {
        CallError::new(
            FailureKind::NotSent,
            "arguments",
            format!("`{name}` of {} {what}", self.action),
        )
    }

    /// A member that is there; JSON null is nothing.
    pub(crate) fn json(&self, name: &str) -> Option<&'a Json> {
        self.members
            .and_then(|members| members.get(name))
            .filter(|value| !value.is_null())
    }

    /// A member that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&'a Json, CallError> {
        self.json(name)
            .ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// Text, when given.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, CallError> {
        self.json(name)
            .map(|value| {
                value
                    .as_str()
                    .ok_or_else(|| self.wrong(name, "must be text"))
            })
            .transpose()
    }

    /// Text that must be given and not be empty.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, CallError> {
        match self.optional_text(name)? {
            Some("") => Err(self.wrong(name, "is empty")),
            Some(text) => Ok(text),
            None => Err(self.wrong(name, "is missing")),
        }
    }

    /// A boolean, false when left out.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, CallError> {
        self.json(name).map_or(Ok(false), |value| {
            value
                .as_bool()
                .ok_or_else(|| self.wrong(name, "must be true or false"))
        })
    }

    /// A whole number within bounds.
    pub(crate) fn integer(
        &self,
        name: &str,
        default: i64,
        bounds: RangeInclusive<i64>,
    ) -> Result<i64, CallError> {
        let Some(value) = self.json(name) else {
            return Ok(default);
        };
        whole(value)
            .filter(|number| bounds.contains(number))
            .ok_or_else(|| {
                self.wrong(
                    name,
                    format_args!(
                        "must be a whole number from {} to {}",
                        bounds.start(),
                        bounds.end()
                    ),
                )
            })
    }

    /// Whole numbers, when given: one, or a list of them.
    pub(crate) fn integers(&self, name: &str) -> Result<Option<Vec<i64>>, CallError> {
        let Some(value) = self.json(name) else {
            return Ok(None);
        };
        let items = value
            .as_array()
            .map_or(std::slice::from_ref(value), Vec::as_slice);
        items
            .iter()
            .map(whole)
            .collect::<Option<Vec<_>>>()
            .map(Some)
            .ok_or_else(|| self.wrong(name, "must be a list of whole numbers"))
    }

    /// Texts; none when left out. Numbers and booleans are written as text.
    pub(crate) fn texts(&self, name: &str) -> Result<Vec<String>, CallError> {
        let Some(value) = self.json(name) else {
            return Ok(Vec::new());
        };
        value
            .as_array()
            .and_then(|items| items.iter().map(scalar).collect::<Option<Vec<_>>>())
            .ok_or_else(|| self.wrong(name, "must be a list of texts"))
    }

    /// A mapping to text; empty when left out. Numbers and booleans are written as text.
    pub(crate) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, CallError> {
        let Some(value) = self.json(name) else {
            return Ok(Vec::new());
        };
        value
            .as_object()
            .and_then(|members| {
                members
                    .iter()
                    .map(|(key, value)| Some((key.clone(), scalar(value)?)))
                    .collect::<Option<Vec<_>>>()
            })
            .ok_or_else(|| self.wrong(name, "must be a mapping to text"))
    }

    /// A length of time above zero.
    pub(crate) fn duration(
        &self,
        name: &str,
        default: SignedDuration,
    ) -> Result<SignedDuration, CallError> {
        let Some(text) = self.optional_text(name)? else {
            return Ok(default);
        };
        let length = duration::parse(text).map_err(|error| self.wrong(name, error))?;
        if length > SignedDuration::ZERO {
            Ok(length)
        } else {
            Err(self.wrong(name, "must be longer than nothing"))
        }
    }

    /// An instant, when given.
    pub(crate) fn timestamp(&self, name: &str) -> Result<Option<Timestamp>, CallError> {
        self.optional_text(name)?
            .map(|text| {
                text.parse().map_err(|_| {
                    self.wrong(
                        name,
                        format_args!(
                            "is `{text}`, which is no timestamp; write `2026-01-15T12:00:00Z`"
                        ),
                    )
                })
            })
            .transpose()
    }
}

/// A whole number, written as one or as a number without a fraction.
fn whole(value: &Json) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the bound keeps it within what an integer can hold"
        )]
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}

/// A scalar as text.
fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
