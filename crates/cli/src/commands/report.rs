//! `runbook report`: a run told after it; and what runs write when they end.

use super::history::standing;
use crate::archive;
use crate::args::{ReportArguments, ReportFormat, WrittenArguments};
use crate::environment::{Environment, quoted};
use crate::exit::{self, Failure};
use crate::kept::Kept;
use crate::locate::Located;
use crate::record::{Record, kept, of_context};
use crate::shelf::Shelf;
#[cfg(feature = "restate")]
use runbook_interpreter::journal::RunRows;
use runbook_interpreter::journal::{FileRow, RunRow};
use runbook_playbook::checked::Checked;
use runbook_playbook::inputs;
use runbook_playbook::syntax::input::InputKind;
use runbook_registry::Registry;
use runbook_report::run_report::model::document;
use runbook_report::run_report::{Commands, Material, Told, bundle, html, junit, markdown, tell};
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Tells a run.
pub fn execute(arguments: &ReportArguments, environment: &Environment) -> Result<u8, Failure> {
    let record = Record::open(arguments.of.state_dir.as_deref(), environment)?;
    let row = record.file.find(&arguments.of.run).map_err(kept)?;
    let run = OfRecord::read(&record, row, environment)?;
    let asked = arguments
        .bundle
        .as_ref()
        .map(|bundle| environment.places.current.join(bundle));
    let told = run.told(asked.as_deref());
    if let Some(bundle) = &asked {
        run.write_bundle(&told, bundle, environment)?;
        if arguments.format.is_none() && arguments.out.is_none() {
            return Ok(exit::WELL);
        }
    }
    let ending = arguments.out.as_deref().and_then(ReportFormat::of);
    let format = arguments.format.or(ending).unwrap_or(ReportFormat::Html);
    let text = drawn(&told, format);
    match &arguments.out {
        Some(out) => write_report(&environment.places.current.join(out), &text)?,
        None => environment.console.out.line(text.trim_end()),
    }
    Ok(exit::WELL)
}

/// What a run writes when it ends, with its files where they are whatever folder it is resumed in.
#[derive(Debug, Clone, Default)]
pub(super) struct Wanted {
    reports: Vec<(PathBuf, ReportFormat)>,
    bundle: Option<PathBuf>,
}

impl Wanted {
    /// Reads the command line.
    pub fn of(arguments: &WrittenArguments, environment: &Environment) -> Self {
        let place = |path: &Path| environment.places.current.join(path);
        let reports = arguments.report.iter();
        Self {
            reports: reports
                .map(|file| (place(&file.path), file.format))
                .collect(),
            bundle: arguments.bundle.as_deref().map(place),
        }
    }

    /// Reads what the run was started with.
    pub fn of_context(context: &Json) -> Self {
        let paths = context.get("reports").and_then(Json::as_array);
        let paths = paths.into_iter().flatten().filter_map(Json::as_str);
        let bundle = context.get("bundle").and_then(Json::as_str);
        Self {
            reports: paths
                .map(PathBuf::from)
                .filter_map(|path| ReportFormat::of(&path).map(|format| (path, format)))
                .collect(),
            bundle: bundle.map(PathBuf::from),
        }
    }

    /// Nothing was asked for.
    pub fn is_nothing(&self) -> bool {
        self.reports.is_empty() && self.bundle.is_none()
    }

    /// The files that reports are written to, as people read them.
    pub fn shown(&self, environment: &Environment) -> Vec<String> {
        let files = self.reports.iter();
        files
            .map(|(path, _)| environment.places.shown(path))
            .collect()
    }

    /// What whoever resumes the run needs to know of it, `report` being what the run itself knows of its report.
    pub fn keep(&self, context: &mut Json, report: Option<&str>) {
        let reports = self
            .reports
            .iter()
            .map(|(path, _)| path.display().to_string());
        context["reports"] = reports.collect();
        context["bundle"] = json!(self.bundle.as_ref().map(|path| path.display().to_string()));
        context["report"] = json!(report);
    }

    /// What the run says of where its report is: the page that was asked for, else that of the evidence.
    pub fn named(&self, default: Option<PathBuf>) -> Option<String> {
        let page = self
            .reports
            .iter()
            .find(|(_, format)| *format == ReportFormat::Html);
        let page = page.or(self.reports.first()).map(|(path, _)| path.clone());
        let inside = |bundle: PathBuf| {
            if archive::is_zip(&bundle) {
                bundle
            } else {
                bundle.join(bundle::PAGE)
            }
        };
        let path = page.or_else(|| self.bundle.clone().or(default).map(inside));
        path.map(|path| path.display().to_string())
    }

    /// Writes it whatever came of the run, and gives on what came.
    ///
    /// # Errors
    /// That of the run, or else that of the writing.
    pub fn after(
        &self,
        played: Result<u8, Failure>,
        record: &Record,
        id: &str,
        environment: &Environment,
    ) -> Result<u8, Failure> {
        // A run that could not begin is not on record.
        let written = self.write(record, id, environment);
        let code = played?;
        written.map(|()| code)
    }

    /// Writes it, once the run has ended or paused.
    ///
    /// # Errors
    /// Something cannot be read or written.
    pub fn write(
        &self,
        record: &Record,
        id: &str,
        environment: &Environment,
    ) -> Result<(), Failure> {
        let row = record.file.run(id).map_err(kept)?;
        let escalates = || record.file.has_escalated(&row).unwrap_or_default();
        let bundle = match &self.bundle {
            Some(bundle) => Some(bundle.clone()),
            None => record.bundle(id).filter(|_| escalates()),
        };
        if self.reports.is_empty() && bundle.is_none() {
            return Ok(());
        }
        let run = OfRecord::read(record, row, environment)?;
        let told = run.told(bundle.as_deref());
        for (path, format) in &self.reports {
            write_report(path, &drawn(&told, *format))?;
            let line = format!("report: {}", environment.places.shown(path));
            environment.console.err.line(line);
        }
        match bundle {
            Some(bundle) => run.write_bundle(&told, &bundle, environment),
            None => Ok(()),
        }
    }
}

/// A run with what its journal holds of it.
struct OfRecord<'r> {
    record: &'r Record,
    row: RunRow,
    files: Vec<FileRow>,
    playbooks: HashMap<String, Arc<Checked>>,
    commands: Commands,
}

impl<'r> OfRecord<'r> {
    fn read(record: &'r Record, row: RunRow, environment: &Environment) -> Result<Self, Failure> {
        let files = record.file.files(&row).map_err(kept)?;
        let playbooks = playbooks(&row, &files, environment);
        let commands = commands(record, &row, &playbooks);
        Ok(Self {
            record,
            row,
            files,
            playbooks,
            commands,
        })
    }

    fn told(&self, bundle: Option<&Path>) -> Told {
        let file = &self.record.file;
        let events = file.events(&self.row, 0).unwrap_or_default();
        let calls = file.calls(&self.row).unwrap_or_default();
        // Evidence that was written before is named again.
        let known = self
            .record
            .bundle(&self.row.id)
            .filter(|path| path.exists());
        let bundle = bundle.map(Path::to_path_buf).or(known);
        let bundle = bundle.map(|path| path.display().to_string());
        tell(&Material {
            row: &self.row,
            status: &standing(&self.row, self.record),
            events: &events,
            calls: &calls,
            playbooks: &self.playbooks,
            commands: &self.commands,
            bundle: bundle.as_deref(),
        })
    }

    fn write_bundle(
        &self,
        told: &Told,
        to: &Path,
        environment: &Environment,
    ) -> Result<(), Failure> {
        let files = self
            .files
            .iter()
            .map(|file| (file.id.clone(), file.text.clone()));
        let texts: Vec<(String, String)> = files.collect();
        archive::write(to, &bundle::files(told, &texts, &self.commands.again))?;
        let line = format!("evidence: {}", environment.places.shown(to));
        environment.console.err.line(line);
        Ok(())
    }
}

/// Draws pages of runs that go by the same playbooks, which are read once.
pub(crate) struct Pages<'r> {
    record: &'r Record,
    environment: &'r Environment,
    /// By the run's playbook and the texts that it goes by.
    known: HashMap<Texts, HashMap<String, Arc<Checked>>>,
}

/// Playbooks by their ids.
pub(crate) type Playbooks = HashMap<String, Arc<Checked>>;

/// A run's playbook, and the files that it goes by with their texts.
type Texts = (String, Vec<(String, String)>);

impl<'r> Pages<'r> {
    /// Nothing is read yet.
    pub fn new(record: &'r Record, environment: &'r Environment) -> Self {
        Self {
            record,
            environment,
            known: HashMap::new(),
        }
    }

    /// The page of a run.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn page(&mut self, row: RunRow) -> Result<String, Failure> {
        let files = self.record.file.files(&row).map_err(kept)?;
        let texts = files
            .iter()
            .map(|file| (file.id.clone(), file.text.clone()));
        let playbooks = self
            .known
            .entry((row.playbook.clone(), texts.collect()))
            .or_insert_with(|| playbooks(&row, &files, self.environment))
            .clone();
        let run = OfRecord {
            commands: commands(self.record, &row, &playbooks),
            record: self.record,
            row,
            files,
            playbooks,
        };
        Ok(html::page(&run.told(None)))
    }
}

/// The page of a run whose rows came from elsewhere, with the playbooks that it went by.
#[cfg(feature = "restate")]
pub(crate) fn page_of(rows: &RunRows, playbooks: &Playbooks) -> String {
    let row = &rows.run;
    let checked = playbooks.get(&row.playbook);
    let commands = Commands {
        again: again(row, checked, &secrets(row, checked)),
        ..Commands::default()
    };
    let told = tell(&Material {
        row,
        status: row.verdict.as_deref().unwrap_or("running"),
        events: &rows.events,
        calls: &rows.calls,
        playbooks,
        commands: &commands,
        bundle: None,
    });
    html::page(&told)
}

/// The playbooks on record, as far as this program can read them.
pub(crate) fn playbooks(row: &RunRow, files: &[FileRow], environment: &Environment) -> Playbooks {
    let (located, _) = of_context(&row.context, &row.playbook);
    let registry = Registry::new();
    let texts = files
        .iter()
        .map(|file| (file.id.clone(), file.text.clone()));
    let library = Kept::new(
        Shelf::new(&environment.places, &located.root, &registry),
        texts.collect(),
    );
    let ids = files
        .iter()
        .map(|file| &file.id)
        .filter(|id| !id.starts_with('#'));
    ids.filter_map(|id| {
        let file = located.root.join(format!("{id}.yaml"));
        let located = Located {
            name: id.clone(),
            root: located.root.clone(),
            file,
            id: id.clone(),
        };
        let checked = library.read(&located).ok()?.checked?;
        Some((id.clone(), Arc::new(checked)))
    })
    .collect()
}

fn commands(record: &Record, row: &RunRow, playbooks: &HashMap<String, Arc<Checked>>) -> Commands {
    let checked = playbooks.get(&row.playbook);
    let secrets = secrets(row, checked);
    let again = again(row, checked, &secrets);
    if !record.is_kept() {
        return Commands {
            again,
            ..Commands::default()
        };
    }
    let resume = record.resume(&row.id, &secrets);
    Commands {
        undo: resume.replacen("runbook resume", "runbook undo", 1),
        resume,
        again,
    }
}

/// The names of the secrets that a run was given.
fn secrets(row: &RunRow, checked: Option<&Arc<Checked>>) -> Vec<String> {
    checked
        .into_iter()
        .flat_map(|checked| &checked.playbook.inputs)
        .filter(|input| {
            input.kind == InputKind::Secret && row.inputs.get(&input.name.value).is_some()
        })
        .map(|input| input.name.value.clone())
        .collect()
}

/// The command that makes a run like this one: inputs that are the playbook's defaults are left out.
fn again(row: &RunRow, checked: Option<&Arc<Checked>>, secrets: &[String]) -> String {
    let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let name = text(&row.context, "name").unwrap_or_else(|| row.playbook.clone());
    let mut words = vec!["runbook run".to_owned(), quoted(&name)];
    let defaults =
        checked.and_then(|checked| inputs::bind(&checked.playbook, &[], row.started).ok());
    for (name, value) in row.inputs.as_object().into_iter().flatten() {
        let usual = defaults
            .as_ref()
            .and_then(|defaults| defaults.get(name))
            .map(runbook_playbook::value::Value::to_json);
        if value.is_null() || usual.as_ref() == Some(value) {
            continue;
        }
        let given = match value {
            _ if secrets.contains(name) => "…".to_owned(),
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        words.extend(["-i".to_owned(), quoted(&format!("{name}={given}"))]);
    }
    if let Some(scenario) = text(&row.context, "scenario") {
        words.extend(["--scenario".to_owned(), quoted(&scenario)]);
    }
    let target = row.context.get("target").cloned().unwrap_or_default();
    for name in [
        "region",
        "profile",
        "endpoint_url",
        "role",
        "external_id",
        "role_session_name",
        "mfa_serial",
    ] {
        if let Some(value) = text(&target, name) {
            words.extend([format!("--{}", name.replace('_', "-")), quoted(&value)]);
        }
    }
    words.join(" ")
}

fn drawn(told: &Told, format: ReportFormat) -> String {
    match format {
        ReportFormat::Html => html::page(told),
        ReportFormat::Markdown => markdown::page(&told.report),
        ReportFormat::Json => format!("{:#}\n", document(&told.report)),
        ReportFormat::Junit => junit::document(&told.report),
    }
}

fn write_report(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        Failure::environment(format!(
            "the report {} cannot be written: {error}; the run is in the journal, `runbook report` writes it elsewhere",
            path.display()
        ))
    })
}
