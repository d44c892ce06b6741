//! `http:Request`: one HTTP request and its response.

use super::arguments::Arguments;
use super::connection::within;
use super::http_exchange::{Outgoing, Response, exchange};
use super::signature::{integer_between, local};
use super::{LocalAction, LocalContext};
use crate::call::{Answer, Call, CallError, FailureKind};
use crate::world::Pending;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use hyper::body::Bytes;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Action, Effect, Effects};
use runbook_playbook::types::{Record, TextRule, Type};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;
use std::time::Instant;
use url::{Position, Url};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
/// The largest body that is read where `max_bytes` does not say.
const DEFAULT_BYTES: i64 = 1024 * 1024;
/// The largest body that `max_bytes` may allow.
const MOST_BYTES: u32 = 64 * 1024 * 1024;
const DEFAULT_REDIRECTS: i64 = 5;
const MOST_REDIRECTS: u32 = 20;

/// Sends one HTTP request, over HTTP or HTTPS, and follows a bounded number of redirects.
///
/// | input | meaning |
/// | --- | --- |
/// | `url` | where; its host must be in the playbook's `reaches`, and so must each host it redirects to |
/// | `method` | GET (default), HEAD, POST, PUT, PATCH, DELETE, OPTIONS; all but GET and HEAD are `execute` |
/// | `headers`, `query` | mappings to text |
/// | `json` or `body` | what is sent: a JSON document or text |
/// | `expect_status` | the statuses that are an answer; without it all are |
/// | `timeout` | for everything, 30 s by default |
/// | `redirects` | how many are followed, 5 by default; 0 returns the redirect itself |
/// | `max_bytes` | the largest body that is read, 1 MiB by default |
///
/// Result: `status`, `url` (the last one asked), `headers` (names in lower case), `body` (text), `json` (where the body
/// is JSON) and `milliseconds` (how long it took).
///
/// Errors: `not_allowed`, `dns`, `connect`, `tls`, `timeout`, `response` (not HTTP, or cut), `size`, `redirect`, `status`.
#[derive(Debug, Clone, Copy)]
pub struct HttpRequest;

impl LocalAction for HttpRequest {
    fn signature(&self) -> Action {
        let address = Type::Text(Arc::new(TextRule {
            pattern: Some("^[hH][tT][tT][pP][sS]?://".to_owned()),
            ..TextRule::default()
        }));
        let input = Record::new("http:Request input")
            .required("url", address)
            .optional("method", Type::one_of(&METHODS))
            .optional("headers", Type::map(Type::text()))
            .optional("query", Type::map(Type::text()))
            .optional("json", Type::Any)
            .optional("body", Type::text())
            .optional("expect_status", Type::list(integer_between(100, 599)))
            .optional("timeout", Type::Duration)
            .optional("redirects", integer_between(0, MOST_REDIRECTS))
            .optional("max_bytes", integer_between(1, MOST_BYTES))
            .build();
        let output = Record::new("http:Request result")
            .required("status", Type::integer())
            .required("url", Type::text())
            .required("headers", Type::map(Type::text()))
            .required("body", Type::text())
            .optional("json", Type::Any)
            .required("milliseconds", Type::integer())
            .build();
        let mut signature = local(
            "http:Request",
            input,
            output,
            Effect::Read,
            &[
                "not_allowed",
                "dns",
                "connect",
                "tls",
                "timeout",
                "response",
                "size",
                "redirect",
                "status",
            ],
        );
        // Where only the signature is known, any stated method counts; `effects` knows better.
        signature
            .effects_by_member
            .push(("method".to_owned(), Effect::Execute));
        signature
    }

    fn effects(&self, arguments: &Json) -> Effects {
        let reads = match arguments.get("method") {
            None | Some(Json::Null) => true,
            Some(method) => matches!(method.as_str(), Some("GET" | "HEAD")),
        };
        [if reads { Effect::Read } else { Effect::Execute }].into()
    }

    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        Box::pin(request(context, call))
    }
}

async fn request(context: &LocalContext, call: &Call) -> Result<Answer, CallError> {
    let arguments = Arguments::of(call);
    let outgoing = outgoing(&arguments)?;
    let expected = arguments.integers("expect_status")?;
    let timeout = arguments.duration("timeout", SignedDuration::from_secs(30))?;
    let redirects = arguments.integer("redirects", DEFAULT_REDIRECTS, 0..=MOST_REDIRECTS.into())?;
    let most = arguments.integer("max_bytes", DEFAULT_BYTES, 1..=MOST_BYTES.into())?;
    let started = Instant::now();
    // A query may carry a secret, so messages do without it.
    let what = format!(
        "{} {}",
        outgoing.method,
        &outgoing.url[..Position::AfterPath]
    );
    let (url, response) = within(timeout, FailureKind::Unanswered, &what, async {
        follow(
            context,
            outgoing,
            redirects,
            usize::try_from(most).unwrap_or(usize::MAX),
            timeout,
        )
        .await
    })
    .await?;
    let status = i64::from(response.status.as_u16());
    if expected.is_some_and(|expected| !expected.contains(&status)) {
        return Err(CallError::new(
            FailureKind::Answered,
            "status",
            format!(
                "{what} answered {}{}",
                response.status,
                excerpt(&response.body)
            ),
        ));
    }
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Answer {
        result: result(&url, &response, milliseconds),
        ..Answer::default()
    })
}

/// Sends the request, and again wherever a redirect leads.
async fn follow(
    context: &LocalContext,
    mut outgoing: Outgoing,
    redirects: i64,
    most: usize,
    timeout: SignedDuration,
) -> Result<(Url, Response), CallError> {
    let wrong = |what: String| CallError::new(FailureKind::Answered, "redirect", what);
    let mut left = redirects;
    loop {
        let response = exchange(context, &outgoing, most, timeout).await?;
        let location = response
            .headers
            .get(http::header::LOCATION)
            .and_then(|location| location.to_str().ok());
        let (true, Some(location)) = (
            matches!(response.status.as_u16(), 301 | 302 | 303 | 307 | 308) && redirects > 0,
            location,
        ) else {
            return Ok((outgoing.url, response));
        };
        if left == 0 {
            return Err(wrong(format!(
                "more than {redirects} redirects; the last one leads to {location}"
            )));
        }
        left -= 1;
        let next = outgoing
            .url
            .join(location)
            .ok()
            .filter(|next| matches!(next.scheme(), "http" | "https"))
            .ok_or_else(|| wrong(format!("{location} is no address to go to")))?;
        if outgoing.url.scheme() == "https" && next.scheme() == "http" {
            return Err(wrong(format!("{next} would leave HTTPS")));
        }
        outgoing = outgoing.redirected(next, response.status);
    }
}

/// The request that the arguments describe.
fn outgoing(arguments: &Arguments<'_>) -> Result<Outgoing, CallError> {
    let mut url =
        Url::parse(arguments.text("url")?).map_err(|error| arguments.wrong("url", error))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(arguments.wrong("url", "must begin with http:// or https:// and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(arguments.wrong("url", "has a password in it; send it as a header instead"));
    }
    let query = arguments.pairs("query")?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    let method = match arguments.optional_text("method")? {
        None => Method::GET,
        Some(method) if METHODS.contains(&method) => Method::from_bytes(method.as_bytes())
            .map_err(|error| arguments.wrong("method", error))?,
        Some(_) => {
            return Err(arguments.wrong(
                "method",
                format_args!("must be one of {}", METHODS.join(", ")),
            ));
        }
    };
    let mut headers = HeaderMap::new();
    let body = match (arguments.json("json"), arguments.optional_text("body")?) {
        (Some(_), Some(_)) => return Err(arguments.wrong("body", "and `json` exclude each other")),
        (Some(document), None) => {
            headers.insert(
                http::header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            Bytes::from(document.to_string())
        }
        (None, text) => Bytes::from(text.unwrap_or_default().to_owned()),
    };
    for (name, value) in arguments.pairs("headers")? {
        let value = HeaderValue::try_from(value).map_err(|_| {
            arguments.wrong("headers", format_args!("has no header value in `{name}`"))
        })?;
        let name = HeaderName::try_from(name.as_str()).map_err(|_| {
            arguments.wrong("headers", format_args!("has `{name}`, which is no header"))
        })?;
        headers.insert(name, value);
    }
    Ok(Outgoing {
        method,
        url,
        headers,
        body,
    })
}

fn result(url: &Url, response: &Response, milliseconds: u64) -> Json {
    let mut headers = Map::new();
    for name in response.headers.keys() {
        let values: Vec<_> = response
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        headers.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    let mut result = json!({
        "status": response.status.as_u16(),
        "url": url.as_str(),
        "headers": headers,
        "body": String::from_utf8_lossy(&response.body),
        "milliseconds": milliseconds,
    });
    if let (Ok(document), Some(members)) = (
        serde_json::from_slice::<Json>(&response.body),
        result.as_object_mut(),
    ) {
        members.insert("json".to_owned(), document);
    }
    result
}

/// The start of a body, for a message.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let start: String = text.trim().chars().take(200).collect();
    if start.is_empty() {
        start
    } else {
        format!(": {start}")
    }
}

#[cfg(test)]
#[path = "http_request_tests.rs"]
mod tests;
