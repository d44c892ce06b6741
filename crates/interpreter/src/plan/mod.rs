//! What a run is to do: the only thing that the engine accepts.

pub mod diff;
pub mod forecast;
pub mod policy;
pub mod saved;
pub mod visit;

use indexmap::IndexMap;
use runbook_playbook::checked::{Checked, StepPath};
use runbook_playbook::secret::SecretSource;
use runbook_playbook::syntax::input::{Input, InputKind};
use runbook_playbook::value::Value;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A graph after which a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// After `symptom`.
    Symptom,
    /// After `diagnose`.
    Diagnose,
    /// After `resolve`: nothing is verified.
    Resolve,
}

/// What the person who starts a run asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where to end early.
    pub until: Option<Until>,
    /// Whether to verify; `--no-verify` sets it to false.
    pub verify: bool,
    /// The only steps that run in their graphs, by id or full name; empty for all.
    pub only: Vec<String>,
    /// Steps that do not run, by id or full name.
    pub skip: Vec<String>,
    /// Diagnose and resolve although no symptom holds.
    pub force: bool,
    /// Make no write.
    pub read_only: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            until: None,
            verify: true,
            only: Vec::new(),
            skip: Vec::new(),
            force: false,
            read_only: false,
        }
    }
}

impl Options {
    /// As the journal keeps them.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let until = self.until.map(|until| match until {
            Until::Symptom => "symptom",
            Until::Diagnose => "diagnose",
            Until::Resolve => "resolve",
        });
        json!({
            "until": until,
            "verify": self.verify,
            "only": self.only,
            "skip": self.skip,
            "force": self.force,
            "read_only": self.read_only,
        })
    }

    /// As the journal kept them.
    #[must_use]
    pub fn from_json(json: &Json) -> Self {
        let names = |key: &str| -> Vec<String> {
            let names = json.get(key).and_then(Json::as_array);
            names
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_str().map(str::to_owned))
                .collect()
        };
        let flag = |key: &str| json.get(key).and_then(Json::as_bool);
        Self {
            until: match json.get("until").and_then(Json::as_str) {
                Some("symptom") => Some(Until::Symptom),
                Some("diagnose") => Some(Until::Diagnose),
                Some("resolve") => Some(Until::Resolve),
                _ => None,
            },
            verify: flag("verify").unwrap_or(true),
            only: names("only"),
            skip: names("skip"),
            force: flag("force").unwrap_or(false),
            read_only: flag("read_only").unwrap_or(false),
        }
    }
}

/// A checked playbook with its inputs and options.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The playbook.
    pub checked: Arc<Checked>,
    /// The inputs, defaults included.
    pub inputs: IndexMap<String, Value>,
    /// What was asked for.
    pub options: Options,
    /// Steps that do not run, by full name.
    left_out: BTreeSet<StepPath>,
}

/// A plan that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// `--only` or `--skip` names a step that the playbook does not have.
    #[error("`{flag} {name}` names no step of `{playbook}`{}", did_you_mean(.suggestions))]
    UnknownStep {
        /// `--only` or `--skip`.
        flag: &'static str,
        /// What was given.
        name: String,
        /// The playbook's id.
        playbook: String,
        /// What may have been meant, best first.
        suggestions: Vec<StepPath>,
    },
}

fn did_you_mean(suggestions: &[StepPath]) -> String {
    match suggestions {
        [] => String::new(),
        [one] => format!("; did you mean `{one}`?"),
        many => format!("; did you mean one of `{}`?", many.join("`, `")),
    }
}

impl Plan {
    /// Makes a plan.
    ///
    /// # Errors
    /// [`PlanError::UnknownStep`] where an option names a step that is not there.
    pub fn new(
        checked: Arc<Checked>,
        inputs: IndexMap<String, Value>,
        options: Options,
    ) -> Result<Self, PlanError> {
        let only = resolve_names(&checked, "--only", &options.only)?;
        let skip = resolve_names(&checked, "--skip", &options.skip)?;
        let left_out = left_out(&checked, &only, &skip);
        Ok(Self {
            checked,
            inputs,
            options,
            left_out,
        })
    }

    /// The secret inputs whose values a run reads itself, and where they lie.
    pub fn secrets_to_read(&self) -> impl Iterator<Item = (&Input, SecretSource)> {
        let inputs = self.checked.playbook.inputs.iter();
        inputs.filter_map(|input| Some((input, self.secret_source(input)?)))
    }

    /// Where the value of a secret input lies, where the run reads it itself.
    #[must_use]
    pub fn secret_source(&self, input: &Input) -> Option<SecretSource> {
        match (&input.kind, self.inputs.get(&input.name.value)) {
            (InputKind::Secret, Some(Value::Text(text))) => {
                SecretSource::read(text).filter(|source| source.call().is_some())
            }
            _ => None,
        }
    }

    /// Whether the options leave the step out.
    #[must_use]
    pub fn leaves_out(&self, step: &str) -> bool {
        self.left_out.contains(step)
    }
}

/// Finds the steps that the names mean: full names, or ids wherever they stand.
fn resolve_names(
    checked: &Checked,
    flag: &'static str,
    names: &[String],
) -> Result<BTreeSet<StepPath>, PlanError> {
    let mut found = BTreeSet::new();
    for name in names {
        let tail = format!(".{name}");
        let before = found.len();
        found.extend(
            checked
                .steps
                .keys()
                .filter(|path| *path == name || path.ends_with(&tail))
                .cloned(),
        );
        if found.len() == before {
            return Err(PlanError::UnknownStep {
                flag,
                name: name.clone(),
                playbook: checked.id.clone(),
                suggestions: similar(checked, name),
            });
        }
    }
    Ok(found)
}

/// The steps whose id or full name is close to what was given.
fn similar(checked: &Checked, name: &str) -> Vec<StepPath> {
    let mut near: Vec<(usize, &StepPath)> = checked
        .steps
        .keys()
        .map(|path| {
            let id = path.rsplit('.').next().unwrap_or(path);
            (
                strsim::damerau_levenshtein(id, name).min(strsim::damerau_levenshtein(path, name)),
                path,
            )
        })
        .filter(|(distance, _)| *distance <= 1 + name.len() / 4)
        .collect();
    near.sort();
    near.into_iter()
        .take(3)
        .map(|(_, path)| path.clone())
        .collect()
}

fn is_inside(path: &str, container: &str) -> bool {
    path.strip_prefix(container)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// The steps that `--only` and `--skip` leave out. `--only` narrows the graphs in which it names a step; what a named step
/// reads, its blocks and what is inside it stay.
fn left_out(
    checked: &Checked,
    only: &BTreeSet<StepPath>,
    skip: &BTreeSet<StepPath>,
) -> BTreeSet<StepPath> {
    let mut keep = BTreeSet::new();
    let mut open: Vec<&StepPath> = only.iter().collect();
    while let Some(path) = open.pop() {
        if keep.insert(path.clone()) {
            for (other, step) in &checked.steps {
                if is_inside(other, path) {
                    open.push(other);
                } else if other == path || is_inside(path, other) {
                    open.extend(step.reads.iter());
                    keep.insert(other.clone());
                }
            }
        }
    }
    let graph = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
    let narrowed: BTreeSet<String> = only.iter().map(|path| graph(path)).collect();
    checked
        .steps
        .keys()
        .filter(|path| {
            let unnamed = narrowed.contains(&graph(path)) && !keep.contains(*path);
            unnamed || skip.contains(*path)
        })
        .cloned()
        .collect()
}
