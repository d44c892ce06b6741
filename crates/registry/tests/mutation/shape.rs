//! Mistakes in keys, values and the order of steps.

use super::plant::{Planter, misspelt};
use runbook_playbook::diagnostic::Code;
use runbook_playbook::span::Span;
use runbook_playbook::syntax::input::InputKind;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::step::Step;
use runbook_playbook::yaml::{Node, NodeKind};

/// Keys whose value is a length of time.
const DURATIONS: [&str; 6] = ["timeout", "every", "within", "after", "delay", "max_delay"];
/// Keys of steps that are misspelt one by one.
const KEYS: [&str; 20] = [
    "title",
    "action",
    "with",
    "base",
    "for",
    "when",
    "needs",
    "capture",
    "require",
    "assert",
    "causes",
    "expect_error",
    "each",
    "until",
    "retry",
    "limit",
    "timeout",
    "before",
    "undo",
    "show",
];
/// Graphs in the order in which they run.
const GRAPHS: [&str; 4] = ["check", "symptom", "diagnose", "resolve"];

/// Plants mistakes into the file as YAML.
pub fn plant(planter: &mut Planter<'_>, root: &Node) {
    for (key, value) in root.entries().into_iter().flatten() {
        planter.replace(
            "key of the playbook misspelt",
            key.span,
            &misspelt(key),
            &[Code::UnknownKey],
        );
        if key.value == "playbook" {
            planter.replace(
                "version of another language",
                value.span,
                "v9",
                &[Code::InvalidValue],
            );
        }
        if GRAPHS.contains(&key.value.as_str()) {
            steps(planter, value);
            planter.replace(
                "graph that is no mapping",
                whole(key.span, value),
                " nothing",
                &[Code::WrongKind],
            );
        }
        if key.value == "verify" {
            durations(planter, value);
        }
    }
    let end = planter.source.text().len();
    let last = planter.line(end.saturating_sub(1));
    planter.insert(
        "bracket at the end",
        end,
        "tags: [a, b\n",
        &[Code::YamlSyntax, Code::DuplicateKey],
        (last, last + 2),
    );
    planter.insert(
        "tab as indentation",
        end,
        "symptom:\n\ta: 1\n",
        &[Code::YamlSyntax],
        (last, last + 3),
    );
}

/// What stands behind a key and its colon.
fn whole(key: Span, value: &Node) -> Span {
    Span::new(key.end + 1, value.span.end)
}

fn steps(planter: &mut Planter<'_>, graph: &Node) {
    for (id, step) in graph.entries().into_iter().flatten() {
        keys(planter, step);
        durations(planter, step);
        duplicate(planter, step);
        planter.replace(
            "id that is none",
            id.span,
            "Not-An-Id",
            &[Code::InvalidName],
        );
        if let NodeKind::Map(entries) = &step.kind
            && let Some((first, _)) = entries.first()
            && first.span.start > id.span.end
            && planter.line(first.span.start) > planter.line(id.span.start)
        {
            let line = planter.line(first.span.start);
            let indent = planter.source.position(first.span.start).column - 1;
            let own = entries.iter().any(|(key, _)| key.value == "when");
            let needs = entries.iter().any(|(key, _)| key.value == "needs");
            if !own {
                let text = format!(
                    "{}when: {}.status == 'done'\n",
                    " ".repeat(indent),
                    id.value
                );
                planter.insert(
                    "step that waits for itself",
                    planter.line_start(line),
                    &text,
                    &[Code::ForwardReference, Code::MisplacedKey],
                    (line, line),
                );
            }
            if !needs {
                let text = format!("{}needs: [nobody_knows]\n", " ".repeat(indent));
                planter.insert(
                    "step that needs an unknown one",
                    planter.line_start(line),
                    &text,
                    &[Code::UnknownName, Code::MisplacedKey],
                    (line, line),
                );
            }
            let text = format!("{}colour: red\n", " ".repeat(indent));
            planter.insert(
                "key that does not exist",
                planter.line_start(line),
                &text,
                &[Code::UnknownKey],
                (line, line),
            );
        }
        for (key, inner) in step.entries().into_iter().flatten() {
            if matches!(key.value.as_str(), "steps" | "finally") {
                steps(planter, inner);
            }
        }
    }
}

fn keys(planter: &mut Planter<'_>, step: &Node) {
    for (key, value) in step.entries().into_iter().flatten() {
        if KEYS.contains(&key.value.as_str()) {
            planter.replace(
                "key of a step misspelt",
                key.span,
                &misspelt(key),
                &[Code::UnknownKey],
            );
        }
        if key.value == "with" || key.value == "capture" {
            planter.replace(
                "mapping that is none",
                whole(key.span, value),
                " nothing",
                &[Code::WrongKind],
            );
        }
        if key.value == "limit" {
            planter.replace(
                "number below its least",
                value.span,
                "0",
                &[Code::InvalidValue],
            );
        }
        if key.value == "action" {
            let at = Span::new(value.span.start, value.span.start);
            planter.replace("anchor", at, "&one ", &[Code::YamlFeature]);
            planter.replace("tag", at, "!secret ", &[Code::YamlFeature]);
        }
        if key.value == "each"
            && let Some(text) = value.text()
            && let Some((name, _)) = text.split_once(" in ")
        {
            planter.replace(
                "each over what is no list",
                value.span,
                &format!("{name} in 'one'"),
                &[Code::ExpressionType],
            );
        }
    }
}

fn durations(planter: &mut Planter<'_>, node: &Node) {
    for (key, value) in node.entries().into_iter().flatten() {
        if DURATIONS.contains(&key.value.as_str()) && value.text().is_some() {
            planter.replace(
                "duration that is none",
                value.span,
                "5 parsecs",
                &[Code::InvalidDuration],
            );
        }
    }
}

/// Repeats a line of a step.
fn duplicate(planter: &mut Planter<'_>, step: &Node) {
    for (key, value) in step.entries().into_iter().flatten() {
        let line = planter.line(key.span.start);
        let text = planter.line_text(line).to_owned();
        let alone = text.trim_start().starts_with(key.value.as_str())
            && planter.line(value.span.end) == line
            && value.text().is_some();
        if alone {
            planter.insert(
                "key twice",
                planter.line_start(line),
                &format!("{text}\n"),
                &[Code::DuplicateKey],
                (line + 1, line + 1),
            );
        }
    }
}

/// Mistakes in declarations: inputs, captures and causes that others name, and values that do not fit.
#[expect(clippy::too_many_lines, reason = "a list of mistakes")]
pub fn declarations(planter: &mut Planter<'_>, playbook: &Playbook, steps: &[&Step]) {
    for input in &playbook.inputs {
        let text = planter.source.text();
        let name = format!("inputs.{}", input.name.value);
        let uses = text.match_indices(&name);
        let lines: Vec<usize> = uses.map(|(at, _)| planter.line(at)).collect();
        if let (Some(first), Some(last)) = (lines.iter().min(), lines.iter().max()) {
            let lines = (*first, *last);
            planter.replace_for(
                "input renamed where it is declared",
                input.name.span,
                &misspelt(&input.name),
                &[Code::UnknownName, Code::JsonpathSyntax],
                lines,
            );
        }
        if let Some(default) = &input.default {
            let wrong = match input.kind {
                InputKind::Integer | InputKind::Number => Some("many"),
                InputKind::Boolean => Some("maybe"),
                InputKind::Duration => Some("5 parsecs"),
                InputKind::String if !input.values.is_empty() => Some("something_else"),
                InputKind::String => Some("{a: b}"),
                _ => None,
            };
            if let Some(wrong) = wrong {
                planter.replace(
                    "default of another type",
                    default.span,
                    wrong,
                    &[Code::InputType, Code::InvalidDuration, Code::ArgumentType],
                );
            }
        }
    }
    let end = planter.line_start(
        planter.line(
            playbook
                .inputs
                .first()
                .map_or(0, |input| input.name.span.start),
        ),
    );
    if let Some(first) = playbook.inputs.first() {
        let line = planter.line(first.name.span.start);
        let indent = planter.source.position(first.name.span.start).column - 1;
        planter.insert(
            "input that nothing uses",
            end,
            &format!(
                "{}left_over: {{type: string, default: x}}\n",
                " ".repeat(indent)
            ),
            &[Code::UnusedInput],
            (line, line),
        );
    }
    for step in steps {
        for cause in &step.for_causes {
            planter.replace(
                "cause misspelt",
                cause.span,
                &misspelt(cause),
                &[Code::UnknownCause],
            );
        }
        for finder in &step.causes {
            let finders = steps
                .iter()
                .flat_map(|step| &step.causes)
                .filter(|other| other.name.value == finder.name.value);
            if finders.count() == 1 && !finder.no_remedy && playbook.resolve.is_some() {
                planter.replace(
                    "cause without a remedy",
                    finder.name.span,
                    &misspelt(&finder.name),
                    &[Code::CauseWithoutRemedy],
                );
            }
        }
        if let Some(when) = &step.when
            && planter.source.slice(when.span) == when.text
        {
            planter.replace(
                "condition that is never true",
                when.span,
                &format!("({}) and 1 > 2", when.text),
                &[Code::UnreachableStep],
            );
        }
        for assertion in super::assertions(step) {
            if let runbook_playbook::syntax::assertion::Subject::That(that) = &assertion.subject
                && planter.source.slice(that.span) == that.text
            {
                planter.replace(
                    "assertion that is never false",
                    that.span,
                    &format!("({}) or 1 < 2", that.text),
                    &[Code::NeverFalse],
                );
            }
        }
    }
}
