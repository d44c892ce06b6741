//! Arguments of calls: members, and values where the type has some.

use super::{Item, Kind, Offered, Place, Request, bare_start, playbooks};
use crate::shown::type_in_words;
use runbook_playbook::types::Type;

/// What may stand at a place below `with`.
pub(super) fn offered(place: &Place<'_>, request: &Request<'_>) -> Option<Offered> {
    let action = place.action()?;
    let route = &place.cursor.route;
    let inside = route.get(place.due.with? + 1..)?;
    if action.name == "playbook:Run" && inside == ["path"] && place.cursor.value {
        let items = playbooks(request).into_iter();
        return Some(Offered {
            start: bare_start(place),
            items: items.map(|name| Item::new(name, Kind::File)).collect(),
        });
    }
    let inside: Vec<&str> = inside.iter().map(String::as_str).collect();
    of_type(place, &action.input, &inside)
}

/// What may stand in a value of a type, at the end of a route inside it.
pub(super) fn of_type(place: &Place<'_>, ty: &Type, inside: &[&str]) -> Option<Offered> {
    let route = &place.cursor.route;
    let mut ty = ty.clone();
    for segment in inside {
        ty = into(&ty, segment)?;
    }
    match ty.present() {
        Type::Structure(structure) if !place.cursor.value => {
            let typed = place.text.get(place.cursor.start..place.at)?;
            let written: Vec<&str> = place.layout.keys(route).collect();
            let names = structure.member_names().into_iter();
            let items = names
                .filter(|name| !written.contains(&name.as_str()) || name == typed)
                .filter_map(|name| {
                    let member = structure.member(&name)?;
                    let required = if member.required { ", required" } else { "" };
                    let detail = format!("{}{required}", type_in_words(&member.ty));
                    let mut item = Item::new(name, Kind::Field).detail(detail).key();
                    item.first = member.required;
                    Some(item)
                });
            Some(Offered {
                start: place.cursor.start,
                items: items.collect(),
            })
        }
        ty => values(place, ty),
    }
}

/// The values of a type that has few.
fn values(place: &Place<'_>, ty: &Type) -> Option<Offered> {
    let values = match ty {
        Type::Text(rule) => rule.values.clone(),
        Type::Boolean => vec!["true".to_owned(), "false".to_owned()],
        Type::List(list) => return values(place, list.element.present()),
        _ => return None,
    };
    Some(Offered {
        start: bare_start(place),
        items: values
            .into_iter()
            .map(|value| Item::new(value, Kind::EnumMember))
            .collect(),
    })
}

/// The type of a member, of an entry or of an element.
pub(crate) fn into(ty: &Type, segment: &str) -> Option<Type> {
    match ty.present() {
        Type::Structure(structure) => Some(structure.member(segment)?.ty),
        Type::Map(value) => Some(value.as_ref().clone()),
        Type::List(list) if segment.starts_with('[') => Some(list.element.clone()),
        _ => None,
    }
}
