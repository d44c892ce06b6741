//! One `service-2.json` → [`Service`]. An unknown key is an error, so that a new trait cannot pass unseen.

use super::operation::operation;
use super::packages::Source;
use super::waiters::paginator;
use runbook_registry::model::service::{
    Auth, ClientContextParam, Metadata, Operation, Protocol, Service,
};
use runbook_registry::model::shape::{
    Bounds, ErrorTrait, Flags, ListShape, Location, MapShape, Member, MemberTrait, RareTraits,
    Shape, ShapeId, ShapeKind, ShapeTrait, StringShape, StructureShape, TimestampFormat,
    XmlNamespace,
};
use serde_json::{Map, Value as Json};
use std::collections::HashMap;

pub type Object = Map<String, Json>;

/// Keeps a text for the task's life, as the catalogue's own structures borrow theirs.
pub fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// One text or a list of texts.
pub fn texts_of(value: Option<&Json>) -> Vec<&'static str> {
    match value {
        Some(Json::String(text)) => vec![leak(text)],
        Some(Json::Array(items)) => items.iter().filter_map(Json::as_str).map(leak).collect(),
        _ => Vec::new(),
    }
}

/// Reads a model.
pub fn read(source: &Source) -> Result<Service, String> {
    let model = source.model.as_object().ok_or("the model is no object")?;
    only(
        "the model",
        model,
        &[
            "metadata",
            "operations",
            "shapes",
            "documentation",
            "version",
            "clientContextParams",
            "deprecated",
            "deprecatedMessage",
            "examples",
        ],
    )?;
    let shapes = model["shapes"].as_object().ok_or("no shapes")?;
    let ids = Ids(shapes
        .keys()
        .zip(0u32..)
        .map(|(name, id)| (name.as_str(), id))
        .collect());
    let mut table = shapes
        .iter()
        .map(|(name, value)| shape(name, object(value)?, &ids))
        .collect::<Result<Vec<_>, String>>()?;
    let empty = ShapeId(u32::try_from(table.len()).map_err(|_| "too many shapes")?);
    table.push(empty_shape());
    let mut operations = model["operations"]
        .as_object()
        .ok_or("no operations")?
        .iter()
        .map(|(name, value)| {
            operation(name, object(value)?, &ids, &mut table, empty)
                .map(|operation| Operation {
                    paginator: paginator(source, name),
                    ..operation
                })
                .map_err(|problem| format!("{name}: {problem}"))
        })
        .collect::<Result<Vec<_>, String>>()?;
    operations.sort_by_key(|operation| operation.name);
    Ok(Service {
        name: leak(&source.name),
        metadata: metadata(model)?,
        operations: operations.into(),
        waiters: Vec::new(),
        shapes: table.into(),
    })
}

fn empty_shape() -> Shape {
    let mut traits = Flags::default();
    traits.set(ShapeTrait::Empty);
    Shape {
        name: "Empty",
        kind: ShapeKind::Structure(StructureShape::default()),
        traits,
        location_name: None,
        xml_namespace: None,
    }
}

/// Names of shapes → ids.
pub struct Ids<'a>(HashMap<&'a str, u32>);

impl Ids<'_> {
    pub fn of(&self, reference: &Json) -> Result<ShapeId, String> {
        self.named(&reference["shape"])
    }

    fn named(&self, name: &Json) -> Result<ShapeId, String> {
        let name = name.as_str().ok_or("a reference without a shape")?;
        self.0
            .get(name)
            .map(|id| ShapeId(*id))
            .ok_or_else(|| format!("no shape {name}"))
    }
}

pub fn object(value: &Json) -> Result<&Object, String> {
    value
        .as_object()
        .ok_or_else(|| format!("not an object: {value}"))
}

pub fn only(what: &str, members: &Object, known: &[&str]) -> Result<(), String> {
    match members.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{what} has an unknown key `{key}`")),
        None => Ok(()),
    }
}

pub fn text(members: &Object, key: &str) -> Option<&'static str> {
    members.get(key).and_then(Json::as_str).map(leak)
}

pub fn holds(members: &Object, key: &str) -> bool {
    members.get(key).and_then(Json::as_bool).unwrap_or(false)
}

fn metadata(model: &Object) -> Result<Metadata, String> {
    let data = object(&model["metadata"])?;
    only(
        "metadata",
        data,
        &[
            "apiVersion",
            "endpointPrefix",
            "protocol",
            "serviceFullName",
            "serviceId",
            "signatureVersion",
            "uid",
            "auth",
            "protocols",
            "signingName",
            "jsonVersion",
            "targetPrefix",
            "serviceAbbreviation",
            "xmlNamespace",
            "protocolSettings",
            "globalEndpoint",
            "awsQueryCompatible",
            "checksumFormat",
            "ripServiceName",
        ],
    )?;
    let need = |key: &str| text(data, key).ok_or_else(|| format!("metadata without {key}"));
    let endpoint_prefix = need("endpointPrefix")?;
    let spoken = match texts_of(data.get("protocols")) {
        none if none.is_empty() => vec![need("protocol")?],
        some => some,
    };
    // botocore's PRIORITY_ORDERED_SUPPORTED_PROTOCOLS.
    let protocols: Vec<Protocol> = [
        Protocol::Json,
        Protocol::RestJson,
        Protocol::RestXml,
        Protocol::RpcV2Cbor,
        Protocol::Query,
        Protocol::Ec2,
    ]
    .into_iter()
    .filter(|protocol| spoken.contains(&protocol.as_str()))
    .collect();
    if protocols.len() != spoken.len() {
        return Err(format!("unknown protocol in {spoken:?}"));
    }
    Ok(Metadata {
        api_version: need("apiVersion")?,
        protocol: *protocols.first().ok_or("no protocol")?,
        protocols,
        json_version: text(data, "jsonVersion"),
        target_prefix: text(data, "targetPrefix"),
        service_id: need("serviceId")?,
        full_name: need("serviceFullName")?,
        endpoint_prefix,
        signing_name: text(data, "signingName").unwrap_or(endpoint_prefix),
        signature_version: need("signatureVersion")?,
        auth: auth(data.get("auth"))?,
        xml_namespace: namespace(data.get("xmlNamespace")),
        query_compatible: data.contains_key("awsQueryCompatible"),
        global_endpoint: text(data, "globalEndpoint"),
        checksum_format: text(data, "checksumFormat"),
        http2: data
            .get("protocolSettings")
            .and_then(|settings| settings["h2"].as_str())
            .map(leak),
        client_context_params: match model.get("clientContextParams") {
            Some(parameters) => object(parameters)?
                .iter()
                .map(|(name, parameter)| ClientContextParam {
                    name: leak(name),
                    ty: parameter["type"].as_str().map_or("string", leak),
                })
                .collect(),
            None => Vec::new(),
        },
        deprecated: holds(model, "deprecated"),
    })
}

pub fn auth(value: Option<&Json>) -> Result<Vec<Auth>, String> {
    texts_of(value)
        .into_iter()
        .map(|name| match name {
            "aws.auth#sigv4" => Ok(Auth::SigV4),
            "aws.auth#sigv4a" => Ok(Auth::SigV4a),
            "smithy.api#httpBearerAuth" => Ok(Auth::Bearer),
            "smithy.api#noAuth" => Ok(Auth::None),
            other => Err(format!("unknown auth {other}")),
        })
        .collect()
}

/// `"uri"` or `{"uri": …, "prefix": …}`.
pub fn namespace(value: Option<&Json>) -> Option<XmlNamespace> {
    let value = value?;
    Some(XmlNamespace {
        uri: leak(value.as_str().or_else(|| value["uri"].as_str())?),
        prefix: value["prefix"].as_str().map(leak),
    })
}

pub fn number(value: Option<&Json>) -> Option<u16> {
    value
        .and_then(Json::as_u64)
        .and_then(|number| u16::try_from(number).ok())
}

fn shape(name: &str, data: &Object, ids: &Ids<'_>) -> Result<Shape, String> {
    only(
        name,
        data,
        &[
            "type",
            "members",
            "documentation",
            "required",
            "member",
            "min",
            "max",
            "enum",
            "pattern",
            "exception",
            "error",
            "box",
            "sensitive",
            "key",
            "value",
            "union",
            "payload",
            "fault",
            "retryable",
            "timestampFormat",
            "deprecated",
            "deprecatedMessage",
            "wrapper",
            "event",
            "document",
            "deprecatedSince",
            "flattened",
            "synthetic",
            "eventstream",
            "streaming",
            "locationName",
            "sparse",
            "xmlOrder",
            "requiresLength",
            "xmlNamespace",
        ],
    )?;
    let bounds = Bounds {
        min: data.get("min").and_then(Json::as_f64),
        max: data.get("max").and_then(Json::as_f64),
    };
    let part = |key: &str| {
        let reference = data
            .get(key)
            .ok_or_else(|| format!("{name} without {key}"))?;
        member(key, object(reference)?, ids, false)
    };
    let kind = match text(data, "type").ok_or_else(|| format!("{name} without a type"))? {
        "boolean" => ShapeKind::Boolean,
        "integer" => ShapeKind::Integer(bounds),
        "long" => ShapeKind::Long(bounds),
        "float" => ShapeKind::Float(bounds),
        "double" => ShapeKind::Double(bounds),
        "string" => ShapeKind::String(StringShape {
            length: bounds,
            pattern: text(data, "pattern"),
            values: texts_of(data.get("enum")),
        }),
        "blob" => ShapeKind::Blob(bounds),
        "timestamp" => ShapeKind::Timestamp(timestamp_format(data)?),
        "list" => ShapeKind::List(ListShape {
            member: part("member")?,
            length: bounds,
        }),
        "map" => ShapeKind::Map(MapShape {
            key: part("key")?,
            value: part("value")?,
            length: bounds,
        }),
        "structure" => ShapeKind::Structure(structure(name, data, ids)?),
        other => return Err(format!("{name} has the unknown type {other}")),
    };
    Ok(Shape {
        name: leak(name),
        kind,
        traits: shape_traits(data),
        location_name: text(data, "locationName"),
        xml_namespace: namespace(data.get("xmlNamespace")),
    })
}

fn shape_traits(data: &Object) -> Flags<ShapeTrait> {
    let mut traits = Flags::default();
    for (key, one) in [
        ("sensitive", ShapeTrait::Sensitive),
        ("union", ShapeTrait::Union),
        ("document", ShapeTrait::Document),
        ("eventstream", ShapeTrait::EventStream),
        ("event", ShapeTrait::Event),
        ("exception", ShapeTrait::Exception),
        ("fault", ShapeTrait::Fault),
        ("streaming", ShapeTrait::Streaming),
        ("requiresLength", ShapeTrait::RequiresLength),
        ("flattened", ShapeTrait::Flattened),
        ("wrapper", ShapeTrait::Wrapper),
        ("box", ShapeTrait::Boxed),
        ("sparse", ShapeTrait::Sparse),
        ("deprecated", ShapeTrait::Deprecated),
    ] {
        if holds(data, key) {
            traits.set(one);
        }
    }
    traits
}

fn structure(name: &str, data: &Object, ids: &Ids<'_>) -> Result<StructureShape, String> {
    let required = texts_of(data.get("required"));
    let members = object(
        data.get("members")
            .ok_or_else(|| format!("{name} without members"))?,
    )?
    .iter()
    .map(|(key, reference)| {
        member(
            key,
            object(reference)?,
            ids,
            required.contains(&key.as_str()),
        )
        .map_err(|problem| format!("{name}.{key}: {problem}"))
    })
    .collect::<Result<Vec<_>, String>>()?;
    let place = |wanted: &str| {
        members
            .iter()
            .position(|member| member.name == wanted)
            .and_then(|place| u32::try_from(place).ok())
    };
    let payload = data.get("payload").and_then(Json::as_str).and_then(place);
    let xml_order = texts_of(data.get("xmlOrder"))
        .into_iter()
        .filter_map(place)
        .collect();
    Ok(StructureShape {
        payload,
        error: error_trait(data),
        xml_order,
        members,
    })
}

fn error_trait(data: &Object) -> Option<ErrorTrait> {
    let error = data.get("error");
    (holds(data, "exception") || error.is_some()).then(|| ErrorTrait {
        code: error.and_then(|error| error["code"].as_str()).map(leak),
        http_status: error.and_then(|error| number(error.get("httpStatusCode"))),
        retryable: data
            .get("retryable")
            .map(|it| it["throttling"].as_bool().unwrap_or(false)),
    })
}

fn timestamp_format(data: &Object) -> Result<Option<TimestampFormat>, String> {
    match text(data, "timestampFormat") {
        None => Ok(None),
        Some("iso8601") => Ok(Some(TimestampFormat::Iso8601)),
        Some("rfc822") => Ok(Some(TimestampFormat::Rfc822)),
        Some("unixTimestamp") => Ok(Some(TimestampFormat::UnixTimestamp)),
        Some(other) => Err(format!("unknown timestampFormat {other}")),
    }
}

fn member(name: &str, data: &Object, ids: &Ids<'_>, required: bool) -> Result<Member, String> {
    only(
        name,
        data,
        &[
            "shape",
            "documentation",
            "locationName",
            "location",
            "idempotencyToken",
            "box",
            "contextParam",
            "deprecated",
            "deprecatedMessage",
            "deprecatedSince",
            "hostLabel",
            "xmlNamespace",
            "jsonvalue",
            "flattened",
            "eventpayload",
            "eventheader",
            "streaming",
            "enum",
            "queryName",
            "xmlAttribute",
            "timestampFormat",
        ],
    )?;
    let mut traits = Flags::default();
    if required {
        traits.set(MemberTrait::Required);
    }
    for (key, one) in [
        ("flattened", MemberTrait::Flattened),
        ("xmlAttribute", MemberTrait::XmlAttribute),
        ("streaming", MemberTrait::Streaming),
        ("jsonvalue", MemberTrait::JsonValue),
        ("idempotencyToken", MemberTrait::IdempotencyToken),
        ("hostLabel", MemberTrait::HostLabel),
        ("eventpayload", MemberTrait::EventPayload),
        ("eventheader", MemberTrait::EventHeader),
        ("box", MemberTrait::Boxed),
        ("deprecated", MemberTrait::Deprecated),
    ] {
        if holds(data, key) {
            traits.set(one);
        }
    }
    let rare = RareTraits {
        query_name: text(data, "queryName"),
        xml_namespace: namespace(data.get("xmlNamespace")),
        timestamp_format: timestamp_format(data)?,
        context_param: data
            .get("contextParam")
            .and_then(|parameter| parameter["name"].as_str())
            .map(leak),
        epoch_millis: None,
    };
    Ok(Member {
        name: leak(name),
        target: ids.named(&data["shape"])?,
        location: match text(data, "location") {
            None => Location::Body,
            Some("uri") => Location::Uri,
            Some("querystring") => Location::Querystring,
            Some("header") => Location::Header,
            Some("headers") => Location::Headers,
            Some("statusCode") => Location::StatusCode,
            Some(other) => return Err(format!("unknown location {other}")),
        },
        location_name: text(data, "locationName"),
        traits,
        rare: (rare != RareTraits::default()).then(|| Box::new(rare)),
    })
}
