//! The program, its catalogue, the playbooks, the plugin for sessions, and the terminal.

use super::finding::Finding;
use crate::environment::Environment;
use crate::locate::{files_below, is_playbook};
use runbook_registry::model::catalogue::{catalogue, digest};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

const PLUGIN: &str = "session-manager-plugin";
/// Narrower terminals break lines in the middle.
const NARROW: usize = 40;

/// The version of the program.
pub fn program() -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    Finding::well("program", format!("runbook {version} for {system}"))
        .with("version", version)
        .with("system", system)
}

/// The catalogue of AWS operations, which is built in.
pub fn operations() -> Finding {
    let names = catalogue().names();
    let services = names.len();
    let operations: usize = names.iter().map(|service| service.operations.len()).sum();
    let short = digest().get(..12).unwrap_or_else(|| digest());
    let said = format!("{short}, with {operations} operations of {services} services");
    Finding::well("catalogue", said)
        .with("digest", digest())
        .with("services", services)
        .with("operations", operations)
}

/// The folders that playbooks are found in.
pub fn playbooks(environment: &Environment) -> Finding {
    let roots = environment.places.roots();
    let count = |root: &PathBuf| files_below(root, is_playbook).len();
    let said: Vec<String> = roots
        .iter()
        .map(|root| match root.is_dir() {
            true => format!("{} below {}", count(root), environment.places.shown(root)),
            false => format!("{} is not there", environment.places.shown(root)),
        })
        .collect();
    let next =
        "name playbooks by their path, go to a folder with `playbooks/`, or set RUNBOOK_PATH";
    let found: usize = roots.iter().map(count).sum();
    let finding = if roots.is_empty() {
        Finding::note(
            "playbooks",
            "there is no folder `playbooks` here or above",
            next,
        )
    } else if found == 0 {
        Finding::note("playbooks", said.join("; "), next)
    } else {
        Finding::well("playbooks", said.join("; "))
    };
    finding.with("count", found)
}

/// The plugin that follows sessions of `ecs:Exec` which a KMS key encrypts.
pub async fn session_manager_plugin(environment: &Environment) -> Finding {
    let path = environment.variable("PATH").unwrap_or_default();
    let found = std::env::split_paths(path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(PLUGIN))
        .find(|program| program.is_file());
    let Some(program) = found else {
        return Finding::note(
            PLUGIN,
            "not on the PATH; only sessions of ecs:Exec that a KMS key encrypts need it",
            "install it where playbooks need it: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html",
        );
    };
    let shown = program.display().to_string();
    let mut command = tokio::process::Command::new(&program);
    command
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let said = tokio::time::timeout(Duration::from_secs(5), command.output()).await;
    let version = match said {
        Ok(Ok(output)) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            text.trim().chars().take(40).collect::<String>()
        }
        _ => {
            return Finding::note(
                PLUGIN,
                format!("{shown} does not say its version"),
                "install it anew, 1.2.497 or later",
            )
            .with("path", shown);
        }
    };
    Finding::well(PLUGIN, format!("{version}, at {shown}"))
        .with("path", shown)
        .with("version", version)
}

/// What people see, and whether they can be asked.
pub fn terminal(environment: &Environment) -> Finding {
    let console = &environment.console;
    let Some(stream) = console.questions() else {
        return Finding::well(
            "terminal",
            "none that can be asked: runs pause before writes that --yes does not answer for",
        )
        .with("interactive", false);
    };
    let columns = stream.look.width.unwrap_or(80);
    let colour = if stream.look.colour {
        "colours"
    } else {
        "no colours"
    };
    let said = format!("{columns} columns, {colour}");
    // POSIX: the first of these that is set and not empty.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| environment.variable(name))
        .find(|value| !value.is_empty())
        .unwrap_or_default()
        .to_lowercase();
    let unicode = cfg!(windows) || locale.contains("utf-8") || locale.contains("utf8");
    let finding = if columns < NARROW {
        Finding::note("terminal", said, "widen it to 40 columns or more")
    } else if !unicode {
        Finding::note(
            "terminal",
            format!("{said}; its locale does not say UTF-8"),
            "set LANG, for example to C.UTF-8, where signs such as ✓ do not show",
        )
    } else {
        Finding::well("terminal", said)
    };
    finding.with("interactive", true).with("columns", columns)
}
