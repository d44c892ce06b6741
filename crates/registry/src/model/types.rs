//! Shapes as the language's types. Structures are looked into when they are asked for, so recursion costs nothing.

use super::service::Service;
use super::shape::{Bounds, Member, MemberTrait, ShapeId, ShapeKind, ShapeTrait, StringShape};
use runbook_playbook::types::{
    ListType, Member as TypedMember, Range, Structure, TextRule, TimeUnit, TimestampFormat, Type,
};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The type of a shape.
#[must_use]
pub fn type_of(service: &'static Service, id: ShapeId) -> Type {
    let shape = service.shape(id);
    if shape.is(ShapeTrait::Document) {
        return Type::Any;
    }
    match &shape.kind {
        ShapeKind::Boolean => Type::Boolean,
        ShapeKind::Integer(bounds) | ShapeKind::Long(bounds) => Type::Integer(range(*bounds), None),
        ShapeKind::Float(bounds) | ShapeKind::Double(bounds) => Type::Number(range(*bounds)),
        ShapeKind::String(text) => {
            Type::Text(Arc::new(rule(text, shape.is(ShapeTrait::Sensitive), false)))
        }
        ShapeKind::Blob(_) => Type::Blob,
        ShapeKind::Timestamp(_) => Type::Timestamp(TimestampFormat::Protocol),
        ShapeKind::List(list) => Type::List(Arc::new(ListType {
            element: member_type(service, &list.member),
            min: count(list.length.min),
            max: count(list.length.max),
        })),
        ShapeKind::Map(map) => Type::Map(Arc::new(member_type(service, &map.value))),
        ShapeKind::Structure(_) => Type::Structure(Arc::new(StructureOf {
            service,
            shape: id,
            known: OnceLock::new(),
        })),
    }
}

/// The type of a member, with what the member itself says of it.
#[must_use]
pub fn member_type(service: &'static Service, member: &Member) -> Type {
    let target = service.target(member);
    if member.is(MemberTrait::JsonValue) {
        return Type::Any;
    }
    if member.is(MemberTrait::JsonText) {
        return Type::JsonText;
    }
    if target.is(ShapeTrait::EventStream) {
        // Events come as a list, in the order in which they arrived.
        return Type::list(type_of(service, member.target));
    }
    let unit = member.rare.as_ref().and_then(|rare| rare.epoch_millis);
    match &target.kind {
        ShapeKind::Integer(bounds) | ShapeKind::Long(bounds) if unit.is_some() => {
            let unit = unit.map(|millis| {
                if millis {
                    TimeUnit::Milliseconds
                } else {
                    TimeUnit::Seconds
                }
            });
            Type::Integer(range(*bounds), unit)
        }
        ShapeKind::String(text) if member.is(MemberTrait::NumericText) => {
            Type::Text(Arc::new(rule(text, target.is(ShapeTrait::Sensitive), true)))
        }
        _ => type_of(service, member.target),
    }
}

/// A structure of a service.
struct StructureOf {
    service: &'static Service,
    shape: ShapeId,
    /// The members that have been asked for. Each is asked for again with every document of the type, and making one takes
    /// longer than what is asked of it.
    known: OnceLock<Box<[OnceLock<TypedMember>]>>,
}

impl fmt::Debug for StructureOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service.name, self.name())
    }
}

impl StructureOf {
    fn members(&self) -> &'static [Member] {
        self.service
            .structure(self.shape)
            .map_or(&[], |structure| &structure.members)
    }
}

impl Structure for StructureOf {
    fn name(&self) -> &str {
        self.service.shape(self.shape).name
    }

    fn member_names(&self) -> Vec<String> {
        self.members()
            .iter()
            .map(|member| member.name.to_owned())
            .collect()
    }

    fn member(&self, name: &str) -> Option<TypedMember> {
        let members = self.members();
        let place = members.iter().position(|member| member.name == name)?;
        let unknown = || members.iter().map(|_| OnceLock::new()).collect();
        let known = self.known.get_or_init(unknown).get(place)?;
        let member = members.get(place)?;
        Some(known.get_or_init(|| typed(self.service, member)).clone())
    }

    fn is_union(&self) -> bool {
        self.service.shape(self.shape).is(ShapeTrait::Union)
    }
}

fn typed(service: &'static Service, member: &Member) -> TypedMember {
    let idempotency_token = member.is(MemberTrait::IdempotencyToken);
    TypedMember {
        ty: member_type(service, member),
        required: member.is(MemberTrait::Required) && !idempotency_token,
        idempotency_token,
        sensitive: service.target(member).is(ShapeTrait::Sensitive),
    }
}

fn range(bounds: Bounds) -> Range {
    Range {
        min: bounds.min,
        max: bounds.max,
    }
}

fn rule(text: &StringShape, sensitive: bool, numeric: bool) -> TextRule {
    TextRule {
        values: text
            .values
            .iter()
            .map(|value| (*value).to_owned())
            .collect(),
        pattern: text.pattern.map(str::to_owned),
        min: count(text.length.min),
        max: count(text.length.max),
        numeric,
        sensitive,
    }
}

/// A bound of a length. Models give whole numbers at or above zero.
fn count(bound: Option<f64>) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casting from a float saturates, which is what a bound needs"
    )]
    bound.map(|bound| bound as u64)
}
