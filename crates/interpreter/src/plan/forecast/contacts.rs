//! The hosts that a run contacts and the programs that it starts.

use super::build::{Build, Place};
use super::value::planned;
use super::{Contact, PlannedGraph, PlannedStep, PlannedText, PlannedValue, PlannedWork};
use runbook_playbook::checked::StepPath;
use runbook_playbook::expression::partial;
use runbook_playbook::span::Spanned;
use runbook_playbook::template::Data;
use runbook_playbook::types::Type;
use serde_json::Value as Json;

/// Hosts and programs: those that the playbook declares, and those that its calls name.
pub(super) fn of(build: &Build<'_>, graphs: &[PlannedGraph]) -> (Vec<Contact>, Vec<Contact>) {
    let playbook = &build.plan.checked.playbook;
    let place = Place::of(crate::run::state::Graph::Symptom, "");
    let declared = |name: PlannedValue| Contact {
        name,
        declared: true,
        steps: Vec::new(),
    };
    let mut found = Found {
        hosts: playbook
            .reaches
            .iter()
            .flatten()
            .filter_map(|host| text(build, host, &place))
            .map(declared)
            .collect(),
        programs: playbook
            .runs
            .iter()
            .flatten()
            .map(|run| declared(PlannedValue::Known(run.value.clone().into())))
            .collect(),
    };
    for graph in graphs {
        found.steps(&graph.steps);
    }
    (found.hosts, found.programs)
}

/// Data that is due as text.
pub(super) fn text(build: &Build<'_>, data: &Spanned<Data>, place: &Place) -> Option<PlannedValue> {
    let names = build.names(place);
    let value = partial::read(data, &Type::text(), &names).ok()?;
    planned(&value, &Type::text())
}

struct Found {
    hosts: Vec<Contact>,
    programs: Vec<Contact>,
}

impl Found {
    fn steps(&mut self, steps: &[PlannedStep]) {
        for step in steps {
            for turn in &step.turns {
                match &turn.work {
                    PlannedWork::Call(call) => self.call(&step.path, &call.action, &call.arguments),
                    PlannedWork::Block { steps, finally } => {
                        self.steps(steps);
                        self.steps(finally);
                    }
                    PlannedWork::Playbook {
                        forecast: Ok(forecast),
                        ..
                    } => {
                        for contact in &forecast.reaches {
                            take(&mut self.hosts, contact);
                        }
                        for contact in &forecast.runs {
                            take(&mut self.programs, contact);
                        }
                    }
                    PlannedWork::Playbook { .. } | PlannedWork::Reason => {}
                }
                if let Some(before) = &turn.before {
                    self.call(&step.path, &before.action, &before.arguments);
                }
                self.steps(&turn.undo);
            }
        }
    }

    fn call(&mut self, path: &StepPath, action: &str, arguments: &PlannedValue) {
        let name = match action {
            "http:Request" => arguments.member("url").map(|url| host_of(&url)),
            "net:Connect" | "tls:Inspect" => arguments.member("host"),
            "dns:Resolve" => arguments.member("server"),
            "local:Exec" => {
                let name = arguments
                    .member("command")
                    .map(|command| program_of(&command));
                if let Some(name) = name {
                    note(&mut self.programs, name, path);
                }
                return;
            }
            _ => return,
        };
        if let Some(name) = name {
            note(&mut self.hosts, name, path);
        }
        if action == "dns:Resolve"
            && let Some(name) = arguments.member("name")
        {
            note(&mut self.hosts, name, path);
        }
    }
}

fn note(contacts: &mut Vec<Contact>, name: PlannedValue, path: &StepPath) {
    take(
        contacts,
        &Contact {
            name,
            declared: false,
            steps: vec![path.clone()],
        },
    );
}

/// Adds a contact, or its steps to one of the same name.
fn take(contacts: &mut Vec<Contact>, new: &Contact) {
    let known = contacts.iter_mut().find(|contact| {
        let (Some(one), Some(other)) = (contact.name.known(), new.name.known()) else {
            return false;
        };
        one == other || is_covered(one, other)
    });
    match known {
        Some(contact) => {
            contact.declared |= new.declared;
            for step in &new.steps {
                if !contact.steps.contains(step) {
                    contact.steps.push(step.clone());
                }
            }
        }
        None => contacts.push(new.clone()),
    }
}

/// A declared `*.example.com` covers the hosts below it; a declared `host:port` covers the host.
fn is_covered(declared: &Json, host: &Json) -> bool {
    let (Some(declared), Some(host)) = (declared.as_str(), host.as_str()) else {
        return false;
    };
    match declared.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
        None => declared.eq_ignore_ascii_case(host),
    }
}

/// The host of an address, as far as it is known.
fn host_of(url: &PlannedValue) -> PlannedValue {
    let known = match url {
        PlannedValue::Known(Json::String(text)) => host_in(text, true),
        PlannedValue::Text(parts) => match parts.first() {
            Some(PlannedText::Known(text)) => host_in(text, false),
            _ => None,
        },
        _ => None,
    };
    known.map_or_else(|| url.clone(), |host| PlannedValue::Known(host.into()))
}

/// The host in a text that begins an address; it must end within the text where the text goes on.
fn host_in(text: &str, whole: bool) -> Option<String> {
    let (_, rest) = text.split_once("://")?;
    let end = rest.find(['/', '?', '#']);
    let authority = match end {
        Some(end) => rest.get(..end)?,
        None if whole => rest,
        None => return None,
    };
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// The program of a command, as far as it is known.
fn program_of(command: &PlannedValue) -> PlannedValue {
    match command {
        PlannedValue::Known(Json::Array(items)) => {
            PlannedValue::Known(items.first().cloned().unwrap_or(Json::Null))
        }
        PlannedValue::List(items) => items
            .first()
            .cloned()
            .unwrap_or(PlannedValue::Known(Json::Null)),
        other => other.clone(),
    }
}
