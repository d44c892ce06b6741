//! Playbooks as text: what parses, and what is said of what does not.

use runbook_playbook::source::Source;
use runbook_playbook::syntax::{self, playbook::Playbook};

const EXAMPLE: &str = include_str!("fixtures/language-example.yaml");

/// Parses a file and lists its problems as `line:column code: message | help`.
fn problems(text: &str) -> (Option<Playbook>, Vec<String>) {
    let source = Source::new("test.yaml", text);
    let (playbook, diagnostics) = syntax::parse(&source);
    let lines = diagnostics
        .iter()
        .map(|problem| {
            let at = problem.source.position(problem.primary.span.start);
            format!(
                "{}:{} {}: {} | {}",
                at.line,
                at.column,
                problem.code.slug(),
                problem.message,
                problem.help.as_deref().unwrap_or("")
            )
        })
        .collect();
    (playbook, lines)
}

#[test]
fn the_example_of_the_language_parses() {
    let (playbook, problems) = problems(EXAMPLE);
    assert_eq!(problems, Vec::<String>::new());
    let playbook = playbook.expect("a playbook");
    assert_eq!(playbook.title.value, "Memory leak");
    assert_eq!(playbook.inputs.len(), 8);
    let resolve = playbook.resolve.expect("resolve");
    assert_eq!(resolve.steps.len(), 2);
}

/// Each class of problem, with its exact place.
#[test]
fn each_problem_has_its_place_and_says_what_to_write() {
    let text = include_str!("fixtures/problems.yaml");
    let (playbook, problems) = problems(text);
    assert!(playbook.is_some(), "one pass reads past every problem");
    insta::assert_snapshot!(problems.join("\n"));
}

#[test]
fn a_health_check_stands_alone() {
    let (_, problems) = problems(
        "playbook: v1\ntitle: x\ncheck: {a: {action: ecs:X}}\nsymptom: {b: {action: ecs:X}}\nverify: {times: 1}\n",
    );
    assert_eq!(
        problems,
        [
            "4:1 misplaced-key: `symptom` has no meaning beside `check` | a health check is the single graph of its playbook: put the other graphs into a playbook of their own",
            "5:1 misplaced-key: `verify` has no meaning beside `check` | a health check is the single graph of its playbook: put the other graphs into a playbook of their own",
        ]
    );
}

#[test]
fn a_playbook_has_a_header_a_title_and_a_graph() {
    assert_eq!(
        problems("summary: x\n").1,
        [
            "1:1 missing-key: the playbook has no `playbook` | add `playbook:` with `v1`",
            "1:1 missing-key: the playbook has no `title` | add `title:` with text",
            "1:1 missing-key: the playbook has no graph | add `symptom:`, `diagnose:` or `resolve:` with steps, or `check:` for a health check",
        ]
    );
    assert_eq!(
        problems("- a\n").1,
        [
            "1:1 wrong-kind: the playbook cannot be a list | write a mapping, for example `{playbook: v1, title: Memory leak}`"
        ]
    );
}

#[test]
fn scalars_are_read_by_their_place() {
    let (playbook, problems) = problems(
        "playbook: v1\ntitle: 1.10\nsummary: no\ntags: [0123, yes]\ncheck: {a: {action: ecs:X, with: {n: 007}}}\n",
    );
    assert_eq!(problems, Vec::<String>::new());
    let playbook = playbook.expect("a playbook");
    assert_eq!(playbook.title.value, "1.10");
    assert_eq!(playbook.summary.expect("summary").value, "no");
    let tags: Vec<&str> = playbook.tags.iter().map(|tag| tag.as_str()).collect();
    assert_eq!(tags, ["0123", "yes"]);
}

#[test]
fn undo_is_a_step_or_a_mapping_of_steps() {
    let undo_ids = |undo: &str| {
        let text = format!(
            "playbook: v1\ntitle: x\nresolve:\n  grow:\n    action: ecs:X\n    undo: {undo}\n"
        );
        let (playbook, problems) = problems(&text);
        assert_eq!(problems, Vec::<String>::new());
        let resolve = playbook.and_then(|playbook| playbook.resolve);
        let steps = resolve.expect("resolve").steps;
        let undo = &steps.first().expect("grow").undo;
        undo.iter()
            .map(|step| step.id.value.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(undo_ids("{action: ecs:Y, with: {a: 1}}"), ["grow"]);
    assert_eq!(
        undo_ids("{first: {action: ecs:Y}, second: {action: ecs:Z}}"),
        ["first", "second"]
    );
}

#[test]
fn a_condition_may_be_written_as_a_template() {
    for when in ["run.id == 'x'", "${{ run.id == 'x' }}"] {
        let text = format!(
            "playbook: v1\ntitle: x\nresolve:\n  a:\n    action: ecs:X\n    when: {when}\n"
        );
        let (playbook, problems) = problems(&text);
        assert_eq!(problems, Vec::<String>::new());
        let playbook = playbook.expect("a playbook");
        let source = playbook.source.clone();
        let resolve = playbook.resolve.expect("resolve");
        let when = resolve.steps.first().and_then(|step| step.when.as_ref());
        let when = when.expect("when");
        assert_eq!(when.text, "run.id == 'x'");
        assert_eq!(source.slice(when.span), "run.id == 'x'");
    }
}

#[test]
fn a_template_inside_a_condition_is_refused() {
    let (_, problems) = problems(
        "playbook: v1\ntitle: x\nresolve:\n  a:\n    action: ecs:X\n    when: run.id == ${{ inputs.x }}\n",
    );
    assert_eq!(
        problems,
        [
            "6:21 template-place: this is an expression already, so no template stands in it | write `run.id == inputs.x`"
        ]
    );
}

mod any_text {
    use super::{EXAMPLE, syntax};
    use proptest::prelude::*;
    use runbook_playbook::diagnostic::{Style, render};
    use runbook_playbook::source::Source;

    /// Parses and renders; neither may panic.
    fn digest(text: &str) {
        let source = Source::new("any.yaml", text);
        let (_, problems) = syntax::parse(&source);
        for problem in &problems {
            assert!(!render(problem, Style::Plain).is_empty());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

        #[test]
        fn never_panics(text in "(?s).{0,200}") {
            digest(&text);
        }

        #[test]
        fn never_panics_on_yaml_like_text(
            text in prop::collection::vec(
                prop::sample::select(vec![
                    "playbook: v1", "title: ", "\n", "  ", "- ", "{", "}", "[", "]", ": ", ",", "${{", "}}",
                    "$.a[*]", "'", "\"", "|\n", ">-\n", "&a", "*a", "!t", "symptom:", "a", "é", "\u{202e}", "\t",
                    "\r\n", "#", "---\n", "...\n", "<<", "? ", "\u{0}", "%",
                ]),
                0..40,
            )
        ) {
            digest(&text.concat());
        }

        #[test]
        fn never_panics_on_a_damaged_playbook(at in 0..EXAMPLE.len(), cut in 0_usize..30, put in "[\\[\\]{}:'\"$#|é\\n -]{0,6}") {
            let mut text: Vec<char> = EXAMPLE.chars().collect();
            let at = at.min(text.len());
            let end = (at + cut).min(text.len());
            text.splice(at..end, put.chars());
            digest(&text.into_iter().collect::<String>());
        }
    }
}
