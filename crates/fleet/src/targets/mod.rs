//! Which targets a file has: those that it lists, all combinations of a matrix, and those that a read finds.
//!
//! A file is read and checked before anything runs, all its problems in one pass. What a discovery finds is known once its reads
//! were made: [`Targets::reads`] says which, [`Targets::found`] makes targets of a result, and [`Targets::all`] puts everything together.

mod check;
mod expand;
mod names;
#[cfg(test)]
mod tests;

use crate::rollout::{Amount, CONCURRENCY, RolloutPolicy};
use crate::target::Target;
use indexmap::IndexMap;
use jiff::Timestamp;
use names::Names;
use runbook_playbook::catalog::Catalog;
use runbook_playbook::diagnostic::{Diagnostic, has_errors, silence};
use runbook_playbook::inputs::{Given, bind};
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, Spanned};
use runbook_playbook::syntax::each::MaxErrors;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::targets::{self as syntax, Discover, TargetsFile};
use runbook_playbook::template::{self, Data};
use runbook_playbook::value::Value;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};

/// The most targets of a file.
pub const MOST: usize = 100_000;

/// A file of targets without errors.
#[derive(Debug, Clone)]
pub struct Targets {
    source: Source,
    file: TargetsFile,
    listed: Vec<Made>,
}

/// A target and where it comes from.
#[derive(Debug, Clone)]
struct Made {
    target: Target,
    span: Span,
    /// Where its inputs stand.
    inputs: Places,
}

/// Where the names and the values of inputs stand.
type Places = IndexMap<String, (Span, Span)>;

/// A read that finds targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Which discovery of the file, from 0.
    pub discovery: usize,
    /// Where the call goes; its name is for messages.
    pub place: Target,
    /// The action.
    pub action: String,
    /// Its arguments.
    pub arguments: Json,
    /// The most items of a paginated result.
    pub limit: Option<u32>,
}

impl Targets {
    /// Reads and checks a file; all its problems, sorted by place.
    #[must_use]
    pub fn read(source: &Source, catalog: &dyn Catalog) -> (Option<Self>, Vec<Diagnostic>) {
        let (file, mut diagnostics) = syntax::parse(source);
        let Some(file) = file else {
            return (None, silence(source, diagnostics));
        };
        diagnostics.extend(check::file(&file, source, catalog));
        let listed = if has_errors(&diagnostics) {
            Vec::new()
        } else {
            let (listed, found) = expand::listed(&file, source);
            diagnostics.extend(found);
            listed
        };
        let diagnostics = silence(source, diagnostics);
        let targets = (!has_errors(&diagnostics)).then(|| Self {
            source: source.clone(),
            file,
            listed,
        });
        (targets, diagnostics)
    }

    /// The playbook that runs on them, relative to the file.
    #[must_use]
    pub fn of(&self) -> Option<&Spanned<String>> {
        self.file.of.as_ref()
    }

    /// How a playbook is rolled out on them, unless it is said otherwise.
    #[must_use]
    pub fn policy(&self) -> RolloutPolicy {
        let written = &self.file.rollout;
        let count = |number: &Option<Spanned<u32>>| {
            let number = number.as_ref()?.value;
            Some(usize::try_from(number).unwrap_or(usize::MAX))
        };
        let amount = |share: &MaxErrors| match share {
            MaxErrors::Number(number) => Amount::Number(*number),
            MaxErrors::Percent(percent) => Amount::Percent(*percent),
        };
        RolloutPolicy {
            concurrency: count(&written.concurrency).unwrap_or(CONCURRENCY),
            per_account: count(&written.per_account),
            per_region: count(&written.per_region),
            max_errors: written
                .max_errors
                .as_ref()
                .map_or(Amount::Number(0), |share| amount(&share.value)),
            waves: written
                .waves
                .iter()
                .map(|share| amount(&share.value))
                .collect(),
            pause: written.pause.as_ref().map(|pause| pause.value),
            approve: written
                .approve
                .as_ref()
                .is_some_and(|approve| approve.value),
            alarms: written
                .alarms
                .iter()
                .map(|alarm| alarm.value.clone())
                .collect(),
        }
    }

    /// The targets that are known without a read.
    pub fn listed(&self) -> impl Iterator<Item = &Target> {
        self.listed.iter().map(|made| &made.target)
    }

    /// Whether there are targets that only reads find.
    #[must_use]
    pub fn discovers(&self) -> bool {
        !self.file.discover.is_empty()
    }

    /// Says which inputs do not fit the playbook that is to run. What is given `everywhere`, by names, need not be given here.
    #[must_use]
    pub fn check_inputs(
        &self,
        playbook: &Playbook,
        everywhere: &[String],
        now: Timestamp,
    ) -> Vec<Diagnostic> {
        let mut found = check::Found::default();
        for made in &self.listed {
            check::inputs(made, playbook, everywhere, now, &self.source, &mut found);
        }
        check::discovered_inputs(&self.file, playbook, everywhere, &self.source, &mut found);
        found.sorted()
    }

    /// The reads that find targets, in every account and region.
    ///
    /// # Errors
    /// Arguments that cannot be told.
    pub fn reads(&self, catalog: &dyn Catalog) -> Result<Vec<Reading>, String> {
        let mut reads = Vec::new();
        for (number, discover) in self.file.discover.iter().enumerate() {
            let action = catalog
                .action(&discover.action.value)
                .map_err(|unknown| unknown.message)?;
            for place in self.places(discover) {
                let names = expand::names(&place, &IndexMap::new(), None);
                let with = Spanned::new(Data::Map(discover.with.clone()), discover.with_span);
                let arguments = template::render(&with, &action.input, &names)
                    .map_err(|error| format!("{}: {}", discover.action.value, error.message))?;
                reads.push(Reading {
                    discovery: number,
                    action: action.name.clone(),
                    arguments: arguments.unwrap_or_else(|| Json::Object(serde_json::Map::new())),
                    limit: discover.limit.as_ref().map(|limit| limit.value),
                    place,
                });
            }
        }
        Ok(reads)
    }

    /// Where a discovery looks.
    fn places(&self, discover: &Discover) -> Vec<Target> {
        let some = |written: &[Spanned<String>]| -> Vec<Option<String>> {
            if written.is_empty() {
                return vec![None];
            }
            written.iter().map(|one| Some(one.value.clone())).collect()
        };
        let mut places = Vec::new();
        for account in some(&discover.accounts) {
            for region in some(&discover.regions) {
                let place = expand::place(&self.file, account.as_deref(), region.as_deref());
                let role = expand::role(&self.file, &discover.given, &place, &Names::default());
                places.push(Target {
                    role: role.unwrap_or_default(),
                    name: expand::place_name(&self.file, &place),
                    ..place
                });
            }
        }
        places
    }

    /// The targets that the result of a read gives.
    ///
    /// # Errors
    /// An item that is no target, named by its place.
    pub fn found(&self, reading: &Reading, result: &Json) -> Result<Vec<Target>, String> {
        let Some(discover) = self.file.discover.get(reading.discovery) else {
            return Ok(Vec::new());
        };
        let nodes = discover
            .path
            .select(result, &Names::default())
            .map_err(|error| error.message)?;
        nodes
            .into_iter()
            .filter(|node| !node.is_null())
            .map(|node| {
                let item = Value::from_json(node);
                expand::one(
                    &self.file,
                    &discover.given,
                    reading.place.clone(),
                    &IndexMap::new(),
                    Some(item),
                )
                .map(|made| made.0)
                .map_err(|error| {
                    format!(
                        "{} in {}: {}",
                        reading.action, reading.place.name, error.message
                    )
                })
            })
            .collect()
    }

    /// Everything together: what is listed and what was found, without what is excluded.
    ///
    /// # Errors
    /// Two targets of one name, or too many of them.
    pub fn all(&self, found: Vec<Target>) -> Result<Vec<Target>, String> {
        let found = found
            .into_iter()
            .filter(|target| !expand::is_excluded(&self.file, target));
        let all: Vec<Target> = self.listed().cloned().chain(found).collect();
        if all.len() > MOST {
            return Err(format!(
                "there are {} targets, and {MOST} are the most",
                all.len()
            ));
        }
        let mut names = HashSet::with_capacity(all.len());
        for target in &all {
            if !names.insert(target.name.as_str()) {
                return Err(format!(
                    "there are two targets `{}`; give them names of their own with `name:`, for example \"${{{{ account }}}}/${{{{ region }}}}/${{{{ item }}}}\"",
                    target.name
                ));
            }
        }
        Ok(all)
    }
}

/// Says of targets, such as those that were found, which inputs do not fit; by name. What is given `everywhere` counts too.
#[must_use]
pub fn wrong_inputs(
    targets: &[Target],
    everywhere: &[(String, Given)],
    playbook: &Playbook,
    now: Timestamp,
) -> HashMap<String, String> {
    let mut wrong = HashMap::new();
    for target in targets {
        let given: Vec<(String, Given)> = target
            .inputs
            .iter()
            .map(|(name, value)| (name.clone(), Given::Json(value.clone())))
            .chain(everywhere.iter().cloned())
            .collect();
        if let Err(problems) = bind(playbook, &given, now) {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            wrong.insert(target.name.clone(), problems.join("; "));
        }
    }
    wrong
}
