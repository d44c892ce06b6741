//! No name hides another.

use super::index::{Index, Part};
use super::names::neighbours;
use super::problems::Problems;
use crate::diagnostic::Code;
use crate::span::Span;

/// Says where names hide each other: no shadowing.
pub(super) fn check(index: &Index<'_>, problems: &mut Problems) {
    for (id, entry) in index.steps.iter().enumerate() {
        let own = entry.step;
        let mut taken: Vec<(&str, Span)> = neighbours(index, id)
            .into_iter()
            .filter(|other| *other != id)
            .map(|other| &index.entry(other).step.id)
            .filter(|other| other.value != own.id.value)
            .map(|other| (other.value.as_str(), other.span))
            .collect();
        if index.group_of(id).part == Part::Steps || index.group_of(id).part == Part::Finally {
            for (_, outer) in index.chain(id).into_iter().skip(1) {
                let outer = &index.entry(outer).step.id;
                if outer.value == own.id.value {
                    hides(problems, &own.id.value, own.id.span, outer.span);
                }
            }
        }
        for (group, _) in index.chain(id) {
            let group = index.group(group);
            let Some(owner) = group.owner.map(|owner| index.entry(owner).step) else {
                continue;
            };
            taken.extend(
                owner
                    .each
                    .iter()
                    .map(|each| (each.name.value.as_str(), each.name.span)),
            );
            if group.part == Part::Undo {
                let kept = owner.capture.iter();
                taken.extend(kept.map(|capture| (capture.name.value.as_str(), capture.name.span)));
            }
        }
        let element = own.each.iter().map(|each| &each.name);
        let captures = own.capture.iter().map(|capture| &capture.name);
        for name in element.chain(captures) {
            if let Some((_, first)) = taken.iter().find(|(other, _)| *other == name.value) {
                hides(problems, &name.value, name.span, *first);
            }
            taken.push((&name.value, name.span));
        }
    }
}

fn hides(problems: &mut Problems, name: &str, span: Span, first: Span) {
    problems.push(
        problems
            .error(
                Code::DuplicateName,
                span,
                format!("`{name}` hides another name that can be seen here"),
            )
            .also(first, "the other one")
            .help("give one of them another name"),
    );
}
