//! Files of targets: accounts, inputs of the playbook, arguments and members of what discovers, and keys by their tables.

use super::{
    Item, Kind, Offered, Place, Request, arguments, bare_start, keys, of_shape, playbooks,
};
use crate::analysis::subject_of;
use crate::targets::{PLACES, accounts, input, is_account, playbook_of};
use runbook_playbook::check::Survey;
use std::sync::Arc;

/// What may stand at a place of a file of targets.
pub(super) fn offered(place: &Place<'_>, request: &Request<'_>) -> Option<Offered> {
    let route: Vec<&str> = place.cursor.route.iter().map(String::as_str).collect();
    if place.due.with.is_some() {
        return arguments::offered(place, request);
    }
    let start = bare_start(place);
    let of = |items: Vec<Item>| Some(Offered { start, items });
    if place.cursor.value {
        if route == ["of"] {
            let known = playbooks(request).into_iter();
            return of(known.map(|name| Item::new(name, Kind::File)).collect());
        }
        if is_account(&route) {
            let known = accounts(place.text, &place.layout);
            let items = known.map(|(id, name, _)| match name {
                Some(name) => Item::new(name, Kind::EnumMember).detail(id),
                None => quoted(id),
            });
            return of(items.collect());
        }
        if let Some(name) = input(&route) {
            let survey = survey(request)?;
            let (_, ty) = survey
                .inputs
                .iter()
                .find(|(known, _)| known.value == name)?;
            return arguments::of_type(place, ty, &[]);
        }
    } else {
        // An element of a list of accounts is no key.
        if is_account(&route) {
            let known = accounts(place.text, &place.layout);
            let items = known.map(|(id, name, _)| match name {
                Some(name) => Item::new(name, Kind::EnumMember).detail(id),
                None => quoted(id),
            });
            return of(items.collect());
        }
        let mut inside = route.clone();
        inside.push("input");
        if input(&inside).is_some() {
            let survey = survey(request);
            let inputs = survey.iter().flat_map(|survey| &survey.inputs);
            let inputs = inputs.map(|(name, ty)| {
                Item::new(&name.value, Kind::Property)
                    .detail(ty.to_string())
                    .key()
            });
            let places = PLACES.iter().filter(|name| match route.first() {
                Some(&"matrix") => **name != "name",
                Some(&"exclude") => true,
                _ => false,
            });
            let places = places.map(|name| Item::new(*name, Kind::Property).key());
            return of(places.chain(inputs).collect());
        }
        if let Some(table) = place.due.table() {
            return Some(keys(place, table));
        }
    }
    of_shape(place, place.due.shape?, request)
}

/// An id of an account, which is a number without its quotes.
fn quoted(id: &str) -> Item {
    let mut item = Item::new(id, Kind::EnumMember);
    item.insert = format!("\"{id}\"");
    item
}

fn survey(request: &Request<'_>) -> Option<Arc<Survey>> {
    let playbook = playbook_of(request.file, request.text)?;
    subject_of(
        playbook,
        request.documents,
        request.registry,
        request.workspace,
    )?
    .survey
}
