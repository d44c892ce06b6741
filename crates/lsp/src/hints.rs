//! Inlay hints: the types of captures, which nobody writes down.

use crate::analysis::Analysis;
use crate::place::position;
use crate::shown::type_in_words;
use runbook_playbook::span::Span;
use serde_json::{Value as Json, json};

/// The longest hint, in characters.
const LONGEST: usize = 40;

/// The hints in a part of the text.
pub(crate) fn hints(analysis: &Analysis, part: Span) -> Json {
    let Some(survey) = &analysis.survey else {
        return json!([]);
    };
    let captures = survey.steps.iter().flat_map(|step| &step.captures);
    let hints = captures
        .filter(|(name, _)| (part.start..=part.end).contains(&name.span.start))
        .map(|(name, ty)| {
            let words = type_in_words(ty);
            let short: String = if words.chars().count() > LONGEST {
                words.chars().take(LONGEST).chain(['…']).collect()
            } else {
                words.clone()
            };
            json!({
                "position": position(&analysis.source, name.span.end),
                "label": format!(" ‹{short}›"),
                "kind": 1,
                "tooltip": words,
            })
        });
    hints.collect::<Vec<Json>>().into()
}
