//! New names for steps, inputs, captures and causes.

use crate::analysis::Analysis;
use crate::documents::{Documents, address_of};
use crate::elsewhere::{Sought, named, quoted};
use crate::navigate::{all, mention};
use crate::place::range;
use crate::workspace::{Shelf, Workspace};
use runbook_playbook::check::Symbol;
use runbook_playbook::diagnostic::{Diagnostic, Severity};
use runbook_playbook::review::review;
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_playbook::syntax::name::RESERVED;
use runbook_registry::Registry;
use serde_json::{Map, Value as Json, json};

/// What would be renamed at an offset.
pub(crate) fn prepare(analysis: &Analysis, at: usize) -> Json {
    mention(analysis, at).map_or(Json::Null, |found| {
        json!({
            "range": range(&analysis.source, found.span),
            "placeholder": analysis.source.slice(found.span),
        })
    })
}

/// The changes that give the thing at an offset another name.
///
/// # Errors
/// Says why it cannot be called so.
pub(crate) fn rename(
    analysis: &Analysis,
    address: &str,
    documents: &Documents,
    workspace: &dyn Workspace,
    registry: &Registry,
    at: usize,
    name: &str,
) -> Result<Json, String> {
    let found =
        mention(analysis, at).ok_or("only steps, inputs, captures and causes can be renamed")?;
    let snake = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_');
    if !snake {
        return Err(format!(
            "`{name}` is not snake_case: lower-case letters, digits and `_`, a letter first"
        ));
    }
    if RESERVED.contains(&name) {
        return Err(format!("`{name}` means something already"));
    }
    let old = analysis.source.slice(found.span);
    let mut places: Vec<Span> = all(analysis, found).map(|other| other.span).collect();
    let sought = match &found.symbol {
        Symbol::Input(_) => Some(Sought::Input(old)),
        Symbol::Cause(_) => {
            // `'crashed' in run.causes`
            let text = analysis.source.text();
            let told = quoted(text, old).filter(|span| line_of(text, *span).contains("run.causes"));
            places.extend(told);
            Some(Sought::Cause(old))
        }
        Symbol::Step(at) => {
            let steps = analysis.survey.as_ref().map(|survey| &survey.steps);
            let step = steps.and_then(|steps| steps.get(*at));
            step.map(|step| Sought::Step(&step.path))
        }
        Symbol::Capture(..) => None,
    };
    clash(
        analysis,
        &places,
        name,
        registry,
        &Shelf {
            documents,
            root: &analysis.home.root,
            catalog: registry,
            workspace,
        },
    )?;
    let edits = |source: &Source, places: Vec<Span>| -> Json {
        let edits = places.into_iter();
        let edits = edits.map(|span| json!({"range": range(source, span), "newText": name}));
        edits.collect()
    };
    let mut changes = Map::new();
    changes.insert(address.to_owned(), edits(&analysis.source, places));
    let others = sought.map(|sought| named(analysis, &sought, documents, workspace, registry));
    for (file, source, places) in others.into_iter().flatten() {
        changes.insert(address_of(&file), edits(&source, places));
    }
    Ok(json!({"changes": changes}))
}

/// The line in which a span begins.
fn line_of(text: &str, span: Span) -> &str {
    let start = text.get(..span.start).and_then(|before| before.rfind('\n'));
    let rest = text.get(start.map_or(0, |at| at + 1)..).unwrap_or_default();
    rest.lines().next().unwrap_or_default()
}

/// Says what would be wrong under the new name: something else is called so, or hides it.
fn clash(
    analysis: &Analysis,
    places: &[Span],
    name: &str,
    registry: &Registry,
    shelf: &Shelf<'_>,
) -> Result<(), String> {
    let text = analysis.source.text();
    if !text.contains(name) {
        return Ok(());
    }
    let mut places = places.to_vec();
    places.sort_by_key(|span| span.start);
    let mut changed = String::with_capacity(text.len());
    let mut from = 0;
    for span in places {
        changed.push_str(text.get(from..span.start).unwrap_or_default());
        changed.push_str(name);
        from = span.end;
    }
    changed.push_str(text.get(from..).unwrap_or_default());
    let source = Source::new(&analysis.home.name, changed);
    let (_, found) = review(&source, &analysis.home.id, registry, shelf);
    let new = found.iter().filter(|one| one.severity == Severity::Error);
    let known = |one: &&Diagnostic| {
        let mut old = analysis.diagnostics.iter();
        old.any(|old| old.code == one.code && old.severity == Severity::Error)
    };
    match new.clone().find(|one| !known(one)) {
        Some(clash) => Err(format!("`{name}` does not do here: {}", clash.message)),
        None => Ok(()),
    }
}
