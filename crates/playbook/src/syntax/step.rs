//! A step: one typed action, a block of steps, or reasoning over what was read.

use super::approve::Approve;
use super::assertion::Assertion;
use super::capture::Capture;
use super::cause::CauseFinder;
use super::each::{self, Each};
use super::fields::{Field, Fields};
use super::keys::{Place, Shape};
use super::reader::Reader;
use super::retry::Retry;
use super::step_keys::{self, BEFORE, SHOW, STEP};
use super::target::StepTarget;
use crate::catalog::Effect;
use crate::diagnostic::Code;
use crate::expression::Expression;
use crate::jsonpath::Path;
use crate::span::{Span, Spanned};
use crate::template::Data;
use crate::yaml::{Node, NodeKind};
use jiff::SignedDuration;

/// One step of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its id, unique in its graph or block.
    pub id: Spanned<String>,
    /// For people.
    pub title: Option<Spanned<String>>,
    /// For people.
    pub description: Option<Spanned<String>>,
    /// What it does.
    pub work: Work,
    /// Causes that it mends: runs if one of them was found. Empty when not said.
    pub for_causes: Vec<Spanned<String>>,
    /// Skipped unless true.
    pub when: Option<Expression>,
    /// Replaces the order that the graph implies; `Some(vec![])` means no predecessor.
    pub needs: Option<Vec<Spanned<String>>>,
    /// What it keeps.
    pub capture: Vec<Capture>,
    /// Must be true for the step to mean anything.
    pub require: Vec<Assertion>,
    /// Its claim, or what must be true after it.
    pub assert: Vec<Assertion>,
    /// Causes that it may find.
    pub causes: Vec<CauseFinder>,
    /// Error codes that are an answer.
    pub expect_error: Vec<Spanned<String>>,
    /// Once for each element.
    pub each: Option<Each>,
    /// Polls a read until true.
    pub until: Option<Until>,
    /// Tries again.
    pub retry: Vec<Retry>,
    /// The most items of a paginated result.
    pub limit: Option<Spanned<u32>>,
    /// The most time over all attempts, waits included, approval not.
    pub timeout: Option<Spanned<SignedDuration>>,
    /// An effect that the author states.
    pub effect: Option<Spanned<Effect>>,
    /// What a failure means for the block. `None` is `stop`.
    pub on_error: Option<Spanned<OnError>>,
    /// A read whose result stays as `before`.
    pub before: Option<Box<Before>>,
    /// Takes this step back.
    pub undo: Vec<Step>,
    /// Who must say yes.
    pub approve: Approve,
    /// Where it acts.
    pub target: Option<StepTarget>,
    /// What is masked everywhere.
    pub sensitive: Option<Sensitive>,
    /// What is drawn.
    pub show: Option<Show>,
    /// The whole step.
    pub span: Span,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Calls an action.
    Action(Call),
    /// Runs steps, and some whatever happened.
    Block {
        /// The steps.
        steps: Vec<Step>,
        /// Run whatever happened, cancellation included.
        finally: Vec<Step>,
    },
    /// Only reasons over what was read.
    Reason,
}

/// An action and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `service:Operation`
    pub action: Spanned<String>,
    /// The arguments, in written order. Keys that begin with `$` are paths into `base`.
    pub with: Vec<(Spanned<String>, Spanned<Data>)>,
    /// The captured structure that the arguments begin from.
    pub base: Option<Expression>,
}

/// `before`: a read made just before the step.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// The call.
    pub call: Call,
    /// A path into its result, when only a part stays as `before`.
    pub path: Option<Path>,
    /// The whole construct.
    pub span: Span,
}

/// `until`: polls until its assertions are true.
#[derive(Debug, Clone, PartialEq)]
pub struct Until {
    /// What must become true.
    pub assertions: Vec<Assertion>,
    /// The wait between two reads; 10 seconds by default. The keys `every` and `within` stand in the step beside `until`.
    pub every: SignedDuration,
    /// The longest wait; 5 minutes by default.
    pub within: SignedDuration,
}

/// What a failure means for the enclosing block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// What follows does not run.
    #[default]
    Stop,
    /// What follows runs.
    Continue,
    /// What the enclosing block did is taken back.
    Undo,
}

/// What is masked everywhere.
#[derive(Debug, Clone, PartialEq)]
pub enum Sensitive {
    /// The whole result.
    All,
    /// Parts of the result.
    Paths(Vec<Path>),
    /// Nothing: the author states that what the model calls sensitive is not.
    Nothing,
}

/// What is drawn in the terminal and the report.
#[derive(Debug, Clone, PartialEq)]
pub enum Show {
    /// A series of points.
    Chart {
        /// The capture that has the points.
        series: Expression,
        /// A line across.
        threshold: Option<Spanned<Data>>,
    },
    /// Rows.
    Table {
        /// The capture that has the rows.
        rows: Expression,
        /// The members shown; empty for all.
        columns: Vec<Spanned<String>>,
    },
}

impl Step {
    /// The path of the playbook that it runs, where it runs one and the path is written out.
    #[must_use]
    pub fn runs(&self) -> Option<&str> {
        let Work::Action(call) = &self.work else {
            return None;
        };
        let mut given = call.with.iter();
        match given.find(|(name, _)| name.value == "path") {
            Some((_, data)) if call.action.value == "playbook:Run" => match &data.value {
                Data::Scalar(scalar) => Some(&scalar.text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Reads a mapping of steps.
    pub(super) fn read_all(reader: &mut Reader<'_>, field: &Field<'_>, place: Place) -> Vec<Self> {
        let Some(entries) = field.node.entries() else {
            reader.wrong_kind(&format!("`{}`", field.key.value), field.node, &field.shape);
            return Vec::new();
        };
        if entries.is_empty() {
            reader.report(
                Code::MissingKey,
                field.key.span,
                format!("`{}` has no steps", field.key.value),
                "add a step, or delete the key",
            );
        }
        entries
            .iter()
            .filter_map(|(id, node)| Self::read(reader, id, node, place))
            .collect()
    }

    /// Reads one step.
    fn read(
        reader: &mut Reader<'_>,
        id: &Spanned<String>,
        node: &Node,
        place: Place,
    ) -> Option<Self> {
        reader.name("step", id);
        Self::read_named(reader, id, node, place)
    }

    fn read_named(
        reader: &mut Reader<'_>,
        id: &Spanned<String>,
        node: &Node,
        place: Place,
    ) -> Option<Self> {
        let owner = format!("step `{}`", id.value);
        let fields = Fields::read(reader, node, &STEP, &owner, Some(place))?;
        step_keys::check(reader, &fields, place, &owner);
        let assertions = |reader: &mut Reader<'_>, key| {
            fields
                .get(key)
                .map(|field| Assertion::read_all(reader, &field))
                .unwrap_or_default()
        };
        let texts = |reader: &mut Reader<'_>, key| {
            fields
                .get(key)
                .map(|field| reader.texts(&field))
                .unwrap_or_default()
        };
        let each = fields
            .get("each")
            .and_then(|field| Each::read(reader, &field, &fields));
        if fields.get("each").is_none() {
            each::bounds_without_each(reader, &fields);
        }
        Some(Self {
            id: id.clone(),
            title: fields.get("title").and_then(|field| reader.text(&field)),
            description: fields
                .get("description")
                .and_then(|field| reader.text(&field)),
            work: Work::read(reader, &fields, place),
            for_causes: texts(reader, "for"),
            when: fields.get("when").map(|field| reader.expression(&field)),
            needs: fields.get("needs").map(|field| reader.texts(&field)),
            capture: fields
                .get("capture")
                .map(|field| captures(reader, &field))
                .unwrap_or_default(),
            require: assertions(reader, "require"),
            assert: assertions(reader, "assert"),
            causes: fields
                .get("causes")
                .map(|field| causes(reader, &field))
                .unwrap_or_default(),
            expect_error: texts(reader, "expect_error"),
            each,
            until: fields
                .get("until")
                .map(|field| Until::read(reader, &field, &fields)),
            retry: fields
                .get("retry")
                .map(|field| retries(reader, &field))
                .unwrap_or_default(),
            limit: fields.get("limit").and_then(|field| reader.integer(&field)),
            timeout: fields
                .get("timeout")
                .and_then(|field| reader.duration(&field)),
            effect: fields.get("effect").and_then(|field| {
                reader.word(&field, &Effect::ALL.map(|effect| (effect.as_str(), effect)))
            }),
            on_error: fields
                .get("on_error")
                .and_then(|field| reader.word(&field, &ON_ERROR)),
            before: fields
                .get("before")
                .and_then(|field| Before::read(reader, &field))
                .map(Box::new),
            undo: fields
                .get("undo")
                .map(|field| undo(reader, id, &field))
                .unwrap_or_default(),
            approve: fields
                .get("approve")
                .map(|field| Approve::read(reader, &field))
                .unwrap_or_default(),
            target: fields
                .get("target")
                .and_then(|field| StepTarget::read(reader, field.node)),
            sensitive: fields
                .get("sensitive")
                .and_then(|field| Sensitive::read(reader, &field)),
            show: fields
                .get("show")
                .and_then(|field| Show::read(reader, &field)),
            span: Span::new(id.span.start, node.span.end.max(id.span.end)),
        })
    }
}

const ON_ERROR: [(&str, OnError); 3] = [
    ("stop", OnError::Stop),
    ("continue", OnError::Continue),
    ("undo", OnError::Undo),
];

impl Work {
    fn read(reader: &mut Reader<'_>, fields: &Fields<'_>, place: Place) -> Self {
        if fields.get("action").is_some() {
            return Call::read(reader, fields).map_or(Self::Reason, Self::Action);
        }
        let mut steps = |key| {
            fields
                .get(key)
                .map(|field| Step::read_all(reader, &field, place))
        };
        let (block, finally) = (steps("steps"), steps("finally"));
        if block.is_none() && finally.is_none() {
            return Self::Reason;
        }
        Self::Block {
            steps: block.unwrap_or_default(),
            finally: finally.unwrap_or_default(),
        }
    }
}

impl Call {
    /// Reads `action`, `with` and `base`.
    fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Self> {
        let with = fields
            .get("with")
            .map(|field| reader.data_members(&field))
            .unwrap_or_default();
        let base = fields.get("base").map(|field| reader.expression(&field));
        if base.is_none() {
            for (key, _) in with
                .iter()
                .filter(|(key, _)| key.starts_with('$') && !key.contains("${{"))
            {
                reader.report(
                    Code::MisplacedKey,
                    key.span,
                    "a key that begins with `$` is a path into `base`, and there is none",
                    "add `base:` with a captured structure, or name the member",
                );
            }
        }
        let action = reader.action(&fields.get("action")?)?;
        Some(Self { action, with, base })
    }
}

impl Before {
    fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &BEFORE, "`before`", None)?;
        let path = fields.get("path").and_then(|field| reader.path(&field));
        Some(Self {
            call: Call::read(reader, &fields)?,
            path,
            span: Span::new(field.key.span.start, fields.span.end),
        })
    }
}

impl Until {
    fn read(reader: &mut Reader<'_>, field: &Field<'_>, step: &Fields<'_>) -> Self {
        let assertions = Assertion::read_all(reader, field);
        let mut duration = |key, default| {
            step.get(key)
                .and_then(|field| reader.duration(&field))
                .map_or(default, |length| length.value)
        };
        Self {
            assertions,
            every: duration("every", SignedDuration::from_secs(10)),
            within: duration("within", SignedDuration::from_mins(5)),
        }
    }
}

impl Sensitive {
    fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        if let Some(text) = field.node.text().filter(|text| !text.starts_with('$')) {
            if text == "true" {
                return Some(Self::All);
            }
            if text == "false" {
                return Some(Self::Nothing);
            }
            reader.report(
                Code::WrongKind,
                field.node.span,
                format!("`sensitive` cannot be `{text}`"),
                "write `true` for the whole result, a list of JSONPaths: `[$.password]`, or `false` where nothing in the call is secret although its model says so",
            );
            return None;
        }
        let paths = Field {
            shape: Shape::OneOrMore(&Shape::Path),
            ..*field
        };
        let paths = reader
            .elements(&paths)
            .iter()
            .filter_map(|element| reader.path(element))
            .collect();
        Some(Self::Paths(paths))
    }
}

impl Show {
    fn read(reader: &mut Reader<'_>, field: &Field<'_>) -> Option<Self> {
        let fields = Fields::read(reader, field.node, &SHOW, "`show`", None)?;
        let belongs = |reader: &mut Reader<'_>, key: &str, to: &str| {
            if let (Some(field), None) = (fields.get(key), fields.get(to)) {
                reader.report(
                    Code::MisplacedKey,
                    field.key.span,
                    format!("`{key}` has a meaning only with `{to}`"),
                    format!("delete it, or add `{to}:` with a capture"),
                );
            }
        };
        belongs(reader, "threshold", "chart");
        belongs(reader, "columns", "table");
        match (fields.get("chart"), fields.get("table")) {
            (Some(_), Some(table)) => {
                reader.report(
                    Code::ConflictingKeys,
                    table.key.span,
                    "`show` has a chart and a table",
                    "keep one; a step without an action can show the other",
                );
                None
            }
            (Some(chart), None) => Some(Self::Chart {
                series: reader.expression(&chart),
                threshold: fields.get("threshold").map(|field| reader.data(field.node)),
            }),
            (None, Some(table)) => Some(Self::Table {
                rows: reader.expression(&table),
                columns: fields
                    .get("columns")
                    .map(|field| reader.texts(&field))
                    .unwrap_or_default(),
            }),
            (None, None) => {
                reader.report(
                    Code::MissingKey,
                    field.key.span,
                    "`show` does not say what is drawn",
                    "write `{chart: points}` or `{table: rows}` with the name of a capture",
                );
                None
            }
        }
    }
}

fn captures(reader: &mut Reader<'_>, field: &Field<'_>) -> Vec<Capture> {
    let Some(entries) = field.node.entries() else {
        reader.wrong_kind("`capture`", field.node, &field.shape);
        return Vec::new();
    };
    entries
        .iter()
        .map(|(name, node)| Capture::read(reader, name, node))
        .collect()
}

fn causes(reader: &mut Reader<'_>, field: &Field<'_>) -> Vec<CauseFinder> {
    let Some(entries) = field.node.entries() else {
        reader.wrong_kind("`causes`", field.node, &field.shape);
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(name, node)| CauseFinder::read(reader, name, node))
        .collect()
}

fn retries(reader: &mut Reader<'_>, field: &Field<'_>) -> Vec<Retry> {
    reader
        .elements(field)
        .iter()
        .filter_map(|rule| Retry::read(reader, rule))
        .collect()
}

/// Reads `undo`: one step, which gets the id of the step that it takes back, or a mapping of steps.
fn undo(reader: &mut Reader<'_>, id: &Spanned<String>, field: &Field<'_>) -> Vec<Step> {
    let single = field.node.entries().is_some_and(|entries| {
        entries
            .iter()
            .any(|(key, node)| match (STEP.key(key), &node.kind) {
                (_, NodeKind::Scalar { .. } | NodeKind::List(_)) => true,
                (Some(_), NodeKind::Map(_)) => {
                    key.value == "with" && node.get("action").is_none()
                        || key.value == "steps"
                            && node.get("action").is_none()
                            && node.get("steps").is_none()
                }
                (None, NodeKind::Map(_)) => false,
            })
    });
    if single {
        Step::read_named(reader, id, field.node, Place::Undo)
            .into_iter()
            .collect()
    } else {
        Step::read_all(reader, field, Place::Undo)
    }
}
