//! Arguments as JSON, written through any codec's serializer.

use super::instant;
use super::schema::{Direction, Schemas, Static};
use crate::model::service::{Operation, Protocol};
use crate::model::shape::{Location, Member, MemberTrait, Shape, ShapeId, ShapeKind, ShapeTrait};
use aws_smithy_schema::serde::{SerdeError, SerializableStruct, ShapeSerializer};
use aws_smithy_schema::{Schema, ShapeType};
use aws_smithy_types::{Blob, Document, Number};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value as Json;

/// A structure's value, with the model's shape beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arguments<'a> {
    schemas: &'a Schemas,
    shape: ShapeId,
    schema: Static,
    value: &'a Json,
}

impl<'a> Arguments<'a> {
    /// An operation's arguments.
    pub(super) fn of(schemas: &'a Schemas, operation: &'static Operation, value: &'a Json) -> Self {
        Self {
            schemas,
            shape: operation.input,
            schema: schemas.operation_input(operation),
            value,
        }
    }

    fn nested(&self, shape: ShapeId, value: &'a Json) -> Self {
        Self {
            schemas: self.schemas,
            shape,
            schema: self.schemas.structure(Direction::Input, shape),
            value,
        }
    }

    fn write_member(
        &self,
        member: &Member,
        schema: &Schema<'_>,
        value: &'a Json,
        to: &mut dyn ShapeSerializer,
    ) -> Result<(), SerdeError> {
        let written = if member.is(MemberTrait::JsonValue) {
            write_json_text(member, schema, value, to)
        } else if schema.http_payload().is_some()
            && !matches!(schema.shape_type(), ShapeType::Blob | ShapeType::String)
            && self.schemas.protocol == Protocol::RestJson
        {
            // With a name it would come out as a member and not as the whole body.
            let bare = self
                .schemas
                .bare(Direction::Input, member.target, Some(member));
            self.write(member.target, &bare, value, to)
        } else {
            self.write(member.target, schema, value, to)
        };
        written.map_err(|error| SerdeError::custom(format!("`{}`: {error}", member.name)))
    }

    fn write(
        &self,
        id: ShapeId,
        schema: &Schema<'_>,
        value: &'a Json,
        to: &mut dyn ShapeSerializer,
    ) -> Result<(), SerdeError> {
        let shape = self.schemas.service.shape(id);
        match &shape.kind {
            ShapeKind::Boolean => to.write_boolean(schema, boolean(value)?),
            ShapeKind::Integer(_) | ShapeKind::Long(_) => write_integer(shape, schema, value, to),
            ShapeKind::Float(_) if self.schemas.protocol == Protocol::RpcV2Cbor => {
                #[expect(clippy::cast_possible_truncation, reason = "the wire has 32 bits")]
                let narrow = number(value)? as f32;
                to.write_float(schema, narrow)
            }
            ShapeKind::Float(_) | ShapeKind::Double(_) => to.write_double(schema, number(value)?),
            ShapeKind::String(_) => match value {
                Json::String(text) => to.write_string(schema, text),
                // A document where text is due (a policy), or a number where the API wants text.
                other => to.write_string(schema, &other.to_string()),
            },
            ShapeKind::Blob(_) => to.write_blob(schema, blob(value)?),
            ShapeKind::Timestamp(_) => {
                let at = instant::from_json(value).ok_or_else(|| wrong("a timestamp", value))?;
                to.write_timestamp(schema, &at)
            }
            ShapeKind::List(_) => self.write_list(id, schema, value, to),
            ShapeKind::Map(_) => self.write_map(id, schema, value, to),
            ShapeKind::Structure(_) if shape.is(ShapeTrait::Document) => {
                to.write_document(schema, &document(value))
            }
            ShapeKind::Structure(_) => {
                if !value.is_object() {
                    return Err(wrong("a mapping", value));
                }
                to.write_struct(schema, &self.nested(id, value))
            }
        }
    }

    fn write_list(
        &self,
        id: ShapeId,
        schema: &Schema<'_>,
        value: &'a Json,
        to: &mut dyn ShapeSerializer,
    ) -> Result<(), SerdeError> {
        let items = value.as_array().ok_or_else(|| wrong("a list", value))?;
        if items.is_empty() && self.schemas.protocol == Protocol::Ec2 {
            return Ok(());
        }
        let shape = self.schemas.service.shape(id);
        let ShapeKind::List(list) = &shape.kind else {
            return Ok(());
        };
        let element = self.schemas.elements(Direction::Input, id).value;
        let sparse = shape.is(ShapeTrait::Sparse);
        let kept: Vec<&Json> = items
            .iter()
            .filter(|item| sparse || !item.is_null())
            .collect();
        to.write_list_with_length(schema, kept.len(), &|to| {
            for (index, item) in kept.iter().copied().enumerate() {
                let written = if item.is_null() {
                    to.write_null(element)
                } else if list.member.is(MemberTrait::JsonValue) {
                    write_json_text(&list.member, element, item, to)
                } else {
                    self.write(list.member.target, element, item, to)
                };
                written.map_err(|error| SerdeError::custom(format!("[{index}]: {error}")))?;
            }
            Ok(())
        })
    }

    fn write_map(
        &self,
        id: ShapeId,
        schema: &Schema<'_>,
        value: &'a Json,
        to: &mut dyn ShapeSerializer,
    ) -> Result<(), SerdeError> {
        let entries = value.as_object().ok_or_else(|| wrong("a mapping", value))?;
        let shape = self.schemas.service.shape(id);
        let ShapeKind::Map(map) = &shape.kind else {
            return Ok(());
        };
        let handed = self.schemas.elements(Direction::Input, id);
        let sparse = shape.is(ShapeTrait::Sparse);
        let kept: Vec<(&String, &Json)> = entries
            .iter()
            .filter(|(_, value)| sparse || !value.is_null())
            .collect();
        to.write_map_with_length(schema, kept.len(), &|to| {
            for (key, value) in kept.iter().copied() {
                to.write_string(handed.key, key)?;
                if value.is_null() {
                    to.write_null(handed.value)?;
                } else {
                    self.write(map.value.target, handed.value, value, to)
                        .map_err(|error| SerdeError::custom(format!("`{key}`: {error}")))?;
                }
            }
            Ok(())
        })
    }
}

impl SerializableStruct for Arguments<'_> {
    fn schema(&self) -> &Schema<'_> {
        self.schema
    }

    fn serialize_members(&self, to: &mut dyn ShapeSerializer) -> Result<(), SerdeError> {
        let Some(structure) = self.schemas.service.structure(self.shape) else {
            return Ok(());
        };
        let mut write = |place: usize| {
            let Some((member, schema)) = structure
                .members
                .get(place)
                .zip(self.schema.member_schema_by_index(place))
            else {
                return Ok(());
            };
            match self.value.get(member.name) {
                None | Some(Json::Null) => Ok(()),
                Some(value) => self.write_member(member, schema, value, to),
            }
        };
        let ordered = structure.xml_order.iter().map(|place| *place as usize);
        for place in ordered.clone() {
            write(place)?;
        }
        for place in 0..structure.members.len() {
            if !ordered.clone().any(|written| written == place) {
                write(place)?;
            }
        }
        Ok(())
    }
}

/// Free JSON travels as text: plain in a body, base64 in a header.
fn write_json_text(
    member: &Member,
    schema: &Schema<'_>,
    value: &Json,
    to: &mut dyn ShapeSerializer,
) -> Result<(), SerdeError> {
    let text = match value {
        Json::String(text) if member.location != Location::Header => text.clone(),
        other => other.to_string(),
    };
    if member.location == Location::Header {
        to.write_string(schema, &BASE64.encode(text))
    } else {
        to.write_string(schema, &text)
    }
}

fn write_integer(
    shape: &Shape,
    schema: &Schema<'_>,
    value: &Json,
    to: &mut dyn ShapeSerializer,
) -> Result<(), SerdeError> {
    let whole = value
        .as_i64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
        .or_else(|| written_with_a_point(value))
        .ok_or_else(|| wrong("a whole number", value))?;
    match (&shape.kind, i32::try_from(whole)) {
        (ShapeKind::Integer(_), Ok(narrow)) => to.write_integer(schema, narrow),
        _ => to.write_long(schema, whole),
    }
}

/// A whole number that JSON happens to write as `5.0`.
fn written_with_a_point(value: &Json) -> Option<i64> {
    let number = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "checked to be whole and in range"
    )]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

fn wrong(expected: &str, value: &Json) -> SerdeError {
    let mut shown: String = value.to_string().chars().take(60).collect();
    if shown.len() < value.to_string().len() {
        shown.push('…');
    }
    SerdeError::custom(format!("expected {expected}, found {shown}"))
}

fn boolean(value: &Json) -> Result<bool, SerdeError> {
    value.as_bool().ok_or_else(|| wrong("true or false", value))
}

fn number(value: &Json) -> Result<f64, SerdeError> {
    match value {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        _ => None,
    }
    .ok_or_else(|| wrong("a number", value))
}

fn blob(value: &Json) -> Result<Blob, SerdeError> {
    value
        .as_str()
        .and_then(|text| BASE64.decode(text.trim_end()).ok())
        .map(Blob::new)
        .ok_or_else(|| wrong("base64 text", value))
}

fn document(value: &Json) -> Document {
    match value {
        Json::Null => Document::Null,
        Json::Bool(flag) => Document::Bool(*flag),
        Json::Number(number) => Document::Number(if let Some(whole) = number.as_u64() {
            Number::PosInt(whole)
        } else if let Some(whole) = number.as_i64() {
            Number::NegInt(whole)
        } else {
            Number::Float(number.as_f64().unwrap_or(f64::NAN))
        }),
        Json::String(text) => Document::String(text.clone()),
        Json::Array(items) => Document::Array(items.iter().map(document).collect()),
        Json::Object(members) => Document::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), document(value)))
                .collect(),
        ),
    }
}
