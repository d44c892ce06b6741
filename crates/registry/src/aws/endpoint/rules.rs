//! Evaluation of an endpoint rule set, over the JSON that a service's model carries.
//!
//! A rule set is small and evaluated at most once a call, so it is walked as it stands. The language is the Smithy
//! specification's "Rules engine"; the functions are in [`super::functions`].

use super::functions;
use super::partitions::Partitions;
use serde_json::{Map, Value as Json};

/// An endpoint that a rule set chose.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// The URL: scheme, host and perhaps a path.
    pub url: String,
    /// Properties, `authSchemes` among them, with their templates filled in.
    pub properties: Map<String, Json>,
    /// Headers to send, each with its values.
    pub headers: Vec<(String, Vec<String>)>,
}

/// No endpoint could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// A rule of the set refused the parameters, in the service's own words.
    #[error("{0}")]
    Refused(String),
    /// A parameter without which the rules cannot be evaluated is missing.
    #[error("the endpoint rules need `{0}`, which is not known")]
    Missing(String),
    /// The rules led nowhere.
    #[error("no endpoint rule applies")]
    NoMatch,
    /// The rule set has something that this version does not know.
    #[error("the endpoint rules have something unknown: {0}")]
    Unknown(String),
}

/// The values that rules can refer to: parameters first, then what conditions assigned.
pub(super) struct Scope<'a> {
    names: Vec<(&'a str, Json)>,
    pub(super) partitions: &'a Partitions,
}

impl<'a> Scope<'a> {
    pub(super) fn get(&self, name: &str) -> &Json {
        self.names
            .iter()
            .rev()
            .find(|(known, _)| *known == name)
            .map_or(&Json::Null, |(_, value)| value)
    }

    /// The value of an argument: a function's result, a reference, a filled-in template or a literal.
    fn resolve(&mut self, argument: &'a Json) -> Result<Json, RuleError> {
        match argument {
            Json::Object(object) if object.contains_key("fn") => self.call(argument),
            Json::Object(object) => match object.get("ref").and_then(Json::as_str) {
                Some(name) => Ok(self.get(name).clone()),
                None => Err(RuleError::Unknown(argument.to_string())),
            },
            Json::String(text) if text.contains(['{', '}']) => {
                self.template(text).map(Json::String)
            }
            literal => Ok(literal.clone()),
        }
    }

    fn call(&mut self, call: &'a Json) -> Result<Json, RuleError> {
        let name = call["fn"].as_str().unwrap_or_default();
        let arguments = call["argv"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|argument| self.resolve(argument))
            .collect::<Result<Vec<_>, _>>()?;
        let result = functions::call(name, &arguments, self.partitions)
            .ok_or_else(|| RuleError::Unknown(format!("function `{name}`")))?;
        if let Some(assigned) = call["assign"].as_str() {
            self.names.push((assigned, result.clone()));
        }
        Ok(result)
    }

    /// Fills in `{Name}` and `{name#path}`; doubled braces stand for themselves.
    fn template(&self, text: &str) -> Result<String, RuleError> {
        let mut filled = String::with_capacity(text.len() + 16);
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                filled.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                filled.push('}');
                rest = after;
            } else {
                let wrong = || RuleError::Unknown(format!("template `{text}`"));
                let (reference, after) = from
                    .strip_prefix('{')
                    .and_then(|inner| inner.split_once('}'))
                    .ok_or_else(wrong)?;
                filled.push_str(&self.reference(reference).ok_or_else(wrong)?);
                rest = after;
            }
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn reference(&self, reference: &str) -> Option<String> {
        let mut parts = reference.split('#');
        let mut value = self.get(parts.next()?);
        for part in parts {
            value = functions::attribute(value, part)?;
        }
        match value {
            Json::String(text) => Some(text.clone()),
            Json::Bool(flag) => Some(flag.to_string()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn fill(&self, value: &Json) -> Result<Json, RuleError> {
        Ok(match value {
            Json::String(text) => Json::String(self.template(text)?),
            Json::Array(items) => Json::Array(
                items
                    .iter()
                    .map(|item| self.fill(item))
                    .collect::<Result<_, _>>()?,
            ),
            Json::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.fill(value)?)))
                    .collect::<Result<_, RuleError>>()?,
            ),
            other => other.clone(),
        })
    }

    fn endpoint(&mut self, endpoint: &'a Json) -> Result<Chosen, RuleError> {
        let url = match self.resolve(&endpoint["url"])? {
            Json::String(url) => url,
            other => return Err(RuleError::Unknown(format!("URL {other}"))),
        };
        let properties = match self.fill(&endpoint["properties"])? {
            Json::Object(properties) => properties,
            _ => Map::new(),
        };
        let mut headers = Vec::new();
        for (name, values) in endpoint["headers"].as_object().into_iter().flatten() {
            let mut resolved = Vec::new();
            for value in values.as_array().into_iter().flatten() {
                if let Json::String(text) = self.resolve(value)? {
                    resolved.push(text);
                }
            }
            headers.push((name.clone(), resolved));
        }
        Ok(Chosen {
            url,
            properties,
            headers,
        })
    }

    fn rules(&mut self, rules: &'a Json) -> Result<Option<Chosen>, RuleError> {
        for rule in rules.as_array().into_iter().flatten() {
            let depth = self.names.len();
            if self.holds(&rule["conditions"])? {
                let chosen = if rule.get("endpoint").is_some() {
                    Some(self.endpoint(&rule["endpoint"])?)
                } else if rule.get("error").is_some() {
                    let message = self.resolve(&rule["error"])?;
                    return Err(RuleError::Refused(
                        message.as_str().unwrap_or("refused").to_owned(),
                    ));
                } else {
                    self.rules(&rule["rules"])?
                };
                if chosen.is_some() {
                    return Ok(chosen);
                }
            }
            self.names.truncate(depth);
        }
        Ok(None)
    }

    fn holds(&mut self, conditions: &'a Json) -> Result<bool, RuleError> {
        for condition in conditions.as_array().into_iter().flatten() {
            if matches!(self.call(condition)?, Json::Null | Json::Bool(false)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Evaluates a rule set (the content of botocore's `endpoint-rule-set-1.json`) with the given parameters; those that
/// are null count as not given.
///
/// # Errors
/// [`RuleError`] when a required parameter is missing, or the rules refuse or do not cover the parameters.
pub fn evaluate(
    rule_set: &Json,
    partitions: &Partitions,
    parameter: &dyn Fn(&str, &Json) -> Json,
) -> Result<Chosen, RuleError> {
    let mut scope = Scope {
        names: Vec::new(),
        partitions,
    };
    for (name, specification) in rule_set["parameters"].as_object().into_iter().flatten() {
        let mut value = parameter(name, specification);
        if value.is_null() {
            value = specification["default"].clone();
        }
        if value.is_null() && specification["required"] == Json::Bool(true) {
            return Err(RuleError::Missing(name.clone()));
        }
        scope.names.push((name, value));
    }
    scope.rules(&rule_set["rules"])?.ok_or(RuleError::NoMatch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn partitions() -> Partitions {
        Partitions::from_json(&json!({"partitions": [{
            "id": "aws", "regionRegex": "^(us|eu)\\-\\w+\\-\\d+$",
            "regions": {"us-east-1": {}, "aws-global": {}},
            "outputs": {"dnsSuffix": "amazonaws.com", "supportsFIPS": true}
        }]}))
    }

    fn rule_set() -> Json {
        json!({
            "parameters": {
                "Region": {"builtIn": "AWS::Region", "required": false, "type": "string"},
                "UseFIPS": {"builtIn": "AWS::UseFIPS", "required": true, "default": false, "type": "boolean"},
                "Endpoint": {"builtIn": "SDK::Endpoint", "required": false, "type": "string"}
            },
            "rules": [
                {"conditions": [{"fn": "isSet", "argv": [{"ref": "Endpoint"}]}], "rules": [
                    {"conditions": [{"fn": "booleanEquals", "argv": [{"ref": "UseFIPS"}, true]}],
                     "error": "FIPS and custom endpoint are not supported", "type": "error"},
                    {"conditions": [], "endpoint": {"url": {"ref": "Endpoint"}}, "type": "endpoint"}
                ], "type": "tree"},
                {"conditions": [{"fn": "aws.partition", "argv": [{"ref": "Region"}], "assign": "P"}], "rules": [
                    {"conditions": [], "endpoint": {
                        "url": "https://ecs.{Region}.{P#dnsSuffix}",
                        "properties": {"authSchemes": [{"name": "sigv4", "signingRegion": "{Region}"}]}
                    }, "type": "endpoint"}
                ], "type": "tree"}
            ]
        })
    }

    fn with(parameters: &Json) -> Result<Chosen, RuleError> {
        evaluate(&rule_set(), &partitions(), &|name, _| {
            parameters[name].clone()
        })
    }

    #[test]
    fn a_region_chooses_the_host_and_how_to_sign() {
        let chosen = with(&json!({"Region": "eu-west-3"})).expect("an endpoint");
        assert_eq!(chosen.url, "https://ecs.eu-west-3.amazonaws.com");
        assert_eq!(
            chosen.properties["authSchemes"][0]["signingRegion"],
            "eu-west-3"
        );
    }

    #[test]
    fn an_endpoint_of_ones_own_comes_first() {
        let chosen = with(&json!({"Endpoint": "http://127.0.0.1:1"})).expect("an endpoint");
        assert_eq!(chosen.url, "http://127.0.0.1:1");
    }

    #[test]
    fn a_rule_can_refuse() {
        let refused = with(&json!({"Endpoint": "http://127.0.0.1:1", "UseFIPS": true}));
        assert_eq!(
            refused,
            Err(RuleError::Refused(
                "FIPS and custom endpoint are not supported".to_owned()
            ))
        );
    }
}
