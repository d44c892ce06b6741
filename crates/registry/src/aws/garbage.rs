//! Answers that are not of the protocol: recognised, and described for people.

use crate::model::service::Protocol;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use std::fmt;

/// What an answer is that cannot be of the protocol (a page of a proxy, of a load balancer, of something else that
/// listens there), or nothing.
pub(super) fn unexpected(
    response: &HttpResponse,
    body: &[u8],
    protocol: Protocol,
) -> Option<String> {
    let content_type = response.headers().get("content-type").unwrap_or_default();
    let start = body.trim_ascii_start();
    let html = content_type.starts_with("text/html") && !start.starts_with(b"{")
        || [b"<!doctype html".as_slice(), b"<html"].iter().any(|tag| {
            start
                .get(..tag.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(tag))
        });
    // Some services label their XML as HTML.
    let really_xml = start.starts_with(b"<?xml") || start.starts_with(b"<ErrorResponse");
    if !html || body.is_empty() || really_xml {
        return None;
    }
    let about = title(body).map_or_else(String::new, |title| format!(" (“{title}”)"));
    Some(format!(
        "the endpoint answered with {}, {}{about}, not with {}; check that the endpoint is the service's own and that no proxy stands between",
        if content_type.is_empty() {
            "text/html"
        } else {
            media_type(content_type)
        },
        status(response),
        expected(protocol),
    ))
}

/// Whether an XML document ends with its root element; the codecs take what they find and do not look for the end.
pub(super) fn is_whole_xml(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let mut rest = text.trim();
    while let Some(after) = rest.strip_prefix("<?").or_else(|| rest.strip_prefix("<!")) {
        let Some((_, after)) = after.split_once('>') else {
            return false;
        };
        rest = after.trim_start();
    }
    let Some(root) = rest.strip_prefix('<') else {
        return false;
    };
    let name = root
        .split(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
        .next()
        .unwrap_or_default();
    let closed = rest
        .strip_suffix('>')
        .map(str::trim_end)
        .and_then(|rest| rest.strip_suffix(name))
        .is_some_and(|rest| rest.ends_with("</"));
    closed || (rest.ends_with("/>") && rest.matches('<').count() == 1)
}

/// What is wrong with an answer that could not be read.
pub(super) fn unreadable(
    response: &HttpResponse,
    protocol: Protocol,
    error: &dyn fmt::Display,
) -> String {
    let content_type = response.headers().get("content-type");
    format!(
        "the endpoint's answer ({}, {}) cannot be read as {}: {error}",
        content_type.map_or("no content type", media_type),
        status(response),
        expected(protocol),
    )
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn status(response: &HttpResponse) -> String {
    let status = response.status().as_u16();
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    match reason {
        Some(reason) => format!("HTTP {status} {reason}"),
        None => format!("HTTP {status}"),
    }
}

fn expected(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json | Protocol::RestJson => "the service's JSON",
        Protocol::RestXml | Protocol::Query | Protocol::Ec2 => "the service's XML",
        Protocol::RpcV2Cbor => "the service's CBOR",
    }
}

/// The title of a page.
fn title(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body.get(..body.len().min(4096))?).into_owned();
    let lower = text.to_ascii_lowercase();
    let start = lower.find("<title>")? + "<title>".len();
    let end = start + lower.get(start..)?.find("</title>")?;
    let title = text.get(start..end)?.split_whitespace();
    let title = title.collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then(|| title.chars().take(120).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_that_ends_early_is_seen() {
        for whole in [
            "<?xml version='1.0'?>\n<a x='1'><b/></a>\n",
            "<a/>",
            "<a b='/'></a >",
        ] {
            assert!(is_whole_xml(whole.as_bytes()), "{whole}");
        }
        for cut in ["", "text", "<?xml", "<a><b/>", "<a><b></b>", "<a></"] {
            assert!(!is_whole_xml(cut.as_bytes()), "{cut}");
        }
    }
}
