//! `runbook doctor`: what a run needs of its surroundings, and what to do where something is missing.

use crate::args::{DoctorArguments, Format};
use crate::doctor::{Finding, State, examine};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use runbook_report::question::safe;
use runbook_report::terminal::Look;
use serde_json::{Map, Value as Json, json};

/// The version of the document.
const VERSION: u32 = 1;

/// Looks at everything and says what was found.
pub fn execute(arguments: &DoctorArguments, environment: &Environment) -> Result<u8, Failure> {
    let runtime = super::runtime()?;
    let findings = runtime.block_on(examine(arguments, environment));
    runtime.shutdown_background();
    let out = environment.console.out;
    match arguments.format {
        Format::Json => out.line(format!("{:#}", document(&findings))),
        Format::Text => out.lines(&lines(&findings, out.look)),
    }
    Ok(if failed(&findings) == 0 {
        exit::WELL
    } else {
        exit::ENVIRONMENT
    })
}

fn failed(findings: &[Finding]) -> usize {
    let failed = findings.iter().filter(|one| one.state == State::Failed);
    failed.count()
}

fn document(findings: &[Finding]) -> Json {
    let checks: Vec<Json> = findings
        .iter()
        .map(|one| {
            let mut check = Map::new();
            check.insert("check".to_owned(), one.check.into());
            check.insert("state".to_owned(), one.state.as_str().into());
            check.insert("said".to_owned(), one.said.as_str().into());
            check.insert("next".to_owned(), json!(one.next));
            check.insert("facts".to_owned(), Json::Object(one.facts.clone()));
            Json::Object(check)
        })
        .collect();
    json!({"version": VERSION, "ok": failed(findings) == 0, "checks": checks})
}

fn lines(findings: &[Finding], look: Look) -> Vec<String> {
    let width = findings.iter().map(|one| one.check.len()).max();
    let width = width.unwrap_or_default();
    let mut lines = Vec::new();
    for one in findings {
        let (sign, colour) = match one.state {
            State::Well => ("✓", "32"),
            State::Note => ("!", "33"),
            State::Failed => ("✗", "31"),
            State::Skipped => ("-", "2"),
        };
        let sign = match look.colour {
            true => format!("\u{1b}[{colour}m{sign}\u{1b}[0m"),
            false => sign.to_owned(),
        };
        lines.push(format!("{sign} {:width$}  {}", one.check, safe(&one.said)));
        if let Some(next) = &one.next {
            lines.push(format!("  {:width$}  → {}", "", safe(next)));
        }
    }
    lines.push(String::new());
    lines.push(match failed(findings) {
        0 => "nothing keeps runs from working".to_owned(),
        1 => "one check failed: do what its arrow says, then run `runbook doctor` again".to_owned(),
        many => format!(
            "{many} checks failed: do what their arrows say, then run `runbook doctor` again"
        ),
    });
    lines
}
