//! A run as the XML that the `JUnit` task of Apache Ant writes: graphs are suites, steps are test cases.

use super::facts::facts;
use super::model::{Report, Step, Truth};
use super::said::{answer, found, graph_name, verdict};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fmt::Write as _;

/// A test case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) seconds: f64,
    pub(crate) end: End,
}

/// How a test case ended; a failure and an error with their type and what is said.
pub(crate) enum End {
    Passed,
    Skipped,
    Failure(String, String),
    Error(String, String),
}

/// A suite.
pub(crate) struct Suite {
    pub(crate) name: String,
    pub(crate) at: Timestamp,
    pub(crate) cases: Vec<Case>,
    pub(crate) properties: Vec<(String, String)>,
    pub(crate) said: String,
}

/// Writes a report.
#[must_use]
pub fn document(report: &Report) -> String {
    let mut suites = vec![whole(report)];
    for (number, graph) in report.graphs.iter().enumerate() {
        let steps = report
            .steps
            .iter()
            .filter(|step| step.graph == Some(number));
        let cases: Vec<Case> = steps.clone().map(|step| case(report, step)).collect();
        if cases.is_empty() {
            continue;
        }
        let within = graph
            .within
            .as_ref()
            .map_or_else(String::new, |within| format!("{within}/"));
        let reading = graph
            .reading
            .map_or_else(String::new, |reading| format!(" reading {reading}"));
        let said: Vec<String> = steps
            .map(|step| (step, found(step)))
            .filter(|(_, found)| !found.is_empty())
            .map(|(step, found)| format!("{}: {found}", step.path))
            .collect();
        suites.push(Suite {
            name: format!("{within}{}{reading}", graph.name),
            at: graph.started,
            cases,
            properties: vec![("run".to_owned(), report.run.clone())],
            said: said.join("\n"),
        });
    }
    xml_of(&report.playbook, &suites)
}

/// Suites of a playbook as a document.
pub(crate) fn xml_of(playbook: &str, suites: &[Suite]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (number, suite) in suites.iter().enumerate() {
        write(&mut text, playbook, number, suite);
    }
    text.push_str("</testsuites>\n");
    text
}

/// The run as a suite of one case, so that a run that did not end well is a failure even where no step is.
fn whole(report: &Report) -> Suite {
    let why = report.explanation.clone().unwrap_or_default();
    let end = match report.status.as_str() {
        "running" | "interrupted" | "paused" => End::Error(report.status.clone(), why),
        status if super::said::tone(status) == super::model::Tone::Good => End::Passed,
        status => End::Failure(status.to_owned(), why),
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of a run")]
    let seconds = report.seconds.unwrap_or(0) as f64;
    let facts = facts(report).into_iter();
    let mut properties: Vec<(String, String)> = facts
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for cause in report
        .causes
        .iter()
        .filter(|cause| cause.found == Truth::True)
    {
        properties.push(("cause".to_owned(), cause.title.clone()));
    }
    for approval in &report.approvals {
        let said = format!("{}: {}", approval.step, answer(approval));
        properties.push(("approval".to_owned(), said));
    }
    Suite {
        name: "run".to_owned(),
        at: report.started,
        cases: vec![Case {
            name: format!("verdict: {}", verdict(report)),
            class: report.playbook.clone(),
            seconds,
            end,
        }],
        properties,
        said: report
            .left
            .iter()
            .map(|left| left.text.as_str())
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

fn case(report: &Report, step: &Step) -> Case {
    let graph = graph_name(report, step);
    let seconds = match (step.started, step.ended) {
        (Some(started), Some(ended)) => ended.duration_since(started).as_secs_f64(),
        _ => 0.0,
    };
    let wrong = match graph {
        "check" => step.holds == Some(Truth::False),
        "verify" => step.holds == Some(Truth::True),
        _ => false,
    };
    let code = step
        .error
        .as_ref()
        .map_or("unknown", |error| error.code.as_str());
    let end = match step.status.as_str() {
        "skipped" => End::Skipped,
        "done" | "undone" if wrong => End::Failure("assertion".to_owned(), found(step)),
        "done" | "undone" if step.holds == Some(Truth::Unknown) => {
            End::Error("unknown".to_owned(), found(step))
        }
        "done" | "undone" => End::Passed,
        "failed" if step.calls.iter().all(|call| call.error.is_none()) => {
            End::Failure(code.to_owned(), found(step))
        }
        _ => End::Error(code.to_owned(), found(step)),
    };
    Case {
        name: step.path.clone(),
        class: format!("{}.{graph}", report.playbook),
        seconds,
        end,
    }
}

fn write(text: &mut String, playbook: &str, number: usize, suite: &Suite) {
    let count = |fits: fn(&End) -> bool| suite.cases.iter().filter(|case| fits(&case.end)).count();
    let seconds: f64 = suite.cases.iter().map(|case| case.seconds).sum();
    let _ = writeln!(
        text,
        "  <testsuite package=\"{}\" id=\"{number}\" name=\"{}\" timestamp=\"{}\" hostname=\"localhost\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{seconds:.3}\">\n    <properties>",
        xml(playbook),
        xml(&suite.name),
        suite
            .at
            .to_zoned(TimeZone::UTC)
            .strftime("%Y-%m-%dT%H:%M:%S"),
        suite.cases.len(),
        count(|end| matches!(end, End::Failure(..))),
        count(|end| matches!(end, End::Error(..))),
        count(|end| matches!(end, End::Skipped)),
    );
    for (name, value) in &suite.properties {
        let _ = writeln!(
            text,
            "      <property name=\"{}\" value=\"{}\"/>",
            xml(name),
            xml(value)
        );
    }
    text.push_str("    </properties>\n");
    for case in &suite.cases {
        let _ = write!(
            text,
            "    <testcase name=\"{}\" classname=\"{}\" time=\"{:.3}\"",
            xml(&case.name),
            xml(&case.class),
            case.seconds
        );
        let end = match &case.end {
            End::Passed => "/>\n".to_owned(),
            End::Skipped => "><skipped/></testcase>\n".to_owned(),
            End::Failure(kind, said) => ended("failure", kind, said),
            End::Error(kind, said) => ended("error", kind, said),
        };
        text.push_str(&end);
    }
    let _ = writeln!(
        text,
        "    <system-out>{}</system-out>\n    <system-err></system-err>\n  </testsuite>",
        xml(&suite.said)
    );
}

fn ended(element: &str, kind: &str, said: &str) -> String {
    format!(
        "><{element} type=\"{}\" message=\"{}\">{1}</{element}></testcase>\n",
        xml(kind),
        xml(said)
    )
}

/// Text as XML 1.0 may hold it: control characters, which it may not, are written as `\u{..}`.
fn xml(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            c if crate::escape::is_steering(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                safe.extend(c.escape_unicode());
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::xml;

    #[test]
    fn what_xml_may_not_hold_is_written_out() {
        assert_eq!(
            xml("a\u{0}\u{1b}[31m<b>&\"\u{fffe}\n"),
            "a\\u{0}\\u{1b}[31m&lt;b&gt;&amp;&quot;\\u{fffe}\n"
        );
    }
}
