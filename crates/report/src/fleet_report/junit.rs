//! A fleet as the XML that the `JUnit` task of Apache Ant writes: waves are suites, targets are test cases.

use super::model::{FleetReport, TargetTold};
use crate::run_report::junit::{Case, End, Suite, xml_of};
use crate::run_report::model::Tone;

/// Writes a report.
#[must_use]
pub fn document(report: &FleetReport) -> String {
    let mut suites = vec![whole(report)];
    for wave in &report.waves {
        let own = report
            .targets
            .iter()
            .filter(|target| target.wave == wave.wave);
        let own: Vec<&TargetTold> = own.collect();
        if own.is_empty() {
            continue;
        }
        let found: Vec<String> = own
            .iter()
            .filter(|target| !target.causes.is_empty())
            .map(|target| format!("{}: {}", target.name, target.causes.join("; ")))
            .collect();
        suites.push(Suite {
            name: format!("wave {}", wave.wave),
            at: wave.started.unwrap_or(report.started),
            cases: own.iter().map(|target| case(report, target)).collect(),
            properties: vec![("fleet".to_owned(), report.fleet.clone())],
            said: found.join("\n"),
        });
    }
    xml_of(&report.playbook, &suites)
}

/// The fleet as a suite of one case, so that one that was stopped or waits is not taken for well where each target is.
fn whole(report: &FleetReport) -> Suite {
    let why = report.explanation.clone();
    let end = match (report.status.as_str(), report.tone) {
        (_, Tone::Good) => End::Passed,
        ("ended" | "stopped", _) => End::Failure(report.status.clone(), why),
        _ => End::Error(report.status.clone(), why),
    };
    let mut properties = vec![("fleet".to_owned(), report.fleet.clone())];
    for count in &report.counts {
        properties.push((format!("targets {}", count.end), count.targets.to_string()));
    }
    for cause in &report.causes {
        properties.push((
            "cause".to_owned(),
            format!("{} ({})", cause.title, cause.targets),
        ));
    }
    let people = report.people.iter().map(|person| {
        let next = person.next.as_ref();
        let next = next.map_or_else(String::new, |next| format!(" ({next})"));
        format!("{}: {}{next}", person.target, person.why)
    });
    #[expect(clippy::cast_precision_loss, reason = "seconds of a fleet")]
    let seconds = report.seconds.unwrap_or(0) as f64;
    Suite {
        name: "fleet".to_owned(),
        at: report.started,
        cases: vec![Case {
            name: format!("fleet: {}", report.status),
            class: report.playbook.clone(),
            seconds,
            end,
        }],
        properties,
        said: people.collect::<Vec<_>>().join("\n"),
    }
}

fn case(report: &FleetReport, target: &TargetTold) -> Case {
    let place: Vec<&str> = [target.account.as_deref(), target.region.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let said = || match target.causes.as_slice() {
        [] => target.said.clone(),
        causes => format!("{} [{}]", target.said, causes.join("; ")),
    };
    let end = match (target.end.as_str(), target.not_run.as_deref(), target.tone) {
        ("waiting", _, _) | ("not_run", Some("stopped"), _) => End::Skipped,
        ("not_run", Some(code), _) => End::Error(code.to_owned(), said()),
        (_, _, Tone::Good) => End::Passed,
        // Asked questions and runs that go on are no verdicts.
        ("running" | "paused" | "aborted", _, _) => End::Error(target.end.clone(), said()),
        (end, _, _) => End::Failure(end.to_owned(), said()),
    };
    Case {
        name: target.name.clone(),
        class: match place.as_slice() {
            [] => report.playbook.clone(),
            place => format!("{}.{}", report.playbook, place.join(".")),
        },
        seconds: target.seconds.unwrap_or(0.0),
        end,
    }
}
