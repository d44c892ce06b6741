//! A folder with a playbook and a place for the journal.

use serde_json::Value as Json;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

pub struct Desk {
    folder: tempfile::TempDir,
    /// Where AWS is, when there is one.
    endpoint: Option<String>,
}

impl Desk {
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        Self {
            folder,
            endpoint: None,
        }
    }

    pub fn at(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.to_owned());
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("HOME", self.folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args(words)
            .stdin(Stdio::null());
        if let Some(endpoint) = &self.endpoint {
            command
                .env("AWS_ENDPOINT_URL", endpoint)
                .env("AWS_REGION", "us-east-1")
                .env("AWS_ACCESS_KEY_ID", "ANN")
                .env("AWS_SECRET_ACCESS_KEY", "secret");
        }
        command
    }

    pub fn runbook(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program runs")
    }

    /// Starts the program and goes on.
    pub fn spawn(&self, words: &[&str]) -> Child {
        self.command(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    pub fn runs(&self) -> Vec<Json> {
        let listed = self.runbook(&["runs", "--format", "json"]);
        serde_json::from_slice(&listed.stdout).unwrap_or_else(|_| panic!("{}", both(&listed)))
    }

    /// Waits until the newest run is as it is to be.
    pub fn until(&self, what: &str, is: impl Fn(&Json) -> bool) -> Json {
        let start = Instant::now();
        loop {
            if let Some(run) = self.runs().first()
                && is(run)
            {
                return run.clone();
            }
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "never {what}: {:?}",
                self.runs()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until somebody is waited for.
    pub fn until_it_waits_for(&self, step: &str) -> Json {
        self.until(step, |run| {
            run["status"] == "waiting" && run["waits_for"][0] == step
        })
    }

    pub fn shown(&self) -> Json {
        let shown = self.runbook(&["show", "last", "--format", "json"]);
        serde_json::from_slice(&shown.stdout).expect("JSON")
    }

    pub fn state(&self) -> String {
        self.path("state/runbook").display().to_string()
    }
}

/// Sends a signal to a process.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

pub fn end(child: Child) -> Output {
    child.wait_with_output().expect("it ends")
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn both(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), err(output))
}
