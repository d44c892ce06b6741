//! One operation of a model.

use super::model::{
    Ids, Object, auth, holds, leak, namespace, number, object, only, text, texts_of,
};
use runbook_registry::model::service::{
    Auth, Checksum, Operation, OperationContextParam, StaticContextParam, StaticValue,
};
use runbook_registry::model::shape::{Shape, ShapeId, ShapeKind, ShapeTrait};
use serde_json::Value as Json;

/// Reads an operation.
#[expect(clippy::too_many_lines, reason = "one line a trait")]
pub fn operation(
    name: &str,
    data: &Object,
    ids: &Ids<'_>,
    table: &mut [Shape],
    empty: ShapeId,
) -> Result<Operation, String> {
    only(
        "the operation",
        data,
        &[
            "name",
            "http",
            "documentation",
            "input",
            "errors",
            "output",
            "idempotent",
            "readonly",
            "endpoint",
            "staticContextParams",
            "deprecated",
            "deprecatedMessage",
            "deprecatedSince",
            "endpointdiscovery",
            "authtype",
            "auth",
            "unsignedPayload",
            "httpChecksumRequired",
            "httpChecksum",
            "operationContextParams",
            "endpointoperation",
            "requestcompression",
            "documentationUrl",
        ],
    )?;
    let http = object(&data["http"])?;
    only("http", http, &["method", "requestUri", "responseCode"])?;
    let id = |key: &str| {
        data.get(key)
            .map_or(Ok(empty), |reference| ids.of(reference))
    };
    let (input, output) = (id("input")?, id("output")?);
    let mut errors = Vec::new();
    for error in data
        .get("errors")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
    {
        let id = ids.of(error)?;
        if let Some(own) = error.get("error") {
            name_error(table, id, own);
        }
        errors.push(id);
    }
    let authtype = text(data, "authtype");
    let input_reference = data.get("input");
    Ok(Operation {
        name: leak(name),
        method: text(http, "method").ok_or("no method")?,
        uri: text(http, "requestUri").ok_or("no requestUri")?,
        response_code: number(http.get("responseCode")),
        input,
        input_location_name: input_reference
            .and_then(|it| it["locationName"].as_str())
            .map(leak),
        input_xml_namespace: input_reference.and_then(|it| namespace(it.get("xmlNamespace"))),
        output,
        result_wrapper: data
            .get("output")
            .and_then(|output| output["resultWrapper"].as_str())
            .map(leak),
        errors,
        auth: match (auth(data.get("auth"))?, authtype) {
            (own, _) if !own.is_empty() => own,
            (_, Some("none")) => vec![Auth::None],
            _ => Vec::new(),
        },
        unsigned_payload: holds(data, "unsignedPayload") || authtype == Some("v4-unsigned-body"),
        host_prefix: data
            .get("endpoint")
            .and_then(|endpoint| endpoint["hostPrefix"].as_str())
            .map(leak),
        static_context_params: static_params(data.get("staticContextParams"))?,
        operation_context_params: data
            .get("operationContextParams")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(name, parameter)| {
                Some(OperationContextParam {
                    name: leak(name),
                    path: leak(parameter["path"].as_str()?),
                })
            })
            .collect(),
        checksum: checksum(data),
        gzip: data
            .get("requestcompression")
            .is_some_and(|it| texts_of(it.get("encodings")).contains(&"gzip")),
        input_stream: event_stream(table, input),
        output_stream: event_stream(table, output),
        endpoint_discovery: data
            .get("endpointdiscovery")
            .map(|it| it["required"].as_bool().unwrap_or(false)),
        idempotent: holds(data, "idempotent"),
        deprecated: holds(data, "deprecated"),
        paginator: None,
        effects: Vec::new(),
        failure_members: Vec::new(),
        permissions: Vec::new(),
    })
}

/// Some old models give an error's code at the operation and not at the shape.
fn name_error(table: &mut [Shape], id: ShapeId, own: &Json) {
    if let Some(Shape {
        kind: ShapeKind::Structure(structure),
        ..
    }) = table.get_mut(id.0 as usize)
    {
        let error = structure.error.get_or_insert_default();
        error.code = error.code.or(own["code"].as_str().map(leak));
        error.http_status = error.http_status.or(number(own.get("httpStatusCode")));
    }
}

fn static_params(value: Option<&Json>) -> Result<Vec<StaticContextParam>, String> {
    value
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .map(|(name, parameter)| {
            Ok(StaticContextParam {
                name: leak(name),
                value: match &parameter["value"] {
                    Json::Bool(value) => StaticValue::Boolean(*value),
                    Json::String(text) => StaticValue::Text(leak(text)),
                    list @ Json::Array(_) => StaticValue::List(texts_of(Some(list))),
                    other => return Err(format!("odd static parameter {other}")),
                },
            })
        })
        .collect()
}

fn checksum(data: &Object) -> Option<Checksum> {
    let required = holds(data, "httpChecksumRequired");
    match data.get("httpChecksum") {
        Some(own) => Some(Checksum {
            required: required || own["requestChecksumRequired"].as_bool().unwrap_or(false),
            request_algorithm_member: own["requestAlgorithmMember"].as_str().map(leak),
            request_validation_mode_member: own["requestValidationModeMember"].as_str().map(leak),
            response_algorithms: texts_of(own.get("responseAlgorithms")),
        }),
        None => required.then(|| Checksum {
            required,
            ..Checksum::default()
        }),
    }
}

/// The place of the member whose target is an event stream.
fn event_stream(table: &[Shape], structure: ShapeId) -> Option<u32> {
    let members = &table.get(structure.0 as usize)?.structure()?.members;
    let place = members.iter().position(|member| {
        table
            .get(member.target.0 as usize)
            .is_some_and(|target| target.is(ShapeTrait::EventStream))
    })?;
    u32::try_from(place).ok()
}
