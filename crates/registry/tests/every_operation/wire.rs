//! Answers on the wire, written from the model by rules of their own, so that reading is checked against something else
//! than itself.

use aws_smithy_cbor::Encoder;
use aws_smithy_types::DateTime;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use runbook_registry::model::service::{Operation, Protocol, Service};
use runbook_registry::model::shape::{
    Location, Member, MemberTrait, ShapeId, ShapeKind, ShapeTrait, StructureShape,
};
use serde_json::{Map, Value as Json};
use std::fmt::Write as _;

/// An answer, and the result that it must be read as.
pub struct Answer {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub result: Json,
}

/// Seconds of the instant that all answers have.
const SECONDS: i64 = 1_768_478_400;

/// Writes an answer with the members of `value`.
pub fn answer(service: &Service, operation: &Operation, value: Json) -> Answer {
    let protocol = service.metadata.protocol;
    let mut headers = Vec::new();
    let Some((structure, mut members)) = service.structure(operation.output).zip(object(value))
    else {
        return Answer {
            headers,
            body: Vec::new(),
            result: Json::Null,
        };
    };
    if matches!(protocol, Protocol::RestJson | Protocol::RestXml) {
        bind(service, structure, &mut members, &mut headers);
        if let Some(member) = structure.payload_member() {
            let body = members
                .get(member.name)
                .map_or_else(Vec::new, |value| payload(service, protocol, member, value));
            return Answer {
                headers,
                body,
                result: Json::Object(members),
            };
        }
    }
    let inside = Json::Object(
        members
            .iter()
            .filter(|(name, _)| {
                let member = structure.member(name);
                member.is_some_and(|(_, member)| {
                    member.location == Location::Body
                        || !matches!(protocol, Protocol::RestJson | Protocol::RestXml)
                })
            })
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    );
    let body = match protocol {
        Protocol::Json | Protocol::RestJson => json_of(service, operation.output, &inside)
            .to_string()
            .into_bytes(),
        Protocol::RpcV2Cbor => {
            let mut to = Encoder::new(Vec::new());
            cbor(service, operation.output, &inside, &mut to);
            to.into_writer()
        }
        Protocol::RestXml | Protocol::Query | Protocol::Ec2 => {
            let mut text = String::new();
            let mut attributes = String::new();
            xml_members(service, structure, &inside, &mut text, &mut attributes);
            if let Some(wrapper) = operation.result_wrapper {
                text = format!("<{wrapper}>{text}</{wrapper}>");
            }
            let name = operation.name;
            if name == "GetBucketLocation" {
                // The only answer whose root is its member.
                return Answer {
                    headers,
                    body: text.into_bytes(),
                    result: Json::Object(members),
                };
            }
            format!("<{name}Response{attributes}>{text}</{name}Response>").into_bytes()
        }
    };
    Answer {
        headers,
        body,
        result: Json::Object(members),
    }
}

fn object(value: Json) -> Option<Map<String, Json>> {
    match value {
        Json::Object(members) => Some(members),
        _ => None,
    }
}

/// Moves what travels in headers there, and takes away what has no place in the answer.
fn bind(
    service: &Service,
    structure: &StructureShape,
    members: &mut Map<String, Json>,
    headers: &mut Vec<(String, String)>,
) {
    let payload = structure.payload_member().map(|member| member.name);
    for member in &structure.members {
        if member.location == Location::StatusCode {
            members.insert(member.name.to_owned(), 200.into());
        }
        let Some(value) = members.get_mut(member.name) else {
            continue;
        };
        match member.location {
            Location::Header => {
                headers.push((
                    member.wire_name().to_owned(),
                    header(service, member, value),
                ));
            }
            Location::Headers => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    let name = format!("{}{key}", member.wire_name());
                    headers.push((name, value.as_str().unwrap_or_default().to_owned()));
                }
            }
            Location::StatusCode => {}
            Location::Body if payload.is_none_or(|payload| payload == member.name) => {}
            _ => {
                members.shift_remove(member.name);
            }
        }
    }
}

fn header(service: &Service, member: &Member, value: &Json) -> String {
    let text = |value: &Json| match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    match (&service.target(member).kind, value) {
        _ if member.is(MemberTrait::JsonValue) => BASE64.encode(value.to_string()),
        (ShapeKind::Timestamp(_), _) => "Thu, 15 Jan 2026 12:00:00 GMT".to_owned(),
        (_, Json::Array(items)) => items.iter().map(text).collect::<Vec<_>>().join(","),
        _ => text(value),
    }
}

fn payload(service: &Service, protocol: Protocol, member: &Member, value: &Json) -> Vec<u8> {
    match &service.target(member).kind {
        ShapeKind::Blob(_) => BASE64
            .decode(value.as_str().unwrap_or_default())
            .unwrap_or_default(),
        ShapeKind::String(_) => match value {
            Json::String(text) => text.clone().into_bytes(),
            document => document.to_string().into_bytes(),
        },
        _ if protocol == Protocol::RestJson => json_of(service, member.target, value)
            .to_string()
            .into_bytes(),
        _ => {
            let mut text = String::new();
            xml(service, element(service, member), member, value, &mut text);
            text.into_bytes()
        }
    }
}

fn json_of(service: &Service, id: ShapeId, value: &Json) -> Json {
    let shape = service.shape(id);
    match (&shape.kind, value) {
        _ if shape.is(ShapeTrait::Document) => value.clone(),
        (ShapeKind::Timestamp(_), _) => SECONDS.into(),
        (ShapeKind::List(list), Json::Array(items)) => items
            .iter()
            .map(|item| json_of(service, list.member.target, item))
            .collect(),
        (ShapeKind::Map(map), Json::Object(entries)) => entries
            .iter()
            .map(|(key, value)| (key.clone(), json_of(service, map.value.target, value)))
            .collect(),
        (ShapeKind::Structure(structure), Json::Object(members)) => members
            .iter()
            .filter_map(|(name, value)| {
                let (_, member) = structure.member(name)?;
                let value = json_of(service, member.target, value);
                Some((member.wire_name().to_owned(), value))
            })
            .collect(),
        // A document in a text.
        (ShapeKind::String(_), Json::Object(_)) => value.to_string().into(),
        _ => value.clone(),
    }
}

fn cbor(service: &Service, id: ShapeId, value: &Json, to: &mut Encoder) {
    match (&service.shape(id).kind, value) {
        (ShapeKind::Timestamp(_), _) => {
            to.timestamp(&DateTime::from_secs(SECONDS));
        }
        (ShapeKind::Blob(_), Json::String(text)) => {
            to.blob(&aws_smithy_types::Blob::new(
                BASE64.decode(text).unwrap_or_default(),
            ));
        }
        (ShapeKind::List(list), Json::Array(items)) => {
            to.array(items.len());
            for item in items {
                cbor(service, list.member.target, item, to);
            }
        }
        (ShapeKind::Map(map), Json::Object(entries)) => {
            to.map(entries.len());
            for (key, value) in entries {
                to.str(key);
                cbor(service, map.value.target, value, to);
            }
        }
        (ShapeKind::Structure(structure), Json::Object(members)) => {
            to.map(members.len());
            for (name, value) in members {
                to.str(name);
                if let Some((_, member)) = structure.member(name) {
                    cbor(service, member.target, value, to);
                }
            }
        }
        (ShapeKind::Float(_) | ShapeKind::Double(_), value) => {
            to.double(value.as_f64().unwrap_or_default());
        }
        (_, Json::Bool(flag)) => {
            to.boolean(*flag);
        }
        (_, Json::Number(number)) => {
            to.long(number.as_i64().unwrap_or_default());
        }
        (_, Json::String(text)) => {
            to.str(text);
        }
        (_, other) => {
            to.str(&other.to_string());
        }
    }
}

/// The element's name: the member's own, else the shape's; a flattened list has that of its elements.
fn element(service: &Service, member: &Member) -> &'static str {
    let target = service.target(member);
    let of_elements = match &target.kind {
        ShapeKind::List(list) if is_flat(service, member) => list.member.location_name,
        _ => None,
    };
    of_elements
        .or(member.location_name)
        .or(target.location_name)
        .unwrap_or(member.name)
}

fn is_flat(service: &Service, member: &Member) -> bool {
    member.is(MemberTrait::Flattened) || service.target(member).is(ShapeTrait::Flattened)
}

fn xml_members(
    service: &Service,
    structure: &StructureShape,
    value: &Json,
    text: &mut String,
    attributes: &mut String,
) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let Some((_, member)) = structure.member(name) else {
            continue;
        };
        let element = element(service, member);
        if member.is(MemberTrait::XmlAttribute) {
            let value = value.as_str().unwrap_or_default();
            if let Some((prefix, _)) = element.split_once(':') {
                let _ = write!(attributes, r#" xmlns:{prefix}="http://example.com/""#);
            }
            let _ = write!(attributes, r#" {element}="{value}""#);
        } else {
            xml(service, element, member, value, text);
        }
    }
}

fn xml(service: &Service, name: &str, member: &Member, value: &Json, text: &mut String) {
    let shape = service.target(member);
    let flat = is_flat(service, member);
    let mut attributes = String::new();
    let mut inside = String::new();
    match (&shape.kind, value) {
        (ShapeKind::Timestamp(_), _) => inside.push_str("2026-01-15T12:00:00Z"),
        (ShapeKind::List(list), Json::Array(items)) => {
            let of_element = list.member.location_name.unwrap_or("member");
            for item in items {
                if flat {
                    xml(service, name, &list.member, item, text);
                } else {
                    xml(service, of_element, &list.member, item, &mut inside);
                }
            }
            if flat {
                return;
            }
        }
        (ShapeKind::Map(map), Json::Object(entries)) => {
            for (key, value) in entries {
                let mut entry = String::new();
                let key_name = map.key.location_name.unwrap_or("key");
                let value_name = map.value.location_name.unwrap_or("value");
                let _ = write!(entry, "<{key_name}>{}</{key_name}>", escaped(key));
                xml(service, value_name, &map.value, value, &mut entry);
                if flat {
                    let _ = write!(text, "<{name}>{entry}</{name}>");
                } else {
                    let _ = write!(inside, "<entry>{entry}</entry>");
                }
            }
            if flat {
                return;
            }
        }
        (ShapeKind::Structure(structure), _) => {
            xml_members(service, structure, value, &mut inside, &mut attributes);
        }
        (_, Json::String(text)) => inside = escaped(text),
        (_, other) => inside = escaped(&other.to_string()),
    }
    let _ = write!(text, "<{name}{attributes}>{inside}</{name}>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
