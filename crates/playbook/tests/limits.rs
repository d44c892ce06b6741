//! Nothing that fits into a file breaks the reader or the checker, however deep, long or large it is.

#![expect(
    clippy::format_push_string,
    reason = "files that are made up line by line"
)]

use runbook_playbook::catalog::{Action, ActionKind, Catalog, Effect, Effects, UnknownAction};
use runbook_playbook::check::Empty;
use runbook_playbook::diagnostic::{Code, Diagnostic, Style, render};
use runbook_playbook::review::review;
use runbook_playbook::source::Source;
use runbook_playbook::types::{Record, Type};
use std::sync::Arc;

/// Every action there is, all of them alike.
struct Anything;

impl Catalog for Anything {
    fn action(&self, name: &str) -> Result<Arc<Action>, UnknownAction> {
        Ok(Arc::new(Action {
            name: name.to_owned(),
            kind: ActionKind::Operation,
            input: Record::new("input")
                .optional("name", Type::text())
                .optional("count", Type::integer())
                .optional("wait", Type::Duration)
                .build(),
            output: Record::new("output")
                .optional("count", Type::integer())
                .optional("items", Type::list(Type::text()))
                .build(),
            effects: Effects::from([Effect::Read]),
            effects_by_member: Vec::new(),
            errors: Vec::new(),
            failure_members: Vec::new(),
            paginated: false,
            permissions: Vec::new(),
            idempotency_token: None,
        }))
    }
}

fn problems(text: String) -> Vec<Diagnostic> {
    let source = Source::new("large.yaml", text);
    let found = review(&source, "large", &Anything, &Empty).1;
    for problem in found.iter().take(3) {
        assert!(!render(problem, Style::Plain).is_empty());
    }
    found
}

fn playbook(steps: &str) -> String {
    format!("playbook: v1\ntitle: Large\ncheck:\n{steps}")
}

/// A check with one condition.
fn condition(text: &str) -> String {
    playbook(&format!(
        "  a:\n    action: t:Read\n    assert:\n      - that: {text}\n"
    ))
}

#[test]
fn a_chain_of_steps_may_be_as_long_as_the_file() {
    let mut steps =
        String::from("  s0: {action: t:R, capture: {n: $.count}, assert: {that: n > 1}}\n");
    for at in 1..400 {
        let before = at - 1;
        steps += &format!(
            "  s{at}: {{when: s{before}.n > 1, action: t:R, capture: {{n: $.count}}, assert: {{that: n > 1}}}}\n"
        );
    }
    assert!(problems(playbook(&steps)).is_empty());
    let cycle = steps.replacen("  s0: {action", "  s0: {when: s399.n > 1, action", 1);
    let found = problems(playbook(&cycle));
    assert!(found.iter().any(|problem| problem.code == Code::Cycle));
}

#[test]
fn nesting_ends_at_a_bound() {
    for depth in [30, 100, 20_000] {
        let nested = ["steps: {a: {"].repeat(depth).concat();
        let deep = playbook(&format!("  a: {{{nested}"));
        assert!(!problems(deep).is_empty());
        for (open, close) in [("[", "]"), ("{a: ", "}")] {
            let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let text = playbook(&format!(
                "  a:\n    action: t:Read\n    with: {{name: {value}}}\n    assert: {{path: $.count, gt: 1}}\n"
            ));
            assert!(!problems(text).is_empty());
        }
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("not ", ""),
            ("- ", ""),
            ("1 + ", ""),
        ] {
            let text = format!("\"{}1{}\"", open.repeat(depth), close.repeat(depth));
            problems(condition(&text));
        }
        for (open, close) in [("[?@.a", "]"), ("[?(", ")]"), ("..a", ""), ("[?!", "]")] {
            let text = playbook(&format!(
                "  a:\n    action: t:Read\n    assert:\n      - path: \"$.items{}{}\"\n        count: {{gt: 1}}\n",
                open.repeat(depth),
                close.repeat(depth)
            ));
            assert!(!problems(text).is_empty());
        }
    }
}

#[test]
fn numbers_and_lengths_of_time_may_be_too_large() {
    let large = "9".repeat(400);
    for text in [
        format!("{large} > 1"),
        "9223372036854775807 + 1 > 1".to_owned(),
        "-9223372036854775807 - 2 > 1".to_owned(),
        "9223372036854775807 * 9223372036854775807 > 1".to_owned(),
        "2 ** 9223372036854775807 > 1".to_owned(),
        "1 // 0 > 1".to_owned(),
        "duration('9223372036854775807d') > duration('1s')".to_owned(),
        format!("duration('{large}h') > duration('1s')"),
        "[1, 2][9223372036854775807] > 1".to_owned(),
        "[1, 2][-9223372036854775808:] == []".to_owned(),
        "1e400 > 1".to_owned(),
        "-(-9223372036854775807 - 1) > 1".to_owned(),
    ] {
        problems(condition(&format!("\"{text}\"")));
    }
    for key in ["timeout", "limit", "every", "within"] {
        for value in [
            large.as_str(),
            "9223372036854775807d",
            "-1",
            "1e400",
            "0.0000000001s",
        ] {
            problems(playbook(&format!(
                "  a:\n    action: t:Read\n    {key}: {value}\n    until: {{path: $.count, gt: {value}}}\n    assert: {{path: \"$.items[{value}]\", exists: true}}\n"
            )));
        }
    }
}

#[test]
fn what_refers_to_what_may_not_multiply() {
    // The classic: each name stands for ten of the one before it.
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for at in 1..12 {
        let before = vec![format!("*a{}", at - 1); 10].join(", ");
        bomb += &format!("a{at}: &a{at} [{before}]\n");
    }
    let found = problems(bomb);
    assert!(
        found
            .iter()
            .any(|problem| problem.code == Code::YamlFeature)
    );
    let inputs = (0..2_000)
        .map(|at| format!("  i{at}: {{type: string, enum: [a, b, c, d], default: a}}"))
        .collect::<Vec<_>>()
        .join("\n");
    let name = (0..500)
        .map(|at| format!("${{{{ inputs.i{at} }}}}"))
        .collect::<Vec<_>>()
        .concat();
    let text = format!(
        "playbook: v1\ntitle: Many\ninputs:\n{inputs}\ncheck:\n  a:\n    action: t:Read\n    with: {{name: \"{name}\"}}\n    assert: {{path: $.count, gt: 1}}\n"
    );
    let found = problems(text);
    assert!(
        found
            .iter()
            .all(|problem| problem.code == Code::UnusedInput)
    );
}
