//! `with`, `base`, `defaults`: what is sent.

use super::script::{script, status};
use crate::verdict::Verdict;
use serde_json::json;

#[test]
fn defaults_fill_in_what_with_leaves_out() {
    let world = script();
    let outcome = world.run(
        "
inputs: {name: {type: string, default: web}}
defaults: {t: {name: '${{ inputs.name }}', size: 3}}
resolve:
  a: {action: t:WriteA, with: {size: 5}}
  b: {action: t:WriteB, with: {name: \"${{ 'x' if false else absent }}\"}}
",
    );
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    assert_eq!(
        world.arguments("t:WriteA"),
        [json!({"size": 5, "name": "web"})]
    );
    assert_eq!(world.arguments("t:WriteB"), [json!({"size": 3})]);
}

const BASE: &str = "
inputs: {target: {type: string, default: app}}
resolve:
  current: {action: t:ReadNow, capture: {all: $}}
  write:
    action: t:WriteA
    base: current.all
    with:
      size: 9
      \"$.members[?@.name == inputs.target].size\": 8
";

#[test]
fn base_keeps_what_the_input_has_and_with_overrides() {
    let world = script().on(
        "t:ReadNow",
        json!({"name": "web", "size": 1, "extra": "dropped", "members": [{"name": "app", "junk": 1}, {"name": "log", "size": 2}]}),
    );
    let outcome = world.run(BASE);
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    assert_eq!(
        world.arguments("t:WriteA"),
        [
            json!({"name": "web", "size": 9, "members": [{"name": "app", "size": 8}, {"name": "log", "size": 2}]})
        ]
    );
}

#[test]
fn a_path_into_base_that_matches_nothing_fails() {
    let world = script().on(
        "t:ReadNow",
        json!({"name": "web", "members": [{"name": "log"}]}),
    );
    let outcome = world.run(BASE);
    assert_eq!(status(&outcome, "resolve.write"), "failed base");
    assert!(outcome.changes.is_empty());
}
