//! Checks every fixture under `tests/check`: those in `ok` have nothing to complain about, those in `err` have exactly
//! what the `.expected` file beside them says. Run with `BLESS=1` to write those files.

mod catalog;
mod facts;
mod library;

use runbook_playbook::checked::Checked;
use runbook_playbook::diagnostic::{Code, Diagnostic, has_errors};
use runbook_playbook::review::review;
use runbook_playbook::source::Source;
use runbook_playbook::{check, syntax};
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/check")
        .join(name)
}

fn fixtures(name: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder(name))
        .expect("the folder of fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.to_string_lossy();
            let others = [".scenarios.yaml", ".targets.yaml"];
            name.ends_with(".yaml") && !others.iter().any(|ending| name.ends_with(ending))
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no fixtures in {name}");
    found
}

fn read(path: &Path) -> (Option<Checked>, Vec<Diagnostic>) {
    let text = fs::read_to_string(path).expect("a fixture");
    let name = path.file_name().expect("a name").to_string_lossy();
    let source = Source::new(name, text);
    review(&source, "fixture", &catalog::actions(), &library::Shelf)
}

fn described(problems: &[Diagnostic]) -> String {
    let lines: Vec<String> = problems
        .iter()
        .map(|problem| {
            let at = problem.source.position(problem.primary.span.start);
            let severity = problem.severity.word();
            let help = problem.help.as_ref();
            let help = help.map(|help| format!("\n    {help}")).unwrap_or_default();
            format!(
                "{}:{} {severity} {}: {}{help}\n",
                at.line,
                at.column,
                problem.code.slug(),
                problem.message,
            )
        })
        .collect();
    lines.concat()
}

#[test]
fn nothing_is_wrong_with_good_playbooks() {
    for path in fixtures("ok") {
        let (checked, problems) = read(&path);
        let problems = described(&problems);
        assert!(problems.is_empty(), "{}:\n{problems}", path.display());
        assert!(checked.is_some(), "{}", path.display());
    }
}

#[test]
fn what_is_wrong_is_said_where_it_is_wrong() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut wrong: Vec<String> = Vec::new();
    for path in fixtures("err") {
        let (checked, problems) = read(&path);
        assert_eq!(
            checked.is_none(),
            has_errors(&problems),
            "{}",
            path.display()
        );
        let found = described(&problems);
        let beside = path.with_extension("expected");
        if bless {
            fs::write(&beside, &found).expect("the expectation is written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if found != expected {
            wrong.push(format!(
                "{}\nexpected:\n{expected}found:\n{found}\n",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn every_code_has_a_fixture_that_shows_it() {
    let missing: Vec<&str> = Code::ALL
        .iter()
        // What is wrong in pages and scripts is shown by `import`.
        .filter(|code| !code.page().contains("```sh\n"))
        // What is wrong in files of targets is shown by the program.
        .filter(|code| !code.page().contains("\ntargets: v1\n"))
        .filter(|code| {
            let path = folder("err").join(code.slug()).with_extension("yaml");
            let shown = path.is_file() && {
                let (_, problems) = read(&path);
                problems.iter().any(|problem| problem.code == **code)
            };
            !shown
        })
        .map(|code| code.slug())
        // What is wrong in scenarios the registry and the command know; `crates/cli/tests/errors.rs` shows it.
        .filter(|slug| !slug.starts_with("scenario-") && *slug != "unreached-entry")
        .collect();
    assert!(missing.is_empty(), "no fixture shows {missing:?}");
}

#[test]
fn no_half_written_playbook_breaks_the_checker() {
    for path in fixtures("ok").into_iter().chain(fixtures("err")) {
        let text = fs::read_to_string(&path).expect("a fixture");
        let lines: Vec<&str> = text.lines().collect();
        for end in 0..lines.len() {
            let without: Vec<&str> = [&lines[..end], &lines[end + 1..]].concat();
            for half in [lines[..end].join("\n"), without.join("\n")] {
                let (playbook, mut problems) = syntax::parse(&Source::new("half.yaml", half));
                let Some(playbook) = playbook else {
                    assert!(has_errors(&problems), "{} at {end}", path.display());
                    continue;
                };
                let (checked, found) =
                    check::check(playbook, "half", &catalog::actions(), &library::Shelf);
                assert_eq!(checked.is_none(), has_errors(&found));
                problems.extend(found);
                assert!(problems.iter().all(|problem| {
                    let text = problem.source.text();
                    text.is_char_boundary(problem.primary.span.start.min(text.len()))
                }));
            }
        }
    }
}
