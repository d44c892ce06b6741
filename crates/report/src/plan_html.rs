//! A plan as one page for a browser: no scripts, nothing loaded from elsewhere.

use crate::escape::escape;
use crate::plan_facts::{
    Fact, Weight, action_of, calls, conditions, contact, counted, effect_of, longest, mark,
    of_turn, open_ends, parted, reading, readings, stated_of, undo_line,
};
use crate::plan_left_out;
use crate::plan_svg;
use crate::plan_value::{lines as value_lines, one_line};
use runbook_interpreter::plan::forecast::{
    Forecast, PlannedGraph, PlannedStep, PlannedWork, Reading,
};
use runbook_playbook::catalog::Effect;
use std::fmt::Write as _;

const STYLE: &str = include_str!("plan.css");

/// Draws a plan as a page.
#[must_use]
pub fn page(forecast: &Forecast) -> String {
    let mut page = String::new();
    let title = escaped(&forecast.playbook);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Plan of {title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    let _ = writeln!(
        page,
        "<header><h1>{title}</h1><p class=\"said\">“{}”</p><p class=\"reading\">{}</p></header>",
        escaped(&forecast.title),
        escaped(&reading(forecast))
    );
    summary(&mut page, forecast);
    let _ = writeln!(
        page,
        "<section><h2>Steps</h2><div class=\"graph\" tabindex=\"0\" role=\"region\" aria-label=\"Graph of the steps\">{}</div>{}</section>",
        plan_svg::drawing(forecast),
        LEGEND
    );
    inputs(&mut page, forecast);
    for graph in &forecast.graphs {
        self::graph(&mut page, graph, 2);
    }
    left_out(&mut page, forecast);
    if !forecast.notes.is_empty() {
        page.push_str("<section><h2>Notes</h2><ul>");
        for note in &forecast.notes {
            let _ = write!(page, "<li>{}</li>", escaped(note));
        }
        page.push_str("</ul></section>\n");
    }
    let _ = writeln!(
        page,
        "<footer>Plan of {} ({}…)</footer>\n</main>\n</body>\n</html>",
        escaped(&forecast.file),
        forecast.digest.get(..12).unwrap_or_default()
    );
    page
}

const LEGEND: &str = "<p class=\"legend\"><span class=\"key read\">read</span> \
<span class=\"key write\">write</span> <span class=\"key danger\">runs code, changes permissions, destroys</span> \
<span class=\"key dashed\">if a condition holds</span></p>";

/// Text from outside as HTML shows it literally.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in escape(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The class of an effect.
pub(crate) fn class(effect: Option<Effect>) -> &'static str {
    match effect {
        None => "none",
        Some(Effect::Read) => "read",
        Some(Effect::Write) => "write",
        Some(Effect::Execute | Effect::Permission | Effect::Destroy) => "danger",
    }
}

fn row(page: &mut String, label: &str, text: &str) {
    let _ = writeln!(page, "<dt>{label}</dt><dd>{}</dd>", escaped(text));
}

fn summary(page: &mut String, forecast: &Forecast) {
    page.push_str("<section class=\"summary\"><dl>\n");
    for (label, contacts, none) in [
        ("Reaches", &forecast.reaches, "no host besides AWS"),
        ("Starts", &forecast.runs, "no program"),
    ] {
        if contacts.is_empty() {
            row(page, label, none);
        }
        for one in contacts {
            row(page, label, &contact(one));
        }
    }
    let targets = &forecast.targets;
    for (label, values) in [
        ("Accounts", &targets.accounts),
        ("Regions", &targets.regions),
        ("Roles", &targets.roles),
    ] {
        if !values.is_empty() {
            let values: Vec<String> = values.iter().map(one_line).collect();
            row(page, label, &format!("only {}", values.join(", ")));
        }
    }
    let totals = &forecast.totals;
    page.push_str("<dt>Makes</dt><dd>");
    for (effect, text) in calls(forecast) {
        let none = totals
            .calls
            .get(&effect)
            .is_some_and(|count| count.at_most == Some(0));
        let class = if none { "zero" } else { class(Some(effect)) };
        let _ = write!(
            page,
            "<span class=\"count {class}\">{}</span> ",
            escaped(&text)
        );
    }
    page.push_str("</dd>\n");
    row(page, "Asks people", &counted(totals.questions, "question"));
    row(
        page,
        "Taken back",
        &format!("with {}", counted(totals.undo, "call")),
    );
    let plural = if totals.left_out == 1 { "" } else { "s" };
    row(
        page,
        "Left out",
        &format!("{} step{plural}", totals.left_out),
    );
    row(page, "At most", &longest(&totals.longest));
    let open = open_ends(&totals.longest);
    if !open.is_empty() {
        page.push_str("<dt>Open ends</dt><dd><ul>");
        for one in open {
            let _ = write!(page, "<li>{}</li>", escaped(&one));
        }
        page.push_str("</ul></dd>\n");
    }
    if let Reading::Live { failures, .. } = &forecast.reading {
        for failure in failures {
            let text = format!("{} {} “{}”", failure.step, failure.code, failure.message);
            row(page, "Not read", &text);
        }
    }
    page.push_str("</dl></section>\n");
}

fn inputs(page: &mut String, forecast: &Forecast) {
    if forecast.inputs.is_empty() {
        return;
    }
    page.push_str("<details><summary>Inputs</summary><dl class=\"facts\">\n");
    for input in &forecast.inputs {
        let lines: Vec<String> = value_lines("", &input.value)
            .into_iter()
            .map(|(depth, text)| {
                let text = if depth == 0 {
                    text.trim_start_matches("- ").to_owned()
                } else {
                    text
                };
                format!("{}{text}", "  ".repeat(depth))
            })
            .collect();
        let _ = writeln!(
            page,
            "<dt>{}</dt><dd><pre>{}</pre></dd>",
            escaped(&input.name),
            lines
                .iter()
                .map(|line| escaped(line))
                .collect::<Vec<_>>()
                .join("\n")
        );
    }
    page.push_str("</dl></details>\n");
}

fn graph(page: &mut String, graph: &PlannedGraph, level: usize) {
    let _ = writeln!(
        page,
        "<section><h{level}>{}</h{level}>",
        graph.kind.as_str()
    );
    let conditions = conditions(&graph.certainty);
    let mut about = Vec::new();
    if !conditions.is_empty() {
        about.push(format!("if {}", conditions.join(", and ")));
    }
    about.push(format!("at most {}", longest(&graph.longest)));
    let _ = writeln!(
        page,
        "<p class=\"about\">{}</p>",
        escaped(&about.join("; "))
    );
    if let Some(often) = graph.readings {
        let _ = writeln!(page, "<p>{}</p>", escaped(&readings(often)));
    }
    for step in &graph.steps {
        self::step(page, step);
    }
    page.push_str("</section>\n");
}

fn head(page: &mut String, step: &PlannedStep) {
    let effect = effect_of(step);
    let _ = write!(
        page,
        "<span class=\"mark\">{}</span> <b>{}</b>",
        mark(effect),
        escaped(&step.id)
    );
    if let Some(action) = action_of(step) {
        let _ = write!(page, " <code>{}</code>", escaped(action));
    }
    if let Some(effect) = effect {
        let _ = write!(page, " <span class=\"effect\">{}</span>", effect.as_str());
    }
    if let Some(stated) = stated_of(step) {
        let _ = write!(page, " <span class=\"effect\">{stated}</span>");
    }
    if let Some(title) = &step.title {
        let _ = write!(page, " <span class=\"said\">“{}”</span>", escaped(title));
    }
}

fn step(page: &mut String, step: &PlannedStep) {
    let effect = effect_of(step);
    let writes = effect.is_some_and(|effect| effect != Effect::Read);
    let open = if writes { " open" } else { "" };
    let _ = write!(
        page,
        "<details class=\"step {}\"{open}><summary>",
        class(effect)
    );
    head(page, step);
    page.push_str("</summary>\n");
    let (first, last) = parted(step);
    facts(page, &first);
    for (number, turn) in step.turns.iter().enumerate() {
        if let Some(element) = &turn.element {
            let name = step.each.as_ref().map_or("element", |each| &each.name);
            let text = format!("{}. {name} = {}", number + 1, one_line(element));
            let _ = writeln!(page, "<p class=\"element\">{}</p>", escaped(&text));
        }
        let mut said = of_turn(turn);
        for undo in &turn.undo {
            said.push(Fact {
                label: "undo",
                lines: vec![(0, undo_line(undo))],
                weight: Weight::Plain,
            });
        }
        facts(page, &said);
        match &turn.work {
            PlannedWork::Block { steps, finally } => {
                for inner in steps {
                    self::step(page, inner);
                }
                if !finally.is_empty() {
                    page.push_str("<p class=\"about\">finally, whatever happened</p>\n");
                    for inner in finally {
                        self::step(page, inner);
                    }
                }
            }
            PlannedWork::Playbook { forecast, .. } => match forecast {
                Ok(forecast) => {
                    for graph in &forecast.graphs {
                        self::graph(page, graph, 3);
                    }
                }
                Err(why) => {
                    let _ = writeln!(page, "<p class=\"about\">not planned: {}</p>", escaped(why));
                }
            },
            PlannedWork::Call(_) | PlannedWork::Reason => {}
        }
    }
    facts(page, &last);
    let _ = writeln!(
        page,
        "<p class=\"at\">line {}, at most {}</p></details>",
        step.line,
        escaped(&longest(&step.longest))
    );
}

fn facts(page: &mut String, facts: &[Fact]) {
    if facts.is_empty() {
        return;
    }
    page.push_str("<dl class=\"facts\">\n");
    for fact in facts {
        let class = match fact.weight {
            Weight::Plain => "plain",
            Weight::Attention => "attention",
            Weight::Quiet => "quiet",
        };
        let lines: Vec<String> = fact
            .lines
            .iter()
            .map(|(depth, text)| format!("{}{}", "  ".repeat(*depth), escaped(text)))
            .collect();
        let _ = writeln!(
            page,
            "<dt>{}</dt><dd class=\"{class}\"><pre>{}</pre></dd>",
            fact.label,
            lines.join("\n")
        );
    }
    page.push_str("</dl>\n");
}

fn left_out(page: &mut String, forecast: &Forecast) {
    if forecast.left_out.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "<section><h2>Left out</h2><p class=\"about\">No run with these inputs comes here.</p><dl class=\"facts wide\">"
    );
    for (what, why) in plan_left_out::left_out(forecast) {
        let _ = writeln!(
            page,
            "<dt>{}</dt><dd>{}</dd>",
            escaped(&what),
            escaped(&why)
        );
    }
    page.push_str("</dl></section>\n");
}
