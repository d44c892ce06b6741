//! What a step's `sensitive` makes secret in its result.

use crate::jsonpath::Path;
use crate::syntax::step::{Sensitive, Step};
use crate::types::{Member, Structure, Type};
use jsonpath_rust::parser::model::{Segment, Selector};
use std::sync::Arc;

/// The type of a step's result with what its `sensitive` names made secret.
pub(super) fn marked(step: &Step, result: Type) -> Type {
    match &step.sensitive {
        // What the model says of it is left out where the action is looked up.
        None | Some(Sensitive::Nothing) => result,
        Some(Sensitive::All) => result.secret(),
        Some(Sensitive::Paths(paths)) => paths
            .iter()
            .fold(result, |ty, path| mark(&ty, segments(path))),
    }
}

fn segments(path: &Path) -> &[Segment] {
    &path.query.segments
}

/// Makes secret what a path leads to. Where it cannot be told which part that is, all is.
fn mark(ty: &Type, path: &[Segment]) -> Type {
    let Some((first, rest)) = path.split_first() else {
        return ty.secret();
    };
    match (ty, first) {
        (Type::Optional(inner), _) => mark(inner, path).optional(),
        (Type::Structure(structure), Segment::Selector(Selector::Name(name))) => {
            let Some(member) = structure.member(name) else {
                // That it has no such member is said where the path stands.
                return ty.clone();
            };
            Type::Structure(Arc::new(Marked {
                inner: Arc::clone(structure),
                name: name.clone(),
                member: Member {
                    ty: mark(&member.ty, rest),
                    ..member
                },
            }))
        }
        (
            Type::List(list),
            Segment::Selector(
                Selector::Index(_) | Selector::Wildcard | Selector::Slice(..) | Selector::Filter(_),
            ),
        ) => Type::list(mark(&list.element, rest)),
        (Type::Map(value), Segment::Selector(Selector::Name(_) | Selector::Wildcard)) => {
            Type::map(mark(value, rest))
        }
        _ => ty.secret(),
    }
}

/// A structure of which one member is another.
#[derive(Debug)]
struct Marked {
    inner: Arc<dyn Structure>,
    name: String,
    member: Member,
}

impl Structure for Marked {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn member_names(&self) -> Vec<String> {
        self.inner.member_names()
    }

    fn member(&self, name: &str) -> Option<Member> {
        if name == self.name {
            Some(self.member.clone())
        } else {
            self.inner.member(name)
        }
    }

    fn is_union(&self) -> bool {
        self.inner.is_union()
    }

    fn is_secret(&self) -> bool {
        self.inner.is_secret()
    }
}
