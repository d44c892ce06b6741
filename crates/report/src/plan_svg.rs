//! The steps of a plan as a drawing in layers: time goes to the right, what runs side by side stands below each other.

use crate::plan_facts::{action_of, conditions, effect_of};
use crate::plan_html::{class, escaped};
use runbook_interpreter::plan::forecast::{
    Certainty, Forecast, PlannedGraph, PlannedStep, PlannedWork,
};
use std::collections::HashMap;
use std::fmt::Write as _;

const WIDTH: usize = 196;
const HEIGHT: usize = 46;
const GAP: usize = 34;
const ROW: usize = 60;
const MARGIN: usize = 14;
const TITLE: usize = 26;
/// The most characters of a label.
const LABEL: usize = 25;
/// The most boxes of a row in a graph whose steps run in turn; the rest goes on below.
const ACROSS: usize = 4;

/// One box.
struct Node {
    path: String,
    name: String,
    below: String,
    class: &'static str,
    dashed: bool,
    layer: usize,
    row: usize,
    /// The boxes that come before it, by their place in the list.
    from: Vec<usize>,
}

/// Draws all graphs, one below the other.
pub(crate) fn drawing(forecast: &Forecast) -> String {
    let mut body = String::new();
    let mut top = 0;
    let mut widest = 0;
    for graph in &forecast.graphs {
        let nodes = layout(graph);
        let layers = nodes.iter().map(|node| node.layer + 1).max().unwrap_or(1);
        let rows = nodes.iter().map(|node| node.row + 1).max().unwrap_or(1);
        let width = MARGIN * 2 + layers * WIDTH + (layers - 1) * GAP;
        let height = TITLE + MARGIN + rows * ROW;
        widest = widest.max(width);
        let dashed = if graph.certainty == Certainty::Runs {
            ""
        } else {
            " dashed"
        };
        let _ = write!(
            body,
            "<g transform=\"translate(0 {top})\"><rect class=\"band{dashed}\" x=\"1\" y=\"1\" width=\"{}\" height=\"{}\" rx=\"8\"/><text class=\"title\" x=\"{MARGIN}\" y=\"20\">{}</text>",
            width - 2,
            height - 6,
            graph.kind.as_str()
        );
        for node in &nodes {
            for from in node.from.iter().filter_map(|from| nodes.get(*from)) {
                edge(&mut body, from, node);
            }
        }
        for node in &nodes {
            draw(&mut body, node);
        }
        body.push_str("</g>");
        top += height;
    }
    format!(
        "<svg role=\"img\" aria-label=\"The steps, in the order in which they run\" width=\"{widest}\" height=\"{top}\" viewBox=\"0 0 {widest} {top}\">{body}</svg>"
    )
}

fn corner(node: &Node) -> (usize, usize) {
    (
        MARGIN + node.layer * (WIDTH + GAP),
        TITLE + MARGIN / 2 + node.row * ROW,
    )
}

fn edge(body: &mut String, from: &Node, to: &Node) {
    let ((x1, y1), (x2, y2)) = (corner(from), corner(to));
    let (x1, y1, y2) = (x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2);
    let middle = x2.saturating_sub(GAP / 2);
    let dashed = if to.dashed { " dashed" } else { "" };
    let way = if x2 > x1 {
        format!("M{x1} {y1}H{middle}V{y2}H{x2}")
    } else {
        // On below, at the start of the next row.
        let (out, between) = (x1 + 7, y2 - ROW / 2);
        format!("M{x1} {y1}H{out}V{between}H{}V{y2}H{x2}", x2 - 9)
    };
    let _ = write!(
        body,
        "<path class=\"edge{dashed}\" d=\"{way}\"/><path class=\"tip\" d=\"M{} {}l6 -4v8z\" transform=\"rotate(180 {} {y2})\"/>",
        x2 - 6,
        y2,
        x2 - 3,
    );
}

fn draw(body: &mut String, node: &Node) {
    let (x, y) = corner(node);
    let dashed = if node.dashed { " dashed" } else { "" };
    let _ = write!(
        body,
        "<g class=\"node {}{dashed}\"><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"5\"/><text class=\"name\" x=\"{}\" y=\"{}\">{}</text><text class=\"below\" x=\"{}\" y=\"{}\">{}</text></g>",
        node.class,
        escaped(&format!("{} {}", node.path, node.below)),
        x + 11,
        y + 19,
        escaped(&short(&node.name)),
        x + 11,
        y + 36,
        escaped(&short(&node.below)),
    );
}

fn short(text: &str) -> String {
    if text.chars().count() <= LABEL {
        return text.to_owned();
    }
    let start: String = text.chars().take(LABEL - 1).collect();
    format!("{start}…")
}

fn node(step: &PlannedStep, layer: usize, row: usize, name: String) -> Node {
    let reasons = matches!(
        step.turns.first().map(|turn| &turn.work),
        Some(PlannedWork::Reason)
    );
    Node {
        path: step.path.clone(),
        name,
        below: action_of(step)
            .unwrap_or(if reasons { "reasons" } else { "" })
            .to_owned(),
        class: class(effect_of(step)),
        dashed: !conditions(&step.certainty).is_empty(),
        layer,
        row,
        from: Vec::new(),
    }
}

fn layout(graph: &PlannedGraph) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    if graph.kind.is_sequential() {
        let mut row = 0;
        for step in &graph.steps {
            let mut chain = Chain {
                layer: 0,
                row,
                begun: false,
            };
            in_turn(&mut nodes, step, &mut chain, "", false);
            row = chain.row + 1;
        }
        return nodes;
    }
    let mut layers: HashMap<&str, (usize, usize)> = HashMap::new();
    let mut used: Vec<usize> = Vec::new();
    let mut waiting: Vec<&PlannedStep> = graph.steps.iter().collect();
    while !waiting.is_empty() {
        let names: Vec<&str> = waiting.iter().map(|step| step.path.as_str()).collect();
        let place = waiting
            .iter()
            .position(|step| {
                step.after
                    .iter()
                    .all(|path| *path == step.path || !names.contains(&path.as_str()))
            })
            .unwrap_or(0);
        let step = waiting.remove(place);
        let before: Vec<(usize, usize)> = step
            .after
            .iter()
            .filter_map(|path| layers.get(path.as_str()).copied())
            .collect();
        let layer = before.iter().map(|(layer, _)| layer + 1).max().unwrap_or(0);
        while used.len() <= layer {
            used.push(0);
        }
        let at_least = before
            .iter()
            .filter_map(|(_, place)| nodes.get(*place))
            .map(|node| node.row)
            .max()
            .unwrap_or(0);
        let row = used.get(layer).copied().unwrap_or(0).max(at_least);
        if let Some(next) = used.get_mut(layer) {
            *next = row + 1;
        }
        let mut made = node(step, layer, row, step.id.clone());
        made.from = before.iter().map(|(_, place)| *place).collect();
        layers.insert(&step.path, (layer, nodes.len()));
        nodes.push(made);
    }
    nodes
}

/// Where the next box of a remedy goes.
struct Chain {
    layer: usize,
    row: usize,
    begun: bool,
}

/// The steps of a remedy, one after the other in rows.
fn in_turn(
    nodes: &mut Vec<Node>,
    step: &PlannedStep,
    chain: &mut Chain,
    prefix: &str,
    dashed: bool,
) {
    let dashed = dashed || !conditions(&step.certainty).is_empty();
    let name = format!("{prefix}{}", step.id);
    let block = step.turns.iter().find_map(|turn| match &turn.work {
        PlannedWork::Block { steps, finally } => Some((steps, finally)),
        _ => None,
    });
    if let Some((steps, finally)) = block {
        let prefix = format!("{name}.");
        for inner in steps.iter().chain(finally) {
            in_turn(nodes, inner, chain, &prefix, dashed);
        }
        return;
    }
    if chain.layer == ACROSS {
        chain.layer = 0;
        chain.row += 1;
    }
    let mut made = node(step, chain.layer, chain.row, name);
    made.dashed = dashed;
    if chain.begun {
        made.from = vec![nodes.len() - 1];
    }
    chain.begun = true;
    chain.layer += 1;
    nodes.push(made);
}
