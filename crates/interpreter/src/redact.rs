//! Keeps secrets out of everything that leaves a run.

use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What stands in the place of a secret.
pub const MASK: &str = "‹secret›";

/// Below this many characters a secret is masked only where it is a whole value: masked inside other text, a secret `a`
/// would make everything unreadable and give itself away.
const SHORTEST_PART: usize = 4;

/// The secrets of a run. It knows values, not places, so that a secret stays masked wherever it turns up.
#[derive(Debug, Default)]
pub struct Redactor {
    secrets: BTreeSet<String>,
}

impl Redactor {
    /// Learns the texts and numbers in a value; booleans tell nothing by themselves.
    pub fn learn(&mut self, json: &Json) {
        match json {
            Json::String(text) => self.learn_text(text),
            Json::Number(number) => self.learn_text(&number.to_string()),
            Json::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Json::Object(members) => members.values().for_each(|value| self.learn(value)),
            Json::Null | Json::Bool(_) => {}
        }
    }

    /// Learns one text, also as it stands inside a JSON document.
    pub fn learn_text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let quoted = Json::from(text).to_string();
        let inner = quoted
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(&quoted);
        if inner != text {
            self.secrets.insert(inner.to_owned());
        }
        self.secrets.insert(text.to_owned());
    }

    /// Learns what the API's model calls sensitive.
    pub fn learn_typed(&mut self, json: &Json, ty: &Type) {
        match (ty.present(), json) {
            (Type::Secret, json) => self.learn(json),
            (Type::Text(rule), json) if rule.sensitive => self.learn(json),
            (Type::List(list), Json::Array(items)) => {
                for item in items {
                    self.learn_typed(item, &list.element);
                }
            }
            (Type::Map(value), Json::Object(members)) => {
                for member in members.values() {
                    self.learn_typed(member, value);
                }
            }
            (Type::Structure(structure), Json::Object(members)) => {
                for (name, value) in members {
                    if let Some(member) = structure.member(name) {
                        if member.sensitive {
                            self.learn(value);
                        }
                        self.learn_typed(value, &member.ty);
                    }
                }
            }
            _ => {}
        }
    }

    /// Masks text.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        if self.secrets.contains(text) {
            return MASK.to_owned();
        }
        let mut masked = text.to_owned();
        // Longest first: a secret that contains another leaves no rest of itself behind.
        let mut secrets: Vec<&String> = self
            .secrets
            .iter()
            .filter(|secret| secret.chars().count() >= SHORTEST_PART)
            .collect();
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets {
            if masked.contains(secret.as_str()) {
                masked = masked.replace(secret.as_str(), MASK);
            }
        }
        masked
    }

    /// Masks JSON, keys included.
    #[must_use]
    pub fn json(&self, json: &Json) -> Json {
        if self.secrets.is_empty() {
            return json.clone();
        }
        match json {
            Json::String(text) => Json::String(self.text(text)),
            Json::Number(number) if self.secrets.contains(&number.to_string()) => {
                Json::String(MASK.to_owned())
            }
            Json::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Json::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(name, value)| (self.text(name), self.json(value)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    /// Masks a value.
    #[must_use]
    pub fn value(&self, value: &Value) -> Value {
        if self.secrets.is_empty() {
            return value.clone();
        }
        match value {
            Value::Text(text) => Value::text(self.text(text)),
            Value::Integer(number) if self.secrets.contains(&number.to_string()) => {
                Value::text(MASK)
            }
            Value::Number(number) if self.secrets.contains(&number.to_string()) => {
                Value::text(MASK)
            }
            Value::List(items) => Value::list(items.iter().map(|item| self.value(item)).collect()),
            Value::Map(entries) => Value::map(
                entries
                    .iter()
                    .map(|(name, value)| (self.text(name), self.value(value)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_secret_is_masked_wherever_it_turns_up() {
        let mut redactor = Redactor::default();
        redactor.learn_text("hunter2 \"x\"");
        let masked = redactor.json(&json!({
            "url": "https://u:hunter2 \"x\"@host",
            "document": "{\"p\":\"hunter2 \\\"x\\\"\"}",
            "fine": "ACTIVE",
        }));
        assert_eq!(
            masked,
            json!({"url": "https://u:‹secret›@host", "document": "{\"p\":\"‹secret›\"}", "fine": "ACTIVE"})
        );
    }

    #[test]
    fn a_short_secret_is_masked_only_as_a_whole_value() {
        let mut redactor = Redactor::default();
        redactor.learn(&json!({"pin": 42, "letter": "a"}));
        assert_eq!(
            redactor.json(&json!(["a", "banana", 42])),
            json!([MASK, "banana", MASK])
        );
    }
}
