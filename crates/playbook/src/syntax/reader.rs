//! Reading scalars and lists by the type of their place.

use super::fields::Field;
use super::keys::{Place, Shape, Table, one_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::{self, Expr, ExprKind, Expression};
use crate::jsonpath::Path;
use crate::place::Places;
use crate::source::Source;
use crate::span::{Span, Spanned, TextPlace};
use crate::template::{self, Data};
use crate::value::Value;
use crate::yaml::{Node, NodeKind};
use jiff::SignedDuration;

/// Reads nodes and collects what is wrong with them.
pub(super) struct Reader<'s> {
    pub(super) source: &'s Source,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Self {
            source,
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports an error with what to write instead.
    pub(super) fn report(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::new(code, self.source, span, message).help(help));
    }

    /// Reports a value of another kind than its place takes.
    pub(super) fn wrong_kind(&mut self, owner: &str, node: &Node, shape: &Shape) {
        self.report(
            Code::WrongKind,
            node.span,
            format!("{owner} cannot be {}", node.kind_name()),
            format!("write {}", shape.due()),
        );
    }

    /// Reports a key that a table does not have and returns the nearest one that has a meaning there.
    pub(super) fn unknown_key(
        &mut self,
        key: &Spanned<String>,
        table: &'static Table,
        place: Option<Place>,
    ) -> Option<&'static str> {
        let names: Vec<&'static str> = table
            .all_keys()
            .filter(|key| key.fits(place))
            .map(|key| key.name)
            .collect();
        let near = nearest(key, &names);
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("{} has the keys {}", table.name, list(&names)),
        };
        self.report(
            Code::UnknownKey,
            key.span,
            format!("{} has no key `{}`", table.name, key.value),
            help,
        );
        near
    }

    /// A scalar's text and place.
    fn scalar<'n>(&mut self, field: &Field<'n>) -> Option<(&'n str, bool, TextPlace)> {
        match &field.node.kind {
            NodeKind::Scalar { text, plain, place } if !field.node.is_null() => {
                Some((text, *plain, *place))
            }
            _ => {
                self.wrong_kind(&format!("`{}`", field.key.value), field.node, &field.shape);
                None
            }
        }
    }

    /// A scalar in which no template may stand.
    fn literal<'n>(&mut self, field: &Field<'n>) -> Option<(&'n str, bool, TextPlace)> {
        let (text, plain, place) = self.scalar(field)?;
        if let Some(at) = text.find("${{") {
            let end = text.get(at..).and_then(|rest| rest.find("}}"));
            let end = end.map_or(text.len(), |end| at + end + 2);
            self.report(
                Code::TemplatePlace,
                place.part(at, end),
                format!("`{}` takes no template", field.key.value),
                match field.shape {
                    Shape::Text => "write the text itself".to_owned(),
                    _ => format!("write {}", field.shape.due()),
                },
            );
            return None;
        }
        Some((text, plain, place))
    }

    /// Text without templates.
    pub(super) fn text(&mut self, field: &Field<'_>) -> Option<Spanned<String>> {
        let (text, _, _) = self.literal(field)?;
        Some(Spanned::new(text.to_owned(), field.node.span))
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, field: &Field<'_>) -> Option<Spanned<bool>> {
        let (text, plain, _) = self.literal(field)?;
        let meant = match text {
            "true" | "false" if plain => {
                return Some(Spanned::new(text == "true", field.node.span));
            }
            _ => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some("true"),
                "false" | "no" | "off" | "n" => Some("false"),
                _ => None,
            },
        };
        let help = match meant {
            Some(word) if text == word => format!("write `{word}` without quotes"),
            Some(word) => format!("write `{word}`"),
            None => "write `true` or `false`".to_owned(),
        };
        self.report(
            Code::WrongKind,
            field.node.span,
            format!("`{}` is a boolean, `{text}` is not", field.key.value),
            help,
        );
        None
    }

    /// A whole number within the bounds of its shape.
    pub(super) fn integer(&mut self, field: &Field<'_>) -> Option<Spanned<u32>> {
        let (text, _, _) = self.literal(field)?;
        let least = match field.shape {
            Shape::Integer(least) => least,
            _ => 0,
        };
        match text.parse::<u32>() {
            Ok(number) if number >= least => Some(Spanned::new(number, field.node.span)),
            read => {
                let code = if read.is_ok() || text.parse::<i128>().is_ok() {
                    Code::InvalidValue
                } else {
                    Code::WrongKind
                };
                self.report(
                    code,
                    field.node.span,
                    format!("`{}` cannot be `{text}`", field.key.value),
                    format!("write a whole number from {least} to {}", u32::MAX),
                );
                None
            }
        }
    }

    /// A number that is not negative.
    pub(super) fn number(&mut self, field: &Field<'_>) -> Option<Spanned<f64>> {
        let (text, _, _) = self.literal(field)?;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() && number >= 0.0 => {
                Some(Spanned::new(number, field.node.span))
            }
            _ => {
                self.report(
                    Code::WrongKind,
                    field.node.span,
                    format!("`{}` cannot be `{text}`", field.key.value),
                    format!("write {}", field.shape.due()),
                );
                None
            }
        }
    }

    /// A length of time that is not negative.
    pub(super) fn duration(&mut self, field: &Field<'_>) -> Option<Spanned<SignedDuration>> {
        let (text, _, _) = self.literal(field)?;
        match crate::duration::parse(text) {
            Ok(length) if !length.is_negative() => Some(Spanned::new(length, field.node.span)),
            Ok(_) => {
                self.report(
                    Code::InvalidDuration,
                    field.node.span,
                    format!("`{}` cannot be negative", field.key.value),
                    format!("write `{}`", text.trim().trim_start_matches('-')),
                );
                None
            }
            Err(_) => {
                let help = if text.chars().all(|digit| digit.is_ascii_digit()) {
                    format!("say the unit: `{text}s`, `{text}m` or `{text}h`")
                } else {
                    "write for example `30s`, `15m`, `1h30m`, `24h` or `7d`".to_owned()
                };
                self.report(
                    Code::InvalidDuration,
                    field.node.span,
                    format!("`{text}` is not a duration"),
                    help,
                );
                None
            }
        }
    }

    /// `service:Operation`.
    pub(super) fn action(&mut self, field: &Field<'_>) -> Option<Spanned<String>> {
        let action = self.text(field)?;
        let well_formed = action.split_once(':').is_some_and(|(service, operation)| {
            let word = |text: &str| {
                !text.is_empty()
                    && text
                        .chars()
                        .all(|each| each.is_ascii_alphanumeric() || matches!(each, '-' | '_'))
            };
            word(service) && word(operation)
        });
        if well_formed {
            return Some(action);
        }
        self.report(
            Code::InvalidValue,
            field.node.span,
            format!("`{}` is not an action", action.value),
            "write `service:Operation`, for example `ecs:DescribeServices` or `http:Request`",
        );
        None
    }

    /// Checks a path to another file: relative, inside the playbook root.
    pub(super) fn relative_path(&mut self, path: &Spanned<String>) {
        let gap = path.split('/').any(str::is_empty);
        if path.starts_with('/') || path.contains('\\') || gap {
            self.report(
                Code::InvalidValue,
                path.span,
                format!("`{}` is not a relative path", path.value),
                "write the path from this file, with `/` between folders: `../shared/escalation.yaml`",
            );
        }
    }

    /// One of the words of its shape, and what it stands for.
    pub(super) fn word<T: Copy>(
        &mut self,
        field: &Field<'_>,
        meanings: &[(&'static str, T)],
    ) -> Option<Spanned<T>> {
        let (text, _, _) = self.literal(field)?;
        if let Some((_, meaning)) = meanings.iter().find(|(word, _)| *word == text) {
            return Some(Spanned::new(*meaning, field.node.span));
        }
        let words: Vec<&str> = meanings.iter().map(|(word, _)| *word).collect();
        let help = match nearest(text, &words) {
            Some(near) => format!("did you mean `{near}`? It is one of {}", list(&words)),
            None => format!("write {}", one_of(&words)),
        };
        self.report(
            Code::InvalidValue,
            field.node.span,
            format!("`{}` cannot be `{text}`", field.key.value),
            help,
        );
        None
    }

    /// A condition or another bare expression; the form `${{ … }}` means the same.
    pub(super) fn expression(&mut self, field: &Field<'_>) -> Expression {
        let Some((text, _, place)) = self.scalar(field) else {
            return poison(field.node.span);
        };
        self.expression_text(text, place)
    }

    /// An expression from text that stands at a place.
    pub(super) fn expression_text(&mut self, text: &str, place: TextPlace) -> Expression {
        let (start, end) = unwrapped(text);
        let inner = text.get(start..end).unwrap_or_default();
        let places = Places::new(text, place, self.source);
        if let Some(at) = inner.find("${{") {
            let without = inner.replace("${{", "").replace("}}", "");
            let without: Vec<&str> = without.split_whitespace().collect();
            self.report(
                Code::TemplatePlace,
                places.part(start + at, start + at + "${{".len()),
                "this is an expression already, so no template stands in it",
                format!("write `{}`", without.join(" ")),
            );
            return poison(places.part(start, end));
        }
        match expression::parse_part(inner, start, &places, self.source) {
            Ok(expression) => expression,
            Err(diagnostic) => {
                self.push(diagnostic);
                poison(places.part(start, end))
            }
        }
    }

    /// A `JSONPath`.
    pub(super) fn path(&mut self, field: &Field<'_>) -> Option<Path> {
        let (text, _, place) = self.literal(field)?;
        match Path::parse(text, place, self.source) {
            Ok(path) => Some(path),
            Err(diagnostic) => {
                self.push(diagnostic);
                None
            }
        }
    }

    /// A regular expression.
    pub(super) fn regex(&mut self, field: &Field<'_>) -> Option<Spanned<String>> {
        let (text, _, place) = self.literal(field)?;
        if let Err(error) = regex_syntax::parse(text) {
            let (span, what) = match &error {
                regex_syntax::Error::Parse(error) => {
                    (Some(*error.span()), error.kind().to_string())
                }
                regex_syntax::Error::Translate(error) => {
                    (Some(*error.span()), error.kind().to_string())
                }
                _ => (None, error.to_string()),
            };
            let span = span.map_or(place.span, |span| {
                place.part(span.start.offset, span.end.offset)
            });
            let help = if what.contains("look-around") || what.contains("backreference") {
                "Rust regular expressions have no look-around and no back references; use two predicates instead"
            } else {
                "correct it there; `\\` before a character takes it literally"
            };
            self.report(
                Code::InvalidRegex,
                span,
                format!("this is no regular expression: {what}"),
                help,
            );
            return None;
        }
        Some(Spanned::new(text.to_owned(), field.node.span))
    }

    /// A value with templates in it.
    pub(super) fn data(&mut self, node: &Node) -> Spanned<Data> {
        let data = match &node.kind {
            NodeKind::Scalar { text, plain, place } => {
                match template::parse(text, *plain, *place, self.source) {
                    Ok(data) => data,
                    Err(diagnostic) => {
                        self.push(diagnostic);
                        Data::Expression(poison(node.span))
                    }
                }
            }
            NodeKind::List(items) => Data::List(items.iter().map(|item| self.data(item)).collect()),
            NodeKind::Map(_) => Data::Map(self.data_map(node)),
        };
        Spanned::new(data, node.span)
    }

    /// Text with templates in it.
    pub(super) fn template(&mut self, field: &Field<'_>) -> Option<Spanned<Data>> {
        self.scalar(field)?;
        Some(self.data(field.node))
    }

    /// A list of texts with templates in them.
    pub(super) fn templates(&mut self, field: &Field<'_>) -> Vec<Spanned<Data>> {
        self.elements(field)
            .iter()
            .filter_map(|element| self.template(element))
            .collect()
    }

    /// The entries of a mapping whose keys are free.
    pub(super) fn data_map(&mut self, node: &Node) -> Vec<(Spanned<String>, Spanned<Data>)> {
        let entries = node.entries().unwrap_or_default();
        let mut members = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            if key.contains("${{") {
                self.report(
                    Code::TemplatePlace,
                    key.span,
                    "a key takes no template",
                    "write the key itself; to choose keys at run time, pass a captured mapping as the value",
                );
            }
            members.push((key.clone(), self.data(value)));
        }
        members
    }

    /// A field that is a mapping with free keys.
    pub(super) fn data_members(
        &mut self,
        field: &Field<'_>,
    ) -> Vec<(Spanned<String>, Spanned<Data>)> {
        if field.node.entries().is_none() {
            self.wrong_kind(&format!("`{}`", field.key.value), field.node, &field.shape);
        }
        self.data_map(field.node)
    }

    /// The elements of a list, each as a field of its own; where the shape allows one, one.
    pub(super) fn elements<'n>(&mut self, field: &Field<'n>) -> Vec<Field<'n>> {
        let (inner, single) = match field.shape {
            Shape::List(inner) => (*inner, false),
            Shape::OneOrMore(inner) => (*inner, true),
            other => (other, true),
        };
        let element = |node| Field {
            key: field.key,
            node,
            shape: inner,
        };
        match &field.node.kind {
            NodeKind::List(items) => items.iter().map(element).collect(),
            _ if single && !field.node.is_null() => vec![element(field.node)],
            _ => {
                self.wrong_kind(&format!("`{}`", field.key.value), field.node, &field.shape);
                Vec::new()
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, field: &Field<'_>) -> Vec<Spanned<String>> {
        self.elements(field)
            .iter()
            .filter_map(|element| self.text(element))
            .collect()
    }

    /// A list of values.
    pub(super) fn values(&mut self, field: &Field<'_>) -> Vec<Spanned<Data>> {
        self.elements(field)
            .iter()
            .map(|element| self.data(element.node))
            .collect()
    }
}

/// Stands for an expression that could not be read, so that what depends on it is not reported too.
pub(super) fn poison(span: Span) -> Expression {
    Expression {
        text: String::new(),
        span,
        root: Expr {
            kind: ExprKind::Constant(Value::Unknown),
            span,
        },
    }
}

/// The byte range between `${{` and `}}` where that is the whole text, else of the trimmed text.
fn unwrapped(text: &str) -> (usize, usize) {
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    let end = start + trimmed.len();
    let inner = trimmed
        .strip_prefix("${{")
        .and_then(|rest| rest.strip_suffix("}}"))
        .filter(|inner| !inner.contains("${{"));
    match inner {
        Some(inner) => {
            let before = inner.len() - inner.trim_start().len();
            let from = start + 3 + before;
            (from, from + inner.trim().len())
        }
        None => (start, end),
    }
}

/// The longest text that is compared with words, in bytes.
const LONGEST_KEY: usize = 64;

/// The nearest of some words, where one is near enough to be meant.
pub(super) fn nearest<'w>(written: &str, words: &[&'w str]) -> Option<&'w str> {
    if written.len() > LONGEST_KEY {
        return None;
    }
    let plain = written.to_lowercase().replace('-', "_");
    words
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&plain, word), *word))
        .filter(|(distance, word)| *distance <= 1 + word.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `` `a`, `b`, `c` ``
pub(super) fn list(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
