//! Where the value of a secret input lies, so that it need not be written where others can see it.

use serde_json::{Value as Json, json};
use std::fmt;

/// A place that holds a secret, as it is given for an input: `env:TOKEN`, `file:token.txt`, `ssm:/acso/token`,
/// `secretsmanager:acso/token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A variable of the environment.
    Variable(String),
    /// A file; one line break at its end is not part of the secret.
    File(String),
    /// A parameter of SSM's Parameter Store, by its name or ARN.
    Parameter(String),
    /// A secret of Secrets Manager, by its name or ARN; what follows `#` names a member of a secret that is a JSON document.
    Stored(String),
}

/// The call that reads a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct SecretRead {
    /// The action.
    pub action: &'static str,
    /// Its arguments.
    pub arguments: Json,
    /// Where the secret is in the result: a JSON Pointer (RFC 6901).
    pub at: &'static str,
    /// The member of it that is meant, where it is a JSON document.
    pub member: Option<String>,
}

impl SecretRead {
    /// The secret in the call's result.
    ///
    /// # Errors
    /// Why there is none, without what there is.
    pub fn value(&self, result: &Json) -> Result<String, String> {
        let whole = result
            .pointer(self.at)
            .and_then(Json::as_str)
            .ok_or("it holds no text")?;
        let Some(member) = &self.member else {
            return Ok(whole.to_owned());
        };
        let document: Json = serde_json::from_str(whole)
            .map_err(|_| format!("it is no JSON document, so it has no `{member}`"))?;
        match document.get(member) {
            Some(Json::String(text)) => Ok(text.clone()),
            Some(Json::Number(number)) => Ok(number.to_string()),
            _ => Err(format!("it has no text called `{member}`")),
        }
    }
}

impl SecretSource {
    /// The words before the colon.
    pub const WORDS: [&'static str; 4] = ["env", "file", "ssm", "secretsmanager"];

    /// Reads what is given for a secret input; `None` for text that is no place.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (word, name) = text.split_once(':')?;
        let name = Some(name).filter(|name| !name.is_empty())?.to_owned();
        match word {
            "env" => Some(Self::Variable(name)),
            "file" => Some(Self::File(name)),
            "ssm" => Some(Self::Parameter(name)),
            "secretsmanager" => Some(Self::Stored(name)),
            _ => None,
        }
    }

    /// The call that reads it, where a run does; variables and files are read by who starts the run.
    #[must_use]
    pub fn call(&self) -> Option<SecretRead> {
        match self {
            Self::Variable(_) | Self::File(_) => None,
            Self::Parameter(name) => Some(SecretRead {
                action: "ssm:GetParameter",
                arguments: json!({"Name": name, "WithDecryption": true}),
                at: "/Parameter/Value",
                member: None,
            }),
            Self::Stored(id) => {
                let (id, member) = match id.split_once('#') {
                    Some((id, member)) => (id, Some(member.to_owned())),
                    None => (id.as_str(), None),
                };
                Some(SecretRead {
                    action: "secretsmanager:GetSecretValue",
                    arguments: json!({"SecretId": id}),
                    at: "/SecretString",
                    member,
                })
            }
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Parameter(name) => write!(f, "ssm:{name}"),
            Self::Stored(id) => write!(f, "secretsmanager:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SecretSource;
    use serde_json::json;

    #[test]
    fn a_place_is_a_word_and_a_name() {
        for text in [
            "env:TOKEN",
            "file:a/b",
            "ssm:/acso/token",
            "secretsmanager:arn:aws:x",
        ] {
            let source = SecretSource::read(text).expect("a place");
            assert_eq!(source.to_string(), text);
        }
        for text in ["hunter2", "env:", "http://host", ""] {
            assert_eq!(SecretSource::read(text), None, "{text}");
        }
    }

    #[test]
    fn what_aws_keeps_is_read_by_a_call() {
        let read = SecretSource::read("ssm:/a").and_then(|source| source.call());
        assert_eq!(read.expect("a call").action, "ssm:GetParameter");
        assert_eq!(
            SecretSource::read("env:A").and_then(|source| source.call()),
            None
        );
    }

    #[test]
    fn a_member_of_a_document_can_be_meant() {
        let read = SecretSource::read("secretsmanager:db#password").and_then(|at| at.call());
        let read = read.expect("a call");
        assert_eq!(read.arguments, json!({"SecretId": "db"}));
        let stored = json!({"SecretString": "{\"password\": \"hunter2\"}"});
        assert_eq!(read.value(&stored).as_deref(), Ok("hunter2"));
        let error = read
            .value(&json!({"SecretString": "hunter2"}))
            .expect_err("no document");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
