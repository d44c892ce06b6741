//! What of a forecast a saved plan holds a run to: every call that changes something.

use super::forecast::{Certainty, Forecast, PlannedCall, PlannedChange, PlannedText, PlannedValue};
use super::visit::{Purpose, Visit, calls};
use runbook_playbook::catalog::Effect;
use serde_json::{Map, Value as Json, json};

/// The calls of a forecast that change something, as JSON: what each is given as far as it is known, when it is made, what it
/// changes. Nothing secret is in it.
#[must_use]
pub fn writes(forecast: &Forecast) -> Vec<Json> {
    let visits = calls(forecast).into_iter();
    visits
        .filter(|visit| visit.purpose != Purpose::Before && !reads_only(visit))
        .filter(|visit| visit.call.action != "playbook:Run")
        .map(|visit| planned(&visit))
        .collect()
}

/// The calls of a forecast that change nothing, as JSON as [`writes`]. What an author only states to be a read is none.
#[must_use]
pub fn reads(forecast: &Forecast) -> Vec<Json> {
    let visits = calls(forecast).into_iter();
    visits
        .filter(|visit| reads_only(visit) && !visit.call.stated_read)
        .map(|visit| planned(&visit))
        .collect()
}

fn reads_only(visit: &Visit<'_>) -> bool {
    visit
        .call
        .effects
        .iter()
        .all(|effect| *effect == Effect::Read)
}

fn planned(visit: &Visit<'_>) -> Json {
    let conditions: Vec<&str> = match &visit.step.certainty {
        Certainty::Depends(conditions) => conditions.iter().map(|one| one.text.as_str()).collect(),
        Certainty::Runs | Certainty::Never(_) => Vec::new(),
    };
    json!({
        "step": visit.step.path,
        "undoes": visit.purpose == Purpose::Undo,
        "action": visit.call.action,
        "arguments": arguments(visit.call),
        "region": visit.call.target.region.as_ref().map(encode),
        "role": visit.call.target.role.as_ref().map(encode),
        "when": conditions,
        "changes": visit.call.changes.as_ref().map(|changes| {
            changes.iter().map(change).collect::<Vec<_>>()
        }),
    })
}

fn change(change: &PlannedChange) -> Json {
    json!({"path": change.path, "from": encode(&change.from), "to": encode(&change.to)})
}

fn arguments(call: &PlannedCall) -> Json {
    let whole = call.base.as_ref().is_none_or(|base| base.value.is_known());
    let mut encoded = encode(&call.arguments);
    if !whole && let Some(encoded) = encoded.as_object_mut() {
        encoded.insert("open".to_owned(), Json::Bool(true));
    }
    encoded
}

/// A value with its gaps.
fn encode(value: &PlannedValue) -> Json {
    match value {
        PlannedValue::Known(json) => json!({"known": json}),
        PlannedValue::Unknown(unknown) => json!({"unknown": unknown.expression}),
        PlannedValue::Text(parts) => json!({"text": parts.iter().map(|part| match part {
            PlannedText::Known(text) => json!(text),
            PlannedText::Unknown(_) | PlannedText::Secret => Json::Null,
        }).collect::<Vec<_>>()}),
        PlannedValue::List(items) => {
            json!({"list": items.iter().map(encode).collect::<Vec<_>>()})
        }
        PlannedValue::Map(entries) => json!({"map": entries
            .iter()
            .map(|(name, value)| (name.clone(), encode(value)))
            .collect::<Map<_, _>>()}),
        PlannedValue::Secret => json!({"secret": true}),
    }
}

/// Whether a call is one of those that were planned.
#[must_use]
pub fn allows(planned: &[Json], action: &str, arguments: &Json) -> bool {
    planned.iter().any(|call| {
        call.get("action").and_then(Json::as_str) == Some(action)
            && call
                .get("arguments")
                .is_some_and(|planned| fits(planned, arguments))
    })
}

/// Whether a value can be what was planned.
fn fits(planned: &Json, actual: &Json) -> bool {
    if let Some(known) = planned.get("known") {
        return known == actual;
    }
    if planned.get("unknown").is_some() || planned.get("secret").is_some() {
        return true;
    }
    if let Some(Json::Array(parts)) = planned.get("text") {
        let mut pattern = runbook_registry::policy::Pattern::default();
        for part in parts {
            match part.as_str() {
                Some(text) => pattern.push_str(text),
                None => pattern.push(&runbook_registry::policy::Pattern::any()),
            }
        }
        let text = actual.as_str().unwrap_or_default();
        return pattern.covers(&runbook_registry::policy::Pattern::literal(text));
    }
    if let Some(Json::Array(items)) = planned.get("list") {
        // An element that may be absent is left out when it is.
        return actual.as_array().is_some_and(|actual| {
            actual.len() <= items.len()
                && actual
                    .iter()
                    .all(|one| items.iter().any(|item| fits(item, one)))
        });
    }
    let (Some(Json::Object(entries)), Some(members)) = (planned.get("map"), actual.as_object())
    else {
        return false;
    };
    let open = planned.get("open").is_some();
    members
        .iter()
        .all(|(name, value)| entries.get(name).map_or(open, |entry| fits(entry, value)))
}

#[cfg(test)]
mod tests {
    use super::allows;
    use serde_json::json;

    #[test]
    fn only_what_was_planned_may_be_sent() {
        let writes = [json!({"action": "ecs:UpdateService", "arguments": {"map": {
            "cluster": {"known": "prod"},
            "service": {"text": ["web-", null]},
            "desiredCount": {"unknown": "n"},
        }}})];
        let may = |action: &str, arguments: serde_json::Value| allows(&writes, action, &arguments);
        assert!(may(
            "ecs:UpdateService",
            json!({"cluster": "prod", "service": "web-1", "desiredCount": 3})
        ));
        assert!(!may(
            "ecs:UpdateService",
            json!({"cluster": "test", "service": "web-1"})
        ));
        assert!(!may(
            "ecs:UpdateService",
            json!({"cluster": "prod", "service": "api"})
        ));
        assert!(!may(
            "ecs:UpdateService",
            json!({"cluster": "prod", "forceNewDeployment": true})
        ));
        assert!(!may("ecs:DeleteService", json!({"cluster": "prod"})));
    }
}
