//! `runbook check` and `runbook explain` as people and programs meet them.

use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn runbook(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

/// What was said, and the exit code.
fn said(arguments: &[&str]) -> String {
    let output = runbook(&fixtures(), arguments);
    format!(
        "$ runbook {}\n{}--- stderr\n{}--- exit {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
        output.status.code().unwrap_or(-1),
    )
}

/// A snapshot of one command line a test.
macro_rules! says {
    ($($name:ident: $arguments:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(said(&$arguments));
        }
    )*};
}

says! {
    text: ["check", "broken", "restart", "playbooks/restart.scenarios.yaml"];
    json: ["check", "--format", "json", "broken"];
    annotations: ["check", "--format", "github", "broken"];
    warnings: ["check", "checking/warnings.yaml"];
    warnings_denied: ["check", "--deny", "warnings", "checking/warnings.yaml"];
    warnings_allowed: ["check", "-A", "misplaced-key", "checking/warnings.yaml"];
    no_such_code: ["check", "-D", "misplaced", "checking/warnings.yaml"];
    named_but_none_of_ours: ["check", "checking/compose.yaml"];
    nothing_to_check: ["check", "checking/others"];
    explain_a_code: ["explain", "no-claim"];
    explain_as_json: ["explain", "no-claim", "--format", "json"];
    explain_what_was_meant: ["explain", "unknown-membr"];
}

fn document(output: &Output) -> Json {
    serde_json::from_slice(&output.stdout).expect("a document")
}

#[test]
fn explain_lists_every_code_with_its_page() {
    let folder = fixtures();
    let all = document(&runbook(&folder, &["explain", "--format", "json"]));
    let all = all.as_array().expect("a list");
    let text = runbook(&folder, &["explain"]).stdout;
    assert_eq!(String::from_utf8_lossy(&text).lines().count(), all.len());
    for code in all {
        let slug = code.get("code").and_then(Json::as_str).expect("a slug");
        let page = runbook(&folder, &["explain", slug, "--format", "markdown"]).stdout;
        assert!(String::from_utf8_lossy(&page).starts_with(&format!("# {slug}\n")));
    }
}

#[test]
fn sarif_has_results_where_text_has_them() {
    let folder = fixtures();
    let output = runbook(&folder, &["check", "--format", "sarif", "broken"]);
    assert_eq!(output.status.code(), Some(2));
    let log = document(&output);
    let place = "/runs/0/results/0/locations/0/physicalLocation";
    let found = |rest: &str| log.pointer(&format!("{place}{rest}")).cloned();
    assert_eq!(
        found("/artifactLocation/uri"),
        Some("playbooks/broken.yaml".into())
    );
    assert_eq!(found("/region/startLine"), Some(5.into()));
    assert_eq!(found("/region/startColumn"), Some(13.into()));
    assert_eq!(log.pointer("/runs/0/tool/driver/rules/0/helpUri"), None);
    let pages = [
        "check",
        "--format",
        "sarif",
        "--pages",
        "https://docs.example/e",
        "broken",
    ];
    assert_eq!(
        document(&runbook(&folder, &pages)).pointer("/runs/0/tool/driver/rules/0/helpUri"),
        Some(&"https://docs.example/e/yaml-syntax".into())
    );
}

#[test]
fn folders_are_walked_in_one_order_and_others_files_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("written");
    };
    let wrong = "playbook: v1\ntitle: x\nsymptom: {a: {action: ecs:ListTask}}\n";
    for number in 0..60 {
        write(&format!("b/{number:02}.yaml"), wrong.as_bytes());
        write(&format!("a/{number:02}.yml"), wrong.as_bytes());
    }
    write("compose.yaml", b"services: {api: {image: api}}\n");
    write(".hidden/c.yaml", wrong.as_bytes());
    write("notes.txt", wrong.as_bytes());
    write("escalation.yaml", b"escalation: v1\n");
    write("broken.yaml", b"playbook: v1\ntitle: \xff\n");
    write("alone.scenarios.yaml", b"scenarios: {}\n");
    let check = |paths: &[&str]| {
        let arguments: Vec<&str> = ["check", "--format", "json"]
            .iter()
            .chain(paths)
            .copied()
            .collect();
        let output = runbook(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(2));
        document(&output)
    };
    let first = check(&["."]);
    let files: Vec<&str> = first
        .get("findings")
        .and_then(Json::as_array)
        .expect("findings")
        .iter()
        .filter_map(|finding| finding.get("file").and_then(Json::as_str))
        .collect();
    assert!(files.is_sorted(), "{files:?}");
    for (name, there) in [
        ("a/59.yml", true),
        ("b/00.yaml", true),
        ("escalation.yaml", true),
        ("alone.scenarios.yaml", true),
        ("compose.yaml", false),
        (".hidden/c.yaml", false),
        ("notes.txt", false),
    ] {
        assert_eq!(files.contains(&name), there, "{name}");
    }
    assert_eq!(first.get("files"), Some(&122.into()));
    assert_eq!(
        first.pointer("/unread/0/message"),
        Some(&"broken.yaml:2: the file is not UTF-8; save it as UTF-8".into())
    );
    for _ in 0..5 {
        assert!(check(&["."]) == first, "the order is stable");
    }
    let twice = check(&["b", "a/00.yml", "b/00.yaml", "a"]);
    assert_eq!(twice.get("files"), Some(&120.into()), "each file once");
    assert_eq!(
        twice.pointer("/findings/0/file"),
        Some(&"b/00.yaml".into()),
        "in the order of the paths"
    );
}

#[test]
fn what_does_not_check_does_not_run() {
    let folder = fixtures();
    let text = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let checked = text(&runbook(&folder, &["check", "broken"]));
    let (findings, _) = checked
        .trim_end()
        .rsplit_once('\n')
        .expect("findings and a line of counts");
    assert!(findings.contains("error[unknown-action]"), "{findings}");
    for command in ["run", "plan"] {
        let output = runbook(&folder, &[command, "broken"]);
        assert!(output.status.code() == Some(2) && output.stdout.is_empty());
        assert!(text(&output).starts_with(findings), "{}", text(&output));
    }
    let other = tempfile::tempdir().expect("a folder");
    let copy = |name: &str, text: &str| fs::write(other.path().join(name), text).expect("written");
    let broken = fs::read_to_string(folder.join("playbooks/broken.yaml")).expect("a fixture");
    copy("broken.yaml", &broken);
    copy(
        "broken.scenarios.yaml",
        "scenarios: {any: {clock: 2026-01-15T12:00:00Z, expect: {verdict: absent}}}\n",
    );
    let tested = runbook(other.path(), &["test", "broken.yaml"]);
    assert_eq!(tested.status.code(), Some(2));
    let findings = findings.replace("playbooks/broken.yaml", "broken.yaml");
    assert!(text(&tested).starts_with(&findings), "{}", text(&tested));
    // A call has its arguments checked by the same types before anything is sent.
    let call = [
        "call",
        "ecs:DescribeServices",
        "--with",
        r#"{"service": ["web"]}"#,
    ];
    let call = runbook(other.path(), &call);
    assert_eq!(call.status.code(), Some(2), "{}", text(&call));
}

fn is_yaml(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|ending| ending == "yaml")
}

/// The pages with commands that are run: a `sh` block of one line that a `text` block follows is run in a folder with the
/// YAML blocks whose first line names them.
#[test]
fn the_page_shows_what_is_said() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/checking.md");
    let text = fs::read_to_string(&page).expect("the page");
    let folder = tempfile::tempdir().expect("a folder");
    let mut last: Option<String> = None;
    let mut written = String::new();
    let mut run = 0;
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("```") {
        written.push_str(before);
        let (head, after) = after.split_once('\n').expect("a block");
        let (block, after) = after.split_once("```").expect("the end of a block");
        let mut shown = block.to_owned();
        let first = block.lines().next().unwrap_or_default();
        match head {
            "yaml" => {
                if let Some(name) = first.strip_prefix("# ").filter(|name| is_yaml(name)) {
                    fs::write(folder.path().join(name), block).expect("written");
                }
            }
            "sh" => {
                let words: Vec<&str> = first.split_whitespace().skip(1).collect();
                let output = runbook(folder.path(), &words);
                let both = [output.stderr, output.stdout].concat();
                last = Some(String::from_utf8_lossy(&both).into_owned());
                run += 1;
            }
            "text" => shown = last.take().expect("a command before it"),
            _ => {}
        }
        written.extend(["```", head, "\n", &shown, "```"]);
        rest = after;
    }
    written.push_str(rest);
    assert!(run >= 4, "{run} commands");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&page, &written).expect("written");
    } else if written != text {
        let differs = written.lines().zip(text.lines()).find(|(a, b)| a != b);
        panic!("docs/checking.md is out of date (BLESS=1 writes it): {differs:?}");
    }
}
