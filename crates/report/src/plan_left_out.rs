//! What a plan leaves out, in the words that all formats share. Nothing here is escaped yet.

use runbook_interpreter::plan::forecast::{Forecast, LeftOut};

/// What is left out, and why. Steps of one graph that are left out for the same reason are said once.
pub(crate) fn left_out(forecast: &Forecast) -> Vec<(String, String)> {
    let mut groups: Vec<(&str, &str, Vec<&LeftOut>)> = Vec::new();
    for left in &forecast.left_out {
        if left.reason.code == "block" {
            continue;
        }
        let (graph, _) = in_graph(&left.step);
        match groups.last_mut() {
            Some((last, why, group)) if *last == graph && *why == left.reason.message => {
                group.push(left);
            }
            _ => groups.push((graph, &left.reason.message, vec![left])),
        }
    }
    let mut found = Vec::new();
    for (graph, why, group) in groups {
        match group.as_slice() {
            [one] => {
                let inner = inside(forecast, &one.step).unwrap_or_default();
                let action = one.action.as_deref().map(|action| format!("  {action}"));
                found.push((
                    format!("{}{}", one.step, action.unwrap_or_default()),
                    format!("{why}{inner}"),
                ));
            }
            many => {
                let names: Vec<&str> = many.iter().map(|left| in_graph(&left.step).1).collect();
                let inner: Vec<String> = many
                    .iter()
                    .filter_map(|left| inside(forecast, &left.step))
                    .collect();
                found.push((
                    format!("{graph}  {} steps: {}", many.len(), names.join(", ")),
                    format!("{why}{}", inner.concat()),
                ));
            }
        }
    }
    found
}

/// The graph that a step stands in, with the playbooks around it; and the step's name there.
fn in_graph(step: &str) -> (&str, &str) {
    let own = step.rfind('/').map_or(0, |at| at + 1);
    match step.get(own..).and_then(|own| own.find('.')) {
        Some(dot) => (
            step.get(..own + dot).unwrap_or(step),
            step.get(own + dot + 1..).unwrap_or_default(),
        ),
        None => (step, ""),
    }
}

/// What a block that is left out has in it: how many steps, and what they would have called.
fn inside(forecast: &Forecast, block: &str) -> Option<String> {
    let prefix = format!("{block}.");
    let inner: Vec<&str> = forecast
        .left_out
        .iter()
        .filter(|left| left.reason.code == "block" && left.step.starts_with(&prefix))
        .map(|left| left.action.as_deref().unwrap_or("reasoning"))
        .collect();
    let steps = match inner.len() {
        0 => return None,
        1 => "1 step".to_owned(),
        many => format!("{many} steps"),
    };
    Some(format!("; {steps} in it: {}", inner.join(", ")))
}
