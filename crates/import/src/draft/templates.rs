//! What is known only when a command runs, as templates: inputs, captures, instants, files.

use super::build::{Builder, Home, is_reserved};
use super::{Finished, Graph, Input, Place};
use crate::aws::snake;
use crate::page::Role;
use crate::step::Capture;
use crate::text::{Dynamic, Piece, Time};
use runbook_playbook::catalog::Catalog as _;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::jsonpath::Path;
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, TextPlace};
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use serde_json::{Map, Value as Json};

/// How often texts of variables are looked into for other variables.
const MAX_ALIASES: usize = 8;

impl Builder<'_, '_> {
    pub(super) fn rendered(&mut self, value: Json, place: &Place, span: Span) -> Json {
        match value {
            Json::String(text) => Json::String(self.text(&text, place, span)),
            Json::Array(items) => {
                let items: Vec<Json> = items
                    .into_iter()
                    .map(|item| self.rendered(item, place, span))
                    .collect();
                match items.as_slice() {
                    // What is a list already is no element of one.
                    [Json::String(only)] if self.is_list(only) => Json::String(only.clone()),
                    _ => Json::Array(items),
                }
            }
            Json::Object(members) => Json::Object(
                members
                    .into_iter()
                    .map(|(name, value)| (name, self.rendered(value, place, span)))
                    .collect(),
            ),
            other => other,
        }
    }

    /// Whether a template is a capture or an input that is a list.
    fn is_list(&self, template: &str) -> bool {
        let inner = template
            .strip_prefix("${{ ")
            .and_then(|rest| rest.strip_suffix(" }}"));
        let Some((owner, name)) = inner.and_then(|inner| inner.rsplit_once('.')) else {
            return false;
        };
        if owner == "inputs" {
            return self.sketch.inputs.get(name).is_some_and(|input| input.list);
        }
        let id = owner.rsplit('.').next().unwrap_or(owner);
        let blocks = self.sketch.resolve.values();
        let steps = blocks.flat_map(|remedy| &remedy.steps);
        let mut steps = self.sketch.diagnose.iter().chain(steps);
        let step = steps.rfind(|(known, _)| known == id);
        step.is_some_and(|(_, step)| {
            let mut captures = step.captures.iter();
            let capture = captures.find(|capture| capture.name == name);
            capture.is_some_and(|capture| {
                !capture.first && gives_list(self.reading.registry, &step.action, &capture.path)
            })
        })
    }

    /// A marked text with templates in the places of its marks.
    pub(super) fn text(&mut self, marked: &str, place: &Place, span: Span) -> String {
        self.expanded(marked, place, span, 0)
    }

    pub(super) fn expanded(
        &mut self,
        marked: &str,
        place: &Place,
        span: Span,
        depth: usize,
    ) -> String {
        let pieces: Vec<Result<String, Dynamic>> = self
            .reading
            .marks
            .pieces(marked)
            .into_iter()
            .map(|piece| match piece {
                Piece::Known(text) => Ok(text.to_owned()),
                Piece::Dynamic(dynamic) => Err(dynamic.clone()),
            })
            .collect();
        let mut text = String::new();
        let mut skip_thousand = false;
        for piece in pieces {
            match piece {
                Ok(known) => {
                    let known = if std::mem::take(&mut skip_thousand) {
                        known.strip_prefix("000").unwrap_or(&known).to_owned()
                    } else {
                        known
                    };
                    // What looks like a template to us was text to the shell.
                    text.push_str(&known.replace("${{", "$ {{"));
                }
                Err(Dynamic::Variable(name, _))
                    if depth < MAX_ALIASES
                        && matches!(self.variables.get(&name), Some(Home::Alias(_))) =>
                {
                    if let Some(Home::Alias(inner)) = self.variables.get(&name).cloned() {
                        text.push_str(&self.expanded(&inner, place, span, depth + 1));
                    }
                }
                Err(dynamic) => {
                    skip_thousand = matches!(dynamic, Dynamic::Time(_));
                    let expression = self.expression(&dynamic, place, span);
                    text.push_str("${{ ");
                    text.push_str(&expression);
                    text.push_str(" }}");
                }
            }
        }
        text
    }

    /// An expression for a text that is one mark.
    pub(super) fn whole_expression(&mut self, marked: &str, place: &Place) -> Option<String> {
        let dynamic = match self.reading.marks.pieces(marked).as_slice() {
            [Piece::Dynamic(dynamic)] => (*dynamic).clone(),
            _ => return None,
        };
        Some(self.expression(&dynamic, place, Span::default()))
    }

    pub(super) fn expression(&mut self, dynamic: &Dynamic, place: &Place, span: Span) -> String {
        match dynamic {
            Dynamic::Variable(name, default) => {
                self.variable(name, default.as_deref(), place, span)
            }
            Dynamic::Time(time) => instant(time),
            Dynamic::Account => "target.account".to_owned(),
            Dynamic::Run => "run.id".to_owned(),
            Dynamic::File(path, json) => self.file(path, *json, place, span),
            Dynamic::Output(script) => {
                let role = match (&place.graph, &place.block) {
                    (Graph::Resolve, Some(block)) => {
                        let title = self
                            .sketch
                            .resolve
                            .get(block)
                            .map_or_else(|| block.clone(), |remedy| remedy.title.clone());
                        Role::Remedy(Some(title))
                    }
                    _ => Role::Diagnosis,
                };
                if let Some(Home::Capture(at, id, capture)) =
                    self.captured(script, None, span, &role, &mut None)
                {
                    reference(&at, &id, &capture, place).unwrap_or_else(|| {
                        let name = self.input("found", None);
                        format!("inputs.{name}")
                    })
                } else {
                    let name = self.input("found", None);
                    format!("inputs.{name}")
                }
            }
            Dynamic::Other(text) => {
                let name = self.input(&snake(text), None);
                format!("inputs.{name}")
            }
        }
    }

    pub(super) fn variable(
        &mut self,
        name: &str,
        default: Option<&str>,
        place: &Place,
        span: Span,
    ) -> String {
        match self.variables.get(name).cloned() {
            Some(Home::Capture(at, id, capture)) => {
                if let Some(reference) = reference(&at, &id, &capture, place) {
                    return reference;
                }
            }
            Some(Home::Element(element)) => return element,
            Some(Home::Input(input)) => return format!("inputs.{input}"),
            Some(Home::Alias(_)) | None => {}
        }
        match name {
            "AWS_REGION" | "AWS_DEFAULT_REGION" | "REGION" => return "target.region".to_owned(),
            "AWS_ACCOUNT_ID" | "ACCOUNT_ID" => return "target.account".to_owned(),
            _ => {}
        }
        let named_by_the_page = name.chars().any(|character| character.is_ascii_uppercase());
        let known = matches!(name, "HOME" | "USER" | "PWD" | "PATH" | "HOSTNAME")
            || name.starts_with("AWS_");
        if default.is_none()
            && named_by_the_page
            && !known
            && self.reading.undefined.insert(name.to_owned())
        {
            let at = self.place_of(name, span);
            self.reading.findings.add(
                Code::UndefinedVariable,
                at,
                format!("nothing gives `${name}` a value"),
                Some("say how it is found; in the draft it is an input".to_owned()),
            );
        }
        let input = self.input(name, default);
        self.variables
            .entry(name.to_owned())
            .or_insert_with(|| Home::Input(input.clone()));
        format!("inputs.{input}")
    }

    /// Where a command names a variable.
    pub(super) fn place_of(&self, name: &str, span: Span) -> Span {
        let text = self.reading.findings.source().slice(span);
        for form in [format!("${{{name}"), format!("${name}")] {
            if let Some(at) = text.find(&form) {
                let length = form.len() + usize::from(form.starts_with("${"));
                let start = span.start + at;
                return Span::new(start, (start + length).min(span.end));
            }
        }
        span
    }

    /// The input of a name; made where there is none.
    pub(super) fn input(&mut self, name: &str, default: Option<&str>) -> String {
        let base = snake(name);
        let id = if is_reserved(&base) {
            format!("{base}_value")
        } else {
            base.clone()
        };
        let kind = self
            .wanted
            .get(name)
            .or_else(|| self.wanted.get(&base))
            .copied()
            .unwrap_or("string");
        let input = self.sketch.inputs.entry(id.clone()).or_insert(Input {
            kind,
            default: None,
            list: false,
        });
        if input.default.is_none() {
            input.default = default.map(str::to_owned);
        }
        id
    }

    pub(super) fn file(&mut self, path: &str, json: bool, place: &Place, span: Span) -> String {
        let form = if json { "json" } else { "text" };
        let shown = self.text(path, place, span);
        let outside =
            shown.starts_with(['/', '~']) || shown.contains("..") || shown.contains("${{");
        let name = shown
            .rsplit('/')
            .next()
            .and_then(|file| file.split('.').next())
            .unwrap_or("file")
            .to_owned();
        let mut notes = Vec::new();
        let path = if outside {
            notes.push(format!("TODO: put `{shown}` below the playbooks"));
            format!("{name}.json")
        } else {
            shown
        };
        let mut with = Map::new();
        with.insert("path".to_owned(), Json::String(path));
        with.insert("as".to_owned(), Json::String(form.to_owned()));
        let finished = Finished {
            action: "file:Read".to_owned(),
            with,
            captures: vec![Capture::path("content", "$.content")],
            notes,
            ..Finished::default()
        };
        if let Some((id, _)) = self
            .steps(place)
            .iter()
            .find(|(_, step)| step.action == finished.action && step.with == finished.with)
        {
            return format!("{id}.content");
        }
        let id = self.push(place, &name, finished);
        format!("{id}.content")
    }
}

/// Whether a path leads to a list in what an action gives.
fn gives_list(registry: &Registry, action: &str, path: &str) -> bool {
    let place = TextPlace {
        span: Span::default(),
        exact: false,
    };
    let Ok(read) = Path::parse(path, place, &Source::new("", path)) else {
        return false;
    };
    let action = registry.action(action).ok();
    let ty = action.and_then(|action| read.infer(&action.output).ok());
    !read.singular || matches!(ty.as_ref().map(Type::present), Some(Type::List(_)))
}

/// How a step names a capture of another; nothing where it cannot.
fn reference(at: &Place, id: &str, capture: &str, from: &Place) -> Option<String> {
    if at == from {
        return Some(format!("{id}.{capture}"));
    }
    match (at.graph, from.graph) {
        (Graph::Diagnose, _) => Some(format!("diagnose.{id}.{capture}")),
        (Graph::Resolve, Graph::Resolve) => {
            let block = at.block.as_deref()?;
            Some(format!("resolve.{block}.{id}.{capture}"))
        }
        (Graph::Resolve, Graph::Diagnose) => None,
    }
}

fn instant(time: &Time) -> String {
    let ago = time.ago;
    if ago == 0 {
        return "now".to_owned();
    }
    let (sign, seconds) = if ago > 0 {
        ("-", ago)
    } else {
        ("+", ago.saturating_neg())
    };
    let unit = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]
        .into_iter()
        .find(|(size, _)| seconds % size == 0);
    let (size, unit) = unit.unwrap_or((1, "s"));
    format!("now {sign} duration('{}{unit}')", seconds / size)
}
