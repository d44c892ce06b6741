//! YAML as playbooks use it: places, what is refused, and the traps.

use runbook_playbook::diagnostic::Diagnostic;
use runbook_playbook::source::Source;
use runbook_playbook::yaml::{self, Node, NodeKind};

fn read(text: &str) -> (Source, Option<Node>, Vec<Diagnostic>) {
    let source = Source::new("test.yaml", text);
    let mut problems = Vec::new();
    let node = yaml::read(&source, &mut problems);
    (source, node, problems)
}

/// The problems of a text as `line:column code "marked text"`.
fn problems(text: &str) -> Vec<String> {
    let (_, _, problems) = read(text);
    problems
        .iter()
        .map(|problem| {
            let at = problem.source.position(problem.primary.span.start);
            let marked = problem.source.slice(problem.primary.span);
            format!(
                "{}:{} {} {marked:?}",
                at.line,
                at.column,
                problem.code.slug()
            )
        })
        .collect()
}

#[test]
fn a_bracket_in_text_is_marked_where_it_stands_although_the_next_line_is_refused() {
    assert_eq!(
        problems("a:\n  until: [{path: $.State[, equals: on}]\n  every: 10s\n"),
        ["2:18 yaml-syntax \"$.State[\""]
    );
}

#[test]
fn scalars_have_exact_places() {
    let text = "# é comes first\nplain: one é two # comment\nsingle: 'it is'\ndouble: \"x\\ty\"\nliteral: |\n  one\n  two\nfolded: >-\n  é\nflow: {a: [ü, \"b c\"], d: e}\r\nlast: x\r\n";
    let (source, node, found) = read(text);
    assert!(found.is_empty(), "{found:?}");
    let node = node.expect("a document");
    let cases = [
        (vec!["plain"], "one é two", "one é two", true),
        (vec!["single"], "'it is'", "it is", true),
        (vec!["double"], "\"x\\ty\"", "x\\ty", false),
        (vec!["literal"], "one\n  two", "one\n  two", false),
        (vec!["folded"], "é", "é", true),
        (vec!["flow", "a", "0"], "ü", "ü", true),
        (vec!["flow", "a", "1"], "\"b c\"", "b c", true),
        (vec!["flow", "d"], "e", "e", true),
        (vec!["last"], "x", "x", true),
    ];
    for (route, whole, inner, is_exact) in cases {
        let scalar = node.at(route.iter().copied()).expect("a scalar");
        assert_eq!(source.slice(scalar.span), whole, "{route:?}");
        let NodeKind::Scalar { place, .. } = &scalar.kind else {
            panic!("{route:?} is no scalar");
        };
        assert_eq!(source.slice(place.span), inner, "{route:?}");
        assert_eq!(place.exact, is_exact, "{route:?}");
    }
    let flow = node.at(["flow"]).expect("a mapping");
    assert_eq!(source.slice(flow.span), "{a: [ü, \"b c\"], d: e}");
    let block = node.at(["folded"]).and_then(Node::text);
    assert_eq!(block, Some("é"));
}

#[test]
fn a_value_left_out_is_nothing_at_its_key() {
    let (source, node, _) = read("a:\nb: ~\nc: 'null'\n");
    let node = node.expect("a document");
    assert_eq!(node.get("a").map(|node| source.slice(node.span)), Some("a"));
    assert_eq!(node.get("b").map(Node::is_null), Some(true));
    assert_eq!(node.get("c").and_then(Node::text), Some("null"));
}

#[test]
fn features_that_hide_things_are_refused_and_reading_goes_on() {
    assert_eq!(
        problems("a: &x 1\nb: *x\nc: !!str 2\n<<: {d: 1}\na: 3\n"),
        [
            "1:4 yaml-feature \"&x 1\"",
            "2:4 yaml-feature \"*x\"",
            "3:4 yaml-feature \"!!str 2\"",
            "4:1 yaml-feature \"<<\"",
            "5:1 duplicate-key \"a\"",
        ]
    );
    assert_eq!(problems("a: 1\n---\nb: 2\n"), ["2:1 yaml-feature \"---\""]);
    assert_eq!(
        problems("a: x\u{202e}y\nb: \u{7}\n"),
        [
            "1:5 yaml-feature \"\\u{202e}\"",
            "2:4 yaml-feature \"\\u{7}\""
        ]
    );
    assert_eq!(
        problems("\u{feff}a: 1\na: 2\n"),
        ["1:1 yaml-feature \"\\u{feff}\"", "2:1 duplicate-key \"a\"",]
    );
    assert_eq!(
        problems("~: 1\n? [a]\n: 2\n"),
        ["1:1 wrong-kind \"~\"", "2:3 wrong-kind \"[a]\""]
    );
    assert_eq!(problems("# nothing\n"), ["1:1 yaml-syntax \"\""]);
}

#[test]
fn limits_hold() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(problems(&deep), ["1:66 yaml-limit \"[\""]);
    let many = format!("[{}]", "1,".repeat(yaml::MAX_NODES));
    assert_eq!(problems(&many).len(), 1);
    let large = format!("a: {}", "x".repeat(yaml::MAX_BYTES));
    assert_eq!(problems(&large), ["1:1 yaml-limit \"\""]);
}

#[test]
fn the_known_traps_are_explained_and_stepped_over() {
    let text = "a: {b: ${{ x }}, c: 1}\nd: [${{ y }}, 2]\ne: {path: $.x[*].y}\nf: failed: no space\ng: {{ z }}\nh: @x\ni: {{ z }} more\nj: ok\nj: twice\n";
    assert_eq!(
        problems(text),
        [
            "1:8 template-syntax \"${{ x }}\"",
            "2:5 template-syntax \"${{ y }}\"",
            "3:11 yaml-syntax \"$.x[*].y\"",
            "4:4 yaml-syntax \"failed: no space\"",
            "6:4 yaml-syntax \"@\"",
            "7:4 template-syntax \"{{ z }} more\"",
            "5:4 template-syntax \"{{ z }}\"",
            "9:1 duplicate-key \"j\"",
        ]
    );
    let (_, node, _) = read(text);
    let node = node.expect("a document");
    assert_eq!(node.at(["a", "b"]).and_then(Node::text), Some("${{ x }}"));
    assert_eq!(node.at(["a", "c"]).and_then(Node::text), Some("1"));
    assert_eq!(
        node.at(["e", "path"]).and_then(Node::text),
        Some("$.x[*].y")
    );
    assert_eq!(
        node.at(["f"]).and_then(Node::text),
        Some("failed: no space")
    );
}

#[test]
fn other_syntax_errors_have_a_place() {
    assert_eq!(problems("a: [1\nb: 2\n").len(), 1);
    assert_eq!(problems("a: 'x\n"), ["1:4 yaml-syntax \"'\""]);
    assert_eq!(problems("a: x\n  b: y\n"), ["2:3 yaml-syntax \"b:\""]);
}

#[test]
fn a_comment_after_quotes_is_no_part_of_the_text() {
    for (written, text) in [
        ("'it is'", "it is"),
        ("\"a b\"", "a b"),
        ("'it''s'", "it's"),
    ] {
        let (source, node, _) = read(&format!("a: {written} # it's \"one\"\nb: c\n"));
        let node = node.expect("a document");
        let scalar = node.at(["a"]).expect("a scalar");
        assert_eq!(source.slice(scalar.span), written);
        assert_eq!(scalar.text(), Some(text));
    }
}

#[test]
fn untyped_json_refuses_what_is_ambiguous() {
    let (source, node, _) = read(
        "t: [true, 1, -2, 1.5, 1e3, text, 2026-01-15, 10.0.0.1, null, '0123']\nf: [no, True, 0123, 1.10, 9007199254740993, +1]\n",
    );
    let node = node.expect("a document");
    let mut found = Vec::new();
    let json = node.to_json(&source, &mut found);
    assert_eq!(
        json.get("t"),
        Some(&serde_json::json!([
            true,
            1,
            -2,
            1.5,
            1000.0,
            "text",
            "2026-01-15",
            "10.0.0.1",
            null,
            "0123"
        ]))
    );
    let marked: Vec<&str> = found
        .iter()
        .map(|problem| source.slice(problem.primary.span))
        .collect();
    assert_eq!(
        marked,
        ["no", "True", "0123", "1.10", "9007199254740993", "+1"]
    );
}
