//! What the models do not say of members: which integers are times, which texts are JSON, which members report
//! failures, which patterns are mistakes.

use super::tables::Tables;
use runbook_registry::model::service::Service;
use runbook_registry::model::shape::{Member, MemberTrait, Shape, ShapeKind};

/// Marks the members of a service by the tables.
pub fn apply(service: &mut Service, tables: &Tables) {
    let kinds: Vec<Kind> = service.shapes.iter().map(Kind::of).collect();
    let name = service.name;
    for shape in service.shapes.iter_mut() {
        let shape_name = shape.name;
        if let ShapeKind::String(text) = &mut shape.kind
            && text.pattern.is_some()
            && tables.is_wrong_pattern(&format!("{name}:{shape_name}"))
        {
            text.pattern = None;
        }
        if let ShapeKind::Structure(structure) = &mut shape.kind {
            for member in &mut structure.members {
                let path = format!("{name}:{shape_name}.{}", member.name);
                mark(member, &path, &kinds, tables);
            }
        }
    }
    let failures: Vec<_> = service
        .operations
        .iter()
        .map(|operation| {
            let members = service
                .structure(operation.output)
                .map_or(&[][..], |output| &output.members);
            members
                .iter()
                .filter(|member| {
                    let path = format!("{name}:{}.{}", operation.name, member.name);
                    tables.is_failure(&path)
                })
                .map(|member| member.name)
                .collect()
        })
        .collect();
    for (operation, members) in service.operations.iter_mut().zip(failures) {
        operation.failure_members = members;
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Integer,
    Text,
    Other,
}

impl Kind {
    fn of(shape: &Shape) -> Self {
        match shape.kind {
            ShapeKind::Integer(_) | ShapeKind::Long(_) => Self::Integer,
            ShapeKind::String(_) => Self::Text,
            _ => Self::Other,
        }
    }
}

fn mark(member: &mut Member, path: &str, kinds: &[Kind], tables: &Tables) {
    match kinds.get(member.target.0 as usize) {
        Some(Kind::Integer) => {
            if let Some(millis) = tables.epoch_millis(path) {
                member.rare.get_or_insert_default().epoch_millis = Some(millis);
            }
        }
        Some(Kind::Text) if tables.is_json(path) => member.traits.set(MemberTrait::JsonText),
        Some(Kind::Text) if tables.is_numeric(path) => member.traits.set(MemberTrait::NumericText),
        _ => {}
    }
}
