//! What stands at a place of a file of scenarios: actions and their members, flags, and what the playbook names.

use crate::analysis::Analysis;
use crate::completion::into;
use crate::documents::address_of;
use crate::hover::symbol_in_words;
use crate::layout::{Entry, Layout};
use crate::place::range;
use crate::shown;
use runbook_playbook::catalog::Catalog as _;
use runbook_playbook::check::{Survey, Symbol};
use runbook_playbook::schema::scenarios_schema;
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use serde_json::{Value as Json, json};
use std::path::PathBuf;
use std::sync::Arc;

/// The playbook that a file of scenarios or of targets is for.
pub(crate) struct Subject {
    /// Its file.
    pub(crate) file: PathBuf,
    /// Its text.
    pub(crate) source: Source,
    /// Its names; `None` where it cannot be read.
    pub(crate) survey: Option<Arc<Survey>>,
}

/// What a word means.
enum Meaning {
    /// An action.
    Action(String),
    /// An argument, or a member of a result.
    Member(Type),
    /// What the playbook names.
    Named(Symbol),
    /// A flag of one scenario.
    Flag { scenario: String, name: String },
    /// The playbook's file.
    Playbook,
    /// A key of the file.
    Key(String),
}

/// What is known of what stands at an offset.
pub(crate) fn hover(analysis: &Analysis, registry: &Registry, at: usize) -> Json {
    let Some((meaning, span)) = meaning(analysis, registry, at) else {
        return Json::Null;
    };
    let word = analysis.source.slice(span);
    let text = match meaning {
        Meaning::Action(name) => match registry.action(&name) {
            Ok(action) => shown::action(&action, registry),
            Err(_) => return Json::Null,
        },
        Meaning::Member(ty) => shown::member(word, &ty),
        Meaning::Named(symbol) => {
            let subject = analysis.subject.as_ref();
            let survey = subject.and_then(|subject| subject.survey.as_ref());
            match survey.and_then(|survey| symbol_in_words(survey, &symbol)) {
                Some(text) => text,
                None => return Json::Null,
            }
        }
        Meaning::Flag { scenario, name } => {
            let text = analysis.source.text();
            let layout = Layout::read(text, at);
            let set = flags(text, &layout, &scenario)
                .filter(|flag| flag.sets && flag.name == name)
                .map(|flag| format!("`{}`", flag.action))
                .collect::<Vec<_>>();
            match set.as_slice() {
                [] => format!("flag `{name}`, which no entry sets"),
                by => format!("flag `{name}`, set by {}", by.join(", ")),
            }
        }
        Meaning::Playbook => "the playbook of these scenarios".to_owned(),
        Meaning::Key(about) => format!("`{word}`: {about}"),
    };
    json!({
        "contents": {"kind": "markdown", "value": text},
        "range": range(&analysis.source, span),
    })
}

/// Where what stands at an offset is defined: in the playbook, or in the entries that set a flag.
pub(crate) fn definition(
    analysis: &Analysis,
    address: &str,
    registry: &Registry,
    at: usize,
) -> Json {
    let Some((meaning, _)) = meaning(analysis, registry, at) else {
        return Json::Null;
    };
    match meaning {
        Meaning::Named(symbol) => named(analysis, &symbol, true),
        Meaning::Flag { scenario, name } => mentioned(analysis, address, &scenario, &name, true),
        Meaning::Playbook => analysis.subject.as_ref().map_or(Json::Null, |subject| {
            let start = json!({"line": 0, "character": 0});
            json!({"uri": address_of(&subject.file), "range": {"start": start, "end": start}})
        }),
        _ => Json::Null,
    }
}

/// Where else the thing at an offset is named.
pub(crate) fn references(
    analysis: &Analysis,
    address: &str,
    registry: &Registry,
    at: usize,
) -> Json {
    match meaning(analysis, registry, at) {
        Some((Meaning::Named(symbol), _)) => named(analysis, &symbol, false),
        Some((Meaning::Flag { scenario, name }, _)) => {
            mentioned(analysis, address, &scenario, &name, false)
        }
        _ => json!([]),
    }
}

/// The places of the playbook that name something, or only the one that defines it.
fn named(analysis: &Analysis, symbol: &Symbol, definition: bool) -> Json {
    let Some(subject) = &analysis.subject else {
        return Json::Null;
    };
    let mentions = subject.survey.iter().flat_map(|survey| &survey.mentions);
    mentions
        .filter(|mention| mention.symbol == *symbol && (mention.definition || !definition))
        .map(|mention| {
            json!({"uri": address_of(&subject.file), "range": range(&subject.source, mention.span)})
        })
        .collect::<Vec<Json>>()
        .into()
}

/// The places of a scenario that name a flag, or only those that set it.
fn mentioned(analysis: &Analysis, address: &str, scenario: &str, name: &str, sets: bool) -> Json {
    let text = analysis.source.text();
    let layout = Layout::read(text, 0);
    flags(text, &layout, scenario)
        .filter(|flag| flag.name == name && (flag.sets || !sets))
        .map(|flag| json!({"uri": address, "range": range(&analysis.source, flag.span)}))
        .collect::<Vec<Json>>()
        .into()
}

/// A flag where it is named.
pub(crate) struct Flag<'t> {
    pub(crate) name: &'t str,
    span: Span,
    /// It is set here, else asked for.
    sets: bool,
    /// The action whose entry names it.
    action: &'t str,
}

/// The flags of one scenario, in written order.
pub(crate) fn flags<'t>(
    text: &'t str,
    layout: &'t Layout,
    scenario: &'t str,
) -> impl Iterator<Item = Flag<'t>> {
    layout.entries.iter().filter_map(move |entry| {
        let route: Vec<&str> = entry.route.iter().map(String::as_str).collect();
        let (action, key) = match route.as_slice() {
            ["scenarios", own, "actions", action, _, key, ..] if *own == scenario => (action, key),
            _ => return None,
        };
        if !matches!(*key, "if" | "unless" | "set") || route.len() > 7 {
            return None;
        }
        let (name, span) = match route.get(6) {
            // `set: {flag: 2m}`
            Some(_) if *key == "set" && !entry.key.is_empty() => {
                bare(text.get(entry.key.clone())?, entry.key.start)?
            }
            _ => value_of(text, entry)?,
        };
        let action = entry.route.iter().find(|segment| segment == action)?;
        Some(Flag {
            name,
            span,
            sets: *key == "set",
            action,
        })
    })
}

/// The scalar that an entry has as its value, without quotes.
pub(crate) fn value_of<'t>(text: &'t str, entry: &Entry) -> Option<(&'t str, Span)> {
    let written = text.get(entry.value.clone())?;
    if written.starts_with(['{', '[', '|', '>', '#']) {
        return None;
    }
    let written = written.split(" #").next().unwrap_or_default().trim_end();
    bare(written, entry.value.start)
}

/// A scalar without its quotes.
pub(crate) fn bare(written: &str, start: usize) -> Option<(&str, Span)> {
    let name = written.trim_matches(['"', '\'']);
    let start = start + (written.len() - written.trim_start_matches(['"', '\'']).len());
    (!name.is_empty()).then(|| (name, Span::new(start, start + name.len())))
}

/// What stands at an offset, and where it begins and ends.
fn meaning(analysis: &Analysis, registry: &Registry, at: usize) -> Option<(Meaning, Span)> {
    let text = analysis.source.text();
    let layout = Layout::read(text, at);
    let found = layout.entries.iter().filter_map(|entry| {
        let within = |span: &Span| (span.start..=span.end).contains(&at);
        let key = text.get(entry.key.clone());
        let key = key.and_then(|key| bare(key.trim_end(), entry.key.start));
        if let Some((_, span)) = key.filter(|(_, span)| within(span)) {
            return Some((entry, true, span));
        }
        let (_, span) = value_of(text, entry).filter(|(_, span)| within(span))?;
        Some((entry, false, span))
    });
    let (entry, key, span) = found.max_by_key(|(entry, key, _)| (entry.route.len(), *key))?;
    let subject = analysis.subject.as_ref();
    let survey = subject.and_then(|subject| subject.survey.as_deref());
    let route: Vec<&str> = entry.route.iter().map(String::as_str).collect();
    let word = analysis.source.slice(span);
    let meaning = if key {
        of_key(&route, registry, survey)
    } else {
        of_value(&route, word, survey)
    };
    Some((meaning?, span))
}

fn of_key(route: &[&str], registry: &Registry, survey: Option<&Survey>) -> Option<Meaning> {
    let type_at = |action: &str, result: bool, inside: &[&str]| {
        let action = registry.action(action).ok()?;
        let whole = if result {
            &action.output
        } else {
            &action.input
        };
        inside
            .iter()
            .try_fold(whole.clone(), |ty, segment| into(&ty, segment))
            .map(Meaning::Member)
    };
    match route {
        ["scenarios", _, "actions", action] => Some(Meaning::Action((*action).to_owned())),
        ["scenarios", _, "expect", "writes" | "calls", _, action] => {
            Some(Meaning::Action((*action).to_owned()))
        }
        [
            "scenarios",
            _,
            "actions",
            action,
            _,
            part @ ("with" | "return"),
            inside @ ..,
        ] if !inside.is_empty() => type_at(action, *part == "return", inside),
        [
            "scenarios",
            _,
            "expect",
            "writes" | "calls",
            _,
            action,
            inside @ ..,
        ] => type_at(action, false, inside),
        ["scenarios", scenario, "actions", _, _, "set", name] => Some(Meaning::Flag {
            scenario: (*scenario).to_owned(),
            name: (*name).to_owned(),
        }),
        ["scenarios", _, "inputs", name] => {
            let inputs = &survey?.inputs;
            let at = inputs.iter().position(|(input, _)| input.value == *name)?;
            Some(Meaning::Named(Symbol::Input(at)))
        }
        ["scenarios", _, "expect", "steps" | "holds", name] => step(survey?, name),
        ["scenarios", _, "answers", name] if *name != "approve" => step(survey?, name),
        _ => {
            let schema = scenarios_schema();
            let node = schema_at(&schema, route)?;
            let about = node.get("description").and_then(Json::as_str)?;
            Some(Meaning::Key(about.to_owned()))
        }
    }
}

fn of_value(route: &[&str], word: &str, survey: Option<&Survey>) -> Option<Meaning> {
    match route {
        ["playbook"] => Some(Meaning::Playbook),
        // The time in `set: {flag: 2m}`.
        ["scenarios", _, "actions", _, _, "set", flag] if !flag.starts_with('[') => None,
        [
            "scenarios",
            scenario,
            "actions",
            _,
            _,
            "if" | "unless" | "set",
        ]
        | [
            "scenarios",
            scenario,
            "actions",
            _,
            _,
            "if" | "unless" | "set",
            _,
        ] => Some(Meaning::Flag {
            scenario: (*scenario).to_owned(),
            name: word.to_owned(),
        }),
        ["scenarios", _, "expect", "writes" | "calls", _] => Some(Meaning::Action(word.to_owned())),
        ["scenarios", _, "expect", "causes", _] => {
            let known = survey?.causes.iter().any(|cause| cause == word);
            known.then(|| Meaning::Named(Symbol::Cause(word.to_owned())))
        }
        ["scenarios", _, "answers", "approve", _] => step(survey?, word),
        _ => None,
    }
}

/// The step that an id names, alone or with the graph and block before it.
fn step(survey: &Survey, id: &str) -> Option<Meaning> {
    let at = survey.steps.iter().position(|step| {
        let before = step.path.strip_suffix(id);
        before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
    })?;
    Some(Meaning::Named(Symbol::Step(at)))
}

/// The schema at the end of a route.
pub(crate) fn schema_at<'s>(schema: &'s Json, route: &[&str]) -> Option<&'s Json> {
    let node = route
        .iter()
        .try_fold(schema, |node, segment| inside(schema, node, segment))?;
    Some(resolved(schema, node))
}

/// The schema of a key or of an element.
fn inside<'s>(schema: &'s Json, node: &'s Json, segment: &str) -> Option<&'s Json> {
    let node = resolved(schema, node);
    if segment.starts_with('[') {
        return node.get("items");
    }
    let own = node
        .get("properties")
        .and_then(|properties| properties.get(segment));
    own.or_else(|| {
        node.get("additionalProperties")
            .filter(|free| free.is_object())
    })
}

fn resolved<'s>(schema: &'s Json, node: &'s Json) -> &'s Json {
    node.get("$ref")
        .and_then(Json::as_str)
        .and_then(|path| schema.pointer(path.trim_start_matches('#')))
        .unwrap_or(node)
}
