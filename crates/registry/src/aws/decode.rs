//! Results, read through any codec's deserializer into the JSON that the AWS CLI prints.
//!
//! Members come out under the model's names in the model's order, whatever order the wire had. Scalars are read
//! leniently, as botocore reads them: a service that sends text where its model says number is understood.

use super::instant;
use super::schema::{Direction, Schemas};
use crate::model::service::Protocol;
use crate::model::shape::{Location, Member, MemberTrait, ShapeId, ShapeKind, ShapeTrait};
use aws_smithy_schema::Schema;
use aws_smithy_schema::serde::{SerdeError, ShapeDeserializer};
use aws_smithy_types::{Document, Number};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json};

/// What a scalar is read from; each can do different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A JSON body, where any scalar can be read as a document.
    Json,
    /// Text: XML, a header, a raw body, a status code.
    Text,
    /// A CBOR body.
    Cbor,
}

/// Reads a structure.
pub(super) fn read_structure(
    schemas: &Schemas,
    shape: ShapeId,
    from: &mut dyn ShapeDeserializer,
) -> Result<Json, SerdeError> {
    let body = match schemas.protocol {
        Protocol::Json | Protocol::RestJson => Source::Json,
        Protocol::RestXml | Protocol::Query | Protocol::Ec2 => Source::Text,
        Protocol::RpcV2Cbor => Source::Cbor,
    };
    let bound = matches!(schemas.protocol, Protocol::RestJson | Protocol::RestXml);
    Reader { schemas, body }.structure(shape, from, bound)
}

#[derive(Clone, Copy)]
struct Reader<'a> {
    schemas: &'a Schemas,
    body: Source,
}

impl Reader<'_> {
    /// Reads a structure; `bound` where its members may travel in headers or as a raw body.
    fn structure(
        self,
        id: ShapeId,
        from: &mut dyn ShapeDeserializer,
        bound: bool,
    ) -> Result<Json, SerdeError> {
        let Some(structure) = self.schemas.service.structure(id) else {
            return Ok(Json::Object(Map::new()));
        };
        let mut slots: Vec<Option<Json>> = vec![None; structure.members.len()];
        let schema = self.schemas.structure(Direction::Output, id);
        from.read_struct(schema, &mut |member_schema, from| {
            let place = member_schema.member_index().unwrap_or(usize::MAX);
            let Some((member, slot)) = structure.members.get(place).zip(slots.get_mut(place))
            else {
                return from.skip_value();
            };
            if from.is_null() {
                return from.read_null();
            }
            let raw = structure.payload == u32::try_from(place).ok()
                && matches!(
                    self.schemas.service.target(member).kind,
                    ShapeKind::Blob(_) | ShapeKind::String(_)
                );
            let source = if bound && (member.location != Location::Body || raw) {
                Source::Text
            } else {
                self.body
            };
            *slot = Some(self.member(member, member_schema, from, source)?);
            Ok(())
        })?;
        let mut result = Map::with_capacity(slots.iter().flatten().count());
        for (member, slot) in structure.members.iter().zip(slots) {
            if let Some(value) = slot {
                result.insert(member.name.to_owned(), value);
            }
        }
        Ok(Json::Object(result))
    }

    fn member(
        self,
        member: &Member,
        schema: &Schema<'_>,
        from: &mut dyn ShapeDeserializer,
        source: Source,
    ) -> Result<Json, SerdeError> {
        let value = self
            .value(member.target, schema, from, source)
            .map_err(|error| SerdeError::custom(format!("`{}`: {error}", member.name)))?;
        Ok(match value {
            Json::String(text) if member.is(MemberTrait::JsonText) => document_in(text),
            Json::String(text)
                if member.is(MemberTrait::JsonValue) && member.location == Location::Header =>
            {
                let decoded = BASE64.decode(&text).ok();
                decoded
                    .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                    .unwrap_or(Json::String(text))
            }
            value => value,
        })
    }

    fn value(
        self,
        id: ShapeId,
        schema: &Schema<'_>,
        from: &mut dyn ShapeDeserializer,
        source: Source,
    ) -> Result<Json, SerdeError> {
        let shape = self.schemas.service.shape(id);
        match &shape.kind {
            ShapeKind::Structure(_) if shape.is(ShapeTrait::Document) => {
                Ok(json(from.read_document(schema)?))
            }
            ShapeKind::Structure(_) => self.structure(id, from, false),
            ShapeKind::List(list) => {
                let element = self.schemas.elements(Direction::Output, id).value;
                let sparse = shape.is(ShapeTrait::Sparse);
                let mut items = Vec::with_capacity(from.container_size().unwrap_or(0));
                from.read_list(schema, &mut |from| {
                    if from.is_null() {
                        if sparse {
                            items.push(Json::Null);
                        }
                        return from.read_null();
                    }
                    items.push(self.value(list.member.target, element, from, source)?);
                    Ok(())
                })?;
                Ok(Json::Array(items))
            }
            ShapeKind::Map(map) => {
                let value = self.schemas.elements(Direction::Output, id).value;
                let sparse = shape.is(ShapeTrait::Sparse);
                let mut entries = Map::new();
                from.read_map(schema, &mut |key, from| {
                    if from.is_null() {
                        if sparse {
                            entries.insert(key, Json::Null);
                        }
                        return from.read_null();
                    }
                    entries.insert(key, self.value(map.value.target, value, from, source)?);
                    Ok(())
                })?;
                Ok(Json::Object(entries))
            }
            kind => match source {
                Source::Json => scalar_of_json(kind, schema, from),
                Source::Text => scalar_of_text(kind, schema, from),
                Source::Cbor => scalar_of_cbor(kind, schema, from),
            },
        }
    }
}

fn scalar_of_json(
    kind: &ShapeKind,
    schema: &Schema<'_>,
    from: &mut dyn ShapeDeserializer,
) -> Result<Json, SerdeError> {
    let value = from.read_document(schema)?;
    if !matches!(kind, ShapeKind::Timestamp(_)) {
        return Ok(json(value));
    }
    let at = match &value {
        Document::Number(number) => instant::from_fractional(number.to_f64_lossy()),
        Document::String(text) => instant::from_text(text),
        _ => None,
    };
    Ok(at.map_or_else(|| json(value), |at| instant::to_text(&at).into()))
}

fn scalar_of_text(
    kind: &ShapeKind,
    schema: &Schema<'_>,
    from: &mut dyn ShapeDeserializer,
) -> Result<Json, SerdeError> {
    if schema.http_response_code().is_some() {
        return Ok(from.read_integer(schema)?.into());
    }
    if schema.http_payload().is_some() && matches!(kind, ShapeKind::Blob(_)) {
        return Ok(BASE64.encode(from.read_blob(schema)?).into());
    }
    // A header's value is read whole only under a schema of text.
    let text = from.read_string(&aws_smithy_schema::prelude::STRING)?;
    let wrong =
        |expected: &str| SerdeError::invalid_input(format!("expected {expected}, found `{text}`"));
    Ok(match kind {
        ShapeKind::Boolean => match text.trim() {
            flag if flag.eq_ignore_ascii_case("true") || flag == "1" => true.into(),
            flag if flag.eq_ignore_ascii_case("false") || flag == "0" => false.into(),
            _ => return Err(wrong("true or false")),
        },
        ShapeKind::Integer(_) | ShapeKind::Long(_) => text
            .trim()
            .parse::<i64>()
            .map_err(|_| wrong("a whole number"))?
            .into(),
        ShapeKind::Float(_) | ShapeKind::Double(_) => text
            .trim()
            .parse()
            .map(float)
            .map_err(|_| wrong("a number"))?,
        ShapeKind::Timestamp(_) => instant::from_text(&text)
            .map(|at| instant::to_text(&at).into())
            .ok_or_else(|| wrong("a timestamp"))?,
        _ => text.into(),
    })
}

fn scalar_of_cbor(
    kind: &ShapeKind,
    schema: &Schema<'_>,
    from: &mut dyn ShapeDeserializer,
) -> Result<Json, SerdeError> {
    Ok(match kind {
        ShapeKind::Boolean => from.read_boolean(schema)?.into(),
        ShapeKind::Integer(_) | ShapeKind::Long(_) => from.read_long(schema)?.into(),
        ShapeKind::Float(_) => float(from.read_float(schema)?.into()),
        ShapeKind::Double(_) => float(from.read_double(schema)?),
        ShapeKind::Blob(_) => BASE64.encode(from.read_blob(schema)?).into(),
        ShapeKind::Timestamp(_) => instant::to_text(&from.read_timestamp(schema)?).into(),
        _ => from.read_string(schema)?.into(),
    })
}

/// A number as JSON can have it: what is no finite number becomes text.
fn float(value: f64) -> Json {
    serde_json::Number::from_f64(value).map_or_else(
        || {
            Json::from(if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            })
        },
        Json::Number,
    )
}

fn json(document: Document) -> Json {
    match document {
        Document::Null => Json::Null,
        Document::Bool(flag) => flag.into(),
        Document::Number(Number::PosInt(whole)) => whole.into(),
        Document::Number(Number::NegInt(whole)) => whole.into(),
        Document::Number(Number::Float(number)) => float(number),
        Document::String(text) => text.into(),
        Document::Array(items) => items.into_iter().map(json).collect(),
        Document::Object(members) => {
            // The runtime keeps no order of free documents, and the same answer must always look the same.
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Json::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name, json(value)))
                    .collect(),
            )
        }
    }
}

/// The JSON document in a text, percent-encoded as IAM sends it or plain; the text itself where it is none.
fn document_in(text: String) -> Json {
    let plain = if text.trim_start().starts_with(['{', '[']) {
        None
    } else {
        percent_decoded(&text)
    };
    match serde_json::from_str::<Json>(plain.as_deref().unwrap_or(&text)) {
        Ok(document) if document.is_object() || document.is_array() => document,
        _ => text.into(),
    }
}

pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn policies_come_out_as_documents() {
        let encoded = "%7B%22Version%22%3A%20%222012-10-17%22%7D".to_owned();
        assert_eq!(document_in(encoded), json!({"Version": "2012-10-17"}));
        let plain = r#"{"Resource": "a%2Fb"}"#.to_owned();
        assert_eq!(document_in(plain), json!({"Resource": "a%2Fb"}));
        assert_eq!(document_in("100%".to_owned()), json!("100%"));
    }

    #[test]
    fn numbers_that_json_lacks_become_text() {
        assert_eq!(float(f64::NAN), json!("NaN"));
        assert_eq!(float(f64::NEG_INFINITY), json!("-Infinity"));
        assert_eq!(float(1.5), json!(1.5));
    }
}
