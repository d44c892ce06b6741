//! The documentation's examples: every YAML block that is a playbook checks, every file and command that it names exists.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    let mut folders = vec![root().join("docs"), root()];
    while let Some(folder) = folders.pop() {
        let is_root = folder == root();
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !is_root {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "md") {
                let text = fs::read_to_string(&path).expect("a page");
                let name = path.strip_prefix(root()).expect("below the root");
                pages.push((name.display().to_string(), text));
            }
        }
    }
    pages.sort();
    pages
}

/// The fenced blocks of a page in one language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```").map(|(block, _)| block))
        .collect()
}

#[test]
fn whole_playbooks_check() {
    let mut checked = 0;
    for (page, text) in pages() {
        // Pages that show mistakes have tests of their own: `errors.rs`, `checking.rs`.
        if page.starts_with("docs/errors/") || page == "docs/checking.md" {
            continue;
        }
        for block in blocks(&text, "yaml") {
            if !block.lines().any(|line| line == "playbook: v1") {
                continue;
            }
            // Shared files are not part of a page.
            let block: String = block
                .lines()
                .filter(|line| !line.starts_with("escalate: {use:"))
                .flat_map(|line| [line, "\n"])
                .collect();
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join("example.yaml");
            fs::write(&file, block).expect("written");
            let output = assert_cmd::Command::cargo_bin("runbook")
                .expect("the binary")
                .arg("check")
                .arg(&file)
                .output()
                .expect("it runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{page}: {said}");
            checked += 1;
        }
    }
    assert!(checked > 0, "the language page has a playbook");
}

#[test]
fn links_lead_to_files() {
    for (page, text) in pages() {
        let folder = root().join(&page);
        let folder = folder.parent().expect("a folder");
        for target in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')').map(|(target, _)| target))
        {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            assert!(folder.join(path).exists(), "{page} links to {path}");
        }
    }
}

#[test]
fn the_first_command_of_the_readme_works_as_it_stands() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let first = blocks(&readme, "sh").first().copied().expect("a command");
    let arguments = first
        .strip_prefix("cargo run --release -- ")
        .expect("the first command runs the binary");
    let output = assert_cmd::Command::cargo_bin("runbook")
        .expect("the binary")
        .current_dir(root())
        .args(arguments.split_whitespace())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("resolved"),
        "{said}"
    );
}
