//! What a fleet is begun with, as its record keeps it for whoever goes on with it.

use crate::args::{RolloutArguments, TargetArguments};
use crate::exit::Failure;
use crate::locate::Located;
use crate::record::{context, of_context};
use crate::secrets::is_secret;
use runbook_fleet::embedded::store::{FleetRow, Spec};
use runbook_fleet::rollout::RolloutPolicy;
use runbook_interpreter::plan::Options;
use runbook_playbook::inputs::Given;
use runbook_playbook::secret::SecretSource;
use runbook_playbook::syntax::playbook::Playbook;
use serde_json::{Map, Value as Json, json};

/// What is asked of a fleet's runs.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where calls go of targets that do not say it.
    pub target: TargetArguments,
    /// Which part of the playbook.
    pub options: Options,
    /// What every target is given.
    pub given: Vec<(String, Given)>,
    /// The calendars of the command line, by their full paths.
    pub freeze: Json,
}

/// A fleet as it was begun.
#[derive(Debug, Clone)]
pub struct Begun {
    /// The playbook's file.
    pub located: Located,
    /// What was asked of its runs.
    pub wanted: Wanted,
}

impl Wanted {
    /// As the record keeps it; secrets that were typed are left out.
    #[must_use]
    pub fn to_json(&self, located: &Located, scenario: Option<&str>, playbook: &Playbook) -> Json {
        let mut document = context(located, scenario, &self.target);
        document["options"] = self.options.to_json();
        document["freeze"] = self.freeze.clone();
        let given: Map<String, Json> = self
            .given
            .iter()
            .filter(|(name, value)| !is_secret(playbook, name) || lies_elsewhere(value))
            .map(|(name, value)| {
                let value = match value {
                    Given::Text(text) => json!({"text": text}),
                    Given::Json(json) => json!({"json": json}),
                };
                (name.clone(), value)
            })
            .collect();
        document["given"] = given.into();
        document
    }
}

impl Begun {
    /// As the record has it.
    #[must_use]
    pub fn of(fleet: &FleetRow, spec: &Spec) -> Self {
        let context = &spec.context;
        let (located, target) = of_context(context, &fleet.playbook);
        let options = context.get("options").cloned().unwrap_or_default();
        let given = context.get("given").and_then(Json::as_object);
        let given = given.into_iter().flatten().filter_map(|(name, value)| {
            let text = value.get("text").and_then(Json::as_str);
            let value = match text {
                Some(text) => Given::Text(text.to_owned()),
                None => Given::Json(value.get("json")?.clone()),
            };
            Some((name.clone(), value))
        });
        Self {
            located,
            wanted: Wanted {
                target,
                options: Options::from_json(&options),
                given: given.collect(),
                freeze: context.get("freeze").cloned().unwrap_or_default(),
            },
        }
    }

    /// The calendars of the command line.
    #[must_use]
    pub fn calendars(&self) -> Vec<String> {
        let named = self.wanted.freeze.as_array();
        let named = named.into_iter().flatten();
        named
            .filter_map(|named| named.as_str().map(str::to_owned))
            .collect()
    }
}

/// Whether what is given for a secret says where it lies.
fn lies_elsewhere(value: &Given) -> bool {
    match value {
        Given::Text(text) | Given::Json(Json::String(text)) => SecretSource::read(text).is_some(),
        Given::Json(_) => false,
    }
}

/// Refuses secrets that stand in the file of targets: what is on record is read by many.
///
/// # Errors
/// The first target and input.
pub fn no_secrets(
    targets: &[runbook_fleet::target::Target],
    playbook: &Playbook,
) -> Result<(), Failure> {
    for target in targets {
        for (name, value) in &target.inputs {
            if is_secret(playbook, name) && !lies_elsewhere(&Given::Json(value.clone())) {
                return Err(Failure::wrong(format!(
                    "target `{}`: input `{name}` is a secret; say where it lies (`env:NAME`, `file:PATH`, `ssm:/NAME`, `secretsmanager:NAME`) instead of what it is",
                    target.name
                )));
            }
        }
    }
    Ok(())
}

impl RolloutArguments {
    /// How a fleet is rolled out: as the command line says, else as the file of targets or the record does.
    #[must_use]
    pub fn over(&self, file: RolloutPolicy) -> RolloutPolicy {
        RolloutPolicy {
            concurrency: self.concurrency.unwrap_or(file.concurrency),
            per_account: self.per_account.or(file.per_account),
            per_region: self.per_region.or(file.per_region),
            max_errors: self.max_errors.unwrap_or(file.max_errors),
            waves: if self.waves.is_empty() {
                file.waves
            } else {
                self.waves.clone()
            },
            pause: self.pause.or(file.pause),
            approve: self.approve_waves || file.approve,
            alarms: file.alarms.into_iter().chain(self.alarm.clone()).collect(),
        }
    }
}
