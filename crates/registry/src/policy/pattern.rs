//! Text with wildcards, as `Action` and `Resource` of an IAM policy write it.

use std::fmt;

/// A text of which parts are not known: `arn:aws:ecs:us-east-1:*:service/prod/*`.
///
/// In a policy `*` stands for any text and `?` for any one character; `${*}`, `${?}` and `${$}` stand for themselves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pattern(Vec<Token>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Token {
    Literal(char),
    /// Any one character.
    One,
    /// Any text, of no character too.
    Any,
}

impl Pattern {
    /// A text that is known.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        Self(text.chars().map(Token::Literal).collect())
    }

    /// Any text.
    #[must_use]
    pub fn any() -> Self {
        Self(vec![Token::Any])
    }

    /// Reads what a policy writes.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            let escaped = ["${*}", "${?}", "${$}"]
                .iter()
                .find(|escape| rest.starts_with(**escape));
            if let Some(escape) = escaped {
                pattern.0.extend(escape.chars().nth(2).map(Token::Literal));
                rest = rest.strip_prefix(escape).unwrap_or_default();
                continue;
            }
            match next {
                '*' => pattern.push_any(),
                '?' => pattern.0.push(Token::One),
                other => pattern.0.push(Token::Literal(other)),
            }
            rest = rest.strip_prefix(next).unwrap_or_default();
        }
        pattern
    }

    /// Appends another.
    pub fn push(&mut self, other: &Self) {
        for token in &other.0 {
            match token {
                Token::Any => self.push_any(),
                token => self.0.push(*token),
            }
        }
    }

    /// Appends text that is known.
    pub fn push_str(&mut self, text: &str) {
        self.0.extend(text.chars().map(Token::Literal));
    }

    fn push_any(&mut self) {
        if self.0.last() != Some(&Token::Any) {
            self.0.push(Token::Any);
        }
    }

    /// The text, where every part is known.
    #[must_use]
    pub fn known(&self) -> Option<String> {
        self.0
            .iter()
            .map(|token| match token {
                Token::Literal(one) => Some(*one),
                _ => None,
            })
            .collect()
    }

    /// Whether it stands for every text.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0 == [Token::Any]
    }

    /// The text that is known at its beginning.
    #[must_use]
    pub fn start(&self) -> String {
        self.0
            .iter()
            .map_while(|token| match token {
                Token::Literal(one) => Some(*one),
                _ => None,
            })
            .collect()
    }

    /// Its parts between a character that stands in it.
    #[must_use]
    pub fn split(&self, at: char) -> Vec<Self> {
        self.0
            .split(|token| *token == Token::Literal(at))
            .map(|part| Self(part.to_vec()))
            .collect()
    }

    /// Whether everything that the other stands for is matched by this one: a part that is not known is matched only by `*`.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        // The classic walk with one place to come back to: the last `*`.
        let (mut at, mut seen) = (0, 0);
        let mut back: Option<(usize, usize)> = None;
        while let Some(given) = other.0.get(seen) {
            match self.0.get(at) {
                Some(Token::Any) => {
                    back = Some((at, seen));
                    at += 1;
                    continue;
                }
                Some(Token::One) if *given != Token::Any => {
                    at += 1;
                    seen += 1;
                    continue;
                }
                Some(token @ Token::Literal(_)) if token == given => {
                    at += 1;
                    seen += 1;
                    continue;
                }
                _ => {}
            }
            let Some((star, from)) = back else {
                return false;
            };
            back = Some((star, from + 1));
            at = star + 1;
            seen = from + 1;
        }
        self.0.iter().skip(at).all(|token| *token == Token::Any)
    }

    /// The same in lower case: actions are compared so.
    #[must_use]
    pub fn to_lowercase(&self) -> Self {
        Self(
            self.0
                .iter()
                .map(|token| match token {
                    Token::Literal(one) => Token::Literal(one.to_ascii_lowercase()),
                    token => *token,
                })
                .collect(),
        )
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, token) in self.0.iter().enumerate() {
            match token {
                Token::Any => f.write_str("*")?,
                Token::One => f.write_str("?")?,
                Token::Literal('*') => f.write_str("${*}")?,
                Token::Literal('?') => f.write_str("${?}")?,
                Token::Literal('$') if self.0.get(at + 1) == Some(&Token::Literal('{')) => {
                    f.write_str("${$}")?;
                }
                Token::Literal(one) => write!(f, "{one}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    fn covers(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).covers(&Pattern::literal(text))
    }

    #[test]
    fn a_star_stands_for_any_text_and_a_question_mark_for_one_character() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("*", "arn:aws:s3:::b", true),
            ("ecs:Describe*", "ecs:DescribeTasks", true),
            ("ecs:Describe*", "ecs:ListTasks", false),
            ("ecs:*Task*", "ecs:RunTask", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "abbc", false),
            ("service/prod/*", "service/prod/a/b", true),
            ("service/prod/*", "service/production/a", false),
            ("", "", true),
            ("", "a", false),
            ("*a", "aaa", true),
        ] {
            assert_eq!(covers(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_not_known_is_matched_only_by_a_star() {
        let unknown = Pattern::parse("service/prod/*");
        assert!(Pattern::parse("service/*").covers(&unknown));
        assert!(Pattern::parse("service/prod/*").covers(&unknown));
        assert!(!Pattern::parse("service/prod/a").covers(&unknown));
        assert!(!Pattern::parse("service/prod/?").covers(&unknown));
    }

    #[test]
    fn characters_that_mean_something_are_escaped_when_they_are_literal() {
        let text = "a*b?c${d}";
        let written = Pattern::literal(text).to_string();
        assert_eq!(written, "a${*}b${?}c${$}{d}");
        assert_eq!(Pattern::parse(&written), Pattern::literal(text));
        assert!(!covers(&written, "aXb?c${d}"));
    }
}
