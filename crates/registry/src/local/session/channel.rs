//! The client's side of a data channel.

use super::message::{ACKNOWLEDGE, CLOSED, INPUT, Message, OUTPUT, payload};
use super::{Session, SessionOutput};
use crate::call::{CallError, FailureKind};
use crate::local::context::LocalContext;
use crate::world::clock::Clock;
use futures_util::{SinkExt, StreamExt};
use jiff::SignedDuration;
use runbook_playbook::duration;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message as Frame};
use uuid::Uuid;

/// How long the agent may take to begin.
const BEGINNING: SignedDuration = SignedDuration::from_secs(30);
/// How long a message may stay without acknowledgement before it is sent again.
const RESEND: Duration = Duration::from_secs(1);
/// How long taking leave may take.
const LEAVING: Duration = Duration::from_secs(2);
/// The most messages that are kept until those before them arrive.
const MOST_EARLY: usize = 1024;
/// The flag that ends what the session runs.
const TERMINATE: u32 = 2;
/// The version of the plugin whose part is played here: agents choose what they ask for by it.
const CLIENT_VERSION: &str = "1.2.553.0";

/// An open WebSocket.
pub(super) enum Socket {
    Secure(Box<WebSocketStream<TlsStream<TcpStream>>>),
    Plain(Box<WebSocketStream<TcpStream>>),
}

/// Follows the session over an open WebSocket until its command ends.
///
/// # Errors
/// Those of [`super::follow`].
pub(super) async fn follow<S: AsyncRead + AsyncWrite + Unpin>(
    socket: WebSocketStream<S>,
    session: &Session,
    context: &LocalContext,
) -> Result<SessionOutput, CallError> {
    let mut channel = Channel {
        socket,
        clock: Arc::clone(&context.clock),
        most: session.most,
        begun: false,
        next: 0,
        expected: 0,
        early: BTreeMap::new(),
        unacknowledged: BTreeMap::new(),
        output: Vec::new(),
        exit: None,
    };
    let bound = session.timeout.unsigned_abs();
    let result = match tokio::time::timeout(bound, channel.listen(session)).await {
        Ok(result) => result,
        Err(_) => Err(channel.late(session.timeout)),
    };
    drop(tokio::time::timeout(LEAVING, channel.leave(result.is_err())).await);
    result.map(|()| SessionOutput::new(&channel.output, channel.exit))
}

struct Channel<S> {
    socket: WebSocketStream<S>,
    clock: Arc<dyn Clock>,
    most: usize,
    /// The agent may have started the command.
    begun: bool,
    /// The number of the next message to the agent.
    next: i64,
    /// The number of the next message from the agent.
    expected: i64,
    /// Messages from the agent that came before their turn.
    early: BTreeMap<i64, Message>,
    /// Messages to the agent that it may not have, and when they were last sent.
    unacknowledged: BTreeMap<i64, (Instant, Vec<u8>)>,
    output: Vec<u8>,
    exit: Option<i64>,
}

/// What a message meant for the session.
enum Turn {
    Continues,
    Over,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Channel<S> {
    async fn listen(&mut self, session: &Session) -> Result<(), CallError> {
        let open = json!({
            "MessageSchemaVersion": "1.0",
            "RequestId": Uuid::new_v4().to_string(),
            "TokenValue": session.token,
            "ClientId": Uuid::new_v4().to_string(),
            "ClientVersion": CLIENT_VERSION,
        });
        self.transmit(Frame::text(open.to_string())).await?;
        let started = Instant::now();
        let mut tick = tokio::time::interval(RESEND / 2);
        loop {
            tokio::select! {
                frame = self.socket.next() => {
                    let bytes = match frame {
                        Some(Ok(Frame::Binary(bytes))) => bytes,
                        Some(Ok(Frame::Text(text))) => text.into(),
                        Some(Ok(Frame::Close(_))) | None => return Err(self.lost("it was closed")),
                        // Pings are answered by the library.
                        Some(Ok(_)) => continue,
                        Some(Err(error)) => return Err(self.lost(&error.to_string())),
                    };
                    let message = Message::decode(&bytes).map_err(|what| self.garbled(what))?;
                    if let Turn::Over = self.receive(message).await? {
                        return Ok(());
                    }
                }
                _ = tick.tick() => {
                    if !self.begun && started.elapsed() > BEGINNING.unsigned_abs() {
                        return Err(self.late(BEGINNING));
                    }
                    self.resend().await?;
                }
            }
        }
    }

    async fn receive(&mut self, message: Message) -> Result<Turn, CallError> {
        match message.kind.as_str() {
            OUTPUT => self.in_turn(message).await,
            ACKNOWLEDGE => {
                let content: Json = self.document(&message)?;
                let number = content
                    .get("AcknowledgedMessageSequenceNumber")
                    .and_then(Json::as_i64);
                if let Some(number) = number {
                    self.unacknowledged.remove(&number);
                }
                Ok(Turn::Continues)
            }
            CLOSED => {
                let content: Json = self.document(&message)?;
                let why = content.get("Output").and_then(Json::as_str);
                match why.map(str::trim).filter(|why| !why.is_empty()) {
                    Some(why) => Err(self.failed(&format!("the agent ended the session: {why}"))),
                    None if self.begun => Ok(Turn::Over),
                    None => Err(self.lost("the agent ended it")),
                }
            }
            // `start_publication`, `pause_publication`, and what later agents may say.
            _ => Ok(Turn::Continues),
        }
    }

    /// Takes a numbered message, and those that waited for it. One that came before is acknowledged again.
    async fn in_turn(&mut self, message: Message) -> Result<Turn, CallError> {
        if message.sequence > self.expected && self.early.len() >= MOST_EARLY {
            // Without an acknowledgement the agent sends it again.
            return Ok(Turn::Continues);
        }
        self.acknowledge(&message).await?;
        if message.sequence < self.expected {
            return Ok(Turn::Continues);
        }
        self.early.insert(message.sequence, message);
        while let Some(message) = self.early.remove(&self.expected) {
            self.expected += 1;
            self.take(&message).await?;
        }
        Ok(Turn::Continues)
    }

    async fn take(&mut self, message: &Message) -> Result<(), CallError> {
        match message.payload_type {
            payload::HANDSHAKE_REQUEST => self.shake_hands(message).await,
            payload::HANDSHAKE_COMPLETE => {
                let size = json!({"cols": 300, "rows": 100}).to_string();
                self.say(payload::SIZE, size.into_bytes()).await
            }
            payload::OUTPUT | payload::ERROR_OUTPUT => {
                // Old agents begin without a handshake.
                self.begun = true;
                self.output.extend(&message.payload);
                if self.output.len() <= self.most {
                    return Ok(());
                }
                Err(CallError::new(
                    FailureKind::Unanswered,
                    "size",
                    format!(
                        "the command wrote more than {} bytes and was ended; let it write less",
                        self.most
                    ),
                ))
            }
            payload::EXIT_CODE => {
                // `EXIT_CODE: 3`
                let text = String::from_utf8_lossy(&message.payload);
                let number = text.rsplit(':').next().unwrap_or_default();
                self.exit = number.trim().trim_matches('\0').parse().ok();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Answers what the agent asks of the client before it starts the command.
    async fn shake_hands(&mut self, message: &Message) -> Result<(), CallError> {
        let request: Json = self.document(message)?;
        let actions = request
            .get("RequestedClientActions")
            .and_then(Json::as_array);
        let mut processed = Vec::new();
        let mut unable = Vec::new();
        for action in actions.into_iter().flatten() {
            let kind = action
                .get("ActionType")
                .and_then(Json::as_str)
                .unwrap_or_default();
            let what = action
                .pointer("/ActionParameters/SessionType")
                .and_then(Json::as_str)
                .unwrap_or_default();
            let problem = match (kind, what) {
                (
                    "SessionType",
                    "Standard_Stream" | "InteractiveCommands" | "NonInteractiveCommands",
                ) => None,
                ("SessionType", other) => Some(format!("sessions of the type {other}")),
                ("KMSEncryption", _) => Some("sessions that a KMS key encrypts".to_owned()),
                (other, _) => Some(format!("the action {other}")),
            };
            let (status, error) = match &problem {
                None => (1, String::new()),
                Some(what) => (2, format!("{what} are not supported")),
            };
            processed.push(json!({
                "ActionType": kind,
                "ActionStatus": status,
                "ActionResult": null,
                "Error": error,
            }));
            unable.extend(problem);
        }
        let errors: Vec<String> = unable.clone();
        let response = json!({
            "ClientVersion": CLIENT_VERSION,
            "ProcessedClientActions": processed,
            "Errors": errors,
        });
        if unable.is_empty() {
            self.begun = true;
        }
        self.say(
            payload::HANDSHAKE_RESPONSE,
            response.to_string().into_bytes(),
        )
        .await?;
        match unable.first() {
            None => Ok(()),
            Some(what) => Err(self.failed(&format!(
                "the agent asks for {what}, which this channel cannot do"
            ))),
        }
    }

    async fn acknowledge(&mut self, message: &Message) -> Result<(), CallError> {
        let content = json!({
            "AcknowledgedMessageType": message.kind,
            "AcknowledgedMessageId": message.id.to_string(),
            "AcknowledgedMessageSequenceNumber": message.sequence,
            "IsSequentialMessage": true,
        });
        let message = Message {
            flags: 3,
            ..self.message(ACKNOWLEDGE, 0, 0, content.to_string().into_bytes())
        };
        self.transmit(Frame::binary(message.encode())).await
    }

    /// Sends a numbered message, which is sent again until the agent acknowledges it.
    async fn say(&mut self, payload_type: u32, payload: Vec<u8>) -> Result<(), CallError> {
        let number = self.next;
        self.next += 1;
        let bytes = self.message(INPUT, number, payload_type, payload).encode();
        self.unacknowledged
            .insert(number, (Instant::now(), bytes.clone()));
        self.transmit(Frame::binary(bytes)).await
    }

    async fn resend(&mut self) -> Result<(), CallError> {
        let mut due = Vec::new();
        for (sent, bytes) in self.unacknowledged.values_mut() {
            if sent.elapsed() >= RESEND {
                *sent = Instant::now();
                due.push(bytes.clone());
            }
        }
        for bytes in due {
            self.transmit(Frame::binary(bytes)).await?;
        }
        Ok(())
    }

    /// Closes the channel; a command that may still run is ended first.
    async fn leave(&mut self, ends_command: bool) -> Result<(), CallError> {
        if ends_command {
            self.say(payload::FLAG, TERMINATE.to_be_bytes().to_vec())
                .await?;
        }
        self.socket
            .close(None)
            .await
            .map_err(|error| self.lost(&error.to_string()))
    }

    fn message(&self, kind: &str, sequence: i64, payload_type: u32, payload: Vec<u8>) -> Message {
        Message {
            kind: kind.to_owned(),
            created: self.clock.now().as_millisecond().try_into().unwrap_or(0),
            sequence,
            flags: 0,
            id: Uuid::new_v4(),
            payload_type,
            payload,
        }
    }

    async fn transmit(&mut self, frame: Frame) -> Result<(), CallError> {
        let sent = self.socket.send(frame).await;
        sent.map_err(|error: Error| self.lost(&error.to_string()))
    }

    fn document(&self, message: &Message) -> Result<Json, CallError> {
        serde_json::from_slice(&message.payload)
            .map_err(|_| self.garbled("has a payload that is no JSON"))
    }

    fn failed(&self, what: &str) -> CallError {
        let kind = if self.begun {
            FailureKind::Unanswered
        } else {
            FailureKind::NotSent
        };
        CallError::new(kind, "session", what)
    }

    fn lost(&self, why: &str) -> CallError {
        self.failed(&if self.begun {
            format!("the session channel was lost before the command ended, so what it did is not known: {why}")
        } else {
            format!("the session channel was lost before the command began: {why}")
        })
    }

    fn garbled(&self, what: &str) -> CallError {
        let error = self.failed(&format!("the agent sent a message that {what}"));
        if self.begun {
            CallError {
                kind: FailureKind::Garbled,
                ..error
            }
        } else {
            error
        }
    }

    fn late(&self, bound: SignedDuration) -> CallError {
        let bound = duration::format(bound);
        if self.begun {
            CallError::new(
                FailureKind::Unanswered,
                "timeout",
                format!("the command ran longer than {bound} and was ended"),
            )
        } else {
            self.failed(&format!(
                "the agent did not begin the session within {bound}"
            ))
        }
    }
}
