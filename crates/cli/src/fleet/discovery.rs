//! Makes the reads that find targets.

use super::at;
use crate::args::TargetArguments;
use crate::calls::Calls;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::locate::Located;
use crate::world;
use runbook_fleet::target::Target;
use runbook_fleet::targets::{Reading, Targets};
use runbook_interpreter::surroundings::Performer as _;
use runbook_registry::Registry;
use runbook_registry::call::{Call, DEFAULT_LIMIT};
use runbook_registry::world::World;
use runbook_registry::world::scenario::{ActionFacts, Scenario, ScenarioWorld};
use std::sync::Arc;

/// The targets of all discoveries of a file.
///
/// # Errors
/// A read that failed, named by its place: what is not known cannot be left out in silence.
pub fn found(
    targets: &Targets,
    base: &TargetArguments,
    scenario: Option<&Arc<Scenario>>,
    located: &Located,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<Vec<Target>, Failure> {
    let reads = targets.reads(&**registry).map_err(Failure::wrong)?;
    let mut all = Vec::new();
    for reading in &reads {
        all.extend(found_by(
            targets,
            reading,
            base,
            scenario,
            located,
            registry,
            environment,
        )?);
    }
    Ok(all)
}

/// The targets that one read finds.
///
/// # Errors
/// As [`found`].
pub fn found_by(
    targets: &Targets,
    reading: &Reading,
    base: &TargetArguments,
    scenario: Option<&Arc<Scenario>>,
    located: &Located,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<Vec<Target>, Failure> {
    let arguments = at(base, &reading.place);
    let (root, folder) = (&located.root, &located.root);
    let context = world::context(environment, &arguments, registry, root, folder);
    let (written, live);
    let world: &dyn World = if let Some(scenario) = scenario {
        let mut here = (**scenario).clone();
        here.place.account = reading.place.account.clone().or(here.place.account);
        here.place.region = reading.place.region.clone().or(here.place.region);
        let facts = Arc::clone(registry) as Arc<dyn ActionFacts>;
        written = ScenarioWorld::new(Arc::new(here), facts, context);
        &written
    } else {
        live = world::live(environment, &arguments, context);
        &live
    };
    read(targets, reading, world, registry)
}

fn read(
    targets: &Targets,
    reading: &Reading,
    world: &dyn World,
    registry: &Registry,
) -> Result<Vec<Target>, Failure> {
    let limit = reading
        .limit
        .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let call = Call {
        limit: limit.unwrap_or(DEFAULT_LIMIT),
        ..Call::new(reading.action.clone(), reading.arguments.clone())
    };
    let calls = Calls(registry);
    let made = calls.perform(world, &call);
    let answer = crate::commands::runtime()?
        .block_on(made)
        .map_err(|error| {
            Failure::environment(format!(
                "{}: {} found no targets: {error}; nothing was run",
                reading.place.name, reading.action
            ))
        })?;
    if answer.truncated && limit.is_none() {
        return Err(Failure::wrong(format!(
            "{}: {} has more than {DEFAULT_LIMIT} items; set `limit` to how many are wanted",
            reading.place.name, reading.action
        )));
    }
    targets
        .found(reading, &answer.result)
        .map_err(Failure::wrong)
}
