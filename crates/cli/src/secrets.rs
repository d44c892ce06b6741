//! Secret inputs: where their values lie is given, and what lies in variables and files is read here.

use crate::environment::Environment;
use crate::exit::Failure;
use runbook_playbook::inputs::Given;
use runbook_playbook::secret::SecretSource;
use runbook_playbook::syntax::input::InputKind;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::yaml::MAX_BYTES;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::io::Read as _;

/// Inputs whose secrets have been read from variables and files, and where they were read from.
#[derive(Debug, Default)]
pub struct Secrets {
    /// The inputs.
    pub given: Vec<(String, Given)>,
    /// The variable or file of each that was read, as it was given.
    pub sources: BTreeMap<String, String>,
}

/// What is done with what is given for secret inputs.
#[derive(Debug, Clone, Copy)]
pub struct Handling {
    /// Variables and files are read; reviews do without the values.
    pub reads: bool,
    /// The world is a scenario's, whose secrets are none.
    pub scenario: bool,
}

/// Whether the playbook declares a secret input of the name.
pub fn is_secret(playbook: &Playbook, name: &str) -> bool {
    let mut inputs = playbook.inputs.iter();
    inputs.any(|input| input.name.value == name && input.kind == InputKind::Secret)
}

/// Reads secrets from variables and files. What AWS keeps is read by the run.
///
/// # Errors
/// A variable that is not set, a file that cannot be read, or a secret that stands on the command line.
pub fn read(
    playbook: &Playbook,
    given: Vec<(String, Given)>,
    handling: Handling,
    environment: &Environment,
) -> Result<Secrets, Failure> {
    let mut secrets = Secrets::default();
    for (name, value) in given {
        let text = match &value {
            Given::Text(text) | Given::Json(Json::String(text)) => Some(text),
            Given::Json(_) => None,
        };
        let Some(text) = text.filter(|_| is_secret(playbook, &name)) else {
            secrets.given.push((name, value));
            continue;
        };
        let from_line = matches!(value, Given::Text(_));
        let source = SecretSource::read(text).filter(|_| from_line || !handling.scenario);
        let found = match &source {
            Some(SecretSource::Variable(variable)) if handling.reads => {
                Some(of_variable(variable, environment))
            }
            Some(SecretSource::File(path)) if handling.reads => Some(of_file(path, environment)),
            None if from_line && !handling.scenario => {
                return Err(Failure::wrong(format!(
                    "input `{name}`: a secret on a command line is seen by everybody on this machine; say where it lies: `-i {name}=env:VARIABLE`, `file:PATH`, `ssm:PARAMETER` or `secretsmanager:SECRET`"
                )));
            }
            Some(_) | None => None,
        };
        let Some(found) = found else {
            secrets.given.push((name, value));
            continue;
        };
        let found = found.map_err(|why| {
            Failure::environment(format!(
                "input `{name}` cannot be read from {text}: {why}\n  where it lies elsewhere, say where: -i {name}=env:VARIABLE or -i {name}=file:PATH"
            ))
        })?;
        if SecretSource::read(&found).is_some() {
            return Err(Failure::wrong(format!(
                "input `{name}`: {text} holds no secret, but says where one lies; give that itself"
            )));
        }
        secrets.sources.insert(name.clone(), text.clone());
        secrets.given.push((name, Given::Text(found)));
    }
    Ok(secrets)
}

fn of_variable(name: &str, environment: &Environment) -> Result<String, String> {
    environment
        .variable(name)
        .map(str::to_owned)
        .ok_or_else(|| format!("the variable {name} is not set"))
}

/// The text of a file, without the line break that editors leave at its end.
fn of_file(path: &str, environment: &Environment) -> Result<String, String> {
    let mut bytes = Vec::new();
    std::fs::File::open(environment.places.current.join(path))
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    if bytes.len() > MAX_BYTES {
        return Err("it is too large for a secret".to_owned());
    }
    let mut text = String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}
