//! From a name to where it is defined and to where else it stands.

use crate::analysis::Analysis;
use crate::documents::{Documents, address_of};
use crate::due::due;
use crate::layout::Layout;
use crate::place::range;
use crate::workspace::{FileKind, Shelf, Workspace};
use crate::{scenarios, targets};
use runbook_playbook::check::Mention;
use runbook_playbook::span::Span;
use runbook_registry::Registry;
use serde_json::{Value as Json, json};

/// What stands at an offset, by its name.
pub(crate) fn mention(analysis: &Analysis, at: usize) -> Option<&Mention> {
    let survey = analysis.survey.as_ref()?;
    survey
        .mentions
        .iter()
        .find(|mention| (mention.span.start..=mention.span.end).contains(&at))
}

/// Every place that names the same as the mention.
pub(crate) fn all<'a>(
    analysis: &'a Analysis,
    mention: &'a Mention,
) -> impl Iterator<Item = &'a Mention> {
    let mentions = analysis.survey.iter().flat_map(|survey| &survey.mentions);
    mentions.filter(|other| other.symbol == mention.symbol)
}

/// Where what stands at an offset is defined.
pub(crate) fn definition(
    analysis: &Analysis,
    address: &str,
    documents: &Documents,
    workspace: &dyn Workspace,
    registry: &Registry,
    at: usize,
) -> Json {
    if analysis.kind == FileKind::Scenarios {
        return scenarios::definition(analysis, address, registry, at);
    }
    if analysis.kind == FileKind::Targets {
        return targets::definition(analysis, address, at);
    }
    if let Some(found) = mention(analysis, at) {
        let defined = all(analysis, found).find(|other| other.definition);
        return defined.map_or(
            Json::Null,
            |defined| json!({"uri": address, "range": range(&analysis.source, defined.span)}),
        );
    }
    let shelf = Shelf {
        documents,
        root: &analysis.home.root,
        catalog: registry,
        workspace,
    };
    named_file(analysis, at)
        .and_then(|path| shelf.beside(&analysis.home.id, path))
        .map_or(Json::Null, |file| {
            let start = json!({"line": 0, "character": 0});
            json!({"uri": address_of(&file), "range": {"start": start, "end": start}})
        })
}

/// The path of another playbook at an offset.
fn named_file(analysis: &Analysis, at: usize) -> Option<&str> {
    let text = analysis.source.text();
    let layout = Layout::read(text, at);
    let cursor = layout.cursor.as_ref().filter(|cursor| cursor.value)?;
    let here = due(&cursor.route);
    let (last, owner) = cursor.route.split_last()?;
    let runs = here.with.is_some_and(|with| with + 1 == owner.len()) && last == "path";
    if !runs && here.key != Some("use") {
        return None;
    }
    layout.value(text, owner, last)
}

/// Where else the thing at an offset is named.
pub(crate) fn references(
    analysis: &Analysis,
    address: &str,
    registry: &Registry,
    at: usize,
    own: bool,
) -> Json {
    if analysis.kind == FileKind::Scenarios {
        return scenarios::references(analysis, address, registry, at);
    }
    let Some(found) = mention(analysis, at) else {
        return json!([]);
    };
    let places = all(analysis, found).filter(|other| own || !other.definition);
    places
        .map(|other| json!({"uri": address, "range": range(&analysis.source, other.span)}))
        .collect::<Vec<Json>>()
        .into()
}

/// The places of the same name, marked in the text.
pub(crate) fn highlights(analysis: &Analysis, at: usize) -> Json {
    let spans: Vec<Span> = match mention(analysis, at) {
        Some(found) => all(analysis, found).map(|other| other.span).collect(),
        None => Vec::new(),
    };
    spans
        .into_iter()
        .map(|span| json!({"range": range(&analysis.source, span)}))
        .collect::<Vec<Json>>()
        .into()
}
