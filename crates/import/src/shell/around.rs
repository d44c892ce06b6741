//! What stands around commands and changes nothing of what they are: `sudo`, `xargs`, `while read`, `[[ … ]]`.

use super::read::{Reader, Walk};
use super::{Command, Item, Script};
use crate::text::{Dynamic, Text};
use brush_parser::ast::{self, BinaryPredicate, ExtendedTestExpr, UnaryPredicate};

/// The name of what `xargs` puts in, where it is given none.
const ITEM: &str = "item";

/// Takes away what a command of the AWS CLI is started by: `sudo`, `time`, `timeout 30`, `env A=b`.
pub(super) fn bare(command: &mut Command) {
    let literal = |at: usize| command.words.get(at).and_then(Text::literal);
    let mut at = 0;
    loop {
        match literal(at) {
            Some("aws") if at > 0 => {
                command.words.drain(..at);
                return;
            }
            Some("sudo" | "time" | "command" | "exec" | "nohup" | "env") => at += 1,
            Some("timeout" | "nice") => at += 2,
            Some(word) if at > 0 && (word.starts_with('-') || word.contains('=')) => at += 1,
            _ => return,
        }
    }
}

/// A command of the AWS CLI that reads what `echo` or `cat` says: it, with that as its input. What stands before it
/// otherwise is a command of its own.
pub(super) fn fed(mut command: Command, items: &mut Vec<Item>) -> Command {
    let program = |command: &Command| {
        let first = command.words.first().and_then(Text::literal);
        first.map(str::to_owned)
    };
    if program(&command).as_deref() == Some("aws") {
        return command;
    }
    let mut pipe = command.pipe.iter();
    let Some(at) = pipe.position(|next| program(next).as_deref() == Some("aws")) else {
        return command;
    };
    let mut behind = command.pipe.split_off(at).into_iter();
    let Some(mut aws) = behind.next() else {
        return command;
    };
    aws.pipe = behind.collect();
    aws.span.end = aws.span.end.max(command.span.end);
    let alone = command.pipe.is_empty();
    let text = match (program(&command).as_deref(), &command.input) {
        (Some("echo" | "printf"), _) if alone => {
            let words = command.words.iter().skip(1);
            let said = words.filter(|word| !matches!(word.literal(), Some("-n" | "-e" | "%s")));
            let said: Vec<&str> = said.map(|word| word.marked.as_str()).collect();
            Some(Text {
                marked: said.join(" "),
                span: command.span,
            })
        }
        (Some("cat"), Some(input)) if alone && command.words.len() == 1 => Some(input.clone()),
        (Some("yes"), _) => None,
        _ => {
            items.push(Item::Command(command));
            None
        }
    };
    aws.input = aws.input.or(text);
    from_input(&mut aws);
    aws
}

/// Puts what a command reads where it names its standard input.
pub(super) fn from_input(command: &mut Command) {
    let Some(input) = &command.input else {
        return;
    };
    for word in &mut command.words {
        let file = word.literal().and_then(|word| {
            word.strip_prefix("file://")
                .or_else(|| word.strip_prefix("fileb://"))
        });
        if matches!(file, Some("/dev/stdin" | "-")) {
            input
                .marked
                .trim_end_matches('\n')
                .clone_into(&mut word.marked);
        }
    }
}

/// The words that `{1..3}` and `{a,b}` stand for.
pub(super) fn spread(word: Text) -> Vec<Text> {
    /// The longest range that is written out.
    const LONGEST: i64 = 50;
    let inner = word
        .literal()
        .and_then(|word| word.strip_prefix('{')?.strip_suffix('}'));
    let words: Vec<String> = match inner {
        Some(inner) if !inner.contains(['{', '}']) => {
            let ends = inner.split_once("..");
            let ends = ends.and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
            match ends {
                Some((from, to)) if from <= to && to - from < LONGEST => {
                    (from..=to).map(|number: i64| number.to_string()).collect()
                }
                None if inner.contains(',') => inner.split(',').map(str::to_owned).collect(),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    };
    if words.is_empty() {
        return vec![word];
    }
    let span = word.span;
    let words = words.into_iter();
    words.map(|marked| Text { marked, span }).collect()
}

impl Reader<'_> {
    /// `… | while read -r NAME; do …; done`: the name, and what is done for each line.
    pub(super) fn read_loop(
        &mut self,
        walk: &Walk<'_>,
        command: &ast::Command,
    ) -> Option<(String, Script)> {
        let ast::Command::Compound(
            ast::CompoundCommand::WhileClause(ast::WhileOrUntilClauseCommand(condition, body, _)),
            _,
        ) = command
        else {
            return None;
        };
        let condition = self.script(walk, condition);
        let [Item::Command(reads)] = condition.items.as_slice() else {
            return None;
        };
        let words: Vec<&str> = reads.words.iter().filter_map(Text::literal).collect();
        let (first, rest) = words.split_first()?;
        let mut names = rest.iter().filter(|word| !word.starts_with('-'));
        let name = (*names.next()?).to_owned();
        // Several names are columns, which results do not have.
        if *first != "read" || names.next().is_some() {
            return None;
        }
        Some((name, self.script(walk, &body.list)))
    }

    /// A loop over what commands print.
    pub(super) fn over(&mut self, mut command: Command, name: String, body: Script) -> Item {
        // `tr` and `sort` make lines of what a list has as elements.
        command.pipe.retain(|next| {
            let program = next.words.first().and_then(Text::literal);
            !matches!(program, Some("tr" | "sort" | "uniq" | "cat"))
        });
        let span = command.span;
        let output = Script {
            items: vec![Item::Command(command)],
        };
        let marked = self.marks.add(Dynamic::Output(output));
        Item::Each {
            name,
            values: vec![Text { marked, span }],
            body,
            span,
        }
    }

    /// `… | xargs -I X aws … X`: a loop.
    pub(super) fn xargs(&mut self, command: &mut Command) -> Option<(String, Script)> {
        let last = command.pipe.last()?;
        let (first, rest) = last.words.split_first()?;
        if first.literal() != Some("xargs") {
            return None;
        }
        let at = rest.iter().position(|word| word.literal() == Some("aws"))?;
        let (options, own) = rest.split_at(at);
        let mut put = None;
        let mut given = options.iter();
        while let Some(option) = given.next().and_then(Text::literal) {
            match option.strip_prefix("-I") {
                Some("") => put = given.next().and_then(Text::literal).map(str::to_owned),
                Some(word) => put = Some(word.to_owned()),
                None => {}
            }
        }
        let mark = self.marks.add(Dynamic::Variable(ITEM.to_owned(), None));
        let mut words = own.to_vec();
        match &put {
            Some(put) => {
                for word in &mut words {
                    word.marked = word.marked.replace(put.as_str(), &mark);
                }
            }
            None => words.push(Text {
                marked: mark,
                span: last.span,
            }),
        }
        let inner = Command {
            words,
            span: last.span,
            written: last.written.clone(),
            ..Command::default()
        };
        command.pipe.pop();
        let body = Script {
            items: vec![Item::Command(inner)],
        };
        Some((ITEM.to_owned(), body))
    }

    /// `[[ a == b ]]` as `[ a == b ]`; nothing where it is more than one comparison.
    pub(super) fn test(
        &mut self,
        walk: &Walk<'_>,
        test: &ast::ExtendedTestExprCommand,
    ) -> Option<Command> {
        let place = walk.range(&test.loc)?;
        let span = walk.span(place.clone());
        let (words, negated) = match &test.expr {
            ExtendedTestExpr::Not(inner) => (self.operands(walk, inner)?, true),
            other => (self.operands(walk, other)?, false),
        };
        let known = |word: &str| Text {
            marked: word.to_owned(),
            span,
        };
        let open = ["[", "!"].into_iter().take(if negated { 2 } else { 1 });
        Some(Command {
            words: open.map(known).chain(words).chain([known("]")]).collect(),
            span,
            written: walk.text.get(place).unwrap_or_default().to_owned(),
            ..Command::default()
        })
    }

    fn operands(&mut self, walk: &Walk<'_>, expr: &ExtendedTestExpr) -> Option<Vec<Text>> {
        match expr {
            ExtendedTestExpr::Parenthesized(inner) => self.operands(walk, inner),
            ExtendedTestExpr::BinaryTest(predicate, left, right) => {
                let sign = match predicate {
                    BinaryPredicate::StringExactlyMatchesPattern
                    | BinaryPredicate::StringExactlyMatchesString => "=",
                    BinaryPredicate::StringDoesNotExactlyMatchPattern
                    | BinaryPredicate::StringDoesNotExactlyMatchString => "!=",
                    BinaryPredicate::ArithmeticEqualTo => "-eq",
                    BinaryPredicate::ArithmeticNotEqualTo => "-ne",
                    BinaryPredicate::ArithmeticLessThan => "-lt",
                    BinaryPredicate::ArithmeticLessThanOrEqualTo => "-le",
                    BinaryPredicate::ArithmeticGreaterThan => "-gt",
                    BinaryPredicate::ArithmeticGreaterThanOrEqualTo => "-ge",
                    _ => "?",
                };
                let (left, right) = (self.word(walk, left), self.word(walk, right));
                let sign = Text {
                    marked: sign.to_owned(),
                    span: left.span,
                };
                Some(vec![left, sign, right])
            }
            ExtendedTestExpr::UnaryTest(predicate, word) => {
                let sign = match predicate {
                    UnaryPredicate::StringHasZeroLength => "-z",
                    UnaryPredicate::StringHasNonZeroLength => "-n",
                    _ => "-e",
                };
                let word = self.word(walk, word);
                let sign = Text {
                    marked: sign.to_owned(),
                    span: word.span,
                };
                Some(vec![sign, word])
            }
            _ => None,
        }
    }
}
