//! Pages and commands cut into pieces and put together in any order: nothing breaks the importer, and what it writes is read.
//!
//! `PROPTEST_CASES` says how many are tried. `cargo xtask fuzz import` looks for the same with any bytes.

use proptest::prelude::*;
use runbook_import::{Form, import};
use runbook_playbook::diagnostic::{Style, render};
use runbook_playbook::source::Source;
use runbook_playbook::yaml;
use runbook_registry::Registry;
use serde_json::Value as Json;
use std::path::Path;
use std::sync::LazyLock;

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// Commands as they stand in pages, and lines of pages.
static PIECES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let commands = std::fs::read_to_string(root.join("tests/commands.jsonl")).expect("commands");
    let mut pieces: Vec<String> = commands
        .lines()
        .filter_map(|line| serde_json::from_str::<Json>(line).ok())
        .filter_map(|case| Some(case["command"].as_str()?.to_owned()))
        .collect();
    for page in ["import.md", "language.md", "triage.md"] {
        let page = std::fs::read_to_string(root.join("../../docs").join(page)).expect("a page");
        pieces.extend(page.lines().map(str::to_owned));
    }
    pieces
});

/// What stands between pieces.
const BETWEEN: [&str; 34] = [
    "\n",
    "\n\n",
    " ",
    " \\\n",
    "\n```\n",
    "\n```bash\n",
    "\n## ",
    "\n1. ",
    "\n- **Fix:** ",
    " | ",
    " && ",
    " > ",
    " <<EOF\n",
    "\nEOF\n",
    "$(",
    ")",
    "\"",
    "'",
    "X=",
    "$X",
    "${X:-",
    "}",
    "\nfor x in ",
    "; do ",
    "; done\n",
    "\nif ",
    "; then ",
    "\nfi\n",
    "\u{200b}",
    "\u{202e}",
    "\r\n",
    "<a|b>",
    "`",
    "\t",
];

fn text() -> impl Strategy<Value = String> {
    let piece =
        (any::<prop::sample::Index>(), 0.0..1.0_f64, 0.0..1.0_f64).prop_map(|(which, from, to)| {
            let piece = which.get(&PIECES);
            let ends: Vec<usize> = piece
                .char_indices()
                .map(|(at, _)| at)
                .chain([piece.len()])
                .collect();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a part of a short length"
            )]
            let place = |part: f64| ends[(part * part * ends.len() as f64) as usize % ends.len()];
            let (start, end) = (place(from), piece.len() - place(to));
            piece.get(start..end.max(start)).unwrap_or(piece).to_owned()
        });
    let between = prop::sample::select(BETWEEN.to_vec());
    prop::collection::vec((piece, between), 1..9).prop_map(|parts| {
        let parts = parts.into_iter();
        parts.map(|(piece, between)| piece + between).collect()
    })
}

proptest! {
    #[test]
    fn nothing_breaks_and_what_is_written_is_read(text in text()) {
        for (form, text) in [
            (Form::Markdown, text.clone()),
            (Form::Markdown, format!("# A\n## B\n```bash\n{text}\n```\n")),
            (Form::Shell, text),
        ] {
            let source = Source::new("page", text.as_str());
            let imported = import(&source, form, &REGISTRY);
            for problem in &imported.diagnostics {
                prop_assert!(problem.primary.span.end <= text.len(), "{problem:?}");
                let _ = render(problem, Style::Plain);
            }
            for draft in imported.drafts {
                let source = Source::new("draft.yaml", draft.text);
                let mut problems = Vec::new();
                let read = yaml::read(&source, &mut problems);
                prop_assert!(read.is_some() && problems.is_empty(), "{problems:?}\n{}", source.text());
            }
        }
    }
}

#[test]
fn a_program_called_as_yaml_writes_nothing_is_a_step_that_is_read() {
    let source = Source::new("page", "x=$(null)\naws ecs list-tasks --cluster \"$x\"\n");
    let imported = import(&source, Form::Shell, &REGISTRY);
    let draft = imported.drafts.first().expect("a draft");
    assert!(draft.text.contains("null_step:"), "{}", draft.text);
    let source = Source::new("draft.yaml", draft.text.as_str());
    let mut problems = Vec::new();
    let read = yaml::read(&source, &mut problems);
    assert!(
        read.is_some() && problems.is_empty(),
        "{problems:?}\n{}",
        draft.text
    );
}
