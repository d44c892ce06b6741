//! `runbook actions`: what can be called.

mod document;
mod example;
mod page;
mod tree;

use crate::args::{ActionsCommand, Format};
use crate::console::Stream;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use runbook_playbook::catalog::{Action, ActionKind, Catalog};
use runbook_registry::Registry;
use serde_json::{Value as Json, json};

/// The most actions that a search shows.
const HITS: usize = 30;

/// Lists, shows or searches.
pub fn execute(command: &ActionsCommand, environment: &Environment) -> Result<u8, Failure> {
    let registry = Registry::new();
    let out = environment.console.out;
    match command {
        ActionsCommand::List {
            service: None,
            format,
        } => names(&registry.services(), *format, out),
        ActionsCommand::List {
            service: Some(service),
            format,
        } => list(&registry, service, *format, out)?,
        ActionsCommand::Show { action, format } => show(&registry, action, *format, out)?,
        ActionsCommand::Search { words, format } => {
            let hits = registry.search(&words.join(" "), HITS);
            if hits.is_empty() {
                return Err(Failure::not_well(format!(
                    "no action fits `{}`; `runbook actions list` names the services",
                    words.join(" ")
                )));
            }
            let best = hits.iter().map(|hit| hit.words).max();
            let found: Vec<&str> = hits
                .iter()
                .filter(|hit| Some(hit.words) == best)
                .map(|hit| hit.action.as_str())
                .collect();
            names(&found, *format, out);
        }
    }
    Ok(exit::WELL)
}

fn names(names: &[&str], format: Format, out: Stream) {
    match format {
        Format::Text => out.line(names.join("\n")),
        Format::Json => out.line(format!("{:#}", json!(names))),
    }
}

fn list(registry: &Registry, service: &str, format: Format, out: Stream) -> Result<(), Failure> {
    let known = registry.operations(service);
    if known.is_empty() {
        // The message about an action of the service names what may have been meant.
        let unknown = registry.action(&format!("{service}:"));
        return Err(match unknown {
            Err(unknown) => super::unknown(&unknown),
            Ok(_) => Failure::wrong(format!(
                "there is no service `{service}`; `runbook actions list` names them"
            )),
        });
    }
    let actions: Vec<_> = known
        .iter()
        .filter_map(|name| registry.action(name).ok())
        .collect();
    match format {
        Format::Text => {
            let width = actions.iter().map(|it| it.name.len()).max().unwrap_or(0);
            let lines: Vec<String> = actions
                .iter()
                .map(|action| format!("{:width$}  {}", action.name, effects(action).join(", ")))
                .collect();
            out.lines(&lines);
        }
        Format::Json => {
            let list: Json = actions
                .iter()
                .map(|action| json!({"name": action.name, "effects": effects(action)}))
                .collect();
            out.line(format!("{list:#}"));
        }
    }
    Ok(())
}

fn effects(action: &Action) -> Vec<&'static str> {
    action
        .effects
        .iter()
        .map(|effect| effect.as_str())
        .collect()
}

fn show(registry: &Registry, name: &str, format: Format, out: Stream) -> Result<(), Failure> {
    let action = registry
        .action(name)
        .map_err(|unknown| super::unknown(&unknown))?;
    let waiters = waiters(registry, &action);
    let permissions = registry.permissions(&action);
    match format {
        Format::Text => out.lines(&page::lines(&action, &permissions, &waiters)),
        Format::Json => {
            let document = document::json(&action, &permissions, &waiters);
            out.line(format!("{document:#}"));
        }
    }
    Ok(())
}

fn kind(kind: &ActionKind) -> &'static str {
    match kind {
        ActionKind::Operation => "operation",
        ActionKind::Waiter { .. } => "waiter",
        ActionKind::Composite => "composite",
        ActionKind::Local => "local",
    }
}

/// The waiters that poll the action.
fn waiters(registry: &Registry, action: &Action) -> Vec<String> {
    let service = action.name.split(':').next().unwrap_or_default();
    registry
        .operations(service)
        .into_iter()
        .filter(|name| name.contains(":WaitUntil"))
        .filter(|name| {
            registry.action(name).is_ok_and(|waiter| {
                matches!(&waiter.kind, ActionKind::Waiter { polls, .. } if *polls == action.name)
            })
        })
        .collect()
}
