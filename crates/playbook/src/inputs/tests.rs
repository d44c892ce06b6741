//! Binding of inputs, as tables over one declared playbook.

use super::*;
use crate::source::Source;
use serde_json::json;
use std::fmt::Write;

const PLAYBOOK: &str = r#"
playbook: v1
title: Inputs
summary: One of each kind.
inputs:
  environment: {type: string, enum: [staging, production], default: production}
  cluster: {type: string, default: "acso-${{ inputs.environment }}-cluster"}
  name: {type: string, pattern: "[a-z-]+", min: 2, max: 8, default: app}
  memory: {type: integer, min: 512, max: 4096, default: 1024}
  ratio: {type: number, enum: [0.5, 1], default: 1}
  permanent: {type: boolean, default: false}
  window: {type: duration, min: 1h, max: 7d, default: 24h}
  start: {type: timestamp, default: "${{ now - inputs.window }}"}
  token: {type: secret, pattern: "[a-f0-9]+", default: c0ffee}
  hosts: {type: list, pattern: "[a-z]+", max: 2, default: [a]}
  ports: {type: list, items: integer, default: []}
  document: {type: json, default: {a: [1, null]}}
  comment: {type: string, default: null}
  owner: {type: string}
check:
  one:
    assert: [{that: true}]
"#;

/// Binds over what is required; gives one input's value, or what is wrong.
fn bound(name: &str, given: &[(&str, Given)]) -> String {
    let (playbook, problems) = crate::syntax::parse(&Source::new("test.yaml", PLAYBOOK));
    assert!(problems.is_empty(), "{problems:?}");
    let playbook = playbook.expect("a playbook");
    let mut all = vec![("owner".to_owned(), Given::Text("me".to_owned()))];
    all.extend(
        given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    let now = "2026-01-15T12:00:00Z".parse().expect("a timestamp");
    match bind(&playbook, &all, now) {
        Ok(values) => values
            .get(name)
            .map_or_else(String::new, |value| value.to_json().to_string()),
        Err(problems) => problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" / "),
    }
}

#[track_caller]
fn check_texts(rows: &[(&str, &str, &str)]) {
    let mut wrong = String::new();
    for (name, text, expected) in rows {
        let found = bound(name, &[(name, Given::Text((*text).to_owned()))]);
        if found != *expected {
            let _ = writeln!(
                wrong,
                "{name}={text}\n  expected {expected}\n  found    {found}"
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn reads_text_by_the_declared_type() {
    check_texts(&[
        ("environment", "staging", "\"staging\""),
        ("cluster", "", "\"\""),
        ("cluster", "no", "\"no\""),
        ("memory", "2048", "2048"),
        ("ratio", "0.5", "0.5"),
        ("permanent", "true", "true"),
        ("window", "1h30m", "\"1h30m\""),
        (
            "start",
            "2026-01-01T00:00:00+01:00",
            "\"2025-12-31T23:00:00Z\"",
        ),
        ("hosts", "a, b", "[\"a\",\"b\"]"),
        ("hosts", "[\"a\"]", "[\"a\"]"),
        ("hosts", "", "[]"),
        ("ports", "80,443", "[80,443]"),
        ("document", "{\"b\": null}", "{\"b\":null}"),
        ("document", "plain", "\"plain\""),
        ("comment", "null", "\"null\""),
        ("token", "0123", "\"0123\""),
    ]);
}

#[test]
fn says_what_is_wrong_with_a_value() {
    check_texts(&[
        (
            "environment",
            "prodution",
            "input `environment`: `prodution` is not allowed; did you mean `production`?",
        ),
        (
            "environment",
            "x",
            "input `environment`: `x` is not allowed: staging, production",
        ),
        (
            "name",
            "App",
            "input `name`: `App` does not match the pattern `^(?:[a-z-]+)$`",
        ),
        (
            "name",
            "a",
            "input `name`: `a` is shorter than 2 characters",
        ),
        (
            "name",
            "abcdefghi",
            "input `name`: the text is longer than 8 characters",
        ),
        ("memory", "64", "input `memory`: 64 is less than 512"),
        (
            "memory",
            "8192",
            "input `memory`: 8192 is greater than 4096",
        ),
        ("memory", "1.5", "input `memory`: `1.5` is not an integer"),
        ("ratio", "2", "input `ratio`: `2` is not allowed: 0.5, 1"),
        (
            "permanent",
            "yes",
            "input `permanent`: `yes` is not a boolean; write `true` or `false`",
        ),
        ("window", "30m", "input `window`: 30m is less than 1h"),
        ("window", "2w", "input `window`: 14d is greater than 7d"),
        (
            "window",
            "24",
            "input `window`: `24` is not a duration; write for example `30s`, `15m`, `1h30m`, `24h` or `7d`",
        ),
        (
            "start",
            "yesterday",
            "input `start`: `yesterday` is not a timestamp; write `2026-01-15T12:00:00Z`",
        ),
        (
            "hosts",
            "a,b,c",
            "input `hosts`: the list has 3 elements, at most 2 may be given",
        ),
        (
            "hosts",
            "a,B",
            "input `hosts`: `B` does not match the pattern `^(?:[a-z]+)$`",
        ),
        (
            "hosts",
            "[a",
            "input `hosts`: the text is not a JSON list: expected value at line 1 column 2",
        ),
        (
            "ports",
            "80,http",
            "input `ports`: `http` is not an integer",
        ),
        (
            "token",
            "Secret",
            "input `token`: the text does not match the pattern `^(?:[a-f0-9]+)$`",
        ),
        (
            "enviroment",
            "x",
            "input `enviroment`: the playbook does not have it; did you mean `environment`?",
        ),
        ("zzz", "x", "input `zzz`: the playbook does not have it"),
    ]);
}

#[test]
fn reads_json_by_the_declared_type() {
    for (name, json, expected) in [
        ("memory", json!(2048), "2048"),
        ("memory", json!(2048.0), "2048"),
        (
            "memory",
            json!("2048"),
            "input `memory`: an integer is due, this is text",
        ),
        ("memory", json!(null), "input `memory`: null is not a value"),
        ("window", json!("2h"), "\"2h\""),
        (
            "start",
            json!("2026-01-01T00:00:00Z"),
            "\"2026-01-01T00:00:00Z\"",
        ),
        (
            "permanent",
            json!("true"),
            "input `permanent`: a boolean is due, this is text",
        ),
        (
            "hosts",
            json!(["a", 1]),
            "input `hosts`: text is due, this is an integer",
        ),
        ("document", json!({"a": null}), "{\"a\":null}"),
        ("comment", json!(null), "null"),
    ] {
        let found = bound(name, &[(name, Given::Json(json.clone()))]);
        assert_eq!(found, expected, "{name}: {json}");
    }
}

#[test]
fn defaults_use_earlier_inputs_and_the_time() {
    let staging = Given::Text("staging".to_owned());
    for (name, given, expected) in [
        ("cluster", vec![], "\"acso-production-cluster\""),
        (
            "cluster",
            vec![("environment", staging)],
            "\"acso-staging-cluster\"",
        ),
        ("start", vec![], "\"2026-01-14T12:00:00Z\""),
        (
            "start",
            vec![("window", Given::Text("2h".to_owned()))],
            "\"2026-01-15T10:00:00Z\"",
        ),
        ("document", vec![], "{\"a\":[1,null]}"),
        ("comment", vec![], "null"),
    ] {
        assert_eq!(bound(name, &given), expected, "{name}");
    }
}

#[test]
fn says_all_that_is_wrong_at_once_and_nothing_that_follows_from_it() {
    let given = |text: &str| Given::Text(text.to_owned());
    assert_eq!(
        bound(
            "",
            &[
                ("environment", given("x")),
                ("window", given("x")),
                ("memory", given("1"))
            ]
        ),
        "input `environment`: `x` is not allowed: staging, production / \
         input `memory`: 1 is less than 512 / \
         input `window`: `x` is not a duration; write for example `30s`, `15m`, `1h30m`, `24h` or `7d`"
    );
}

#[test]
fn what_is_required_must_be_given() {
    let (playbook, _) = crate::syntax::parse(&Source::new("test.yaml", PLAYBOOK));
    let problems = bind(&playbook.expect("a playbook"), &[], Timestamp::UNIX_EPOCH)
        .expect_err("the owner is missing");
    let [problem] = problems.as_slice() else {
        panic!("{problems:?}")
    };
    assert_eq!(
        problem.to_string(),
        "input `owner`: it is required; give it with `-i owner=…`"
    );
    assert_eq!(
        problem
            .span
            .and_then(|span| PLAYBOOK.get(span.start..span.end)),
        Some("owner")
    );
}

#[test]
fn the_last_of_several_values_counts() {
    let given = |text: &str| Given::Text(text.to_owned());
    assert_eq!(
        bound(
            "memory",
            &[("memory", given("x")), ("memory", given("600"))]
        ),
        "600"
    );
}

#[test]
fn where_a_secret_lies_is_said_by_who_runs_the_playbook() {
    let text = "playbook: v1\ntitle: T\ninputs: {token: {type: secret, default: 'ssm:/a'}}\n";
    let (playbook, _) = crate::syntax::parse(&Source::new("t.yaml", text));
    let playbook = playbook.expect("a playbook");
    let problems = bind(&playbook, &[], Timestamp::UNIX_EPOCH).expect_err("a default");
    assert!(
        problems[0].message.contains("-i token=ssm:/a"),
        "{problems:?}"
    );
    let given = [("token".to_owned(), Given::Text("ssm:/a".to_owned()))];
    let bound = bind(&playbook, &given, Timestamp::UNIX_EPOCH).expect("bound");
    assert_eq!(bound["token"], Value::text("ssm:/a"));
}
