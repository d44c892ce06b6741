//! A small HTTP server that answers from a list, byte for byte, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with one request.
#[derive(Debug, Clone)]
pub enum Reaction {
    /// Writes these bytes and closes the connection.
    Bytes(Vec<u8>),
    /// Waits, and never answers.
    Stall,
    /// Writes these bytes and then nothing more, without closing the connection.
    Begin(Vec<u8>),
    /// Resets the connection.
    Reset,
    /// Closes the connection at once.
    Hang,
}

impl Reaction {
    /// How long a client is to wait for it: only where nothing comes has that to end soon.
    pub fn patience(&self) -> Duration {
        match self {
            Self::Stall | Self::Begin(_) => Duration::from_millis(300),
            Self::Bytes(_) | Self::Reset | Self::Hang => Duration::from_secs(20),
        }
    }
}

/// A whole answer.
pub fn answer(status: &str, content_type: &str, body: &str) -> Reaction {
    Reaction::Bytes(
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nx-amzn-requestid: id-1\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes(),
    )
}

/// A whole answer with more headers, each ending in a line break.
pub fn answer_with(status: &str, headers: &str, body: &str) -> Reaction {
    Reaction::Bytes(
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/xml\r\n{}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            headers.replace('\n', "\r\n"),
            body.len()
        )
        .into_bytes(),
    )
}

/// An answer with a binary body.
pub fn binary(content_type: &str, body: &[u8]) -> Reaction {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nsmithy-protocol: rpc-v2-cbor\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Reaction::Bytes(bytes)
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub head: String,
    pub body: String,
    /// The body byte for byte.
    pub bytes: Vec<u8>,
}

/// A running server.
pub struct Stub {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Stub {
    /// Starts a server that reacts to its requests in this order; the last reaction repeats.
    pub async fn start(reactions: Vec<Reaction>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            let mut next = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let reaction = reactions[next.min(reactions.len() - 1)].clone();
                next += 1;
                tokio::spawn(serve(stream, reaction, log.clone()));
            }
        });
        Self { url, asked }
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("the log").clone()
    }
}

async fn serve(mut stream: TcpStream, reaction: Reaction, log: Arc<Mutex<Vec<Asked>>>) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let asked = loop {
        let count = stream.read(&mut chunk).await.unwrap_or(0);
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(asked) = whole(&bytes) {
            break asked;
        }
        if count == 0 {
            return;
        }
    };
    log.lock().expect("the log").push(asked);
    match reaction {
        Reaction::Bytes(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Reaction::Begin(bytes) => {
            let _ = stream.write_all(&bytes).await;
            tokio::time::sleep(Duration::from_mins(1)).await;
        }
        Reaction::Reset => {
            let _ = stream.set_zero_linger();
        }
        Reaction::Stall => tokio::time::sleep(Duration::from_mins(1)).await,
        Reaction::Hang => {}
    }
}

/// The request, once all of it is there.
fn whole(bytes: &[u8]) -> Option<Asked> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = &bytes[end + 4..];
    let length = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    (body.len() >= length).then(|| Asked {
        head,
        body: String::from_utf8_lossy(body).into_owned(),
        bytes: body.to_vec(),
    })
}
