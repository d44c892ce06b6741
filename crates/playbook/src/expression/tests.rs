//! The semantics of expressions, as tables, and that no text brings them down.

use super::*;
use crate::source::Source;
use crate::span::{Span, TextPlace};
use crate::value::Value;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

struct Names;

impl Scope for Names {
    fn lookup(&self, name: &str) -> Option<Value> {
        match name {
            "u" => Some(Value::Unknown),
            "xs" => Some(Value::from_json(&json!([3, 1, 2]))),
            "m" => Some(Value::from_json(
                &json!({"a": {"b": 1}, "status": "skipped"}),
            )),
            "points" => Some(Value::from_json(&json!([
                {"at": "2026-01-01T00:00:00Z", "value": 1},
                {"at": "2026-01-01T02:00:00Z", "value": 5},
            ]))),
            _ => None,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        Timestamp::UNIX_EPOCH - length
    }
}

fn read(text: &str) -> Option<Expression> {
    let place = TextPlace {
        span: Span::new(0, text.len()),
        exact: true,
    };
    parse(text, place, &Source::new("test.yaml", text)).ok()
}

fn show(text: &str) -> String {
    match read(text).map(|expression| evaluate(&expression, &Names)) {
        None => "unreadable".to_owned(),
        Some(Err(_)) => "error".to_owned(),
        Some(Ok(Value::Unknown)) => "unknown".to_owned(),
        Some(Ok(value)) => value.to_json().to_string(),
    }
}

#[test]
fn means_what_the_language_says() {
    for (text, expected) in [
        ("false and u", "false"),
        ("u and false", "false"),
        ("u or true", "true"),
        ("not u", "unknown"),
        ("u is unknown", "true"),
        ("1 and true", "error"),
        ("1 == 1.0", "true"),
        ("1 == '1'", "error"),
        ("'a' < 'b'", "error"),
        ("absent == 1", "false"),
        ("m.x.y is defined", "false"),
        ("m.x.y | default(1)", "1"),
        ("m.x < 3", "error"),
        ("m['a'].b", "1"),
        ("xs[-1]", "2"),
        ("xs[3]", "error"),
        ("xs[1:]", "[1,2]"),
        ("1 < 2 < 3", "true"),
        ("2 in xs", "true"),
        ("4 not in xs", "true"),
        ("7 / 2", "3.5"),
        ("xs + [4]", "[3,1,2,4]"),
        ("xs + 4", "error"),
        ("xs | intersect([2, 3, 9])", "[3,2]"),
        ("xs | difference([2.0])", "[3,1]"),
        ("m.x | required", "error"),
        ("xs | required | length", "3"),
        ("xs | select('x') | length", "error"),
        ("'' | default('none', true)", "\"none\""),
        ("[] | join(', ') | default('none', empty=true)", "\"none\""),
        ("'' | default('none')", "\"\""),
        ("7 // 2", "3"),
        ("-7 % 3", "2"),
        ("9223372036854775807 + 1", "error"),
        ("1 / 0", "error"),
        ("now - duration('1h')", "\"1969-12-31T23:00:00Z\""),
        ("duration('1h') * 1.5", "\"1h30m\""),
        ("duration('1h') / duration('30m')", "2.0"),
        ("'a' ~ 1", "\"a1\""),
        ("xs if xs else absent", "[3,1,2]"),
        ("xs | sort | join(',')", "\"1,2,3\""),
        ("trend(points).per_hour", "2.0"),
        ("trend(points).fit", "1.0"),
        ("xs | map('round', 1)", "[3,1,2]"),
        ("['a/b', 'c'] | map('basename')", "[\"b\",\"c\"]"),
        ("['a-b'] | map('replace', '-', '/')", "[\"a/b\"]"),
        ("[1, m.x] | map('default', 0) | sum", "1"),
        ("[1, u] | map('abs') | sum", "unknown"),
        ("u | map('abs')", "unknown"),
        ("[[1]] | map('map', 'abs')", "error"),
        ("['a'] | map('abs')", "error"),
        ("1 | map('abs')", "error"),
        ("[m] | map(attribute='a.b')", "[1]"),
        ("forecast(points, 9)", "\"2h\""),
        (
            "['a', 'b'] | map('wrap', 'Name') | map('merge', {'Size': 1}) | map('wrap', 'Update')",
            r#"[{"Update":{"Name":"a","Size":1}},{"Update":{"Name":"b","Size":1}}]"#,
        ),
        (
            "{'a': 1, 'b': 2} | merge({'b': 3, 'c': 4})",
            r#"{"a":1,"b":3,"c":4}"#,
        ),
        ("m.x | wrap('a')", "error"),
        ("u | wrap('a')", "unknown"),
        ("1 | wrap(2)", "error"),
        ("m | merge([1])", "error"),
        ("[1] | merge(m)", "error"),
        ("m is skipped", "true"),
        ("True", "unreadable"),
        ("none", "unreadable"),
        ("m.keys()", "unreadable"),
        ("(1, 2)", "unreadable"),
    ] {
        assert_eq!(show(text), expected, "{text}");
    }
}

#[test]
fn bounds_depth() {
    for text in ["not ", "-", "(", "[", "a.", "a if b else ", "{'a':"] {
        assert!(read(&format!("{}a", text.repeat(3000))).is_none(), "{text}");
        assert!(read(&format!("{}a", text.repeat(500))).is_none(), "{text}");
    }
}

proptest! {
    #[test]
    fn never_panics(text in "[-a-z0-9 .|()\\[\\]{}'\",:~+*/%<>=!]{0,40}|\\PC{0,40}") {
        show(&text);
    }
}
