//! What nested playbooks start and contact is listed by the playbook that runs them: a run is held against the lists of the
//! playbook that it began with.

use super::library::Signature;
use super::problems::Problems;
use crate::diagnostic::Code;
use crate::span::{Span, Spanned};
use crate::syntax::every_step::every_step;
use crate::syntax::playbook::Playbook;
use crate::syntax::step::Work;
use crate::template::Data;
use std::collections::BTreeMap;

/// What a part of a playbook starts and contacts beside AWS, as the lists at its top say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outside {
    /// Programs.
    pub runs: Vec<String>,
    /// Hosts; `None` for one that only the inputs tell.
    pub reaches: Vec<Option<String>>,
    /// Folders; `None` for one that only the inputs tell.
    pub folders: Vec<Option<String>>,
}

/// What each graph of a playbook needs of its lists. A graph that calls nothing but AWS needs none of them.
pub(super) fn by_graph(playbook: &Playbook) -> BTreeMap<String, Outside> {
    let listed = listed(playbook);
    let mut needed: BTreeMap<String, Outside> = BTreeMap::new();
    if listed == Outside::default() {
        return needed;
    }
    for placed in every_step(playbook) {
        let Work::Action(call) = &placed.step.work else {
            continue;
        };
        let (service, _) = call.action.value.split_once(':').unwrap_or_default();
        let nested = service == "playbook";
        let graph = placed.path.split('.').next().unwrap_or_default();
        let needed = needed.entry(graph.to_owned()).or_default();
        if nested || service == "local" {
            needed.runs.clone_from(&listed.runs);
        }
        if nested || matches!(service, "local" | "file") {
            needed.folders.clone_from(&listed.folders);
        }
        if nested || matches!(service, "http" | "net" | "tls" | "dns") {
            needed.reaches.clone_from(&listed.reaches);
        }
    }
    needed
}

/// The lists at the top of a playbook.
fn listed(playbook: &Playbook) -> Outside {
    let runs = playbook.runs.iter().flatten();
    Outside {
        runs: runs.map(|program| program.value.clone()).collect(),
        reaches: playbook.reaches.iter().flatten().map(told).collect(),
        folders: playbook.folders.iter().map(told).collect(),
    }
}

/// Text that is no template.
fn told(data: &Spanned<Data>) -> Option<String> {
    match &data.value {
        Data::Scalar(scalar) => Some(scalar.text.clone()),
        _ => None,
    }
}

/// Reports what a playbook that is run needs and this one does not list. `only` is what the call says, where it is known.
pub(super) fn check(
    playbook: &Playbook,
    signature: &Signature,
    path: &str,
    only: Option<&str>,
    span: Span,
    problems: &mut Problems,
) {
    let own = listed(playbook);
    let runs = |graph: &str| match only {
        Some("symptom") => graph == "symptom",
        Some("diagnose") => matches!(graph, "symptom" | "diagnose"),
        _ => true,
    };
    let mut missing: Vec<(&str, String)> = Vec::new();
    let parts = signature.outside.iter().filter(|(graph, _)| runs(graph));
    for (_, outside) in parts {
        for program in &outside.runs {
            if !own.runs.contains(program) {
                missing.push(("runs", program.clone()));
            }
        }
        for host in &outside.reaches {
            if !covered(host.as_deref(), &own.reaches, covers) {
                let host = host.as_deref();
                missing.push((
                    "reaches",
                    host.unwrap_or("the hosts of its inputs").to_owned(),
                ));
            }
        }
        for folder in &outside.folders {
            if !covered(folder.as_deref(), &own.folders, |own, other| own == other) {
                let folder = folder.as_deref();
                missing.push((
                    "folders",
                    folder.unwrap_or("the folders of its inputs").to_owned(),
                ));
            }
        }
    }
    let mut said: Vec<&(&str, String)> = Vec::new();
    for one in &missing {
        if said.contains(&one) {
            continue;
        }
        said.push(one);
        let (key, what) = one;
        let does = match *key {
            "runs" => "starts",
            "reaches" => "reaches",
            _ => "works in",
        };
        let known = !what.starts_with("the ");
        let quoted = if known {
            format!("`{what}`")
        } else {
            what.clone()
        };
        let problem = problems.error(
            Code::UnlistedNeed,
            span,
            format!("`{path}` {does} {quoted}, which this playbook does not list"),
        );
        let add = if known {
            format!("add `{what}` to `{key}`")
        } else {
            format!("add them to `{key}`, as templates over this playbook's inputs,")
        };
        problems.push(problem.help(format!(
            "{add} at the top of this file: a run is held against the lists of the playbook that it began with"
        )));
    }
}

/// Whether a list has what another one names. What only inputs tell may be the same.
fn covered(
    wanted: Option<&str>,
    own: &[Option<String>],
    covers: impl Fn(&str, &str) -> bool,
) -> bool {
    own.iter().any(|own| match (own, wanted) {
        (None, _) | (_, None) => true,
        (Some(own), Some(wanted)) => covers(own, wanted),
    })
}

/// Whether an entry of `reaches` allows all that another one allows.
fn covers(own: &str, wanted: &str) -> bool {
    let (own, wanted) = (own.to_ascii_lowercase(), wanted.to_ascii_lowercase());
    let name = |entry: &str| match entry.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name.to_owned(),
        _ => entry.to_owned(),
    };
    let host = name(&wanted);
    let below = |parent: &str| {
        host.strip_suffix(parent)
            .is_some_and(|child| child.ends_with('.'))
    };
    own == wanted || own == host || own.strip_prefix("*.").is_some_and(below)
}
