//! What may be typed at a place.

mod arguments;
mod expression;
mod path;
mod scenarios;
mod targets;

pub(crate) use arguments::into;

use crate::analysis::surveyed;
use crate::documents::Documents;
use crate::due::{Due, due_in};
use crate::layout::{Cursor, Layout};
use crate::place::range;
use crate::shown;
use crate::targets::{discovery, visible};
use crate::workspace::{FileKind, Home, Shelf, Workspace};
use runbook_playbook::catalog::{Action, Catalog as _};
use runbook_playbook::check::{Survey, SurveyedStep};
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use runbook_playbook::syntax::keys::Shape;
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::Arc;

/// Kinds of items, as the protocol numbers them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Function = 3,
    Field = 5,
    Variable = 6,
    Module = 9,
    Property = 10,
    Value = 12,
    File = 17,
    EnumMember = 20,
}

/// One thing that may be typed.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) label: String,
    pub(crate) insert: String,
    pub(crate) kind: Kind,
    pub(crate) detail: String,
    pub(crate) about: String,
    /// Stands before the others.
    pub(crate) first: bool,
}

impl Item {
    pub(crate) fn new(label: impl Into<String>, kind: Kind) -> Self {
        let label = label.into();
        Self {
            insert: label.clone(),
            label,
            kind,
            detail: String::new(),
            about: String::new(),
            first: false,
        }
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Inserted as a key.
    pub(crate) fn key(mut self) -> Self {
        self.insert.push_str(": ");
        self
    }
}

/// What may be typed, and where the word begins that it replaces.
pub(crate) struct Offered {
    pub(crate) start: usize,
    pub(crate) items: Vec<Item>,
}

/// A place in a text, and all that is known about it.
pub(crate) struct Place<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    pub(crate) kind: FileKind,
    pub(crate) layout: Layout,
    pub(crate) cursor: Cursor,
    pub(crate) due: Due,
    pub(crate) survey: Option<Arc<Survey>>,
    pub(crate) registry: &'a Registry,
}

impl Place<'_> {
    /// The step that is written in, as it last could be read.
    pub(crate) fn step(&self) -> Option<&SurveyedStep> {
        let (path, _) = self.due.step.as_ref()?;
        let survey = self.survey.as_ref()?;
        survey.steps.iter().find(|step| step.path == *path)
    }

    /// The action of the step that is written in, or of its `before`.
    pub(crate) fn action(&self) -> Option<Arc<Action>> {
        let route = &self.cursor.route;
        if self.kind == FileKind::Targets {
            let name = self.layout.value(self.text, discovery(route)?, "action")?;
            return self.registry.action(name).ok();
        }
        let (_, length) = self.due.step.as_ref()?;
        let step = route.get(..*length)?;
        let inside = route.get(*length).filter(|key| *key == "before");
        let before = inside.and_then(|_| route.get(..=*length));
        let name = self
            .layout
            .value(self.text, before.unwrap_or(step), "action")?;
        self.registry.action(name).ok()
    }

    /// What expressions here can name.
    pub(crate) fn visible(&self) -> Vec<(String, Type)> {
        if self.kind == FileKind::Targets {
            return visible(self.text, &self.layout, &self.cursor.route, self.registry);
        }
        let Some(survey) = &self.survey else {
            return Vec::new();
        };
        if let Some(step) = self.step() {
            return step.visible.clone();
        }
        // A step that could not be read yet sees about what the one before it sees.
        let graph = self.cursor.route.first().map(String::as_str);
        let prefix = graph.map(|graph| format!("{graph}."));
        let near = survey.steps.iter().rfind(|step| {
            prefix
                .as_ref()
                .is_some_and(|prefix| step.path.starts_with(prefix))
        });
        let ended = matches!(graph, Some("outputs" | "escalate"));
        let own = ["result", "error", "before"];
        let shared = ["inputs", "cause", "run", "target", "now"];
        let graphs = ["check", "symptom", "diagnose", "resolve"];
        match near.or(survey.steps.last()) {
            Some(step) => step
                .visible
                .iter()
                .filter(|(name, _)| {
                    let name = name.as_str();
                    let captured = step.captures.iter().any(|(kept, _)| kept.value == name);
                    match near {
                        Some(_) => !own.contains(&name) && !captured,
                        None => shared.contains(&name) || (ended && graphs.contains(&name)),
                    }
                })
                .cloned()
                .collect(),
            None => vec![("inputs".to_owned(), inputs(survey))],
        }
    }
}

/// The inputs as a structure.
fn inputs(survey: &Survey) -> Type {
    let inputs = survey.inputs.iter();
    inputs
        .fold(
            runbook_playbook::types::Record::new("inputs"),
            |record, (name, ty)| record.required(&name.value, ty.clone()),
        )
        .build()
}

/// What the server has at hand for a completion.
pub(crate) struct Request<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    pub(crate) file: &'a Path,
    pub(crate) home: &'a Home,
    /// The names of the text, or of the last one that could be read.
    pub(crate) survey: Option<Arc<Survey>>,
    /// The survey is that of the text as it is.
    pub(crate) fresh: bool,
    pub(crate) documents: &'a Documents,
    pub(crate) registry: &'a Registry,
    pub(crate) workspace: &'a dyn Workspace,
}

/// The items for a place, as the protocol has them.
pub(crate) fn complete(request: &Request<'_>) -> Json {
    let source = Source::new("", request.text);
    let Some(offered) = offered(request) else {
        return json!([]);
    };
    let span = range(&source, Span::new(offered.start, request.at));
    let items = offered.items.iter().map(|item| {
        let mut written = json!({
            "label": item.label,
            "kind": item.kind as u8,
            "textEdit": {"range": span, "newText": item.insert},
            "filterText": item.label,
        });
        if !item.detail.is_empty() {
            written["detail"] = item.detail.as_str().into();
        }
        if !item.about.is_empty() {
            written["documentation"] = item.about.as_str().into();
        }
        let rank = if item.first { "0" } else { "1" };
        written["sortText"] = format!("{rank}{}", item.label).into();
        written
    });
    items.collect::<Vec<Json>>().into()
}

fn offered(request: &Request<'_>) -> Option<Offered> {
    let layout = Layout::read(request.text, request.at);
    let cursor = layout.cursor.clone()?;
    let kind = request.workspace.kind(request.file, request.text);
    let due = due_in(kind, &cursor.route);
    let survey = if request.fresh || kind == FileKind::Targets {
        request.survey.clone()
    } else {
        without_line(request).or_else(|| request.survey.clone())
    };
    let place = Place {
        text: request.text,
        at: request.at,
        kind,
        layout,
        cursor,
        due,
        survey,
        registry: request.registry,
    };
    let typed = place.text.get(place.cursor.start..place.at)?;
    if let Some(template) = open_template(typed) {
        let start = place.cursor.start + template;
        return Some(expression::offered(&place, start));
    }
    match kind {
        FileKind::Scenarios => return scenarios::offered(&place, request),
        FileKind::Targets => return targets::offered(&place, request),
        FileKind::Playbook | FileKind::Foreign => {}
    }
    if place.due.with.is_some() {
        return arguments::offered(&place, request);
    }
    if !place.cursor.value
        && let Some(table) = place.due.table()
    {
        return Some(keys(&place, table));
    }
    of_shape(&place, place.due.shape?, request)
}

/// Where the expression begins that is typed in a template; `None` where the last one is closed.
fn open_template(typed: &str) -> Option<usize> {
    let open = typed.rfind("${{")? + 3;
    (!typed.get(open..)?.contains("}}")).then_some(open)
}

/// The names of the text without the line that is typed in.
fn without_line(request: &Request<'_>) -> Option<Arc<Survey>> {
    let start = request
        .text
        .get(..request.at)?
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let end = request.text.get(start..)?.find('\n');
    let end = end.map_or(request.text.len(), |end| start + end);
    let mut text = request.text.to_owned();
    text.replace_range(start..end, "");
    let shelf = Shelf {
        documents: request.documents,
        root: &request.home.root,
        catalog: request.registry,
        workspace: request.workspace,
    };
    let source = Source::new(&request.home.name, text);
    surveyed(&source, request.home, &shelf, request.registry)
}

/// The keys of a table that are not there yet.
fn keys(place: &Place<'_>, table: &'static runbook_playbook::syntax::keys::Table) -> Offered {
    let typed = place
        .text
        .get(place.cursor.start..place.at)
        .unwrap_or_default();
    let written: Vec<&str> = place.layout.keys(&place.cursor.route).collect();
    let items = table
        .all_keys()
        .filter(|key| key.fits(place.due.place))
        .filter(|key| !written.contains(&key.name) || key.name == typed)
        .map(|key| {
            let mut item = Item::new(key.name, Kind::Property)
                .detail(key.shape.due())
                .key();
            key.about.clone_into(&mut item.about);
            item.first = key.required;
            item
        });
    Offered {
        start: place.cursor.start,
        items: items.collect(),
    }
}

/// Where a value begins that may stand in quotes.
pub(crate) fn bare_start(place: &Place<'_>) -> usize {
    let typed = place
        .text
        .get(place.cursor.start..place.at)
        .unwrap_or_default();
    place.cursor.start + (typed.len() - typed.trim_start_matches(['"', '\'', '[', ' ']).len())
}

fn of_shape(place: &Place<'_>, shape: Shape, request: &Request<'_>) -> Option<Offered> {
    let start = bare_start(place);
    let named = |names: Vec<String>, kind: Kind| {
        let items = names.into_iter().map(|name| Item::new(name, kind));
        Some(Offered {
            start,
            items: items.collect(),
        })
    };
    let words = |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned());
        named(words.collect(), Kind::EnumMember)
    };
    match shape {
        Shape::Word(known) => words(known),
        Shape::Boolean => words(&["true", "false"]),
        Shape::Action => Some(actions(place, start)),
        Shape::Path => Some(path::offered(place, start)),
        Shape::Expression | Shape::Condition => Some(expression::offered(place, start)),
        Shape::NameInList => {
            let typed = place.text.get(start..place.at)?;
            let list = typed.find(" in ")? + 4;
            Some(expression::offered(place, start + list))
        }
        Shape::OneOrMore(inner) | Shape::List(inner) => of_shape(place, *inner, request),
        Shape::Either(shapes) => shapes
            .iter()
            .filter(|shape| match shape {
                Shape::Path => place
                    .text
                    .get(start..)
                    .is_some_and(|rest| rest.starts_with('$')),
                _ => true,
            })
            .find_map(|shape| of_shape(place, *shape, request)),
        Shape::Name if place.due.key == Some("for") => {
            named(place.survey.as_ref()?.causes.clone(), Kind::EnumMember)
        }
        Shape::Text => match place.due.key {
            Some("needs") => named(place.step()?.beside.clone(), Kind::Variable),
            Some("expect_error" | "errors") => {
                named(place.action()?.errors.clone(), Kind::EnumMember)
            }
            Some("use") => named(playbooks(request), Kind::File),
            _ => None,
        },
        _ => None,
    }
}

/// Services, or the operations of the one that is typed.
fn actions(place: &Place<'_>, start: usize) -> Offered {
    let typed = place.text.get(start..place.at).unwrap_or_default();
    let items: Vec<Item> = if let Some((service, _)) = typed.split_once(':') {
        let names = place.registry.operations(service).into_iter();
        names.map(|name| Item::new(name, Kind::Function)).collect()
    } else {
        let services = place.registry.services().into_iter();
        services
            .map(|service| Item::new(format!("{service}:"), Kind::Module))
            .collect()
    };
    Offered { start, items }
}

/// The files that a playbook can name, as it names them.
pub(crate) fn playbooks(request: &Request<'_>) -> Vec<String> {
    let folder = request.file.parent().unwrap_or(Path::new(""));
    let root = &request.home.root;
    let files = request.workspace.playbooks(root);
    files
        .iter()
        .filter(|file| file.as_path() != request.file)
        .filter_map(|file| match file.strip_prefix(folder) {
            Ok(beside) => Some(beside.display().to_string()),
            Err(_) => Some(format!("/{}", file.strip_prefix(root).ok()?.display())),
        })
        .collect()
}

/// What is shown of an item that is looked at more closely.
pub(crate) fn resolve(item: &Json, registry: &Registry) -> Json {
    let mut item = item.clone();
    let label = item.get("label").and_then(Json::as_str).unwrap_or_default();
    if let Ok(action) = registry.action(label) {
        let effects: Vec<&str> = action
            .effects
            .iter()
            .map(|effect| effect.as_str())
            .collect();
        item["detail"] = effects.join(", ").into();
        let text = shown::action(&action, registry);
        item["documentation"] = json!({"kind": "markdown", "value": text});
    }
    item
}
