//! Words to text with marks: quotes are taken off, and what is known only when a command runs is kept apart.

use super::read::{Walk, options};
use super::{Item, Reader, Script, date};
use crate::hidden::shown;
use crate::text::{Dynamic, Text};
use brush_parser::ast;
use brush_parser::word::{self, Parameter, ParameterExpr, WordPiece, WordPieceWithSource};

impl Reader<'_> {
    pub(super) fn word(&mut self, walk: &Walk<'_>, word: &ast::Word) -> Text {
        let span = word
            .loc
            .as_ref()
            .and_then(|place| walk.range(place))
            .map_or_else(
                || walk.block.span(walk.offset..walk.offset),
                |range| walk.span(range),
            );
        Text {
            marked: self.pieces_of(walk, &word.value, false),
            span,
        }
    }

    pub(super) fn pieces_of(&mut self, walk: &Walk<'_>, text: &str, document: bool) -> String {
        let options = options();
        let pieces = if document {
            word::parse_heredoc(text, &options)
        } else {
            word::parse(text, &options)
        };
        let Ok(pieces) = pieces else {
            return self.marks.add(Dynamic::Other(shown(text)));
        };
        let mut marked = String::new();
        self.pieces(walk, &pieces, text, &mut marked);
        marked
    }

    pub(super) fn pieces(
        &mut self,
        walk: &Walk<'_>,
        pieces: &[WordPieceWithSource],
        text: &str,
        marked: &mut String,
    ) {
        for piece in pieces {
            let written = || {
                let range = piece.start_index..piece.end_index;
                shown(text.get(range).unwrap_or(text))
            };
            match &piece.piece {
                WordPiece::Text(text) | WordPiece::SingleQuotedText(text) => {
                    marked.push_str(&shown(text));
                }
                WordPiece::AnsiCQuotedText(text) => {
                    marked.push_str(&shown(text).replace("\\n", "\n").replace("\\t", "\t"));
                }
                WordPiece::EscapeSequence(text) => {
                    let text = shown(text);
                    let plain = text.strip_prefix('\\').unwrap_or(&text);
                    if plain != "\n" {
                        marked.push_str(plain);
                    }
                }
                WordPiece::DoubleQuotedSequence(inner)
                | WordPiece::GettextDoubleQuotedSequence(inner) => {
                    self.pieces(walk, inner, text, marked);
                }
                WordPiece::TildeExpansion(_) => marked.push('~'),
                WordPiece::ParameterExpansion(expression) => {
                    let part = variable(expression).unwrap_or_else(|| Dynamic::Other(written()));
                    let mark = self.marks.add(part);
                    marked.push_str(&mark);
                }
                WordPiece::CommandSubstitution(inner)
                | WordPiece::BackquotedCommandSubstitution(inner) => {
                    let part = self.substitution(walk, inner);
                    match said(&part) {
                        Some(text) => marked.push_str(text.trim_end_matches('\n')),
                        None => marked.push_str(&self.marks.add(part)),
                    }
                }
                WordPiece::ArithmeticExpression(expression) => {
                    let part = date::of_arithmetic(&expression.value)
                        .map_or_else(|| Dynamic::Other(written()), Dynamic::Time);
                    let mark = self.marks.add(part);
                    marked.push_str(&mark);
                }
            }
        }
    }

    pub(super) fn substitution(&mut self, walk: &Walk<'_>, inner: &str) -> Dynamic {
        let other = || Dynamic::Other(format!("$({})", shown(inner)));
        let mut parser = brush_parser::Parser::new(inner.as_bytes(), &options());
        let Ok(program) = parser.parse_program() else {
            return other();
        };
        // Where it stands inside of its word is not known: its commands are where it is in the block, as a whole.
        let at = walk.text.find(inner).unwrap_or_default();
        let inside = Walk {
            text: inner,
            bytes: inner
                .char_indices()
                .map(|(byte, _)| byte)
                .chain([inner.len()])
                .collect(),
            offset: walk.offset + at,
            block: walk.block,
        };
        let mut items = Vec::new();
        for list in &program.complete_commands {
            self.list(&inside, list, &mut items);
        }
        if let [Item::Command(command)] = items.as_slice() {
            let words: Option<Vec<String>> = command
                .words
                .iter()
                .map(|word| word.literal().map(str::to_owned))
                .collect();
            if let Some(time) = words.as_deref().and_then(date::of_command) {
                return Dynamic::Time(time);
            }
        }
        Dynamic::Output(Script { items })
    }
}

/// The text that `$(cat <<EOF … EOF)` stands for.
fn said(part: &Dynamic) -> Option<&str> {
    let Dynamic::Output(script) = part else {
        return None;
    };
    let [Item::Command(command)] = script.items.as_slice() else {
        return None;
    };
    let cat = command.words.len() == 1 && command.words.first()?.literal() == Some("cat");
    let input = command
        .input
        .as_ref()
        .filter(|_| cat && command.pipe.is_empty())?;
    Some(&input.marked)
}

fn variable(expression: &ParameterExpr) -> Option<Dynamic> {
    let named = |parameter: &Parameter| match parameter {
        Parameter::Named(name)
        | Parameter::NamedWithIndex { name, .. }
        | Parameter::NamedWithAllIndices { name, .. } => Some(name.clone()),
        Parameter::Positional(number) => Some(format!("argument_{number}")),
        Parameter::Special(_) => None,
    };
    match expression {
        ParameterExpr::Parameter {
            parameter,
            indirect: false,
        }
        | ParameterExpr::IndicateErrorIfNullOrUnset { parameter, .. } => {
            Some(Dynamic::Variable(named(parameter)?, None))
        }
        ParameterExpr::UseDefaultValues {
            parameter,
            default_value,
            ..
        }
        | ParameterExpr::AssignDefaultValues {
            parameter,
            default_value,
            ..
        } => Some(Dynamic::Variable(
            named(parameter)?,
            default_value
                .as_ref()
                .filter(|default| !default.contains('$'))
                .map(|default| shown(default)),
        )),
        _ => None,
    }
}
