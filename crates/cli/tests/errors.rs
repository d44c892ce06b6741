//! The pages of the codes: what each says is what the checker does.
//!
//! The first YAML block of a page shows the mistake and the text block what is said of it; the YAML block under "What to
//! write instead" shows it mended, and nothing is said of that. A block is the file `example.yaml`, unless its first line
//! names another; further blocks of the example stand beside it both times. Mistakes in pages and scripts are shown in
//! blocks of shell, which `import` reads.

use runbook_playbook::diagnostic::{Code, Severity};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The fenced blocks of a part of a page in one language.
fn blocks<'a>(part: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    part.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(block, _)| block))
        .collect()
}

/// The file that a block is.
fn name(block: &str) -> &str {
    let named = block
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# "));
    named
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|ending| ending == "yaml")
        })
        .unwrap_or("example.yaml")
}

/// Checks the first of some files; all lie in one folder.
fn check(files: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        fs::write(folder.path().join(name(file)), file).expect("written");
    }
    let first = files.first().copied().unwrap_or_default();
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["check", "--lints", name(first)])
        .current_dir(folder.path())
        .output()
        .expect("it runs")
}

/// Says what is wrong with a script.
fn import_check(script: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("example.sh"), script).expect("written");
    Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
        .args(["import", "--check", "example.sh"])
        .current_dir(folder.path())
        .output()
        .expect("it runs")
}

#[test]
fn every_page_of_commands_shows_its_mistake_and_how_it_is_mended() {
    let mut seen = 0;
    for code in Code::ALL {
        let (example, mended) = code
            .page()
            .split_once("## What to write instead\n")
            .unwrap_or_default();
        let [script] = *blocks(example, "sh") else {
            continue;
        };
        let message = blocks(example, "text").first().map(|text| text.trim_end());
        let said = import_check(script);
        let said = String::from_utf8_lossy(&said.stderr);
        assert!(
            message.is_some_and(|message| said.contains(message)),
            "{} gives:\n{said}",
            code.slug()
        );
        let [mended] = *blocks(mended, "sh") else {
            panic!("{} shows nothing mended", code.slug());
        };
        let said = import_check(mended);
        let said = String::from_utf8_lossy(&said.stderr);
        assert!(
            said.contains("nothing wrong"),
            "{}, mended:\n{said}",
            code.slug()
        );
        seen += 1;
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn every_page_shows_its_mistake_and_how_it_is_mended() {
    let mut wrong = Vec::new();
    for code in Code::ALL {
        let slug = code.slug();
        let (example, mended) = code
            .page()
            .split_once("## What to write instead\n")
            .unwrap_or_else(|| panic!("{slug} does not say what to write instead"));
        for part in ["## Example\n", "## Why it matters\n"] {
            assert!(example.contains(part), "{slug} has no {part}");
        }
        let files = blocks(example, "yaml");
        if files.is_empty() && !blocks(example, "sh").is_empty() {
            continue;
        }
        let message = blocks(example, "text").first().map(|text| text.trim_end());
        let said = check(&files);
        let said = String::from_utf8_lossy(&said.stderr);
        if !message.is_some_and(|message| {
            message.contains(&format!("[{slug}]: ")) && said.contains(message)
        }) {
            wrong.push(format!(
                "{slug} is said to give:\n{message:?}\nand gives:\n{said}"
            ));
        }
        let beside = files.iter().skip(1).copied();
        let files: Vec<&str> = blocks(mended, "yaml")
            .into_iter()
            .take(1)
            .chain(beside)
            .collect();
        assert!(!files.is_empty(), "{slug} shows nothing mended");
        let output = check(&files);
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() || !said.is_empty() {
            wrong.push(format!("{slug}, mended:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_page_belongs_to_a_code() {
    for entry in fs::read_dir(root().join("docs/errors")).expect("the pages") {
        let path = entry.expect("an entry").path();
        let slug = path.file_stem().expect("a name").to_string_lossy();
        assert!(Code::from_slug(&slug).is_some(), "{}", path.display());
    }
}

#[test]
fn fixtures_show_what_is_wrong_with_files_of_targets() {
    let check = |folder: &str, name: &str| {
        Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
            .args(["check", name])
            .current_dir(root().join("tests/check").join(folder))
            .output()
            .expect("it runs")
    };
    let fine = check("ok", "all.targets.yaml");
    let said = String::from_utf8_lossy(&fine.stderr);
    assert!(fine.status.success() && said.is_empty(), "{said}");
    let output = check("err", "everything.targets.yaml");
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(
        "everything.targets",
        String::from_utf8_lossy(&output.stderr)
    );
    for code in [
        Code::UnknownAccount,
        Code::DuplicateTarget,
        Code::UnmatchedExclusion,
    ] {
        let name = format!("{}.targets.yaml", code.slug());
        let said = check("err", &name);
        let said = String::from_utf8_lossy(&said.stderr);
        assert!(said.contains(&format!("[{}]: ", code.slug())), "{said}");
    }
}

#[test]
fn fixtures_show_what_is_wrong_with_scenarios() {
    let folder = root().join("tests/check/err");
    let mut seen = 0;
    for entry in fs::read_dir(&folder).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if !name.ends_with(".scenarios.yaml") {
            continue;
        }
        let output = Command::new(assert_cmd::cargo::cargo_bin!("runbook"))
            .args(["check", &*name])
            .current_dir(&folder)
            .output()
            .expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        insta::assert_snapshot!(
            name.replace(".yaml", ""),
            String::from_utf8_lossy(&output.stderr)
        );
        seen += 1;
    }
    assert!(seen > 0);
    assert_eq!(Code::ScenarioResponse.severity(), Severity::Error);
}
