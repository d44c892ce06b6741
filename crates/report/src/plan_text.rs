//! A plan as text for a terminal.

use crate::line::{Line, Look, Tone};
use crate::plan_facts::{
    EFFECTS, Fact, Weight, action_of, calls, contact, counted, effect_of, effects, graph_condition,
    longest, mark, of_turn, open_ends, parted, reading, readings, undo_line,
};
use crate::plan_left_out::left_out;
use crate::plan_value::{lines as value_lines, one_line};
use runbook_interpreter::plan::forecast::{
    Forecast, PlannedGraph, PlannedStep, PlannedWork, Reading, Turn,
};
use runbook_playbook::catalog::Effect;

/// Draws a plan. Text from authors and services stands in quotes, and cannot steer a terminal.
#[must_use]
pub fn lines(forecast: &Forecast, look: Look) -> Vec<String> {
    let mut page = Page {
        look,
        lines: Vec::new(),
    };
    page.whole(forecast, 0);
    page.lines
}

struct Page {
    look: Look,
    lines: Vec<String>,
}

/// An author's words, in quotes.
fn quoted(text: &str) -> String {
    format!(
        "“{}”",
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    )
}

fn tone(effect: Option<Effect>) -> Tone {
    match effect {
        None => Tone::Plain,
        Some(Effect::Read) => Tone::Good,
        Some(Effect::Write) => Tone::Attention,
        Some(Effect::Execute | Effect::Permission | Effect::Destroy) => Tone::Bad,
    }
}

impl Page {
    fn add(&mut self, line: &Line) {
        self.lines.extend(line.wrapped(self.look));
    }

    fn gap(&mut self) {
        if self.lines.last().is_some_and(|last| !last.is_empty()) {
            self.lines.push(String::new());
        }
    }

    fn row(&mut self, depth: usize, label: &str, text: &str) {
        let line = Line::at(depth)
            .with(Tone::Quiet, format!("{label:<10}"))
            .plain(text);
        self.add(&line);
    }

    fn whole(&mut self, forecast: &Forecast, depth: usize) {
        let line = Line::at(depth)
            .with(Tone::Strong, &forecast.playbook)
            .plain("  ")
            .plain(quoted(&forecast.title))
            .maybe(Tone::Quiet, "  ", (depth == 0).then(|| reading(forecast)));
        self.add(&line);
        self.contacts(forecast, depth);
        if depth == 0 {
            self.totals(forecast);
        }
        self.inputs(forecast, depth);
        self.failures(forecast, depth);
        for graph in &forecast.graphs {
            self.graph(graph, depth);
        }
        self.left_out(forecast, depth);
        if !forecast.notes.is_empty() {
            self.gap();
            self.add(&Line::at(depth).with(Tone::Strong, "notes"));
            for note in &forecast.notes {
                self.add(&Line::at(depth + 1).plain(note));
            }
        }
    }

    fn contacts(&mut self, forecast: &Forecast, depth: usize) {
        let both = [("reaches", &forecast.reaches), ("runs", &forecast.runs)];
        for (label, contacts) in both {
            for (place, one) in contacts.iter().enumerate() {
                let label = if place == 0 { label } else { "" };
                self.row(depth, label, &contact(one));
            }
        }
        if depth == 0 && forecast.reaches.is_empty() {
            self.row(depth, "reaches", "no host besides AWS");
        }
        if depth == 0 && forecast.runs.is_empty() {
            self.row(depth, "runs", "no program");
        }
        let targets = &forecast.targets;
        for (what, values) in [
            ("accounts", &targets.accounts),
            ("regions", &targets.regions),
            ("roles", &targets.roles),
        ] {
            if !values.is_empty() {
                let values: Vec<String> = values.iter().map(one_line).collect();
                self.row(depth, what, &format!("only {}", values.join(", ")));
            }
        }
    }

    fn totals(&mut self, forecast: &Forecast) {
        let totals = &forecast.totals;
        let mut line = Line::at(0).with(Tone::Quiet, format!("{:<10}", "makes"));
        for (place, (effect, text)) in calls(forecast).into_iter().enumerate() {
            let none = totals
                .calls
                .get(&effect)
                .is_some_and(|count| count.at_most == Some(0));
            let tone = if none {
                Tone::Quiet
            } else {
                tone(Some(effect))
            };
            let comma = if place == 0 { "" } else { ", " };
            line = line.plain(comma).with(tone, text);
        }
        self.add(&line);
        let undo = counted(totals.undo, "call");
        let questions = counted(totals.questions, "question");
        let out = totals.left_out;
        self.row(
            0,
            "",
            &format!("{questions} to people; taken back with {undo}; steps left out: {out}"),
        );
        self.row(0, "at most", &longest(&totals.longest));
        for open in open_ends(&totals.longest) {
            self.row(0, "", &format!("open end: {open}"));
        }
        self.row(0, "marks", EFFECTS);
    }

    fn inputs(&mut self, forecast: &Forecast, depth: usize) {
        if forecast.inputs.is_empty() {
            return;
        }
        self.gap();
        self.add(&Line::at(depth).with(Tone::Strong, "inputs"));
        for input in &forecast.inputs {
            for (inner, text) in value_lines(&input.name, &input.value) {
                self.add(&Line::at(depth + 1 + inner).plain(text));
            }
        }
    }

    fn failures(&mut self, forecast: &Forecast, depth: usize) {
        let Reading::Live { failures, .. } = &forecast.reading else {
            return;
        };
        if failures.is_empty() {
            return;
        }
        self.gap();
        self.add(&Line::at(depth).with(
            Tone::Bad,
            "reads that failed, what they would have told stays unknown",
        ));
        for failure in failures {
            let line = Line::at(depth + 1)
                .plain(format!("{}  {}  ", failure.step, failure.code))
                .plain(quoted(&failure.message));
            self.add(&line);
        }
    }

    fn left_out(&mut self, forecast: &Forecast, depth: usize) {
        if forecast.left_out.is_empty() {
            return;
        }
        self.gap();
        self.add(&Line::at(depth).with(
            Tone::Strong,
            "left out, no run with these inputs comes here",
        ));
        for (what, why) in left_out(forecast) {
            let line = Line::at(depth + 1)
                .plain(what)
                .with(Tone::Quiet, format!("  {why}"));
            self.add(&line);
        }
    }

    fn graph(&mut self, graph: &PlannedGraph, depth: usize) {
        self.gap();
        let line = Line::at(depth)
            .with(Tone::Strong, graph.kind.as_str())
            .maybe(Tone::Attention, "  if ", graph_condition(graph))
            .maybe(
                Tone::Quiet,
                "  ",
                Some(format!("at most {}", longest(&graph.longest))),
            );
        self.add(&line);
        if let Some(often) = graph.readings {
            self.add(&Line::at(depth + 1).plain(readings(often)));
            // What is read is the symptom, which stands above as a whole.
            let again = graph
                .steps
                .iter()
                .all(|step| step.checked.starts_with("symptom."));
            if again {
                for step in &graph.steps {
                    self.head(step, depth + 1);
                }
                return;
            }
        }
        for step in &graph.steps {
            self.step(step, depth + 1);
        }
    }

    fn head(&mut self, step: &PlannedStep, depth: usize) {
        let effect = effect_of(step);
        let said = step.turns.iter().find_map(|turn| match &turn.work {
            PlannedWork::Call(call) => Some(effects(call)),
            PlannedWork::Playbook { .. } => effect.map(|effect| effect.as_str().to_owned()),
            _ => None,
        });
        let what = match step.turns.first().map(|turn| &turn.work) {
            Some(PlannedWork::Block { .. }) => Some("block"),
            Some(PlannedWork::Reason) => Some("reasons over what was read"),
            _ => None,
        };
        let line = Line::at(depth)
            .with(tone(effect), mark(effect))
            .plain(" ")
            .with(Tone::Strong, &step.id)
            .maybe(Tone::Plain, "  ", action_of(step).or(what))
            .maybe(tone(effect), "  ", said)
            .maybe(Tone::Quiet, "  ", step.title.as_deref().map(quoted))
            .with(Tone::Quiet, format!("  line {}", step.line));
        self.add(&line);
    }

    fn step(&mut self, step: &PlannedStep, depth: usize) {
        self.head(step, depth);
        let inner = depth + 2;
        let (first, last) = parted(step);
        for fact in &first {
            self.fact(fact, inner);
        }
        for (number, turn) in step.turns.iter().enumerate() {
            self.turn(step, turn, number, inner);
        }
        for fact in &last {
            self.fact(fact, inner);
        }
        let trivial = matches!(
            step.turns.first().map(|turn| &turn.work),
            None | Some(PlannedWork::Reason)
        );
        if !trivial {
            let text = longest(&step.longest);
            self.labelled(inner, "at most", &[(0, text)], Tone::Quiet);
        }
    }

    fn turn(&mut self, step: &PlannedStep, turn: &Turn, number: usize, depth: usize) {
        let mut depth = depth;
        if let Some(element) = &turn.element {
            let name = step.each.as_ref().map_or("element", |each| &each.name);
            let line = Line::at(depth)
                .with(Tone::Quiet, format!("{}. ", number + 1))
                .plain(format!("{name} = {}", one_line(element)));
            self.add(&line);
            depth += 1;
        }
        for fact in of_turn(turn) {
            self.fact(&fact, depth);
        }
        match &turn.work {
            PlannedWork::Block { steps, finally } => {
                for step in steps {
                    self.step(step, depth);
                }
                if !finally.is_empty() {
                    self.add(&Line::at(depth).with(Tone::Strong, "finally, whatever happened"));
                    for step in finally {
                        self.step(step, depth + 1);
                    }
                }
            }
            PlannedWork::Playbook { forecast, .. } => match forecast {
                Ok(forecast) => self.whole(forecast, depth),
                Err(why) => {
                    let line = Line::at(depth).with(Tone::Bad, format!("not planned: {why}"));
                    self.add(&line);
                }
            },
            PlannedWork::Call(_) | PlannedWork::Reason => {}
        }
        for undo in &turn.undo {
            self.labelled(depth, "undo", &[(0, undo_line(undo))], Tone::Plain);
            if undo.approval.is_some() {
                self.labelled(
                    depth,
                    "",
                    &[(0, "which asks again".to_owned())],
                    Tone::Attention,
                );
            }
        }
    }

    fn fact(&mut self, fact: &Fact, depth: usize) {
        let tone = match fact.weight {
            Weight::Plain => Tone::Plain,
            Weight::Attention => Tone::Attention,
            Weight::Quiet => Tone::Quiet,
        };
        self.labelled(depth, fact.label, &fact.lines, tone);
    }

    fn labelled(&mut self, depth: usize, label: &str, lines: &[(usize, String)], tone: Tone) {
        for (place, (inner, text)) in lines.iter().enumerate() {
            let label = if place == 0 { label } else { "" };
            let line = Line::at(depth)
                .with(Tone::Quiet, format!("{label:<9}"))
                .plain("  ".repeat(*inner))
                .with(tone, text);
            self.add(&line);
        }
    }
}
