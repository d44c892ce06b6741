//! New names for steps, inputs, captures and causes.

use crate::analysis::Analysis;
use crate::completion::naming;
use crate::documents::{Documents, address_of};
use crate::navigate::{all, mention};
use crate::place::range;
use runbook_playbook::check::Symbol;
use runbook_playbook::syntax::name::RESERVED;
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
    let edits: Vec<Json> = all(analysis, found)
        .map(|other| json!({"range": range(&analysis.source, other.span), "newText": name}))
        .collect();
    let mut changes = Map::new();
    changes.insert(address.to_owned(), edits.into());
    let old = analysis.source.slice(found.span);
    let in_scenarios = match &found.symbol {
        Symbol::Input(_) => naming(documents, &analysis.file, old, false),
        Symbol::Cause(_) => naming(documents, &analysis.file, old, true),
        Symbol::Step(_) | Symbol::Capture(..) => None,
    };
    if let Some((file, source, places)) = in_scenarios.filter(|(.., places)| !places.is_empty()) {
        let edits = places.into_iter();
        let edits = edits.map(|span| json!({"range": range(&source, span), "newText": name}));
        changes.insert(address_of(&file), edits.collect::<Vec<Json>>().into());
    }
    Ok(json!({"changes": changes}))
}
