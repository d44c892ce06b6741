//! One service of the catalogue: its metadata, operations, shapes, paginators and waiters.

use super::rows::Rows;
use super::shape::{Member, Shape, ShapeId, StructureShape, XmlNamespace};
use runbook_playbook::catalog::Effect;
use serde::{Deserialize, Serialize};

/// A service, as one block of the catalogue holds it. Endpoint rules are a block of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// The name of botocore's folder and of the AWS CLI's command: `elbv2`, `logs`.
    pub name: &'static str,
    /// Facts about the service as a whole.
    pub metadata: Metadata,
    /// Operations, sorted by name.
    pub operations: Rows<Operation>,
    /// Waiters, sorted by name.
    pub waiters: Vec<Waiter>,
    /// All shapes; a [`ShapeId`] is a place in here.
    pub shapes: Rows<Shape>,
}

impl Service {
    /// The operation of the exact name.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.find(|operation| operation.name.cmp(name))
    }

    /// The waiter of the exact name, without `WaitUntil`.
    #[must_use]
    pub fn waiter(&self, name: &str) -> Option<&Waiter> {
        self.waiters.iter().find(|waiter| waiter.name == name)
    }

    /// The shape of an id of this service.
    ///
    /// # Panics
    /// If the id is of another service: ids come from the model only, never from a user.
    #[must_use]
    pub fn shape(&self, id: ShapeId) -> &Shape {
        self.shapes
            .get(id.0 as usize)
            .expect("the id is of this service")
    }

    /// The shape that a member refers to.
    #[must_use]
    pub fn target(&self, member: &Member) -> &Shape {
        self.shape(member.target)
    }

    /// The structure of an operation's input, output or error.
    #[must_use]
    pub fn structure(&self, id: ShapeId) -> Option<&StructureShape> {
        self.shape(id).structure()
    }
}

/// `metadata` of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// `apiVersion`.
    pub api_version: &'static str,
    /// The protocol that botocore would choose of `protocols`.
    pub protocol: Protocol,
    /// Every protocol that the service speaks, best first by botocore's order of preference.
    pub protocols: Vec<Protocol>,
    /// `jsonVersion`: `1.0` or `1.1`.
    pub json_version: Option<&'static str>,
    /// `targetPrefix`.
    pub target_prefix: Option<&'static str>,
    /// `serviceId`.
    pub service_id: &'static str,
    /// `serviceFullName`.
    pub full_name: &'static str,
    /// `endpointPrefix`.
    pub endpoint_prefix: &'static str,
    /// `signingName`, else `endpointPrefix`.
    pub signing_name: &'static str,
    /// `signatureVersion`: `v4`, `s3`, `bearer`, `v2` …
    pub signature_version: &'static str,
    /// `auth`, best first; empty where the model says nothing.
    pub auth: Vec<Auth>,
    /// `xmlNamespace`.
    pub xml_namespace: Option<XmlNamespace>,
    /// `awsQueryCompatible`.
    pub query_compatible: bool,
    /// `globalEndpoint`.
    pub global_endpoint: Option<&'static str>,
    /// `checksumFormat`: `md5` or `sha256`.
    pub checksum_format: Option<&'static str>,
    /// `protocolSettings.h2`: `optional`, `eventstream`.
    pub http2: Option<&'static str>,
    /// `clientContextParams`: parameters of the endpoint rules that a client's configuration sets.
    pub client_context_params: Vec<ClientContextParam>,
    /// The service as a whole is deprecated.
    pub deprecated: bool,
}

/// A parameter of the endpoint rules that a client's configuration sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientContextParam {
    /// Its name.
    pub name: &'static str,
    /// `boolean` or `string`.
    pub ty: &'static str,
}

/// Wire protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Protocol {
    /// `json`: awsJson 1.0 or 1.1 by [`Metadata::json_version`].
    Json,
    /// `rest-json`.
    RestJson,
    /// `rest-xml`.
    RestXml,
    /// `smithy-rpc-v2-cbor`.
    RpcV2Cbor,
    /// `query`.
    Query,
    /// `ec2`.
    Ec2,
}

impl Protocol {
    /// The name in models.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::RestJson => "rest-json",
            Self::RestXml => "rest-xml",
            Self::RpcV2Cbor => "smithy-rpc-v2-cbor",
            Self::Query => "query",
            Self::Ec2 => "ec2",
        }
    }
}

/// Ways to authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Auth {
    /// `aws.auth#sigv4`.
    SigV4,
    /// `aws.auth#sigv4a`.
    SigV4a,
    /// `smithy.api#httpBearerAuth`.
    Bearer,
    /// `smithy.api#noAuth`.
    None,
}

/// An operation.
#[expect(
    clippy::struct_excessive_bools,
    reason = "traits of the model, each of its own"
)]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its name as the API spells it.
    pub name: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// `requestUri`: `/2015-03-31/functions/{FunctionName}/invocations?x=y`.
    pub uri: &'static str,
    /// `responseCode`.
    pub response_code: Option<u16>,
    /// Its input structure; an empty one where the model has none.
    pub input: ShapeId,
    /// `input.locationName`: the XML root.
    pub input_location_name: Option<&'static str>,
    /// `input.xmlNamespace`.
    pub input_xml_namespace: Option<XmlNamespace>,
    /// Its output structure; an empty one where the model has none.
    pub output: ShapeId,
    /// `output.resultWrapper` (query).
    pub result_wrapper: Option<&'static str>,
    /// Modelled errors; codes and statuses are in [`StructureShape::error`].
    pub errors: Vec<ShapeId>,
    /// `auth` of the operation, before the service's; `authtype: none` is [`Auth::None`].
    pub auth: Vec<Auth>,
    /// `unsignedPayload` or `authtype: v4-unsigned-body`.
    pub unsigned_payload: bool,
    /// `endpoint.hostPrefix`.
    pub host_prefix: Option<&'static str>,
    /// `staticContextParams`.
    pub static_context_params: Vec<StaticContextParam>,
    /// `operationContextParams`.
    pub operation_context_params: Vec<OperationContextParam>,
    /// `httpChecksum`, or `httpChecksumRequired` as one that is required.
    pub checksum: Option<Checksum>,
    /// `requestcompression.encodings` has gzip.
    pub gzip: bool,
    /// The place, among the input's members, of an event stream.
    pub input_stream: Option<u32>,
    /// The place, among the output's members, of an event stream.
    pub output_stream: Option<u32>,
    /// `endpointdiscovery`: `Some(true)` where it is required.
    pub endpoint_discovery: Option<bool>,
    /// `idempotent`.
    pub idempotent: bool,
    /// `deprecated`.
    pub deprecated: bool,
    /// How its pages are fetched.
    pub paginator: Option<Paginator>,
    /// What it does, by the reviewed tables; a write where nothing is known.
    pub effects: Vec<EffectOf>,
    /// Members of the output by which a success reports failures of its own.
    pub failure_members: Vec<&'static str>,
    /// IAM actions that it needs: `ecs:UpdateService`.
    pub permissions: Vec<&'static str>,
}

/// One effect of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectOf {
    /// The effect, as its place in [`Effect::ALL`].
    pub effect: u8,
    /// It counts only where this member of the input is set.
    pub member: Option<&'static str>,
}

impl EffectOf {
    /// The effect.
    #[must_use]
    pub fn effect(self) -> Effect {
        Effect::ALL
            .get(usize::from(self.effect))
            .copied()
            .unwrap_or(Effect::Destroy)
    }
}

/// A fixed value of an endpoint parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaticContextParam {
    /// The parameter.
    pub name: &'static str,
    /// Its value.
    pub value: StaticValue,
}

/// Values of [`StaticContextParam`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StaticValue {
    /// `true` or `false`.
    Boolean(bool),
    /// Text.
    Text(&'static str),
    /// A list of texts.
    List(Vec<&'static str>),
}

/// An endpoint parameter that is taken from the arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationContextParam {
    /// The parameter.
    pub name: &'static str,
    /// A `JMESPath` over the arguments: `keys(RequestItems)`.
    pub path: &'static str,
}

/// `httpChecksum`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checksum {
    /// `requestChecksumRequired`.
    pub required: bool,
    /// `requestAlgorithmMember`.
    pub request_algorithm_member: Option<&'static str>,
    /// `requestValidationModeMember`.
    pub request_validation_mode_member: Option<&'static str>,
    /// `responseAlgorithms`.
    pub response_algorithms: Vec<&'static str>,
}

/// How the pages of an operation are fetched; every expression is a `JMESPath`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Paginator {
    /// `input_token`: members of the input.
    pub input_tokens: Vec<&'static str>,
    /// `output_token`: expressions over a page, one for each input token.
    pub output_tokens: Vec<&'static str>,
    /// `more_results`: an expression over a page.
    pub more_results: Option<&'static str>,
    /// `limit_key`: the member of the input that bounds a page.
    pub limit_key: Option<&'static str>,
    /// `result_key`: expressions over a page, whose lists are joined; the first one is counted.
    pub result_keys: Vec<&'static str>,
    /// `non_aggregate_keys`: expressions over the first page, kept.
    pub non_aggregate_keys: Vec<&'static str>,
}

/// A waiter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiter {
    /// Its name: `ServicesStable`.
    pub name: &'static str,
    /// The operation that it polls.
    pub operation: &'static str,
    /// Seconds between polls.
    pub delay: u32,
    /// The most polls.
    pub max_attempts: u32,
    /// What decides, in order; the first that fits.
    pub acceptors: Vec<Acceptor>,
}

/// One rule of a waiter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Acceptor {
    /// What it leads to.
    pub state: AcceptorState,
    /// What it looks at.
    pub matcher: Matcher,
    /// What it expects to find there.
    pub expected: Expected,
}

/// What an acceptor looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Matcher {
    /// The value of a `JMESPath` over the result.
    Path(&'static str),
    /// Every element, of at least one, of a `JMESPath` over the result.
    PathAll(&'static str),
    /// Any element of a `JMESPath` over the result.
    PathAny(&'static str),
    /// The HTTP status.
    Status,
    /// The error code; expecting `true` means any error, `false` none.
    Error,
}

/// What an acceptor expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Expected {
    /// Text.
    Text(&'static str),
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
}

/// What an acceptor leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AcceptorState {
    /// The waiter is done.
    Success,
    /// It cannot be done any more.
    Failure,
    /// Poll again.
    Retry,
}
