//! `# runbook: allow CODE reason`: findings that somebody looked at and lets stand.

use super::{Code, Diagnostic, Severity, has_errors};
use crate::source::Source;
use crate::span::Span;
use crate::yaml;
use std::collections::BTreeSet;

/// What these comments begin with, after `#`.
const MARK: &str = "runbook:";
/// How one is written.
const FORM: &str = "write `# runbook: allow CODE reason`";
/// What other tools call it.
const OTHER_WORDS: [&str; 6] = ["ignore", "disable", "silence", "suppress", "noqa", "skip"];

/// Silences warnings and lints that comments allow, and reports what is wrong with those comments. A comment speaks for the
/// next line that is more than a comment; at the end of a line, for that line. Errors cannot be silenced. The problems are
/// those of this file; they come back sorted by place.
#[must_use]
pub fn silence(source: &Source, mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    if source.text().contains(MARK) {
        // Where something is an error the rules may have stopped before they found what is allowed.
        let complete = !has_errors(&diagnostics);
        let comments = yaml::comments(source);
        for comment in &comments {
            let Some(words) = after_mark(source, *comment) else {
                continue;
            };
            match Allow::read(source, words) {
                Ok(Some(allow)) => {
                    let line = line_of(source, *comment, &comments);
                    let found = allow.apply(source, line, complete, &mut diagnostics);
                    diagnostics.extend(found);
                }
                Ok(None) => {}
                Err(problem) => diagnostics.push(*problem),
            }
        }
    }
    diagnostics.sort_by_key(|found| found.primary.span);
    diagnostics
}

/// What follows `# runbook:`.
fn after_mark(source: &Source, comment: Span) -> Option<Span> {
    let text = source.slice(comment);
    let words = text.trim_start_matches('#').trim_start();
    let rest = words.strip_prefix(MARK)?;
    Some(Span::new(comment.end - rest.len(), comment.end))
}

/// The line that a comment speaks for, from 1.
fn line_of(source: &Source, comment: Span, comments: &[Span]) -> usize {
    let own = source.position(comment.start).line;
    if !alone(source, comment) {
        return own;
    }
    let lines: BTreeSet<usize> = comments
        .iter()
        .filter(|other| alone(source, **other))
        .map(|other| source.position(other.start).line)
        .collect();
    let mut line = own + 1;
    while lines.contains(&line) {
        line += 1;
    }
    line
}

/// Whether nothing but space stands before it on its line.
fn alone(source: &Source, comment: Span) -> bool {
    let before = source.text().get(..comment.start).unwrap_or_default();
    before
        .rsplit('\n')
        .next()
        .is_some_and(|line| line.trim().is_empty())
}

/// One comment.
struct Allow {
    code: Code,
    /// Where the code stands.
    span: Span,
    /// It says why.
    reason: bool,
}

impl Allow {
    /// Reads what follows the mark. Nothing where the comment is one for people (`# runbook: https://wiki/…`).
    fn read(source: &Source, words: Span) -> Result<Option<Self>, Box<Diagnostic>> {
        let wrong = |place: Span, message: String| {
            Diagnostic::new(Code::InvalidAllow, source, place, message)
        };
        let (verb_place, rest) = split(source, words);
        let verb = source.slice(verb_place);
        if verb != "allow" {
            let meant = !verb.is_empty()
                && (strsim::damerau_levenshtein(&verb.to_lowercase(), "allow") <= 2
                    || OTHER_WORDS.contains(&verb));
            return if meant {
                let message = format!("`{verb}` is no instruction");
                Err(Box::new(wrong(verb_place, message).help(FORM)))
            } else {
                Ok(None)
            };
        }
        let (slug_place, reason) = split(source, rest);
        let slug = source.slice(slug_place);
        if slug.is_empty() {
            let message = "this allows nothing: it names no code".to_owned();
            return Err(Box::new(wrong(verb_place, message).help(FORM)));
        }
        let Some(code) = Code::from_slug(slug) else {
            let message = format!("there is no code `{slug}`");
            let help = match Code::similar(slug) {
                Some(meant) => format!("did you mean `{}`?", meant.slug()),
                None => "`runbook explain` lists the codes".to_owned(),
            };
            return Err(Box::new(wrong(slug_place, message).help(help)));
        };
        Ok(Some(Self {
            code,
            span: slug_place,
            reason: source.slice(reason).chars().any(char::is_alphanumeric),
        }))
    }

    /// Removes what it allows on a line; what is wrong with it comes back.
    fn apply(
        &self,
        source: &Source,
        line: usize,
        complete: bool,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Vec<Diagnostic> {
        let slug = self.code.slug();
        let here = |found: &Diagnostic| {
            found.code == self.code && source.position(found.primary.span.start).line == line
        };
        let before = diagnostics.len();
        diagnostics.retain(|found| !here(found) || found.severity == Severity::Error);
        let silenced = before > diagnostics.len();
        let problem = |code, message: String| Diagnostic::new(code, source, self.span, message);
        let mut found = Vec::new();
        if let Some(error) = diagnostics.iter().find(|found| here(found)) {
            found.push(
                problem(
                    Code::InvalidAllow,
                    format!("`{slug}` is an error here, and errors cannot be silenced"),
                )
                .also(error.primary.span, "the error")
                .help("mend what it says, and delete this comment"),
            );
        } else if !silenced && complete {
            found.push(
                problem(
                    Code::UnusedAllow,
                    format!("nothing on line {line} is `{slug}`"),
                )
                .help("delete this comment, or move it above the line that it is about"),
            );
        }
        if !self.reason {
            found.push(
                problem(
                    Code::AllowWithoutReason,
                    format!("this does not say why `{slug}` may stand"),
                )
                .help(format!("write `# runbook: allow {slug} REASON`")),
            );
        }
        found
    }
}

/// The first word of a place, without punctuation after it, and the rest.
fn split(source: &Source, place: Span) -> (Span, Span) {
    let text = source.slice(place);
    let start = place.start + text.len() - text.trim_start().len();
    let words = text.trim_start();
    let length = words.find(char::is_whitespace).unwrap_or(words.len());
    let word = words.get(..length).unwrap_or_default();
    let word = word.trim_end_matches([':', ',']);
    (
        Span::new(start, start + word.len()),
        Span::new(start + length, place.end),
    )
}

#[cfg(test)]
mod tests {
    use super::silence;
    use crate::diagnostic::{Code, Diagnostic};
    use crate::source::Source;
    use crate::span::Span;

    /// A file, a finding at the start of the line that holds `here`, and what is left.
    fn left(text: &str, code: Code, warning: bool) -> Vec<String> {
        let source = Source::new("test.yaml", text);
        let at = text.find("here").expect("a place");
        let found = Diagnostic::new(code, &source, Span::new(at, at + 4), "found");
        let found = if warning { found.warning() } else { found };
        silence(&source, vec![found])
            .iter()
            .map(|left| {
                let line = source.position(left.primary.span.start).line;
                format!("{line} {}: {}", left.code.slug(), left.message)
            })
            .collect()
    }

    #[test]
    fn a_comment_speaks_for_the_next_line_or_its_own() {
        for text in [
            "a: 1\n# runbook: allow misplaced-key because\nhere: 2\n",
            "a: 1\n# runbook: allow misplaced-key because\n# more words\nhere: 2\n",
            "a: 1\n  #runbook: allow misplaced-key: because\r\nhere: 2\n",
            "a: 1\nhere: 2 # runbook: allow misplaced-key because\n",
        ] {
            assert_eq!(left(text, Code::MisplacedKey, true), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_it_does_not_reach_stays_and_it_is_unused() {
        for text in [
            "# runbook: allow misplaced-key because\na: 1\nhere: 2\n",
            "a: 1 # runbook: allow misplaced-key because\nhere: 2\n",
            "# runbook: allow misplaced-key because\n\nhere: 2\n",
            "# runbook: allow maybe-absent because\nhere: 2\n",
        ] {
            let left = left(text, Code::MisplacedKey, true);
            assert_eq!(left.len(), 2, "{text}: {left:?}");
            assert!(
                left.iter().any(|one| one.contains("unused-allow")),
                "{left:?}"
            );
        }
    }

    #[test]
    fn errors_stay_and_the_comment_is_one_more() {
        let text = "# runbook: allow cycle it works\nhere: 2\n";
        assert_eq!(
            left(text, Code::Cycle, false),
            [
                "1 invalid-allow: `cycle` is an error here, and errors cannot be silenced",
                "2 cycle: found"
            ]
        );
        let elsewhere = "# runbook: allow misplaced-key why\na: 1\nhere: 2\n";
        assert_eq!(
            left(elsewhere, Code::Cycle, false),
            ["3 cycle: found"],
            "rules may not have come to what is allowed"
        );
    }

    #[test]
    fn slips_are_told_and_words_for_people_are_left_alone() {
        let told = |comment: &str| {
            let left = left(&format!("{comment}\nhere: 1\n"), Code::Cycle, false);
            left.first().cloned().unwrap_or_default()
        };
        assert_eq!(
            told("# runbook: alow cycle x"),
            "1 invalid-allow: `alow` is no instruction"
        );
        assert_eq!(
            told("# runbook: ignore cycle x"),
            "1 invalid-allow: `ignore` is no instruction"
        );
        assert_eq!(
            told("# runbook: allow"),
            "1 invalid-allow: this allows nothing: it names no code"
        );
        assert_eq!(
            told("# runbook: allow cylce x"),
            "1 invalid-allow: there is no code `cylce`"
        );
        assert_eq!(told("# runbook: https://wiki/cycle"), "2 cycle: found");
        assert_eq!(told("# the runbook: allow cycle x"), "2 cycle: found");
    }

    #[test]
    fn a_reason_is_due_also_where_it_works() {
        let text = "# runbook: allow misplaced-key -\nhere: 2\n";
        assert_eq!(
            left(text, Code::MisplacedKey, true),
            ["1 allow-without-reason: this does not say why `misplaced-key` may stand"]
        );
    }
}
