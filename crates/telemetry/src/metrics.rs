//! Counts of a run in `CloudWatch`'s embedded metric format (specification 0): a JSON document a line, for a log that
//! `CloudWatch` reads.

use crate::notes::Note;
use crate::trace::{is_retry, is_throttle};
use indexmap::IndexMap;
use jiff::Timestamp;
use runbook_interpreter::outcome::{Outcome, StepStatus};
use runbook_interpreter::verdict::Reason;
use serde_json::{Map, Value as Json, json};

/// The namespace of the metrics.
pub const NAMESPACE: &str = "Runbook";

/// The most values of a metric in one document.
const MOST_VALUES: usize = 100;

/// What is counted.
#[derive(Debug, Default)]
pub struct Tally {
    actions: IndexMap<String, Action>,
}

/// What is counted of an action.
#[derive(Debug, Default, Clone)]
struct Action {
    calls: u64,
    errors: u64,
    retries: u64,
    throttles: u64,
    milliseconds: Vec<f64>,
}

/// Where a run was, for the documents.
#[derive(Debug, Clone, Default)]
pub struct Place<'a> {
    /// The account.
    pub account: Option<&'a str>,
    /// The region.
    pub region: Option<&'a str>,
    /// What was done with the run: `run`, `resume`, `undo`.
    pub deed: &'a str,
}

impl Tally {
    /// Counts a call.
    pub fn call(&mut self, action: &str, failed: bool, milliseconds: f64, notes: &[Note]) {
        let counted = self.actions.entry(action.to_owned()).or_default();
        counted.calls += 1;
        counted.errors += u64::from(failed);
        counted.milliseconds.push(milliseconds);
        for note in notes {
            counted.retries += u64::from(is_retry(note));
            counted.throttles += u64::from(is_throttle(note));
        }
    }

    /// The documents of a run that has ended: one for itself, and those of each action that it called.
    #[must_use]
    pub fn documents(&self, outcome: &Outcome, began: Timestamp, place: &Place<'_>) -> Vec<Json> {
        let mut properties = Map::new();
        for (name, value) in [
            ("run", Some(outcome.run.as_str())),
            ("deed", Some(place.deed)),
            ("reason", outcome.reason.map(Reason::as_str)),
            ("account", place.account),
            ("region", place.region),
        ] {
            if let Some(value) = value {
                properties.insert(name.to_owned(), value.into());
            }
        }
        let sum = |count: fn(&Action) -> u64| self.actions.values().map(count).sum::<u64>();
        let steps = |status: StepStatus| {
            let steps = outcome.steps.values();
            steps.filter(|step| step.status == status).count()
        };
        let causes = outcome.causes.iter();
        let found = causes
            .filter(|cause| crate::trace::word(cause.found) == "true")
            .count();
        let changes = outcome
            .changes
            .iter()
            .filter(|change| change.confirmed)
            .count();
        let metrics = [
            ("Runs", "Count", json!(1)),
            (
                "Duration",
                "Seconds",
                json!(outcome.ended.duration_since(began).as_secs_f64().max(0.0)),
            ),
            ("StepsDone", "Count", json!(steps(StepStatus::Done))),
            ("StepsFailed", "Count", json!(steps(StepStatus::Failed))),
            ("StepsSkipped", "Count", json!(steps(StepStatus::Skipped))),
            ("CausesFound", "Count", json!(found)),
            ("Changes", "Count", json!(changes)),
            ("Calls", "Count", json!(sum(|action| action.calls))),
            ("CallErrors", "Count", json!(sum(|action| action.errors))),
            ("Throttles", "Count", json!(sum(|action| action.throttles))),
            ("Retries", "Count", json!(sum(|action| action.retries))),
        ];
        let at = outcome.ended.as_millisecond();
        let playbook = ("playbook", outcome.playbook.as_str());
        let verdict = ("verdict", outcome.verdict.as_str());
        let mut documents = vec![document(
            at,
            &[&[playbook], &[playbook, verdict]],
            &metrics,
            &properties,
        )];
        for (name, action) in &self.actions {
            let dimension = ("action", name.as_str());
            let dimensions: [&[_]; 2] = [&[dimension], &[playbook, dimension]];
            // What is counted stands in the first; the others have more values.
            let mut values = action.milliseconds.chunks(MOST_VALUES);
            let metrics = [
                ("ActionCalls", "Count", json!(action.calls)),
                ("ActionErrors", "Count", json!(action.errors)),
                ("ActionThrottles", "Count", json!(action.throttles)),
                ("ActionRetries", "Count", json!(action.retries)),
                ("ActionDuration", "Milliseconds", json!(values.next())),
            ];
            documents.push(document(at, &dimensions, &metrics, &properties));
            for more in values {
                let metrics = [("ActionDuration", "Milliseconds", json!(more))];
                documents.push(document(at, &dimensions, &metrics, &properties));
            }
        }
        documents
    }
}

fn document(
    at: i64,
    dimensions: &[&[(&str, &str)]],
    metrics: &[(&str, &str, Json)],
    properties: &Map<String, Json>,
) -> Json {
    let sets: Vec<Vec<&str>> = dimensions
        .iter()
        .map(|set| set.iter().map(|(name, _)| *name).collect())
        .collect();
    let defined: Vec<Json> = metrics
        .iter()
        .map(|(name, unit, _)| json!({"Name": name, "Unit": unit}))
        .collect();
    let mut document = json!({
        "_aws": {
            "Timestamp": at,
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": sets, "Metrics": defined}],
        }
    });
    let values = dimensions
        .iter()
        .flat_map(|set| set.iter())
        .map(|(name, value)| (*name, Json::from(*value)));
    let values = values.chain(
        metrics
            .iter()
            .map(|(name, _, value)| (*name, value.clone())),
    );
    let properties = properties
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    if let Some(members) = document.as_object_mut() {
        for (name, value) in values.chain(properties) {
            members.insert(name.to_owned(), value);
        }
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::Said;
    use runbook_interpreter::verdict::Verdict;
    use std::time::SystemTime;

    fn outcome() -> Outcome {
        Outcome {
            run: "r-1".to_owned(),
            playbook: "acso/memory-leak".to_owned(),
            verdict: Verdict::Resolved,
            reason: None,
            explanation: String::new(),
            environment: false,
            causes: Vec::new(),
            steps: IndexMap::new(),
            changes: Vec::new(),
            outputs: IndexMap::new(),
            started: Timestamp::UNIX_EPOCH,
            ended: Timestamp::from_second(90).expect("a time"),
            waiting: None,
            escalated: None,
        }
    }

    fn note(what: &str, resend: i64) -> Note {
        Note {
            at: SystemTime::UNIX_EPOCH,
            what: what.to_owned(),
            fields: vec![("http.request.resend_count", Said::Number(resend))],
        }
    }

    #[test]
    fn every_document_fits_the_published_schema() {
        let schema: Json =
            serde_json::from_str(include_str!("../tests/emf.schema.json")).expect("a schema");
        let validator = jsonschema::validator_for(&schema).expect("a schema");
        let mut tally = Tally::default();
        for _ in 0..250 {
            tally.call("ecs:DescribeServices", false, 12.5, &[]);
        }
        let documents = tally.documents(&outcome(), Timestamp::UNIX_EPOCH, &Place::default());
        assert_eq!(documents.len(), 4);
        for document in &documents {
            let wrong: Vec<String> = validator
                .iter_errors(document)
                .map(|error| error.to_string())
                .collect();
            assert!(wrong.is_empty(), "{wrong:?}: {document}");
            // Each name that is defined has its value, and lists are short enough.
            let directive = &document["_aws"]["CloudWatchMetrics"][0];
            for metric in directive["Metrics"].as_array().expect("metrics") {
                let value = &document[metric["Name"].as_str().expect("a name")];
                let list = value.as_array().map_or(1, Vec::len);
                assert!(value.is_number() || value.is_array(), "{metric}");
                assert!((1..=MOST_VALUES).contains(&list));
            }
            for set in directive["Dimensions"].as_array().expect("sets") {
                for name in set.as_array().expect("names") {
                    assert!(document[name.as_str().expect("a name")].is_string());
                }
            }
        }
        assert_eq!(documents[0]["Calls"], 250);
        assert_eq!(documents[1]["ActionCalls"], 250);
    }

    #[test]
    fn repetitions_and_throttles_are_counted_by_action() {
        let mut tally = Tally::default();
        let notes = [
            note("answered", 0),
            note("throttled", 0),
            note("answered", 1),
        ];
        tally.call("ecs:ListTasks", true, 3.0, &notes);
        let documents = tally.documents(&outcome(), Timestamp::UNIX_EPOCH, &Place::default());
        for (document, prefix) in [(&documents[0], ""), (&documents[1], "Action")] {
            assert_eq!(document[format!("{prefix}Throttles")], 1);
            assert_eq!(document[format!("{prefix}Retries")], 1);
        }
        assert_eq!(documents[0]["CallErrors"], 1);
        assert_eq!(documents[0]["Duration"], 90.0);
        assert_eq!(documents[0]["verdict"], "resolved");
    }
}
