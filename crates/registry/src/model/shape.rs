//! Shapes: the types of an AWS model, with every trait that a wire format, a check or a result needs.
//!
//! Text is borrowed from the catalogue's block, which lives as long as the process, so that loading a service allocates
//! little.

use serde::{Deserialize, Serialize};

/// The place of a shape in its service's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShapeId(pub u32);

/// A shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// Its name in the model: `UpdateServiceRequest`; `Empty` for what the model leaves out.
    pub name: &'static str,
    /// What it is made of.
    pub kind: ShapeKind,
    /// Traits that are there or not.
    pub traits: Flags<ShapeTrait>,
    /// A name on the wire given by the shape and not by the member that refers to it (14 shapes).
    pub location_name: Option<&'static str>,
    /// XML namespace of the element.
    pub xml_namespace: Option<XmlNamespace>,
}

impl Shape {
    /// Whether the shape has the trait.
    #[must_use]
    pub fn is(&self, which: ShapeTrait) -> bool {
        self.traits.has(which)
    }

    /// The structure, if it is one.
    #[must_use]
    pub fn structure(&self) -> Option<&StructureShape> {
        match &self.kind {
            ShapeKind::Structure(structure) => Some(structure),
            _ => None,
        }
    }
}

/// What a shape is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub enum ShapeKind {
    /// `boolean`.
    Boolean,
    /// `integer`, 32 bits.
    Integer(Bounds),
    /// `long`, 64 bits.
    Long(Bounds),
    /// `float`.
    Float(Bounds),
    /// `double`.
    Double(Bounds),
    /// `string`.
    String(StringShape),
    /// `blob`; bounds count bytes.
    Blob(Bounds),
    /// `timestamp`, with the shape's own `timestampFormat`; a member may have another.
    Timestamp(Option<TimestampFormat>),
    /// `list`.
    List(ListShape),
    /// `map`.
    Map(MapShape),
    /// `structure`, unions, documents and event streams included (see [`ShapeTrait`]).
    Structure(StructureShape),
}

/// `min` and `max`, both inclusive: of a number's value, a text's characters, a list's or map's entries.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Bounds {
    /// The least.
    pub min: Option<f64>,
    /// The greatest.
    pub max: Option<f64>,
}

/// A `string` shape.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StringShape {
    /// Bounds of its length in characters.
    pub length: Bounds,
    /// `pattern`, as the model has it (Java or ECMA syntax).
    pub pattern: Option<&'static str>,
    /// `enum`; empty for any text.
    pub values: Vec<&'static str>,
}

/// A `list` shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct ListShape {
    /// Its element; the member's name is `member`, its `location_name` the element's name on the wire.
    pub member: Member,
    /// Bounds of the number of elements.
    pub length: Bounds,
}

/// A `map` shape.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct MapShape {
    /// Its keys, always of a string shape; the member's name is `key`.
    pub key: Member,
    /// Its values; the member's name is `value`.
    pub value: Member,
    /// Bounds of the number of entries.
    pub length: Bounds,
}

/// A `structure` shape.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct StructureShape {
    /// Its members in the model's order.
    pub members: Vec<Member>,
    /// `payload`: the place in `members` of the member that is the HTTP body.
    pub payload: Option<u32>,
    /// For exceptions: how the error is named and sent.
    pub error: Option<ErrorTrait>,
    /// `xmlOrder`: places in `members` in the order in which they are written; empty where the model says nothing.
    pub xml_order: Vec<u32>,
}

impl StructureShape {
    /// The member of the name, with its place.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<(usize, &Member)> {
        self.members
            .iter()
            .enumerate()
            .find(|(_, member)| member.name == name)
    }

    /// The member that is the HTTP body.
    #[must_use]
    pub fn payload_member(&self) -> Option<&Member> {
        self.members.get(usize::try_from(self.payload?).ok()?)
    }
}

/// `error` of an exception shape.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorTrait {
    /// The code on the wire where it differs from the shape's name (`InvalidParameterValue` for
    /// `InvalidParameterValueException`).
    pub code: Option<&'static str>,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// `Some(true)`: may be retried as throttling; `Some(false)`: may be retried; `None`: the model says nothing.
    pub retryable: Option<bool>,
}

/// A reference to a shape: a structure's member, a list's element, a map's key or value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The name in arguments and results.
    pub name: &'static str,
    /// Its shape.
    pub target: ShapeId,
    /// Where it travels.
    pub location: Location,
    /// `locationName`: the name on the wire; for [`Location::Headers`] the prefix.
    pub location_name: Option<&'static str>,
    /// Traits that are there or not.
    pub traits: Flags<MemberTrait>,
    /// Traits with values that few members have.
    pub rare: Option<Box<RareTraits>>,
}

impl Member {
    /// Whether the member has the trait.
    #[must_use]
    pub fn is(&self, which: MemberTrait) -> bool {
        self.traits.has(which)
    }

    /// The name on the wire: `locationName`, else the name.
    #[must_use]
    pub fn wire_name(&self) -> &'static str {
        self.location_name.unwrap_or(self.name)
    }
}

/// Member traits with values that few members have.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RareTraits {
    /// `queryName` (ec2).
    pub query_name: Option<&'static str>,
    /// `xmlNamespace`.
    pub xml_namespace: Option<XmlNamespace>,
    /// `timestampFormat` on the member, before the shape's.
    pub timestamp_format: Option<TimestampFormat>,
    /// `contextParam`: the endpoint parameter that takes this member's value.
    pub context_param: Option<&'static str>,
    /// An integer that is an instant, by our reviewed table: `Some(true)` in milliseconds, `Some(false)` in seconds.
    pub epoch_millis: Option<bool>,
}

/// Where a member travels in HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Location {
    /// In the body.
    #[default]
    Body,
    /// `uri`: a label of the path.
    Uri,
    /// `querystring`: a parameter, or for maps all their entries.
    Querystring,
    /// `header`.
    Header,
    /// `headers`: all headers with the prefix.
    Headers,
    /// `statusCode` of the response.
    StatusCode,
}

/// `timestampFormat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimestampFormat {
    /// `iso8601`.
    Iso8601,
    /// `rfc822`.
    Rfc822,
    /// `unixTimestamp`.
    UnixTimestamp,
}

/// `xmlNamespace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct XmlNamespace {
    /// The URI.
    pub uri: &'static str,
    /// The prefix to declare it with.
    pub prefix: Option<&'static str>,
}

/// Traits of shapes that are there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeTrait {
    /// `sensitive`.
    Sensitive,
    /// `union`: exactly one member is set.
    Union,
    /// `document`: free JSON, whatever the members say.
    Document,
    /// `eventstream`: the members are events.
    EventStream,
    /// `event`: one event of a stream.
    Event,
    /// `exception`.
    Exception,
    /// `fault`: the service's own failure.
    Fault,
    /// `streaming`: the body is a stream.
    Streaming,
    /// `requiresLength`: a streaming body needs `Content-Length`.
    RequiresLength,
    /// `flattened` (lists and maps).
    Flattened,
    /// `wrapper` (query responses).
    Wrapper,
    /// `box`.
    Boxed,
    /// `sparse`: null elements are kept.
    Sparse,
    /// `deprecated`.
    Deprecated,
    /// Not in the model; made for an operation without an input or output.
    Empty,
}

/// Traits of members that are there or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberTrait {
    /// In the structure's `required`.
    Required,
    /// `flattened` on the member.
    Flattened,
    /// `xmlAttribute`.
    XmlAttribute,
    /// `streaming` on the member.
    Streaming,
    /// `jsonvalue`: JSON text in a header or body, free JSON for callers.
    JsonValue,
    /// `idempotencyToken`: filled in when it is left out.
    IdempotencyToken,
    /// `hostLabel`: goes into the endpoint's host prefix.
    HostLabel,
    /// `eventpayload`.
    EventPayload,
    /// `eventheader`.
    EventHeader,
    /// `box`.
    Boxed,
    /// `deprecated`.
    Deprecated,
    /// Text that holds a JSON document, by our reviewed table (policies).
    JsonText,
    /// Text that is a number, by our reviewed table (ECS `cpu`).
    NumericText,
}

/// A set of traits.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags<T> {
    bits: u32,
    #[serde(skip)]
    of: std::marker::PhantomData<T>,
}

/// A trait that can stand in [`Flags`].
pub trait Flag: Copy {
    /// Its bit.
    fn bit(self) -> u32;
}

impl Flag for ShapeTrait {
    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl Flag for MemberTrait {
    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

impl<T: Flag> Flags<T> {
    /// Whether the trait is in the set.
    #[must_use]
    pub fn has(self, which: T) -> bool {
        self.bits & which.bit() != 0
    }

    /// Puts the trait into the set.
    pub fn set(&mut self, which: T) {
        self.bits |= which.bit();
    }
}

impl<T> Clone for Flags<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Flags<T> {}

impl<T> Default for Flags<T> {
    fn default() -> Self {
        Self {
            bits: 0,
            of: std::marker::PhantomData,
        }
    }
}

impl<T> PartialEq for Flags<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

impl<T> std::fmt::Debug for Flags<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#b}", self.bits)
    }
}
