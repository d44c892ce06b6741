//! The agent's side of a data channel, as a WebSocket server on loopback.

use super::message::{ACKNOWLEDGE, CLOSED, INPUT, Message, OUTPUT, payload};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value as Json, json};
use std::future::Future;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::{WebSocketStream, accept_async};
use uuid::Uuid;

/// An agent that has one client.
pub(super) struct Agent {
    socket: WebSocketStream<TcpStream>,
    next: i64,
}

/// Starts a server that lets an agent speak with its first client; gives its address and what the agent comes to.
pub(super) async fn serve<T, F>(
    speak: impl FnOnce(Agent) -> F + Send + 'static,
) -> (String, JoinHandle<T>)
where
    T: Send + 'static,
    F: Future<Output = T> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("an address");
    let spoken = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        let socket = accept_async(stream).await.expect("a WebSocket");
        speak(Agent { socket, next: 0 }).await
    });
    (
        format!("ws://{address}/v1/data-channel/s-1?role=publish_subscribe"),
        spoken,
    )
}

impl Agent {
    /// The next frame's bytes; nothing when the client has left.
    pub(super) async fn frame(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.socket.next().await?.ok()? {
                Frame::Binary(bytes) => return Some(bytes.to_vec()),
                Frame::Text(text) => return Some(text.as_bytes().to_vec()),
                Frame::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// The next message.
    pub(super) async fn message(&mut self) -> Message {
        let bytes = self.frame().await.expect("a message");
        Message::decode(&bytes).expect("of the protocol")
    }

    /// The next message that is no acknowledgement; it is not acknowledged.
    pub(super) async fn input(&mut self) -> Message {
        loop {
            let message = self.message().await;
            if message.kind == INPUT {
                return message;
            }
        }
    }

    pub(super) async fn send(&mut self, bytes: Vec<u8>) {
        self.socket.send(Frame::binary(bytes)).await.expect("sent");
    }

    /// Sends a numbered message and takes the acknowledgement.
    pub(super) async fn say(&mut self, payload_type: u32, payload: &[u8]) {
        let message = numbered(self.next, payload_type, payload);
        self.next += 1;
        self.send(message.encode()).await;
        self.is_acknowledged(&message).await;
    }

    pub(super) async fn is_acknowledged(&mut self, message: &Message) {
        let reply = self.message().await;
        assert_eq!(reply.kind, ACKNOWLEDGE);
        assert_eq!(reply.flags, 3);
        let content: Json = serde_json::from_slice(&reply.payload).expect("JSON");
        assert_eq!(
            content,
            json!({
                "AcknowledgedMessageType": OUTPUT,
                "AcknowledgedMessageId": message.id.to_string(),
                "AcknowledgedMessageSequenceNumber": message.sequence,
                "IsSequentialMessage": true,
            })
        );
    }

    pub(super) async fn acknowledge(&mut self, message: &Message) {
        let content = json!({
            "AcknowledgedMessageType": message.kind,
            "AcknowledgedMessageId": message.id.to_string(),
            "AcknowledgedMessageSequenceNumber": message.sequence,
            "IsSequentialMessage": true,
        });
        let reply = Message {
            kind: ACKNOWLEDGE.to_owned(),
            ..numbered(0, 0, content.to_string().as_bytes())
        };
        self.send(reply.encode()).await;
    }

    /// Takes the client's token and shakes hands.
    pub(super) async fn begin(&mut self) -> Json {
        let open = self.frame().await.expect("the token");
        let open: Json = serde_json::from_slice(&open).expect("JSON");
        self.ask(&json!([{
            "ActionType": "SessionType",
            "ActionParameters": {"SessionType": "InteractiveCommands", "Properties": {}},
        }]))
        .await;
        let response = self.input().await;
        assert_eq!(response.payload_type, payload::HANDSHAKE_RESPONSE);
        assert_eq!(response.sequence, 0);
        self.acknowledge(&response).await;
        let content: Json = serde_json::from_slice(&response.payload).expect("JSON");
        assert_eq!(content["ProcessedClientActions"][0]["ActionStatus"], 1);
        let complete = json!({"HandshakeTimeToComplete": 1_000_000, "CustomerMessage": ""});
        self.say(payload::HANDSHAKE_COMPLETE, complete.to_string().as_bytes())
            .await;
        let size = self.input().await;
        assert_eq!((size.payload_type, size.sequence), (payload::SIZE, 1));
        self.acknowledge(&size).await;
        open
    }

    pub(super) async fn ask(&mut self, actions: &Json) {
        let request = json!({"AgentVersion": "3.3.0.0", "RequestedClientActions": actions});
        self.say(payload::HANDSHAKE_REQUEST, request.to_string().as_bytes())
            .await;
    }

    /// Ends the session.
    pub(super) async fn close(&mut self, output: &str) {
        let content = json!({"SessionId": "s-1", "MessageType": CLOSED, "Output": output});
        let message = Message {
            kind: CLOSED.to_owned(),
            ..numbered(0, 0, content.to_string().as_bytes())
        };
        self.send(message.encode()).await;
    }

    /// The number of the next message.
    pub(super) fn next(&self) -> i64 {
        self.next
    }
}

/// A numbered message of the agent's.
pub(super) fn numbered(sequence: i64, payload_type: u32, payload: &[u8]) -> Message {
    Message {
        kind: OUTPUT.to_owned(),
        created: 1_768_478_400_000,
        sequence,
        flags: u64::from(sequence == 0),
        id: Uuid::new_v4(),
        payload_type,
        payload: payload.to_vec(),
    }
}
