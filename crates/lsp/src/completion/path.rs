//! Members in `JSONPath`s, by the type of the result.

use super::expression::members;
use super::{Item, Kind, Offered, Place, arguments, expression};
use runbook_playbook::types::Type;

/// What may stand in a path that begins at `start`.
pub(super) fn offered(place: &Place<'_>, start: usize) -> Offered {
    let typed = place.text.get(start..place.at).unwrap_or_default();
    let result = place
        .action()
        .map(|action| action.output.clone())
        .or_else(|| Some(place.step()?.result.clone()));
    let Some(rest) = typed.strip_prefix('$') else {
        return Offered {
            start,
            items: if typed.is_empty() {
                vec![Item::new("$.", Kind::Value)]
            } else {
                Vec::new()
            },
        };
    };
    match walk(&result.unwrap_or(Type::Any), rest) {
        Walked::Members(ty, word) => Offered {
            start: place.at - word,
            items: members(&ty),
        },
        Walked::Expression(length) => expression::offered(place, place.at - length),
    }
}

/// Where the end of a path stands.
enum Walked {
    /// At a member of this type, of which so many bytes are typed.
    Members(Type, usize),
    /// In a filter, at a name that is none of the result's; so many bytes of it are typed.
    Expression(usize),
}

fn walk(ty: &Type, path: &str) -> Walked {
    let mut ty = ty.clone();
    let mut rest = path;
    loop {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, next) = after.split_at(end);
            if next.is_empty() {
                return Walked::Members(ty, name.len());
            }
            ty = match name {
                "*" => arguments::into(&ty, "[]").unwrap_or(Type::Any),
                name => arguments::into(&ty, name).unwrap_or(Type::Any),
            };
            rest = next;
            continue;
        }
        let Some(inside) = rest.strip_prefix('[') else {
            return Walked::Members(Type::Any, 0);
        };
        let filter = inside.trim_start().starts_with('?');
        match closing(inside) {
            Some(end) => {
                let index = inside[..end].trim();
                let name = index.trim_matches(['"', '\'']);
                let segment = if name == index { "[]" } else { name };
                ty = arguments::into(&ty, segment).unwrap_or(Type::Any);
                rest = inside.get(end + 1..).unwrap_or_default();
                if rest.is_empty() {
                    return Walked::Members(Type::Any, 0);
                }
            }
            None if filter => {
                let element = arguments::into(&ty, "[]").unwrap_or(Type::Any);
                let begin = inside.rfind([' ', '(', '?', '!', '=', '<', '>', '&', '|']);
                let word = inside
                    .get(begin.map_or(0, |at| at + 1)..)
                    .unwrap_or_default();
                return match word.strip_prefix('@') {
                    Some(path) => walk(&element, path),
                    None => Walked::Expression(word.len()),
                };
            }
            None => {
                let quoted = inside.starts_with(['"', '\'']);
                return Walked::Members(
                    if quoted { ty } else { Type::Any },
                    inside.len().saturating_sub(1),
                );
            }
        }
    }
}

/// Where a bracket is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, each) in text.char_indices() {
        match each {
            '[' => depth += 1,
            ']' if depth == 0 => return Some(at),
            ']' => depth -= 1,
            _ => {}
        }
    }
    None
}
