//! Signature Version 4 of plain requests, with the key of the day kept.
//!
//! AWS's signer derives the key anew for every request and takes its headers apart twice. Here are the requests that most
//! services take: to the root, without a query, with a body in memory. Of all others nothing is said, and AWS's signer signs
//! them. The tests hold the two against each other.

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use http::HeaderValue;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";

/// Headers that others may change on the way.
const UNSIGNED: [&str; 4] = [
    "authorization",
    "user-agent",
    "x-amzn-trace-id",
    "transfer-encoding",
];

/// What a signature is made for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) region: &'a str,
    pub(super) name: &'a str,
    pub(super) at: SystemTime,
}

/// Signs, and keeps the key of the day.
#[derive(Debug, Default)]
pub(super) struct Signatures {
    key: Mutex<Option<Key>>,
}

/// The key of one secret, day, region and service.
struct Key {
    secret: String,
    /// `20260115/eu-west-3/ecs/aws4_request`
    scope: String,
    /// The states of the two hashes of an HMAC after the key.
    inner: Sha256,
    outer: Sha256,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl Signatures {
    /// Signs a request; nothing, and an unchanged request, where it is not a plain one.
    pub(super) fn sign(&self, request: &mut HttpRequest, scope: Scope<'_>) -> Option<()> {
        let (date, time) = date_and_time(scope.at)?;
        let token = scope.credentials.session_token();
        let (names, canonical) = canonical(request, &time, token)?;
        let Scope { region, name, .. } = scope;
        let scope_text = joined(&[&date, "/", region, "/", name, "/aws4_request"]);
        let hash = hexadecimal(&Sha256::digest(&canonical));
        let to_sign = joined(&[ALGORITHM, "\n", &time, "\n", &scope_text, "\n", &hash]);
        let signature = self.signature(&date, scope, &scope_text, &to_sign);
        let authorization = joined(&[
            ALGORITHM,
            " Credential=",
            scope.credentials.access_key_id(),
            "/",
            &scope_text,
            ", SignedHeaders=",
            &names,
            ", Signature=",
            &signature,
        ]);
        let token = match token.map(HeaderValue::try_from) {
            None => None,
            Some(Ok(mut token)) => {
                token.set_sensitive(true);
                Some(token)
            }
            Some(Err(_)) => return None,
        };
        let headers = request.headers_mut();
        headers.try_insert(DATE, time).ok()?;
        headers.try_insert("authorization", authorization).ok()?;
        if let Some(token) = token {
            headers.try_insert(TOKEN, token).ok()?;
        }
        Some(())
    }

    fn signature(&self, date: &str, scope: Scope<'_>, text: &str, to_sign: &str) -> String {
        let secret = scope.credentials.secret_access_key();
        let mut known = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        let key = match known.take() {
            Some(key) if key.scope == text && key.secret == secret => key,
            _ => Key::of(secret, date, scope, text),
        };
        let signature = hexadecimal(&key.authenticate(to_sign));
        *known = Some(key);
        signature
    }
}

impl Key {
    fn of(secret: &str, date: &str, scope: Scope<'_>, text: &str) -> Self {
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [date, scope.region, scope.name, "aws4_request"] {
            let (inner, outer) = padded(&key);
            key = finished(inner, outer, part).to_vec();
        }
        let (inner, outer) = padded(&key);
        Self {
            secret: secret.to_owned(),
            scope: text.to_owned(),
            inner,
            outer,
        }
    }

    fn authenticate(&self, message: &str) -> [u8; 32] {
        finished(self.inner.clone(), self.outer.clone(), message)
    }
}

/// The states of the two hashes of an HMAC (RFC 2104) after the key.
fn padded(key: &[u8]) -> (Sha256, Sha256) {
    let mut block = [0; 64];
    let hashed;
    let key = if key.len() > block.len() {
        hashed = Sha256::digest(key);
        hashed.as_slice()
    } else {
        key
    };
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let state = |pad: u8| Sha256::new_with_prefix(block.map(|byte| byte ^ pad));
    (state(0x36), state(0x5c))
}

fn finished(mut inner: Sha256, mut outer: Sha256, message: &str) -> [u8; 32] {
    inner.update(message);
    outer.update(inner.finalize());
    outer.finalize().into()
}

/// The names of the headers that are signed, and the request in the form that is.
fn canonical(request: &HttpRequest, time: &str, token: Option<&str>) -> Option<(String, String)> {
    let (scheme, rest) = request.uri().split_once("://")?;
    let host = rest.strip_suffix('/').unwrap_or(rest);
    let default = match scheme {
        "http" => ":80",
        _ => ":443",
    };
    if host.contains(['/', '?', '#', '@']) || host.ends_with(default) {
        return None;
    }
    let body = request.body().bytes()?;
    let mut headers: Vec<(&str, &str)> = request
        .headers()
        .iter()
        .filter(|(name, _)| !UNSIGNED.contains(name))
        .collect();
    headers.push(("host", host));
    headers.push((DATE, time));
    headers.extend(token.map(|token| (TOKEN, token)));
    headers.sort_unstable();
    let twice = headers
        .iter()
        .zip(headers.iter().skip(1))
        .any(|((one, _), (next, _))| one == next);
    let plain = |text: &str| text.trim() == text && !text.contains("  ");
    if twice || !headers.iter().all(|(_, value)| plain(value)) {
        return None;
    }
    let mut names = String::with_capacity(128);
    let mut canonical = String::with_capacity(1024);
    canonical.push_str(request.method());
    canonical.push_str("\n/\n\n");
    for (name, value) in headers {
        if !names.is_empty() {
            names.push(';');
        }
        names.push_str(name);
        for part in [name, ":", value, "\n"] {
            canonical.push_str(part);
        }
    }
    for part in ["\n", &names, "\n", &hexadecimal(&Sha256::digest(body))] {
        canonical.push_str(part);
    }
    Some((names, canonical))
}

/// `20260115` and `20260115T123456Z`.
fn date_and_time(at: SystemTime) -> Option<(String, String)> {
    let at = TimeZone::UTC.to_datetime(Timestamp::try_from(at).ok()?);
    let date = format!("{:04}{:02}{:02}", at.year(), at.month(), at.day());
    let time = format!(
        "{date}T{:02}{:02}{:02}Z",
        at.hour(),
        at.minute(),
        at.second()
    );
    Some((date, time))
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    text
}

/// The texts after each other.
fn joined(parts: &[&str]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        text.push_str(part);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4;
    use aws_smithy_types::body::SdkBody;
    use std::time::Duration;

    fn request(url: &str, headers: &[(&'static str, &'static str)], body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST").expect("a method");
        request.set_uri(url.to_owned()).expect("a URL");
        for (name, value) in headers {
            request.headers_mut().append(*name, *value);
        }
        request
    }

    /// The headers that AWS's signer adds.
    fn by_aws(request: &HttpRequest, scope: Scope<'_>) -> Vec<(String, String)> {
        let identity = scope.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(scope.region)
            .name(scope.name)
            .time(scope.at)
            .settings(SigningSettings::default())
            .build()
            .expect("parameters")
            .into();
        let body = SignableBody::Bytes(request.body().bytes().expect("bytes"));
        let signable = SignableRequest::new(
            request.method(),
            request.uri(),
            request.headers().iter(),
            body,
        )
        .expect("a request");
        let (instructions, _) = sign(signable, &parameters).expect("signed").into_parts();
        instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    const HEADERS: [(&str, &str); 5] = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "Service.DoIt"),
        ("user-agent", "not signed"),
        ("x-amz-user-agent", "a/1 (b; c) d#e"),
        ("content-length", "2"),
    ];

    #[test]
    fn signatures_are_those_of_aws() {
        let signatures = Signatures::default();
        let long = "s".repeat(90);
        let mut at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_768_478_096);
        for (secret, token) in [
            ("secret", None),
            ("secret", Some("a+token/=")),
            (&long, None),
        ] {
            let token = token.map(str::to_owned);
            let credentials = Credentials::new("AKIDEXAMPLE", secret, token, None, "test");
            for (region, name, url, body) in [
                ("eu-west-3", "ecs", "http://127.0.0.1:4566/", "{}"),
                ("eu-west-3", "ecs", "http://127.0.0.1:4566/", "é"),
                (
                    "us-east-1",
                    "iam",
                    "https://iam.amazonaws.com",
                    "Action=A&B=c%20d",
                ),
                (
                    "us-east-1",
                    "sts",
                    "https://sts.us-east-1.amazonaws.com:8443/",
                    "",
                ),
            ] {
                // Another day, another key.
                at += Duration::from_hours(7);
                let scope = Scope {
                    credentials: &credentials,
                    region,
                    name,
                    at,
                };
                let mut signed = request(url, &HEADERS, body);
                let due = by_aws(&signed, scope);
                signatures
                    .sign(&mut signed, scope)
                    .expect("a plain request");
                for (name, value) in due {
                    assert_eq!(signed.headers().get(&name), Some(value.as_str()), "{name}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_plain_is_left_alone() {
        let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let scope = Scope {
            credentials: &credentials,
            region: "eu-west-3",
            name: "ecs",
            at: SystemTime::UNIX_EPOCH,
        };
        for (url, headers) in [
            ("https://host/path", &[][..]),
            ("https://host/?a=b", &[]),
            ("https://host:443/", &[]),
            ("https://host/", &[("x-a", "1"), ("x-a", "2")]),
            ("https://host/", &[("x-a", "two  spaces")]),
        ] {
            let mut request = request(url, headers, "");
            let signed = Signatures::default().sign(&mut request, scope);
            assert_eq!(signed, None, "{url} {headers:?}");
            assert_eq!(request.headers().get("authorization"), None);
        }
    }
}
