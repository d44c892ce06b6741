//! The scenario in whose world symptoms are read.

use crate::document;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::gathered::runnable;
use crate::load;
use crate::locate::scenarios_of;
use crate::shelf::text_of;
use crate::staged::Staged;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use std::path::PathBuf;

/// The scenario of a name, and what its playbook is called. A name alone must be that of one scenario only.
///
/// # Errors
/// There is none, or there are several; or it is wrong.
pub fn stage(
    name: &str,
    files: &[PathBuf],
    registry: &Registry,
    environment: &Environment,
) -> Result<(String, Staged), Failure> {
    let places = &environment.places;
    if let Some((playbook, name)) = name.rsplit_once(':') {
        let here = files.iter().map(|file| places.place(file)).find(|located| {
            let id = located.id.strip_suffix(playbook);
            id.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        });
        let located = match here {
            Some(located) => located,
            None => load::locate(playbook, environment)?,
        };
        let staged = Staged::find(name, &located, registry, environment)?;
        return Ok((runnable(&located, places), staged));
    }
    let has = |file: &&PathBuf| {
        let scenarios = scenarios_of(file);
        let Ok(text) = text_of(&scenarios, &places.shown(&scenarios)) else {
            return false;
        };
        document::scenarios(&Source::new(places.shown(&scenarios), text))
            .is_ok_and(|(scenarios, _)| scenarios.scenarios.contains_key(name))
    };
    let having: Vec<&PathBuf> = files.iter().filter(has).collect();
    match having.as_slice() {
        [one] => {
            let located = places.place(one);
            let staged = Staged::find(name, &located, registry, environment)?;
            Ok((runnable(&located, places), staged))
        }
        [] => Err(Failure::wrong(format!(
            "no playbook here has a scenario `{name}`; `runbook test -v` names them"
        ))),
        several => {
            let names: Vec<String> = several
                .iter()
                .map(|file| format!("{}:{name}", places.place(file).id))
                .collect();
            Err(Failure::wrong(format!(
                "several playbooks have a scenario `{name}`; write one of {}",
                names.join(", ")
            )))
        }
    }
}
