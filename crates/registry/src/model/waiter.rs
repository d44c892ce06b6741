//! What a poll means to a waiter.

use super::service::{Acceptor, AcceptorState, Expected, Matcher, Service, Waiter};
use serde_json::Value as Json;

/// What a poll means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It is as the waiter is named.
    Success,
    /// It cannot become so any more, and why.
    Failure(String),
    /// Not yet.
    Retry,
    /// The poll failed with an error that the waiter does not know: the error is the waiter's own.
    Error,
}

/// Judges a poll: the polled operation's result, or the code of its error. The first acceptor that fits decides.
#[must_use]
pub fn judge(service: &Service, waiter: &Waiter, poll: Result<&Json, &str>) -> Judgement {
    let fits = |acceptor: &&Acceptor| fits(service, waiter, acceptor, poll);
    match (waiter.acceptors.iter().find(fits), poll) {
        (Some(acceptor), _) => match acceptor.state {
            AcceptorState::Success => Judgement::Success,
            AcceptorState::Failure => Judgement::Failure(reason(acceptor, poll)),
            AcceptorState::Retry => Judgement::Retry,
        },
        (None, Ok(_)) => Judgement::Retry,
        (None, Err(_)) => Judgement::Error,
    }
}

fn fits(
    service: &Service,
    waiter: &Waiter,
    acceptor: &Acceptor,
    poll: Result<&Json, &str>,
) -> bool {
    let expected = &acceptor.expected;
    match (acceptor.matcher, poll) {
        (Matcher::Path(path), Ok(result)) => {
            found(path, result).is_some_and(|value| equals(&value, expected))
        }
        (Matcher::PathAll(path), Ok(result)) => elements(path, result)
            .is_some_and(|all| !all.is_empty() && all.iter().all(|one| equals(one, expected))),
        (Matcher::PathAny(path), Ok(result)) => {
            elements(path, result).is_some_and(|all| all.iter().any(|one| equals(one, expected)))
        }
        (Matcher::Error, Ok(_)) => *expected == Expected::Boolean(false),
        (Matcher::Error, Err(code)) => match expected {
            Expected::Boolean(any) => *any,
            Expected::Text(text) => {
                *text == code
                    || text
                        .parse()
                        .is_ok_and(|status: u16| status_of(service, waiter, code) == Some(status))
            }
            Expected::Integer(_) => false,
        },
        (Matcher::Status, Ok(_)) => *expected == Expected::Integer(200),
        (Matcher::Status, Err(code)) => status_of(service, waiter, code)
            .is_some_and(|status| *expected == Expected::Integer(i64::from(status))),
        (Matcher::Path(_) | Matcher::PathAll(_) | Matcher::PathAny(_), Err(_)) => false,
    }
}

/// The HTTP status that goes with an error code: answers to HEAD have no code but the status itself or its name.
fn status_of(service: &Service, waiter: &Waiter, code: &str) -> Option<u16> {
    let modelled = || {
        let operation = service.operation(waiter.operation)?;
        operation.errors.iter().find_map(|id| {
            let error = service.structure(*id)?.error.as_ref()?;
            let name = error.code.unwrap_or(service.shape(*id).name);
            error.http_status.filter(|_| name == code)
        })
    };
    match code {
        "MovedPermanently" | "PermanentRedirect" => Some(301),
        "BadRequest" => Some(400),
        "Forbidden" | "AccessDenied" => Some(403),
        "NotFound" | "NoSuchBucket" | "NoSuchKey" => Some(404),
        other => other.parse().ok().or_else(modelled),
    }
}

/// What a `JMESPath` finds; `None` where it finds nothing.
fn found(path: &str, result: &Json) -> Option<Json> {
    let expression = jmespath::compile(path).ok()?;
    let value = expression.search(result).ok()?;
    serde_json::to_value(&*value).ok()
}

fn elements(path: &str, result: &Json) -> Option<Vec<Json>> {
    match found(path, result)? {
        Json::Array(items) => Some(items),
        _ => None,
    }
}

fn equals(value: &Json, expected: &Expected) -> bool {
    match (value, expected) {
        (Json::String(text), Expected::Text(wanted)) => text == wanted,
        (Json::Bool(value), Expected::Boolean(wanted)) => value == wanted,
        (Json::Number(number), Expected::Integer(wanted)) => {
            number.as_f64() == {
                #[expect(clippy::cast_precision_loss, reason = "statuses and counts are small")]
                let wanted = *wanted as f64;
                Some(wanted)
            }
        }
        _ => false,
    }
}

fn reason(acceptor: &Acceptor, poll: Result<&Json, &str>) -> String {
    let expected = match acceptor.expected {
        Expected::Text(text) => text.to_owned(),
        Expected::Boolean(value) => value.to_string(),
        Expected::Integer(number) => number.to_string(),
    };
    match (acceptor.matcher, poll) {
        (Matcher::Path(path) | Matcher::PathAll(path), _) => format!("`{path}` is {expected}"),
        (Matcher::PathAny(path), _) => format!("one of `{path}` is {expected}"),
        (_, Err(code)) => format!("the poll failed with {code}"),
        (_, Ok(_)) => format!("the poll ended with {expected}"),
    }
}
