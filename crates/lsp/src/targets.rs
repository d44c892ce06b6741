//! What stands at a place of a file of targets: accounts, the playbook, its inputs, and what templates can name.

use crate::analysis::Analysis;
use crate::documents::address_of;
use crate::hover::symbol_in_words;
use crate::layout::{Entry, Layout};
use crate::place::range;
use crate::scenarios::{bare, value_of};
use runbook_playbook::catalog::Catalog as _;
use runbook_playbook::check::{Mention, Survey, Symbol};
use runbook_playbook::jsonpath::Path as JsonPath;
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, TextPlace};
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Keys that stand beside inputs in a matrix and in exclusions.
pub(crate) const PLACES: [&str; 3] = ["name", "account", "region"];

/// What a word means.
enum Meaning {
    /// The playbook's file.
    Playbook,
    /// An input of the playbook.
    Input(usize),
    /// An account, by its id or its name.
    Account(String),
}

/// The playbook that a text of targets is for; `None` where it names none.
pub(crate) fn playbook_of(file: &Path, text: &str) -> Option<PathBuf> {
    let layout = Layout::read(text, 0);
    let named = layout.value(text, &[], "of")?;
    let folder = file.parent().unwrap_or(Path::new(""));
    (!named.is_empty()).then(|| folder.join(named))
}

/// The discovery that a route leads into.
pub(crate) fn discovery(route: &[String]) -> Option<&[String]> {
    if route.first()? != "discover" {
        return None;
    }
    let element = route.get(1).is_some_and(|next| next.starts_with('['));
    route.get(..if element { 2 } else { 1 })
}

/// The accounts of a text: ids, their names, and where they stand.
pub(crate) fn accounts<'t>(
    text: &'t str,
    layout: &'t Layout,
) -> impl Iterator<Item = (&'t str, Option<&'t str>, Span)> {
    layout.entries.iter().filter_map(move |entry| {
        if entry.route.len() != 2 || entry.route.first()? != "accounts" {
            return None;
        }
        let (id, span) = bare(text.get(entry.key.clone())?.trim_end(), entry.key.start)?;
        Some((id, layout.value(text, &entry.route, "name"), span))
    })
}

/// What templates at a route can name.
pub(crate) fn visible(
    text: &str,
    layout: &Layout,
    route: &[String],
    registry: &Registry,
) -> Vec<(String, Type)> {
    let mut names: Vec<(String, Type)> = ["account", "region"]
        .map(|name| (name.to_owned(), Type::text()))
        .into();
    let matrix = ["matrix".to_owned()];
    let shared = matches!(
        route.first().map(String::as_str),
        Some("name" | "role" | "inputs" | "labels")
    );
    if shared {
        let axes = layout.keys(&matrix).filter(|axis| !PLACES.contains(axis));
        names.extend(axes.map(|axis| (axis.to_owned(), Type::Any)));
    }
    let first = ["discover".to_owned()];
    let owner =
        discovery(route).or((shared && layout.keys(&first).next().is_some()).then_some(&first[..]));
    let within = route.iter().any(|segment| segment == "with");
    if let Some(owner) = owner.filter(|_| !within) {
        let item = item(text, layout, owner, registry).unwrap_or(Type::Any);
        names.push(("item".to_owned(), item));
    }
    names
}

/// The type of what a discovery finds.
fn item(text: &str, layout: &Layout, owner: &[String], registry: &Registry) -> Option<Type> {
    let action = registry.action(layout.value(text, owner, "action")?).ok()?;
    let written = layout.value(text, owner, "path")?;
    let place = TextPlace {
        span: Span::default(),
        exact: false,
    };
    let path = JsonPath::parse(written, place, &Source::new("", written)).ok()?;
    Some(path.infer(&action.output).ok()?.present().clone())
}

/// Whether a route leads to a mapping of the playbook's inputs, and the input if it leads to one.
pub(crate) fn input<'r>(route: &[&'r str]) -> Option<&'r str> {
    match route {
        ["inputs", name] | ["list", _, "inputs", name] | ["discover", "inputs", name] => Some(name),
        ["discover", element, "inputs", name] if element.starts_with('[') => Some(name),
        ["matrix", name] | ["exclude", _, name] if !PLACES.contains(name) => Some(name),
        _ => None,
    }
}

/// Where a text of targets names an input.
pub(crate) fn naming(text: &str, name: &str) -> Vec<Span> {
    let layout = Layout::read(text, 0);
    let named = layout.entries.iter().filter_map(|entry| {
        let route: Vec<&str> = entry.route.iter().map(String::as_str).collect();
        if input(&route) != Some(name) {
            return None;
        }
        let (_, span) = bare(text.get(entry.key.clone())?.trim_end(), entry.key.start)?;
        Some(span)
    });
    named.collect()
}

/// Whether the value at a route is an account.
pub(crate) fn is_account(route: &[&str]) -> bool {
    matches!(
        route,
        ["list", _, "account"] | ["matrix", "account", ..] | ["exclude", _, "account", ..]
    ) || matches!(route, ["discover", .., "accounts"])
        || matches!(route, ["discover", .., "accounts", element] if element.starts_with('['))
}

fn survey(analysis: &Analysis) -> Option<&Survey> {
    analysis.subject.as_ref()?.survey.as_deref()
}

/// What stands at an offset, and where it begins and ends.
fn meaning(analysis: &Analysis, at: usize) -> Option<(Meaning, Span)> {
    let text = analysis.source.text();
    let layout = Layout::read(text, at);
    let within = |span: &Span| (span.start..=span.end).contains(&at);
    let key = |entry: &Entry| {
        let key = text.get(entry.key.clone())?;
        let (_, span) = bare(key.trim_end(), entry.key.start)?;
        within(&span).then_some(span)
    };
    layout.entries.iter().find_map(|entry| {
        let route: Vec<&str> = entry.route.iter().map(String::as_str).collect();
        if let Some(span) = key(entry) {
            let name = input(&route)?;
            let inputs = &survey(analysis)?.inputs;
            let at = inputs.iter().position(|(input, _)| input.value == name)?;
            return Some((Meaning::Input(at), span));
        }
        let (word, span) = value_of(text, entry).filter(|(_, span)| within(span))?;
        if route == ["of"] {
            return Some((Meaning::Playbook, span));
        }
        is_account(&route).then(|| (Meaning::Account(word.to_owned()), span))
    })
}

/// What is known of what stands at an offset.
pub(crate) fn hover(analysis: &Analysis, at: usize) -> Option<(String, Span)> {
    let (meaning, span) = meaning(analysis, at)?;
    let text = match meaning {
        Meaning::Playbook => "the playbook that runs on these targets".to_owned(),
        Meaning::Input(at) => symbol_in_words(survey(analysis)?, &Symbol::Input(at))?,
        Meaning::Account(word) => {
            let text = analysis.source.text();
            let layout = Layout::read(text, at);
            let mut known = accounts(text, &layout);
            let (id, name, _) =
                known.find(|(id, name, _)| *id == word || *name == Some(word.as_str()))?;
            match name {
                Some(name) => format!("account `{id}`, called `{name}`"),
                None => format!("account `{id}`"),
            }
        }
    };
    Some((text, span))
}

/// Where what stands at an offset is defined.
pub(crate) fn definition(analysis: &Analysis, address: &str, at: usize) -> Json {
    let found = || {
        let (meaning, _) = meaning(analysis, at)?;
        let start = json!({"line": 0, "character": 0});
        Some(match meaning {
            Meaning::Playbook => {
                let subject = analysis.subject.as_ref()?;
                json!({"uri": address_of(&subject.file), "range": {"start": start, "end": start}})
            }
            Meaning::Input(at) => {
                let subject = analysis.subject.as_ref()?;
                let defined =
                    |mention: &&Mention| mention.definition && mention.symbol == Symbol::Input(at);
                let mention = survey(analysis)?.mentions.iter().find(defined)?;
                json!({"uri": address_of(&subject.file), "range": range(&subject.source, mention.span)})
            }
            Meaning::Account(word) => {
                let text = analysis.source.text();
                let layout = Layout::read(text, at);
                let mut known = accounts(text, &layout);
                let (.., span) =
                    known.find(|(id, name, _)| *id == word || *name == Some(word.as_str()))?;
                json!({"uri": address, "range": range(&analysis.source, span)})
            }
        })
    };
    found().unwrap_or(Json::Null)
}
