//! `runbook new`: a playbook and its scenarios to begin with.

use super::test::play::{Enforced, run_scenario};
use crate::args::{NewArguments, PlaybookKind};
use crate::document;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::locate::{Located, scenarios_of};
use crate::shelf::Shelf;
use runbook_playbook::catalog::{ActionKind, Catalog, Effect};
use runbook_playbook::layout::layout;
use runbook_playbook::source::Source;
use runbook_playbook::yaml::write::flow;
use runbook_registry::Registry;
use runbook_registry::model::validate::validate;
use runbook_registry::world::scenario::ActionFacts;
use serde_json::{Value as Json, json};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes a playbook and its scenarios that check and pass.
pub fn execute(arguments: &NewArguments, environment: &Environment) -> Result<u8, Failure> {
    let places = &environment.places;
    let file = file(&arguments.name, environment)?;
    let scenarios = scenarios_of(&file);
    for path in [&file, &scenarios] {
        if path.exists() {
            return Err(Failure::wrong(format!(
                "{} is there already; nothing was written; choose another name",
                places.shown(path)
            )));
        }
    }
    let registry = Arc::new(Registry::new());
    let located = places.place(&file);
    let reads = reads(&arguments.service, &registry)?;
    let title = title(&file);
    let written = reads.iter().find_map(|read| {
        let playbook = playbook(arguments.kind, &title, read);
        let worlds = worlds(arguments.kind, &file, read);
        let works = works(&playbook, &worlds, &located, &registry, environment);
        works.then_some((playbook, worlds))
    });
    let Some((playbook, worlds)) = written else {
        return Err(Failure::wrong(format!(
            "{} has no action that reads a list without arguments; begin with --for another service",
            arguments.service
        )));
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::wrong(format!(
                "{} cannot be made: {error}; go to a folder that can be written",
                places.shown(folder)
            ))
        })?;
    }
    for (path, text) in [(&file, &playbook), (&scenarios, &worlds)] {
        let made = std::fs::File::create_new(path);
        made.and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| {
                Failure::wrong(format!(
                    "{} cannot be written: {error}; go to a folder that can be written",
                    places.shown(path)
                ))
            })?;
        environment.console.out.line(places.shown(path));
    }
    environment.console.err.line(format!(
        "its scenarios pass: `runbook test {}` runs them again, as often as you change it",
        places.shown(&file)
    ));
    Ok(exit::WELL)
}

/// The file of a name.
fn file(name: &str, environment: &Environment) -> Result<PathBuf, Failure> {
    let stem = name.strip_suffix(".yaml").unwrap_or(name);
    let part = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphanumeric())
            && part
                .chars()
                .all(|one| one.is_ascii_alphanumeric() || one == '-' || one == '_')
    };
    if !stem.split('/').all(part) {
        return Err(Failure::wrong(format!(
            "`{name}` is no name of a playbook; write it with letters, digits, `-` and `_`, and `/` after folders"
        )));
    }
    let current = &environment.places.current;
    let shelf = current.join("playbooks");
    let below = shelf.is_dir() && !stem.starts_with("playbooks/");
    let folder = if below { shelf } else { current.clone() };
    Ok(folder.join(format!("{stem}.yaml")))
}

/// `queue-is-full` → `Queue is full`
fn title(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let words = stem.replace(['-', '_'], " ");
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// An action that reads a list.
struct Reading {
    service: String,
    action: String,
    member: String,
    /// What an item of the list may be.
    item: Json,
}

/// The actions of a service that read a list without being given anything, the likeliest first.
fn reads(service: &str, registry: &Registry) -> Result<Vec<Reading>, Failure> {
    let names = registry.operations(service);
    if names.is_empty() {
        let services = registry.services();
        let near = services
            .iter()
            .min_by_key(|known| strsim::damerau_levenshtein(known, service));
        let near =
            near.map(|near| format!("; did you mean `{near}`? `runbook actions list` names all"));
        return Err(Failure::wrong(format!(
            "there is no service `{service}`{}",
            near.unwrap_or_default()
        )));
    }
    let mut found: Vec<Reading> = names
        .into_iter()
        .filter_map(|name| {
            let action = registry.action(&name).ok()?;
            let reads = action.effects.iter().all(|effect| *effect == Effect::Read);
            if !reads
                || matches!(
                    action.kind,
                    ActionKind::Waiter { .. } | ActionKind::Composite
                )
                || !validate(&action.input, &json!({})).is_empty()
            {
                return None;
            }
            let member = registry.list_member(&name)?;
            let items = [json!({}), json!("example")];
            let item = items.into_iter().find(|item| {
                let result = json!({member.as_str(): [item, item]});
                registry.output_problems(&name, &result).is_empty()
            })?;
            Some(Reading {
                service: service.to_owned(),
                action: name,
                member,
                item,
            })
        })
        .collect();
    let liking = |read: &Reading| {
        let alarms = read.action == "cloudwatch:DescribeAlarms";
        (
            !alarms,
            !read.action.contains(":Describe"),
            read.action.len(),
        )
    };
    found.sort_by_key(liking);
    found.truncate(20);
    Ok(found)
}

fn playbook(kind: PlaybookKind, title: &str, read: &Reading) -> String {
    let Reading {
        service,
        action,
        member,
        ..
    } = read;
    let head = format!(
        "playbook: v1\ntitle: {title}\n# TODO: say in one sentence what people notice, or what it is for.\nsummary: There are more {member} than there should be.\ntags: [{service}]\n\n# What differs from run to run: `-i allowed=3`.\ninputs:\n  allowed: {{type: integer, default: 0, min: 0, description: how many {member} there may be}}\n\n"
    );
    let reading = format!(
        "    # TODO: `runbook actions show {action}` says what it takes and gives.\n    action: {action}\n    capture:\n      found: $.{member}[*]\n"
    );
    let body = match kind {
        PlaybookKind::Check => format!(
            "# Reads and judges, and changes nothing. Each step claims what should be so: healthy where all claims hold.\ncheck:\n  few_enough:\n    title: There are no more {member} than allowed\n{reading}    assert:\n      - that: found | length <= inputs.allowed\n        message: \"${{{{ found | length }}}} found, ${{{{ inputs.allowed }}}} allowed\"\n"
        ),
        PlaybookKind::Procedure => format!(
            "# Steps are done in the order in which they need each other. A step that changes something asks first.\nresolve:\n  look:\n    title: Look what there is\n{reading}\n  tidy_up:\n    title: Tidy up\n    # TODO: a person is asked to do it; an action of AWS in its place is done by the run, and can be taken back with `undo`.\n    action: human:Do\n    with: {{instruction: \"There are ${{{{ look.found | length }}}} {member}, ${{{{ inputs.allowed }}}} allowed: remove what nobody needs.\"}}\n"
        ),
        PlaybookKind::Problem => format!(
            "# Is it so? Where no claim holds, the run ends here: `absent`.\nsymptom:\n  too_many:\n    title: There are more {member} than allowed\n{reading}    assert:\n      - that: found | length > inputs.allowed\n        message: \"${{{{ found | length }}}} found, ${{{{ inputs.allowed }}}} allowed\"\n\n# Why is it so? Each cause is found, not found or unknown. TODO: read what tells causes apart.\ndiagnose:\n  why:\n    title: Why there are so many\n    causes:\n      left_over:\n        title: Nobody removed them\n        that: symptom.too_many.found | length > inputs.allowed\n        message: \"${{{{ symptom.too_many.found | length }}}} are there\"\n\n# What helps against which cause. A step that changes something asks first.\nresolve:\n  tidy_up:\n    title: Tidy up\n    for: [left_over]\n    # TODO: a person is asked to do it; an action of AWS in its place is done by the run, and can be taken back with `undo`.\n    action: human:Do\n    with: {{instruction: \"Remove the {member} that nobody needs.\"}}\n\n# When it is looked whether the symptom is gone.\nverify: {{after: 1m, every: 1m, within: 10m}}\n"
        ),
    };
    head + &body
}

fn worlds(kind: PlaybookKind, file: &Path, read: &Reading) -> String {
    let Reading {
        action,
        member,
        item,
        ..
    } = read;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let item = flow(item);
    let none = format!("return: {{{member}: []}}");
    let some = format!("return: {{{member}: [{item}, {item}]}}");
    let head = format!(
        "# Worlds in which the playbook runs without an account. `runbook run … --record FILE` writes one from a real run.\nplaybook: {name}\nscenarios:\n"
    );
    let body = match kind {
        PlaybookKind::Check => format!(
            "  healthy:\n    description: There are none.\n    actions:\n      {action}:\n        - {none}\n    expect: {{verdict: healthy}}\n\n  unhealthy:\n    description: There are two, and none is allowed.\n    actions:\n      {action}:\n        # TODO: answer as the service does.\n        - {some}\n    expect: {{verdict: unhealthy}}\n"
        ),
        PlaybookKind::Procedure => format!(
            "  done:\n    description: There are two, and a person removes them.\n    actions:\n      {action}:\n        # TODO: answer as the service does.\n        - {some}\n    # What people answer: `all` approves every step that asks.\n    answers: {{approve: all, tidy_up: done}}\n    expect: {{verdict: done}}\n"
        ),
        PlaybookKind::Problem => format!(
            "  absent:\n    description: There are none.\n    actions:\n      {action}:\n        - {none}\n    expect: {{verdict: absent, writes: []}}\n\n  left_over:\n    description: There are two; a person removes them.\n    actions:\n      {action}:\n        # The first call is answered so, and those after it as the next entry says. TODO: answer as the service does.\n        - times: 1\n          {some}\n        - {none}\n    # What people answer: `all` approves every step that asks.\n    answers: {{approve: all, tidy_up: done}}\n    expect: {{verdict: resolved, causes: [left_over]}}\n"
        ),
    };
    head + &body
}

/// Whether nothing is wrong with the two, they are laid out, and the scenarios pass.
fn works(
    playbook: &str,
    worlds: &str,
    located: &Located,
    registry: &Arc<Registry>,
    environment: &Environment,
) -> bool {
    let shelf = Shelf::new(&environment.places, &located.root, &**registry);
    let reviewed = shelf.review(located, playbook.to_owned());
    let Some(checked) = reviewed
        .checked
        .filter(|_| reviewed.diagnostics.iter().all(is_lint))
    else {
        return false;
    };
    let laid = [playbook, worlds]
        .iter()
        .all(|text| layout(&Source::new("new", *text)).is_ok_and(|laid| laid == **text));
    let Ok((scenarios, _)) = document::scenarios(&Source::new("new", worlds)) else {
        return false;
    };
    let checked = Arc::new(checked);
    laid && scenarios.scenarios.into_values().all(|scenario| {
        scenario.check(&**registry).is_empty()
            && scenario.check_against(&checked, &**registry).is_empty()
            && run_scenario(
                &Arc::new(scenario),
                &checked,
                &shelf,
                &Enforced::Nothing,
                registry,
                environment,
            )
            .is_ok()
    })
}

fn is_lint(diagnostic: &runbook_playbook::diagnostic::Diagnostic) -> bool {
    diagnostic.severity == runbook_playbook::diagnostic::Severity::Lint
}
