//! What an editor asks about a playbook, with errors in it or not: its steps, what its names mean, and their types.

use super::index::{Index, Part, Stage, StepId};
use super::library::Library;
use super::names::{Meaning, Offer, Viewpoint, locals, neighbours};
use super::order::{self, Order};
use super::problems::Problems;
use super::reference::Reference;
use super::types::Types;
use super::uses::Moment;
use super::{actions, names, outside_steps, uses};
use crate::catalog::{Action, Catalog};
use crate::checked::StepPath;
use crate::expression::TypeScope;
use crate::inputs::type_of;
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::syntax::playbook::Playbook;
use crate::types::Type;
use std::sync::Arc;

/// Everything that is known of a playbook's names.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The steps, in written order, each before those in it.
    pub steps: Vec<SurveyedStep>,
    /// The inputs and their types.
    pub inputs: Vec<(Spanned<String>, Type)>,
    /// The names of all causes, in the order in which finders name them.
    pub causes: Vec<String>,
    /// Every place at which something is named, definitions included, sorted.
    pub mentions: Vec<Mention>,
}

/// A step as an editor sees it.
#[derive(Debug, Clone)]
pub struct SurveyedStep {
    /// Its full name.
    pub path: StepPath,
    /// Its id, where it stands.
    pub id: Spanned<String>,
    /// What people call it.
    pub title: Option<String>,
    /// The whole step.
    pub span: Span,
    /// The signature of its action.
    pub action: Option<Arc<Action>>,
    /// The result of its action; anything where it calls none.
    pub result: Type,
    /// What it keeps, with the types inside the step.
    pub captures: Vec<(Spanned<String>, Type)>,
    /// It is a loop: others see each capture as a list.
    pub repeats: bool,
    /// The ids of the steps beside it.
    pub beside: Vec<String>,
    /// What an expression at its end can name, with the types.
    pub visible: Vec<(String, Type)>,
}

/// Something that is defined in a playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Symbol {
    /// An input, by position.
    Input(usize),
    /// A step, by position in [`Survey::steps`].
    Step(usize),
    /// A capture, by its step and its position there.
    Capture(usize, usize),
    /// A cause.
    Cause(String),
}

/// A place at which something is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The name itself, without what stands before or after it.
    pub span: Span,
    /// What it means.
    pub symbol: Symbol,
    /// It is given its name here.
    pub definition: bool,
}

/// Looks at a playbook whose text could be read, wrong as it may be. `id` is its path below the playbook root without the
/// ending.
#[must_use]
pub fn survey(
    playbook: &Playbook,
    id: &str,
    catalog: &dyn Catalog,
    library: &dyn Library,
) -> Survey {
    let mut problems = Problems::new(playbook.source.clone());
    let mut index = Index::new(playbook);
    actions::look_up(&mut index, catalog, &mut problems);
    let index = index;
    let (resolved, _) = super::names(&index, &mut problems);
    let order: Order = order::order(&index, &mut problems, &resolved);
    let types = Types::new(&index, &order, id, library);
    let mut mentions = Mentions {
        index: &index,
        source: &playbook.source,
        found: Vec::new(),
    };
    mentions.collect(&mut problems);
    let mut found = mentions.found;
    found.sort_by_key(|mention| (mention.span.start, mention.span.end, !mention.definition));
    found.dedup_by_key(|mention| mention.span);
    let offers = Offers::new(&index, &types);
    let steps = (0..index.steps.len()).map(|id| step(&index, &types, &offers, id));
    let inputs = playbook.inputs.iter();
    Survey {
        steps: steps.collect(),
        inputs: inputs
            .map(|input| (input.name.clone(), type_of(input)))
            .collect(),
        causes: index.causes().into_iter().map(str::to_owned).collect(),
        mentions: found,
    }
}

/// The types of what steps offer, made once: every step sees many of them.
struct Offers {
    steps: Vec<Type>,
    graphs: Vec<(Stage, Type)>,
}

impl Offers {
    fn new(index: &Index<'_>, types: &Types<'_>) -> Self {
        let scope = types.from(Viewpoint::Ended);
        let graphs = Stage::ALL.into_iter().filter_map(|stage| {
            index.graph(stage)?;
            Some((stage, scope.name(stage.as_str())?))
        });
        Self {
            steps: (0..index.steps.len()).map(|id| types.step(id)).collect(),
            graphs: graphs.collect(),
        }
    }
}

fn step(index: &Index<'_>, types: &Types<'_>, offers: &Offers, id: StepId) -> SurveyedStep {
    let entry = index.entry(id);
    let kept = types.kept(id);
    let captures = entry.step.capture.iter().map(|capture| {
        let ty = kept.get(&capture.name.value).cloned();
        (capture.name.clone(), ty.unwrap_or(Type::Any))
    });
    let scope = types.from(Viewpoint::Step(id, Moment::End));
    let own = index.group_of(id).stage;
    let mut seen: Vec<&str> = locals(index, id, Moment::End);
    seen.extend(["inputs", "cause", "run", "target", "now"]);
    if own >= Stage::Gather {
        seen.extend(["level", "contacts"]);
    }
    let named = seen.into_iter().filter_map(|name| {
        let ty = scope.name(name)?;
        Some((name.to_owned(), ty))
    });
    let others = neighbours(index, id).into_iter();
    let others = others.filter(|other| *other != id).filter_map(|other| {
        let ty = offers.steps.get(other)?.clone();
        Some((index.entry(other).step.id.value.clone(), ty))
    });
    let graphs = offers.graphs.iter().filter(|(stage, _)| *stage <= own);
    let graphs = graphs.map(|(stage, ty)| (stage.as_str().to_owned(), ty.clone()));
    let visible = named.chain(others).chain(graphs);
    let beside = index.group_of(id).members.iter();
    SurveyedStep {
        path: entry.path.clone(),
        id: entry.step.id.clone(),
        title: entry.step.title.as_ref().map(|title| title.value.clone()),
        span: entry.step.span,
        action: entry.action.clone(),
        result: types.result(id),
        captures: captures.collect(),
        repeats: entry.step.each.is_some(),
        beside: beside
            .filter(|other| **other != id)
            .map(|other| index.entry(*other).step.id.value.clone())
            .collect(),
        visible: visible.collect(),
    }
}

/// Collects the places at which things are named.
struct Mentions<'i, 'a> {
    index: &'i Index<'a>,
    source: &'i Source,
    found: Vec<Mention>,
}

impl Mentions<'_, '_> {
    fn collect(&mut self, problems: &mut Problems) {
        for (at, input) in self.index.playbook.inputs.iter().enumerate() {
            self.add(&input.name, Symbol::Input(at), true);
        }
        for id in 0..self.index.steps.len() {
            self.of_step(id);
            for used in uses::of_step(self.index.entry(id).step) {
                for reference in used.written.references() {
                    self.named(problems, Viewpoint::Step(id, used.moment), &reference);
                }
            }
        }
        for (viewpoint, written, _) in outside_steps(self.index.playbook) {
            for reference in written.references() {
                self.named(problems, viewpoint, &reference);
            }
        }
    }

    fn of_step(&mut self, id: StepId) {
        let index = self.index;
        let entry = index.entry(id);
        self.add(&entry.step.id, Symbol::Step(id), true);
        for (at, capture) in entry.step.capture.iter().enumerate() {
            self.add(&capture.name, Symbol::Capture(id, at), true);
        }
        let mut named: Vec<&str> = Vec::new();
        for finder in &entry.step.causes {
            let name = finder.name.value.as_str();
            let first = index.finders(name).first() == Some(&id) && !named.contains(&name);
            named.push(name);
            self.add(&finder.name, Symbol::Cause(name.to_owned()), first);
        }
        for cause in &entry.step.for_causes {
            self.add(cause, Symbol::Cause(cause.value.clone()), false);
        }
        for need in entry.step.needs.iter().flatten() {
            if let Some(on) = index.member(entry.group, &need.value) {
                self.add(need, Symbol::Step(on), false);
            }
        }
    }

    /// Adds a name that is written as it is; quotes around it are left out.
    fn add(&mut self, name: &Spanned<String>, symbol: Symbol, definition: bool) {
        if let Some(span) = word(self.source, name.span, &name.value) {
            self.found.push(Mention {
                span,
                symbol,
                definition,
            });
        }
    }

    fn named(&mut self, problems: &mut Problems, from: Viewpoint, reference: &Reference) {
        let Some(meaning) = names::resolve(self.index, problems, from, reference) else {
            return;
        };
        match meaning {
            Meaning::Input(at) => self.segment(reference, 1, Symbol::Input(at)),
            Meaning::Cause(name) => self.segment(reference, 1, Symbol::Cause(name)),
            Meaning::Step(on, offer) => {
                let at = self.path(reference, on);
                if let Offer::Value(capture) = offer {
                    self.segment(reference, at + 1, Symbol::Capture(on, capture));
                }
            }
            Meaning::Local => {
                if let (Viewpoint::Step(step, _), Some(name)) = (from, reference.name(0))
                    && let Some((step, at)) = self.local(step, name)
                {
                    self.segment(reference, 0, Symbol::Capture(step, at));
                }
            }
            Meaning::Builtin => {}
        }
    }

    /// Adds the steps that a reference leads through, and gives the position of the last one.
    fn path(&mut self, reference: &Reference, on: StepId) -> usize {
        let path = &self.index.entry(on).path;
        let names: Vec<&str> = path.split('.').collect();
        let full = names
            .iter()
            .enumerate()
            .all(|(at, name)| reference.name(at) == Some(name));
        if !full {
            self.segment(reference, 0, Symbol::Step(on));
            return 0;
        }
        for at in 1..names.len() {
            let prefix = names[..=at].join(".");
            let outer = self
                .index
                .steps
                .iter()
                .position(|entry| entry.path == prefix);
            if let Some(outer) = outer {
                self.segment(reference, at, Symbol::Step(outer));
            }
        }
        names.len() - 1
    }

    /// The capture that a step calls by its bare name: its own, or one of the step that it takes back.
    fn local(&self, step: StepId, name: &str) -> Option<(StepId, usize)> {
        let position = |step: StepId| {
            let captures = &self.index.entry(step).step.capture;
            captures.iter().position(|kept| kept.name.value == name)
        };
        let owners = self.index.chain(step).into_iter().filter_map(|(group, _)| {
            let group = self.index.group(group);
            group.owner.filter(|_| group.part == Part::Undo)
        });
        std::iter::once(step)
            .chain(owners)
            .find_map(|step| Some((step, position(step)?)))
    }

    /// Adds one name of a reference.
    fn segment(&mut self, reference: &Reference, at: usize, symbol: Symbol) {
        let text = self.source.slice(reference.span());
        let mut from = 0;
        for position in 0..=at {
            let Some(name) = reference.name(position) else {
                return;
            };
            let Some(found) = find_word(text, from, name) else {
                return;
            };
            from = found + name.len();
            if position == at {
                let span = Span::new(found, from).offset(reference.span().start);
                self.found.push(Mention {
                    span,
                    symbol,
                    definition: false,
                });
                return;
            }
        }
    }
}

/// The place of a name that may stand in quotes; `None` where it is written in another way.
fn word(source: &Source, span: Span, name: &str) -> Option<Span> {
    let at = source.slice(span).find(name)?;
    Some(Span::new(span.start + at, span.start + at + name.len()))
}

/// Where a name stands as a whole word.
fn find_word(text: &str, from: usize, name: &str) -> Option<usize> {
    let inside = |each: char| each.is_alphanumeric() || each == '_';
    text.get(from..)?
        .match_indices(name)
        .map(|(at, _)| from + at)
        .find(|at| {
            let before = text.get(..*at).and_then(|text| text.chars().next_back());
            let after = text
                .get(at + name.len()..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(inside) && !after.is_some_and(inside)
        })
}
