//! Keeps secrets out of everything that leaves a run.

mod encoded;

use runbook_playbook::types::{Type, are_pair};
use runbook_playbook::value::Value;
use serde_json::Value as Json;
use std::collections::HashSet;

/// What stands in the place of a secret.
pub const MASK: &str = "‹secret›";

/// Below this many characters a secret is masked only where it is a whole value of its kind, text or number: masked inside
/// other text, a secret `a` would make everything unreadable and give itself away.
const SHORTEST_PART: usize = 4;

/// Below this many characters a secret is masked inside other text only where no letter or digit touches it: `8080` is part
/// of many an account id.
const SHORTEST_ANYWHERE: usize = 8;

/// The secrets of a run. It knows values, not places, so that a secret stays masked wherever it turns up.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: HashSet<String>,
    /// Numbers that are masked as numbers, as they are written.
    numbers: HashSet<String>,
    /// Those that are masked inside other text too, longest first: a secret that contains another leaves no rest of itself
    /// behind.
    parts: Vec<Part>,
    /// What is shown everywhere, and is a secret nowhere.
    known: HashSet<String>,
}

/// A secret that is masked inside other text.
#[derive(Debug, Clone)]
struct Part {
    text: String,
    /// Only where no letter or digit touches it.
    apart: bool,
}

impl Redactor {
    /// Notes what everybody may know, such as the region that is acted on: where a variable of the environment has it for its
    /// value, it is still no secret, and masking it would make every ARN unreadable.
    pub fn know(&mut self, text: &str) {
        self.known.insert(text.to_owned());
    }

    /// Learns the texts and numbers in a value; booleans tell nothing by themselves, nor do short numbers that are not the
    /// value itself: where a whole answer is secret, its counts and sizes are not secret everywhere.
    pub fn learn(&mut self, json: &Json) {
        match json {
            Json::Number(number) => self.learn_number(&number.to_string()),
            other => self.learn_inside(other),
        }
    }

    fn learn_inside(&mut self, json: &Json) {
        match json {
            Json::String(text) => self.learn_text(text),
            Json::Number(number) => {
                let text = number.to_string();
                if text.len() >= SHORTEST_PART {
                    self.learn_number(&text);
                }
            }
            Json::Array(items) => items.iter().for_each(|item| self.learn_inside(item)),
            Json::Object(members) => members.values().for_each(|value| self.learn_inside(value)),
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn learn_number(&mut self, text: &str) {
        if !self.known.contains(text) {
            self.numbers.insert(text.to_owned());
            self.learn_text(text);
        }
    }

    /// Learns one text, also as it stands inside a JSON document, in Base64 (RFC 4648) and percent-encoded (RFC 3986).
    pub fn learn_text(&mut self, text: &str) {
        if text.is_empty() || self.secrets.contains(text) || self.known.contains(text) {
            return;
        }
        self.keep(text.to_owned(), text.chars().count() < SHORTEST_ANYWHERE);
        for form in encoded::forms(text) {
            self.keep(form, false);
        }
    }

    fn keep(&mut self, text: String, apart: bool) {
        if text.chars().count() >= SHORTEST_PART && !self.secrets.contains(&text) {
            let longer = |part: &Part| part.text.len() >= text.len();
            let at = self.parts.partition_point(longer);
            let text = text.clone();
            self.parts.insert(at, Part { text, apart });
        }
        self.secrets.insert(text);
    }

    fn is_secret_number(&self, text: &str) -> bool {
        self.numbers.contains(text) || text.len() >= SHORTEST_PART && self.secrets.contains(text)
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
                            self.learn_but_names(value);
                        }
                        self.learn_typed(value, &member.ty);
                    }
                }
            }
            _ => {}
        }
    }

    /// Learns what a model calls sensitive as a whole. In pairs of a name and a value, as environment variables are, the name
    /// is not secret.
    fn learn_but_names(&mut self, json: &Json) {
        match json {
            Json::Array(items) => items.iter().for_each(|item| self.learn_but_names(item)),
            Json::Object(members) if are_pair(members.keys().map(String::as_str)) => {
                let values = members.iter();
                values
                    .filter(|(name, _)| name.eq_ignore_ascii_case("value"))
                    .for_each(|(_, value)| self.learn(value));
            }
            Json::Object(members) => members
                .values()
                .for_each(|value| self.learn_but_names(value)),
            other => self.learn(other),
        }
    }

    /// Learns what a document itself declares as secret: the `Value` beside `Type: SecureString`, as SSM has it.
    pub fn learn_declared(&mut self, json: &Json) {
        match json {
            Json::Array(items) => items.iter().for_each(|item| self.learn_declared(item)),
            Json::Object(members) => {
                if members.get("Type").and_then(Json::as_str) == Some("SecureString")
                    && let Some(value) = members.get("Value")
                {
                    self.learn(value);
                }
                members
                    .values()
                    .for_each(|value| self.learn_declared(value));
            }
            _ => {}
        }
    }

    /// Whether it knows any secret.
    #[must_use]
    pub fn hides(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// Masks text.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        if self.secrets.contains(text) {
            return MASK.to_owned();
        }
        let mut masked = text.to_owned();
        for part in &self.parts {
            if masked.contains(part.text.as_str()) {
                masked = if part.apart {
                    masked_apart(&masked, &part.text)
                } else {
                    masked.replace(part.text.as_str(), MASK)
                };
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
            Json::Number(number) if self.is_secret_number(&number.to_string()) => {
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
            Value::Integer(number) if self.is_secret_number(&number.to_string()) => {
                Value::text(MASK)
            }
            Value::Number(number) if self.is_secret_number(&number.to_string()) => {
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

/// Masks a short secret where no letter or digit touches one of its own.
fn masked_apart(text: &str, secret: &str) -> String {
    let touches = |own: Option<char>, other: Option<char>| {
        own.is_some_and(char::is_alphanumeric) && other.is_some_and(char::is_alphanumeric)
    };
    let (mut masked, mut rest) = (String::new(), text);
    let mut last = None;
    while let Some((before, after)) = rest.split_once(secret) {
        let left = before.chars().next_back().or(last);
        let is_part = touches(secret.chars().next(), left)
            || touches(secret.chars().next_back(), after.chars().next());
        masked.push_str(before);
        masked.push_str(if is_part { secret } else { MASK });
        last = secret.chars().next_back();
        rest = after;
    }
    masked.push_str(rest);
    masked
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_playbook::types::{Member, Record, Structure};
    use serde_json::json;
    use std::sync::Arc;

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
    fn a_secret_is_masked_as_others_write_it() {
        let mut redactor = Redactor::default();
        redactor.learn_text("hunter2/ü ?");
        for shown in [
            "https://host/?token=hunter2%2F%C3%BC%20%3F",
            "https://host/?token=hunter2%2f%c3%bc+%3f",
            "Basic dXNlcjpodW50ZXIyL8O8ID8=",
            "Basic dXM6aHVudGVyMi/DvCA/",
            "aHVudGVyMi_DvCA_",
        ] {
            assert!(redactor.text(shown).contains(MASK), "{shown}");
        }
    }

    #[test]
    fn what_everybody_knows_is_no_secret() {
        let mut redactor = Redactor::default();
        redactor.know("eu-west-3");
        redactor.learn(&json!({"value": "eu-west-3"}));
        let arn = "arn:aws:ecs:eu-west-3:123456789012:service/web";
        assert_eq!(redactor.text(arn), arn);
    }

    #[test]
    fn names_of_environment_variables_are_not_secret() {
        let pair = Record::new("pair")
            .optional("name", Type::text())
            .optional("value", Type::text());
        let ty = Type::Structure(Arc::new(Sensitive(Type::list(pair.build()))));
        let json = json!({"environment": [{"name": "AWS_REGION", "value": "eu-west-3"}]});
        let mut redactor = Redactor::default();
        redactor.learn_typed(&json, &ty);
        assert_eq!(
            redactor.json(&json),
            json!({"environment": [{"name": "AWS_REGION", "value": MASK}]})
        );
    }

    /// A structure with the sensitive member `environment`.
    #[derive(Debug)]
    struct Sensitive(Type);

    impl Structure for Sensitive {
        fn name(&self) -> &'static str {
            "container"
        }

        fn member_names(&self) -> Vec<String> {
            vec!["environment".to_owned()]
        }

        fn member(&self, name: &str) -> Option<Member> {
            (name == "environment").then(|| Member {
                sensitive: true,
                ..Member::optional(self.0.clone())
            })
        }
    }

    #[test]
    fn a_short_secret_does_not_mask_what_is_another_value() {
        let mut redactor = Redactor::default();
        // Values of environment variables, as task definitions have them.
        redactor.learn(&json!(["10", "8080", {"replicas": 3}]));
        let shown = json!({
            "desiredCount": 10,
            "runningCount": 3,
            "arn": "arn:aws:ecs:eu-west-1:180801234567:service/web",
            "took": "1808010 ms",
            "image": "web:v10",
        });
        assert_eq!(redactor.json(&shown), shown);
        let masked = json!({"value": "10", "url": "http://host:8080/x", "port": 8080, "log": "8080 18080 8080"});
        assert_eq!(
            redactor.json(&masked),
            json!({"value": MASK, "url": "http://host:‹secret›/x", "port": MASK, "log": "‹secret› 18080 ‹secret›"})
        );
    }

    #[test]
    fn a_secret_that_overlaps_itself_is_masked_where_it_stands_alone() {
        let mut redactor = Redactor::default();
        redactor.learn_text("-aa-");
        assert_eq!(redactor.text("x-aa-aa-y"), "x‹secret›aa-y");
    }

    #[test]
    fn a_short_secret_is_masked_only_as_a_whole_value() {
        let mut redactor = Redactor::default();
        redactor.learn(&json!(42));
        redactor.learn(&json!({"letter": "a"}));
        assert_eq!(
            redactor.json(&json!(["a", "banana", 42])),
            json!([MASK, "banana", MASK])
        );
    }
}
