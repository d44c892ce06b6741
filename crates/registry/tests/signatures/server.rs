//! A server for one request: it answers an empty success and checks the signature as AWS does, from the bytes on the wire.
//!
//! The steps are those of "Create a signed AWS API request" in the IAM User Guide. Only the two primitives, HMAC and
//! SHA-256, are borrowed.

use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Debug)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// Starts the server; gives its URL, and the request once it has come.
pub async fn start() -> (String, JoinHandle<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut bytes = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let count = stream.read(&mut chunk).await.expect("bytes");
            bytes.extend_from_slice(&chunk[..count]);
            if let Some(received) = read(&bytes) {
                let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                stream.write_all(answer.as_bytes()).await.expect("sent");
                return received;
            }
        }
    });
    (url, received)
}

/// The request, when all of it is there.
fn read(bytes: &[u8]) -> Option<Received> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).expect("a head of text");
    let mut lines = head.split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (method, target) = (first.next()?, first.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().expect("a length"));
    let body = bytes[end + 4..].to_vec();
    (body.len() >= length).then(|| Received {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
    })
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// Panics unless the signature is the one that AWS would compute with this secret. The hash of the payload is the
    /// header's, as S3 wants it; else the body's, or none for the operations that leave it out.
    pub fn verify(&self, secret: &str, region: &str, service: &str, unsigned_payload: bool) {
        let signed_by = self.header("authorization");
        let part = |name: &str| {
            let (_, rest) = signed_by.split_once(name).expect("a part");
            rest.split([',', ' ']).next().unwrap_or_default()
        };
        let at = self.header("x-amz-date");
        let scope = format!("{}/{region}/{service}/aws4_request", &at[..8]);
        assert_eq!(
            part("Credential=").split_once('/').map(|(_, scope)| scope),
            Some(scope.as_str())
        );
        let names = part("SignedHeaders=");
        for needed in ["host", "x-amz-date"] {
            assert!(names.split(';').any(|name| name == needed), "{names}");
        }
        let headers = names.split(';').fold(String::new(), |text, name| {
            text + name + ":" + &single_spaced(self.header(name)) + "\n"
        });
        let payload = match self.header("x-amz-content-sha256") {
            "" if unsigned_payload => "UNSIGNED-PAYLOAD".to_owned(),
            "" => hash(&self.body),
            stated => stated.to_owned(),
        };
        let path = if service == "s3" {
            encoded(&decoded(&self.path), true)
        } else {
            encoded(&normalized(&self.path), true)
        };
        let request = format!(
            "{}\n{path}\n{}\n{headers}\n{names}\n{payload}",
            self.method,
            sorted(&self.query)
        );
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{at}\n{scope}\n{}",
            hash(request.as_bytes())
        );
        let day = format!("{}-{}-{}T00:00:00Z", &at[..4], &at[4..6], &at[6..8]);
        let day: jiff::Timestamp = day.parse().expect("a day");
        let key = generate_signing_key(secret, day.into(), region, service);
        assert_eq!(
            part("Signature="),
            calculate_signature(key, to_sign.as_bytes()),
            "of the canonical request\n{request}"
        );
    }
}

/// `Trim` of the guide: runs of spaces count as one.
fn single_spaced(value: &str) -> String {
    let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Each name and value decoded and encoded again, in order.
fn sorted(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| {
            (
                encoded(&decoded(name), false),
                encoded(&decoded(value), false),
            )
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

/// The path as bytes without empty segments, `.` and `..` (RFC 3986, section 5.2.4), still encoded.
fn normalized(path: &str) -> Vec<u8> {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", kept.join("/")).into_bytes()
}

fn decoded(text: &str) -> Vec<u8> {
    let mut rest = text.bytes();
    let mut bytes = Vec::new();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let code = [rest.next().expect("a digit"), rest.next().expect("a digit")];
            let code = std::str::from_utf8(&code).expect("digits");
            bytes.push(u8::from_str_radix(code, 16).expect("digits"));
        } else {
            bytes.push(byte);
        }
    }
    bytes
}

/// `UriEncode` of the guide.
fn encoded(bytes: &[u8], keep_slash: bool) -> String {
    bytes
        .iter()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(*byte).to_string()
            }
            b'/' if keep_slash => "/".to_owned(),
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
