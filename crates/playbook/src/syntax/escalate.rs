//! `escalate`: what happens when a run did not end well, in a playbook or in a file that playbooks share.

use super::fields::{Field, Fields};
use super::keys::{Place, Shape, Table, key};
use super::reader::Reader;
use super::step::Step;
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::Expression;
use crate::span::{Span, Spanned};
use crate::template::Data;
use jiff::SignedDuration;

/// The whole construct.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Escalate {
    /// A shared file.
    pub uses: Option<Spanned<String>>,
    /// Its inputs.
    pub with: Vec<(Spanned<String>, Spanned<Data>)>,
    /// The level to begin with.
    pub level: Option<Spanned<u32>>,
    /// Names and how to reach them.
    pub contacts: Vec<(Spanned<String>, Spanned<Data>)>,
    /// When which level is told.
    pub levels: Vec<Level>,
    /// Reads that complete the evidence.
    pub gather: Vec<Step>,
    /// Steps that tell people.
    pub notify: Vec<Step>,
    /// The whole construct.
    pub span: Span,
}

/// One entry of `levels`.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The level.
    pub level: Spanned<u32>,
    /// `at: start`
    pub at_start: bool,
    /// `after: 30m`; beside `when` both must be so.
    pub after: Option<Spanned<SignedDuration>>,
    /// `when: …`
    pub when: Option<Expression>,
}

/// The keys of `escalate`.
pub static ESCALATE: Table = Table {
    name: "`escalate`",
    example: "{use: escalation.yaml, level: 2}",
    keys: &[
        key("use", Shape::Text, "A shared file that says the rest."),
        key(
            "with",
            Shape::Map(&Shape::Data),
            "Inputs of the shared file.",
        ),
        key(
            "level",
            Shape::Integer(0),
            "The level that is told when the run did not end well; 1 by default.",
        ),
        key(
            "contacts",
            Shape::Map(&Shape::Data),
            "Names and how to reach them.",
        ),
        key(
            "levels",
            Shape::List(&Shape::Object(&LEVEL)),
            "When which level is told.",
        ),
        key(
            "gather",
            Shape::Steps(Place::Gather),
            "Reads that complete the evidence.",
        ),
        key(
            "notify",
            Shape::Steps(Place::Notify),
            "Steps that tell people.",
        ),
    ],
    includes: None,
};

/// The keys of one of `levels`.
pub static LEVEL: Table = Table {
    name: "a level",
    example: "{level: 2, after: 30m}",
    keys: &[
        key("level", Shape::Integer(0), "The level.").required(),
        key(
            "at",
            Shape::Word(&["start"]),
            "`start`: told when the run starts.",
        ),
        key(
            "after",
            Shape::Duration,
            "Told when the run takes longer; beside `when`, where that is true then or later.",
        ),
        key(
            "when",
            Shape::Condition,
            "Told when true at the end; beside `after`, as soon as both are so.",
        ),
    ],
    includes: None,
};

impl Escalate {
    /// Reads `escalate`.
    pub(super) fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &ESCALATE, "`escalate`", None)?;
        let uses = fields.get("use").and_then(|field| reader.text(&field));
        if let Some(uses) = &uses {
            reader.relative_path(uses);
        }
        if let Some(uses) = fields.get("use") {
            for key in ["contacts", "levels", "notify"] {
                if let Some(own) = fields.get(key) {
                    reader.push(
                        Diagnostic::new(
                            Code::ConflictingKeys,
                            reader.source,
                            own.key.span,
                            format!("`{key}` stands beside `use`"),
                        )
                        .also(uses.key.span, "the shared file says it")
                        .help(format!(
                            "move `{key}` into the shared file, or leave `use` out"
                        )),
                    );
                }
            }
        }
        if let (Some(with), None) = (fields.get("with"), fields.get("use")) {
            reader.report(
                Code::MisplacedKey,
                with.key.span,
                "`with` has a meaning only with `use`",
                "delete it, or name the shared file: `use: escalation.yaml`",
            );
        }
        Some(Self {
            uses,
            with: fields
                .get("with")
                .map(|field| reader.data_members(&field))
                .unwrap_or_default(),
            level: fields.get("level").and_then(|field| reader.integer(&field)),
            ..Self::shared(reader, &fields)
        })
    }

    /// Reads what an escalation file and `escalate` in a playbook have in common.
    pub(super) fn shared(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Self {
        let levels = fields
            .get("levels")
            .map(|field| reader.elements(&field))
            .unwrap_or_default();
        let contacts = fields
            .get("contacts")
            .map(|field| reader.data_members(&field))
            .unwrap_or_default();
        for (name, _) in &contacts {
            reader.name("contact", name);
        }
        Self {
            contacts,
            levels: levels
                .iter()
                .filter_map(|element| Level::read(reader, element))
                .collect(),
            gather: fields
                .get("gather")
                .map(|field| Step::read_all(reader, &field, Place::Gather))
                .unwrap_or_default(),
            notify: fields
                .get("notify")
                .map(|field| Step::read_all(reader, &field, Place::Notify))
                .unwrap_or_default(),
            span: fields.span,
            ..Self::default()
        }
    }
}

impl Level {
    fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &LEVEL, "a level", None)?;
        let times: Vec<Field<'_>> = ["at", "after", "when"]
            .into_iter()
            .filter_map(|key| fields.get(key))
            .collect();
        match times.as_slice() {
            [] => reader.report(
                Code::MissingKey,
                fields.span,
                "a level does not say when it is told",
                "add `at: start`, `after: 30m` or `when: run.verdict == 'unresolved'`",
            ),
            [_] => {}
            [after, when] if after.key.value == "after" && when.key.value == "when" => {}
            [first, second, ..] => reader.report(
                Code::ConflictingKeys,
                second.key.span,
                format!(
                    "a level has `{}` and `{}`",
                    first.key.value, second.key.value
                ),
                "keep one of them; only `after` and `when` may stand together, and a level may stand in the list twice",
            ),
        }
        let level = fields
            .get("level")
            .and_then(|field| reader.integer(&field))?;
        Some(Self {
            level,
            at_start: fields
                .get("at")
                .and_then(|field| reader.word(&field, &[("start", true)]))
                .is_some(),
            after: fields
                .get("after")
                .and_then(|field| reader.duration(&field)),
            when: fields.get("when").map(|field| reader.expression(&field)),
        })
    }
}
