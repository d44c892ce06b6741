//! From the command line to a playbook and its targets.

use crate::args::{GivenArguments, TargetArguments};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::fleet::{found, no_secrets};
use crate::kept::Kept;
use crate::load;
use crate::locate::Located;
use crate::problems::{self, counted};
use crate::shelf::text_of;
use crate::staged::Staged;
use jiff::Timestamp;
use runbook_fleet::target::Target;
use runbook_fleet::targets::{Targets, wrong_inputs};
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::has_errors;
use runbook_playbook::inputs::Given;
use runbook_playbook::source::Source;
use runbook_registry::Registry;
use std::path::Path;
use std::sync::Arc;

/// A playbook and the file of targets that it is to run on.
pub struct Loaded {
    /// The playbook.
    pub checked: Arc<Checked>,
    /// The scenario whose world it happens in.
    pub staged: Option<Staged>,
    /// The file of targets.
    pub targets: Targets,
    /// What every target is given by the command line.
    pub given: Vec<(String, Given)>,
    /// The time: the scenario's, if there is one.
    pub now: Timestamp,
}

/// Reads and checks both.
///
/// # Errors
/// What is wrong with either; it has been shown.
pub fn loaded(
    located: &Located,
    file: &Path,
    given: &GivenArguments,
    scenario: Option<&str>,
    kept: &Kept<'_>,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> Result<Loaded, Failure> {
    let checked = load::playbook(kept, located, environment.console.err)?;
    let staged = scenario
        .map(|name| Staged::find(name, located, registry, environment))
        .transpose()?;
    let now = staged
        .as_ref()
        .map_or_else(Timestamp::now, |staged| staged.scenario.clock);
    let given = load::given(given, None, environment)?;
    let path = environment.places.current.join(file);
    let name = environment.places.shown(&path);
    let source = Source::new(&name, text_of(&path, &name).map_err(Failure::wrong)?);
    let (targets, mut diagnostics) = Targets::read(&source, &**registry);
    if let Some(targets) = &targets {
        let everywhere: Vec<String> = given
            .iter()
            .map(|(name, _)| name.clone())
            .chain(
                staged
                    .iter()
                    .flat_map(|staged| staged.scenario.inputs.keys().cloned()),
            )
            .collect();
        diagnostics.extend(targets.check_inputs(&checked.playbook, &everywhere, now));
    }
    problems::show(&diagnostics, environment.console.err);
    let errors = diagnostics
        .iter()
        .filter(|found| has_errors(std::slice::from_ref(found)))
        .count();
    let Some(targets) = targets.filter(|_| errors == 0) else {
        return Err(Failure::wrong(format!(
            "{name} cannot be used: {}",
            counted(errors, "error")
        )));
    };
    Ok(Loaded {
        checked,
        staged,
        targets,
        given,
        now,
    })
}

impl Loaded {
    /// All targets; the reads that find them are made.
    ///
    /// # Errors
    /// A read that failed, two targets of one name, or an input that does not fit.
    pub fn all(
        &self,
        base: &TargetArguments,
        located: &Located,
        registry: &Arc<Registry>,
        environment: &Environment,
    ) -> Result<Vec<Target>, Failure> {
        let scenario = self.staged.as_ref().map(|staged| &staged.scenario);
        let found = found(
            &self.targets,
            base,
            scenario,
            located,
            registry,
            environment,
        )?;
        let all = self.checked_all(found)?;
        if all.is_empty() {
            return Err(Failure::wrong(
                "there is no target: the reads found none, or all are excluded; nothing was run",
            ));
        }
        Ok(all)
    }

    /// What the scenario gives every target.
    pub fn everywhere_before(&self) -> Vec<(String, Given)> {
        let staged = self.staged.as_ref();
        staged.map_or_else(Vec::new, |staged| load::members(&staged.scenario.inputs))
    }

    /// What is listed and what was found, with inputs that fit.
    ///
    /// # Errors
    /// Two targets of one name, or an input that does not fit.
    pub fn checked_all(&self, found: Vec<Target>) -> Result<Vec<Target>, Failure> {
        let all = self.targets.all(found).map_err(Failure::wrong)?;
        no_secrets(&all, &self.checked.playbook)?;
        let mut everywhere = self.everywhere_before();
        everywhere.extend(self.given.iter().cloned());
        let wrong = wrong_inputs(&all, &everywhere, &self.checked.playbook, self.now);
        if let Some((name, why)) = all
            .iter()
            .find_map(|target| Some((&target.name, wrong.get(&target.name)?)))
        {
            return Err(Failure::wrong(format!(
                "target `{name}`: {why}{}",
                match wrong.len() {
                    1 => String::new(),
                    many => format!("\n  and {} more targets have such inputs", many - 1),
                }
            )));
        }
        Ok(all)
    }
}
