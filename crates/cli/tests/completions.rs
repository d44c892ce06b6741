//! Completion as a shell meets it: bash runs the script that `runbook completions bash` prints.

use std::path::Path;
use std::process::Command;

/// What bash would put at the end of the line; words are as bash takes them apart, at `:` and `=` too.
fn completed(words: &[&str], line: &str) -> Vec<String> {
    let binary = assert_cmd::cargo::cargo_bin!("runbook");
    let folder = binary.parent().expect("a folder").display().to_string();
    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source <(runbook completions bash)
COMP_WORDBREAKS=$' \\t\\n\"><=;|&(:'
COMP_WORDS=({}) COMP_CWORD={} COMP_LINE='{line}' COMP_TYPE=9
_runbook_complete
printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1,
    );
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .env("PATH", format!("{folder}:/usr/bin:/bin"))
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let lines = said.lines().filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_and_what_is_there() {
    for (words, line, due) in [
        (&["runbook", "tri"][..], "runbook tri", "triage "),
        (
            &["runbook", "run", "acso/mem"],
            "runbook run acso/mem",
            "acso/memory-leak ",
        ),
        (
            &["runbook", "run", "acso/memory-leak", "--scenario", "leak"],
            "runbook run acso/memory-leak --scenario leak",
            "leaking ",
        ),
        // What bash took apart: only the last part is put in.
        (
            &["runbook", "call", "ecs", ":", "UpdateServiceP"],
            "runbook call ecs:UpdateServiceP",
            "UpdateServicePrimaryTaskSet ",
        ),
        (
            &["runbook", "run", "acso/memory-leak", "-i", "clus"],
            "runbook run acso/memory-leak -i clus",
            "cluster=",
        ),
        (
            &["runbook", "report", "last", "--format", "=", "ju"],
            "runbook report last --format=ju",
            "junit ",
        ),
    ] {
        assert_eq!(completed(words, line), [due], "{line}");
    }
}

#[cfg(unix)]
#[test]
fn a_line_that_nothing_completes_is_left_alone() {
    assert_eq!(
        completed(&["runbook", "show", "x"], "runbook show x"),
        [""; 0]
    );
}
