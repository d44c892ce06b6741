//! Files of scenarios: keys by their schema, answers and arguments by the types of actions, and what the playbook names.

use super::{Item, Kind, Offered, Place, Request, actions, arguments, bare_start, playbooks};
use crate::analysis::subject;
use crate::scenarios::{flags, schema_at};
use runbook_playbook::catalog::Catalog as _;
use runbook_playbook::check::Survey;
use runbook_playbook::schema::scenarios_schema;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What may stand at a place of a file of scenarios.
#[expect(clippy::too_many_lines, reason = "one list of places")]
pub(super) fn offered(place: &Place<'_>, request: &Request<'_>) -> Option<Offered> {
    let route: Vec<&str> = place.cursor.route.iter().map(String::as_str).collect();
    let start = bare_start(place);
    let named = |names: Vec<String>, kind: Kind| {
        let items = names.into_iter().map(|name| {
            let item = Item::new(name, kind);
            if place.cursor.value || kind_is_value(kind) {
                item
            } else {
                item.key()
            }
        });
        Some(Offered {
            start,
            items: items.collect(),
        })
    };
    let survey = || survey_of(request);
    match route.as_slice() {
        ["scenarios", _, "actions"]
        | ["scenarios", _, "expect" | "undo", "writes" | "calls", _] => {
            return Some(actions(place, start));
        }
        [
            "scenarios",
            _,
            "actions",
            action,
            _,
            part @ ("with" | "return"),
            inside @ ..,
        ] => {
            let action = place.registry.action(action).ok()?;
            let ty = if *part == "with" {
                &action.input
            } else {
                &action.output
            };
            return arguments::of_type(place, ty, inside);
        }
        [
            "scenarios",
            _,
            "expect" | "undo",
            "writes" | "calls",
            _,
            action,
            inside @ ..,
        ] => {
            let action = place.registry.action(action).ok()?;
            return arguments::of_type(place, &action.input, inside);
        }
        ["scenarios", _, "inputs"] => {
            let survey = survey()?;
            let inputs = survey.inputs.iter().map(|(name, _)| name.value.clone());
            return named(inputs.collect(), Kind::Property);
        }
        ["scenarios", _, "expect", "causes", ..] => {
            return named(survey()?.causes.clone(), Kind::EnumMember);
        }
        ["scenarios", _, "expect" | "undo", "steps" | "holds"] | ["scenarios", _, "answers"] => {
            let survey = survey()?;
            let steps = survey.steps.iter().map(|step| step.path.clone());
            let approve = (route.last() == Some(&"answers")).then(|| "approve".to_owned());
            return named(approve.into_iter().chain(steps).collect(), Kind::Property);
        }
        ["scenarios", _, "answers", "approve", ..] => {
            let survey = survey()?;
            let steps = survey.steps.iter().map(|step| step.path.clone());
            let words = ["all".to_owned(), "none".to_owned()].into_iter();
            let words = words.filter(|_| route.len() == 4);
            return named(words.chain(steps).collect(), Kind::EnumMember);
        }
        [
            "scenarios",
            scenario,
            "actions",
            _,
            _,
            "if" | "unless" | "set",
            ..,
        ] => {
            let known = flags(place.text, &place.layout, scenario).map(|flag| flag.name.to_owned());
            let typed = place.text.get(start..place.at).unwrap_or_default();
            let known: BTreeSet<String> = known.filter(|name| name != typed).collect();
            return named(known.into_iter().collect(), Kind::EnumMember);
        }
        ["playbook"] => return named(playbooks(request), Kind::File),
        _ => {}
    }
    let schema = scenarios_schema();
    let node = schema_at(&schema, &route)?;
    if let Some(words) = node.get("enum").and_then(Json::as_array) {
        let words = words.iter().map(|word| match word {
            Json::String(word) => word.clone(),
            other => other.to_string(),
        });
        return named(words.collect(), Kind::EnumMember);
    }
    let properties = node.get("properties").and_then(Json::as_object)?;
    let written: Vec<&str> = place.layout.keys(&place.cursor.route).collect();
    let items = properties
        .iter()
        .filter(|(name, _)| !written.contains(&name.as_str()))
        .map(|(name, about)| {
            let mut item = Item::new(name, Kind::Property).key();
            let about = about.get("description").and_then(Json::as_str);
            about.unwrap_or_default().clone_into(&mut item.about);
            item
        });
    Some(Offered {
        start,
        items: items.collect(),
    })
}

fn kind_is_value(kind: Kind) -> bool {
    matches!(kind, Kind::EnumMember)
}

/// The names of the playbook that the scenarios are for.
fn survey_of(request: &Request<'_>) -> Option<Arc<Survey>> {
    let subject = subject(
        request.file,
        request.text,
        request.documents,
        request.registry,
        request.workspace,
    );
    subject?.survey
}
