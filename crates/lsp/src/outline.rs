//! The outline of a playbook: its inputs, its graphs and their steps.

use crate::analysis::Analysis;
use crate::place::range;
use runbook_playbook::check::{Survey, SurveyedStep};
use runbook_playbook::span::Span;
use serde_json::{Value as Json, json};

/// Kinds of symbols, as the protocol numbers them.
const NAMESPACE: u8 = 3;
const FUNCTION: u8 = 12;
const VARIABLE: u8 = 13;

/// The symbols of a text, those of steps below those of blocks.
pub(crate) fn outline(analysis: &Analysis) -> Json {
    let Some(survey) = &analysis.survey else {
        return json!([]);
    };
    let mut symbols: Vec<Json> = survey
        .inputs
        .iter()
        .map(|(name, ty)| {
            let place = range(&analysis.source, name.span);
            json!({
                "name": format!("inputs.{}", name.value),
                "detail": ty.to_string(),
                "kind": VARIABLE,
                "range": place,
                "selectionRange": place,
            })
        })
        .collect();
    let top = survey
        .steps
        .iter()
        .filter(|step| step.path.matches('.').count() == 1);
    symbols.extend(top.map(|step| symbol(analysis, survey, step)));
    symbols.into()
}

fn symbol(analysis: &Analysis, survey: &Survey, step: &SurveyedStep) -> Json {
    let inside = survey.steps.iter().filter(|other| {
        other
            .path
            .strip_prefix(&step.path)
            .and_then(|rest| rest.strip_prefix('.'))
            .is_some_and(|rest| {
                let rest = rest.strip_prefix("finally.").unwrap_or(rest);
                !rest.strip_prefix("undo.").unwrap_or(rest).contains('.')
            })
    });
    let children: Vec<Json> = inside
        .map(|other| symbol(analysis, survey, other))
        .collect();
    let (start, end) = (step.id.span.start, step.id.span.end);
    let whole = Span::new(step.span.start.min(start), step.span.end.max(end));
    let calls = step.action.as_ref().map(|action| action.name.clone());
    let name = if step.path.matches('.').count() == 1 {
        &step.path
    } else {
        &step.id.value
    };
    json!({
        "name": name,
        "detail": calls.or_else(|| step.title.clone()).unwrap_or_default(),
        "kind": if children.is_empty() { FUNCTION } else { NAMESPACE },
        "range": range(&analysis.source, whole),
        "selectionRange": range(&analysis.source, step.id.span),
        "children": children,
    })
}
