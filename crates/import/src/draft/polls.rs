//! Loops that wait: `until [ "$(aws … --query …)" = available ]; do sleep 30; done` becomes a step with `until`.

use super::build::Builder;
use crate::other::only;
use crate::page::Role;
use crate::shell::{Command, Item, Script};
use crate::step::{Poll, Step};
use crate::text::{Dynamic, Marks, Piece, Text};
use runbook_playbook::catalog::Catalog as _;
use runbook_playbook::jsonpath::Path;
use runbook_playbook::source::Source;
use runbook_playbook::span::{Span, TextPlace};
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use serde_json::{Value as Json, json};

/// Said where a page waits for ever.
const FOR_EVER: &str = "TODO: the page waits without an end; say `within` which time it must come";

/// What a condition asks about a command's output.
struct Asked<'s> {
    /// The command.
    command: &'s Command,
    /// The word of the predicate.
    word: &'static str,
    /// What it is compared with.
    with: String,
}

impl Builder<'_, '_> {
    /// Makes a step of a loop that only waits; false where it does more, or asks what cannot be written.
    pub(super) fn poll(
        &mut self,
        condition: &Script,
        body: &Script,
        until: bool,
        role: &Role,
        titled: &mut Option<String>,
    ) -> bool {
        let Some(every) = pause(body) else {
            return false;
        };
        let Some(test) = only(condition) else {
            return false;
        };
        let scripts: Vec<Script> = test
            .words
            .iter()
            .filter_map(|word| self.output(word))
            .collect();
        let Some(asked) = asked(test, &scripts, until) else {
            return false;
        };
        let silent = Command {
            pipe: Vec::new(),
            ..asked.command.clone()
        };
        let path = crate::other::jq_path(&asked.command.pipe);
        let (word, with) = (asked.word, asked.with);
        let Some(mut step) = self.step(&silent) else {
            return false;
        };
        let path = path.or_else(|| {
            let [capture] = step.captures.as_slice() else {
                return None;
            };
            let path = capture.path.clone();
            path.starts_with('$').then_some(path)
        });
        let Some(path) = path else {
            step.notes.push(
                "TODO: the page does this again and again; say `until` what, and `within`"
                    .to_owned(),
            );
            self.place(step, role, titled);
            return true;
        };
        step.captures.clear();
        let value = typed(self.reading.registry, &step, &path, &with);
        step.poll = Some(Poll {
            path,
            word,
            value,
            every,
        });
        step.notes.push(FOR_EVER.to_owned());
        self.place(step, role, titled);
        true
    }

    /// Makes steps of the commands that a test asks; the test itself is no command.
    pub(super) fn tested(&mut self, test: &Command, role: &Role, titled: &mut Option<String>) {
        for word in &test.words {
            if let Some(script) = self.output(word) {
                self.captured(&script, None, test.span, role, titled);
            }
        }
    }

    fn output(&self, word: &Text) -> Option<Script> {
        match self.reading.marks.pieces(&word.marked).as_slice() {
            [Piece::Dynamic(Dynamic::Output(script))] => Some(script.clone()),
            _ => None,
        }
    }
}

/// What a condition asks, turned round where a loop goes on while it holds.
fn asked<'s>(test: &'s Command, scripts: &'s [Script], until: bool) -> Option<Asked<'s>> {
    let words: Vec<Option<&str>> = test.words.iter().map(Text::literal).collect();
    if words.first() == Some(&Some("aws")) {
        return greps(test, until != test.negated);
    }
    let negated = words.get(1) == Some(&Some("!"));
    let skip = if negated { 2 } else { 1 };
    let close = words.last() == Some(&Some("]"));
    let inner = test.words.get(skip..words.len() - usize::from(close))?;
    let is_test = matches!(words.first(), Some(Some("[" | "test" | "[[")));
    let [left, sign, right] = inner else {
        return None;
    };
    let (with, swapped) = match (left.literal(), right.literal()) {
        (None, Some(with)) => (with, false),
        (Some(with), None) => (with, true),
        _ => return None,
    };
    let holds = until != (negated != test.negated);
    let sign = match (sign.literal()?, swapped) {
        ("-lt", true) => "-gt",
        ("-le", true) => "-ge",
        ("-gt", true) => "-lt",
        ("-ge", true) => "-le",
        (sign, _) => sign,
    };
    let (yes, no) = match sign {
        "=" | "==" | "-eq" => ("equals", "not_equals"),
        "!=" | "-ne" => ("not_equals", "equals"),
        "-lt" => ("lt", "gte"),
        "-le" => ("lte", "gt"),
        "-gt" => ("gt", "lte"),
        "-ge" => ("gte", "lt"),
        _ => return None,
    };
    let command = scripts.first().and_then(only)?;
    (is_test && scripts.len() == 1).then(|| Asked {
        command,
        word: if holds { yes } else { no },
        with: with.to_owned(),
    })
}

/// `aws … --query … | grep -q WORD`
fn greps(command: &Command, until: bool) -> Option<Asked<'_>> {
    let [grep] = command.pipe.as_slice() else {
        return None;
    };
    let words: Vec<&str> = grep.words.iter().filter_map(Text::literal).collect();
    let ["grep", rest @ ..] = words.as_slice() else {
        return None;
    };
    let (options, others): (Vec<&str>, Vec<&str>) =
        rest.iter().partition(|word| word.starts_with('-'));
    let [word] = others.as_slice() else {
        return None;
    };
    let plain = word
        .chars()
        .all(|one| one.is_alphanumeric() || matches!(one, '_' | '-' | ' '));
    let known = ["-q", "-w", "-x", "-qw", "-wq", "-qx", "-xq"];
    (plain && until && options.iter().all(|option| known.contains(option))).then(|| Asked {
        command,
        word: if options.iter().any(|option| option.contains(['w', 'x'])) {
            "equals"
        } else {
            "contains"
        },
        with: (*word).to_owned(),
    })
}

/// How long a body waits that does nothing else.
fn pause(body: &Script) -> Option<String> {
    let mut length = None;
    for item in &body.items {
        let Item::Command(command) = item else {
            return None;
        };
        let words: Vec<&str> = command.words.iter().filter_map(Text::literal).collect();
        match words.as_slice() {
            ["sleep", amount] if length.is_none() => {
                let digits = amount.trim_end_matches(['s', 'm', 'h']);
                digits.parse::<u32>().ok()?;
                length = Some(if digits.len() == amount.len() {
                    format!("{amount}s")
                } else {
                    (*amount).to_owned()
                });
            }
            ["echo" | "printf" | "date" | ":" | "true", ..] => {}
            _ => return None,
        }
    }
    length
}

/// A text as the type of a path wants it; `None` and `null` is what the CLI prints for nothing.
fn typed(registry: &Registry, step: &Step, path: &str, text: &str) -> Json {
    let place = TextPlace {
        span: Span::default(),
        exact: false,
    };
    let ty = || {
        let action = registry.action(&step.action).ok()?;
        let path = Path::parse(path, place, &Source::new("", path)).ok()?;
        path.infer(&action.output).ok()
    };
    let ty = ty();
    let number = matches!(
        ty.as_ref().map(Type::present),
        Some(Type::Integer(..) | Type::Number(_))
    );
    let boolean = matches!(ty.as_ref().map(Type::present), Some(Type::Boolean));
    match text {
        "None" | "null" => Json::Null,
        text if number => serde_json::from_str(text).unwrap_or_else(|_| json!(text)),
        "true" | "True" if boolean => json!(true),
        "false" | "False" if boolean => json!(false),
        text => json!(text),
    }
}

/// Whether a loop leaves itself.
pub(super) fn ends(body: &Script) -> bool {
    body.items.iter().any(|item| match item {
        Item::Command(command) => {
            let first = command.words.first().and_then(Text::literal);
            matches!(first, Some("break" | "exit" | "return"))
        }
        Item::Choose { arms, .. } => arms.iter().any(|(_, body)| ends(body)),
        Item::Otherwise { body } => ends(body),
        _ => false,
    })
}

/// `while true; do S=$(…); [ "$S" = x ] && break; sleep 30; done`: the test with the command in it, and what waits.
pub(super) fn breaks(marks: &Marks, condition: &Script, body: &Script) -> Option<(Script, Script)> {
    let leaves = |item: Option<&Item>| match item {
        Some(Item::Command(command)) => {
            command.words.first().and_then(Text::literal) == Some("break")
        }
        _ => false,
    };
    only(condition)?;
    let (mut assigned, mut test, mut wait) = (None, None, Script::default());
    let mut items = body.items.iter();
    while let Some(item) = items.next() {
        let tested = match item {
            Item::Assign { name, value, .. }
                if matches!(
                    marks.pieces(&value.marked).as_slice(),
                    [Piece::Dynamic(Dynamic::Output(_))]
                ) && assigned.is_none() =>
            {
                assigned = Some((name, value));
                continue;
            }
            Item::Command(command) if command.words.first()?.literal() == Some("[") => {
                if !leaves(items.next()) {
                    return None;
                }
                command
            }
            Item::Choose { arms, .. } => match arms.as_slice() {
                [(condition, then)] if leaves(then.items.last()) => only(condition)?,
                _ => return None,
            },
            other => {
                wait.items.push(other.clone());
                continue;
            }
        };
        if test.replace(tested.clone()).is_some() {
            return None;
        }
    }
    let mut test = test?;
    if let Some((name, value)) = assigned {
        for word in &mut test.words {
            let same = matches!(
                marks.pieces(&word.marked).as_slice(),
                [Piece::Dynamic(Dynamic::Variable(known, _))] if known == name
            );
            if same {
                word.marked.clone_from(&value.marked);
            }
        }
    }
    let test = Script {
        items: vec![Item::Command(test)],
    };
    Some((test, wait))
}
