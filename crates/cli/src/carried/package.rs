//! What travels to workers: everything that a run goes by.

use super::CarriedGuards;
use crate::args::{Consent, TargetArguments};
use runbook_playbook::catalog::Effect;
use runbook_playbook::inputs::Given;
use runbook_registry::model::catalogue::digest;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// The version of the interpreter: what it was built from, and the catalogue that it goes by. Another one may go through a
/// record in another way.
pub fn version() -> String {
    let digest = digest();
    let short = digest.get(..8).unwrap_or(digest);
    format!("{}+{short}", env!("CARGO_PKG_VERSION"))
}

/// A playbook as it was checked, and how it is run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// The playbook's id.
    pub playbook: String,
    /// What messages call its file.
    pub name: String,
    /// The texts that it goes by, by id: its own, those that it runs, that of escalation.
    pub files: BTreeMap<String, String>,
    /// The scenario whose world it happens in.
    #[serde(default)]
    pub scenario: Option<StagedText>,
    /// Inputs of all targets.
    #[serde(default)]
    pub inputs: BTreeMap<String, Written>,
    /// What was asked for.
    #[serde(default)]
    pub options: Json,
    /// The effects that `--yes` answers for; `notify` for telling people.
    #[serde(default)]
    pub consent: Vec<String>,
    /// What holds writes back beside what the playbook says.
    #[serde(default)]
    pub guards: CarriedGuards,
    /// Where calls go where the target does not say.
    #[serde(default)]
    pub place: Place,
}

/// What is given for an input.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// Text of a command line, which is read by the input's type.
    Text(String),
    /// A value.
    Json(Json),
}

impl From<&Given> for Written {
    fn from(given: &Given) -> Self {
        match given {
            Given::Text(text) => Self::Text(text.clone()),
            Given::Json(json) => Self::Json(json.clone()),
        }
    }
}

impl From<&Written> for Given {
    fn from(written: &Written) -> Self {
        match written {
            Written::Text(text) => Self::Text(text.clone()),
            Written::Json(json) => Self::Json(json.clone()),
        }
    }
}

/// A scenario and the text of its file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagedText {
    /// Its name.
    pub name: String,
    /// The text of the file that it stands in.
    pub text: String,
}

/// Where calls go.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Place {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    pub role: Option<String>,
    pub external_id: Option<String>,
    pub role_session_name: Option<String>,
}

impl From<&TargetArguments> for Place {
    fn from(target: &TargetArguments) -> Self {
        Self {
            region: target.region.clone(),
            profile: target.profile.clone(),
            endpoint_url: target.endpoint_url.clone(),
            role: target.role.clone(),
            external_id: target.external_id.clone(),
            role_session_name: target.role_session_name.clone(),
        }
    }
}

impl Carried {
    /// What `--yes` answers for.
    pub fn consent(&self) -> Consent {
        let named = |effect: &Effect| self.consent.iter().any(|word| word == effect.as_str());
        Consent {
            effects: Effect::ALL.into_iter().filter(named).collect(),
            notify: self.consent.iter().any(|word| word == "notify"),
        }
    }

    /// The words of what `--yes` answers for.
    pub fn words(consent: &Consent) -> Vec<String> {
        let effects = consent.effects.iter();
        let effects = effects.map(|effect| effect.as_str().to_owned());
        effects
            .chain(consent.notify.then(|| "notify".to_owned()))
            .collect()
    }
}
