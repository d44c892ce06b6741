//! Places in a document, and patterns that match them.

use serde_json::Value as Json;
use std::fmt;

/// One step down into a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Segment {
    /// A member.
    Name(String),
    /// An element, by its position from 0.
    Index(usize),
    /// An element, by a member that identifies it.
    Keyed(String, Json),
}

/// A place in a document; displayed as JSONPath (RFC 9535).
pub(super) struct Place<'a>(pub(super) &'a [Segment]);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for segment in self.0 {
            match segment {
                Segment::Name(name) if is_shorthand(name) => write!(f, ".{name}")?,
                Segment::Name(name) => write!(f, "[{}]", Json::from(name.as_str()))?,
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Keyed(name, value) if is_shorthand(name) => {
                    write!(f, "[?@.{name} == {value}]")?;
                }
                Segment::Keyed(name, value) => {
                    write!(f, "[?@[{}] == {value}]", Json::from(name.as_str()))?;
                }
            }
        }
        Ok(())
    }
}

/// Whether a name needs no brackets (RFC 9535, `member-name-shorthand`).
fn is_shorthand(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// A set of places: `$.a.b`, `$.list[*].name`, `$.list[0]`, `$['odd name']`, or a bare name for that member anywhere.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pattern {
    Anywhere(String),
    Path(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Name(String),
    Index(usize),
    Any,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// What cannot be read, and what may be written.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let Some(mut rest) = text.strip_prefix('$') else {
            return Ok(Self::Anywhere(text.to_owned()));
        };
        let wrong = || {
            format!(
                "`{text}` cannot be read; write a member's name, or a path such as `$.a.b`, `$.list[*].name` or `$['odd name']`"
            )
        };
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let (part, after) = if let Some(named) = rest.strip_prefix('.') {
                let end = named.find(['.', '[']).unwrap_or(named.len());
                let (name, after) = named.split_at(end);
                let part = match name {
                    "" => return Err(wrong()),
                    "*" => Part::Any,
                    name => Part::Name(name.to_owned()),
                };
                (part, after)
            } else if let Some(inside) = rest.strip_prefix('[') {
                bracket(inside).ok_or_else(wrong)?
            } else {
                return Err(wrong());
            };
            parts.push(part);
            rest = after;
        }
        Ok(Self::Path(parts))
    }

    /// Whether the pattern names exactly this place.
    pub(super) fn matches(&self, place: &[Segment]) -> bool {
        match self {
            Self::Anywhere(name) => {
                matches!(place.last(), Some(Segment::Name(last)) if last == name)
            }
            Self::Path(parts) => {
                parts.len() == place.len()
                    && parts.iter().zip(place).all(|(part, segment)| match part {
                        Part::Any => true,
                        Part::Name(name) => {
                            matches!(segment, Segment::Name(other) if other == name)
                        }
                        Part::Index(index) => {
                            matches!(segment, Segment::Index(other) if other == index)
                        }
                    })
            }
        }
    }
}

/// What stands in brackets, and the text after them.
fn bracket(inside: &str) -> Option<(Part, &str)> {
    if let Some(quote) = inside.chars().next().filter(|c| matches!(c, '\'' | '"')) {
        let (name, after) = inside.get(1..)?.split_once(quote)?;
        return Some((Part::Name(name.to_owned()), after.strip_prefix(']')?));
    }
    let (word, after) = inside.split_once(']')?;
    let part = match word.trim() {
        "*" => Part::Any,
        index => Part::Index(index.parse().ok()?),
    };
    Some((part, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_its_places() {
        let place = [
            Segment::Name("list".to_owned()),
            Segment::Keyed("name".to_owned(), "a".into()),
            Segment::Name("revision".to_owned()),
        ];
        for text in [
            "revision",
            "$.list[*].revision",
            "$['list'].*[\"revision\"]",
        ] {
            assert!(Pattern::parse(text).expect(text).matches(&place), "{text}");
        }
        for text in ["list", "$.list[*]", "$.list[0].revision", "$"] {
            assert!(!Pattern::parse(text).expect(text).matches(&place), "{text}");
        }
        for text in ["$.", "$.a[", "$.a[x]", "$a", "$['a", "$..a"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_place_is_written_as_jsonpath() {
        let place = [
            Segment::Name("odd name".to_owned()),
            Segment::Index(2),
            Segment::Keyed("Name".to_owned(), "web".into()),
            Segment::Name("cpu".to_owned()),
        ];
        assert_eq!(
            Place(&place).to_string(),
            r#"$["odd name"][2][?@.Name == "web"].cpu"#
        );
    }
}
