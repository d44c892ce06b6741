//! Event streams: the events of an answer, collected into a list.

use super::decode;
use super::error;
use super::instant;
use super::protocol::{Reply, Wire};
use crate::call::{CallError, FailureKind};
use crate::model::service::{Operation, Protocol};
use crate::model::shape::{Member, MemberTrait, ShapeId, ShapeKind};
use aws_smithy_eventstream::error::Error as FrameError;
use aws_smithy_eventstream::frame::{UnmarshallMessage, UnmarshalledMessage};
use aws_smithy_http::event_stream::Receiver;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_schema::serde::SerdeError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::event_stream::{HeaderValue, Message};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json};
use std::convert::Infallible;
use tokio::time::Instant;

/// Passes messages on as they are.
#[derive(Debug)]
struct AsIs;

impl UnmarshallMessage for AsIs {
    type Output = Message;
    type Error = Infallible;

    fn unmarshall(
        &self,
        message: &Message,
    ) -> Result<UnmarshalledMessage<Message, Infallible>, FrameError> {
        Ok(UnmarshalledMessage::Event(message.clone()))
    }
}

/// What ends the collection of events before the stream does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Until {
    /// The end of the time for the call.
    pub(super) deadline: Option<Instant>,
    /// The most events.
    pub(super) limit: usize,
}

/// Collects the events of an answer that has begun, until the stream ends or a bound is reached; then the reply is
/// `truncated`.
///
/// # Errors
/// [`CallError`] when the service ends the stream with an error, or the stream breaks off.
pub(super) async fn collect(
    wire: &Wire,
    operation: &'static Operation,
    mut opened: HttpResponse,
    until: Until,
    address: &str,
) -> Result<Reply, CallError> {
    let request_id = wire.request_id(&opened, &[]);
    let failed = |error: CallError| CallError {
        request_id: request_id.clone(),
        ..error
    };
    let body = std::mem::replace(opened.body_mut(), SdkBody::empty());
    let mut result = wire.head_of_result(operation, &opened);
    let mut receiver = Receiver::new(AsIs, body);
    let stream = Stream { wire, operation };
    let mut events = Vec::new();
    let mut truncated = false;
    loop {
        if events.len() >= until.limit {
            truncated = true;
            break;
        }
        let next = receiver.recv();
        let next = match until.deadline {
            Some(at) => {
                let Ok(next) = tokio::time::timeout_at(at, next).await else {
                    truncated = true;
                    break;
                };
                next
            }
            None => next.await,
        };
        match next {
            Ok(None) => break,
            Ok(Some(message)) => {
                events.extend(stream.read(&message, &mut result).map_err(failed)?);
            }
            Err(problem) if error::is_too_large(&problem) => {
                truncated = true;
                break;
            }
            Err(problem) => return Err(failed(error::of_body(&problem, address))),
        }
    }
    if let (Some(result), Some(member)) = (result.as_object_mut(), stream.member()) {
        result.insert(member.name.to_owned(), events.into());
    }
    Ok(Reply {
        result,
        request_id,
        truncated,
    })
}

struct Stream<'a> {
    wire: &'a Wire,
    operation: &'static Operation,
}

impl Stream<'_> {
    /// The member of the output that is the stream.
    fn member(&self) -> Option<&'static Member> {
        let output = self.wire.schemas.service.structure(self.operation.output)?;
        output.members.get(self.operation.output_stream? as usize)
    }

    /// One event; nothing for messages that are none.
    fn read(&self, message: &Message, result: &mut Json) -> Result<Option<Json>, CallError> {
        let garbled = |problem: SerdeError| {
            CallError::new(
                FailureKind::Garbled,
                "response",
                format!("an event of the answer cannot be read: {problem}"),
            )
        };
        match text(message, ":message-type") {
            Some("exception") => Err(self.exception(message)),
            Some("error") => Err(CallError::new(
                FailureKind::Answered,
                text(message, ":error-code").unwrap_or("unknown"),
                text(message, ":error-message").unwrap_or("the service gave no reason"),
            )),
            _ => {
                let kind = text(message, ":event-type").unwrap_or_default();
                if kind == "initial-response" {
                    let first = self
                        .structure(self.operation.output, message)
                        .map_err(garbled)?;
                    if let (Some(result), Json::Object(first)) = (result.as_object_mut(), first) {
                        result.extend(first);
                    }
                    return Ok(None);
                }
                let Some(member) = self.event(kind) else {
                    return Ok(None);
                };
                let value = self.value(member.target, message).map_err(garbled)?;
                let event = Map::from_iter([(member.name.to_owned(), value)]);
                Ok(Some(Json::Object(event)))
            }
        }
    }

    /// The member of the stream's union for a kind of event.
    fn event(&self, kind: &str) -> Option<&'static Member> {
        let service = self.wire.schemas.service;
        let union = service.structure(self.member()?.target)?;
        union
            .members
            .iter()
            .find(|member| member.location_name.unwrap_or(member.name) == kind)
    }

    fn exception(&self, message: &Message) -> CallError {
        let kind = text(message, ":exception-type").unwrap_or("unknown");
        let service = self.wire.schemas.service;
        let member = self.event(kind);
        let code = member.map_or(kind, |member| {
            let shape = service.shape(member.target);
            let named = shape.structure().and_then(|it| it.error.as_ref()?.code);
            named.unwrap_or(shape.name)
        });
        let said = member
            .and_then(|member| self.value(member.target, message).ok())
            .and_then(|value| {
                let members = value.as_object()?.iter();
                members
                    .filter(|(name, _)| name.eq_ignore_ascii_case("message"))
                    .find_map(|(_, value)| value.as_str().map(ToOwned::to_owned))
            });
        CallError::new(
            FailureKind::Answered,
            code,
            said.unwrap_or_else(|| "the service gave no reason".to_owned()),
        )
    }

    /// An event's members: of headers, of the raw payload, of the payload as a document.
    fn value(&self, id: ShapeId, message: &Message) -> Result<Json, SerdeError> {
        let service = self.wire.schemas.service;
        let Some(event) = service.structure(id) else {
            return Ok(Json::Null);
        };
        let raw = |member: &&Member| member.is(MemberTrait::EventPayload);
        let document = if event.members.iter().any(|member| raw(&member)) {
            Json::Null
        } else {
            self.structure(id, message)?
        };
        let mut members = Map::new();
        for member in &event.members {
            let value = if member.is(MemberTrait::EventHeader) {
                header(message, member.location_name.unwrap_or(member.name)).map(of_header)
            } else if raw(&member) {
                let payload = message.payload();
                Some(match &service.target(member).kind {
                    ShapeKind::Blob(_) => BASE64.encode(payload).into(),
                    ShapeKind::String(_) => String::from_utf8_lossy(payload).into(),
                    _ => self.structure(member.target, message)?,
                })
            } else {
                document.get(member.name).cloned()
            };
            if let Some(value) = value {
                members.insert(member.name.to_owned(), value);
            }
        }
        Ok(Json::Object(members))
    }

    /// The payload as a document of the service's protocol.
    fn structure(&self, id: ShapeId, message: &Message) -> Result<Json, SerdeError> {
        let payload: &[u8] = message.payload();
        if payload.is_empty() {
            return Ok(Json::Object(Map::new()));
        }
        let codec = self
            .wire
            .payload_codec()
            .ok_or_else(|| SerdeError::custom("its protocol has no events"))?;
        if self.wire.schemas.protocol == Protocol::RestXml && !super::garbage::is_whole_xml(payload)
        {
            return Err(SerdeError::invalid_input("the document ends early"));
        }
        decode::read_structure(
            &self.wire.schemas,
            id,
            codec.create_deserializer(payload).as_mut(),
        )
    }
}

fn header<'m>(message: &'m Message, name: &str) -> Option<&'m HeaderValue> {
    message
        .headers()
        .iter()
        .find(|header| header.name().as_str() == name)
        .map(aws_smithy_types::event_stream::Header::value)
}

fn text<'m>(message: &'m Message, name: &str) -> Option<&'m str> {
    Some(header(message, name)?.as_string().ok()?.as_str())
}

fn of_header(value: &HeaderValue) -> Json {
    match value {
        HeaderValue::Bool(flag) => (*flag).into(),
        HeaderValue::Byte(whole) => (*whole).into(),
        HeaderValue::Int16(whole) => (*whole).into(),
        HeaderValue::Int32(whole) => (*whole).into(),
        HeaderValue::Int64(whole) => (*whole).into(),
        HeaderValue::ByteArray(bytes) => BASE64.encode(bytes).into(),
        HeaderValue::String(text) => text.as_str().into(),
        HeaderValue::Timestamp(at) => instant::to_text(at).into(),
        HeaderValue::Uuid(id) => uuid::Uuid::from_u128(*id).to_string().into(),
        _ => Json::Null,
    }
}
