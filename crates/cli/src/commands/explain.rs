//! `runbook explain`: what the codes of the checker mean.

use crate::args::{ExplainArguments, PageFormat};
use crate::console::Stream;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::explanation;
use runbook_playbook::diagnostic::Code;
use serde_json::{Value as Json, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// Prints the page of a code, or the list of all.
pub fn execute(arguments: &ExplainArguments, environment: &Environment) -> Result<u8, Failure> {
    let out = environment.console.out;
    let lines = match &arguments.code {
        None => list(arguments.format, out),
        Some(word) => {
            // What messages show in brackets may be pasted with them.
            let slug = word.trim_matches(['[', ']', '`']);
            let code = Code::from_slug(slug).ok_or_else(|| unknown(slug))?;
            page(code, arguments.format, out)
        }
    };
    let text = lines.join("\n");
    let paged = arguments.format == PageFormat::Text
        && out.terminal
        && through_pager(&text, &environment.variables);
    if !paged {
        out.line(text);
    }
    Ok(exit::WELL)
}

fn unknown(slug: &str) -> Failure {
    let meant = match Code::similar(slug) {
        Some(code) => format!("did you mean `{}`?", code.slug()),
        None => "`runbook explain` lists all codes".to_owned(),
    };
    Failure::wrong(format!("there is no code `{slug}`; {meant}"))
}

fn page(code: Code, format: PageFormat, out: Stream) -> Vec<String> {
    match format {
        PageFormat::Text => {
            let mut lines = explanation::page(code.page(), out.look);
            if let Some(first) = lines.first_mut() {
                *first = format!("{first}  ({})", code.severity().word());
            }
            lines
        }
        PageFormat::Markdown => vec![code.page().trim_end().to_owned()],
        PageFormat::Json => {
            let mut document = described(code);
            if let Some(fields) = document.as_object_mut() {
                fields.insert("page".to_owned(), code.page().into());
            }
            vec![format!("{document:#}")]
        }
    }
}

fn list(format: PageFormat, out: Stream) -> Vec<String> {
    let codes = Code::ALL.iter().copied();
    match format {
        PageFormat::Text => {
            let width = codes.clone().map(|code| code.slug().len()).max();
            let width = width.unwrap_or(0);
            codes
                .map(|code| {
                    let slug = explanation::bold(&format!("{:width$}", code.slug()), out.look);
                    let severity = code.severity().word();
                    format!("{slug}  {severity:7}  {}", code.meaning())
                })
                .collect()
        }
        PageFormat::Markdown => {
            let head = [
                "| code | | meaning |".to_owned(),
                "| --- | --- | --- |".to_owned(),
            ];
            let rows = codes.map(|code| {
                let severity = code.severity().word();
                format!("| `{}` | {severity} | {} |", code.slug(), code.meaning())
            });
            head.into_iter().chain(rows).collect()
        }
        PageFormat::Json => {
            let all: Vec<Json> = codes.map(described).collect();
            vec![format!("{:#}", Json::Array(all))]
        }
    }
}

fn described(code: Code) -> Json {
    json!({
        "code": code.slug(),
        "severity": code.severity().word(),
        "meaning": code.meaning(),
    })
}

/// Shows text in `$PAGER`, by default `less`; false where that cannot be started. What fits on the screen `less` just prints.
fn through_pager(text: &str, variables: &[(String, String)]) -> bool {
    let given = variables.iter().find(|(name, _)| name == "PAGER");
    let command = given.map_or("less", |(_, command)| command.as_str());
    let mut words = command.split_whitespace();
    let Some(program) = words.next().filter(|program| *program != "cat") else {
        return false;
    };
    let mut pager = Command::new(program);
    pager.args(words).stdin(Stdio::piped());
    if !variables.iter().any(|(name, _)| name == "LESS") {
        pager.env("LESS", "FRX");
    }
    let Ok(mut child) = pager.spawn() else {
        return false;
    };
    if let Some(mut input) = child.stdin.take() {
        // Who leaves the pager early has read enough.
        let _ = writeln!(input, "{text}");
    }
    child.wait().is_ok()
}
