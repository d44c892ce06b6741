//! Waiters of a model.

use super::model::{leak, texts_of};
use super::packages::Source;
use runbook_registry::model::service::{
    Acceptor, AcceptorState, Expected, Matcher, Paginator, Waiter,
};
use serde_json::Value as Json;

/// Reads the waiters of a service, sorted by name.
pub fn read(source: &Source) -> Result<Vec<Waiter>, String> {
    let Some(all) = source
        .waiters
        .as_ref()
        .and_then(|file| file["waiters"].as_object())
    else {
        return Ok(Vec::new());
    };
    let mut waiters = all
        .iter()
        .map(|(name, waiter)| {
            one(name, waiter).ok_or_else(|| format!("{}: waiter {name} is odd", source.name))
        })
        .collect::<Result<Vec<_>, _>>()?;
    waiters.sort_by_key(|waiter| waiter.name);
    Ok(waiters)
}

fn one(name: &str, waiter: &Json) -> Option<Waiter> {
    Some(Waiter {
        name: leak(name),
        operation: leak(waiter["operation"].as_str()?),
        delay: u32::try_from(waiter["delay"].as_u64()?).ok()?,
        max_attempts: u32::try_from(waiter["maxAttempts"].as_u64()?).ok()?,
        acceptors: waiter["acceptors"]
            .as_array()?
            .iter()
            .map(acceptor)
            .collect::<Option<_>>()?,
    })
}

fn acceptor(acceptor: &Json) -> Option<Acceptor> {
    let argument = acceptor["argument"].as_str().map(leak);
    Some(Acceptor {
        state: match acceptor["state"].as_str()? {
            "success" => AcceptorState::Success,
            "failure" => AcceptorState::Failure,
            "retry" => AcceptorState::Retry,
            _ => return None,
        },
        matcher: match acceptor["matcher"].as_str()? {
            "path" => Matcher::Path(argument?),
            "pathAll" => Matcher::PathAll(argument?),
            "pathAny" => Matcher::PathAny(argument?),
            "status" => Matcher::Status,
            "error" => Matcher::Error,
            _ => return None,
        },
        expected: match &acceptor["expected"] {
            Json::String(text) => Expected::Text(leak(text)),
            Json::Bool(value) => Expected::Boolean(*value),
            Json::Number(number) => Expected::Integer(number.as_i64()?),
            _ => return None,
        },
    })
}

/// Reads the paginator of an operation.
pub fn paginator(source: &Source, operation: &str) -> Option<Paginator> {
    let page = source
        .paginators
        .as_ref()?
        .get("pagination")?
        .get(operation)?;
    // Extras alone, without a paginator that they extend, are nothing.
    page.get("input_token")?;
    Some(Paginator {
        input_tokens: texts_of(page.get("input_token")),
        output_tokens: texts_of(page.get("output_token")),
        more_results: page["more_results"].as_str().map(leak),
        limit_key: page["limit_key"].as_str().map(leak),
        result_keys: texts_of(page.get("result_key")),
        non_aggregate_keys: texts_of(page.get("non_aggregate_keys")),
    })
}
