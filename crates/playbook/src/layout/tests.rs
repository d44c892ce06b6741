use super::layout;
use crate::diagnostic::Diagnostic;
use crate::source::Source;
use crate::yaml::{self, Node};
use proptest::prelude::{Strategy, any, prop};
use proptest::test_runner::{Config, TestRunner};
use std::path::{Path, PathBuf};

fn messages(found: &[Diagnostic]) -> Vec<String> {
    let said = |one: &Diagnostic| format!("{:?} {}", one.primary.span, one.message);
    found.iter().map(said).collect()
}

fn laid(text: &str) -> String {
    layout(&Source::new("test.yaml", text))
        .unwrap_or_else(|found| panic!("{:?}\n{text}", messages(&found)))
}

#[test]
fn indentation_blanks_blank_lines_and_quotes_are_laid_out() {
    let written = "\n\n# first  \nplaybook:   v1\t\ntags: [ a,b , 'c d', ]   # why\n\n\n\nsymptom:\n    # about it\n    a:\n          with: { x:  1 }\n          list:\n          -   one\n          -   two: 2\n              three: 3\n          # end of the list\n    # end\ndiagnose:\n  b:\n   text: |\n      one\n\n        two  \n   other: 'say \"so\"'\n   more: one\n     two\n# last\n\n\n";
    let expected = "# first\nplaybook: v1\ntags: [a, b, \"c d\"] # why\n\nsymptom:\n  # about it\n  a:\n    with: {x: 1}\n    list:\n      - one\n      - two: 2\n        three: 3\n      # end of the list\n  # end\n\ndiagnose:\n  b:\n    text: |\n      one\n\n        two  \n    other: 'say \"so\"'\n    more: one\n      two\n# last\n";
    assert_eq!(laid(written), expected);
}

#[test]
fn comments_above_a_block_stay_with_it() {
    assert_eq!(
        laid("a:\n  b: 1\n# about c\nc:\n- d\n"),
        "a:\n  b: 1\n\n# about c\nc:\n  - d\n"
    );
}

#[test]
fn block_texts_keep_what_blanks_mean_in_them() {
    let texts = [
        "a: |+\n  b\n\n\nc: d\n",
        "a: |2\n    b\n   c\nd: e\n",
        "a: >-\n  b\n\n  c\n",
        "a:\n  - |\n    b\n  - c: |-\n      d\n",
        "a: | # about\n  b # no comment\n",
        "a: |\n\n  b\nc: |\n",
    ];
    for text in texts {
        assert_eq!(laid(text), text);
    }
}

#[test]
fn lists_and_mappings_in_brackets_keep_their_lines() {
    let text = "a:\n  b: [\n    one, # first\n\n    two,\n  ]\n  c: {d: e,\n      f: g}\n";
    assert_eq!(laid(text), text);
    let moved =
        "a:\n    b: [\n      one, # first\n\n\n      two,\n    ]\n    c: {d: e,\n        f: g}\n";
    assert_eq!(laid(moved), text);
}

#[test]
fn what_does_not_parse_is_refused() {
    for text in ["a: [b\n", "a: b: c\n", "a: &x b\n", "", "a: 1\na: 2\n"] {
        assert!(layout(&Source::new("test.yaml", text)).is_err(), "{text:?}");
    }
}

/// Every file of playbooks and scenarios that the project has.
fn shipped() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![
        root.join("playbooks"),
        root.join("examples"),
        root.join("tests"),
        root.join("crates/cli/tests/fixtures"),
        root.join("crates/playbook/tests/fixtures"),
    ];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|name| name == "yaml")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

fn read(text: &str) -> Option<Node> {
    let mut found = Vec::new();
    let node = yaml::read(&Source::new("test.yaml", text), &mut found);
    node.filter(|_| found.is_empty())
}

#[test]
fn every_shipped_file_can_be_laid_out_and_stays_so() {
    let files = shipped();
    assert!(files.len() > 100, "{}", files.len());
    for (path, text) in files {
        let Some(node) = read(&text) else {
            assert!(layout(&Source::new("test.yaml", text)).is_err());
            continue;
        };
        let once = layout(&Source::new("test.yaml", text));
        let once =
            once.unwrap_or_else(|found| panic!("{}: {:?}", path.display(), messages(&found)));
        assert_eq!(laid(&once), once, "{}", path.display());
        let again = read(&once).expect("reads");
        assert!(super::same::nodes(&node, &again), "{}", path.display());
    }
}

/// Changes blanks that mean nothing, as careless typing does: deeper blocks, more blanks, more lines.
fn careless(text: &str, changes: &[(usize, u8)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (at, what) in changes {
        let place = at % lines.len().max(1);
        let Some(line) = lines.get_mut(place) else {
            continue;
        };
        match what % 6 {
            0 => line.push_str("  "),
            1 => line.push_str(" # said"),
            2 => *line = line.replacen(": ", ":   ", 1),
            3 => *line = line.replacen("- ", "-    ", 1),
            4 => *line = line.replace(", ", " ,  ").replace('{', "{ "),
            _ => lines.insert(place, String::new()),
        }
    }
    if changes.len() % 2 == 1 {
        // All of it deeper by half.
        for line in &mut lines {
            let blanks = line.len() - line.trim_start_matches(' ').len();
            line.insert_str(0, &" ".repeat(blanks / 2));
        }
    }
    lines.join("\n")
}

#[test]
fn layout_is_idempotent_and_keeps_meaning_and_comments() {
    let files = shipped();
    let strategy = (
        any::<prop::sample::Index>(),
        prop::collection::vec((any::<usize>(), any::<u8>()), 0..12),
    )
        .prop_map(|(index, changes)| {
            let (_, text) = index.get(&files);
            careless(text, &changes)
        });
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    let ran = runner.run(&strategy, |text| {
        let Some(node) = read(&text) else {
            return Ok(());
        };
        let source = Source::new("test.yaml", text.clone());
        let once = layout(&source).unwrap_or_else(|found| panic!("{:?}\n{text}", messages(&found)));
        assert_eq!(laid(&once), once, "{text}");
        let again = read(&once).expect("reads");
        assert!(super::same::nodes(&node, &again));
        assert!(super::same::comments(
            &source,
            &Source::new("test.yaml", once)
        ));
        Ok(())
    });
    ran.expect("holds");
}
