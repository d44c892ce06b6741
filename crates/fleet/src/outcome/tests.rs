use super::{
    FORMAT_VERSION, FleetOutcome, FleetStatus, FoundCause, GateAnswer, NeedsPerson, NotRunCode,
    Stop, StopCode, TargetChange, TargetError, TargetOutcome, TargetStatus, WaveOutcome, schema,
};
use crate::rollout::{Amount, Ending, RolloutPolicy};
use crate::target::Target;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::verdict::Verdict;
use serde_json::Value as Json;

/// A fleet in which nothing is left out.
fn full() -> FleetOutcome {
    let target = Target {
        name: "shop/eu-west-1".to_owned(),
        account: Some("123456789012".to_owned()),
        region: Some("eu-west-1".to_owned()),
        role: Some("arn:aws:iam::123456789012:role/runbook".to_owned()),
        labels: [("team".to_owned(), "shop".to_owned())].into(),
        ..Target::default()
    };
    let at = Timestamp::UNIX_EPOCH;
    let ended = TargetOutcome {
        status: TargetStatus::Ended,
        run: Some("run".to_owned()),
        verdict: Some(Verdict::Failed),
        reason: Some("declined".to_owned()),
        explanation: Some("a step failed".to_owned()),
        causes: vec![FoundCause {
            name: "leak".to_owned(),
            title: "It leaks".to_owned(),
        }],
        error: Some(TargetError {
            step: Some("resolve.restart".to_owned()),
            code: "AccessDenied".to_owned(),
            message: "no".to_owned(),
        }),
        person: Some(NeedsPerson {
            step: Some("resolve.restart".to_owned()),
            question: Some("ecs:UpdateService {}".to_owned()),
            why: "nobody could be asked".to_owned(),
            next: Some("runbook approve run".to_owned()),
        }),
        calls: 3,
        changes: vec![TargetChange {
            step: "resolve.restart".to_owned(),
            action: "ecs:UpdateService".to_owned(),
            effect: "write".to_owned(),
            confirmed: true,
            undone: false,
        }],
        started: Some(at),
        ended: Some(at),
        ..TargetOutcome::waiting(&target, 1)
    };
    let left = TargetOutcome::not_run(&target, 2, NotRunCode::Stopped, "errors".to_owned());
    FleetOutcome {
        format_version: FORMAT_VERSION,
        fleet: "fleet".to_owned(),
        playbook: "restart".to_owned(),
        title: "Restart".to_owned(),
        severity: Some("P1".to_owned()),
        status: FleetStatus::Stopped,
        stopped: Some(Stop {
            code: StopCode::MaxErrors,
            message: "too many".to_owned(),
        }),
        policy: RolloutPolicy {
            per_account: Some(2),
            per_region: Some(1),
            max_errors: Amount::Percent(2.5),
            waves: vec![Amount::Number(1), Amount::Percent(100.0)],
            pause: Some(SignedDuration::from_mins(90)),
            approve: true,
            alarms: vec!["errors".to_owned()],
            ..RolloutPolicy::default()
        },
        waves: vec![WaveOutcome {
            wave: 1,
            targets: 1,
            answer: Some(GateAnswer {
                yes: true,
                by: "ann".to_owned(),
                reason: Some("looks good".to_owned()),
                at,
            }),
        }],
        targets: vec![ended, left],
        scenario: Some("leaking".to_owned()),
        started: at,
        ended: Some(at),
    }
}

/// The members of a document that its schema does not name, and those that it names and that are not there.
fn differing(schema: &Json, document: &Json, path: &str, found: &mut Vec<String>) {
    let schema = schema["anyOf"].get(0).unwrap_or(schema);
    if let (Some(members), Some(properties)) =
        (document.as_object(), schema["properties"].as_object())
    {
        for (name, value) in members {
            match properties.get(name) {
                Some(schema) => differing(schema, value, &format!("{path}.{name}"), found),
                None => found.push(format!("{path}.{name} is not in the schema")),
            }
        }
        let lacks = properties
            .keys()
            .filter(|name| !members.contains_key(*name));
        found.extend(lacks.map(|name| format!("{path}.{name} is not in the document")));
    }
    for item in document.as_array().into_iter().flatten() {
        differing(&schema["items"], item, &format!("{path}[]"), found);
    }
}

#[test]
fn the_document_has_what_its_schema_says_and_comes_back_as_it_was() {
    let fleet = full();
    let document = serde_json::to_value(&fleet).expect("JSON");
    let mut found = Vec::new();
    differing(&schema(), &document, "", &mut found);
    assert_eq!(found, Vec::<String>::new());
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(document["policy"]["pause"], "1h30m");
    assert_eq!(document["targets"][0]["verdict"], "failed");
    let back: FleetOutcome = serde_json::from_value(document).expect("a fleet");
    assert_eq!(back, fleet);
}

#[test]
fn what_was_not_run_because_the_fleet_stopped_is_no_error_of_its_own() {
    let fleet = full();
    let endings: Vec<Option<Ending>> = fleet.targets.iter().map(TargetOutcome::ending).collect();
    assert_eq!(endings, [Some(Ending::Badly), Some(Ending::Well)]);
    let unhealthy = TargetOutcome {
        verdict: Some(Verdict::Unhealthy),
        ..fleet.targets[0].clone()
    };
    assert_eq!(unhealthy.ending(), Some(Ending::Well));
    let locked = TargetOutcome::not_run(&Target::default(), 1, NotRunCode::Locked, String::new());
    assert_eq!(locked.ending(), Some(Ending::Badly));
    assert_eq!(TargetOutcome::waiting(&Target::default(), 1).ending(), None);
}
