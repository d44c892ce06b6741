//! What may stand at a place, by the tables of keys that the reader follows.

use crate::workspace::FileKind;
use runbook_playbook::syntax::escalation::ESCALATION;
use runbook_playbook::syntax::keys::{Place, Shape, Table};
use runbook_playbook::syntax::playbook::PLAYBOOK;
use runbook_playbook::syntax::step_keys::STEP;
use runbook_playbook::syntax::targets::TARGETS;

/// What may stand at the end of a route.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    /// The shape; `None` where anything may stand, or nothing is known.
    pub(crate) shape: Option<Shape>,
    /// Where the step stands.
    pub(crate) place: Option<Place>,
    /// The full name of the step that is written in, and the length of its route.
    pub(crate) step: Option<(String, usize)>,
    /// Inside the arguments of a call: the length of the route up to `with`.
    pub(crate) with: Option<usize>,
    /// The last key of a table that was passed.
    pub(crate) key: Option<&'static str>,
}

/// Follows a route from the top of a playbook or of a file of escalation.
pub(crate) fn due(route: &[String]) -> Due {
    let escalation = route.first().is_some_and(|first| first == "escalation");
    follow(if escalation { &ESCALATION } else { &PLAYBOOK }, route)
}

/// Follows a route from the top of a file of a kind.
pub(crate) fn due_in(kind: FileKind, route: &[String]) -> Due {
    match kind {
        FileKind::Targets => follow(&TARGETS, route),
        FileKind::Playbook | FileKind::Scenarios | FileKind::Foreign => due(route),
    }
}

fn follow(top: &'static Table, route: &[String]) -> Due {
    let mut due = Due {
        shape: Some(Shape::Object(top)),
        place: None,
        step: None,
        with: None,
        key: None,
    };
    for (at, segment) in route.iter().enumerate() {
        if due.with.is_some() {
            due.shape = None;
            continue;
        }
        let Some(shape) = due.shape else {
            return due;
        };
        due.shape = if segment.starts_with('[') {
            element(shape)
        } else {
            due.enter(shape, segment, at)
        };
    }
    due
}

impl Due {
    /// Goes into a key of a mapping.
    fn enter(&mut self, shape: Shape, key: &str, at: usize) -> Option<Shape> {
        match shape {
            Shape::Object(table) => {
                let known = table.key(key)?;
                self.key = Some(known.name);
                if known.name == "with" && known.shape.is_arguments() {
                    self.with = Some(at);
                }
                // A block's steps stand where the block stands.
                match (known.shape, self.place) {
                    (Shape::Steps(_), Some(place)) => Some(Shape::Steps(place)),
                    (shape, _) => Some(shape),
                }
            }
            Shape::Map(inner) => Some(*inner),
            Shape::OneOrMore(inner) => self.enter(*inner, key, at),
            Shape::Steps(place) => {
                self.begin(place, key, at);
                Some(Shape::Object(&STEP))
            }
            Shape::StepOrSteps(place) => {
                if STEP.key(key).is_some() {
                    let own = self.step.as_ref().map(|(path, _)| path.clone());
                    let id = own.as_deref().and_then(|path| path.rsplit('.').next());
                    let id = id.unwrap_or_default().to_owned();
                    self.begin(place, &id, at.saturating_sub(1));
                    return self.enter(Shape::Object(&STEP), key, at);
                }
                self.begin(place, key, at);
                Some(Shape::Object(&STEP))
            }
            Shape::Either(shapes) => shapes
                .iter()
                .find(|shape| accepts(shape, key))
                .and_then(|shape| self.enter(*shape, key, at)),
            _ => None,
        }
    }

    /// Begins a step.
    fn begin(&mut self, place: Place, id: &str, at: usize) {
        let path = match &self.step {
            None => format!("{}.{id}", place.key()),
            Some((outer, _)) => match self.key {
                Some(part @ ("finally" | "undo")) => format!("{outer}.{part}.{id}"),
                _ => format!("{outer}.{id}"),
            },
        };
        self.place = Some(place);
        self.step = Some((path, at + 1));
    }

    /// The keys that may stand here.
    pub(crate) fn table(&self) -> Option<&'static Table> {
        self.shape.and_then(table_of)
    }
}

/// What knows the arguments of a call from other mappings.
trait Arguments {
    fn is_arguments(&self) -> bool;
}

impl Arguments for Shape {
    fn is_arguments(&self) -> bool {
        matches!(self, Self::Map(Self::Data))
    }
}

fn accepts(shape: &Shape, key: &str) -> bool {
    match shape {
        Shape::Object(table) => table.key(key).is_some(),
        Shape::Map(_) | Shape::Steps(_) | Shape::StepOrSteps(_) => true,
        _ => false,
    }
}

fn element(shape: Shape) -> Option<Shape> {
    match shape {
        Shape::List(inner) | Shape::OneOrMore(inner) => Some(*inner),
        Shape::Either(shapes) => shapes.iter().find_map(|shape| element(*shape)),
        _ => None,
    }
}

fn table_of(shape: Shape) -> Option<&'static Table> {
    match shape {
        Shape::Object(table) => Some(table),
        Shape::OneOrMore(inner) => table_of(*inner),
        Shape::StepOrSteps(_) => Some(&STEP),
        Shape::Either(shapes) => shapes.iter().find_map(|shape| table_of(*shape)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::due;
    use runbook_playbook::syntax::keys::Shape;

    fn route(text: &str) -> Vec<String> {
        text.split('/').map(str::to_owned).collect()
    }

    #[test]
    fn steps_are_named_as_the_checker_names_them() {
        let names = [
            ("symptom/rising/with", "symptom.rising"),
            (
                "resolve/more/steps/register/capture",
                "resolve.more.register",
            ),
            (
                "resolve/more/finally/tell/action",
                "resolve.more.finally.tell",
            ),
            ("resolve/more/steps/a/undo/action", "resolve.more.a.undo.a"),
            (
                "resolve/more/steps/a/undo/b/action",
                "resolve.more.a.undo.b",
            ),
            ("verify/steps/gone/assert", "verify.gone"),
            ("escalate/gather/logs/with", "gather.logs"),
        ];
        for (written, name) in names {
            let due = due(&route(written));
            assert_eq!(due.step.map(|(path, _)| path).as_deref(), Some(name));
        }
        assert_eq!(due(&route("resolve/a/before/with/x")).with, Some(3));
    }

    #[test]
    fn shapes_follow_the_tables() {
        let shape = |text| due(&route(text)).shape;
        assert!(matches!(shape("symptom/a/action"), Some(Shape::Action)));
        assert!(matches!(
            shape("diagnose/a/causes/c/path"),
            Some(Shape::Path)
        ));
        assert!(matches!(
            shape("symptom/a/assert/[0]/that"),
            Some(Shape::Condition)
        ));
        assert!(matches!(
            shape("symptom/a/capture/x/as"),
            Some(Shape::Word(_))
        ));
        assert!(matches!(shape("resolve/a/for/[0]"), Some(Shape::Name)));
        assert!(shape("nothing/of/this").is_none());
    }
}
