//! What type every name has where it stands.

use super::index::{Entry, GroupId, Index, Part, Stage, StepId};
use super::library::Library;
use super::names::{RUN, TARGET, Viewpoint, locals, neighbours};
use super::order::Order;
use super::sensitive;
use super::uses::Moment;
use crate::expression::{TypeScope, infer};
use crate::inputs::type_of;
use crate::jsonpath::Path;
use crate::syntax::capture::{Capture, CaptureFrom, Convert};
use crate::syntax::step::{Call, Work};
use crate::template::{Data, read_scalar};
use crate::types::{Member, Record, Structure, Type};
use crate::value::Value;
use indexmap::IndexMap;
use std::cell::OnceCell;
use std::sync::{Arc, LazyLock};

/// How a run can end, as `verdict` says it.
pub(super) const VERDICTS: [&str; 11] = [
    "absent",
    "diagnosed",
    "resolved",
    "unresolved",
    "done",
    "healthy",
    "unhealthy",
    "failed",
    "undone",
    "aborted",
    "paused",
];

/// The types of a playbook's names.
#[derive(Debug)]
pub(super) struct Types<'a> {
    index: &'a Index<'a>,
    inputs: Type,
    /// For each step the type of its result.
    results: Vec<Type>,
    /// For each step the types of its captures, as they are inside the step.
    captures: Vec<IndexMap<&'a str, Type>>,
    /// What names mean wherever they stand, made when it is first asked for: once all captures have types.
    made: Option<Made>,
}

/// Types that every mention of a name shares.
#[derive(Debug)]
struct Made {
    /// For each step what it offers to others.
    steps: Vec<OnceCell<Type>>,
    /// For each graph its steps.
    stages: [OnceCell<Type>; Stage::ALL.len()],
    /// `cause`.
    causes: OnceCell<Type>,
}

/// `run`.
static RUN_TYPE: LazyLock<Type> = LazyLock::new(|| {
    let member = |name: &'static str| match name {
        "started" => (name, Type::timestamp()),
        "changed" => (name, Type::Boolean),
        "verdict" => (name, Type::one_of(&VERDICTS)),
        "causes" | "changes" => (name, Type::list(Type::text())),
        "reason" | "report" => (name, Type::text().optional()),
        _ => (name, Type::text()),
    };
    namespace("run", RUN.into_iter().map(member))
});

/// `target`.
static TARGET_TYPE: LazyLock<Type> = LazyLock::new(|| {
    namespace(
        "target",
        TARGET.into_iter().map(|name| (name, Type::text())),
    )
});

/// `error`. Its members are absent where there was no error, but `error.code == '…'` is how one asks, and `==` with what is
/// absent is false; so they count as texts.
static ERROR_TYPE: LazyLock<Type> = LazyLock::new(|| {
    Record::new("the error")
        .required("code", Type::text())
        .required("message", Type::text())
        .build()
});

/// `status` of a step.
static STATUS_TYPE: LazyLock<Type> =
    LazyLock::new(|| Type::one_of(&["done", "skipped", "blocked", "failed", "undone"]));

impl<'a> Types<'a> {
    pub(super) fn new(
        index: &'a Index<'a>,
        order: &Order,
        id: &str,
        library: &dyn Library,
    ) -> Self {
        let inputs = index.playbook.inputs.iter();
        let inputs = inputs.map(|input| (input.name.value.as_str(), type_of(input)));
        let mut types = Self {
            index,
            inputs: namespace("inputs", inputs),
            results: index
                .steps
                .iter()
                .map(|entry| sensitive::marked(entry.step, result(entry, id, library)))
                .collect(),
            captures: vec![IndexMap::new(); index.steps.len()],
            made: None,
        };
        for step in order.sequence.iter().copied() {
            let declared = &index.entry(step).step.capture;
            for (at, capture) in declared.iter().enumerate() {
                let ty = types.of_capture(step, at, capture);
                types.captures[step].insert(&capture.name.value, ty);
            }
        }
        types.made = Some(Made {
            steps: vec![OnceCell::new(); index.steps.len()],
            stages: Default::default(),
            causes: OnceCell::new(),
        });
        types
    }

    /// What names mean from somewhere.
    pub(super) fn from(&self, viewpoint: Viewpoint) -> NameTypes<'_, 'a> {
        NameTypes {
            types: self,
            viewpoint,
        }
    }

    /// The types of a step's captures, as they are inside the step.
    pub(super) fn kept(&self, step: StepId) -> IndexMap<String, Type> {
        let own = self.captures.get(step).into_iter().flatten();
        own.map(|(name, ty)| ((*name).to_owned(), ty.clone()))
            .collect()
    }

    /// The result of a step's action inside the step.
    pub(super) fn result(&self, step: StepId) -> Type {
        self.results.get(step).cloned().unwrap_or(Type::Any)
    }

    /// The result of a step's `before`.
    pub(super) fn before_result(&self, step: StepId) -> Type {
        let entry = self.index.entry(step);
        entry
            .before
            .as_ref()
            .map_or(Type::Any, |action| action.output.clone())
    }

    /// The value that a capture has before it is converted and without its default.
    pub(super) fn found(&self, step: StepId, at: usize, capture: &Capture) -> Type {
        let ty = match &capture.from {
            CaptureFrom::Path(path) => value_of(path, &self.result(step)),
            CaptureFrom::Expression(expression) => {
                let scope = self.from(Viewpoint::Step(step, Moment::Capture(at)));
                infer(&expression.root, &scope).0
            }
        };
        match (&capture.take, ty.present()) {
            (Some(_), Type::List(list)) => list.element.present().clone(),
            _ => ty.present().clone(),
        }
    }

    fn of_capture(&self, step: StepId, at: usize, capture: &Capture) -> Type {
        let found = self.found(step, at, capture);
        let ty = capture
            .convert
            .as_ref()
            .map_or(found.clone(), |convert| converted(&found, convert.value));
        match &capture.default {
            Some(default) if default.value.is_absent() => ty.optional(),
            Some(default) if is_outside(&default.value, &ty) => Type::text(),
            _ => ty,
        }
    }

    /// What a step offers to others.
    pub(super) fn step(&self, step: StepId) -> Type {
        match self.made.as_ref().and_then(|made| made.steps.get(step)) {
            Some(made) => made.get_or_init(|| self.offered(step)).clone(),
            None => self.offered(step),
        }
    }

    fn offered(&self, step: StepId) -> Type {
        let entry = self.index.entry(step);
        let own = self.captures.get(step).into_iter().flatten();
        let many = entry.step.each.is_some();
        let captures = own.map(|(name, ty)| {
            let ty = if many {
                Type::list(ty.clone())
            } else {
                ty.clone()
            };
            (*name, ty)
        });
        let mut members: IndexMap<String, Type> = [
            ("holds", Type::Boolean),
            ("status", STATUS_TYPE.clone()),
            ("truncated", Type::Boolean),
            ("error", ERROR_TYPE.clone()),
        ]
        .into_iter()
        .chain(captures)
        .map(|(name, ty)| (name.to_owned(), ty))
        .collect();
        if let Some(inner) = entry.steps {
            members.extend(self.group(inner));
        }
        let id = &entry.step.id.value;
        Type::Structure(Arc::new(Namespace {
            name: format!("the step `{id}`"),
            members,
        }))
    }

    /// The steps of a graph.
    fn stage(&self, stage: Stage) -> Type {
        let made = self.made.as_ref();
        match made.and_then(|made| made.stages.get(stage as usize)) {
            Some(made) => made.get_or_init(|| self.graph(stage)).clone(),
            None => self.graph(stage),
        }
    }

    fn graph(&self, stage: Stage) -> Type {
        let steps = self.index.graph(stage).map(|graph| self.group(graph));
        let steps = steps.unwrap_or_default();
        namespace(
            stage.as_str(),
            steps.iter().map(|(id, ty)| (id.as_str(), ty.clone())),
        )
    }

    fn causes(&self) -> Type {
        let causes = self.index.causes().into_iter();
        namespace("cause", causes.map(|name| (name, Type::Boolean)))
    }

    fn group(&self, group: GroupId) -> Vec<(String, Type)> {
        let members = self.index.group(group).members.iter();
        members
            .map(|id| (self.index.entry(*id).step.id.value.clone(), self.step(*id)))
            .collect()
    }

    /// The type of a name of the step itself, of the step that it undoes, or of a block that repeats it.
    fn local(&self, step: StepId, name: &str) -> Type {
        let entry = self.index.entry(step);
        if entry
            .step
            .each
            .as_ref()
            .is_some_and(|each| each.name.value == name)
        {
            return self.element(step);
        }
        match name {
            "result" => {
                let result = self.result(step);
                return if entry.step.expect_error.is_empty() {
                    result
                } else {
                    result.optional()
                };
            }
            "error" => return ERROR_TYPE.clone(),
            "before" if entry.step.before.is_some() => return self.before(step),
            _ => {}
        }
        if let Some(ty) = self.captures.get(step).and_then(|own| own.get(name)) {
            return ty.clone();
        }
        for (group, _) in self.index.chain(step) {
            let group = self.index.group(group);
            let Some(owner) = group.owner else { continue };
            let step = self.index.entry(owner).step;
            if step
                .each
                .as_ref()
                .is_some_and(|each| each.name.value == name)
            {
                return self.element(owner);
            }
            if group.part == Part::Undo {
                if name == "before" && step.before.is_some() {
                    return self.before(owner);
                }
                if let Some(ty) = self.captures.get(owner).and_then(|own| own.get(name)) {
                    return ty.clone();
                }
            }
        }
        Type::Any
    }

    fn before(&self, step: StepId) -> Type {
        let result = self.before_result(step);
        let before = self.index.entry(step).step.before.as_ref();
        match before.and_then(|before| before.path.as_ref()) {
            Some(path) => value_of(path, &result),
            None => result,
        }
    }

    fn element(&self, step: StepId) -> Type {
        let Some(each) = &self.index.entry(step).step.each else {
            return Type::Any;
        };
        let scope = self.from(Viewpoint::Step(step, Moment::Start));
        match infer(&each.list.root, &scope).0.present() {
            Type::List(list) => list.element.present().clone(),
            _ => Type::Any,
        }
    }
}

/// The result of a step's action. What another playbook gives back, that playbook says.
fn result(entry: &Entry<'_>, id: &str, library: &dyn Library) -> Type {
    let Some(action) = &entry.action else {
        return Type::Any;
    };
    let called = match &entry.step.work {
        Work::Action(call) if call.action.value == "playbook:Run" => called(call),
        _ => None,
    };
    let Some(signature) = called.and_then(|path| library.signature(id, path)) else {
        return action.output.clone();
    };
    let outputs = signature.outputs.into_iter().fold(
        Record::new("the outputs of the playbook"),
        |record, (name, ty)| record.optional(&name, ty.present().clone()),
    );
    Record::new("the result of `playbook:Run`")
        .required("verdict", Type::one_of(&VERDICTS))
        .required("causes", Type::list(Type::text()))
        .required("outputs", outputs.build())
        .build()
}

/// The path of the playbook that a call of `playbook:Run` names.
fn called(call: &Call) -> Option<&str> {
    let (_, path) = call.with.iter().find(|(key, _)| key.value == "path")?;
    match &path.value {
        Data::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

/// The types of names, looked at from one place. What the rules on names complain about can be anything here.
#[derive(Debug, Clone, Copy)]
pub(super) struct NameTypes<'t, 'a> {
    types: &'t Types<'a>,
    viewpoint: Viewpoint,
}

impl TypeScope for NameTypes<'_, '_> {
    fn name(&self, name: &str) -> Option<Type> {
        let types = self.types;
        let index = types.index;
        if let Viewpoint::Step(step, moment) = self.viewpoint
            && locals(index, step, moment).contains(&name)
        {
            return Some(types.local(step, name));
        }
        Some(match name {
            "inputs" => types.inputs.clone(),
            "now" => Type::timestamp(),
            "run" => RUN_TYPE.clone(),
            "level" if self.escalates() => Type::integer(),
            "contacts" if self.escalates() => self.contacts(),
            "target" => TARGET_TYPE.clone(),
            "cause" => match &types.made {
                Some(made) => made.causes.get_or_init(|| types.causes()).clone(),
                None => types.causes(),
            },
            _ => match Stage::ALL.into_iter().find(|stage| stage.as_str() == name) {
                Some(stage) => types.stage(stage),
                None => self.neighbour(name),
            },
        })
    }
}

impl NameTypes<'_, '_> {
    /// Whether the names of `escalate` can be seen.
    fn escalates(&self) -> bool {
        match self.viewpoint {
            Viewpoint::Escalate => true,
            Viewpoint::Step(step, _) => self.types.index.group_of(step).stage >= Stage::Gather,
            _ => false,
        }
    }

    fn contacts(&self) -> Type {
        let escalate = self.types.index.playbook.escalate.iter();
        let contacts = escalate.flat_map(|escalate| &escalate.contacts);
        let scope = self.types.from(Viewpoint::Playbook);
        namespace(
            "contacts",
            contacts.map(|(name, data)| (name.value.as_str(), of_data(&data.value, &scope))),
        )
    }

    fn neighbour(&self, name: &str) -> Type {
        let Viewpoint::Step(step, _) = self.viewpoint else {
            return Type::Any;
        };
        let index = self.types.index;
        neighbours(index, step)
            .into_iter()
            .find(|id| index.entry(*id).step.id.value == name)
            .map_or(Type::Any, |id| self.types.step(id))
    }
}

/// Names behind a dot. What is not there can be anything: that it is not there, the rules on names say.
#[derive(Debug)]
struct Namespace {
    name: String,
    members: IndexMap<String, Type>,
}

impl Structure for Namespace {
    fn name(&self) -> &str {
        &self.name
    }

    fn member_names(&self) -> Vec<String> {
        self.members.keys().cloned().collect()
    }

    fn member(&self, name: &str) -> Option<Member> {
        let ty = self.members.get(name).cloned().unwrap_or(Type::Any);
        Some(Member::required(ty))
    }
}

pub(super) fn namespace<'n>(
    name: &str,
    members: impl IntoIterator<Item = (&'n str, Type)>,
) -> Type {
    Type::Structure(Arc::new(Namespace {
        name: format!("`{name}`"),
        members: members
            .into_iter()
            .map(|(name, ty)| (name.to_owned(), ty))
            .collect(),
    }))
}

/// A default that the API never gives.
fn is_outside(default: &Data, ty: &Type) -> bool {
    match (default, ty) {
        (Data::Scalar(scalar), Type::Text(rule)) => {
            !rule.values.is_empty() && !rule.values.contains(&scalar.text)
        }
        _ => false,
    }
}

/// The type of data whose place asks for none.
fn of_data(data: &Data, scope: &dyn TypeScope) -> Type {
    match data {
        Data::Text(_) => Type::text(),
        Data::Scalar(scalar) => match read_scalar(scalar, &Type::Any) {
            Ok(Value::Text(_)) => Type::text(),
            Ok(Value::Integer(_)) => Type::integer(),
            Ok(Value::Number(_)) => Type::number(),
            Ok(Value::Boolean(_)) => Type::Boolean,
            _ => Type::Any,
        },
        Data::Expression(expression) => infer(&expression.root, scope).0,
        Data::Map(entries) => namespace(
            "the contact",
            entries
                .iter()
                .map(|(name, data)| (name.value.as_str(), of_data(&data.value, scope))),
        ),
        Data::List(_) => Type::Any,
    }
}

/// The value that a path gives: that of its node, or the list of all of them.
fn value_of(path: &Path, ty: &Type) -> Type {
    let node = path.infer(ty).unwrap_or(Type::Any);
    if path.singular {
        node
    } else {
        Type::list(node.present().clone())
    }
}

/// What a conversion gives; a list is converted element by element.
pub(super) fn converted(from: &Type, to: Convert) -> Type {
    if let (Type::List(list), false) = (from.present(), to == Convert::Json) {
        return Type::list(converted(&list.element, to));
    }
    match to {
        Convert::Integer => Type::integer(),
        Convert::Number => Type::number(),
        Convert::Timestamp => Type::timestamp(),
        Convert::Duration => Type::Duration,
        Convert::Json => Type::Any,
        Convert::Text => Type::text(),
    }
}
