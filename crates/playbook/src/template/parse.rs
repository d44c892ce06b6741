//! Text to data: finds the templates in a scalar.

use super::{Data, Part, Scalar, Template};
use crate::diagnostic::{Code, Diagnostic};
use crate::expression::{self, Expression};
use crate::place::Places;
use crate::source::Source;
use crate::span::TextPlace;

/// Opens a template.
const OPEN: &str = "${{";
/// Stands for [`OPEN`] itself.
const ESCAPE: &str = "$${{";

/// Reads a scalar: `${{ … }}` is the only template syntax, and `$${{` stands for a literal `${{`.
///
/// A value that is nothing but one template is [`Data::Expression`] and keeps its type.
///
/// # Errors
/// A diagnostic with the code `template-syntax` for a template that is not closed, that cannot be read, or that is written
/// `{{ … }}`.
pub fn parse(
    text: &str,
    plain: bool,
    place: TextPlace,
    source: &Source,
) -> Result<Data, Diagnostic> {
    let places = Places::new(text, place, source);
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(ESCAPE) {
            literal.push_str(OPEN);
            at += ESCAPE.len();
        } else if rest.starts_with(OPEN) {
            let (expression, length) = template(rest, at, &places, source)?;
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(Part::Expression(expression));
            at += length;
        } else if rest.starts_with("{{") {
            let span = places.part(at, at + 2);
            return Err(Diagnostic::new(
                Code::TemplateSyntax,
                source,
                span,
                "`{{` does not begin a template",
            )
            .help("write `${{ … }}`; for the two braces themselves, write `${{ '{{' }}`"));
        } else {
            let step = rest.chars().next().map_or(1, char::len_utf8);
            literal.push_str(rest.get(..step).unwrap_or_default());
            at += step;
        }
    }
    if parts.is_empty() {
        return Ok(Data::Scalar(Scalar {
            text: literal,
            plain,
        }));
    }
    if literal.is_empty() && parts.len() == 1 {
        if let Some(Part::Expression(expression)) = parts.pop() {
            return Ok(Data::Expression(expression));
        }
    } else if !literal.is_empty() {
        parts.push(Part::Text(literal));
    }
    Ok(Data::Text(Template { parts }))
}

/// Reads the template that `rest` begins with; also how many bytes it takes.
fn template(
    rest: &str,
    at: usize,
    places: &Places,
    source: &Source,
) -> Result<(Expression, usize), Diagnostic> {
    let Some(end) = closing(rest) else {
        return Err(Diagnostic::new(
            Code::TemplateSyntax,
            source,
            places.part(at, at + OPEN.len()),
            "the template is not closed",
        )
        .help("end it with `}}`; for a literal `${{`, write `$${{`"));
    };
    let inner = rest.get(OPEN.len()..end).unwrap_or_default();
    let expression = expression::parse_part(inner, at + OPEN.len(), places, source)?;
    Ok((expression, end + 2))
}

/// Where the `}}` of the template stands: outside of string literals and of mappings.
fn closing(rest: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = OPEN.len();
    loop {
        let here = rest.get(at..)?;
        let character = here.chars().next()?;
        match character {
            '\'' | '"' => {
                at += expression::string_end(here);
                continue;
            }
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' if here.starts_with("}}") => return Some(at),
            _ => {}
        }
        at += character.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn read(text: &str) -> Result<Data, Diagnostic> {
        let place = TextPlace {
            span: Span::new(0, text.len()),
            exact: true,
        };
        parse(text, true, place, &Source::new("test.yaml", text))
    }

    fn kind(text: &str) -> String {
        match read(text) {
            Ok(Data::Scalar(scalar)) => format!("scalar {}", scalar.text),
            Ok(Data::Expression(expression)) => format!("expression {}", expression.text),
            Ok(Data::Text(template)) => template
                .parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) => format!("<{text}>"),
                    Part::Expression(expression) => format!("[{}]", expression.text),
                })
                .collect(),
            Ok(other) => format!("{other:?}"),
            Err(problem) => format!("error {}", problem.message),
        }
    }

    #[test]
    fn finds_templates() {
        for (text, expected) in [
            ("plain", "scalar plain"),
            ("", "scalar "),
            ("a } }} b", "scalar a } }} b"),
            ("${{ inputs.x }}", "expression inputs.x"),
            ("${{ '}}' ~ x }}", "expression '}}' ~ x"),
            ("${{ {'a': {'b': 1}} }}", "expression {'a': {'b': 1}}"),
            ("a-${{ x }}-b", "<a->[x]<-b>"),
            ("${{ x }}${{ y }}", "[x][y]"),
            ("$${{ x }}", "scalar ${{ x }}"),
            ("${HOME} $x", "scalar ${HOME} $x"),
            ("{{ x }}", "error `{{` does not begin a template"),
            ("${{ x", "error the template is not closed"),
            ("${{ 'x }}", "error the template is not closed"),
            ("${{ }}", "error the expression is empty"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn marks_expressions_in_the_file() {
        let text = "é ${{ inputs.x }}";
        let Ok(Data::Text(template)) = read(text) else {
            panic!("a template")
        };
        let Some(Part::Expression(expression)) = template.parts.last() else {
            panic!("an expression")
        };
        let span = expression.root.span;
        assert_eq!(text.get(span.start..span.end), Some("inputs.x"));
    }
}
