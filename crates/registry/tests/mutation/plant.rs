//! Mistakes that are planted into the text of a playbook.

use runbook_playbook::diagnostic::Code;
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;

/// One mutated copy of a playbook, and what is to be said about it.
pub struct Mutant {
    /// What kind of mistake it has.
    pub kind: &'static str,
    /// The whole text.
    pub text: String,
    /// What was there, and what is there now.
    pub change: String,
    /// The lines of which one must be complained about, from 1.
    pub lines: (usize, usize),
    /// The codes of which one must be said.
    pub codes: Vec<Code>,
}

/// Collects the mutated copies of one playbook.
pub struct Planter<'s> {
    pub source: &'s Source,
    pub mutants: Vec<Mutant>,
}

impl Planter<'_> {
    /// Puts other text where something stands; the mistake is to be found on the line where it begins.
    pub fn replace(&mut self, kind: &'static str, span: Span, with: &str, codes: &[Code]) {
        let line = self.line(span.start);
        self.replace_for(kind, span, with, codes, (line, line));
    }

    /// Puts other text where something stands; the mistake is to be found on one of some lines.
    pub fn replace_for(
        &mut self,
        kind: &'static str,
        span: Span,
        with: &str,
        codes: &[Code],
        lines: (usize, usize),
    ) {
        let text = self.source.text();
        let (Some(before), Some(after)) = (text.get(..span.start), text.get(span.end..)) else {
            panic!("{kind}: {span:?} does not fit the text");
        };
        self.mutants.push(Mutant {
            kind,
            text: [before, with, after].concat(),
            change: format!("`{}` → `{with}`", self.source.slice(span)),
            lines,
            codes: codes.to_vec(),
        });
    }

    /// Adds text at a place; the mistake is to be found on one of some lines.
    pub fn insert(
        &mut self,
        kind: &'static str,
        at: usize,
        what: &str,
        codes: &[Code],
        lines: (usize, usize),
    ) {
        self.replace_for(kind, Span::new(at, at), what, codes, lines);
    }

    /// Misspells the end of something, where the source has it as it is.
    pub fn misspell(&mut self, kind: &'static str, span: Span, word: &str, codes: &[Code]) {
        if self.source.slice(span).ends_with(word) {
            let at = Span::new(span.end - word.len(), span.end);
            let line = self.line(at.start);
            self.replace_for(kind, at, &misspelt(word), codes, (line, line));
        }
    }

    /// The line of a byte, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.source.position(at).line
    }

    /// The first byte of a line, from 1; the end where there is no such line.
    pub fn line_start(&self, line: usize) -> usize {
        let text = self.source.text();
        let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        starts.nth(line - 1).unwrap_or(text.len())
    }

    /// The text of a line, from 1.
    pub fn line_text(&self, line: usize) -> &str {
        let text = self.source.text();
        let rest = text.get(self.line_start(line)..).unwrap_or_default();
        rest.lines().next().unwrap_or_default()
    }
}

/// A word with two letters swapped, or one more.
pub fn misspelt(word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let last = letters.len();
    if last >= 4 && letters[last - 2] != letters[last - 1] {
        letters.swap(last - 2, last - 1);
    } else {
        letters.push('q');
    }
    letters.into_iter().collect()
}
