//! Text to path: finds the names in filters and checks bounds before the parser runs.

use super::{Path, PathName, plain};
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::string_end;
use crate::source::Source;
use crate::span::{Span, TextPlace};
use jsonpath_rust::parser::model::{Segment, Selector};

/// The longest path, in bytes.
const MAX_LENGTH: usize = 2048;
/// How many brackets may be open at once. The grammar backtracks, so depth costs exponentially.
const MAX_BRACKETS: usize = 8;
/// How many segments, operators and filters a path may have.
const MAX_PARTS: usize = 128;
/// The functions of RFC 9535.
const FUNCTIONS: [&str; 5] = ["length", "count", "match", "search", "value"];
/// Begins the text that stands in for a name in the query; no file can contain it.
pub(super) const PLACEHOLDER: &str = "\u{10FFFF}name:";

impl Path {
    /// Reads a JSONPath of RFC 9535. Its filters may name inputs and captures: `$.rules[?@.Port == inputs.port]`.
    ///
    /// # Errors
    /// A diagnostic with the code `jsonpath-syntax`.
    pub fn parse(text: &str, place: TextPlace, source: &Source) -> Result<Self, Diagnostic> {
        let reader = Reader {
            text,
            place,
            source,
        };
        let (names, query_text) = reader.names()?;
        let query = match plain::parse(&query_text) {
            Some(query) => query,
            None => jsonpath_rust::parser::parse_json_path(&query_text)
                .map_err(|error| reader.explain(&error))?,
        };
        Ok(Self {
            text: text.to_owned(),
            span: place.span,
            singular: is_singular(&query.segments),
            query,
            names,
        })
    }

    /// The name that the path ends with, when it can be assigned to.
    #[must_use]
    pub fn assignable(&self) -> Option<&str> {
        match self.query.segments.last() {
            Some(Segment::Selector(Selector::Name(name))) => Some(name),
            _ => None,
        }
    }
}

/// Whether there is one node at most, whatever it is looked for in.
pub(super) fn is_singular(segments: &[Segment]) -> bool {
    segments.iter().all(|segment| {
        matches!(
            segment,
            Segment::Selector(Selector::Name(_) | Selector::Index(_))
        )
    })
}

struct Reader<'a> {
    text: &'a str,
    place: TextPlace,
    source: &'a Source,
}

impl Reader<'_> {
    fn problem(&self, start: usize, end: usize, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(
            Code::JsonpathSyntax,
            self.source,
            self.place.part(start, end),
            message,
        )
    }

    /// The names in filters, and the text with a placeholder for each.
    fn names(&self) -> Result<(Vec<PathName>, String), Diagnostic> {
        let text = self.text;
        let whole = (0, text.len());
        if !text.starts_with('$') {
            return Err(self
                .problem(whole.0, whole.1, "a JSONPath begins with `$`")
                .help(format!("write `$.{}`", text.trim_start_matches('.'))));
        }
        if text.len() > MAX_LENGTH {
            return Err(self.problem(
                whole.0,
                whole.1,
                format!("the path is longer than {MAX_LENGTH} bytes"),
            ));
        }
        if let Some(at) = text.find("${{") {
            return Err(self
                .problem(at, at + 3, "a JSONPath is never a template")
                .help("a filter may name inputs and captures: `[?@.Port == inputs.port]`"));
        }
        if text.contains('\u{10FFFF}') {
            return Err(self.problem(whole.0, whole.1, "the path has a forbidden character"));
        }
        let mut names: Vec<PathName> = Vec::new();
        let mut query = String::new();
        let (mut open, mut parts, mut at) = (0usize, 0usize, 0);
        while let Some(rest) = text.get(at..)
            && let Some(first) = rest.chars().next()
        {
            let mut length = first.len_utf8();
            match first {
                '\'' | '"' => length = string_end(rest),
                '[' | '(' => {
                    open += 1;
                    parts += 1;
                }
                ']' | ')' => open = open.saturating_sub(1),
                '.' | '@' => {
                    parts += 1;
                    let member = rest.get(length..).unwrap_or_default();
                    if first == '.' {
                        length += word(member);
                    }
                }
                '|' | '&' | '!' | '<' | '>' | '=' => parts += 1,
                _ if first.is_ascii_digit() => {
                    length = rest
                        .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                        .unwrap_or(rest.len());
                }
                _ if open > 0 && (first.is_alphabetic() || first == '_') => {
                    let (end, name) = self.name(at, rest)?;
                    length = end;
                    if let Some(name) = name {
                        query.push('\'');
                        query.push_str(PLACEHOLDER);
                        query.push_str(&names.len().to_string());
                        query.push('\'');
                        names.push(name);
                        at += length;
                        continue;
                    }
                }
                _ => {}
            }
            if open > MAX_BRACKETS || parts > MAX_PARTS {
                return Err(self.problem(
                    whole.0,
                    whole.1,
                    "the path is too deep or has too many parts",
                ));
            }
            query.push_str(rest.get(..length).unwrap_or_default());
            at += length;
        }
        Ok((names, query))
    }

    /// The word at `at`: its length, and the name that it is unless it belongs to the path language.
    fn name(&self, at: usize, rest: &str) -> Result<(usize, Option<PathName>), Diagnostic> {
        let mut end = word(rest);
        let first = rest.get(..end).unwrap_or_default();
        let after = rest.get(end..).unwrap_or_default();
        if after.starts_with('(') {
            if FUNCTIONS.contains(&first) {
                return Ok((end, None));
            }
            return Err(self
                .problem(at, at + end, format!("paths have no function `{first}`"))
                .help(format!(
                    "the functions of paths are {}",
                    FUNCTIONS.join(", ")
                )));
        }
        match first {
            "true" | "false" | "null" => return Ok((end, None)),
            "and" | "or" | "not" => {
                let operator = match first {
                    "and" => "&&",
                    "or" => "||",
                    _ => "!",
                };
                return Err(self
                    .problem(
                        at,
                        at + end,
                        format!("`{first}` is not an operator of paths"),
                    )
                    .help(format!("write `{operator}`")));
            }
            _ => {}
        }
        let mut path = vec![first.to_owned()];
        while let Some(member) = rest.get(end..).and_then(|rest| rest.strip_prefix('.')) {
            let length = word(member);
            if length == 0 {
                break;
            }
            path.push(member.get(..length).unwrap_or_default().to_owned());
            end += 1 + length;
        }
        if !self.text.get(..at).unwrap_or_default().contains('?') {
            return Err(self
                .problem(at, at + end, "a name can stand in a filter only")
                .help(format!("for a member of that name, write `['{first}']`")));
        }
        let range = Span::new(at, at + end);
        Ok((end, Some(PathName { path, range })))
    }

    fn explain(&self, error: &jsonpath_rust::parser::errors::JsonPathError) -> Diagnostic {
        let problem = self.problem(
            0,
            self.text.len(),
            format!("`{}` is not a JSONPath", self.text),
        );
        let single = self.text.contains(" = ") && !self.text.contains("==");
        if single {
            return problem.help("equality is written `==`");
        }
        let dashed = self.text.char_indices().any(|(at, character)| {
            character == '-'
                && self
                    .text
                    .get(..at)
                    .is_some_and(|before| before.ends_with(char::is_alphabetic))
        });
        if dashed {
            return problem.help("a member with other characters than letters, digits and `_` is written `$['my-member']`");
        }
        match error {
            jsonpath_rust::parser::errors::JsonPathError::PestError(_) => problem.help(
                "paths follow RFC 9535: `$.a.b`, `$.items[0]`, `$.items[*].id`, `$.items[?@.state == 'ok'].id`",
            ),
            other => problem.label(other.to_string()),
        }
    }
}

/// The length of the word that `text` begins with.
fn word(text: &str) -> usize {
    text.find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}
