//! A plan as Markdown for a comment on a pull request, as GitHub renders it.

use crate::escape::escape;
use crate::plan_facts::{
    EFFECTS, Fact, Weight, action_of, calls, conditions, contact, counted, effect_of, longest,
    mark, of_turn, open_ends, parted, reading, readings, stated_of, undo_line,
};
use crate::plan_left_out;
use crate::plan_mermaid;
use crate::plan_value::{lines as value_lines, one_line};
use runbook_interpreter::plan::forecast::{
    Forecast, PlannedGraph, PlannedStep, PlannedWork, Reading,
};
use runbook_playbook::catalog::Effect;
use std::fmt::Write as _;

/// The most characters that a comment on GitHub may have.
pub const LONGEST: usize = 65_536;

/// How much is said; each level leaves more out than the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Everything,
    NoQuiet,
    WritesOnly,
    Heads,
}

/// Draws a plan of at most [`LONGEST`] characters: details are folded first, then left out, then the rest is cut with a note.
#[must_use]
pub fn page(forecast: &Forecast) -> String {
    let levels = [
        Detail::Everything,
        Detail::NoQuiet,
        Detail::WritesOnly,
        Detail::Heads,
    ];
    for detail in levels {
        let text = draw(forecast, detail);
        if text.chars().count() <= LONGEST {
            return text;
        }
    }
    cut(&draw(forecast, Detail::Heads), NOTE)
}

const NOTE: &str = "\n\n*The rest is cut: the plan is longer than a comment may be. `runbook plan` without `--format markdown` shows all of it.*\n";

/// The beginning that fits, to the end of a line, with a note; what is open is closed.
pub(crate) fn cut(text: &str, note: &str) -> String {
    let closing = "\n```\n\n".len() + "</details>\n".len() * 8;
    let room = LONGEST.saturating_sub(note.chars().count() + closing);
    let mut kept = String::new();
    let mut used = 0;
    let (mut fence, mut details) = (None::<String>, 0_usize);
    for line in text.lines() {
        used += line.chars().count() + 1;
        if used > room {
            break;
        }
        kept.push_str(line);
        kept.push('\n');
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => {
                fence = Some(line.chars().take_while(|c| *c == '`').collect());
            }
            None => {
                details += line.matches("<details").count();
                details = details.saturating_sub(line.matches("</details>").count());
            }
        }
    }
    if let Some(fence) = fence {
        kept.push_str(&fence);
        kept.push('\n');
    }
    kept.push('\n');
    for _ in 0..details {
        kept.push_str("</details>\n");
    }
    kept.push_str(note);
    kept
}

/// Text from outside as Markdown shows it literally: no HTML, no markup, no mentions of people.
pub(crate) fn literal(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '@' => safe.push_str("&#64;"),
            ':' => safe.push_str("&#58;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '-' | '.'
            | '!' | '|' | '~' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

fn quoted(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("“{}”", literal(&words))
}

/// Text from outside within HTML that Markdown lets through.
pub(crate) fn html(text: &str) -> String {
    crate::plan_html::escaped(text).replace('@', "&#64;")
}

/// Lines in a fence that nothing in them can close.
pub(crate) fn fenced(page: &mut String, lines: &[String]) {
    let longest = lines
        .iter()
        .flat_map(|line| line.split(|c| c != '`').map(str::len))
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(page, "\n{fence}text");
    for line in lines {
        page.push_str(&escape(line));
        page.push('\n');
    }
    let _ = writeln!(page, "{fence}\n");
}

fn draw(forecast: &Forecast, detail: Detail) -> String {
    let mut page = String::new();
    let id = literal(&forecast.playbook);
    let _ = writeln!(page, "## Plan of {id} {}\n", quoted(&forecast.title));
    let _ = writeln!(page, "*{}*\n", literal(&reading(forecast)));
    for (label, contacts, none) in [
        ("Reaches", &forecast.reaches, "no host besides AWS"),
        ("Starts", &forecast.runs, "no program"),
    ] {
        if contacts.is_empty() {
            let _ = writeln!(page, "- **{label}**: {none}");
        }
        for one in contacts {
            let _ = writeln!(page, "- **{label}**: {}", literal(&contact(one)));
        }
    }
    totals(&mut page, forecast);
    failures(&mut page, forecast);
    if let Some(diagram) = plan_mermaid::diagram(forecast).filter(|_| detail < Detail::Heads) {
        let _ = writeln!(page, "\n```mermaid\n{diagram}```\n");
    }
    inputs(&mut page, forecast, detail);
    for graph in &forecast.graphs {
        self::graph(&mut page, graph, detail);
    }
    left_out(&mut page, forecast);
    if !forecast.notes.is_empty() {
        let _ = writeln!(page, "\n### Notes\n");
        for note in &forecast.notes {
            let _ = writeln!(page, "- {}", literal(note));
        }
    }
    page
}

fn totals(page: &mut String, forecast: &Forecast) {
    let totals = &forecast.totals;
    let made: Vec<String> = calls(forecast)
        .into_iter()
        .map(|(effect, text)| {
            let some = totals
                .calls
                .get(&effect)
                .is_some_and(|count| count.at_most != Some(0));
            if some && effect != Effect::Read {
                format!("**{text}**")
            } else {
                text
            }
        })
        .collect();
    let _ = writeln!(page, "- **Makes**: {}", made.join(", "));
    let _ = writeln!(
        page,
        "- {} to people; taken back with {}; steps left out: {}",
        counted(totals.questions, "question"),
        counted(totals.undo, "call"),
        totals.left_out
    );
    let _ = writeln!(page, "- **At most** {}", longest(&totals.longest));
    for open in open_ends(&totals.longest) {
        let _ = writeln!(page, "  - open end: {}", literal(&open));
    }
}

fn failures(page: &mut String, forecast: &Forecast) {
    let Reading::Live { failures, .. } = &forecast.reading else {
        return;
    };
    for failure in failures {
        let _ = writeln!(
            page,
            "- **Could not be read**: {} {} {}",
            literal(&failure.step),
            literal(&failure.code),
            quoted(&failure.message)
        );
    }
}

fn inputs(page: &mut String, forecast: &Forecast, detail: Detail) {
    if forecast.inputs.is_empty() || detail == Detail::Heads {
        return;
    }
    let _ = writeln!(page, "<details><summary>Inputs</summary>\n");
    let lines: Vec<String> = forecast
        .inputs
        .iter()
        .flat_map(|input| value_lines(&input.name, &input.value))
        .map(|(depth, text)| format!("{}{text}", "  ".repeat(depth)))
        .collect();
    fenced(page, &lines);
    let _ = writeln!(page, "</details>\n");
}

fn left_out(page: &mut String, forecast: &Forecast) {
    let shown: Vec<String> = plan_left_out::left_out(forecast)
        .into_iter()
        .map(|(what, why)| format!("{what}  {why}"))
        .collect();
    if shown.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "<details><summary>Left out: {} steps that no run with these inputs comes to</summary>\n",
        forecast.totals.left_out
    );
    fenced(page, &shown);
    let _ = writeln!(page, "</details>\n");
}

fn graph(page: &mut String, graph: &PlannedGraph, detail: Detail) {
    let _ = writeln!(page, "\n### {}\n", graph.kind.as_str());
    let conditions = conditions(&graph.certainty);
    if !conditions.is_empty() {
        let _ = writeln!(
            page,
            "if {}; at most {}\n",
            literal(&conditions.join(", and ")),
            longest(&graph.longest)
        );
    }
    if let Some(often) = graph.readings {
        let _ = writeln!(page, "{}\n", literal(&readings(often)));
        if graph
            .steps
            .iter()
            .all(|step| step.checked.starts_with("symptom."))
        {
            let names: Vec<String> = graph.steps.iter().map(|step| literal(&step.id)).collect();
            let _ = writeln!(page, "Reads the symptom again: {}\n", names.join(", "));
            return;
        }
    }
    for step in &graph.steps {
        self::step(page, step, detail);
    }
}

fn head(step: &PlannedStep) -> String {
    let effect = effect_of(step);
    let mut text = format!("<code>{}</code> <b>{}</b>", mark(effect), html(&step.id));
    if let Some(action) = action_of(step) {
        let _ = write!(text, " <code>{}</code>", html(action));
    }
    if let Some(effect) = effect {
        let _ = write!(text, " {}", effect.as_str());
    }
    if let Some(stated) = stated_of(step) {
        let _ = write!(text, ", <b>{stated}</b>");
    }
    if let Some(title) = &step.title {
        let words = title.split_whitespace().collect::<Vec<_>>().join(" ");
        let _ = write!(text, " “{}”", html(&words));
    }
    text
}

fn step(page: &mut String, step: &PlannedStep, detail: Detail) {
    let reads = effect_of(step).is_none_or(|effect| effect == Effect::Read);
    let is_block = step.turns.iter().any(|turn| {
        matches!(
            turn.work,
            PlannedWork::Block { .. } | PlannedWork::Playbook { .. }
        )
    });
    let bare = detail == Detail::Heads || (detail == Detail::WritesOnly && reads);
    if bare && !is_block {
        let _ = writeln!(page, "{}<br>", head(step));
        return;
    }
    let open = if is_block && !reads { " open" } else { "" };
    let _ = writeln!(page, "<details{open}><summary>{}</summary>\n", head(step));
    let mut lines = Vec::new();
    let (first, last) = parted(step);
    if !bare {
        facts(&mut lines, &first, detail);
        if is_block {
            facts(&mut lines, &last, detail);
            flush(page, &mut lines);
        }
    }
    for (number, turn) in step.turns.iter().enumerate() {
        if let Some(element) = &turn.element {
            let name = step.each.as_ref().map_or("element", |each| &each.name);
            lines.push(format!("{}. {name} = {}", number + 1, one_line(element)));
        }
        if !bare {
            facts(&mut lines, &of_turn(turn), detail);
            for undo in &turn.undo {
                lines.push(format!("{:<9}{}", "undo", undo_line(undo)));
            }
            if number + 1 == step.turns.len() && !is_block {
                facts(&mut lines, &last, detail);
            }
        }
        flush(page, &mut lines);
        match &turn.work {
            PlannedWork::Block { steps, finally } => {
                for inner in steps {
                    self::step(page, inner, detail);
                }
                if !finally.is_empty() {
                    let _ = writeln!(page, "\nfinally, whatever happened:\n");
                    for inner in finally {
                        self::step(page, inner, detail);
                    }
                }
            }
            PlannedWork::Playbook { forecast, .. } => match forecast {
                Ok(forecast) => {
                    for graph in &forecast.graphs {
                        self::graph(page, graph, detail);
                    }
                }
                Err(why) => {
                    let _ = writeln!(page, "not planned: {}\n", literal(why));
                }
            },
            PlannedWork::Call(_) | PlannedWork::Reason => {}
        }
    }
    let _ = writeln!(page, "</details>\n");
}

fn flush(page: &mut String, lines: &mut Vec<String>) {
    if !lines.is_empty() {
        fenced(page, lines);
        lines.clear();
    }
}

fn facts(lines: &mut Vec<String>, facts: &[Fact], detail: Detail) {
    let shown = facts
        .iter()
        .filter(|fact| detail == Detail::Everything || fact.weight != Weight::Quiet);
    for fact in shown {
        for (place, (depth, text)) in fact.lines.iter().enumerate() {
            let label = if place == 0 { fact.label } else { "" };
            lines.push(format!("{label:<9}{}{text}", "  ".repeat(*depth)));
        }
    }
}

/// The legend of the marks.
#[must_use]
pub fn legend() -> &'static str {
    EFFECTS
}
