//! What expressions can see before a run.

use super::build::{Build, Place};
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::checked::Checked;
use runbook_playbook::expression::partial::{Origin, Partial, PartialScope};
use runbook_playbook::expression::{Expr, ExprKind, Scope, TypeScope, infer};
use runbook_playbook::inputs::type_of;
use runbook_playbook::span::Span;
use runbook_playbook::syntax::input::Input;
use runbook_playbook::types::{Member, Record, Structure, Type};
use runbook_playbook::value::Value;
use std::sync::Arc;

/// The names of the graphs, as expressions write them.
const GRAPHS: [&str; 7] = [
    "symptom", "diagnose", "resolve", "check", "verify", "gather", "notify",
];

/// Members of `run`.
const RUN: [&str; 11] = [
    "id",
    "started",
    "changed",
    "playbook",
    "title",
    "verdict",
    "reason",
    "explanation",
    "causes",
    "changes",
    "report",
];

/// The type of a member of `run`.
fn run_type(member: &str) -> Type {
    match member {
        "started" => Type::timestamp(),
        "changed" => Type::Boolean,
        "causes" | "changes" => Type::list(Type::text()),
        "reason" | "report" => Type::text().optional(),
        _ => Type::text(),
    }
}

/// A name that a step, or what encloses it, brings along: the element of a loop, `before`, a capture.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub value: Partial,
    pub ty: Type,
}

/// The names of one step.
pub(super) struct Names<'b, 'a> {
    pub build: &'b Build<'a>,
    pub place: &'b Place,
    pub locals: IndexMap<String, Local>,
}

impl<'b, 'a> Names<'b, 'a> {
    pub fn new(build: &'b Build<'a>, place: &'b Place) -> Self {
        Self {
            build,
            place,
            locals: place.locals.clone(),
        }
    }

    pub fn with(mut self, locals: &IndexMap<String, Local>) -> Self {
        for (name, local) in locals {
            self.locals.insert(name.clone(), local.clone());
        }
        self
    }

    /// A step of the same graph or block, or of one around it.
    fn sibling(&self, id: &str) -> Option<Partial> {
        let mut container = self.place.shown.as_str();
        loop {
            if let Some(value) = self.build.step_value(&format!("{container}.{id}")) {
                return Some(value);
            }
            container = container.rsplit_once('.')?.0;
        }
    }
}

impl PartialScope for Names<'_, '_> {
    fn lookup(&self, name: &str) -> Option<Partial> {
        if let Some(local) = self.locals.get(name) {
            return Some(local.value.clone());
        }
        let runtime = |ty: Type| Partial::unknown(ty, path_expr(name), [Origin::RunTime]);
        match name {
            "error" | "before" => Some(Partial::Known(Value::Absent)),
            "result" => Some(runtime(Type::Any)),
            "inputs" => Some(Partial::map(self.build.inputs.clone())),
            "cause" => Some(Partial::map(
                self.build
                    .plan
                    .checked
                    .causes
                    .keys()
                    .map(|cause| (cause.clone(), self.build.cause(cause)))
                    .collect(),
            )),
            "target" => Some(members(name, &["account", "region", "partition"], |_| {
                (Type::text(), Origin::Target)
            })),
            "run" => Some(members(name, &RUN, |member| {
                (run_type(member), Origin::RunTime)
            })),
            graph if GRAPHS.contains(&graph) => Some(
                self.build
                    .step_value(graph)
                    .unwrap_or_else(|| Partial::Known(Value::map(IndexMap::new()))),
            ),
            id => self.sibling(id),
        }
    }

    fn now(&self) -> Option<Timestamp> {
        None
    }

    fn since(&self, _: SignedDuration) -> Option<Timestamp> {
        None
    }

    fn type_of(&self, residual: &Expr) -> Type {
        infer(residual, &Types(self)).0
    }
}

/// A mapping of values that only a run knows.
fn members(name: &str, all: &[&str], of: impl Fn(&str) -> (Type, Origin)) -> Partial {
    Partial::Map(
        all.iter()
            .map(|member| {
                let (ty, origin) = of(member);
                let value = Partial::unknown(ty, path_expr(&format!("{name}.{member}")), [origin]);
                ((*member).to_owned(), value)
            })
            .collect(),
    )
}

/// The expression of a dotted path of names.
pub(super) fn path_expr(path: &str) -> Expr {
    let span = Span::default();
    let mut names = path.split('.');
    let first = names.next().unwrap_or_default();
    let root = Expr {
        kind: ExprKind::Name(first.to_owned()),
        span,
    };
    names.fold(root, |inner, name| Expr {
        kind: ExprKind::Member(Box::new(inner), name.to_owned()),
        span,
    })
}

/// What is known of a scope, for what takes nothing else: paths with names in their filters.
pub(super) struct KnownNames<'n, 'b, 'a>(pub &'n Names<'b, 'a>);

impl Scope for KnownNames<'_, '_, '_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        Some(known_part(&self.0.lookup(name)?))
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn since(&self, _: SignedDuration) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// What is known of a value; the rest is unknown.
fn known_part(partial: &Partial) -> Value {
    match partial {
        Partial::Known(value) => value.clone(),
        Partial::Map(entries) => Value::map(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), known_part(value)))
                .collect(),
        ),
        Partial::List(items) => Value::list(items.iter().map(known_part).collect()),
        Partial::Unknown(_) | Partial::Text(_) => Value::Unknown,
    }
}

/// The types of names, by which the type of what is left of an expression is told.
struct Types<'n, 'b, 'a>(&'n Names<'b, 'a>);

impl TypeScope for Types<'_, '_, '_> {
    fn name(&self, name: &str) -> Option<Type> {
        if let Some(local) = self.0.locals.get(name) {
            return Some(local.ty.clone());
        }
        let checked = &self.0.build.plan.checked;
        Some(match name {
            "now" => Type::timestamp(),
            "inputs" => checked
                .playbook
                .inputs
                .iter()
                .fold(Record::new("`inputs`"), |record, input| {
                    record.required(&input.name.value, type_of(input))
                })
                .build(),
            "cause" => checked
                .causes
                .keys()
                .fold(Record::new("`cause`"), |record, cause| {
                    record.required(cause, Type::Boolean)
                })
                .build(),
            "run" => RUN
                .iter()
                .fold(Record::new("`run`"), |record, member| {
                    record.required(member, run_type(member))
                })
                .build(),
            "target" => Record::new("`target`")
                .required("account", Type::text())
                .required("region", Type::text())
                .required("partition", Type::text())
                .build(),
            graph if GRAPHS.contains(&graph) => Type::Structure(Arc::new(Steps {
                checked: Arc::clone(checked),
                path: graph.to_owned(),
            })),
            _ => Type::Any,
        })
    }
}

/// A step or a graph as a structure: what it offers, and the steps inside of it.
#[derive(Debug)]
struct Steps {
    checked: Arc<Checked>,
    path: String,
}

impl Structure for Steps {
    fn name(&self) -> &str {
        &self.path
    }

    fn member_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn member(&self, name: &str) -> Option<Member> {
        Some(Member::required(step_type(&self.checked, &self.path, name)))
    }
}

/// The name of a step in the playbook, where `verify` reads the symptom again.
pub(super) fn in_playbook<'p>(checked: &Checked, path: &'p str) -> std::borrow::Cow<'p, str> {
    match path.strip_prefix("verify.") {
        Some(rest) if !checked.steps.contains_key(path) => format!("symptom.{rest}").into(),
        _ => path.into(),
    }
}

/// The type of what a step offers to others.
pub(super) fn step_type(checked: &Arc<Checked>, path: &str, part: &str) -> Type {
    let name = in_playbook(checked, path);
    if let Some(step) = checked.steps.get(name.as_ref())
        && let Some(ty) = step.captures.get(part)
    {
        return if step.repeats {
            Type::list(ty.clone())
        } else {
            ty.clone()
        };
    }
    match part {
        "holds" | "truncated" => Type::Boolean,
        "status" => Type::one_of(&["done", "skipped", "blocked", "failed", "undone"]),
        "error" => error_type(),
        _ => Type::Structure(Arc::new(Steps {
            checked: Arc::clone(checked),
            path: format!("{path}.{part}"),
        })),
    }
}

/// The type of `error`.
pub(super) fn error_type() -> Type {
    Record::new("the error")
        .required("code", Type::text())
        .required("message", Type::text())
        .build()
}

/// An input without a value, as a review of a playbook sees it.
pub(super) fn not_given(input: &Input) -> Partial {
    let name = &input.name.value;
    Partial::unknown(
        type_of(input),
        path_expr(&format!("inputs.{name}")),
        [Origin::Caller(format!("inputs.{name}"))],
    )
}
