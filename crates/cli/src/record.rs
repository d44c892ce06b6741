//! Where runs and calls leave their record.

use crate::args::TargetArguments;
use crate::environment::Environment;
use crate::exit::Failure;
use crate::locate::Located;
use jiff::Timestamp;
use runbook_interpreter::journal::{Hold, JournalError, SqliteJournal};
use runbook_registry::model::catalogue::digest;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The member of a run's context that says which catalogue it goes by.
const CATALOGUE: &str = "catalogue";

/// The journal of a folder, and what lies beside it.
pub struct Record {
    /// The journal.
    pub file: SqliteJournal,
    folder: PathBuf,
    /// The folder as it was named on the command line.
    named: Option<PathBuf>,
    /// It outlives the process.
    kept: bool,
    host: String,
}

impl Record {
    /// Opens the journal in the folder that `--state-dir` names, or in the usual one.
    ///
    /// # Errors
    /// There is no such folder and none can be made, or the file in it is no journal.
    pub fn open(state_dir: Option<&Path>, environment: &Environment) -> Result<Self, Failure> {
        let named = state_dir.map(|folder| environment.places.current.join(folder));
        let Some(folder) = named.clone().or_else(|| environment.state.clone()) else {
            return Err(Failure::environment(
                "there is no home folder to keep the journal in; name one with --state-dir",
            ));
        };
        private(&folder).map_err(|error| {
            Failure::environment(format!(
                "the folder {} for the journal cannot be made: {error}; choose another with --state-dir",
                folder.display()
            ))
        })?;
        let file = SqliteJournal::open(&folder.join("journal.sqlite")).map_err(kept)?;
        let host = environment.variable("HOSTNAME").map(str::to_owned);
        Ok(Self {
            file,
            folder,
            named: state_dir.map(Path::to_path_buf),
            kept: true,
            host: host
                .or_else(|| std::fs::read_to_string("/etc/hostname").ok())
                .map_or_else(|| "this host".to_owned(), |host| host.trim().to_owned()),
        })
    }

    /// A journal that is gone with the process: that of a scenario whose report is wanted.
    ///
    /// # Errors
    /// There is no memory for it.
    pub fn fleeting() -> Result<Self, Failure> {
        Ok(Self {
            file: SqliteJournal::open(Path::new(":memory:")).map_err(kept)?,
            folder: PathBuf::new(),
            named: None,
            kept: false,
            host: String::new(),
        })
    }

    /// Whether it outlives the process, so that its runs can be gone on with.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// Where the evidence of a run is put together, unless another place is named.
    pub fn bundle(&self, id: &str) -> Option<PathBuf> {
        self.kept.then(|| self.folder.join("bundles").join(id))
    }

    /// Where locks and the memories of scenarios' worlds are.
    fn runs(&self) -> PathBuf {
        self.folder.join("runs")
    }

    /// Where the locks of targets are.
    pub fn locks(&self) -> PathBuf {
        self.folder.join("locks")
    }

    /// The folder as it was named on the command line.
    pub fn named(&self) -> Option<PathBuf> {
        self.named.clone()
    }

    /// The name of this machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The command that answers a question of a run.
    pub fn approve(&self, id: &str) -> String {
        self.command("approve", id)
    }

    fn command(&self, name: &str, id: &str) -> String {
        format!("runbook {name} {id}{}", self.options())
    }

    /// What commands about its runs have behind the run, so that they find it.
    pub fn options(&self) -> String {
        match &self.named {
            Some(folder) => format!(" --state-dir {}", folder.display()),
            None => String::new(),
        }
    }

    /// The record of fleets.
    pub fn fleets(&self) -> PathBuf {
        self.folder.join("fleets.sqlite")
    }

    /// A command about a fleet.
    pub fn fleet(&self, name: &str, id: &str) -> String {
        self.command(&format!("fleet {name}"), id)
    }

    /// Takes a run, so that no other process has it at the same time.
    ///
    /// # Errors
    /// Another process has it.
    pub fn hold(&self, id: &str) -> Result<Hold, Failure> {
        Hold::take(&self.runs(), id, &self.host, Timestamp::now()).map_err(kept)
    }

    /// Whether some process has the run.
    pub fn is_held(&self, id: &str) -> bool {
        self.kept && Hold::is_held(&self.runs(), id)
    }

    /// Where the world of a scenario keeps what happened in it.
    pub fn memory(&self, id: &str) -> PathBuf {
        self.runs().join(format!("{id}.world.jsonl"))
    }

    /// Removes what lies beside the journal for a run.
    pub fn forget(&self, id: &str) {
        // What is not there need not be removed.
        let _ = std::fs::remove_file(self.memory(id));
        let _ = std::fs::remove_file(self.runs().join(format!("{id}.lock")));
        if let Some(bundle) = self.bundle(id) {
            let _ = std::fs::remove_dir_all(bundle);
        }
    }

    /// The command that goes on with a run; secrets are given again.
    pub fn resume(&self, id: &str, secrets: &[String]) -> String {
        let mut command = self.command("resume", id);
        for secret in secrets {
            command.push_str(" -i ");
            command.push_str(secret);
            command.push_str("=…");
        }
        command
    }
}

/// Makes a folder that only its owner reads: arguments and results of calls are in it.
pub fn private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A journal that cannot be used is a matter of the environment.
pub fn kept(error: JournalError) -> Failure {
    match error {
        JournalError::NoRun(_) => Failure::wrong(error.to_string()),
        error => Failure::environment(error.to_string()),
    }
}

/// What whoever resumes a run needs to know of how it was started.
pub fn context(located: &Located, scenario: Option<&str>, target: &TargetArguments) -> Json {
    json!({
        "file": located.file,
        "name": located.name,
        "root": located.root,
        "scenario": scenario,
        "target": {
            "region": target.region,
            "profile": target.profile,
            "endpoint_url": target.endpoint_url,
            "role": target.role,
            "external_id": target.external_id,
            "role_session_name": target.role_session_name,
            "mfa_serial": target.mfa_serial,
        },
    })
}

/// Notes where secrets were read from, and by which catalogue the run goes.
pub fn note(context: &mut Json, sources: &BTreeMap<String, String>) {
    if let Json::Object(members) = context {
        members.insert("secrets".to_owned(), json!(sources));
        members.insert(CATALOGUE.to_owned(), digest().into());
    }
}

/// Where a run's secrets were read from.
pub fn sources(context: &Json) -> BTreeMap<String, String> {
    let sources = context.get("secrets").and_then(Json::as_object);
    sources
        .into_iter()
        .flatten()
        .filter_map(|(name, source)| Some((name.clone(), source.as_str()?.to_owned())))
        .collect()
}

/// The catalogue that a run went by, where it is another than this program's.
pub fn other_catalogue(context: &Json) -> Option<&str> {
    let catalogue = context.get(CATALOGUE)?.as_str()?;
    (catalogue != digest()).then_some(catalogue)
}

/// The file of a run's playbook, and where its calls go.
pub fn of_context(context: &Json, id: &str) -> (Located, TargetArguments) {
    let text = |json: &Json, name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let located = Located {
        file: text(context, "file").unwrap_or_default().into(),
        name: text(context, "name").unwrap_or_default(),
        root: text(context, "root").unwrap_or_default().into(),
        id: id.to_owned(),
    };
    let target = context.get("target").cloned().unwrap_or_default();
    let target = TargetArguments {
        region: text(&target, "region"),
        profile: text(&target, "profile"),
        endpoint_url: text(&target, "endpoint_url"),
        role: text(&target, "role"),
        external_id: text(&target, "external_id"),
        role_session_name: text(&target, "role_session_name"),
        mfa_serial: text(&target, "mfa_serial"),
    };
    (located, target)
}
