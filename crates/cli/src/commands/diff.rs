//! `runbook diff`: what changed between two versions of playbooks.

use super::test::play::{Enforced, run_scenario};
use super::test::suite::suite;
use crate::args::{DiffArguments, DiffFormat};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::git::{Git, Revision};
use crate::load;
use crate::locate::{Located, Places, files_below, is_playbook, scenarios_of};
use crate::shelf::{Shelf, text_of};
use jiff::Timestamp;
use runbook_interpreter::plan::Options;
use runbook_interpreter::plan::diff::{Change, Kind, Side, Weight, compare};
use runbook_interpreter::plan::forecast::Forecast;
use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::Severity;
use runbook_playbook::syntax::playbook::Kind as FileKind;
use runbook_registry::Registry;
use runbook_report::diff::{PlaybookDiff, document, lines, markdown};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A playbook is the same under another name where so many hundredths of its steps are.
const SIMILAR: usize = 60;

/// Compares two versions.
pub fn execute(arguments: &DiffArguments, environment: &Environment) -> Result<u8, Failure> {
    let registry = Arc::new(Registry::new());
    let mut base = Version::open(&arguments.base, environment).map_err(Failure::wrong)?;
    if arguments.merge_base {
        base = parted(arguments, environment).map_err(Failure::wrong)?;
    }
    let head = Version::open(&arguments.head, environment).map_err(Failure::wrong)?;
    if base.is_file != head.is_file {
        return Err(Failure::wrong(format!(
            "{} is a {} and {} a {}; compare two files or two folders",
            arguments.base,
            base.kind(),
            arguments.head,
            head.kind()
        )));
    }
    let now = Timestamp::now();
    let (old, new) = (base.read(&registry, now)?, head.read(&registry, now)?);
    let diffs = compared(&old, &new, base.is_file, &registry);
    let out = environment.console.out;
    match arguments.format {
        DiffFormat::Text => out.lines(&lines(&diffs)),
        DiffFormat::Markdown => out.line(markdown(&diffs, arguments.most).trim_end()),
        DiffFormat::Json => out.line(format!("{:#}", document(&diffs))),
    }
    let same = diffs.iter().all(PlaybookDiff::is_same);
    Ok(if same || !arguments.exit_code {
        exit::WELL
    } else {
        exit::NOT_WELL
    })
}

/// The base at the commit where it and the head parted.
fn parted(arguments: &DiffArguments, environment: &Environment) -> Result<Version, String> {
    let base = Revision::parse(&arguments.base).ok_or_else(|| {
        format!(
            "--merge-base needs a git revision as the base, such as main:playbooks, not {}",
            arguments.base
        )
    })?;
    let head = Revision::parse(&arguments.head).map_or_else(|| "HEAD".to_owned(), |head| head.name);
    let git = Git {
        folder: environment.places.current.clone(),
    };
    let commit = git.merge_base(&base.name, &head)?;
    Version::open(&format!("{commit}:{}", base.path), environment)
}

/// One of the two versions, as files.
struct Version {
    /// What was given.
    asked: String,
    environment: Environment,
    path: PathBuf,
    is_file: bool,
    /// Where a revision's files are, until the comparison is done.
    _kept: Option<tempfile::TempDir>,
}

impl Version {
    fn open(asked: &str, environment: &Environment) -> Result<Self, String> {
        let places = &environment.places;
        let plain = places.current.join(asked);
        if plain.exists() {
            return Ok(Self {
                asked: asked.to_owned(),
                environment: environment.clone(),
                is_file: plain.is_file(),
                path: plain,
                _kept: None,
            });
        }
        let Some(revision) = Revision::parse(asked) else {
            return Err(format!(
                "{asked} cannot be read: there is no such file or folder; a git revision is written REVISION:PATH, such as main:playbooks"
            ));
        };
        let git = Git {
            folder: places.current.clone(),
        };
        let commit = git.commit(&revision.name)?;
        let kept = tempfile::tempdir()
            .map_err(|error| format!("no temporary folder can be made: {error}"))?;
        let path = Path::new(&revision.path);
        let is_file = is_yaml(path);
        let folder = if is_file {
            root_of(path)
        } else {
            path.to_path_buf()
        };
        let shown = folder.to_string_lossy();
        let shown = if shown.is_empty() { "." } else { &shown };
        git.export(&commit, shown, kept.path())
            .map_err(|why| format!("{asked} cannot be read: {why}"))?;
        let full = kept.path().join(path);
        if !full.exists() {
            return Err(format!(
                "{asked} cannot be read: there is no `{}` in {}",
                revision.path, revision.name
            ));
        }
        let mut inside = environment.clone();
        inside.places = Places {
            current: kept.path().to_path_buf(),
            path: Vec::new(),
        };
        Ok(Self {
            asked: asked.to_owned(),
            environment: inside,
            is_file: full.is_file(),
            path: full,
            _kept: Some(kept),
        })
    }

    fn kind(&self) -> &'static str {
        if self.is_file { "file" } else { "folder" }
    }

    /// Reads all playbooks of the version.
    fn read(&self, registry: &Arc<Registry>, now: Timestamp) -> Result<Playbooks<'_>, Failure> {
        let files = if self.is_file {
            vec![self.path.clone()]
        } else {
            files_below(&self.path, is_playbook)
        };
        let mut found = BTreeMap::new();
        for file in files {
            let located = self.environment.places.place(&file);
            let name = if self.is_file {
                located.id.clone()
            } else {
                file.strip_prefix(&self.path)
                    .unwrap_or(&file)
                    .with_extension("")
                    .to_string_lossy()
                    .into_owned()
            };
            match self.one(&located, registry, now) {
                Ok(Some(one)) => {
                    found.insert(name, one);
                }
                Ok(None) => {}
                Err(why) if self.is_file => {
                    return Err(Failure::wrong(format!(
                        "{} cannot be compared: {why}",
                        self.asked
                    )));
                }
                Err(why) => {
                    found.insert(name, Playbook::unreadable(located, why));
                }
            }
        }
        Ok(Playbooks {
            version: self,
            found,
        })
    }

    /// Reads one; nothing for a file that is no playbook.
    fn one(
        &self,
        located: &Located,
        registry: &Arc<Registry>,
        now: Timestamp,
    ) -> Result<Option<Playbook>, String> {
        let files = self.shelf(located, registry);
        let text = text_of(&located.file, &located.name)?;
        if !self.is_file && !text.lines().any(|line| line.starts_with("playbook:")) {
            return Ok(None);
        }
        let read = files.read(located)?;
        let Some(checked) = read.checked else {
            let first = read
                .diagnostics
                .iter()
                .find(|one| one.severity == Severity::Error);
            let why = first.map_or("it has errors", |first| first.message.as_str());
            return Err(format!("it does not check: {why}"));
        };
        if checked.playbook.kind == FileKind::Escalation {
            return Ok(None);
        }
        let checked = Arc::new(checked);
        let plan = load::open_plan(&checked, &[], Options::default(), now)
            .map_err(|failure| failure.message)?;
        let forecast = Forecast::offline(&plan, &BTreeSet::new(), &**registry, &files);
        Ok(Some(Playbook {
            located: located.clone(),
            text,
            readable: Ok((checked, Box::new(forecast))),
        }))
    }

    fn shelf<'s>(&'s self, located: &'s Located, registry: &'s Arc<Registry>) -> Shelf<'s> {
        Shelf::new(&self.environment.places, &located.root, &**registry)
    }
}

struct Playbooks<'v> {
    version: &'v Version,
    found: BTreeMap<String, Playbook>,
}

struct Playbook {
    located: Located,
    text: String,
    readable: Result<(Arc<Checked>, Box<Forecast>), String>,
}

impl Playbook {
    fn unreadable(located: Located, why: String) -> Self {
        Self {
            located,
            text: String::new(),
            readable: Err(why),
        }
    }

    /// Steps with what they call.
    fn steps(&self) -> BTreeSet<(String, String)> {
        let Ok((checked, _)) = &self.readable else {
            return BTreeSet::new();
        };
        checked
            .steps
            .iter()
            .map(|(path, step)| {
                let action = step.action.as_ref().map(|action| action.name.clone());
                (path.clone(), action.unwrap_or_default())
            })
            .collect()
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending == "yaml" || ending == "yml")
}

/// The folder that a playbook's own paths stay within.
fn root_of(path: &Path) -> PathBuf {
    let own = path.parent().unwrap_or(Path::new(""));
    own.ancestors()
        .find(|folder| folder.ends_with("playbooks"))
        .unwrap_or(own)
        .to_path_buf()
}

/// Pairs playbooks by name, then those that were renamed, and compares each pair.
fn compared(
    old: &Playbooks<'_>,
    new: &Playbooks<'_>,
    files: bool,
    registry: &Arc<Registry>,
) -> Vec<PlaybookDiff> {
    let mut diffs = Vec::new();
    let mut pairs: Vec<(&String, &String)> = Vec::new();
    if files {
        pairs.extend(old.found.keys().zip(new.found.keys()));
    } else {
        pairs.extend(
            new.found
                .keys()
                .filter_map(|name| Some((old.found.get_key_value(name)?.0, name))),
        );
    }
    let paired = |pairs: &[(&String, &String)], name: &String, first: bool| {
        pairs
            .iter()
            .any(|(base, head)| if first { *base == name } else { *head == name })
    };
    let gone: Vec<&String> = old
        .found
        .keys()
        .filter(|name| !paired(&pairs, name, true))
        .collect();
    let added: Vec<&String> = new
        .found
        .keys()
        .filter(|name| !paired(&pairs, name, false))
        .collect();
    for head in &added {
        let likeness = |base: &String| -> usize {
            let (Some(one), Some(other)) = (old.found.get(base), new.found.get(*head)) else {
                return 0;
            };
            if one.text == other.text {
                return 100;
            }
            let (one, other) = (one.steps(), other.steps());
            let all = one.union(&other).count();
            (one.intersection(&other).count() * 100)
                .checked_div(all)
                .unwrap_or(0)
        };
        let best = gone
            .iter()
            .filter(|base| !paired(&pairs, base, true))
            .max_by_key(|base| likeness(base));
        if let Some(base) = best.filter(|base| likeness(base) >= SIMILAR) {
            pairs.push((base, head));
        }
    }
    for (base, head) in &pairs {
        if let (Some(one), Some(other)) = (old.found.get(*base), new.found.get(*head)) {
            let mut changes = both(one, other, registry);
            changes.extend(scenarios(one, other, old.version, new.version, registry));
            changes.sort_by_key(|change| change.weight);
            diffs.push(PlaybookDiff {
                base: Some((*base).clone()),
                head: Some((*head).clone()),
                changes,
            });
        }
    }
    for head in added.iter().filter(|name| !paired(&pairs, name, false)) {
        let text = match new.found.get(*head).map(|one| &one.readable) {
            Some(Err(why)) => format!("a new playbook that cannot be compared: {why}"),
            _ => "a new playbook".to_owned(),
        };
        diffs.push(PlaybookDiff {
            base: None,
            head: Some((*head).clone()),
            changes: vec![change(Weight::Widened, Kind::Playbook, text)],
        });
    }
    for base in gone.iter().filter(|name| !paired(&pairs, name, true)) {
        diffs.push(PlaybookDiff {
            base: Some((*base).clone()),
            head: None,
            changes: vec![change(
                Weight::Changed,
                Kind::Playbook,
                "the playbook is gone",
            )],
        });
    }
    diffs
}

fn change(weight: Weight, kind: Kind, text: impl Into<String>) -> Change {
    Change {
        weight,
        kind,
        place: String::new(),
        text: text.into(),
        from: None,
        to: None,
    }
}

fn both(base: &Playbook, head: &Playbook, registry: &Arc<Registry>) -> Vec<Change> {
    match (&base.readable, &head.readable) {
        (Ok((old, before)), Ok((new, after))) => compare(
            Side {
                checked: old,
                forecast: before,
            },
            Side {
                checked: new,
                forecast: after,
            },
            &**registry,
        ),
        (_, Err(why)) => vec![change(
            Weight::Weakened,
            Kind::Playbook,
            format!("the head cannot be compared: {why}"),
        )],
        (Err(why), Ok(_)) => {
            vec![change(
                Weight::Changed,
                Kind::Playbook,
                format!("the base cannot be compared: {why}"),
            )]
        }
    }
}

/// Scenarios of the base that are gone, and those that passed and fail with the head's playbook.
fn scenarios(
    base: &Playbook,
    head: &Playbook,
    old: &Version,
    new: &Version,
    registry: &Arc<Registry>,
) -> Vec<Change> {
    let file = scenarios_of(&base.located.file);
    let (true, Ok((checked, _))) = (file.is_file(), &head.readable) else {
        return Vec::new();
    };
    let Ok(before) = suite(&file, registry, &old.environment) else {
        return Vec::new();
    };
    let after = suite(
        &scenarios_of(&head.located.file),
        registry,
        &new.environment,
    )
    .ok();
    let mut changes = Vec::new();
    for (name, scenario) in before.scenarios {
        let kept = after
            .as_ref()
            .is_some_and(|after| after.scenarios.contains_key(&name));
        if !kept {
            changes.push(change(
                Weight::Weakened,
                Kind::Scenario,
                format!("the scenario {name} is gone"),
            ));
        }
        let scenario = Arc::new(scenario);
        let shelf = old.shelf(&base.located, registry);
        let run = |checked: &Arc<Checked>, shelf: &Shelf<'_>, environment: &Environment| {
            run_scenario(
                &scenario,
                checked,
                shelf,
                &Enforced::Nothing,
                registry,
                environment,
            )
        };
        if run(&before.checked, &shelf, &old.environment).is_err() {
            continue;
        }
        let shelf = new.shelf(&head.located, registry);
        if let Err(lines) = run(checked, &shelf, &new.environment) {
            let why = lines.first().cloned().unwrap_or_default();
            let text = format!("the base's scenario {name} fails: {why}");
            changes.push(change(Weight::Weakened, Kind::Scenario, text));
        }
    }
    changes
}

/// What one version of one playbook would do.
pub(super) fn forecast_of(
    asked: &str,
    environment: &Environment,
    registry: &Arc<Registry>,
) -> Result<Forecast, Failure> {
    let version = Version::open(asked, environment).map_err(Failure::wrong)?;
    if !version.is_file {
        return Err(Failure::wrong(format!(
            "{asked} is a folder; name a playbook"
        )));
    }
    let mut found = version.read(registry, Timestamp::now())?.found;
    match found.pop_first().map(|(_, playbook)| playbook.readable) {
        Some(Ok((_, forecast))) => Ok(*forecast),
        Some(Err(why)) => Err(Failure::wrong(format!("{asked} cannot be compared: {why}"))),
        None => Err(Failure::wrong(format!(
            "{asked} is no playbook; name a YAML file that begins with `playbook: v1`"
        ))),
    }
}
