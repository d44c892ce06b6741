//! `runbook triage --text`: playbooks for an error message, log lines or an alarm, without any call.

use crate::args::{Format, TargetArguments, TriageArguments};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::load;
use crate::matching::{Corpus, Heard, Known, known};
use crate::onward::{all_known, command};
use crate::parallel::side_by_side;
use runbook_playbook::inputs::Given;
use runbook_playbook::syntax::input::Input;
use runbook_playbook::template::Data;
use runbook_report::text_match::{TextMatch, Understood, document, lines};
use std::io::Read;
use std::path::PathBuf;

/// The most playbooks that are shown.
const SHOWN: usize = 5;
/// How well a playbook must fit beside the best one.
const LEAST: f64 = 0.3;
/// The longest text, in bytes.
const LONGEST: u64 = 1 << 20;

/// Finds playbooks for a text.
pub fn execute(
    text: &str,
    files: &[PathBuf],
    arguments: &TriageArguments,
    environment: &Environment,
) -> Result<u8, Failure> {
    let heard = Heard::of(&given_text(text, environment)?);
    if heard.pieces.is_empty() {
        return Err(Failure::wrong(
            "--text: there is no text; give an error message, log lines or an alarm's JSON",
        ));
    }
    let read = side_by_side(files, |file| known(file, environment));
    let playbooks: Vec<Known> = read.into_iter().flatten().collect();
    if playbooks.is_empty() {
        return Err(Failure::wrong("there are no playbooks here; name a folder"));
    }
    let typed = load::given(&arguments.given, None, environment)?;
    all_known(&typed, playbooks.iter().map(|known| &known.playbook))?;
    let target = TargetArguments {
        region: arguments.target.region.clone().or(heard.region.clone()),
        ..arguments.target.clone()
    };
    let corpus = Corpus::new(&playbooks);
    let found = corpus.find(&heard);
    let best = found.first().map_or(0.0, |found| found.score);
    let matches: Vec<TextMatch> = found
        .into_iter()
        .take(SHOWN)
        .filter(|found| found.score >= best * LEAST)
        .map(|found| {
            let playbook = &found.known.playbook;
            let mut own = offered(found.known, &heard);
            own.extend(typed.iter().cloned());
            TextMatch {
                name: found.known.name.clone(),
                title: playbook.title.value.clone(),
                severity: playbook.severity.as_ref().map(|text| text.value.clone()),
                score: found.score,
                because: found.because,
                next: command(&found.known.name, playbook, &own, Some(&target)),
            }
        })
        .collect();
    let understood = Understood {
        alarm: alarm(&heard),
        dimensions: heard.dimensions.clone(),
    };
    let out = environment.console.out;
    match arguments.format {
        Format::Json => out.line(format!("{:#}", document(&understood, &matches))),
        Format::Text => out.lines(&lines(&understood, &matches, out.look)),
    }
    Ok(if matches.is_empty() {
        exit::NOT_WELL
    } else {
        exit::WELL
    })
}

/// The text itself, a file's, or that of standard input.
fn given_text(text: &str, environment: &Environment) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let file = environment.places.current.join(text);
    let read = if text == "-" {
        std::io::stdin().take(LONGEST).read_to_end(&mut bytes)
    } else if !text.contains('\n') && file.is_file() {
        std::fs::File::open(&file).and_then(|file| file.take(LONGEST).read_to_end(&mut bytes))
    } else {
        return Ok(text.to_owned());
    };
    read.map_err(|error| Failure::wrong(format!("--text {text}: it cannot be read: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// `ACSO-HighMemory on AWS/ECS/MemoryUtilization`
fn alarm(heard: &Heard) -> Option<String> {
    let names = heard.alarms.join(", ");
    match (heard.alarms.is_empty(), heard.metrics.is_empty()) {
        (true, _) => None,
        (false, true) => Some(names),
        (false, false) => Some(format!("{names} on {}", heard.metrics.join(", "))),
    }
}

/// Inputs of a playbook that dimensions of an alarm give.
fn offered(known: &Known, heard: &Heard) -> Vec<(String, Given)> {
    let mut offered: Vec<(String, Given)> = Vec::new();
    for (dimension, value) in &heard.dimensions {
        let input = known
            .inputs
            .iter()
            .find(|(name, _)| name == dimension)
            .map_or_else(|| snake(dimension), |(_, input)| input.clone());
        let declared = known.playbook.inputs.iter();
        let Some(input) = declared.into_iter().find(|one| one.name.value == input) else {
            continue;
        };
        let value = plain(dimension, value);
        if allows(input, &value) && !offered.iter().any(|(name, _)| *name == input.name.value) {
            offered.push((input.name.value.clone(), Given::Text(value)));
        }
    }
    offered
}

/// `ClusterName` → `cluster`, `LoadBalancer` → `load_balancer`, `DBInstanceIdentifier` → `db_instance`.
fn snake(dimension: &str) -> String {
    let mut name = String::new();
    let letters: Vec<char> = dimension.chars().collect();
    for (at, c) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        let begins = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    for ending in ["_name", "_identifier", "_id"] {
        if let Some(rest) = name.strip_suffix(ending) {
            return rest.to_owned();
        }
    }
    name
}

/// A load balancer's and a target group's name, of which dimensions have the end of the ARN.
fn plain(dimension: &str, value: &str) -> String {
    let parts: Vec<&str> = value.split('/').collect();
    match (dimension, parts.as_slice()) {
        ("LoadBalancer", [_, name, _]) | ("TargetGroup", ["targetgroup", name, _]) => {
            (*name).to_owned()
        }
        _ => value.to_owned(),
    }
}

/// Whether an input that has a list of values has this one.
fn allows(input: &Input, value: &str) -> bool {
    input.values.is_empty()
        || input.values.iter().any(|one| match &one.value {
            Data::Scalar(scalar) => scalar.text == value,
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::{plain, snake};

    #[test]
    fn dimensions_are_named_as_inputs_are() {
        for (dimension, input) in [
            ("ClusterName", "cluster"),
            ("LoadBalancer", "load_balancer"),
            ("DBInstanceIdentifier", "db_instance"),
            ("FunctionName", "function"),
        ] {
            assert_eq!(snake(dimension), input);
        }
        assert_eq!(
            plain("LoadBalancer", "app/aar-alb/50dc6c495c0c9188"),
            "aar-alb"
        );
        assert_eq!(plain("ServiceName", "a/b/c"), "a/b/c");
    }
}
