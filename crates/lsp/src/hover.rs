//! What is shown of the thing under the pointer.

use crate::analysis::Analysis;
use crate::due::due_in;
use crate::layout::Layout;
use crate::place::range;
use crate::shown::{self, type_in_words};
use crate::workspace::FileKind;
use crate::{scenarios, targets};
use runbook_playbook::catalog::Catalog as _;
use runbook_playbook::check::{Survey, Symbol};
use runbook_playbook::span::Span;
use runbook_playbook::syntax::keys::Shape;
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use serde_json::{Value as Json, json};

/// What is known of what stands at an offset.
pub(crate) fn hover(analysis: &Analysis, registry: &Registry, at: usize) -> Json {
    if analysis.kind == FileKind::Scenarios {
        let known = scenarios::hover(analysis, registry, at);
        if !known.is_null() {
            return known;
        }
    }
    let Some((text, span)) = found(analysis, registry, at) else {
        return Json::Null;
    };
    json!({
        "contents": {"kind": "markdown", "value": text},
        "range": range(&analysis.source, span),
    })
}

fn found(analysis: &Analysis, registry: &Registry, at: usize) -> Option<(String, Span)> {
    if let Some(survey) = &analysis.survey {
        let mention = survey
            .mentions
            .iter()
            .find(|mention| (mention.span.start..=mention.span.end).contains(&at));
        if let Some(mention) = mention {
            let text = symbol_in_words(survey, &mention.symbol)?;
            return Some((text, mention.span));
        }
    }
    let known = match analysis.kind {
        FileKind::Playbook => of_place(analysis, registry, at),
        FileKind::Targets => {
            targets::hover(analysis, at).or_else(|| of_place(analysis, registry, at))
        }
        FileKind::Scenarios | FileKind::Foreign => None,
    };
    known.or_else(|| of_problem(analysis, at))
}

/// What is known of an input, a step, a capture or a cause.
pub(crate) fn symbol_in_words(survey: &Survey, symbol: &Symbol) -> Option<String> {
    Some(match symbol {
        Symbol::Input(input) => {
            let (name, ty) = survey.inputs.get(*input)?;
            format!("input `{}`: {}", name.value, type_in_words(ty))
        }
        Symbol::Capture(step, capture) => {
            let step = survey.steps.get(*step)?;
            let (name, ty) = step.captures.get(*capture)?;
            let many = if step.repeats {
                ", one of each element"
            } else {
                ""
            };
            format!(
                "capture `{}` of `{}`: {}{many}",
                name.value,
                step.path,
                type_in_words(ty)
            )
        }
        Symbol::Step(step) => {
            let step = survey.steps.get(*step)?;
            let title = step.title.as_deref().unwrap_or_default();
            let calls = step
                .action
                .as_ref()
                .map(|action| format!("\n\n`{}`", action.name));
            format!("step `{}` {title}{}", step.path, calls.unwrap_or_default())
        }
        Symbol::Cause(name) => format!("cause `{name}`"),
    })
}

/// An action, an argument or a key of the language.
fn of_place(analysis: &Analysis, registry: &Registry, at: usize) -> Option<(String, Span)> {
    let text = analysis.source.text();
    let layout = Layout::read(text, at);
    let cursor = layout.cursor.as_ref()?;
    let span = word(text, at);
    let name = text
        .get(span.start..span.end)
        .filter(|name| !name.is_empty())?;
    let here = due_in(analysis.kind, &cursor.route);
    if cursor.value {
        if matches!(here.shape, Some(Shape::Action)) {
            let action = registry.action(name).ok()?;
            return Some((shown::action(&action, registry), span));
        }
        return None;
    }
    let mut route = cursor.route.clone();
    route.push(name.to_owned());
    if let Some(with) = here.with {
        let owner = cursor.route.get(..with)?;
        let action = registry.action(layout.value(text, owner, "action")?).ok()?;
        let mut ty = action.input.clone();
        for segment in route.get(with + 1..)? {
            ty = match ty.present() {
                Type::Structure(structure) => structure.member(segment)?.ty,
                Type::Map(value) => value.as_ref().clone(),
                Type::List(list) => list.element.clone(),
                _ => return None,
            };
        }
        return Some((shown::member(name, &ty), span));
    }
    let key = here.table()?.key(name)?;
    Some((
        format!("`{name}`: {}\n\n{}", key.shape.due(), key.about),
        span,
    ))
}

/// The page of a problem's code.
fn of_problem(analysis: &Analysis, at: usize) -> Option<(String, Span)> {
    let found = analysis.diagnostics.iter().find(|diagnostic| {
        let span = diagnostic.primary.span;
        (span.start..=span.end).contains(&at)
    })?;
    Some((found.code.page().to_owned(), found.primary.span))
}

/// The word at an offset, with the signs that actions and names have.
pub(crate) fn word(text: &str, at: usize) -> Span {
    let inside = |each: char| each.is_alphanumeric() || matches!(each, '_' | '-' | ':');
    let before = text.get(..at).unwrap_or_default();
    let after = text.get(at..).unwrap_or_default();
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, each)| inside(*each))
        .last()
        .map_or(at, |(start, _)| start);
    let length = after
        .find(|each: char| !inside(each))
        .unwrap_or(after.len());
    let end = at + length;
    let end = if text.get(start..end).is_some_and(|word| word.ends_with(':')) {
        end - 1
    } else {
        end
    };
    Span::new(start, end.max(start))
}
