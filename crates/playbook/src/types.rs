//! Types of inputs, arguments, results and expressions.

use std::fmt;
use std::sync::Arc;

/// A type. Structures are looked into lazily, so that recursive API shapes cost nothing until they are walked.
#[derive(Debug, Clone)]
pub enum Type {
    /// Anything: untyped JSON, or what cannot be known before a run.
    Any,
    /// `true` or `false`; in conditions also unknown.
    Boolean,
    /// A whole number.
    Integer(Range, Option<TimeUnit>),
    /// A number.
    Number(Range),
    /// Text.
    Text(Arc<TextRule>),
    /// An instant, written to the API in the given form.
    Timestamp(TimestampFormat),
    /// A length of time.
    Duration,
    /// Bytes; base64 text in JSON.
    Blob,
    /// Text that holds a JSON document (a policy); a mapping is accepted and comes back as one.
    JsonText,
    /// A list.
    List(Arc<ListType>),
    /// A mapping with free keys.
    Map(Arc<Type>),
    /// A structure with named members.
    Structure(Arc<dyn Structure>),
    /// A secret text: may only enter `with`, is shown nowhere.
    Secret,
    /// The type of `absent`.
    Absent,
    /// Something of the inner type, or nothing.
    Optional(Arc<Type>),
}

/// Bounds of a number, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Range {
    /// The least value.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
}

/// What an integer counts when it stands for an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
}

/// How a timestamp is written on the wire; JSON results always show ISO-8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampFormat {
    /// ISO-8601, or whatever form the protocol wants: the client converts.
    Protocol,
}

/// What is known of a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextRule {
    /// The values it can have; empty for any. Results may have others (APIs grow), arguments may not.
    pub values: Vec<String>,
    /// A regular expression that it must match as a whole or in part, as the model has it.
    pub pattern: Option<String>,
    /// Least length in characters.
    pub min: Option<u64>,
    /// Greatest length in characters.
    pub max: Option<u64>,
    /// A number is accepted too and written as text (ECS `cpu`).
    pub numeric: bool,
    /// Sensitive: shown nowhere.
    pub sensitive: bool,
}

/// A list's element and bounds.
#[derive(Debug, Clone)]
pub struct ListType {
    /// The type of its elements.
    pub element: Type,
    /// Least number of elements.
    pub min: Option<u64>,
    /// Greatest number of elements.
    pub max: Option<u64>,
}

/// A structure's members, asked for by name.
pub trait Structure: fmt::Debug + Send + Sync {
    /// The name of the shape, for messages.
    fn name(&self) -> &str;
    /// The names of the members, in the model's order.
    fn member_names(&self) -> Vec<String>;
    /// One member.
    fn member(&self, name: &str) -> Option<Member>;
    /// Exactly one member may be set.
    fn is_union(&self) -> bool {
        false
    }
    /// All that it holds is secret.
    fn is_secret(&self) -> bool {
        false
    }
}

/// A member of a structure.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its type.
    pub ty: Type,
    /// It must be given.
    pub required: bool,
    /// The client fills it in with a fresh token when it is left out.
    pub idempotency_token: bool,
    /// Its whole value is sensitive, of whatever type it is: shown nowhere.
    pub sensitive: bool,
}

impl Member {
    /// A member that may be left out.
    #[must_use]
    pub fn optional(ty: Type) -> Self {
        Self {
            ty,
            required: false,
            idempotency_token: false,
            sensitive: false,
        }
    }

    /// Its type as what is looked at in a run: secret where it is sensitive, but for the names of environment variables.
    #[must_use]
    pub fn known(&self) -> Type {
        match &self.ty {
            ty if self.sensitive => ty.sealed(false),
            Type::Text(rule) if rule.sensitive => Type::Secret,
            ty => ty.clone(),
        }
    }

    /// A member that must be given.
    #[must_use]
    pub fn required(ty: Type) -> Self {
        Self {
            ty,
            required: true,
            idempotency_token: false,
            sensitive: false,
        }
    }
}

/// A structure written out in code, as local actions have.
#[derive(Debug, Clone, Default)]
pub struct Record {
    name: String,
    members: indexmap::IndexMap<String, Member>,
}

impl Record {
    /// Starts an empty structure.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            members: indexmap::IndexMap::new(),
        }
    }

    /// Adds a member that must be given.
    #[must_use]
    pub fn required(mut self, name: &str, ty: Type) -> Self {
        self.members.insert(name.to_owned(), Member::required(ty));
        self
    }

    /// Adds a member that may be left out.
    #[must_use]
    pub fn optional(mut self, name: &str, ty: Type) -> Self {
        self.members.insert(name.to_owned(), Member::optional(ty));
        self
    }

    /// Ends the structure.
    #[must_use]
    pub fn build(self) -> Type {
        Type::Structure(Arc::new(self))
    }
}

impl Structure for Record {
    fn name(&self) -> &str {
        &self.name
    }

    fn member_names(&self) -> Vec<String> {
        self.members.keys().cloned().collect()
    }

    fn member(&self, name: &str) -> Option<Member> {
        self.members.get(name).cloned()
    }
}

/// A structure of which the model calls nothing sensitive.
#[derive(Debug)]
struct Plain(Arc<dyn Structure>);

impl Structure for Plain {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn member_names(&self) -> Vec<String> {
        self.0.member_names()
    }

    fn member(&self, name: &str) -> Option<Member> {
        let member = self.0.member(name)?;
        Some(Member {
            ty: member.ty.plain(),
            sensitive: false,
            ..member
        })
    }

    fn is_union(&self) -> bool {
        self.0.is_union()
    }
}

/// The name in a pair of a name and a value, as APIs spell it.
fn is_name(member: &str) -> bool {
    member.eq_ignore_ascii_case("name")
}

/// A pair of a name and a value, as environment variables are: its value may be secret, its name is not.
fn is_pair(structure: &dyn Structure) -> bool {
    are_pair(structure.member_names().iter().map(String::as_str))
}

/// Whether these are the members of a pair of a name and a value, as environment variables are: the value may be secret,
/// the name is not.
pub fn are_pair<'m>(members: impl IntoIterator<Item = &'m str>) -> bool {
    let (mut names, mut values) = (0, 0);
    for member in members {
        if is_name(member) {
            names += 1;
        } else if member.eq_ignore_ascii_case("value") {
            values += 1;
        } else {
            return false;
        }
    }
    (names, values) == (1, 1)
}

/// A structure of which all members are secret.
#[derive(Debug)]
struct Sealed {
    inner: Arc<dyn Structure>,
    /// The names of pairs as well.
    names: bool,
}

impl Structure for Sealed {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn member_names(&self) -> Vec<String> {
        self.inner.member_names()
    }

    fn member(&self, name: &str) -> Option<Member> {
        let member = self.inner.member(name)?;
        if !self.names && is_pair(self.inner.as_ref()) && is_name(name) {
            return Some(Member {
                ty: member.ty.plain(),
                sensitive: false,
                ..member
            });
        }
        Some(Member {
            ty: member.ty.sealed(self.names),
            sensitive: true,
            ..member
        })
    }

    fn is_secret(&self) -> bool {
        true
    }
}

impl Type {
    /// Any text.
    #[must_use]
    pub fn text() -> Self {
        Self::Text(Arc::new(TextRule::default()))
    }

    /// One of the given texts.
    #[must_use]
    pub fn one_of(values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        Self::Text(Arc::new(TextRule {
            values,
            ..TextRule::default()
        }))
    }

    /// Any whole number.
    #[must_use]
    pub fn integer() -> Self {
        Self::Integer(Range::default(), None)
    }

    /// Any number.
    #[must_use]
    pub fn number() -> Self {
        Self::Number(Range::default())
    }

    /// An instant.
    #[must_use]
    pub fn timestamp() -> Self {
        Self::Timestamp(TimestampFormat::Protocol)
    }

    /// A list of the given elements, of any length.
    #[must_use]
    pub fn list(element: Self) -> Self {
        Self::List(Arc::new(ListType {
            element,
            min: None,
            max: None,
        }))
    }

    /// A mapping to the given values.
    #[must_use]
    pub fn map(value: Self) -> Self {
        Self::Map(Arc::new(value))
    }

    /// The same, or nothing. Optional of optional is optional.
    #[must_use]
    pub fn optional(self) -> Self {
        match self {
            Self::Any | Self::Absent | Self::Optional(_) => self,
            other => Self::Optional(Arc::new(other)),
        }
    }

    /// The same, with all that is in it secret.
    #[must_use]
    pub fn secret(&self) -> Self {
        self.sealed(true)
    }

    /// The same, with all that is in it secret; `names` says whether the names of pairs of a name and a value are too.
    fn sealed(&self, names: bool) -> Self {
        match self {
            Self::Optional(inner) => inner.sealed(names).optional(),
            Self::List(list) => Self::list(list.element.sealed(names)),
            Self::Map(value) => Self::map(value.sealed(names)),
            Self::Structure(structure) => Self::Structure(Arc::new(Sealed {
                inner: Arc::clone(structure),
                names,
            })),
            Self::Absent => Self::Absent,
            _ => Self::Secret,
        }
    }

    /// The same, with nothing in it that the model calls sensitive.
    #[must_use]
    pub fn plain(&self) -> Self {
        match self {
            Self::Optional(inner) => inner.plain().optional(),
            Self::List(list) => Self::List(Arc::new(ListType {
                element: list.element.plain(),
                ..list.as_ref().clone()
            })),
            Self::Map(value) => Self::map(value.plain()),
            Self::Structure(structure) => Self::Structure(Arc::new(Plain(Arc::clone(structure)))),
            Self::Text(rule) if rule.sensitive => Self::Text(Arc::new(TextRule {
                sensitive: false,
                ..rule.as_ref().clone()
            })),
            other => other.clone(),
        }
    }

    /// The type without its bounds: a result is compared with whatever one likes, and a default may stand outside of them.
    #[must_use]
    pub fn unbounded(&self) -> Self {
        match self.present() {
            Self::Text(_) | Self::JsonText | Self::Blob => Self::text(),
            Self::Integer(_, None) | Self::Number(_) => Self::Number(Range::default()),
            Self::Integer(_, unit) => Self::Integer(Range::default(), *unit),
            Self::List(list) => Self::list(list.element.unbounded()),
            Self::Structure(_) | Self::Map(_) => Self::Any,
            other => other.clone(),
        }
    }

    /// The type without "or nothing".
    #[must_use]
    pub fn present(&self) -> &Self {
        match self {
            Self::Optional(inner) => inner.present(),
            other => other,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any value"),
            Self::Boolean => f.write_str("boolean"),
            Self::Integer(_, None) => f.write_str("integer"),
            Self::Integer(_, Some(_)) => f.write_str("integer (a time)"),
            Self::Number(_) => f.write_str("number"),
            Self::Text(_) => f.write_str("text"),
            Self::Timestamp(_) => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
            Self::Blob => f.write_str("blob"),
            Self::JsonText => f.write_str("JSON document"),
            Self::List(list) => write!(f, "list of {}", list.element),
            Self::Map(value) => write!(f, "map of {value}"),
            Self::Structure(structure) => f.write_str(structure.name()),
            Self::Secret => f.write_str("secret"),
            Self::Absent => f.write_str("nothing"),
            Self::Optional(inner) => write!(f, "{inner}, may be absent"),
        }
    }
}
