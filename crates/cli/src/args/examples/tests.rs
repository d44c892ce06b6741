use super::{EXAMPLES, command};
use crate::args::Arguments;
use crate::commands;
use crate::console::{Console, Stream};
use crate::environment::Environment;
use crate::locate::{Places, files_below};
use clap::{Command, FromArgMatches};
use runbook_report::terminal::Look;
use std::path::Path;

/// Examples that are not run here, and what they would need.
const NOT_RUN: &[(&str, &str)] = &[
    ("runbook doctor", "an account and a region"),
    (
        "runbook run acso/memory-leak -i cluster=prod -i service=api",
        "an account",
    ),
    (
        "runbook run acso/memory-leak --until diagnose",
        "an account",
    ),
    ("runbook run acso/high-cpu --yes --role", "an account"),
    (
        "runbook plan acso/memory-leak --live --out plan.json",
        "an account",
    ),
    ("runbook preflight", "an account"),
    (
        "runbook triage acso -i environment=production",
        "an account",
    ),
    ("runbook call ecs:", "an account"),
    ("runbook resume 0197f3c2", "a run of this id"),
    ("runbook approve 0197f3c2", "a run of this id"),
    ("runbook logs 0197f3c2", "a run of this id"),
    ("runbook diff main:playbooks", "a git repository"),
    ("runbook import TROUBLESHOOTING.md", "a page"),
    ("runbook fleet", "targets, and a fleet on record"),
    ("runbook test --watch", "somebody who ends it"),
    ("runbook lsp", "an editor"),
    #[cfg(feature = "restate")]
    ("runbook worker", "a Restate server"),
];

/// The words of the example's `runbook` command, without what the shell does around it.
fn words(line: &str) -> Vec<String> {
    let from = line
        .find("runbook")
        .expect("every example calls the program");
    let line = &line[from..];
    let line = line
        .split(" > ")
        .next()
        .unwrap_or(line)
        .trim_end_matches(')');
    shlex::split(&line.replace("\\\n", " ")).expect("quotes are closed")
}

fn examples() -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = command();
    // Features take commands away.
    let exists = move |path: &str| {
        let mut words = path.split(' ').filter(|word| !word.is_empty());
        words
            .try_fold(&all, |command, word| command.find_subcommand(word))
            .is_some()
    };
    let known = EXAMPLES.iter().filter(move |(path, _)| exists(path));
    known.flat_map(|(path, examples)| {
        let lines = examples.iter().map(|(_, line)| *line);
        lines.map(|line| (*path, line))
    })
}

#[test]
fn every_command_has_examples_and_shows_them() {
    fn look(command: &mut Command, path: &str) {
        let known = EXAMPLES.iter().find(|(known, _)| *known == path);
        let (_, examples) =
            known.unwrap_or_else(|| panic!("`{path}` has no examples in args/examples.rs"));
        let short = command.render_help().to_string();
        let long = command.render_long_help().to_string();
        for (about, line) in *examples {
            let first = line.lines().next().unwrap_or_default();
            assert!(short.contains(first), "{first} is not in\n{short}");
            assert!(
                long.contains(first) && long.contains(about),
                "{about} is not in\n{long}"
            );
        }
        for inner in command.get_subcommands_mut() {
            if !inner.is_hide_set() && inner.get_name() != "help" {
                let name = inner.get_name().to_owned();
                look(inner, format!("{path} {name}").trim_start());
            }
        }
    }
    look(&mut command(), "");
}

#[test]
fn every_example_is_a_command_line_of_its_command() {
    for (path, line) in examples() {
        let words = words(line);
        let matches = command()
            .try_get_matches_from(&words)
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        Arguments::from_arg_matches(&matches).unwrap_or_else(|error| panic!("{line}: {error}"));
        let of: Vec<&str> = path.split(' ').filter(|word| !word.is_empty()).collect();
        let named: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
        assert!(named.starts_with(&of), "{line} is no example of `{path}`");
    }
}

#[test]
fn examples_fit_a_terminal() {
    for (path, examples) in EXAMPLES {
        for (about, line) in *examples {
            let lines = line.lines().chain([*about]);
            let longest = lines.map(|line| line.chars().count()).max();
            assert!(longest <= Some(76), "`{path}`: {line}");
        }
    }
}

fn copy(from: &Path, to: &Path, name: &str) {
    let some = |file: &Path| {
        let name = file.to_string_lossy();
        ["/common/", "memory-leak", "high-cpu", "escalation"]
            .iter()
            .any(|part| name.contains(part))
    };
    for file in files_below(&from.join(name), |_| true) {
        if !some(&file) {
            continue;
        }
        let inside = file.strip_prefix(from).expect("below it");
        let target = to.join(inside);
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("is made");
        std::fs::copy(&file, target).expect("is copied");
    }
}

#[test]
fn examples_that_need_no_account_work() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["playbooks", "examples"] {
        copy(&project, folder.path(), name);
    }
    let quiet = Stream {
        open: || Box::new(std::io::sink()),
        terminal: false,
        look: Look::default(),
    };
    let environment = Environment {
        places: Places {
            current: folder.path().to_path_buf(),
            path: Vec::new(),
        },
        state: Some(folder.path().join("state")),
        user: "tester".to_owned(),
        variables: Vec::new(),
        console: Console {
            out: quiet,
            err: quiet,
            input: false,
        },
        line: Vec::new(),
    };
    let run = |line: &str| {
        let arguments = Arguments::from_arg_matches(&command().get_matches_from(words(line)));
        let arguments = arguments.unwrap_or_else(|error| panic!("{line}: {error}"));
        let code = commands::execute(&arguments.command, &environment);
        code.unwrap_or_else(|failure| panic!("{line}: {}", failure.message))
    };
    // A run that waits for somebody is `last`.
    let state = folder.path().join("state");
    let first = "runbook run acso/memory-leak --scenario leaking -q --state-dir";
    assert_eq!(
        run(&format!("{first} {}", state.display())),
        crate::exit::PAUSED
    );
    let mut unused: Vec<&str> = NOT_RUN.iter().map(|(line, _)| *line).collect();
    let mut ran = 0;
    for (_, line) in examples() {
        if let Some((left, _)) = NOT_RUN.iter().find(|(left, _)| line.starts_with(left)) {
            unused.retain(|one| one != left);
            continue;
        }
        let code = run(line);
        assert!(
            code != crate::exit::WRONG && code != crate::exit::ENVIRONMENT,
            "{line}: {code}"
        );
        ran += 1;
    }
    assert!(unused.is_empty(), "these are no examples: {unused:?}");
    assert!(ran > 20, "{ran}");
}
