//! What shells are offered among the project's own playbooks.

use super::candidates::{Candidates, Kind};
use super::script;
use crate::args::Shell;
use crate::console::{Console, Stream};
use crate::environment::Environment;
use crate::locate::Places;
use clap::ValueEnum;
use runbook_report::terminal::Look;
use std::path::Path;

/// An environment in the project, on a line that goes on.
fn environment(line: &str) -> Environment {
    let quiet = Stream {
        open: || Box::new(std::io::sink()),
        terminal: false,
        look: Look::default(),
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Environment {
        places: Places {
            current: root.canonicalize().expect("the project's folder"),
            path: Vec::new(),
        },
        state: None,
        user: "tester".to_owned(),
        variables: Vec::new(),
        console: Console {
            out: quiet,
            err: quiet,
            input: false,
        },
        line: format!("-- runbook {line}")
            .split(' ')
            .map(str::to_owned)
            .collect(),
    }
}

fn offered(line: &str, kind: Kind, current: &str) -> Vec<String> {
    let environment = environment(line);
    let found = Candidates::new(&environment).of(kind, current);
    found
        .iter()
        .map(|one| one.get_value().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn values_are_completed_with_what_is_there() {
    for (line, kind, current, due) in [
        (
            "run acso/mem",
            Kind::Playbook,
            "acso/mem",
            "acso/memory-leak",
        ),
        (
            "run examples/ea",
            Kind::Playbook,
            "examples/ea",
            "examples/each.yaml",
        ),
        (
            "run acso/memory-leak --scenario l",
            Kind::Scenario,
            "l",
            "leaking",
        ),
        (
            "run acso/memory-leak --only mem",
            Kind::StepOfPlaybook,
            "mem",
            "memory_errors",
        ),
        ("run acso/memory-leak -i cl", Kind::Input, "cl", "cluster="),
        ("call ec", Kind::Action, "ecs", "ecs:"),
        (
            "call ecs:Update",
            Kind::Action,
            "ecs:UpdateS",
            "ecs:UpdateService",
        ),
        ("call data:D", Kind::Action, "data:D", "data:Diff"),
        (
            "explain unknown-m",
            Kind::Code,
            "unknown-m",
            "unknown-member",
        ),
        ("call x --region eu", Kind::Region, "eu-west-1", "eu-west-1"),
    ] {
        let found = offered(line, kind, current);
        assert!(found.iter().any(|one| one == due), "{line}: {found:?}");
        assert!(
            found.iter().all(|one| one.starts_with(current)),
            "{found:?}"
        );
    }
}

#[test]
fn what_is_not_there_offers_nothing() {
    assert_eq!(
        offered("run nothing --scenario ", Kind::Scenario, ""),
        [""; 0]
    );
    assert_eq!(offered("show ", Kind::Run, ""), [""; 0]);
    assert_eq!(offered("show last ", Kind::StepOfRun, ""), [""; 0]);
}

#[test]
fn profiles_are_those_of_both_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let aws = folder.path().join(".aws");
    std::fs::create_dir(&aws).expect("is made");
    let config = "[default]\n[profile ops]\nregion = x\n[sso-session s]\n";
    std::fs::write(aws.join("config"), config).expect("is written");
    std::fs::write(aws.join("credentials"), "[keys]\n").expect("is written");
    let mut environment = environment("call x --profile ");
    let home = folder.path().display().to_string();
    environment.variables = vec![("HOME".to_owned(), home)];
    let found = Candidates::new(&environment).of(Kind::Profile, "");
    let found: Vec<_> = found.iter().map(|one| one.get_value()).collect();
    assert_eq!(found, ["default", "keys", "ops"]);
}

#[test]
fn every_shell_has_a_script_that_asks_the_program() {
    for shell in Shell::value_variants() {
        let script = script(*shell).expect("text");
        assert!(script.contains("RUNBOOK_COMPLETE"), "{shell:?}: {script}");
        assert!(script.contains("runbook"), "{shell:?}: {script}");
    }
}
