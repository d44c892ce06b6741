//! The stub server of `crates/bench`, as a process of its own.

use super::Bench;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// A running stub; it ends when this is dropped.
pub struct Stub {
    child: Child,
    /// Where it answers.
    pub url: String,
}

/// A request as bytes, for those who make it again.
#[derive(Debug, Clone)]
pub struct Request(Vec<u8>);

impl Stub {
    /// Starts one; with an `upstream`, `HOST:PORT`, it forwards and remembers until [`Stub::keep`].
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(bench: &Bench, upstream: Option<&str>) -> Result<Self, String> {
        let mut child = Command::new(bench.tool())
            .arg("stub")
            .args(upstream)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| format!("cannot start the stub: {why}"))?;
        let mut url = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output)
                .read_line(&mut url)
                .map_err(|why| format!("the stub does not say where it is: {why}"))?;
        }
        let url = url.trim().to_owned();
        Ok(Self { child, url })
    }

    /// From now on it answers by itself; what it was asked so far.
    ///
    /// # Errors
    /// It does not answer.
    pub fn keep(&self) -> Result<Vec<Request>, String> {
        let answer =
            Request::of("GET /stub/keep HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                .send(&self.url)?;
        let text = String::from_utf8_lossy(&answer);
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let asked: Json = serde_json::from_str(body).map_err(|why| why.to_string())?;
        let asked = asked.as_array().ok_or("the stub says no list")?;
        asked
            .iter()
            .map(|asked| {
                let text = |key: &str| asked[key].as_str().unwrap_or_default();
                let body = BASE64_STANDARD.decode(text("body"));
                let body = body.map_err(|why| why.to_string())?;
                Ok(Request([text("head").as_bytes(), &body].concat()))
            })
            .collect()
    }
}

impl Request {
    /// A request of this text.
    pub fn of(text: impl Into<Vec<u8>>) -> Self {
        Self(text.into())
    }

    /// Whether a text stands in it.
    pub fn holds(&self, text: &str) -> bool {
        String::from_utf8_lossy(&self.0).contains(text)
    }

    /// Makes it on a connection of its own, and reads the answer to its end.
    ///
    /// # Errors
    /// The connection fails.
    pub fn send(&self, url: &str) -> Result<Vec<u8>, String> {
        let address = url.trim_start_matches("http://");
        let failed = |why: std::io::Error| format!("{url}: {why}");
        let mut stream = TcpStream::connect(address).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.write_all(&self.0).map_err(failed)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).map_err(failed)?;
        Ok(answer)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        // One that has already ended is as good as one that is stopped.
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
