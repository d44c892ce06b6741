//! `runbook fleet run … --on restate=URL`: hands a fleet to workers.

use super::{client, command, failed};
use crate::args::{Consent, On};
use crate::carried::{Carried, CarriedGuards, Place, StagedText, Written, version};
use crate::commands::{SCENARIOS, runtime};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::fleet::Wanted;
use crate::locate::Located;
use crate::secrets::is_secret;
use runbook_fleet::embedded::store::Spec;
use runbook_fleet::restate::{FleetStart, Head, Package};
use runbook_fleet::target::Target;
use runbook_playbook::inputs::Given;
use runbook_playbook::secret::SecretSource;
use runbook_playbook::syntax::playbook::Playbook;

/// A fleet that is ready to be started.
pub struct Starting<'a> {
    /// The playbook's file.
    pub located: &'a Located,
    /// The playbook.
    pub playbook: &'a Playbook,
    /// What it is.
    pub spec: Spec,
    /// What is asked of its runs.
    pub wanted: &'a Wanted,
    /// What `--yes` answers for.
    pub consent: Consent,
    /// What holds writes back beside what the playbook says.
    pub guards: CarriedGuards,
    /// Where.
    pub targets: Vec<Target>,
}

/// Starts a fleet.
pub fn start(starting: Starting<'_>, on: &On, environment: &Environment) -> Result<u8, Failure> {
    let Starting {
        located,
        playbook,
        spec,
        wanted,
        consent,
        guards,
        targets,
    } = starting;
    let staged = spec.scenario.is_some();
    for (name, given) in &wanted.given {
        if is_secret(playbook, name) && !staged && !lies_elsewhere(given) {
            return Err(Failure::wrong(format!(
                "input `{name}` is a secret, and what is given travels through the server; say where it lies: `ssm:PARAMETER` or `secretsmanager:SECRET`, or `env:VARIABLE` of the workers"
            )));
        }
    }
    let mut files = spec.files;
    let scenarios = files.remove(SCENARIOS);
    let scenario = spec.scenario.clone().zip(scenarios);
    let carried = Carried {
        playbook: located.id.clone(),
        name: located.name.clone(),
        files,
        scenario: scenario.map(|(name, text)| StagedText { name, text }),
        inputs: wanted
            .given
            .iter()
            .map(|(name, given)| (name.clone(), Written::from(given)))
            .collect(),
        options: wanted.options.to_json(),
        consent: Carried::words(&consent),
        guards,
        place: Place::from(&wanted.target),
    };
    let body = serde_json::to_value(&carried)
        .map_err(|error| Failure::wrong(format!("the fleet cannot be written: {error}")))?;
    let count = targets.len();
    let start = FleetStart {
        package: Package {
            version: version(),
            body,
        },
        head: Head {
            playbook: located.id.clone(),
            title: spec.title,
            severity: spec.severity,
            scenario: spec.scenario,
            policy: spec.policy,
            targets,
        },
    };
    let client = client(on, environment)?;
    let fleet = uuid::Uuid::new_v4().to_string();
    runtime()?
        .block_on(client.start(&fleet, &start))
        .map_err(|error| failed(&error))?;
    environment.console.out.lines(&[
        format!(
            "fleet {fleet}: {} on {count} targets, carried by workers",
            located.id
        ),
        format!("to follow it: {}", command("watch", &fleet, on)),
        format!("to say yes or no: {}", command("approve", &fleet, on)),
    ]);
    Ok(exit::WELL)
}

fn lies_elsewhere(given: &Given) -> bool {
    match given {
        Given::Text(text) => SecretSource::read(text).is_some(),
        Given::Json(json) => json
            .as_str()
            .is_some_and(|text| SecretSource::read(text).is_some()),
    }
}
