//! `inputs`: what a run is given.

use super::fields::Fields;
use super::keys::{Shape, Table, key};
use super::reader::Reader;
use crate::diagnostic::Code;
use crate::span::Spanned;
use crate::template::Data;
use crate::yaml::Node;

/// One input.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: Spanned<String>,
    /// Its type.
    pub kind: InputKind,
    /// The values it may have; empty for any.
    pub values: Vec<Spanned<Data>>,
    /// The value when none is given; may use earlier inputs. Without it the input is required.
    pub default: Option<Spanned<Data>>,
    /// The least number, length or duration.
    pub min: Option<Spanned<Data>>,
    /// The greatest number, length or duration.
    pub max: Option<Spanned<Data>>,
    /// A regular expression that the whole text must match.
    pub pattern: Option<Spanned<String>>,
    /// For people.
    pub description: Option<Spanned<String>>,
}

/// Types of inputs.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the types' own names")]
pub enum InputKind {
    String,
    Integer,
    Number,
    Boolean,
    Duration,
    Timestamp,
    Secret,
    /// Untyped JSON.
    Json,
    /// `type: list`, with `items: TYPE` (text by default).
    List(Box<InputKind>),
}

/// The types and their words; `list` is apart, for it has `items`.
const KINDS: [(&str, InputKind); 8] = [
    ("string", InputKind::String),
    ("integer", InputKind::Integer),
    ("number", InputKind::Number),
    ("boolean", InputKind::Boolean),
    ("duration", InputKind::Duration),
    ("timestamp", InputKind::Timestamp),
    ("secret", InputKind::Secret),
    ("json", InputKind::Json),
];
const WORDS: &[&str] = &[
    "string",
    "integer",
    "number",
    "boolean",
    "duration",
    "timestamp",
    "secret",
    "json",
    "list",
];
const ELEMENT_WORDS: &[&str] = &[
    "string",
    "integer",
    "number",
    "boolean",
    "duration",
    "timestamp",
    "secret",
    "json",
];

/// The keys of an input.
pub static INPUT: Table = Table {
    name: "an input",
    example: "{type: string, default: production}",
    keys: &[
        key("type", Shape::Word(WORDS), "What it is.").required(),
        key(
            "items",
            Shape::Word(ELEMENT_WORDS),
            "What the elements of a list are; `string` by default.",
        ),
        key(
            "enum",
            Shape::List(&Shape::Data),
            "The values that it may have.",
        ),
        key(
            "default",
            Shape::Data,
            "The value when none is given; without it the input is required.",
        ),
        key("min", Shape::Data, "The least number, length or duration."),
        key(
            "max",
            Shape::Data,
            "The greatest number, length or duration.",
        ),
        key(
            "pattern",
            Shape::Regex,
            "A regular expression that the whole text must match.",
        ),
        key("description", Shape::Text, "What it is for."),
    ],
    includes: None,
};

impl Input {
    /// Reads one entry of `inputs`.
    pub(super) fn read(
        reader: &mut Reader<'_>,
        name: &Spanned<String>,
        node: &Node,
    ) -> Option<Self> {
        reader.name("input", name);
        let fields = Fields::read(
            reader,
            node,
            &INPUT,
            &format!("input `{}`", name.value),
            None,
        )?;
        let items = fields.get("items");
        let element = items
            .and_then(|field| reader.word(&field, &kinds()))
            .map_or(InputKind::String, |index| kind(index.value));
        let kind = match fields.get("type") {
            Some(field) if field.node.text() == Some("list") => InputKind::List(Box::new(element)),
            Some(field) => {
                let mut words = kinds();
                words.push(("list", usize::MAX));
                let kind = reader.word(&field, &words).map(|index| kind(index.value));
                if let (Some(items), Some(_)) = (items, &kind) {
                    reader.report(
                        Code::MisplacedKey,
                        items.key.span,
                        "`items` has a meaning only with `type: list`",
                        "delete it, or write `type: list`",
                    );
                }
                kind.unwrap_or(InputKind::Json)
            }
            None => InputKind::Json,
        };
        let data =
            |reader: &mut Reader<'_>, key| fields.get(key).map(|field| reader.data(field.node));
        Some(Self {
            name: name.clone(),
            kind,
            values: fields
                .get("enum")
                .map(|field| reader.values(&field))
                .unwrap_or_default(),
            default: data(reader, "default"),
            min: data(reader, "min"),
            max: data(reader, "max"),
            pattern: fields.get("pattern").and_then(|field| reader.regex(&field)),
            description: fields
                .get("description")
                .and_then(|field| reader.text(&field)),
        })
    }
}

/// The words with the indexes of their types.
fn kinds() -> Vec<(&'static str, usize)> {
    KINDS
        .iter()
        .enumerate()
        .map(|(index, (word, _))| (*word, index))
        .collect()
}

fn kind(index: usize) -> InputKind {
    KINDS
        .get(index)
        .map_or(InputKind::Json, |(_, kind)| kind.clone())
}
