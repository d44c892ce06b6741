//! The wire: one service's requests and responses under its protocol, by AWS's own protocol implementations.

use super::checksum;
use super::customize;
use super::decode;
use super::encode::Arguments;
use super::failure::Failure;
use super::garbage;
use super::s3;
use super::schema::Schemas;
use crate::model::service::{Operation, Protocol, Service};
use crate::model::shape::{Location, Member, ShapeKind, ShapeTrait};
use aws_smithy_cbor::protocol::RpcV2CborProtocol;
use aws_smithy_json::protocol::aws_json_rpc::AwsJsonRpcProtocol;
use aws_smithy_json::protocol::aws_rest_json_1::AwsRestJsonProtocol;
use aws_smithy_query::protocol::AwsQueryProtocol;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_schema::codec::DynCodec;
use aws_smithy_schema::protocol::{ClientProtocol, ServiceShapeName, ServiceVersion};
use aws_smithy_schema::serde::SerdeError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::{ConfigBag, Layer};
use aws_smithy_types::error::metadata::ErrorMetadata;
use aws_smithy_xml::codec::find_depth2_element_slice_by;
use aws_smithy_xml::protocol::aws_rest_xml::AwsRestXmlProtocol;
use aws_types::request_id::RequestId as _;
use serde_json::Value as Json;

/// A successful answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) result: Json,
    pub(super) request_id: Option<String>,
    pub(super) truncated: bool,
}

/// One service under the protocol that is spoken with it.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) schemas: Schemas,
    requests: Box<dyn ClientProtocol>,
    responses: Box<dyn ClientProtocol>,
}

impl Wire {
    pub(super) fn new(service: &'static Service) -> Self {
        Self::with_protocol(service, service.metadata.protocol)
    }

    pub(super) fn with_protocol(service: &'static Service, protocol: Protocol) -> Self {
        let xml = || Box::new(AwsRestXmlProtocol::new().with_no_error_wrapping(true));
        let json = || -> Box<dyn ClientProtocol> {
            Box::new(if service.metadata.json_version == Some("1.0") {
                AwsJsonRpcProtocol::aws_json_1_0()
            } else {
                AwsJsonRpcProtocol::aws_json_1_1()
            })
        };
        let (requests, responses): (Box<dyn ClientProtocol>, Box<dyn ClientProtocol>) =
            match protocol {
                Protocol::Json => (json(), json()),
                Protocol::RestJson => (
                    Box::new(AwsRestJsonProtocol::new()),
                    Box::new(AwsRestJsonProtocol::new()),
                ),
                Protocol::RestXml => (xml(), xml()),
                Protocol::RpcV2Cbor => (
                    Box::new(RpcV2CborProtocol::new()),
                    Box::new(RpcV2CborProtocol::new()),
                ),
                Protocol::Query | Protocol::Ec2 => (Box::new(AwsQueryProtocol::new()), xml()),
            };
        Self {
            schemas: Schemas::new(service, protocol),
            requests,
            responses,
        }
    }

    fn protocol(&self) -> Protocol {
        self.schemas.protocol
    }

    fn service(&self) -> &'static Service {
        self.schemas.service
    }

    /// Puts into a configuration what the protocols read from it.
    pub(super) fn describe(&self, layer: &mut Layer) {
        let metadata = &self.service().metadata;
        if let Some(prefix) = metadata.target_prefix {
            layer.store_put(ServiceShapeName::new(prefix));
        }
        layer.store_put(ServiceVersion::new(metadata.api_version));
    }

    /// Writes a request; its URI has no host yet.
    ///
    /// # Errors
    /// [`SerdeError`] when an argument does not fit its shape.
    pub(super) fn serialize(
        &self,
        operation: &'static Operation,
        arguments: &Json,
        cfg: &ConfigBag,
    ) -> Result<HttpRequest, SerdeError> {
        let mut request = self.serialize_bare(operation, arguments, cfg)?;
        checksum::add(operation, arguments, &mut request, cfg);
        Ok(request)
    }

    /// Writes a request without the checksum of its body.
    ///
    /// # Errors
    /// As [`Self::serialize`].
    pub(super) fn serialize_bare(
        &self,
        operation: &'static Operation,
        arguments: &Json,
        cfg: &ConfigBag,
    ) -> Result<HttpRequest, SerdeError> {
        let schema = self.schemas.operation_input(operation);
        let value = Arguments::of(&self.schemas, operation, arguments);
        let mut request = self.requests.serialize_request(&value, schema, "/", cfg)?;
        if self.service().metadata.query_compatible {
            request.headers_mut().insert("x-amzn-query-mode", "true");
        }
        let no_input = self.service().shape(operation.input).is(ShapeTrait::Empty);
        if self.protocol() == Protocol::RpcV2Cbor && no_input {
            *request.body_mut() = SdkBody::empty();
            request.headers_mut().remove("Content-Type");
            request.headers_mut().remove("Content-Length");
        }
        self.label_payload(operation, arguments, &mut request);
        customize::request(self.service(), &mut request);
        Ok(request)
    }

    /// Says what a payload is, which AWS's protocols leave to generated code.
    fn label_payload(&self, operation: &Operation, arguments: &Json, request: &mut HttpRequest) {
        let Some(payload) = self
            .service()
            .structure(operation.input)
            .and_then(|structure| structure.payload_member())
        else {
            return;
        };
        let target = self.service().target(payload);
        let given = arguments
            .get(payload.name)
            .is_some_and(|value| !value.is_null());
        let content_type = match target.kind {
            ShapeKind::Blob(_) => "application/octet-stream",
            ShapeKind::String(_) => "text/plain",
            ShapeKind::Structure(_) if self.protocol() == Protocol::RestJson && !given => {
                *request.body_mut() = SdkBody::from("{}");
                request.headers_mut().insert("Content-Length", "2");
                "application/json"
            }
            _ if !given => {
                request.headers_mut().remove("Content-Type");
                return;
            }
            _ => return,
        };
        let labelled = request.headers().get("Content-Type").is_some();
        if !labelled && (given || content_type == "application/json") {
            request.headers_mut().insert("Content-Type", content_type);
        }
    }

    /// Reads a response.
    ///
    /// # Errors
    /// [`Failure`] when the service answered with an error or with something that is not of the protocol.
    pub(super) fn deserialize(
        &self,
        operation: &'static Operation,
        response: &HttpResponse,
        cfg: &ConfigBag,
    ) -> Result<Reply, Box<Failure>> {
        let body = response.body().bytes().unwrap_or_default();
        let request_id = self.request_id(response, body);
        let raw = self.has_raw_payload(operation);
        if (!raw || !response.status().is_success())
            && let Some(message) = garbage::unexpected(response, body, self.protocol())
        {
            return Err(Box::new(Failure::garbled(message, request_id)));
        }
        let hidden_error = self.protocol() == Protocol::RestXml
            && !raw
            && find_depth2_element_slice_by(body, |name| name == "Error")
                .is_some_and(|slice| slice.len() == body.len());
        if !response.status().is_success() || hidden_error {
            let failure = self.error(operation, response, body, cfg, request_id);
            return Err(Box::new(
                if hidden_error && response.status().is_success() {
                    failure.of_the_service()
                } else {
                    failure.with_bucket_region(s3::region_of_bucket(response, body))
                },
            ));
        }
        let empty = body.iter().all(u8::is_ascii_whitespace);
        if empty && response.status().as_u16() == 200 && self.says_something(operation) {
            let message = garbage::unreadable(response, self.protocol(), &"it is empty");
            return Err(Box::new(Failure::garbled(message, request_id)));
        }
        match self.result(operation, response, body, cfg) {
            Ok(result) => Ok(Reply {
                result,
                request_id,
                truncated: false,
            }),
            Err(error) => Err(Box::new(Failure::garbled(
                garbage::unreadable(response, self.protocol(), &error),
                request_id,
            ))),
        }
    }

    fn result(
        &self,
        operation: &'static Operation,
        response: &HttpResponse,
        body: &[u8],
        cfg: &ConfigBag,
    ) -> Result<Json, SerdeError> {
        let xml = matches!(
            self.protocol(),
            Protocol::RestXml | Protocol::Query | Protocol::Ec2
        );
        let empty = body.iter().all(u8::is_ascii_whitespace);
        if xml && !empty && !self.has_raw_payload(operation) && !garbage::is_whole_xml(body) {
            return Err(SerdeError::invalid_input("the document ends early"));
        }
        let replaced = self.body_of_result(operation, body).map(|body| {
            let mut replaced = HttpResponse::new(response.status(), SdkBody::from(body));
            *replaced.headers_mut() = response.headers().clone();
            replaced
        });
        let response = replaced.as_ref().unwrap_or(response);
        let schema = self.schemas.operation_output(operation);
        let mut from = self.responses.deserialize_response(response, schema, cfg)?;
        let mut result = decode::read_structure(&self.schemas, operation.output, from.as_mut())?;
        if schema.xml_unwrapped_output() {
            // us-east-1 answers with an empty element, which the CLI shows as null.
            let location = &mut result["LocationConstraint"];
            if location.as_str().is_none_or(str::is_empty) {
                *location = Json::Null;
            }
        }
        Ok(result)
    }

    /// What an answer says in its headers; a body that is still to come is left alone.
    pub(super) fn head_of_result(
        &self,
        operation: &'static Operation,
        head: &HttpResponse,
    ) -> Json {
        let mut layer = Layer::new("head");
        self.describe(&mut layer);
        let mut emptied = HttpResponse::new(head.status(), SdkBody::empty());
        *emptied.headers_mut() = head.headers().clone();
        let streamed = self
            .service()
            .structure(operation.output)
            .and_then(|output| {
                output
                    .payload_member()
                    .or_else(|| output.members.get(operation.output_stream? as usize))
            });
        let read = self.result(operation, &emptied, &[], &ConfigBag::of_layers(vec![layer]));
        let mut result = read.unwrap_or_else(|_| Json::Object(serde_json::Map::new()));
        if let (Some(result), Some(member)) = (result.as_object_mut(), streamed) {
            result.shift_remove(member.name);
        }
        result
    }

    /// The codec of events.
    pub(super) fn payload_codec(&self) -> Option<&dyn DynCodec> {
        self.responses.payload_codec()
    }

    /// The body to read instead of the one that came: without its envelope, or an empty document for none.
    fn body_of_result(&self, operation: &Operation, body: &[u8]) -> Option<Vec<u8>> {
        let payload = self
            .service()
            .structure(operation.output)
            .is_some_and(|structure| structure.payload.is_some());
        if body.iter().all(u8::is_ascii_whitespace) && !payload {
            return Some(match self.protocol() {
                Protocol::Json | Protocol::RestJson => b"{}".to_vec(),
                Protocol::RpcV2Cbor => vec![0xa0],
                Protocol::RestXml | Protocol::Query | Protocol::Ec2 => b"<empty/>".to_vec(),
            });
        }
        if self.protocol() != Protocol::Query {
            return None;
        }
        let wrapper = match operation.result_wrapper {
            Some(wrapper) => wrapper.to_owned(),
            None => format!("{}Result", operation.name),
        };
        find_depth2_element_slice_by(body, |name| name == wrapper).map(<[u8]>::to_vec)
    }

    fn error(
        &self,
        operation: &'static Operation,
        response: &HttpResponse,
        body: &[u8],
        cfg: &ConfigBag,
        request_id: Option<String>,
    ) -> Failure {
        let status = response.status().as_u16();
        let parsed = match self.protocol() {
            Protocol::RestXml | Protocol::Query | Protocol::Ec2 => {
                let element = |body, wanted: &str| {
                    find_depth2_element_slice_by(body, |name: &str| name == wanted)
                };
                let inner = element(body, "Error")
                    .or_else(|| element(element(body, "Errors")?, "Error"))
                    .unwrap_or(body);
                let mut unwrapped =
                    HttpResponse::new(response.status(), SdkBody::from(inner.to_vec()));
                *unwrapped.headers_mut() = response.headers().clone();
                self.responses.parse_error_metadata(&unwrapped, cfg)
            }
            _ if body.is_empty() && self.protocol() != Protocol::RpcV2Cbor => {
                let mut filled = HttpResponse::new(response.status(), SdkBody::from("{}"));
                *filled.headers_mut() = response.headers().clone();
                self.responses.parse_error_metadata(&filled, cfg)
            }
            _ => self.responses.parse_error_metadata(response, cfg),
        };
        let metadata = match parsed {
            Ok(builder) => builder.build(),
            Err(error) => {
                return Failure::garbled(
                    garbage::unreadable(response, self.protocol(), &error),
                    request_id,
                );
            }
        };
        let code = metadata.code().map(ToOwned::to_owned);
        let reason = http::StatusCode::from_u16(status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or_default();
        let message = metadata
            .message()
            .map(ToOwned::to_owned)
            .or_else(|| self.message_member(operation, code.as_deref(), response, body, cfg));
        let metadata = ErrorMetadata::builder()
            .code(code.unwrap_or_else(|| status.to_string()))
            .message(message.unwrap_or_else(|| reason.to_owned()))
            .build();
        Failure::answered(self.service(), operation, metadata, request_id)
    }

    /// The message of a modelled error that carries it in a header or under an unusual name.
    fn message_member(
        &self,
        operation: &Operation,
        code: Option<&str>,
        response: &HttpResponse,
        body: &[u8],
        cfg: &ConfigBag,
    ) -> Option<String> {
        let code = code?;
        let id = operation.errors.iter().copied().find(|id| {
            let shape = self.service().shape(*id);
            let named = shape.structure().and_then(|it| it.error.as_ref()?.code);
            named == Some(code) || shape.name == code
        })?;
        if body.is_empty() {
            return None;
        }
        let mut from = self
            .responses
            .deserialize_error_response(response, cfg)
            .ok()?;
        let error = decode::read_structure(&self.schemas, id, from.as_mut()).ok()?;
        error
            .as_object()?
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("message"))
            .and_then(|(_, value)| value.as_str().map(ToOwned::to_owned))
    }

    /// Whether the whole body of a success is one blob or text.
    /// Whether a success of the operation has a body: an empty one is then no answer, and must not be taken for one that has
    /// found nothing. Writes of the REST protocols may answer with nothing, whatever their models say.
    fn says_something(&self, operation: &Operation) -> bool {
        let rest = matches!(self.protocol(), Protocol::RestJson | Protocol::RestXml);
        if operation.output_stream.is_some() || (rest && operation.method != "GET") {
            return false;
        }
        let output = self.service().structure(operation.output);
        output.is_some_and(|output| {
            let in_body = |member: &Member| !rest || member.location == Location::Body;
            output.payload_member().is_none() && output.members.iter().any(in_body)
        })
    }

    fn has_raw_payload(&self, operation: &Operation) -> bool {
        self.service()
            .structure(operation.output)
            .and_then(|structure| structure.payload_member())
            .is_some_and(|member| {
                matches!(
                    self.service().target(member).kind,
                    ShapeKind::Blob(_) | ShapeKind::String(_)
                )
            })
    }

    pub(super) fn request_id(&self, response: &HttpResponse, body: &[u8]) -> Option<String> {
        if let Some(id) = response.request_id() {
            return Some(id.to_owned());
        }
        if !matches!(
            self.protocol(),
            Protocol::Query | Protocol::Ec2 | Protocol::RestXml
        ) {
            return None;
        }
        // It stands at the end of a success and of an error, whatever is between.
        let tail = body.get(body.len().saturating_sub(400)..)?;
        let head = body.get(..body.len().min(400))?;
        [tail, head].into_iter().find_map(|part| {
            let text = String::from_utf8_lossy(part);
            ["<RequestId>", "<requestId>", "<RequestID>"]
                .iter()
                .find_map(|tag| {
                    let (_, rest) = text.split_once(tag)?;
                    let (id, _) = rest.split_once('<')?;
                    Some(id.trim().to_owned())
                })
        })
    }
}
