//! Text of shell to scripts, through a parser of the whole grammar of bash.

use super::around::{bare, fed, from_input, spread};
use super::{Command, Item, Redirect, Script};
use crate::hidden::shown;
use crate::page::Block;
use crate::text::{Dynamic, Marks, Text};
use brush_parser::ParserOptions;
use brush_parser::ast::{self, SourceLocation};
use runbook_playbook::diagnostic::{Code, Diagnostic};
use runbook_playbook::source::Source;
use runbook_playbook::span::Span;
use std::ops::Range;

/// The longest block that is read, in bytes.
const MAX_LENGTH: usize = 65_536;
/// How many lines one thing may have where the block as a whole cannot be read.
const MAX_LINES: usize = 40;
/// How deep brackets and substitutions may be. The parser calls itself for each.
const MAX_DEPTH: usize = 24;

/// Reads blocks of shell.
#[derive(Debug)]
pub struct Reader<'r> {
    /// The page.
    pub source: &'r Source,
    /// The parts that are known only when commands run.
    pub marks: &'r mut Marks,
    /// What is wrong with the text.
    pub problems: &'r mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reads a block. What cannot be read is kept as it is, and said.
    pub fn block(&mut self, block: &Block) -> Script {
        let text = block.text.clone();
        let mut script = Script::default();
        if let Some(items) = self.parse(&text, 0, block) {
            script.items = items;
            return script;
        }
        for part in paragraphs(&text) {
            let slice = text.get(part.clone()).unwrap_or_default();
            let lines = lines(slice);
            let mut at = 0;
            while let Some(line) = lines.get(at) {
                // A loop goes on over lines: the shortest text that can be read is the next thing.
                let readable =
                    lines
                        .iter()
                        .enumerate()
                        .skip(at)
                        .take(MAX_LINES)
                        .find_map(|(last, end)| {
                            let start = part.start + line.start;
                            let slice = text.get(start..part.start + end.end)?;
                            Some((last, self.parse(slice, start, block)?))
                        });
                if let Some((last, items)) = readable {
                    script.items.extend(items);
                    at = last + 1;
                    continue;
                }
                let place = part.start + line.start..part.start + line.end;
                self.unreadable(&text, place, block, &mut script);
                at += 1;
            }
        }
        script
    }

    fn unreadable(&mut self, text: &str, place: Range<usize>, block: &Block, script: &mut Script) {
        let words = text.get(place.clone()).unwrap_or_default();
        let blank = words.len() - words.trim_start().len();
        let end = place.start + words.trim_end().len();
        let span = block.span(place.start + blank..end.max(place.start + blank));
        self.problems.push(
            Diagnostic::new(Code::ShellSyntax, self.source, span, "a shell cannot read this").help(
                "close what is open: quotes, brackets, `$(`; here-documents end with their word alone on a line",
            ),
        );
        script.items.push(Item::Other {
            text: shown(words).trim().to_owned(),
            span,
        });
    }

    fn parse(&mut self, text: &str, offset: usize, block: &Block) -> Option<Vec<Item>> {
        if text.len() > MAX_LENGTH || depth(text) > MAX_DEPTH {
            return None;
        }
        let mut parser = brush_parser::Parser::new(text.as_bytes(), &options());
        let program = parser.parse_program().ok()?;
        let walk = Walk {
            text,
            bytes: text
                .char_indices()
                .map(|(byte, _)| byte)
                .chain([text.len()])
                .collect(),
            offset,
            block,
        };
        let mut items = Vec::new();
        for list in &program.complete_commands {
            self.list(&walk, list, &mut items);
        }
        Some(items)
    }

    pub(super) fn list(
        &mut self,
        walk: &Walk<'_>,
        list: &ast::CompoundList,
        items: &mut Vec<Item>,
    ) {
        for ast::CompoundListItem(and_or, _) in &list.0 {
            self.pipeline(walk, &and_or.first, items);
            for next in &and_or.additional {
                match next {
                    ast::AndOr::And(pipeline) => self.pipeline(walk, pipeline, items),
                    ast::AndOr::Or(pipeline) => {
                        let mut body = Script::default();
                        self.pipeline(walk, pipeline, &mut body.items);
                        items.push(Item::Otherwise { body });
                    }
                }
            }
        }
    }

    pub(super) fn script(&mut self, walk: &Walk<'_>, list: &ast::CompoundList) -> Script {
        let mut items = Vec::new();
        self.list(walk, list, &mut items);
        Script { items }
    }

    fn pipeline(&mut self, walk: &Walk<'_>, pipeline: &ast::Pipeline, items: &mut Vec<Item>) {
        let Some((first, rest)) = pipeline.seq.split_first() else {
            return;
        };
        let ast::Command::Simple(simple) = first else {
            let before = items.len();
            self.compound(walk, first, items);
            if let Some(Item::Command(command)) = items.get_mut(before) {
                command.negated |= pipeline.bang;
            }
            return;
        };
        let mut command = self.simple(walk, simple, items);
        command.negated = pipeline.bang;
        let mut each = None;
        let mut beyond = Vec::new();
        for next in rest {
            if let ast::Command::Simple(next) = next {
                let mut unused = Vec::new();
                let next = self.simple(walk, next, &mut unused);
                command.span.end = command.span.end.max(next.span.end);
                command.pipe.push(next);
            } else if let Some(found) = self.read_loop(walk, next) {
                each = Some(found);
            } else {
                self.compound(walk, next, &mut beyond);
            }
        }
        if let Some(range) = pipeline.location().and_then(|place| walk.range(&place)) {
            command.written = shown(walk.text.get(range).unwrap_or_default());
        }
        if each.is_none() {
            each = self.xargs(&mut command);
        }
        let command = fed(command, items);
        if let Some((name, body)) = each {
            items.push(self.over(command, name, body));
        } else if !command.words.is_empty() {
            items.push(Item::Command(command));
        }
        items.extend(beyond);
    }

    fn compound(&mut self, walk: &Walk<'_>, command: &ast::Command, items: &mut Vec<Item>) {
        let place = command.location().and_then(|place| walk.range(&place));
        let span = place.clone().map_or_else(
            || walk.block.span(walk.offset..walk.offset),
            |range| walk.span(range),
        );
        let ast::Command::Compound(compound, _) = command else {
            match command {
                ast::Command::Function(function) => {
                    let ast::FunctionBody(body, _) = &function.body;
                    let name = function.fname.value.clone();
                    let mut script = Script::default();
                    let body = ast::Command::Compound(body.clone(), None);
                    self.compound(walk, &body, &mut script.items);
                    items.push(Item::Function { name, body: script });
                }
                ast::Command::ExtendedTest(test, _) => {
                    items.extend(self.test(walk, test).map(Item::Command));
                }
                _ => {}
            }
            return;
        };
        match compound {
            ast::CompoundCommand::BraceGroup(group) => self.list(walk, &group.list, items),
            ast::CompoundCommand::Subshell(shell) => self.list(walk, &shell.list, items),
            ast::CompoundCommand::ForClause(each) => {
                let values = each.values.iter().flatten();
                let values = values.flat_map(|value| spread(self.word(walk, value)));
                let values = values.collect();
                let body = self.script(walk, &each.body.list);
                items.push(Item::Each {
                    name: each.variable_name.clone(),
                    values,
                    body,
                    span,
                });
            }
            ast::CompoundCommand::WhileClause(ast::WhileOrUntilClauseCommand(
                condition,
                body,
                _,
            ))
            | ast::CompoundCommand::UntilClause(ast::WhileOrUntilClauseCommand(
                condition,
                body,
                _,
            )) => {
                let until = matches!(compound, ast::CompoundCommand::UntilClause(_));
                let condition = self.script(walk, condition);
                let body = self.script(walk, &body.list);
                items.push(Item::Repeat {
                    until,
                    condition,
                    body,
                    span,
                });
            }
            ast::CompoundCommand::IfClause(choice) => {
                let mut arms = vec![(
                    self.script(walk, &choice.condition),
                    self.script(walk, &choice.then),
                )];
                for other in choice.elses.iter().flatten() {
                    let condition = other
                        .condition
                        .as_ref()
                        .map(|condition| self.script(walk, condition))
                        .unwrap_or_default();
                    arms.push((condition, self.script(walk, &other.body)));
                }
                items.push(Item::Choose { arms, span });
            }
            ast::CompoundCommand::CaseClause(choice) => {
                let arms = choice
                    .cases
                    .iter()
                    .filter_map(|case| case.cmd.as_ref())
                    .map(|body| (Script::default(), self.script(walk, body)))
                    .collect();
                items.push(Item::Choose { arms, span });
            }
            _ => items.push(Item::Other {
                text: place
                    .and_then(|range| walk.text.get(range))
                    .map(shown)
                    .unwrap_or_default(),
                span,
            }),
        }
    }

    fn simple(
        &mut self,
        walk: &Walk<'_>,
        simple: &ast::SimpleCommand,
        items: &mut Vec<Item>,
    ) -> Command {
        let mut command = Command::default();
        let alone = simple.word_or_name.is_none();
        if let Some(range) = simple.location().and_then(|place| walk.range(&place)) {
            command.written = shown(walk.text.get(range.clone()).unwrap_or_default());
            command.span = walk.span(range);
        }
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        for part in prefix {
            match part {
                ast::CommandPrefixOrSuffixItem::AssignmentWord(assignment, _) => {
                    let (name, value) = self.assignment(walk, assignment);
                    if alone {
                        let span = value.span;
                        let list = is_list(assignment);
                        items.push(Item::Assign {
                            name,
                            value,
                            list,
                            span,
                        });
                    } else {
                        command.environment.push((name, value));
                    }
                }
                ast::CommandPrefixOrSuffixItem::IoRedirect(redirect) => {
                    self.redirect(walk, redirect, &mut command);
                }
                _ => {}
            }
        }
        if let Some(name) = &simple.word_or_name {
            command.words.push(self.word(walk, name));
        }
        let exports = command
            .words
            .first()
            .and_then(Text::literal)
            .is_some_and(|name| {
                matches!(
                    name,
                    "export" | "local" | "declare" | "readonly" | "typeset"
                )
            });
        for part in simple.suffix.iter().flat_map(|suffix| &suffix.0) {
            match part {
                ast::CommandPrefixOrSuffixItem::Word(word) => {
                    let word = self.word(walk, word);
                    command.words.push(word);
                }
                ast::CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                    if exports {
                        let (name, value) = self.assignment(walk, assignment);
                        let span = value.span;
                        let list = is_list(assignment);
                        items.push(Item::Assign {
                            name,
                            value,
                            list,
                            span,
                        });
                    } else {
                        let word = self.word(walk, word);
                        command.words.push(word);
                    }
                }
                ast::CommandPrefixOrSuffixItem::IoRedirect(redirect) => {
                    self.redirect(walk, redirect, &mut command);
                }
                ast::CommandPrefixOrSuffixItem::ProcessSubstitution(_, shell) => {
                    let script = self.script(walk, &shell.list);
                    let mark = self.marks.add(Dynamic::Output(script));
                    command.words.push(Text {
                        marked: mark,
                        span: command.span,
                    });
                }
            }
        }
        if exports {
            command.words.clear();
        }
        bare(&mut command);
        from_input(&mut command);
        command
    }

    fn assignment(&mut self, walk: &Walk<'_>, assignment: &ast::Assignment) -> (String, Text) {
        let name = match &assignment.name {
            ast::AssignmentName::VariableName(name)
            | ast::AssignmentName::ArrayElementName(name, _) => name.clone(),
        };
        let value = match &assignment.value {
            ast::AssignmentValue::Scalar(word) => self.word(walk, word),
            ast::AssignmentValue::Array(values) => {
                let values: Vec<Text> = values
                    .iter()
                    .map(|(_, value)| self.word(walk, value))
                    .collect();
                let marked: Vec<&str> = values.iter().map(|value| value.marked.as_str()).collect();
                Text {
                    marked: marked.join(" "),
                    span: values.first().map(|value| value.span).unwrap_or_default(),
                }
            }
        };
        let span = walk
            .range(&assignment.loc)
            .map_or(value.span, |range| walk.span(range));
        (name, Text { span, ..value })
    }

    fn redirect(&mut self, walk: &Walk<'_>, redirect: &ast::IoRedirect, command: &mut Command) {
        match redirect {
            ast::IoRedirect::File(_, kind, ast::IoFileRedirectTarget::Filename(word)) => {
                let output = !matches!(kind, ast::IoFileRedirectKind::Read);
                let file = self.word(walk, word);
                command.redirects.push(Redirect { output, file });
            }
            ast::IoRedirect::HereDocument(_, document) => {
                let text = if document.requires_expansion {
                    self.pieces_of(walk, &document.doc.value, true)
                } else {
                    shown(&document.doc.value)
                };
                command.input = Some(Text {
                    marked: text,
                    span: command.span,
                });
            }
            ast::IoRedirect::HereString(_, word) => {
                command.input = Some(self.word(walk, word));
            }
            _ => {}
        }
    }
}

/// `NAME=(a b)`
fn is_list(assignment: &ast::Assignment) -> bool {
    matches!(assignment.value, ast::AssignmentValue::Array(_))
}

pub(super) fn options() -> ParserOptions {
    ParserOptions::default()
}

/// Where the parser's places are in the block.
pub(super) struct Walk<'w> {
    pub(super) text: &'w str,
    /// The byte of each character.
    pub(super) bytes: Vec<usize>,
    /// Where the text begins in the block.
    pub(super) offset: usize,
    pub(super) block: &'w Block,
}

impl Walk<'_> {
    pub(super) fn range(&self, place: &brush_parser::SourceSpan) -> Option<Range<usize>> {
        let start = *self.bytes.get(place.start.index)?;
        let end = *self.bytes.get(place.end.index)?;
        // A word behind a continued line begins, to the parser, where the line before ends.
        let slice = self.text.get(start..end)?;
        let begins = slice.find(|character: char| !character.is_whitespace() && character != '\\');
        let start = start + begins.unwrap_or_default();
        (start <= end).then_some(start..end)
    }

    pub(super) fn span(&self, range: Range<usize>) -> Span {
        self.block
            .span(self.offset + range.start..self.offset + range.end)
    }
}

/// How deep brackets and substitutions are, counted roughly: quotes do not matter.
fn depth(text: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    let mut backquotes = 0;
    for character in text.chars() {
        match character {
            '(' | '{' | '[' => now += 1,
            ')' | '}' | ']' => now = now.saturating_sub(1),
            '`' => backquotes += 1,
            _ => {}
        }
        most = most.max(now);
    }
    if backquotes > 64 { usize::MAX } else { most }
}

/// The parts that blank lines separate.
fn paragraphs(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            if let Some(start) = start.take() {
                parts.push(start..at);
            }
        } else if start.is_none() {
            start = Some(at);
        }
        at += line.len();
    }
    if let Some(start) = start {
        parts.push(start..at);
    }
    parts
}

/// The lines, those that go on behind a `\` together.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        at += line.len();
        if !line.trim_end().ends_with('\\') {
            if !text.get(start..at).unwrap_or_default().trim().is_empty() {
                parts.push(start..at);
            }
            start = at;
        }
    }
    if start < at {
        parts.push(start..at);
    }
    parts
}
