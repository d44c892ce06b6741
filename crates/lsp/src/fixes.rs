//! Code actions: what the checker thinks was meant, put in its place.

use crate::analysis::Analysis;
use crate::diagnostics::published;
use crate::place::range;
use runbook_playbook::diagnostic::{Code, Diagnostic};
use runbook_playbook::span::Span;
use serde_json::{Map, Value as Json, json};

/// The fixes for problems that touch a part of the text.
pub(crate) fn fixes(analysis: &Analysis, address: &str, part: Span) -> Json {
    let mut actions = Vec::new();
    for diagnostic in &analysis.diagnostics {
        let span = diagnostic.primary.span;
        if span.end < part.start || span.start > part.end {
            continue;
        }
        let meant = meant(diagnostic);
        let one = meant.len() == 1;
        for name in meant {
            let span = wrong(diagnostic, &name);
            let edit = json!({"range": range(&analysis.source, span), "newText": name});
            let mut changes = Map::new();
            changes.insert(address.to_owned(), json!([edit]));
            actions.push(json!({
                "title": format!("Change to `{name}`"),
                "kind": "quickfix",
                "isPreferred": one,
                "diagnostics": published(address, std::slice::from_ref(diagnostic)),
                "edit": {"changes": changes},
            }));
        }
    }
    actions.into()
}

/// What may have been meant.
fn meant(diagnostic: &Diagnostic) -> Vec<String> {
    let help = diagnostic.help.as_deref().unwrap_or_default();
    let asked = [help, &diagnostic.message]
        .into_iter()
        .find_map(|text| text.split_once("did you mean "));
    let words = match asked {
        Some((_, words)) => words.split('?').next().unwrap_or_default(),
        None if diagnostic.code == Code::InvalidName && help.starts_with("write `") => help,
        None => return Vec::new(),
    };
    quoted(words)
}

/// The words between backticks.
fn quoted(text: &str) -> Vec<String> {
    let words = text.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

/// The part of the marked place that is to be replaced: the word that the message names, where the place holds more.
fn wrong(diagnostic: &Diagnostic, meant: &str) -> Span {
    let span = diagnostic.primary.span;
    let text = diagnostic.source.slice(span);
    if diagnostic.code != Code::UnknownAction || !meant.contains(':') {
        // The mistake is what the place ends with; what stands before it could be read.
        let dotted = meant.contains('.');
        let words = quoted(&diagnostic.message).into_iter();
        let places = words.filter(|word| !word.is_empty()).filter_map(|word| {
            let at = text.rfind(word.as_str())?;
            Some((at, at + word.len()))
        });
        let last = places
            .max_by_key(|(start, end)| (*end, if dotted { text.len() - start } else { *start }));
        if let Some((start, end)) = last {
            return Span::new(start, end).offset(span.start);
        }
    }
    let quote = |first: char| matches!(first, '"' | '\'');
    if text.len() >= 2 && text.starts_with(quote) && text.ends_with(quote) {
        return Span::new(span.start + 1, span.end - 1);
    }
    span
}
