//! `runbook plan` as people meet it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn runbook(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("HOME", std::env::temp_dir())
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/plans")
}

fn project() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn written(folder: &Path, arguments: &[&str]) -> String {
    let output = runbook(folder, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("UTF-8")
}

const FORMATS: [&str; 4] = ["text", "markdown", "json", "html"];

/// A page without what stands in fences, where markup means nothing.
fn unfenced(page: &str) -> String {
    let mut fence: Option<&str> = None;
    let mut outside = String::new();
    for line in page.lines() {
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => fence = Some(line.trim_end_matches("text")),
            None => {
                outside.push_str(line);
                outside.push('\n');
            }
        }
    }
    outside
}

#[test]
fn text_from_authors_and_services_is_shown_and_does_nothing() {
    for format in FORMATS {
        for more in [&[][..], &["--live"]] {
            let line = [
                "plan",
                "hostile.yaml",
                "--scenario",
                "down",
                "--format",
                format,
            ];
            let page = written(&fixtures(), &[&line[..], more].concat());
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!page.contains(steers), "{format}: {page}");
            if format == "html" || format == "markdown" {
                let page = unfenced(&page);
                assert!(!page.contains("<script"), "{format}: {page}");
                assert!(!page.contains("<img"), "{format}: {page}");
                assert!(!page.contains("<b>not bold"), "{format}: {page}");
            }
            if format == "markdown" {
                assert!(
                    !page.contains("@team") && !page.contains("](https"),
                    "{page}"
                );
            }
        }
    }
}

#[test]
fn secrets_are_in_no_format() {
    for format in FORMATS {
        for more in [&[][..], &["--live"]] {
            let line = [
                "plan",
                "hostile.yaml",
                "--scenario",
                "down",
                "--format",
                format,
            ];
            let page = written(&fixtures(), &[&line[..], more].concat());
            assert!(!page.contains("hunter2"), "{format}: {page}");
        }
    }
}

#[test]
fn hosts_stand_first() {
    let page = written(
        &fixtures(),
        &["plan", "hostile.yaml", "-i", "token=env:TOKEN"],
    );
    let second = page.lines().nth(1).unwrap_or_default();
    assert_eq!(
        second, "reaches   \"status.example.org\" — symptom.page, verify.page",
        "{page}"
    );
}

#[test]
fn live_reads_and_says_what_a_write_changes() {
    let line = [
        "plan",
        "acso/memory-leak.yaml",
        "--live",
        "--scenario",
        "more_memory",
    ];
    let page = written(&project(), &line);
    for shown in [
        "and no write",
        "changes  memory: \"2048\" → \"4096\"",
        "containerDefinitions[0].memory: 1792 → 3840",
        "`stopped.arns | length > 0` is false",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
}

#[test]
fn a_read_that_fails_leaves_what_it_would_have_told_unknown() {
    let line = ["plan", "hostile.yaml", "--live", "--scenario", "unreadable"];
    let page = written(&fixtures(), &line);
    assert!(page.contains("symptom.page  connect"), "{page}");
    assert!(page.contains("known after symptom.page.text"), "{page}");
}

#[test]
fn playbooks_that_run_each_other_without_end_are_not_planned_without_end() {
    let page = written(&fixtures(), &["plan", "loops.yaml"]);
    assert!(page.contains("not planned: loops runs itself"), "{page}");
}

#[test]
fn a_comment_always_fits() {
    let mut playbook = "playbook: v1\ntitle: Many steps\nresolve:\n".to_owned();
    let long = "and go on and on ".repeat(30);
    for number in 0..150 {
        let _ = write!(
            playbook,
            "  step_{number}:\n    title: The {number}. of many steps that say something about themselves, {long}\n    action: ecs:UpdateService\n    with: {{cluster: main, service: service-{number}, desiredCount: 2, forceNewDeployment: true}}\n"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("many.yaml"), playbook).expect("written");
    let page = written(
        folder.path(),
        &["plan", "many.yaml", "--format", "markdown"],
    );
    assert!(
        page.chars().count() <= 65_536 + 1,
        "{}",
        page.chars().count()
    );
    assert!(page.contains("step_0"), "{page}");
    assert!(page.contains("The rest is cut"), "the note");
    assert_eq!(
        page.matches("<details").count(),
        page.matches("</details>").count()
    );
}

#[test]
fn the_plan_leaves_out_what_was_not_asked_for() {
    let line = ["plan", "acso/memory-leak.yaml", "--until", "diagnose"];
    let page = written(&project(), &line);
    assert!(
        page.contains("the run ends after the cause was looked for"),
        "{page}"
    );
    let writes = page.lines().any(|line| line.trim_start().starts_with("~ "));
    assert!(!writes, "{page}");
}
