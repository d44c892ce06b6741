//! The steps of a plan as a Mermaid flowchart.

use crate::plan_facts::{action_of, conditions, effect_of};
use runbook_interpreter::plan::forecast::{Certainty, Forecast, PlannedStep, PlannedWork};
use runbook_playbook::catalog::Effect;
use std::collections::HashMap;
use std::fmt::Write as _;

/// The most steps that are drawn: beyond it nobody reads the picture, and renderers refuse it.
const MOST: usize = 150;

/// The flowchart; `None` where there is nothing to draw, or too much.
pub(crate) fn diagram(forecast: &Forecast) -> Option<String> {
    let mut drawn = Drawing {
        text: "flowchart TB\n".to_owned(),
        ids: HashMap::new(),
        edges: String::new(),
    };
    let mut last: Option<String> = None;
    for (number, graph) in forecast.graphs.iter().enumerate() {
        let group = format!("g{number}");
        let _ = writeln!(
            drawn.text,
            "  subgraph {group}[{}]",
            label(graph.kind.as_str(), None)
        );
        let _ = writeln!(drawn.text, "    direction LR");
        drawn.steps(&graph.steps, graph.kind.is_sequential());
        let _ = writeln!(drawn.text, "  end");
        if let Some(last) = last {
            let arrow = if graph.certainty == Certainty::Runs {
                "-->"
            } else {
                "-.->"
            };
            let _ = writeln!(drawn.edges, "  {last} {arrow} {group}");
        }
        last = Some(group);
    }
    if drawn.ids.is_empty() || drawn.ids.len() > MOST {
        return None;
    }
    drawn.text.push_str(&drawn.edges);
    drawn.text.push_str(
        "  classDef write stroke:#b7791f,stroke-width:3px\n  classDef danger stroke:#c53030,stroke-width:3px\n",
    );
    Some(drawn.text)
}

struct Drawing {
    text: String,
    /// The node of each step.
    ids: HashMap<String, String>,
    edges: String,
}

/// A label in quotes; what Mermaid would read as markup is written by its number.
fn label(first: &str, second: Option<&str>) -> String {
    let safe = |text: &str| {
        let mut safe = String::new();
        for c in text.chars() {
            if c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ',' | ':' | '/' | '-') {
                safe.push(c);
            } else if !c.is_control() {
                let _ = write!(safe, "#{};", u32::from(c));
            }
        }
        safe
    };
    match second {
        Some(second) => format!("\"{}<br/>{}\"", safe(first), safe(second)),
        None => format!("\"{}\"", safe(first)),
    }
}

impl Drawing {
    fn steps(&mut self, steps: &[PlannedStep], in_turn: bool) {
        let mut before: Option<String> = None;
        for step in steps {
            let id = format!("s{}", self.ids.len());
            self.ids.insert(step.path.clone(), id.clone());
            let block = step.turns.iter().find_map(|turn| match &turn.work {
                PlannedWork::Block { steps, finally } => Some((steps, finally)),
                _ => None,
            });
            match block {
                Some((inner, finally)) => {
                    let _ = writeln!(self.text, "    subgraph {id}[{}]", label(&step.id, None));
                    self.steps(inner, in_turn);
                    self.steps(finally, true);
                    let _ = writeln!(self.text, "    end");
                }
                None => {
                    let _ = writeln!(
                        self.text,
                        "    {id}[{}]{}",
                        label(&step.id, action_of(step)),
                        class(effect_of(step))
                    );
                }
            }
            let dotted = !conditions(&step.certainty).is_empty();
            let arrow = if dotted { "-.->" } else { "-->" };
            if in_turn {
                if let Some(before) = &before {
                    let _ = writeln!(self.edges, "  {before} {arrow} {id}");
                }
                before = Some(id);
            } else {
                for path in &step.after {
                    if let Some(from) = self.ids.get(path) {
                        let _ = writeln!(self.edges, "  {from} {arrow} {id}");
                    }
                }
            }
        }
    }
}

fn class(effect: Option<Effect>) -> &'static str {
    match effect {
        None | Some(Effect::Read) => "",
        Some(Effect::Write) => ":::write",
        Some(Effect::Execute | Effect::Permission | Effect::Destroy) => ":::danger",
    }
}
