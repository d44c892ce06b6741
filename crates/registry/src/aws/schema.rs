//! From a model's shapes to the schemas that AWS's codecs read.
//!
//! A schema is built when it is first needed and leaked: models live as long as the process. Members carry the name
//! that they have on the wire; values find their way back to the model by a member's place, never by its name.

use crate::model::service::{Operation, Protocol, Service};
use crate::model::shape::{
    Location, Member, MemberTrait, ShapeId, ShapeKind, ShapeTrait, TimestampFormat, XmlNamespace,
};
use aws_smithy_schema::traits::{HttpTrait, TimestampFormat as WireFormat};
use aws_smithy_schema::{Schema, ShapeId as SchemaId, ShapeType, intern_header_name};
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A schema that lives as long as the process.
pub(super) type Static = &'static Schema<'static>;

/// The way a shape travels. Names of lists differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Arguments, to the service.
    Input,
    /// Results and errors, from the service.
    Output,
}

/// What is handed to a codec with an element of a list or an entry of a map: schemas without names, since names come
/// from the container.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements {
    /// Of a map's keys.
    pub(super) key: Static,
    /// Of a list's elements or a map's values.
    pub(super) value: Static,
}

/// The schemas of one service under one protocol.
#[derive(Debug)]
pub(super) struct Schemas {
    pub(super) service: &'static Service,
    pub(super) protocol: Protocol,
    input: Table,
    output: Table,
    operations: Mutex<HashMap<&'static str, Static>>,
}

#[derive(Debug)]
struct Table {
    members: Vec<OnceLock<&'static [Static]>>,
    structures: Vec<OnceLock<Static>>,
    elements: Vec<OnceLock<Elements>>,
}

impl Table {
    fn new(length: usize) -> Self {
        Self {
            members: (0..length).map(|_| OnceLock::new()).collect(),
            structures: (0..length).map(|_| OnceLock::new()).collect(),
            elements: (0..length).map(|_| OnceLock::new()).collect(),
        }
    }
}

fn leak(schema: Schema<'static>) -> Static {
    Box::leak(Box::new(schema))
}

impl Schemas {
    pub(super) fn new(service: &'static Service, protocol: Protocol) -> Self {
        let length = service.shapes.len();
        Self {
            service,
            protocol,
            input: Table::new(length),
            output: Table::new(length),
            operations: Mutex::default(),
        }
    }

    fn table(&self, direction: Direction) -> &Table {
        match direction {
            Direction::Input => &self.input,
            Direction::Output => &self.output,
        }
    }

    /// The schema of a structure with its members.
    pub(super) fn structure(&self, direction: Direction, id: ShapeId) -> Static {
        self.table(direction).structures[id.0 as usize].get_or_init(|| {
            let schema = Schema::new_struct(
                self.id(id),
                self.shape_type(id),
                self.members(direction, id),
            );
            let shape = self.service.shape(id);
            let schema = match shape.xml_namespace {
                Some(namespace) => schema.with_xml_namespace(namespace.uri, namespace.prefix),
                None => schema,
            };
            // The root of this answer is its member.
            let unwrapped = direction == Direction::Output
                && self.service.name == "s3"
                && shape.name == "GetBucketLocationOutput";
            leak(if unwrapped {
                schema.with_xml_unwrapped_output()
            } else {
                schema
            })
        })
    }

    /// The schema of an operation's input: with its HTTP method and path, and its XML root.
    pub(super) fn operation_input(&self, operation: &'static Operation) -> Static {
        let mut known = self
            .operations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known
            .entry(operation.name)
            .or_insert_with(|| leak(self.build_operation_input(operation)))
    }

    fn build_operation_input(&self, operation: &'static Operation) -> Schema<'static> {
        let id = operation.input;
        let shape = self.service.shape(id);
        let uri = if self.service.name == "s3" {
            // The endpoint rules put the bucket into the host or the path themselves.
            let rest = operation.uri.strip_prefix("/{Bucket}");
            rest.filter(|rest| !rest.is_empty()).map_or_else(
                || if rest.is_some() { "/" } else { operation.uri }.to_owned(),
                |rest| {
                    if rest.starts_with('/') {
                        rest.to_owned()
                    } else {
                        format!("/{rest}")
                    }
                },
            )
        } else {
            operation.uri.to_owned()
        };
        let uri: &'static str = Box::leak(uri.into_boxed_str());
        let mut schema = Schema::new_struct(
            self.id(id),
            ShapeType::Structure,
            self.members(Direction::Input, id),
        )
        .with_http(HttpTrait::new(
            operation.method,
            uri,
            operation.response_code,
        ));
        if let Some(root) = operation.input_location_name.or(shape.location_name) {
            schema = schema.with_xml_name(root);
        }
        if let Some(namespace) = operation.input_xml_namespace.or(shape.xml_namespace) {
            schema = schema.with_xml_namespace(namespace.uri, namespace.prefix);
        }
        schema
    }

    /// The schema of an operation's output.
    pub(super) fn operation_output(&self, operation: &Operation) -> Static {
        self.structure(Direction::Output, operation.output)
    }

    /// What is handed on with the elements of a list or map shape.
    pub(super) fn elements(&self, direction: Direction, id: ShapeId) -> Elements {
        *self.table(direction).elements[id.0 as usize].get_or_init(|| {
            let handed = |member: &Member| match self.service.target(member).kind {
                ShapeKind::Structure(_) => self.structure(direction, member.target),
                _ => leak(self.bare(direction, member.target, Some(member))),
            };
            match &self.service.shape(id).kind {
                ShapeKind::List(list) => {
                    let value = handed(&list.member);
                    Elements { key: value, value }
                }
                ShapeKind::Map(map) => Elements {
                    key: handed(&map.key),
                    value: handed(&map.value),
                },
                _ => {
                    let value = leak(self.bare(direction, id, None));
                    Elements { key: value, value }
                }
            }
        })
    }

    fn members(&self, direction: Direction, id: ShapeId) -> &'static [Static] {
        self.table(direction).members[id.0 as usize].get_or_init(|| {
            let Some(structure) = self.service.structure(id) else {
                return &[];
            };
            let payload = structure.payload.map(|place| place as usize);
            let schemas: Vec<Static> = structure
                .members
                .iter()
                .enumerate()
                .map(|(place, member)| {
                    leak(self.member(direction, member, place, payload == Some(place)))
                })
                .collect();
            Vec::leak(schemas)
        })
    }

    fn member(
        &self,
        direction: Direction,
        member: &Member,
        place: usize,
        payload: bool,
    ) -> Schema<'static> {
        let target = self.service.target(member);
        let name = self.wire_name(direction, member);
        let mut schema = Schema::new_member(
            self.id(member.target),
            self.shape_type(member.target),
            name,
            place,
        );
        schema = self.with_kind(schema, direction, member.target, Some(member));
        if self.flattened(direction, member) {
            schema = schema.with_xml_flattened();
        }
        if member.is(MemberTrait::XmlAttribute) {
            schema = schema.with_xml_attribute();
        }
        if let Some(namespace) = self.namespace(member) {
            schema = schema.with_xml_namespace(namespace.uri, namespace.prefix);
        }
        if !matches!(self.protocol, Protocol::RestJson | Protocol::RestXml) {
            return schema;
        }
        if payload {
            // A payload's root is called by `with_xml_name` alone.
            return schema.with_http_payload().with_xml_name(name);
        }
        match member.location {
            Location::Body => schema,
            Location::Uri => schema.with_http_label(),
            Location::Querystring if matches!(target.kind, ShapeKind::Map(_)) => {
                schema.with_http_query_params()
            }
            Location::Querystring => schema.with_http_query(name),
            Location::Header => schema.with_http_header(intern_header_name(name)),
            Location::Headers => {
                schema.with_http_prefix_headers(member.location_name.unwrap_or_default())
            }
            Location::StatusCode => schema.with_http_response_code(),
        }
    }

    fn namespace(&self, member: &Member) -> Option<XmlNamespace> {
        let of_member = member.rare.as_ref().and_then(|rare| rare.xml_namespace);
        of_member.or(self.service.target(member).xml_namespace)
    }

    /// A schema without any name.
    pub(super) fn bare(
        &self,
        direction: Direction,
        id: ShapeId,
        member: Option<&Member>,
    ) -> Schema<'static> {
        let schema = Schema::new(self.id(id), self.shape_type(id));
        let schema = self.with_kind(schema, direction, id, member);
        if self.service.shape(id).is(ShapeTrait::Flattened) {
            schema.with_xml_flattened()
        } else {
            schema
        }
    }

    /// A schema of a list's element, or a map's key or value, with its name as the container needs it.
    fn named(&self, direction: Direction, member: &Member) -> Static {
        let mut schema = self.bare(direction, member.target, Some(member));
        if let Some(namespace) = self.namespace(member) {
            schema = schema.with_xml_namespace(namespace.uri, namespace.prefix);
        }
        let name = member
            .location_name
            .or(self.service.target(member).location_name);
        leak(match name {
            Some(name) => schema.with_xml_name(name),
            None => schema,
        })
    }

    fn with_kind(
        &self,
        schema: Schema<'static>,
        direction: Direction,
        id: ShapeId,
        member: Option<&Member>,
    ) -> Schema<'static> {
        match &self.service.shape(id).kind {
            ShapeKind::List(list) => schema.with_list_member(self.named(direction, &list.member)),
            ShapeKind::Map(map) => schema.with_map_members(
                self.named(direction, &map.key),
                self.named(direction, &map.value),
            ),
            ShapeKind::Timestamp(format) => {
                let of_member = member
                    .and_then(|member| member.rare.as_ref())
                    .and_then(|rare| rare.timestamp_format);
                match of_member.or(*format) {
                    Some(format) => schema.with_timestamp_format(wire_format(format)),
                    None => schema,
                }
            }
            _ => schema,
        }
    }

    fn flattened(&self, direction: Direction, member: &Member) -> bool {
        let target = self.service.target(member);
        let ec2_list = self.protocol == Protocol::Ec2
            && direction == Direction::Input
            && matches!(target.kind, ShapeKind::List(_));
        ec2_list || member.is(MemberTrait::Flattened) || target.is(ShapeTrait::Flattened)
    }

    /// The name of a structure's member on the wire.
    fn wire_name(&self, direction: Direction, member: &Member) -> &'static str {
        let target = self.service.target(member);
        let given = member.location_name.or(target.location_name);
        if self.protocol == Protocol::Ec2 && direction == Direction::Input {
            let of_query = member.rare.as_ref().and_then(|rare| rare.query_name);
            return of_query.or(given.map(capitalized)).unwrap_or(member.name);
        }
        // botocore lets a flattened list be called by its element's name, except in XML that is sent.
        let by_element = match self.protocol {
            Protocol::Query | Protocol::Ec2 => true,
            Protocol::RestXml => direction == Direction::Output,
            _ => false,
        };
        if by_element
            && let ShapeKind::List(list) = &target.kind
            && self.flattened(direction, member)
        {
            let element = &list.member;
            let of_element = element
                .location_name
                .or(self.service.target(element).location_name);
            if let Some(name) = of_element {
                return name;
            }
        }
        given.unwrap_or(member.name)
    }

    fn id(&self, id: ShapeId) -> SchemaId<'static> {
        SchemaId::from_parts("", "", self.service.shape(id).name)
    }

    fn shape_type(&self, id: ShapeId) -> ShapeType {
        let shape = self.service.shape(id);
        match shape.kind {
            ShapeKind::Boolean => ShapeType::Boolean,
            ShapeKind::Integer(_) => ShapeType::Integer,
            ShapeKind::Long(_) => ShapeType::Long,
            ShapeKind::Float(_) => ShapeType::Float,
            ShapeKind::Double(_) => ShapeType::Double,
            ShapeKind::String(_) => ShapeType::String,
            ShapeKind::Blob(_) => ShapeType::Blob,
            ShapeKind::Timestamp(_) => ShapeType::Timestamp,
            ShapeKind::List(_) => ShapeType::List,
            ShapeKind::Map(_) => ShapeType::Map,
            ShapeKind::Structure(_) if shape.is(ShapeTrait::Document) => ShapeType::Document,
            ShapeKind::Structure(_) if shape.is(ShapeTrait::Union) => ShapeType::Union,
            ShapeKind::Structure(_) => ShapeType::Structure,
        }
    }
}

fn wire_format(format: TimestampFormat) -> WireFormat {
    match format {
        TimestampFormat::Iso8601 => WireFormat::DateTime,
        TimestampFormat::Rfc822 => WireFormat::HttpDate,
        TimestampFormat::UnixTimestamp => WireFormat::EpochSeconds,
    }
}

/// The name with its first letter in upper case, as ec2 sends it.
fn capitalized(name: &'static str) -> &'static str {
    let Some(first) = name.chars().next() else {
        return name;
    };
    if first.is_uppercase() {
        return name;
    }
    let rest = name.get(first.len_utf8()..).unwrap_or_default();
    Box::leak(format!("{}{rest}", first.to_uppercase()).into_boxed_str())
}
