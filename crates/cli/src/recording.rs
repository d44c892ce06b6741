//! `run --record`: a run as a scenario in a file.

use crate::commands::{Enforced, run_scenario};
use crate::document;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::locate::{Located, is_scenarios};
use crate::recorder::Recorder;
use crate::shelf::{Shelf, text_of};
use jiff::Timestamp;
use runbook_interpreter::MASK;
use runbook_playbook::checked::Checked;
use runbook_playbook::layout::layout;
use runbook_playbook::source::Source;
use runbook_playbook::yaml::write::pair;
use runbook_registry::Registry;
use runbook_registry::world::recording::{Recorded, Telling};
use runbook_registry::world::scenario::Scenario;
use serde_json::{Map, Value as Json};
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The name of a scenario that was given none.
const NAME: &str = "recorded";

/// Where a recording goes.
pub struct Target {
    file: PathBuf,
    shown: String,
    name: String,
    /// The text of the file, where it is there already.
    before: Option<String>,
}

impl Target {
    /// Looks whether a recording can be written, before anything runs: into a new file, or under a new name into one with
    /// scenarios of the same playbook.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn open(
        file: &Path,
        name: Option<&str>,
        located: &Located,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let places = &environment.places;
        let full = places.current.join(file);
        let shown = places.shown(&full);
        if !is_scenarios(&full) {
            return Err(Failure::wrong(format!(
                "{shown} is no name of a file of scenarios, so nothing was run; name it NAME.scenarios.yaml"
            )));
        }
        let plain = |name: &str| {
            let mut characters = name.chars();
            characters.all(|one| one.is_ascii_alphanumeric() || one == '_' || one == '-')
                && name.starts_with(|first: char| first.is_ascii_alphabetic())
        };
        if let Some(name) = name.filter(|name| !plain(name)) {
            return Err(Failure::wrong(format!(
                "`{name}` is no name of a scenario, so nothing was run; write it with letters, digits, `_` and `-`"
            )));
        }
        if !full.exists() {
            if !full.parent().is_some_and(Path::is_dir) {
                return Err(Failure::wrong(format!(
                    "there is no folder for {shown}, so nothing was run; make it first"
                )));
            }
            return Ok(Self {
                file: full,
                shown,
                name: name.unwrap_or(NAME).to_owned(),
                before: None,
            });
        }
        let text = text_of(&full, &shown).map_err(Failure::wrong)?;
        let source = Source::new(&shown, text.as_str());
        let Ok((scenarios, _)) = document::scenarios(&source) else {
            return Err(Failure::wrong(format!(
                "{shown} has errors, so nothing was run: `runbook check {shown}` names them"
            )));
        };
        let playbook = document::playbook_of(&scenarios, &full);
        let same = |one: &Path, other: &Path| {
            let canonical = |path: &Path| std::fs::canonicalize(path).ok();
            canonical(one).is_some() && canonical(one) == canonical(other)
        };
        if !same(&playbook, &located.file) {
            return Err(Failure::wrong(format!(
                "{shown} has the scenarios of {}, so nothing was run; name another file",
                places.shown(&playbook)
            )));
        }
        let taken = |name: &str| scenarios.scenarios.contains_key(name);
        let name = match name {
            Some(name) if taken(name) => {
                return Err(Failure::wrong(format!(
                    "{shown} has a scenario `{name}` already, so nothing was run; choose another name with --record-as"
                )));
            }
            Some(name) => name.to_owned(),
            None => std::iter::once(NAME.to_owned())
                .chain((2..=1_000_000).map(|number| format!("{NAME}_{number}")))
                .find(|name| !taken(name))
                .unwrap_or_default(),
        };
        Ok(Self {
            file: full,
            shown,
            name,
            before: Some(text),
        })
    }

    /// Writes what was recorded, and says whether it comes out the same.
    ///
    /// # Errors
    /// The run did not end, or the file cannot be written.
    #[expect(
        clippy::too_many_arguments,
        reason = "what a run was given, and what it ran with"
    )]
    pub fn write(
        &self,
        recorder: &Recorder<'_>,
        inputs: Map<String, Json>,
        texts: Vec<String>,
        checked: &Arc<Checked>,
        located: &Located,
        registry: &Arc<Registry>,
        environment: &Environment,
    ) -> Result<(), Failure> {
        let Some(ended) = recorder.ended() else {
            return Err(Failure::wrong(
                "the run did not end, so nothing was recorded",
            ));
        };
        let calls = recorder.log.calls();
        let run = Recorded {
            description: format!(
                "Recorded from a run that came out {}. Secrets are written as {MASK}, ids of accounts are replaced.",
                ended.outcome.verdict
            ),
            clock: Timestamp::from_second(ended.started.as_second()).unwrap_or(ended.started),
            place: ended.place,
            inputs,
            calls: &calls,
            approvals: recorder.approvals(),
            outcome: ended.outcome,
            texts,
        };
        let playbooks = Shelf::new(&environment.places, &located.root, &**registry);
        let told = |telling| -> Result<_, Failure> {
            let members = run.members(&**registry, telling, &|json| recorder.masked(json));
            let text = self.text(&members, located);
            let scenario = Arc::new(self.read(&text)?);
            let found = run_scenario(
                &scenario,
                checked,
                &playbooks,
                &Enforced::Nothing,
                registry,
                environment,
            );
            Ok((text, found))
        };
        let mut best = told(Telling::ByWrites)?;
        if best.1.is_err() {
            let other = told(Telling::InTurn)?;
            if other.1.is_ok() {
                best = other;
            }
        }
        let (text, found) = best;
        self.save(&text).map_err(|error| {
            Failure::environment(format!(
                "{} cannot be written: {error}; record into another file",
                self.shown
            ))
        })?;
        let err = environment.console.err;
        let (name, shown) = (&self.name, &self.shown);
        match found {
            Ok(()) => err.line(format!(
                "recorded as scenario `{name}` in {shown}; it comes out the same"
            )),
            Err(differences) => {
                err.line(format!(
                    "recorded as scenario `{name}` in {shown}; it does not come out the same, so look it over:"
                ));
                err.lines(&differences);
            }
        }
        Ok(())
    }

    /// The whole text of the file.
    fn text(&self, members: &Json, located: &Located) -> String {
        let mut scenario = String::new();
        scenario.push_str("  ");
        scenario.push_str(&self.name);
        scenario.push_str(":\n");
        for (name, value) in members.as_object().into_iter().flatten() {
            let open = match name.as_str() {
                "actions" => 3,
                "expect" => 1,
                _ => 0,
            };
            pair(&mut scenario, 4, name, value, open);
        }
        let text = match &self.before {
            None => {
                let mut text = String::new();
                let playbook = relative(&self.file, &located.file);
                pair(&mut text, 0, "playbook", &playbook.into(), 0);
                format!("{text}scenarios:\n{scenario}")
            }
            Some(before) => self.within(before, &scenario),
        };
        let source = Source::new(&self.shown, text.as_str());
        match (&self.before, layout(&source)) {
            (None, Ok(laid)) => laid,
            _ => text,
        }
    }

    /// The text of the file with one more scenario after the last.
    fn within(&self, before: &str, scenario: &str) -> String {
        let source = Source::new(&self.shown, before);
        let node = document::scenarios(&source).ok().map(|(_, node)| node);
        let end = node
            .as_ref()
            .and_then(|node| node.get("scenarios"))
            .map_or(before.len(), |node| node.span.end);
        let rest = before.get(end..).unwrap_or_default();
        let end = end + rest.find('\n').unwrap_or(rest.len());
        let (head, tail) = before.split_at_checked(end).unwrap_or((before, ""));
        let end = if tail.is_empty() { "\n" } else { tail };
        format!("{}\n\n{}{end}", head.trim_end(), scenario.trim_end())
    }

    /// The scenario as it is read again.
    fn read(&self, text: &str) -> Result<Scenario, Failure> {
        let source = Source::new(&self.shown, text);
        let mut scenarios = document::scenarios(&source).map_err(|found| {
            let first = found.first().map(|one| one.message.clone());
            Failure::wrong(format!(
                "the recording cannot be put into {}: {}; record into a file of its own",
                self.shown,
                first.unwrap_or_default()
            ))
        })?;
        let scenario = scenarios.0.scenarios.shift_remove(&self.name);
        scenario.ok_or_else(|| {
            Failure::wrong(format!(
                "the recording cannot be put into {}; record into a file of its own",
                self.shown
            ))
        })
    }

    fn save(&self, text: &str) -> std::io::Result<()> {
        if self.before.is_some() {
            return crate::commands::replace(&self.file, text);
        }
        // Never over a file that has come meanwhile.
        let mut file = std::fs::File::create_new(&self.file)?;
        file.write_all(text.as_bytes())
    }
}

/// The path of a file as it is written in another one.
fn relative(from: &Path, to: &Path) -> String {
    let canonical = |path: &Path| {
        let folder = path.parent().unwrap_or(Path::new("."));
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
        folder.join(path.file_name().unwrap_or_default())
    };
    let (from, to) = (canonical(from), canonical(to));
    let folder = from.parent().unwrap_or(Path::new("/"));
    let common = folder
        .components()
        .zip(to.components())
        .take_while(|(one, other)| one == other)
        .count();
    let up = folder
        .components()
        .skip(common)
        .map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(common)).collect();
    path.display().to_string()
}
