//! Names, members, functions, filters and tests in expressions.

use super::{Item, Kind, Offered, Place};
use crate::shown::type_in_words;
use runbook_playbook::expression::{BUILTINS, BuiltinKind};
use runbook_playbook::types::Type;

/// What may stand in an expression that begins at `start`.
pub(super) fn offered(place: &Place<'_>, start: usize) -> Offered {
    let typed = place.text.get(start..place.at).unwrap_or_default();
    let chain = chain(typed);
    let before = typed.get(..typed.len() - chain.len()).unwrap_or_default();
    let word = chain.rfind('.').map_or(0, |dot| dot + 1);
    let start = place.at - (chain.len() - word);
    let items = if let Some(owner) = chain.get(..word.saturating_sub(1)).filter(|_| word > 0) {
        members(&type_of(place, owner))
    } else {
        match last_word(before) {
            Some("|") => builtins(BuiltinKind::Filter),
            Some("is") => builtins(BuiltinKind::Test),
            Some("not") if before.trim_end().ends_with("is not") => builtins(BuiltinKind::Test),
            _ => names(place),
        }
    };
    Offered { start, items }
}

fn names(place: &Place<'_>) -> Vec<Item> {
    let mut items: Vec<Item> = place
        .visible()
        .into_iter()
        .map(|(name, ty)| {
            let mut item = Item::new(name, Kind::Variable).detail(type_in_words(&ty));
            item.first = true;
            item
        })
        .collect();
    items.extend(builtins(BuiltinKind::Function));
    items
}

fn builtins(kind: BuiltinKind) -> Vec<Item> {
    let known = BUILTINS.iter().filter(|builtin| builtin.kind == kind);
    known
        .map(|builtin| {
            let mut item = Item::new(builtin.name, Kind::Function).detail(builtin.signature());
            builtin.doc.clone_into(&mut item.about);
            if kind == BuiltinKind::Function {
                item.insert.push('(');
            }
            item
        })
        .collect()
}

/// The members of a value, as items.
pub(super) fn members(ty: &Type) -> Vec<Item> {
    let Type::Structure(structure) = ty.present() else {
        return Vec::new();
    };
    let names = structure.member_names().into_iter();
    names
        .filter_map(|name| {
            let member = structure.member(&name)?;
            Some(Item::new(name, Kind::Field).detail(type_in_words(&member.ty)))
        })
        .collect()
}

/// The type of a chain of names and indexes: `points[-1]`, `diagnose.stopped`.
fn type_of(place: &Place<'_>, chain: &str) -> Type {
    let mut segments = segments(chain).into_iter();
    let first = segments.next().unwrap_or_default();
    let found = place.visible().into_iter().find(|(name, _)| *name == first);
    let Some((_, mut ty)) = found else {
        // The result of a step that could not be read yet.
        return match (first.as_str(), place.action()) {
            ("result", Some(action)) => segments
                .try_fold(action.output.clone(), |ty, name| {
                    super::arguments::into(&ty, &name)
                })
                .unwrap_or(Type::Any),
            _ => Type::Any,
        };
    };
    for segment in segments {
        match super::arguments::into(&ty, &segment) {
            Some(inner) => ty = inner,
            None => return Type::Any,
        }
    }
    ty
}

/// The names of a chain; what stands in brackets is `[…]`, in quotes a name.
fn segments(chain: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in chain.split('.') {
        let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
        found.push(name.to_owned());
        while let Some(inside) = rest.strip_prefix('[') {
            let end = inside.find(']').unwrap_or(inside.len());
            let index = inside[..end].trim();
            let name = index.trim_matches(['"', '\'']);
            found.push(if name == index {
                "[]".to_owned()
            } else {
                name.to_owned()
            });
            rest = inside.get(end + 1..).unwrap_or_default();
        }
    }
    found
}

/// The names, dots and indexes that a text ends with.
fn chain(text: &str) -> &str {
    let mut start = text.len();
    let mut depth = 0_usize;
    for (at, each) in text.char_indices().rev() {
        match each {
            ']' => depth += 1,
            '[' if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            each if each.is_alphanumeric() || each == '_' || each == '.' => {}
            _ => break,
        }
        start = at;
    }
    text.get(start..).unwrap_or_default()
}

/// The last word or sign before the cursor.
fn last_word(before: &str) -> Option<&str> {
    let before = before.trim_end();
    if before.ends_with('|') {
        return Some("|");
    }
    before.rsplit(|each: char| !each.is_alphanumeric()).next()
}

#[cfg(test)]
mod tests {
    use super::{chain, segments};

    #[test]
    fn chains_are_cut_into_names() {
        assert_eq!(chain("a + points[-1].va"), "points[-1].va");
        assert_eq!(chain("since(inputs."), "inputs.");
        assert_eq!(chain("a | "), "");
        assert_eq!(segments("points[-1].x['y']"), ["points", "[]", "x", "y"]);
    }
}
