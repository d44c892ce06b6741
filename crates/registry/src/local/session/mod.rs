//! Sessions of AWS Systems Manager: the output of a command that runs elsewhere, followed to its end.

mod channel;
mod message;
mod plugin;

pub(crate) use plugin::find as plugin;

use super::connection::{connect, handshake};
use super::context::LocalContext;
use crate::call::{CallError, FailureKind, Target};
use crate::world::Pending;
use jiff::SignedDuration;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use url::{Host, Url};

/// How long connecting may take.
const CONNECTING: SignedDuration = SignedDuration::from_secs(15);
/// The largest message of the protocol by far: agents send 1 KiB at a time.
const LARGEST_MESSAGE: usize = 256 * 1024;

/// A session that a service has opened.
#[derive(Clone)]
pub struct Session {
    /// The action that opened it: `ecs:Exec`.
    pub action: String,
    /// The step that did.
    pub step: Option<String>,
    /// Its id.
    pub id: String,
    /// Where its messages come from: a `wss` address.
    pub stream_url: String,
    /// What allows to read them. Whoever has it has the session, so it is shown nowhere.
    pub token: String,
    /// What the session is with, as Systems Manager names it.
    pub with: String,
    /// The region and the role that the call went to.
    pub target: Target,
    /// The region that the session is in.
    pub region: String,
    /// The plugin, where it is to follow the session.
    pub plugin: Option<PathBuf>,
    /// The most time that it may take.
    pub timeout: SignedDuration,
    /// The most bytes that it may say.
    pub most: usize,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("with", &self.with)
            .field("plugin", &self.plugin)
            .finish_non_exhaustive()
    }
}

/// What the command of a session said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionOutput {
    /// Both of its streams, with line feeds as the ends of lines.
    pub text: String,
    /// Its exit code, where the agent tells it.
    pub exit: Option<i64>,
}

impl SessionOutput {
    fn new(bytes: &[u8], exit: Option<i64>) -> Self {
        // The command has a terminal, which ends lines with both.
        let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
        Self { text, exit }
    }
}

/// Follows a session until its command ends.
///
/// # Errors
/// `session` with [`FailureKind::NotSent`] where the command was not begun, so that another way may be tried; `session`,
/// `timeout` and `size` otherwise.
pub(crate) fn follow<'a>(
    context: &'a LocalContext,
    session: &'a Session,
) -> Pending<'a, Result<SessionOutput, CallError>> {
    Box::pin(open_and_follow(context, session))
}

async fn open_and_follow(
    context: &LocalContext,
    session: &Session,
) -> Result<SessionOutput, CallError> {
    if let Some(program) = &session.plugin {
        return plugin::run(context, session, program).await;
    }
    let (url, host, port, secure) = address(&session.stream_url)?;
    let stream = connect(&host, port, CONNECTING.min(session.timeout))
        .await
        .map_err(unopened)?;
    let upgrade = async {
        let limits = WebSocketConfig::default()
            .max_message_size(Some(LARGEST_MESSAGE))
            .max_frame_size(Some(LARGEST_MESSAGE));
        if secure {
            let config = context.trust.client()?;
            let stream = handshake(stream, &host, config).await.map_err(unopened)?;
            let (socket, _) = client_async_with_config(url.as_str(), stream, Some(limits))
                .await
                .map_err(|error| unopened(refused(&host, &error)))?;
            Ok(channel::Socket::Secure(Box::new(socket)))
        } else {
            let (socket, _) = client_async_with_config(url.as_str(), stream, Some(limits))
                .await
                .map_err(|error| unopened(refused(&host, &error)))?;
            Ok(channel::Socket::Plain(Box::new(socket)))
        }
    };
    let socket = super::connection::within(
        CONNECTING.min(session.timeout),
        FailureKind::NotSent,
        &format!("opening the session channel at {host}"),
        upgrade,
    )
    .await
    .map_err(unopened)?;
    match socket {
        channel::Socket::Secure(socket) => channel::follow(*socket, session, context).await,
        channel::Socket::Plain(socket) => channel::follow(*socket, session, context).await,
    }
}

/// The parts of a stream's address, and whether it is to be encrypted.
fn address(text: &str) -> Result<(Url, String, u16, bool), CallError> {
    let wrong = |what: &str| {
        CallError::new(
            FailureKind::NotSent,
            "session",
            format!("the service gave a session address that {what}"),
        )
    };
    let url = Url::parse(text).map_err(|_| wrong("is none"))?;
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => return Err(wrong("names no host")),
    };
    let secure = match url.scheme() {
        "wss" => true,
        // Test endpoints on this machine have no certificates.
        "ws" if is_loopback(&host) => false,
        _ => return Err(wrong("is not encrypted")),
    };
    let port = url.port().unwrap_or(if secure { 443 } else { 80 });
    Ok((url, host, port, secure))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A WebSocket that was refused. The address holds no secret, the token is sent later.
fn refused(host: &str, error: &dyn fmt::Display) -> CallError {
    CallError::new(
        FailureKind::NotSent,
        "session",
        format!("{host} opens no WebSocket: {error}"),
    )
}

/// A channel that could not be opened: nothing was run.
fn unopened(error: CallError) -> CallError {
    CallError {
        code: "session".to_owned(),
        kind: FailureKind::NotSent,
        ..error
    }
}

#[cfg(test)]
mod agent;
#[cfg(test)]
mod tests;
