//! Texts with templates in them of which some pieces are known before a run.

use super::{Part, Template, check_text};
use crate::expression::{Expr, ExprKind, TypeScope, infer};
use crate::types::{TextRule, Type};
use crate::value::Value;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};

/// How many texts are tried.
const MAX_TEXTS: usize = 64;

/// A piece of a text.
enum Piece {
    /// One of these texts.
    Known(Vec<String>),
    /// Any text.
    Open,
}

/// Why a text, whatever its open pieces become, or for one value of an input, does not fit a rule.
pub(super) fn misfit(
    template: &Template,
    rule: &TextRule,
    scope: &dyn TypeScope,
) -> Option<String> {
    let pieces: Vec<Piece> = template
        .parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => Piece::Known(vec![text.clone()]),
            Part::Expression(expression) => known(&expression.root, scope),
        })
        .collect();
    if let Some(texts) = all_texts(&pieces) {
        return texts.iter().find_map(|text| check_text(text, rule).err());
    }
    too_long(&pieces, rule)
        .or_else(|| no_value(&pieces, rule))
        .or_else(|| forbidden(&pieces, rule))
}

/// The texts that an expression can give: a literal, or an input that lists its values.
fn known(expr: &Expr, scope: &dyn TypeScope) -> Piece {
    match &expr.kind {
        ExprKind::Constant(Value::Text(text)) => Piece::Known(vec![text.as_ref().to_owned()]),
        ExprKind::Constant(Value::Integer(number)) => Piece::Known(vec![number.to_string()]),
        ExprKind::Member(inner, _) if matches!(&inner.kind, ExprKind::Name(root) if root == "inputs") => {
            match infer(expr, scope).0 {
                Type::Text(rule) if !rule.values.is_empty() => Piece::Known(rule.values.clone()),
                _ => Piece::Open,
            }
        }
        _ => Piece::Open,
    }
}

/// Every text that the pieces make, where all of them are known and they are few.
fn all_texts(pieces: &[Piece]) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    for piece in pieces {
        let Piece::Known(choices) = piece else {
            return None;
        };
        if texts.len().saturating_mul(choices.len()) > MAX_TEXTS {
            return None;
        }
        texts = texts
            .iter()
            .flat_map(|text| choices.iter().map(move |choice| format!("{text}{choice}")))
            .collect();
    }
    Some(texts)
}

/// The pieces that are the same in every text.
fn fixed(pieces: &[Piece]) -> impl Iterator<Item = &str> {
    pieces.iter().filter_map(|piece| match piece {
        Piece::Known(choices) => match choices.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        },
        Piece::Open => None,
    })
}

fn too_long(pieces: &[Piece], rule: &TextRule) -> Option<String> {
    let max = rule.max?;
    let length: usize = fixed(pieces).map(|text| text.chars().count()).sum();
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    (length > max).then(|| format!("the text is longer than {max} characters"))
}

/// None of the values that are allowed begins, goes on and ends so.
fn no_value(pieces: &[Piece], rule: &TextRule) -> Option<String> {
    if rule.values.is_empty() {
        return None;
    }
    let mut pattern = String::from("^(?s)");
    for piece in pieces {
        match piece {
            Piece::Known(choices) => {
                let choices: Vec<String> = choices.iter().map(|text| regex::escape(text)).collect();
                pattern.push_str("(?:");
                pattern.push_str(&choices.join("|"));
                pattern.push(')');
            }
            Piece::Open => pattern.push_str(".*"),
        }
    }
    pattern.push('$');
    let regex = regex::Regex::new(&pattern).ok()?;
    let fits = rule.values.iter().any(|value| regex.is_match(value));
    (!fits).then(|| format!("no such text is allowed: {}", rule.values.join(", ")))
}

/// A character that the pattern has nowhere.
fn forbidden(pieces: &[Piece], rule: &TextRule) -> Option<String> {
    let pattern = rule.pattern.as_ref()?;
    let hir = regex_syntax::parse(pattern).ok()?;
    let anchored = hir.properties().look_set_prefix().contains(Look::Start)
        && hir.properties().look_set_suffix().contains(Look::End);
    if !anchored {
        return None;
    }
    let mut allowed = ClassUnicode::empty();
    characters(&hir, &mut allowed)?;
    let outside = |character: &char| {
        !allowed
            .iter()
            .any(|range| range.start() <= *character && *character <= range.end())
    };
    fixed(pieces)
        .flat_map(str::chars)
        .find(outside)
        .map(|character| format!("`{character}` does not match the pattern `{pattern}`"))
}

/// All characters that a text can have in which every character is matched. Nothing where that cannot be told.
fn characters(hir: &Hir, found: &mut ClassUnicode) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => {
            for character in std::str::from_utf8(&literal.0).ok()?.chars() {
                found.push(ClassUnicodeRange::new(character, character));
            }
        }
        HirKind::Class(Class::Unicode(class)) => found.union(class),
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(repetition) => characters(&repetition.sub, found)?,
        HirKind::Capture(capture) => characters(&capture.sub, found)?,
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            for part in parts {
                characters(part, found)?;
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::span::{Span, Spanned, TextPlace};
    use crate::template::{Data, check_data, parse};
    use crate::types::Record;
    use std::sync::Arc;

    struct Names;

    impl TypeScope for Names {
        fn name(&self, name: &str) -> Option<Type> {
            (name == "inputs").then(|| {
                Record::new("inputs")
                    .required("stage", Type::one_of(&["dev", "pro duction"]))
                    .required("name", Type::text())
                    .build()
            })
        }
    }

    fn said(text: &str, rule: TextRule) -> String {
        let place = TextPlace {
            span: Span::new(0, text.len()),
            exact: true,
        };
        let source = Source::new("test.yaml", text);
        let data: Data = parse(text, false, place, &source).expect("a template");
        let data = Spanned::new(data, place.span);
        let problems = check_data(&data, &Type::Text(Arc::new(rule)), &Names);
        let said: Vec<String> = problems.into_iter().map(|one| one.message).collect();
        said.join(" / ")
    }

    fn pattern(pattern: &str) -> TextRule {
        TextRule {
            pattern: Some(pattern.to_owned()),
            ..TextRule::default()
        }
    }

    #[test]
    fn known_pieces_are_held_against_the_rule() {
        let short = || TextRule {
            max: Some(8),
            ..TextRule::default()
        };
        let values = || TextRule {
            values: vec!["a-dev".to_owned(), "a-test".to_owned()],
            ..TextRule::default()
        };
        for (text, rule, expected) in [
            ("x-${{ inputs.name }}", short(), ""),
            (
                "far-too-long-${{ inputs.name }}",
                short(),
                "the text is longer than 8 characters",
            ),
            (
                "${{ inputs.stage }}-1",
                short(),
                "the text is longer than 8 characters",
            ),
            ("a-${{ inputs.name }}", values(), ""),
            (
                "b-${{ inputs.name }}",
                values(),
                "no such text is allowed: a-dev, a-test",
            ),
            (
                "a ${{ inputs.name }}",
                pattern("^[a-z-]+$"),
                "` ` does not match the pattern `^[a-z-]+$`",
            ),
            ("a-${{ inputs.name }}", pattern("^[a-z-]+$"), ""),
            ("a ${{ inputs.name }}", pattern("[a-z-]+"), ""),
            (
                "a-${{ inputs.stage }}",
                pattern("^[a-z-]+$"),
                "`a-pro duction` does not match the pattern `^[a-z-]+$`",
            ),
            (
                "a-${{ 'B' }}",
                pattern("^[a-z-]+$"),
                "`a-B` does not match the pattern `^[a-z-]+$`",
            ),
            ("arn:${{ inputs.name }}", pattern("^(?:arn|aws):[^ ]*$"), ""),
        ] {
            assert_eq!(said(text, rule), expected, "{text}");
        }
    }
}
