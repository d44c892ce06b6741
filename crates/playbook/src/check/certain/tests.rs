use super::{Certainty, Facts, decide};
use crate::expression::{TypeScope, parse};
use crate::source::Source;
use crate::span::{Span, TextPlace};
use crate::types::{Range, Record, TextRule, Type};
use std::sync::Arc;

struct Names;

impl TypeScope for Names {
    fn name(&self, name: &str) -> Option<Type> {
        let enumeration = Type::one_of(&["dev", "staging", "production"]);
        let bounded = Type::Integer(
            Range {
                min: Some(1.0),
                max: Some(5.0),
            },
            None,
        );
        Some(match name {
            "inputs" => Record::new("inputs")
                .required("environment", enumeration)
                .required("count", bounded)
                .required("on", Type::Boolean)
                .required("name", Type::Text(Arc::new(TextRule::default())))
                .build(),
            "n" => Type::integer(),
            "x" => Type::number(),
            "state" => Type::one_of(&["ACTIVE", "DRAINING"]),
            "items" => Type::list(Type::text()),
            "window" => Type::Duration,
            "flag" => Type::Boolean,
            "maybe" => Type::integer().optional(),
            _ => return None,
        })
    }
}

fn certainty(text: &str) -> Certainty {
    let place = TextPlace {
        span: Span::new(0, text.len()),
        exact: true,
    };
    let expression = parse(text, place, &Source::new("test", text)).expect("an expression");
    decide(&expression.root, &Facts::default(), &Names)
}

#[test]
fn some_conditions_are_never_true() {
    for text in [
        "false",
        "1 > 2",
        "'a' == 'b'",
        "n > 5 and n < 3",
        "n > 5 and n < 6",
        "3 > n and 5 < n",
        "n == 3 and n == 4",
        "n in [1, 2] and n > 2",
        "not (n > 2 or n <= 2)",
        "inputs.environment == 'prod'",
        "inputs.environment not in ['dev', 'staging', 'production']",
        "inputs.environment != 'dev' and inputs.environment != 'staging' and inputs.environment != 'production'",
        "inputs.count > 5",
        "inputs.on and not inputs.on",
        "state == 'RUNNING'",
        "state in ['RUNNING', 'STOPPED']",
        "items | length < 0",
        "window > duration('2h') and window < duration('1h')",
        "n != n",
        "n is undefined",
        "flag and 1 > 2",
        "5 < n < 4",
    ] {
        assert_eq!(certainty(text), Certainty::Never, "{text}");
    }
}

#[test]
fn some_conditions_are_never_false() {
    for text in [
        "true",
        "flag or not flag",
        "n > 5 or n <= 5",
        "inputs.count >= 1",
        "inputs.environment in ['dev', 'staging', 'production']",
        "items | length >= 0",
        "state != 'RUNNING'",
        "n is defined",
        "n == n",
    ] {
        assert_eq!(certainty(text), Certainty::Always, "{text}");
    }
}

#[test]
fn most_conditions_depend() {
    for text in [
        "flag",
        "n > 5",
        "x > 5 and x < 6",
        "n >= 3 and n <= 3",
        "n > 5 or n < 3",
        "state == 'ACTIVE'",
        // The API may grow another value.
        "state in ['ACTIVE', 'DRAINING']",
        "state != 'ACTIVE' and state != 'DRAINING'",
        "inputs.environment != 'dev'",
        "inputs.name == 'dev'",
        "maybe is defined",
        "maybe == maybe",
        "items[0] is defined",
        "n > 1 and x > 1",
        "n == 1 or n == 2",
        "items | length > 0",
        "n * 2 > n",
        "window > duration('1h')",
    ] {
        assert_eq!(certainty(text), Certainty::Open, "{text}");
    }
}
