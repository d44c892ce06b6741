//! The suites: each case is a request to write or a response to read.

use runbook_registry::aws::offline;
use runbook_registry::model::service::{Operation, Service};
use runbook_registry::model::shape::{ShapeId, ShapeKind, ShapeTrait};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

/// How many cases agree.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub run: usize,
    pub passed: usize,
}

/// What came out.
#[derive(Debug, Default)]
pub struct Report {
    pub counts: BTreeMap<String, Counts>,
    pub failures: Vec<String>,
}

impl Report {
    pub fn run(&self) -> usize {
        self.counts.values().map(|counts| counts.run).sum()
    }

    pub fn passed(&self) -> usize {
        self.counts.values().map(|counts| counts.passed).sum()
    }
}

/// Makes a service of a model's JSON.
pub type Reader<'a> = &'a dyn Fn(&str, Json) -> Result<Service, String>;

fn load(path: &Path) -> Result<Json, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Runs all suites of the folder (`input`, `output`, `protocol-tests-ignore-list.json`).
pub fn run(folder: &Path, reader: Reader<'_>) -> Result<Report, String> {
    let ignored = load(&folder.join("protocol-tests-ignore-list.json"))?;
    let mut report = Report::default();
    for direction in ["input", "output"] {
        let mut paths: Vec<_> = std::fs::read_dir(folder.join(direction))
            .map_err(|error| error.to_string())?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        for path in paths {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            for suite in load(&path)?.as_array().into_iter().flatten() {
                run_suite(&mut report, direction, &stem, suite, &ignored, reader);
            }
        }
    }
    Ok(report)
}

fn run_suite(
    report: &mut Report,
    direction: &str,
    protocol: &str,
    suite: &Json,
    ignored: &Json,
    reader: Reader<'_>,
) {
    let lists = |what: &str, wanted: &Json| {
        [&ignored["general"], &ignored["protocols"][protocol]]
            .iter()
            .filter_map(|list| list[direction][what].as_array())
            .flatten()
            .any(|name| name == wanted)
    };
    if lists("suites", &suite["description"]) {
        return;
    }
    for case in suite["cases"].as_array().into_iter().flatten() {
        if lists("cases", &case["id"]) {
            continue;
        }
        let outcome = run_case(direction, suite, case, reader);
        let counts = report
            .counts
            .entry(format!("{protocol} {direction}"))
            .or_default();
        counts.run += 1;
        match outcome {
            Ok(()) => counts.passed += 1,
            Err(problem) => report
                .failures
                .push(format!("{protocol} {direction} {}: {problem}", case["id"])),
        }
    }
}

fn run_case(direction: &str, suite: &Json, case: &Json, reader: Reader<'_>) -> Result<(), String> {
    let name = case["given"]["name"].as_str().unwrap_or_default();
    let mut metadata = suite["metadata"].clone();
    for (key, value) in [
        ("endpointPrefix", "test"),
        ("serviceId", "Test"),
        ("serviceFullName", "Test"),
        ("signatureVersion", "v4"),
    ] {
        if metadata.get(key).is_none() {
            metadata[key] = value.into();
        }
    }
    let mut model = json!({
        "metadata": metadata,
        "operations": {name: case["given"]},
        "shapes": suite["shapes"],
    });
    if let Some(parameters) = suite.get("clientContextParams") {
        model["clientContextParams"] = parameters.clone();
    }
    let service: &'static Service = Box::leak(Box::new(reader("test", model)?));
    let operation = service.operation(name).ok_or("no such operation")?;
    if direction == "input" {
        write(service, operation, case)
    } else {
        read(service, operation, case)
    }
}

/// A request is equal when method, path, query, body and the named headers are.
fn write(
    service: &'static Service,
    operation: &'static Operation,
    case: &Json,
) -> Result<(), String> {
    let arguments = arguments(service, operation.input, &case["params"]);
    let written = offline::write(service, operation, &arguments)?;
    let expected = &case["serialized"];
    let same = |what: &str, found: &Json, wanted: &Json| {
        if found == wanted {
            Ok(())
        } else {
            Err(format!("{what} is {found}, wanted {wanted}"))
        }
    };
    if let Some(method) = expected.get("method") {
        same("method", &written.method.clone().into(), method)?;
    }
    if let Some(uri) = expected["uri"].as_str() {
        same("URI", &uri_parts(&written.uri), &uri_parts(uri))?;
    }
    let header = |name: &str| {
        written
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
    };
    for (name, value) in expected["headers"].as_object().into_iter().flatten() {
        let found = header(name);
        if found.as_deref().map(str::trim) != value.as_str().map(str::trim) {
            return Err(format!("header {name} is {found:?}, wanted {value}"));
        }
    }
    for name in expected["requireHeaders"].as_array().into_iter().flatten() {
        if header(name.as_str().unwrap_or_default()).is_none() {
            return Err(format!("no header {name}"));
        }
    }
    for name in expected["forbidHeaders"].as_array().into_iter().flatten() {
        if let Some(value) = header(name.as_str().unwrap_or_default()) {
            return Err(format!("header {name} must not be there, is {value}"));
        }
    }
    let Some(body) = expected["body"].as_str() else {
        return Ok(());
    };
    let protocol = service.metadata.protocol.as_str();
    let found = comparable(protocol, &written.body);
    let wanted = if protocol == "smithy-rpc-v2-cbor" {
        comparable(protocol, &from_base64(body).unwrap_or_default())
    } else {
        comparable(protocol, body.as_bytes())
    };
    same("body", &found, &wanted)
}

/// A response is equal when its result, or its error's code and message, are.
fn read(
    service: &'static Service,
    operation: &'static Operation,
    case: &Json,
) -> Result<(), String> {
    let response = &case["response"];
    let status = response["status_code"].as_u64().unwrap_or(200);
    let headers: Vec<(String, String)> = response["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    let text = response["body"].as_str().unwrap_or_default();
    let body = if service.metadata.protocol.as_str() == "smithy-rpc-v2-cbor" {
        from_base64(text).unwrap_or_default()
    } else {
        text.as_bytes().to_vec()
    };
    let status = u16::try_from(status).unwrap_or(500);
    let found = offline::read(service, operation, status, &headers, &body);
    match (found, case.get("errorCode")) {
        (Ok(result), None) => {
            let found = comparable_result(service, operation.output, &result);
            let wanted = wanted_result(service, operation.output, &case["result"]);
            if found == wanted {
                Ok(())
            } else {
                Err(format!("result is {found}, wanted {wanted}"))
            }
        }
        (Err(error), Some(code)) => {
            if *code != error.code {
                return Err(format!("code is {}, wanted {code}", error.code));
            }
            match case.get("errorMessage").and_then(Json::as_str) {
                Some(message) if !message.is_empty() && message != error.message => {
                    Err(format!("message is {}, wanted {message}", error.message))
                }
                _ => Ok(()),
            }
        }
        (Ok(result), Some(code)) => Err(format!("result is {result}, wanted error {code}")),
        (Err(error), None) => Err(format!("failed with {error}")),
    }
}

/// Path and sorted query.
fn uri_parts(uri: &str) -> Json {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut query: Vec<String> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.trim_end_matches('=').replace("%20", "+"))
        .collect();
    query.sort();
    json!([path, query])
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn to_base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A body in a form in which order and white space do not count.
fn comparable(protocol: &str, body: &[u8]) -> Json {
    let text = String::from_utf8_lossy(body).into_owned();
    match protocol {
        "query" | "ec2" => {
            let mut parts: Vec<&str> = text.split('&').collect();
            parts.sort_unstable();
            parts.iter().map(|part| part.replace("%20", "+")).collect()
        }
        "smithy-rpc-v2-cbor" => super::cbor::value(body),
        "rest-xml" => {
            let compact: Vec<&str> = text.split('<').map(str::trim_end).collect();
            let compact = compact.join("<");
            let mut parts: Vec<String> = compact.split('>').map(str::to_owned).collect();
            parts.sort();
            parts.into_iter().filter(|part| !part.is_empty()).collect()
        }
        _ => serde_json::from_str::<Json>(&text).map_or(text.into(), |value| ordered(&value)),
    }
}

pub fn ordered(value: &Json) -> Json {
    match value {
        Json::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| name.as_str());
            Json::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name.clone(), ordered(value)))
                    .collect(),
            )
        }
        Json::Array(items) => items.iter().map(ordered).collect(),
        Json::Number(number) => number.as_f64().map_or(Json::Null, Json::from),
        other => other.clone(),
    }
}

/// Maps a value along its shape.
fn along(
    service: &Service,
    id: ShapeId,
    value: &Json,
    scalar: &dyn Fn(&ShapeKind, &Json) -> Json,
) -> Json {
    let shape = service.shape(id);
    match (&shape.kind, value) {
        _ if shape.is(ShapeTrait::Document) => value.clone(),
        (ShapeKind::Structure(structure), Json::Object(members)) => Json::Object(
            members
                .iter()
                .map(|(name, value)| match structure.member(name) {
                    Some((_, member)) => {
                        (name.clone(), along(service, member.target, value, scalar))
                    }
                    None => (name.clone(), value.clone()),
                })
                .collect::<Map<_, _>>(),
        ),
        (ShapeKind::List(list), Json::Array(items)) => items
            .iter()
            .map(|item| along(service, list.member.target, item, scalar))
            .collect(),
        (ShapeKind::Map(map), Json::Object(entries)) => Json::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), along(service, map.value.target, value, scalar)))
                .collect(),
        ),
        (kind, value) => scalar(kind, value),
    }
}

/// The suites give blobs as plain text.
fn arguments(service: &Service, id: ShapeId, value: &Json) -> Json {
    along(service, id, value, &|kind, value| match (kind, value) {
        (ShapeKind::Blob(_), Json::String(text)) => to_base64(text).into(),
        _ => value.clone(),
    })
}

fn seconds(text: &str) -> Option<Json> {
    let at: jiff::Timestamp = text.parse().ok()?;
    #[expect(
        clippy::cast_precision_loss,
        reason = "suites have milliseconds at most"
    )]
    let millis = at.as_millisecond() as f64;
    Some((millis / 1000.0).into())
}

fn comparable_result(service: &Service, id: ShapeId, value: &Json) -> Json {
    ordered(&along(
        service,
        id,
        value,
        &|kind, value| match (kind, value) {
            (ShapeKind::Timestamp(_), Json::String(text)) => {
                seconds(text).unwrap_or_else(|| value.clone())
            }
            _ => value.clone(),
        },
    ))
}

fn wanted_result(service: &Service, id: ShapeId, value: &Json) -> Json {
    let value = if value.is_null() { &json!({}) } else { value };
    ordered(&along(
        service,
        id,
        value,
        &|kind, value| match (kind, value) {
            (ShapeKind::Blob(_), Json::String(text)) => to_base64(text).into(),
            (ShapeKind::Timestamp(_), Json::String(text)) => {
                seconds(text).unwrap_or_else(|| value.clone())
            }
            _ => value.clone(),
        },
    ))
}
