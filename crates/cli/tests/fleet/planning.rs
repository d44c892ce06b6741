//! Files of targets and plans of fleets.

use crate::desk::{fixtures, report, run, standing, state, stderr, stdout};
use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;

#[test]
fn the_documentation_shows_files_and_commands_that_are_so() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("a file");
    let page = read("docs/fleets.md");
    let blocks = |language: &str| -> Vec<String> {
        let fence = format!("```{language}\n");
        let parts = page.split(&fence).skip(1);
        parts
            .filter_map(|rest| Some(rest.split_once("```")?.0.to_owned()))
            .collect()
    };
    let written: Vec<String> = [
        "examples/fleet.targets.yaml",
        "examples/fleet-discovery.targets.yaml",
    ]
    .map(|file| {
        let text = read(file);
        text.split_once('\n')
            .expect("a line for editors")
            .1
            .to_owned()
    })
    .into();
    assert_eq!(blocks("yaml"), written);
    let state = state();
    let commands = blocks("sh");
    // The second block needs a server: `tests/restate` is about those.
    assert_eq!(commands.len(), 2);
    for line in commands[0].lines() {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let kept = ["run", "status", "report"].contains(&words[1]);
        let mut program = Command::new(assert_cmd::cargo::cargo_bin!("runbook"));
        program.current_dir(&root).args(&words);
        if kept {
            program.arg("--state-dir").arg(state.path());
        }
        let output = program.output().expect("it runs");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{line}: {}{}",
            stdout(&output),
            stderr(&output)
        );
    }
    let check = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .current_dir(&root)
        .args([
            "check",
            "examples/fleet.targets.yaml",
            "examples/fleet-discovery.targets.yaml",
        ])
        .output()
        .expect("it runs");
    assert!(check.status.success(), "{}", stderr(&check));
}

#[test]
fn a_plan_says_what_would_run_where_and_what_it_needs() {
    let plan = |targets: &str, more: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runbook"));
        command
            .current_dir(fixtures())
            .args(["fleet", "plan", "restart.yaml", "--targets", targets])
            .args(more);
        let output = command.output().expect("it runs");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let document: Json = serde_json::from_str(&plan(
        "three.yaml",
        &["--waves", "1,100%", "--format", "json"],
    ))
    .expect("JSON");
    assert_eq!(document["waves"][1]["targets"][1]["name"], "cart");
    assert_eq!(
        document["calls"]["write"],
        serde_json::json!({"at_least": 0, "at_most": 3})
    );
    let permissions = document["permissions"].to_string();
    for due in ["us-east-1:111111111111:service/", "/cart", "/search"] {
        assert!(permissions.contains(due), "{due}: {permissions}");
    }
    let offline = plan("found.yaml", &[]);
    assert!(offline.contains("not made, --live makes them"), "{offline}");
    let live = plan(
        "found.yaml",
        &["--live", "--scenario", "stuck", "--format", "markdown"],
    );
    assert!(live.contains("3 targets"), "{live}");
}

#[test]
fn inputs_accounts_and_regions_that_do_not_fit_are_refused_where_they_stand() {
    let state = state();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.yaml");
    for (text, due) in [
        (
            "targets: v1\nlist:\n  - {name: a, inputs: {servce: x}}\n  - {name: b, inputs: {wanted: many}}\n",
            [
                "did you mean `service`?",
                "input `wanted`: an integer is due",
            ],
        ),
        (
            "targets: v1\nlist:\n  - {name: a, account: shop, region: europe}\n",
            ["there is no account `shop`", "`europe` is no region"],
        ),
    ] {
        std::fs::write(&file, text).expect("written");
        let output = run(state.path(), &file.to_string_lossy(), &[]);
        assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
        for due in due {
            assert!(stderr(&output).contains(due), "{due}: {}", stderr(&output));
        }
    }
}

#[test]
fn targets_are_found_by_reading() {
    let state = state();
    let output = run(state.path(), "found.yaml", &["--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let names: Vec<String> = standing(&report(state.path())).into_keys().collect();
    assert_eq!(
        names,
        [
            "shop/eu-west-1/service/main/checkout",
            "shop/eu-west-1/service/main/search",
            "shop/us-east-1/service/main/checkout"
        ]
    );
}
