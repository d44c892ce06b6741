//! `target`: where calls go, and where they may go.

use super::fields::Fields;
use super::keys::{Shape, Table, key};
use super::reader::Reader;
use crate::span::Spanned;
use crate::template::Data;
use crate::yaml::Node;

/// A step's own region, account or role.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StepTarget {
    /// The region.
    pub region: Option<Spanned<Data>>,
    /// The account that must be the one acted on.
    pub account: Option<Spanned<Data>>,
    /// The role to assume.
    pub role: Option<Spanned<Data>>,
}

/// The playbook's list of allowed targets; an empty list allows any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AllowedTargets {
    /// Account ids.
    pub accounts: Vec<Spanned<Data>>,
    /// Regions.
    pub regions: Vec<Spanned<Data>>,
    /// Roles.
    pub roles: Vec<Spanned<Data>>,
}

/// The keys of a step's `target`.
pub static STEP_TARGET: Table = Table {
    name: "a step's target",
    example: "{region: eu-west-1}",
    keys: &[
        key("region", Shape::Template, "The region."),
        key(
            "account",
            Shape::Template,
            "The account that must be the one acted on.",
        ),
        key("role", Shape::Template, "The role to assume."),
    ],
    includes: None,
};

/// The keys of the playbook's `target`.
pub static ALLOWED_TARGETS: Table = Table {
    name: "the playbook's target",
    example: "{regions: [us-east-1]}",
    keys: &[
        key(
            "accounts",
            Shape::OneOrMore(&Shape::Template),
            "Account ids.",
        ),
        key("regions", Shape::OneOrMore(&Shape::Template), "Regions."),
        key("roles", Shape::OneOrMore(&Shape::Template), "Roles."),
    ],
    includes: None,
};

impl StepTarget {
    /// Reads a step's `target`.
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = Fields::read(reader, node, &STEP_TARGET, "`target`", None)?;
        let mut value = |key| fields.get(key).and_then(|field| reader.template(&field));
        Some(Self {
            region: value("region"),
            account: value("account"),
            role: value("role"),
        })
    }
}

impl AllowedTargets {
    /// Reads the playbook's `target`.
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<Self> {
        let fields = Fields::read(reader, node, &ALLOWED_TARGETS, "`target`", None)?;
        let mut values = |key| {
            fields
                .get(key)
                .map(|field| reader.templates(&field))
                .unwrap_or_default()
        };
        Some(Self {
            accounts: values("accounts"),
            regions: values("regions"),
            roles: values("roles"),
        })
    }
}
