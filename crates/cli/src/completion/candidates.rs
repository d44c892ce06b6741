//! What may come next: whatever is there at the moment. What cannot be read offers nothing; a shell has no place for errors.

use super::line;
use crate::environment::Environment;
use crate::locate::{files_below, is_playbook, is_yaml, scenarios_of};
use crate::shelf::text_of;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use jiff::tz::TimeZone;
use runbook_fleet::embedded::store::FleetStore;
use runbook_interpreter::journal::{Filter, SqliteJournal};
use runbook_playbook::diagnostic::Code;
use runbook_playbook::source::Source;
use runbook_playbook::syntax::playbook::Graph;
use runbook_playbook::syntax::step::{Step, Work};
use runbook_playbook::yaml;
use runbook_registry::Registry;
use runbook_registry::aws::endpoint::partitions;
use runbook_registry::model::catalogue::catalogue;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;

/// As many runs are offered: the newest.
const RUNS: usize = 50;

/// What stands at a place of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A playbook's id or its path.
    Playbook,
    /// A scenario of the playbook.
    Scenario,
    /// A step of the playbook.
    StepOfPlaybook,
    /// An input of the playbook, with what is allowed for it where that is a list.
    Input,
    /// A run on record.
    Run,
    /// A fleet on record.
    Fleet,
    /// A step of the run.
    StepOfRun,
    /// An action: `ecs:DescribeServices`.
    Action,
    /// A service: `ecs`.
    Service,
    /// A code of the checker.
    Code,
    /// An AWS region.
    Region,
    /// A profile of the AWS configuration.
    Profile,
}

/// Where candidates come from.
pub struct Candidates<'e> {
    environment: &'e Environment,
}

/// A word and what is said of it.
type Word = (String, String);

impl<'e> Candidates<'e> {
    /// Looks around.
    pub fn new(environment: &'e Environment) -> Self {
        Self { environment }
    }

    /// The words of a kind that begin as the current one does.
    pub fn of(&self, kind: Kind, current: &str) -> Vec<CompletionCandidate> {
        let words = match kind {
            Kind::Playbook => return self.playbooks(current),
            Kind::Scenario => self.scenarios(),
            Kind::StepOfPlaybook => self.steps(),
            Kind::Input => self.inputs(current),
            Kind::Run => self.runs(),
            Kind::Fleet => self.fleets(),
            Kind::StepOfRun => self.steps_of_run(),
            Kind::Action => actions(current),
            Kind::Service => plain(services()),
            Kind::Code => plain(Code::ALL.iter().map(|code| code.slug())),
            Kind::Region => {
                let regions: BTreeSet<&str> = partitions().regions().collect();
                plain(regions)
            }
            Kind::Profile => self.profiles(),
        };
        offered(words, current)
    }

    /// Ids of playbooks, and paths where none begins so.
    fn playbooks(&self, current: &str) -> Vec<CompletionCandidate> {
        let mut words = Vec::new();
        for root in self.environment.places.roots() {
            for file in files_below(&root, is_playbook) {
                let located = self.environment.places.place(&file);
                words.push((located.id, String::new()));
            }
        }
        let ids = offered(words, current);
        if !ids.is_empty() {
            return ids;
        }
        PathCompleter::any()
            .filter(|path| path.is_dir() || is_yaml(path))
            .current_dir(&self.environment.places.current)
            .complete(OsStr::new(current))
    }

    fn scenarios(&self) -> Vec<Word> {
        let Some((located, _)) = line::playbook(self.environment) else {
            return Vec::new();
        };
        let file = scenarios_of(&located.file);
        let Ok(text) = text_of(&file, &located.name) else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        let Some(node) = yaml::read(&Source::new(&located.name, text), &mut problems) else {
            return Vec::new();
        };
        let mut entries = node.entries().into_iter().flatten();
        let scenarios = entries.find(|(key, _)| key.value == "scenarios");
        let scenarios = scenarios.and_then(|(_, node)| node.entries());
        let names = scenarios.into_iter().flatten();
        plain(names.map(|(name, _)| name.value.as_str()))
    }

    fn steps(&self) -> Vec<Word> {
        let Some((_, playbook)) = line::playbook(self.environment) else {
            return Vec::new();
        };
        let graphs = [
            ("symptom", &playbook.symptom),
            ("diagnose", &playbook.diagnose),
            ("resolve", &playbook.resolve),
            ("check", &playbook.check),
        ];
        let mut words = Vec::new();
        for (name, graph) in graphs {
            let steps = graph.as_ref().map_or(&[][..], |graph: &Graph| &graph.steps);
            named(steps, "", name, &mut words);
        }
        words
    }

    fn inputs(&self, current: &str) -> Vec<Word> {
        let Some((_, playbook)) = line::playbook(self.environment) else {
            return Vec::new();
        };
        let inputs = playbook.inputs.iter().filter(|input| {
            let name = input.name.value.as_str();
            current
                .split_once('=')
                .is_none_or(|(given, _)| given == name)
        });
        inputs
            .map(|input| {
                let about = input.description.as_ref();
                let about = about.map_or_else(String::new, |about| about.value.clone());
                (format!("{}=", input.name.value), about)
            })
            .collect()
    }

    fn runs(&self) -> Vec<Word> {
        let Some(journal) = self.journal() else {
            return Vec::new();
        };
        let runs = journal.runs(&Filter::default()).unwrap_or_default();
        let newest = runs
            .first()
            .map(|run| ("last".to_owned(), run.playbook.clone()));
        let runs = runs.iter().take(RUNS).map(|run| {
            let id: String = run.id.chars().take(8).collect();
            let began = run
                .started
                .to_zoned(TimeZone::UTC)
                .strftime("%Y-%m-%d %H:%M");
            let verdict = run.verdict.as_deref().unwrap_or("not ended");
            (id, format!("{began} {} {verdict}", run.playbook))
        });
        newest.into_iter().chain(runs).collect()
    }

    fn fleets(&self) -> Vec<Word> {
        let journal = line::journal(self.environment);
        let file = journal.map(|journal| journal.with_file_name("fleets.sqlite"));
        let Some(file) = file.filter(|file| file.is_file()) else {
            return Vec::new();
        };
        let fleets = FleetStore::open(&file).and_then(|store| store.fleets());
        let fleets = fleets.unwrap_or_default();
        let newest = fleets
            .first()
            .map(|fleet| ("last".to_owned(), fleet.playbook.clone()));
        let fleets = fleets.iter().take(RUNS).map(|fleet| {
            let began = fleet
                .started
                .to_zoned(TimeZone::UTC)
                .strftime("%Y-%m-%d %H:%M");
            (fleet.id.clone(), format!("{began} {}", fleet.playbook))
        });
        newest.into_iter().chain(fleets).collect()
    }

    fn steps_of_run(&self) -> Vec<Word> {
        let steps = || {
            let journal = self.journal()?;
            let run = journal.find(line::first(self.environment)?).ok()?;
            let calls = journal.calls(&run).ok()?;
            let gates = journal.gates(&run).unwrap_or_default();
            let gates = gates
                .into_iter()
                .map(|gate| (gate.step, "asked".to_owned()));
            let calls = calls.into_iter().map(|call| (call.step, call.action));
            let mut seen = BTreeSet::new();
            let steps = gates
                .chain(calls)
                .filter(|(step, _)| seen.insert(step.clone()));
            Some(steps.collect())
        };
        steps().unwrap_or_default()
    }

    fn journal(&self) -> Option<SqliteJournal> {
        SqliteJournal::open(&line::journal(self.environment)?).ok()
    }

    /// The names in brackets of the AWS configuration.
    fn profiles(&self) -> Vec<Word> {
        let home = self.environment.variable("HOME").map(PathBuf::from);
        let file = |variable: &str, name: &str| {
            let named = self.environment.variable(variable).map(PathBuf::from);
            let usual = || Some(home.as_ref()?.join(".aws").join(name));
            std::fs::read_to_string(named.or_else(usual)?).ok()
        };
        let config = file("AWS_CONFIG_FILE", "config").unwrap_or_default();
        let keys = file("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default();
        let sections = |text: &str| -> Vec<String> {
            let lines = text.lines().map(str::trim);
            lines
                .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'))
                .map(|name| name.trim().to_owned())
                .collect()
        };
        let mut names = BTreeSet::new();
        for section in sections(&config) {
            match section.split_once(char::is_whitespace) {
                Some(("profile", name)) => names.insert(name.trim().to_owned()),
                None if section == "default" => names.insert(section),
                // `sso-session` and `services` are no profiles.
                _ => false,
            };
        }
        names.extend(sections(&keys));
        plain(names)
    }
}

/// Steps by their names, those of blocks behind that of the block.
fn named(steps: &[Step], before: &str, graph: &str, words: &mut Vec<Word>) {
    for step in steps {
        let name = format!("{before}{}", step.id.value);
        if let Work::Block { steps, .. } = &step.work {
            named(steps, &format!("{name}."), graph, words);
        }
        words.push((name, graph.to_owned()));
    }
}

fn services() -> Vec<String> {
    let registry = Registry::new();
    registry.services().into_iter().map(str::to_owned).collect()
}

/// Services until one is named, then its actions.
fn actions(current: &str) -> Vec<Word> {
    let Some((service, _)) = current.split_once(':') else {
        let names = services().into_iter();
        return plain(names.map(|name| format!("{name}:")));
    };
    match catalogue().names_of(service) {
        Some(names) => {
            let operations = names.operations.iter();
            plain(operations.map(|name| format!("{service}:{name}")))
        }
        None => plain(Registry::new().operations(service)),
    }
}

/// Words of which there is nothing to say.
fn plain(words: impl IntoIterator<Item = impl Into<String>>) -> Vec<Word> {
    let words = words.into_iter();
    words.map(|word| (word.into(), String::new())).collect()
}

fn offered(words: Vec<Word>, current: &str) -> Vec<CompletionCandidate> {
    words
        .into_iter()
        .filter(|(word, _)| word.starts_with(current))
        .map(|(word, about)| {
            // One line of it: shells show it beside the word.
            let about = about.lines().next().unwrap_or_default().to_owned();
            let about = runbook_report::question::safe(&about);
            let candidate = CompletionCandidate::new(word);
            candidate.help(
                Some(about)
                    .filter(|about| !about.is_empty())
                    .map(Into::into),
            )
        })
        .collect()
}
