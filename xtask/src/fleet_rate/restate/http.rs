//! Requests to a server on loopback.

use serde_json::Value as Json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Asks for a path at `HOST:PORT`; the answer's body, where it is well.
///
/// # Errors
/// Nothing answers, or it refuses.
pub fn ask(address: &str, method: &str, path: &str, body: Option<&Json>) -> Result<Json, String> {
    let failed = |why: std::io::Error| format!("{address}{path}: {why}");
    let body = body.map(Json::to_string).unwrap_or_default();
    let kind = if body.is_empty() {
        ""
    } else {
        "content-type: application/json\r\n"
    };
    // An answer to the older protocol ends with its connection, and comes in one piece.
    let head = format!(
        "{method} {path} HTTP/1.0\r\nhost: {address}\r\naccept: application/json\r\n{kind}content-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    stream.set_nodelay(true).map_err(failed)?;
    stream.write_all(head.as_bytes()).map_err(failed)?;
    stream.write_all(body.as_bytes()).map_err(failed)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(failed)?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status.starts_with('2') {
        return Ok(serde_json::from_str(body).unwrap_or_default());
    }
    Err(format!("{address}{path} says {status}: {body}"))
}
