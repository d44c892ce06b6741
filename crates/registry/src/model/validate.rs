//! Checks of JSON against types: arguments before they are sent, and answers that a scenario makes up.

use runbook_playbook::pattern::fits;
use runbook_playbook::types::{Range, Structure, TextRule, Type};
use serde_json::{Map, Value as Json};
use std::fmt;

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `containerDefinitions[0].memory`; empty for the whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub suggestion: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "`{}`: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, "; {suggestion}"),
            None => Ok(()),
        }
    }
}

/// Checks arguments: unknown and missing members, types, enums, ranges, lengths, patterns, unions.
#[must_use]
pub fn validate(ty: &Type, value: &Json) -> Vec<Problem> {
    run(ty, value, true)
}

/// Checks an answer that a scenario gives: names, types and enums, since it may leave out what nobody reads.
#[must_use]
pub fn validate_output(ty: &Type, value: &Json) -> Vec<Problem> {
    run(ty, value, false)
}

fn run(ty: &Type, value: &Json, arguments: bool) -> Vec<Problem> {
    let mut check = Check {
        arguments,
        problems: Vec::new(),
    };
    check.value(ty, value, "");
    check.problems
}

struct Check {
    /// Arguments are checked in full, answers for what the API could not give.
    arguments: bool,
    problems: Vec<Problem>,
}

impl Check {
    fn value(&mut self, ty: &Type, value: &Json, path: &str) {
        match (ty, value) {
            (Type::Any, _)
            | (Type::Boolean, Json::Bool(_))
            | (Type::Secret, Json::String(_))
            | (Type::Timestamp(_), Json::Number(_))
            | (Type::JsonText, Json::Object(_) | Json::Array(_)) => {}
            (Type::Optional(inner), _) => {
                if !value.is_null() {
                    self.value(inner, value, path);
                }
            }
            // An answer may hold null for what is not there; so the service itself writes it.
            (_, Json::Null) if !self.arguments => {}
            (Type::Integer(range, _), Json::Number(number)) if is_whole(number) => {
                self.range(*range, number, path);
            }
            (Type::Number(range), Json::Number(number)) => self.range(*range, number, path),
            (Type::Number(_), Json::String(text))
                if ["NaN", "Infinity", "-Infinity"].contains(&text.as_str()) => {}
            (Type::Text(rule), Json::String(text)) => self.text(rule, text, path),
            (Type::Text(rule), Json::Number(number)) if rule.numeric => {
                self.text(rule, &number.to_string(), path);
            }
            (Type::Timestamp(_), Json::String(text)) => {
                if !is_timestamp(text) {
                    self.wrong(
                        path,
                        format!("`{text}` is not a timestamp"),
                        Some("write for example `2026-01-15T12:00:00Z`"),
                    );
                }
            }
            (Type::Duration, Json::String(text)) => {
                if let Err(problem) = runbook_playbook::duration::parse(text) {
                    self.wrong(path, problem.to_string(), None);
                }
            }
            (Type::Blob, Json::String(text)) => {
                if self.arguments && !is_base64(text) {
                    self.wrong(
                        path,
                        "the text is not base64".to_owned(),
                        Some("encode the bytes as base64"),
                    );
                }
            }
            (Type::JsonText, Json::String(text)) => {
                // An empty text takes a policy away in some services.
                if !text.is_empty() && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()
                {
                    self.wrong(
                        path,
                        "the text is not JSON".to_owned(),
                        Some("write a mapping, or JSON as text"),
                    );
                }
            }
            (Type::List(list), Json::Array(items)) => {
                self.count("elements", items.len(), list.min, list.max, path);
                for (place, item) in items.iter().enumerate() {
                    self.value(&list.element, item, &format!("{path}[{place}]"));
                }
            }
            (Type::Map(inner), Json::Object(entries)) => {
                for (key, entry) in entries {
                    self.value(inner, entry, &join(path, key));
                }
            }
            (Type::Structure(structure), Json::Object(members)) => {
                self.structure(structure.as_ref(), members, path);
            }
            (expected, found) => {
                let message = format!(
                    "expected {}, found {}",
                    expected_kind(expected),
                    kind(found)
                );
                let suggestion = matches!(
                    (expected, found),
                    (
                        Type::List(_),
                        Json::String(_) | Json::Number(_) | Json::Object(_)
                    )
                )
                .then_some("put it into a list: `[…]`");
                self.wrong(path, message, suggestion);
            }
        }
    }

    fn structure(&mut self, structure: &dyn Structure, members: &Map<String, Json>, path: &str) {
        let mut set = 0;
        for (name, value) in members {
            let Some(member) = structure.member(name) else {
                self.unknown(structure, name, path);
                continue;
            };
            if value.is_null() {
                continue;
            }
            set += 1;
            self.value(&member.ty, value, &join(path, name));
        }
        if !self.arguments {
            return;
        }
        if structure.is_union() && set != 1 {
            let message = format!(
                "exactly one member of {} must be set, found {set}",
                structure.name()
            );
            let names = structure.member_names().join("`, `");
            self.wrong(path, message, Some(&format!("choose one of `{names}`")));
        }
        for name in structure.member_names() {
            let given = members.get(&name).is_some_and(|value| !value.is_null());
            if !given
                && structure
                    .member(&name)
                    .is_some_and(|member| member.required)
            {
                self.wrong(path, format!("`{name}` is missing"), None);
            }
        }
    }

    fn unknown(&mut self, structure: &dyn Structure, name: &str, path: &str) {
        let names = structure.member_names();
        let near = nearest(name, names.iter().map(String::as_str));
        let suggestion = match near.first() {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if names.is_empty() => Some("it takes none".to_owned()),
            None if names.len() <= 8 => Some(format!("it has `{}`", names.join("`, `"))),
            None => None,
        };
        self.problems.push(Problem {
            path: join(path, name),
            message: format!("{} has no member `{name}`", structure.name()),
            suggestion,
        });
    }

    fn text(&mut self, rule: &TextRule, text: &str, path: &str) {
        if !rule.values.is_empty() && !rule.values.iter().any(|value| value == text) {
            let near = nearest(text, rule.values.iter().map(String::as_str));
            let suggestion = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("one of `{}`", rule.values.join("`, `")),
            };
            self.wrong(
                path,
                format!("{} is not one of its values", shown(rule, text)),
                Some(&suggestion),
            );
            return;
        }
        if !self.arguments {
            return;
        }
        self.count("characters", text.chars().count(), rule.min, rule.max, path);
        if let Some(pattern) = &rule.pattern
            && !fits(pattern, text)
        {
            self.wrong(
                path,
                format!(
                    "{} does not match the pattern `{pattern}`",
                    shown(rule, text)
                ),
                None,
            );
        }
    }

    fn range(&mut self, range: Range, number: &serde_json::Number, path: &str) {
        let Some(value) = number.as_f64().filter(|_| self.arguments) else {
            return;
        };
        if let Some(min) = range.min.filter(|min| value < *min) {
            self.wrong(path, format!("{number} is below {min}"), None);
        }
        if let Some(max) = range.max.filter(|max| value > *max) {
            self.wrong(path, format!("{number} is above {max}"), None);
        }
    }

    fn count(&mut self, what: &str, found: usize, min: Option<u64>, max: Option<u64>, path: &str) {
        let found = found as u64;
        if !self.arguments {
            return;
        }
        if let Some(min) = min.filter(|min| found < *min) {
            self.wrong(
                path,
                format!("{found} {what}, at least {min} are needed"),
                None,
            );
        }
        if let Some(max) = max.filter(|max| found > *max) {
            self.wrong(
                path,
                format!("{found} {what}, at most {max} are allowed"),
                None,
            );
        }
    }

    fn wrong(&mut self, path: &str, message: String, suggestion: Option<&str>) {
        self.problems.push(Problem {
            path: path.to_owned(),
            message,
            suggestion: suggestion.map(str::to_owned),
        });
    }
}

/// Names that may have been meant, nearest first: the same but for case, else similar ones; three at most.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| {
            (
                strsim::jaro_winkler(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(score, _)| *score > 0.86)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().map(|(_, name)| name).take(3).collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The value in a message, unless it is sensitive.
fn shown(rule: &TextRule, text: &str) -> String {
    if rule.sensitive {
        "the text".to_owned()
    } else {
        format!("`{text}`")
    }
}

fn is_whole(number: &serde_json::Number) -> bool {
    number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|value| value.fract() == 0.0)
}

fn is_timestamp(text: &str) -> bool {
    text.parse::<jiff::Timestamp>().is_ok()
        || text.parse::<jiff::civil::DateTime>().is_ok()
        || jiff::fmt::rfc2822::parse(text).is_ok()
        || text.parse::<f64>().is_ok()
}

fn is_base64(text: &str) -> bool {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .is_ok()
}

fn expected_kind(ty: &Type) -> String {
    match ty {
        Type::Structure(structure) => format!("a mapping ({})", structure.name()),
        Type::Map(_) => "a mapping".to_owned(),
        Type::List(_) => "a list".to_owned(),
        Type::Integer(..) => "a whole number".to_owned(),
        Type::Number(_) => "a number".to_owned(),
        Type::Boolean => "`true` or `false`".to_owned(),
        Type::Timestamp(_) => "a timestamp".to_owned(),
        Type::Blob => "base64 text".to_owned(),
        Type::Absent => "nothing".to_owned(),
        Type::Duration => "a duration".to_owned(),
        other => other.to_string(),
    }
}

fn kind(value: &Json) -> String {
    match value {
        Json::Null => "nothing".to_owned(),
        Json::Bool(value) => format!("`{value}`"),
        Json::Number(number) => format!("the number {number}"),
        Json::String(_) => "text".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::Object(_) => "a mapping".to_owned(),
    }
}
