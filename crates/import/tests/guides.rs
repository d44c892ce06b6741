//! The two troubleshooting guides: every AWS command becomes a step, and what is wrong with them is said on its line.

#![expect(clippy::print_stdout, reason = "a proof that did not run says so")]

use runbook_import::{Form, Imported, import};
use runbook_playbook::check::{Empty, check};
use runbook_playbook::diagnostic::has_errors;
use runbook_playbook::source::Source;
use runbook_playbook::syntax;
use runbook_registry::Registry;
use std::fmt::Write as _;
use std::path::Path;

/// A guide, where the folder of the guides is there.
fn guide(name: &str) -> Option<(Source, Imported)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/guides")
        .join(name);
    let text = std::fs::read_to_string(path).ok()?;
    let source = Source::new(name, text);
    let imported = import(&source, Form::Markdown, &Registry::new());
    Some((source, imported))
}

fn findings(source: &Source, imported: &Imported) -> String {
    let mut text = String::new();
    for found in &imported.diagnostics {
        let place = source.position(found.primary.span.start);
        let _ = writeln!(
            text,
            "{}:{} {}[{}]: {}",
            place.line,
            place.column,
            found.severity.word(),
            found.code.slug(),
            found.message
        );
        if let Some(help) = &found.help {
            let _ = writeln!(text, "    {help}");
        }
    }
    text
}

fn drafts(imported: &Imported) -> String {
    let each = imported.drafts.iter();
    each.map(|draft| format!("# {}.yaml\n{}", draft.name, draft.text))
        .collect::<Vec<_>>()
        .join("\n")
}

/// How many AWS commands there are, and how many became steps.
fn converted(imported: &Imported) -> (usize, usize) {
    let aws = imported.commands.iter().filter(|seen| seen.aws);
    let steps = aws.clone().filter(|seen| seen.action.is_some());
    (aws.count(), steps.count())
}

/// The names of the drafts that do not check.
fn wrong(imported: &Imported) -> Vec<String> {
    let registry = Registry::new();
    let mut wrong = Vec::new();
    for draft in &imported.drafts {
        let source = Source::new(&draft.name, &draft.text);
        let (playbook, mut problems) = syntax::parse(&source);
        if let Some(playbook) = playbook {
            problems.extend(check(playbook, &draft.name, &registry, &Empty).1);
        }
        if has_errors(&problems) {
            wrong.push(format!("{}: {problems:?}", draft.name));
        }
    }
    wrong
}

fn prove(name: &str, commands: usize) {
    let Some((source, imported)) = guide(name) else {
        println!("{name} is not there");
        return;
    };
    assert_eq!(converted(&imported), (commands, commands));
    assert_eq!(wrong(&imported), [""; 0]);
    let stem = name.trim_end_matches(".md");
    insta::assert_snapshot!(format!("{stem}-findings"), findings(&source, &imported));
    insta::assert_snapshot!(format!("{stem}-drafts"), drafts(&imported));
}

#[test]
fn the_guide_of_the_agent_runtime() {
    prove("aws-agent-runtime-troubleshooting.md", 54);
}

#[test]
fn the_guide_of_acso() {
    prove("acso-troubleshooting.md", 74);
}
