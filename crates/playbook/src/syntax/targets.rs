//! A file of targets: the places at which a playbook is run, with what it is given at each.

use super::each::MaxErrors;
use super::fields::{Field, Fields};
use super::keys::{Shape, Table, key};
use super::playbook::VERSION;
use super::reader::Reader;
use crate::diagnostic::{Diagnostic, has_errors};
use crate::jsonpath::Path;
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::template::Data;
use crate::yaml::{self, Node};
use jiff::SignedDuration;

/// The key that makes a file one of targets.
pub const KEY: &str = "targets";

/// Names and what they are given.
pub type Members = Vec<(Spanned<String>, Spanned<Data>)>;

/// A file of targets.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetsFile {
    /// The playbook that runs on them, relative to the file.
    pub of: Option<Spanned<String>>,
    /// What all of them have that do not say otherwise.
    pub shared: Given,
    /// The accounts there are; empty where any may be named.
    pub accounts: Vec<Account>,
    /// Targets that are written out.
    pub list: Vec<Listed>,
    /// Targets that are all combinations of some values.
    pub matrix: Option<Matrix>,
    /// Targets that are found by reading.
    pub discover: Vec<Discover>,
    /// Which of all these are left out.
    pub exclude: Vec<Exclusion>,
    /// How a playbook is rolled out on them.
    pub rollout: Rollout,
    /// The key that makes it a file of targets.
    pub span: Span,
}

/// What a target is given besides its place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Given {
    /// What people call it.
    pub name: Option<Spanned<Data>>,
    /// The role that is assumed for it.
    pub role: Option<Spanned<Data>>,
    /// Inputs.
    pub inputs: Members,
    /// Words by which reports group it.
    pub labels: Members,
}

/// An account.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its twelve digits.
    pub id: Spanned<String>,
    /// What people call it.
    pub name: Option<Spanned<String>>,
    /// The role that is assumed in it.
    pub role: Option<Spanned<Data>>,
    /// The external id that the role asks for.
    pub external_id: Option<Spanned<String>>,
    /// The profile whose credentials are used.
    pub profile: Option<Spanned<String>>,
}

/// A target that is written out.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// Its account.
    pub account: Option<Spanned<String>>,
    /// Its region.
    pub region: Option<Spanned<String>>,
    /// The rest of it.
    pub given: Given,
    /// Where it stands.
    pub span: Span,
}

/// All combinations of some values.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Names and their values: `account`, `region`, and inputs.
    pub axes: Vec<(Spanned<String>, Vec<Spanned<Data>>)>,
    /// Where it stands.
    pub span: Span,
}

/// Targets that are found by reading, in each account and region.
#[derive(Debug, Clone, PartialEq)]
pub struct Discover {
    /// The action that is called.
    pub action: Spanned<String>,
    /// Its arguments.
    pub with: Members,
    /// Where its arguments stand.
    pub with_span: Span,
    /// What each target is made of.
    pub path: Path,
    /// The accounts in which it is called.
    pub accounts: Vec<Spanned<String>>,
    /// The regions in which it is called.
    pub regions: Vec<Spanned<String>>,
    /// The most items of a paginated result.
    pub limit: Option<Spanned<u32>>,
    /// What targets are given.
    pub given: Given,
    /// Where it stands.
    pub span: Span,
}

/// Which targets are left out: those that have all of these.
#[derive(Debug, Clone, PartialEq)]
pub struct Exclusion {
    /// Names and the values of which one fits: `name`, `account`, `region`, and inputs.
    pub members: Vec<(Spanned<String>, Vec<Spanned<Data>>)>,
    /// Where it stands.
    pub span: Span,
}

/// How a playbook is rolled out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rollout {
    /// How many targets run at a time.
    pub concurrency: Option<Spanned<u32>>,
    /// How many of one account.
    pub per_account: Option<Spanned<u32>>,
    /// How many of one region of one account.
    pub per_region: Option<Spanned<u32>>,
    /// How many may end badly.
    pub max_errors: Option<Spanned<MaxErrors>>,
    /// How many targets each wave has.
    pub waves: Vec<Spanned<MaxErrors>>,
    /// How long is waited between waves.
    pub pause: Option<Spanned<SignedDuration>>,
    /// Whether a person is asked before each wave but the first.
    pub approve: Option<Spanned<bool>>,
    /// Alarms that stop it.
    pub alarms: Vec<Spanned<String>>,
}

const NAME: super::keys::Key = key("name", Shape::Template, "What people call a target.");
const ROLE: super::keys::Key = key("role", Shape::Template, "The role that is assumed for it.");
const INPUTS: super::keys::Key = key(
    "inputs",
    Shape::Map(&Shape::Data),
    "What the playbook is given there.",
);
const LABELS: super::keys::Key = key(
    "labels",
    Shape::Map(&Shape::Template),
    "Words by which reports group targets.",
);

/// The keys of a file of targets.
pub static TARGETS: Table = Table {
    name: "a file of targets",
    example: "{targets: v1, list: [{region: eu-west-1}]}",
    keys: &[
        key(KEY, Shape::Word(&[VERSION]), "The version of the language.").required(),
        key(
            "of",
            Shape::Text,
            "The playbook that runs on them, relative to this file.",
        ),
        NAME,
        ROLE,
        INPUTS,
        LABELS,
        key(
            "accounts",
            Shape::Map(&Shape::Object(&ACCOUNT)),
            "The accounts there are, by their ids.",
        ),
        key(
            "list",
            Shape::List(&Shape::Object(&LISTED)),
            "Targets that are written out.",
        ),
        key(
            "matrix",
            Shape::Map(&Shape::OneOrMore(&Shape::Data)),
            "All combinations of these values: `account`, `region`, and inputs.",
        ),
        key(
            "discover",
            Shape::OneOrMore(&Shape::Object(&DISCOVER)),
            "Targets that are found by reading.",
        ),
        key(
            "exclude",
            Shape::List(&Shape::Map(&Shape::OneOrMore(&Shape::Data))),
            "Which of them are left out: those that have all of these.",
        ),
        key(
            "rollout",
            Shape::Object(&ROLLOUT),
            "How a playbook is rolled out on them.",
        ),
    ],
    includes: None,
};

/// The keys of an account.
pub static ACCOUNT: Table = Table {
    name: "an account",
    example: "{name: shop, role: arn:aws:iam::123456789012:role/runbook}",
    keys: &[
        key("name", Shape::Text, "What people call it."),
        key("role", Shape::Template, "The role that is assumed in it."),
        key(
            "external_id",
            Shape::Text,
            "The external id that the role asks for.",
        ),
        key(
            "profile",
            Shape::Text,
            "The profile whose credentials are used.",
        ),
    ],
    includes: None,
};

/// The keys of a target that is written out.
pub static LISTED: Table = Table {
    name: "a target",
    example: "{name: checkout, account: shop, region: eu-west-1}",
    keys: &[
        key(
            "account",
            Shape::Text,
            "Its account: the id, or the name below `accounts`.",
        ),
        key("region", Shape::Text, "Its region."),
        NAME,
        ROLE,
        INPUTS,
        LABELS,
    ],
    includes: None,
};

/// The keys of a discovery.
pub static DISCOVER: Table = Table {
    name: "a discovery",
    example: "{action: ecs:ListServices, path: \"$.serviceArns[*]\", regions: [eu-west-1]}",
    keys: &[
        key("action", Shape::Action, "What is called; it only reads.").required(),
        key("with", Shape::Map(&Shape::Data), "Its arguments."),
        key(
            "path",
            Shape::Path,
            "What each target is made of: `item` in the other keys.",
        )
        .required(),
        key(
            "accounts",
            Shape::OneOrMore(&Shape::Text),
            "The accounts in which it is called.",
        ),
        key(
            "regions",
            Shape::OneOrMore(&Shape::Text),
            "The regions in which it is called.",
        ),
        key(
            "limit",
            Shape::Integer(1),
            "The most items of a paginated result.",
        ),
        NAME,
        ROLE,
        INPUTS,
        LABELS,
    ],
    includes: None,
};

/// The keys of a rollout.
pub static ROLLOUT: Table = Table {
    name: "a rollout",
    example: "{concurrency: 10, max_errors: 5%, waves: [1, 10%, 100%]}",
    keys: &[
        key(
            "concurrency",
            Shape::Integer(1),
            "How many targets run at a time.",
        ),
        key(
            "per_account",
            Shape::Integer(1),
            "How many of one account run at a time.",
        ),
        key(
            "per_region",
            Shape::Integer(1),
            "How many of one region of one account run at a time.",
        ),
        key(
            "max_errors",
            Shape::Share,
            "How many targets may end badly; one more, and nothing more starts.",
        ),
        key(
            "waves",
            Shape::OneOrMore(&Shape::Share),
            "How many targets each wave has; the last size is repeated.",
        ),
        key("pause", Shape::Duration, "How long is waited after a wave."),
        key(
            "approve",
            Shape::Boolean,
            "A person says yes before each wave but the first.",
        ),
        key(
            "alarms",
            Shape::OneOrMore(&Shape::Text),
            "CloudWatch alarms, by name or ARN, that stop it.",
        ),
    ],
    includes: None,
};

/// Reads a file of targets; all its problems.
#[must_use]
pub fn parse(source: &Source) -> (Option<TargetsFile>, Vec<Diagnostic>) {
    let mut reader = Reader::new(source);
    let file = yaml::read(source, &mut reader.diagnostics)
        .and_then(|node| TargetsFile::read(&mut reader, &node));
    let mut diagnostics = reader.diagnostics;
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    (file.filter(|_| !has_errors(&diagnostics)), diagnostics)
}

impl TargetsFile {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = Fields::read(reader, node, &TARGETS, "the file", None)?;
        let version = fields.get(KEY);
        if let Some(version) = version {
            reader.word(&version, &[(VERSION, ())]);
        }
        let of = fields.get("of").and_then(|field| reader.text(&field));
        if let Some(of) = &of {
            reader.relative_path(of);
        }
        Some(Self {
            of,
            shared: Given::read(reader, &fields),
            accounts: entries(reader, &fields, "accounts", Account::read),
            list: elements(reader, &fields, "list", Listed::read),
            matrix: fields.get("matrix").map(|field| Matrix {
                axes: choices(reader, &field),
                span: field.key.span,
            }),
            discover: elements(reader, &fields, "discover", Discover::read),
            exclude: elements(reader, &fields, "exclude", |reader, field| {
                Some(Exclusion {
                    members: choices(reader, field),
                    span: field.node.span,
                })
            }),
            rollout: fields
                .get("rollout")
                .and_then(|field| Rollout::read(reader, field.node))
                .unwrap_or_default(),
            span: version.map_or(node.span, |version| version.key.span),
        })
    }
}

impl Given {
    fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Self {
        let mut template = |key| fields.get(key).and_then(|field| reader.template(&field));
        let (name, role) = (template("name"), template("role"));
        let mut members = |key| match fields.get(key) {
            Some(field) => reader.data_members(&field),
            None => Vec::new(),
        };
        Self {
            name,
            role,
            inputs: members("inputs"),
            labels: members("labels"),
        }
    }
}

impl Account {
    fn read(reader: &mut Reader<'_>, id: &Spanned<String>, node: &Node) -> Option<Self> {
        let owner = format!("account `{}`", id.value);
        let fields = Fields::read(reader, node, &ACCOUNT, &owner, None)?;
        let mut text = |key| fields.get(key).and_then(|field| reader.text(&field));
        Some(Self {
            id: id.clone(),
            name: text("name"),
            external_id: text("external_id"),
            profile: text("profile"),
            role: fields.get("role").and_then(|field| reader.template(&field)),
        })
    }
}

impl Listed {
    fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &LISTED, "a target", None)?;
        let mut text = |key| fields.get(key).and_then(|field| reader.text(&field));
        Some(Self {
            account: text("account"),
            region: text("region"),
            given: Given::read(reader, &fields),
            span: field.node.span,
        })
    }
}

impl Discover {
    fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &DISCOVER, "a discovery", None)?;
        let action = fields.get("action").and_then(|field| reader.action(&field));
        let path = fields.get("path").and_then(|field| reader.path(&field));
        let with = fields.get("with");
        let mut texts = |key| match fields.get(key) {
            Some(field) => reader.texts(&field),
            None => Vec::new(),
        };
        let (accounts, regions) = (texts("accounts"), texts("regions"));
        Some(Self {
            with: with
                .map(|field| reader.data_members(&field))
                .unwrap_or_default(),
            with_span: with.map_or(field.node.span, |with| with.key.span),
            limit: fields.get("limit").and_then(|field| reader.integer(&field)),
            given: Given::read(reader, &fields),
            action: action?,
            path: path?,
            accounts,
            regions,
            span: field.node.span,
        })
    }
}

impl Rollout {
    fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = Fields::read(reader, node, &ROLLOUT, "`rollout`", None)?;
        let mut integer = |key| fields.get(key).and_then(|field| reader.integer(&field));
        let (concurrency, per_account, per_region) = (
            integer("concurrency"),
            integer("per_account"),
            integer("per_region"),
        );
        let waves = fields.get("waves").map(|field| reader.elements(&field));
        let waves = waves.into_iter().flatten();
        Some(Self {
            concurrency,
            per_account,
            per_region,
            max_errors: fields
                .get("max_errors")
                .and_then(|field| MaxErrors::read(reader, &field)),
            waves: waves
                .filter_map(|field| MaxErrors::read(reader, &field))
                .collect(),
            pause: fields
                .get("pause")
                .and_then(|field| reader.duration(&field)),
            approve: fields
                .get("approve")
                .and_then(|field| reader.boolean(&field)),
            alarms: fields
                .get("alarms")
                .map(|field| reader.texts(&field))
                .unwrap_or_default(),
        })
    }
}

/// Names and the values of each.
fn choices(
    reader: &mut Reader<'_>,
    field: &Field<'_>,
) -> Vec<(Spanned<String>, Vec<Spanned<Data>>)> {
    let Some(members) = field.node.entries() else {
        reader.wrong_kind(&format!("`{}`", field.key.value), field.node, &field.shape);
        return Vec::new();
    };
    members
        .iter()
        .map(|(key, node)| {
            let values = match node.items() {
                Some(items) => items.iter().map(|item| reader.data(item)).collect(),
                None => vec![reader.data(node)],
            };
            (key.clone(), values)
        })
        .collect()
}

/// The entries of a mapping of mappings.
fn entries<T>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    mut read: impl FnMut(&mut Reader<'_>, &Spanned<String>, &Node) -> Option<T>,
) -> Vec<T> {
    let Some(field) = fields.get(key) else {
        return Vec::new();
    };
    let Some(members) = field.node.entries() else {
        reader.wrong_kind(&format!("`{key}`"), field.node, &field.shape);
        return Vec::new();
    };
    members
        .iter()
        .filter_map(|(key, node)| read(reader, key, node))
        .collect()
}

/// The elements of a list of mappings.
fn elements<T>(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    key: &str,
    mut read: impl FnMut(&mut Reader<'_>, &Field<'_>) -> Option<T>,
) -> Vec<T> {
    let Some(field) = fields.get(key) else {
        return Vec::new();
    };
    let elements = reader.elements(&field);
    elements
        .iter()
        .filter_map(|element| read(reader, element))
        .collect()
}
