//! Words of the command line to values of the API's types.

use super::options::Option_;
use super::{Aws, Placeholder, kebab, placeholder, shorthand, snake};
use crate::text::{Dynamic, Piece, Text, TimeForm, is_marked};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use runbook_playbook::diagnostic::Code;
use runbook_playbook::span::Span;
use runbook_playbook::types::{TimeUnit, Type};
use serde_json::{Map, Number, Value as Json};

/// How deep structures are followed.
const MAX_DEPTH: usize = 24;

/// The word of the language for the type of an input that takes the place of a value.
pub(super) fn input_type(ty: &Type) -> &'static str {
    match ty.present() {
        Type::Boolean => "boolean",
        Type::Integer(_, None) => "integer",
        Type::Integer(_, Some(_)) | Type::Timestamp(_) => "timestamp",
        Type::Number(_) => "number",
        Type::Duration => "duration",
        Type::List(list) => match list.element.present() {
            Type::Structure(_) | Type::Map(_) => "json",
            _ => input_type(&list.element),
        },
        Type::Structure(_) | Type::Map(_) => "json",
        _ => "string",
    }
}

/// The value at a path like `a.b[0].c`.
pub(super) fn at<'j>(json: &'j Json, path: &str) -> Option<&'j Json> {
    let mut here = json;
    for name in path.split(['.', '[']) {
        let name = name.trim_end_matches(']');
        here = match here {
            Json::Array(items) => items.get(name.parse::<usize>().ok()?)?,
            Json::Object(members) => members.get(name)?,
            _ => return None,
        };
    }
    Some(here)
}

impl Aws<'_> {
    /// The value of an option; nothing where it has none that the API could take.
    pub(super) fn value(&mut self, ty: &Type, option: &Option_, negated: bool) -> Option<Json> {
        let words = &option.words;
        match ty.present() {
            Type::Boolean => Some(match words.first().and_then(Text::literal) {
                Some("false") => Json::Bool(negated),
                _ => Json::Bool(!negated),
            }),
            _ if words.is_empty() => {
                self.wrong(option, option.span, "is given nothing");
                None
            }
            Type::List(list) => self.list(ty, &list.element, option),
            Type::Structure(_) | Type::Map(_) => {
                let word = words.first()?;
                let json = self.document(option, word)?;
                Some(self.shaped(ty, json, option, word.span, 0))
            }
            _ => {
                let word = words.first()?;
                Some(self.scalar(ty, &word.marked, option, word.span))
            }
        }
    }

    fn wrong(&mut self, option: &Option_, span: Span, what: &str) {
        self.findings.add(
            Code::ArgumentType,
            span,
            format!("`--{}` {what}", option.name),
            None,
        );
    }

    fn list(&mut self, ty: &Type, element: &Type, option: &Option_) -> Option<Json> {
        let first = option.words.first()?;
        if first.marked.starts_with("file://") || first.marked.trim_start().starts_with('[') {
            let json = self.document(option, first)?;
            return Some(self.shaped(ty, json, option, first.span, 0));
        }
        let mut values = Vec::new();
        for word in &option.words {
            match element.present() {
                Type::Structure(_) | Type::Map(_) | Type::List(_) => {
                    // Elements that a comma joins at the end (`a=1, b=2`) are a slip of the shell, not of the reader.
                    let json = self.document(option, word)?;
                    match json {
                        Json::Array(items) => {
                            for item in items {
                                values.push(self.shaped(element, item, option, word.span, 0));
                            }
                        }
                        other => values.push(self.shaped(element, other, option, word.span, 0)),
                    }
                }
                inner => {
                    let separate = self.separate(inner, option, word);
                    for value in separate {
                        values.push(self.scalar(inner, &value, option, word.span));
                    }
                }
            }
        }
        Some(Json::Array(values))
    }

    /// `Average,Maximum`: one value to the CLI, which the API refuses.
    fn separate(&mut self, ty: &Type, option: &Option_, word: &Text) -> Vec<String> {
        if let Type::Text(rule) = ty
            && !rule.values.is_empty()
            && word.marked.contains(',')
        {
            let parts: Vec<String> = word
                .marked
                .split(',')
                .map(|part| part.trim().to_owned())
                .collect();
            if parts.iter().all(|part| rule.values.contains(part)) {
                let apart = parts.join(" ");
                self.findings.add(
                    Code::ArgumentType,
                    word.span,
                    format!(
                        "`--{}`: `{}` is one value, and none of the API's",
                        option.name, word.marked
                    ),
                    Some(format!(
                        "values are separated by blanks: `--{} {apart}`",
                        option.name
                    )),
                );
                return parts;
            }
        }
        vec![word.marked.clone()]
    }

    /// JSON or shorthand.
    fn document(&mut self, option: &Option_, word: &Text) -> Option<Json> {
        let text = word.marked.trim();
        if let Some(path) = text.strip_prefix("file://") {
            return Some(Json::String(self.file(path, true)));
        }
        let pieces = self.marks.pieces(text);
        if let [Piece::Dynamic(_)] = pieces.as_slice() {
            return Some(Json::String(text.to_owned()));
        }
        if text.starts_with(['{', '[']) {
            return match serde_json::from_str(text) {
                Ok(json) => Some(json),
                Err(error) => {
                    let shorthand = shorthand::parse(text.trim_matches(['{', '}']));
                    if let (Ok(json), true) = (shorthand, text.contains('=')) {
                        return Some(json);
                    }
                    self.wrong(option, word.span, &format!("is no JSON: {error}"));
                    None
                }
            };
        }
        match shorthand::parse(text.trim_end_matches(',')) {
            Ok(json) => Some(json),
            Err(why) => {
                if text.contains('=') {
                    self.wrong(option, word.span, &format!("is no shorthand: {why}"));
                    None
                } else {
                    Some(Json::String(text.to_owned()))
                }
            }
        }
    }

    /// A mark for what a file holds.
    fn file(&mut self, path: &str, json: bool) -> String {
        self.marks.add(Dynamic::File(path.to_owned(), json))
    }

    /// Gives values of JSON and shorthand the API's types.
    fn shaped(
        &mut self,
        ty: &Type,
        json: Json,
        option: &Option_,
        span: Span,
        depth: usize,
    ) -> Json {
        if depth > MAX_DEPTH {
            return json;
        }
        match (ty.present(), json) {
            (Type::Structure(structure), Json::Object(members)) => {
                let mut shaped = Map::new();
                for (name, value) in members {
                    let found = structure
                        .member(&name)
                        .map(|found| (name.clone(), found))
                        .or_else(|| {
                            // `name=` for `Name`: the CLI is strict, the draft is not.
                            let meant = structure
                                .member_names()
                                .into_iter()
                                .find(|known| known.eq_ignore_ascii_case(&name))?;
                            let found = structure.member(&meant)?;
                            Some((meant, found))
                        });
                    match found {
                        Some((known, found)) => {
                            if known != name {
                                self.findings.add(
                                    Code::UnknownArgument,
                                    span,
                                    format!("`--{}` has no member `{name}`", option.name),
                                    Some(format!("did you mean `{known}`?")),
                                );
                            }
                            let value = self.shaped(&found.ty, value, option, span, depth + 1);
                            shaped.insert(known, value);
                        }
                        None => {
                            shaped.insert(name, value);
                        }
                    }
                }
                Json::Object(shaped)
            }
            (Type::Map(inner), Json::Object(members)) => Json::Object(
                members
                    .into_iter()
                    .map(|(name, value)| {
                        let value = self.shaped(inner, value, option, span, depth + 1);
                        (name, value)
                    })
                    .collect(),
            ),
            (Type::List(list), Json::Array(items)) => Json::Array(
                items
                    .into_iter()
                    .map(|item| self.shaped(&list.element, item, option, span, depth + 1))
                    .collect(),
            ),
            (Type::List(list), one) if !self.may_be_list(&list.element, &one) => {
                Json::Array(vec![self.shaped(
                    &list.element,
                    one,
                    option,
                    span,
                    depth + 1,
                )])
            }
            // A structure of one text is given by that text.
            (Type::Structure(structure), Json::String(text))
                if !is_marked(&text) && structure.member_names().len() == 1 =>
            {
                let name = structure.member_names().pop().unwrap_or_default();
                let mut members = Map::new();
                members.insert(name, Json::String(text));
                Json::Object(members)
            }
            (Type::Structure(_) | Type::Map(_) | Type::Any | Type::List(_), other) => other,
            (scalar, Json::String(text)) => {
                let scalar = scalar.clone();
                self.scalar(&scalar, &text, option, span)
            }
            (Type::Text(_), Json::Number(number)) => Json::String(number.to_string()),
            (_, other) => other,
        }
    }

    /// Whether a value that is known only when it runs may be a list already: what a file or a command gives.
    fn may_be_list(&self, element: &Type, value: &Json) -> bool {
        let Some(text) = value.as_str() else {
            return false;
        };
        match self.marks.pieces(text).as_slice() {
            [Piece::Dynamic(Dynamic::File(..) | Dynamic::Output(_))] => true,
            [Piece::Dynamic(_)] => matches!(
                element.present(),
                Type::Structure(_) | Type::Map(_) | Type::List(_)
            ),
            _ => false,
        }
    }

    fn scalar(&mut self, ty: &Type, marked: &str, option: &Option_, span: Span) -> Json {
        let text = || Json::String(marked.to_owned());
        if let Some(path) = marked
            .strip_prefix("fileb://")
            .or_else(|| marked.strip_prefix("file://"))
        {
            let json = matches!(ty.present(), Type::JsonText | Type::Any);
            return Json::String(self.file(path, json));
        }
        if is_marked(marked) {
            self.use_of(ty, marked, option, span);
            return text();
        }
        if let Some(found) = placeholder(marked)
            && (marked.starts_with('<')
                || !matches!(ty.present(), Type::Text(rule) if !rule.values.is_empty()))
        {
            return Json::String(self.replaced(&found, marked, ty, option, span));
        }
        match ty.present() {
            Type::Integer(..) if marked.parse::<i64>().is_ok() => {
                marked.parse::<i64>().map_or_else(|_| text(), Json::from)
            }
            Type::Integer(_, Some(_)) => text(),
            Type::Integer(..) | Type::Number(_) => {
                match marked.parse::<f64>().ok().and_then(Number::from_f64) {
                    Some(number) if number.as_f64().is_some_and(|value| value.fract() == 0.0) => {
                        marked
                            .parse::<i64>()
                            .map_or(Json::Number(number), Json::from)
                    }
                    Some(number) => Json::Number(number),
                    None => text(),
                }
            }
            Type::Boolean => match marked {
                "true" | "True" => Json::Bool(true),
                "false" | "False" => Json::Bool(false),
                _ => text(),
            },
            Type::JsonText => match serde_json::from_str::<Json>(marked) {
                Ok(document @ Json::Object(_)) => document,
                Ok(_) => text(),
                Err(error) => {
                    if marked.trim_start().starts_with('{') {
                        self.wrong(option, span, &format!("is no JSON: {error}"));
                    }
                    text()
                }
            },
            Type::Blob => {
                if STANDARD.decode(marked).is_ok() {
                    return text();
                }
                self.findings.add(
                    Code::ArgumentType,
                    span,
                    format!(
                        "`--{}` is read as base64 by the AWS CLI 2, and this is none",
                        option.name
                    ),
                    Some(
                        "give `--cli-binary-format raw-in-base64-out` too, or a file by `fileb://`"
                            .to_owned(),
                    ),
                );
                Json::String(STANDARD.encode(marked))
            }
            _ => text(),
        }
    }

    /// Learns from a place what a variable is, and says where an instant has the wrong unit.
    fn use_of(&mut self, ty: &Type, marked: &str, option: &Option_, span: Span) {
        let pieces = self.marks.pieces(marked);
        let mut wrong = None;
        match pieces.as_slice() {
            [Piece::Dynamic(Dynamic::Variable(name, _))] => {
                self.wanted
                    .entry(name.clone())
                    .or_insert_with(|| input_type(ty));
            }
            [Piece::Dynamic(Dynamic::Time(time)), rest @ ..] => {
                let thousand = matches!(rest, [Piece::Known("000")]);
                let form = if thousand {
                    TimeForm::Milliseconds
                } else {
                    time.form
                };
                wrong = match (ty.present(), form) {
                    (Type::Integer(_, Some(TimeUnit::Milliseconds)), TimeForm::Seconds) => {
                        Some("counts milliseconds, and this counts seconds")
                    }
                    (Type::Integer(_, Some(TimeUnit::Seconds)), TimeForm::Milliseconds) => {
                        Some("counts seconds, and this counts milliseconds")
                    }
                    (Type::Integer(..), TimeForm::Iso) => Some("is a number, and this is a date"),
                    _ => None,
                };
            }
            _ => {}
        }
        if let Some(wrong) = wrong {
            self.wrong(option, span, wrong);
        }
    }

    /// A mark in the place of a placeholder.
    fn replaced(
        &mut self,
        found: &Placeholder,
        marked: &str,
        ty: &Type,
        option: &Option_,
        span: Span,
    ) -> String {
        let mut say = |what: &str| {
            self.findings.add(
                Code::Placeholder,
                span,
                format!("`{what}` stands for something else"),
                Some("say how it is found: by a command, or as a variable".to_owned()),
            );
        };
        match found {
            Placeholder::Account => {
                let parts: Vec<&str> = marked.split(':').collect();
                let account = parts.get(4).copied().unwrap_or_default();
                say(account);
                let mark = self.marks.add(Dynamic::Account);
                parts
                    .iter()
                    .enumerate()
                    .map(|(place, part)| if place == 4 { mark.as_str() } else { part })
                    .collect::<Vec<_>>()
                    .join(":")
            }
            Placeholder::Part(part) => {
                say(part);
                let name = snake(part.trim_matches(['<', '>']));
                let mark = self.marks.add(Dynamic::Variable(name, None));
                marked.replacen(part, &mark, 1)
            }
            Placeholder::Whole => {
                say(marked);
                let plain = marked.trim_matches(['<', '>']);
                let named = plain.len() > 1
                    && plain
                        .chars()
                        .any(|character| character.is_ascii_alphabetic())
                    && marked.starts_with('<');
                let name = if named {
                    snake(plain)
                } else {
                    snake(&kebab(&option.name))
                };
                self.wanted
                    .entry(name.clone())
                    .or_insert_with(|| input_type(ty));
                self.marks.add(Dynamic::Variable(name, None))
            }
        }
    }
}
