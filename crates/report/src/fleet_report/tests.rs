//! Fleets of each kind, told in each format.

use super::model::{FleetReport, document, schema};
use super::{Told, html, junit, page_of, tell, text};
use crate::line::Look;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_fleet::outcome::{
    FORMAT_VERSION, FleetOutcome, FleetStatus, FoundCause, GateAnswer, NeedsPerson, NotRunCode,
    Stop, StopCode, TargetChange, TargetError, TargetOutcome, TargetStatus, WaveOutcome,
};
use runbook_fleet::rollout::RolloutPolicy;
use runbook_fleet::target::Target;
use runbook_interpreter::verdict::Verdict;

fn at(seconds: i64) -> Timestamp {
    let start: Timestamp = "2026-03-01T09:00:00Z".parse().expect("a time");
    start + SignedDuration::from_secs(seconds)
}

fn place(name: &str, region: &str) -> Target {
    Target {
        name: name.to_owned(),
        account: Some("123456789012".to_owned()),
        region: Some(region.to_owned()),
        labels: IndexMap::from([("team".to_owned(), "orders".to_owned())]),
        ..Target::default()
    }
}

/// A target that ended after so many seconds.
fn ended(name: &str, region: &str, wave: usize, verdict: Verdict, seconds: i64) -> TargetOutcome {
    TargetOutcome {
        status: TargetStatus::Ended,
        run: Some(format!("run-of-{name}")),
        verdict: Some(verdict),
        explanation: Some(format!("it is {}", verdict.as_str())),
        calls: 12,
        started: Some(at(0)),
        ended: Some(at(seconds)),
        ..TargetOutcome::waiting(&place(name, region), wave)
    }
}

fn leaking(target: TargetOutcome) -> TargetOutcome {
    TargetOutcome {
        causes: vec![FoundCause {
            name: "out_of_memory".to_owned(),
            title: "Tasks are killed for running out of memory".to_owned(),
        }],
        changes: vec![TargetChange {
            step: "resolve.restart".to_owned(),
            action: "ecs:UpdateService".to_owned(),
            effect: "write".to_owned(),
            confirmed: true,
            undone: false,
        }],
        ..target
    }
}

fn failing(target: TargetOutcome) -> TargetOutcome {
    TargetOutcome {
        error: Some(TargetError {
            step: Some("diagnose.stopped".to_owned()),
            code: "ThrottlingException".to_owned(),
            message: "Rate exceeded".to_owned(),
        }),
        throttled: 7,
        retries: 4,
        ..target
    }
}

fn asking(target: TargetOutcome) -> TargetOutcome {
    TargetOutcome {
        status: TargetStatus::Paused,
        verdict: Some(Verdict::Paused),
        person: Some(NeedsPerson {
            step: Some("resolve.restart".to_owned()),
            question: Some("ecs:UpdateService\n  service: <api>".to_owned()),
            why: "the playbook wants a person to say yes".to_owned(),
            next: Some("runbook approve run-of-api resolve.restart".to_owned()),
        }),
        ..target
    }
}

fn fleet(status: FleetStatus, waves: &[usize], targets: Vec<TargetOutcome>) -> FleetOutcome {
    let over = !matches!(status, FleetStatus::Running);
    FleetOutcome {
        format_version: FORMAT_VERSION,
        fleet: "5f0c7a52".to_owned(),
        playbook: "acso/memory-leak".to_owned(),
        title: "A service leaks memory".to_owned(),
        severity: Some("P1".to_owned()),
        status,
        stopped: None,
        policy: RolloutPolicy::default(),
        waves: waves
            .iter()
            .enumerate()
            .map(|(number, targets)| WaveOutcome {
                wave: number + 1,
                targets: *targets,
                answer: None,
            })
            .collect(),
        targets,
        scenario: None,
        started: at(0),
        ended: over.then(|| at(300)),
    }
}

fn well() -> FleetOutcome {
    let regions = ["eu-west-1", "us-east-1"];
    let targets = regions.map(|region| {
        let name = format!("api/{region}");
        leaking(ended(&name, region, 1, Verdict::Resolved, 61))
    });
    fleet(FleetStatus::Ended, &[2], targets.into())
}

fn mixed() -> FleetOutcome {
    let mut targets = vec![
        leaking(ended("api", "eu-west-1", 1, Verdict::Resolved, 61)),
        ended("web", "eu-west-1", 2, Verdict::Absent, 2),
        failing(ended("jobs", "us-east-1", 2, Verdict::Failed, 240)),
        failing(ended("mail", "us-east-1", 2, Verdict::Failed, 12)),
        leaking(ended("search", "us-east-1", 2, Verdict::Unresolved, 100)),
    ];
    targets.push(TargetOutcome::not_run(
        &place("gone", "ap-south-2"),
        2,
        NotRunCode::Place,
        "the region ap-south-2 is not enabled for the account".to_owned(),
    ));
    fleet(FleetStatus::Ended, &[1, 5], targets)
}

fn stopped() -> FleetOutcome {
    let mut outcome = mixed();
    outcome.status = FleetStatus::Stopped;
    outcome.stopped = Some(Stop {
        code: StopCode::MaxErrors,
        message: "4 targets ended badly, and 2 may".to_owned(),
    });
    outcome.targets.push(TargetOutcome::not_run(
        &place("last", "eu-west-1"),
        3,
        NotRunCode::Stopped,
        "4 targets ended badly, and 2 may".to_owned(),
    ));
    outcome.waves = vec![
        WaveOutcome {
            wave: 1,
            targets: 1,
            answer: None,
        },
        WaveOutcome {
            wave: 2,
            targets: 5,
            answer: Some(GateAnswer {
                yes: true,
                by: "ann".to_owned(),
                reason: Some("the canary is well".to_owned()),
                at: at(70),
            }),
        },
        WaveOutcome {
            wave: 3,
            targets: 1,
            answer: None,
        },
    ];
    outcome
}

fn waiting() -> FleetOutcome {
    let api = asking(ended("api", "eu-west-1", 1, Verdict::Paused, 3));
    let web = TargetOutcome::waiting(&place("web", "eu-west-1"), 2);
    fleet(FleetStatus::Waiting, &[1, 1], vec![api, web])
}

fn running() -> FleetOutcome {
    let api = ended("api", "eu-west-1", 1, Verdict::Healthy, 3);
    let web = TargetOutcome {
        status: TargetStatus::Running,
        started: Some(at(1)),
        ..TargetOutcome::waiting(&place("web", "eu-west-1"), 1)
    };
    fleet(FleetStatus::Running, &[2], vec![api, web])
}

fn all() -> Vec<(&'static str, FleetOutcome)> {
    vec![
        ("well", well()),
        ("mixed", mixed()),
        ("stopped", stopped()),
        ("waiting", waiting()),
        ("running", running()),
        ("empty", fleet(FleetStatus::Ended, &[], Vec::new())),
    ]
}

fn told(outcome: &FleetOutcome) -> FleetReport {
    tell(
        outcome,
        Told {
            has_page: &|target| target.run.is_some(),
            command: &|name| format!("runbook fleet {name} 5f0c7a52"),
        },
    )
}

fn shown(outcome: &FleetOutcome, width: usize) -> String {
    let look = Look {
        width: Some(width),
        colour: false,
    };
    text::lines(&told(outcome), look).join("\n")
}

#[test]
fn text_of_each_kind_at_80_columns() {
    for (name, outcome) in all() {
        insta::assert_snapshot!(format!("{name}_80"), shown(&outcome, 80));
    }
}

#[test]
fn text_of_each_kind_at_40_columns() {
    for (name, outcome) in all() {
        insta::assert_snapshot!(format!("{name}_40"), shown(&outcome, 40));
    }
}

#[test]
fn no_line_but_a_command_is_wider_than_the_terminal() {
    for (name, outcome) in all() {
        for width in [40, 80] {
            for line in shown(&outcome, width).lines() {
                let fits = line.chars().count() <= width || line.contains("→ ");
                assert!(fits, "{name} at {width}: {line}");
            }
        }
    }
}

#[test]
fn junit_of_each_kind() {
    for (name, outcome) in all() {
        insta::assert_snapshot!(format!("{name}_junit"), junit::document(&told(&outcome)));
    }
}

#[test]
fn documents_validate_and_causes_are_ranked() {
    let validator = jsonschema::validator_for(&schema()).expect("a schema");
    for (name, outcome) in all() {
        let document = document(&told(&outcome));
        let problems: Vec<String> = validator
            .iter_errors(&document)
            .map(|problem| problem.to_string())
            .collect();
        assert!(problems.is_empty(), "{name}: {problems:?}");
    }
    let report = told(&stopped());
    let codes: Vec<(&str, usize)> = report
        .failures
        .iter()
        .map(|failure| (failure.code.as_str(), failure.targets))
        .collect();
    assert_eq!(
        codes,
        [("ThrottlingException", 2), ("unresolved", 1), ("place", 1)]
    );
    assert_eq!(report.causes.first().map(|cause| cause.targets), Some(2));
    assert_eq!(
        report.slowest.first().map(|slow| slow.target.as_str()),
        Some("jobs")
    );
    assert_eq!(report.totals.errors, 4);
    let regions = report.groups.iter().filter(|group| group.by == "region");
    assert_eq!(regions.count(), 3);
    // One account and one team part nothing.
    assert!(report.groups.iter().all(|group| group.by == "region"));
}

#[test]
fn a_page_leads_to_each_target_and_its_own_report() {
    let page = html::page(&told(&stopped()));
    for due in [
        "<a href=\"runs/jobs.html\">jobs</a>",
        "href=\"#t2\">jobs</a>",
        "id=\"t2\"",
        "Why targets did not end well",
        "<th scope=\"col\">Region</th>",
        "yes by ann",
        "runbook fleet resume 5f0c7a52 --max-errors AMOUNT",
    ] {
        assert!(page.contains(due), "{due} is not in\n{page}");
    }
    assert!(!page.contains("<script"), "{page}");
    let asked = html::page(&told(&waiting()));
    assert!(asked.contains("service: &lt;api&gt;"), "{asked}");
}

#[test]
fn pages_of_targets_have_names_of_their_own() {
    assert_eq!(page_of("api-eu-west-1"), "runs/api-eu-west-1.html");
    let names = [
        "a/b",
        "a-b",
        "A-b",
        "a\\b",
        "../b",
        ".b",
        "",
        "é",
        &"x".repeat(200),
    ];
    let mut pages: Vec<String> = names.iter().map(|name| page_of(name)).collect();
    for page in &pages {
        let name = page.strip_prefix("runs/").expect("below it");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        assert!(name.chars().all(plain) && !name.starts_with('.'), "{page}");
        assert!(name.len() < 120, "{page}");
    }
    pages.sort();
    pages.dedup();
    assert_eq!(pages.len(), names.len());
}

#[test]
fn what_targets_say_cannot_steer_anything() {
    let mut outcome = waiting();
    if let Some(target) = outcome.targets.first_mut() {
        "<script>\u{1b}[31m\u{202e}".clone_into(&mut target.name);
    }
    assert!(!shown(&outcome, 80).contains('\u{1b}'));
    let page = html::page(&told(&outcome));
    assert!(
        !page.contains("<script>") && !page.contains('\u{1b}'),
        "{page}"
    );
    let xml = junit::document(&told(&outcome));
    assert!(
        !xml.contains('\u{1b}') && !xml.contains("<script>"),
        "{xml}"
    );
}
