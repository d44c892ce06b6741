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

/// Steps that stand together in a drawing.
pub(crate) struct Band {
    /// What stands above them.
    pub title: String,
    /// It may not come to them.
    pub dashed: bool,
    /// They run one after the other.
    pub in_turn: bool,
    /// The steps.
    pub items: Vec<Item>,
}

/// One step of a drawing.
pub(crate) struct Item {
    /// Its full name.
    pub path: String,
    /// What the box calls it.
    pub name: String,
    /// What stands below its name.
    pub below: String,
    /// The class of the box.
    pub class: &'static str,
    /// It may not come to it.
    pub dashed: bool,
    /// The steps that come before it.
    pub after: Vec<String>,
    /// The steps of a block; a block itself is not drawn.
    pub inner: Vec<Self>,
}

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

/// Draws all graphs of a plan, one below the other.
pub(crate) fn drawing(forecast: &Forecast) -> String {
    let bands: Vec<Band> = forecast.graphs.iter().map(band).collect();
    draw_bands(&bands, "The steps, in the order in which they run")
}

fn band(graph: &PlannedGraph) -> Band {
    Band {
        title: graph.kind.as_str().to_owned(),
        dashed: graph.certainty != Certainty::Runs,
        in_turn: graph.kind.is_sequential(),
        items: graph.steps.iter().map(item).collect(),
    }
}

fn item(step: &PlannedStep) -> Item {
    let reasons = matches!(
        step.turns.first().map(|turn| &turn.work),
        Some(PlannedWork::Reason)
    );
    let block = step.turns.iter().find_map(|turn| match &turn.work {
        PlannedWork::Block { steps, finally } => Some((steps, finally)),
        _ => None,
    });
    Item {
        path: step.path.clone(),
        name: step.id.clone(),
        below: action_of(step)
            .unwrap_or(if reasons { "reasons" } else { "" })
            .to_owned(),
        class: class(effect_of(step)),
        dashed: !conditions(&step.certainty).is_empty(),
        after: step.after.clone(),
        inner: block.map_or_else(Vec::new, |(steps, finally)| {
            steps.iter().chain(finally).map(item).collect()
        }),
    }
}

/// Draws bands, one below the other.
pub(crate) fn draw_bands(bands: &[Band], label: &str) -> String {
    let mut body = String::new();
    let mut top = 0;
    let mut widest = 0;
    for band in bands {
        let nodes = layout(band);
        let layers = nodes.iter().map(|node| node.layer + 1).max().unwrap_or(1);
        let rows = nodes.iter().map(|node| node.row + 1).max().unwrap_or(1);
        let width = MARGIN * 2 + layers * WIDTH + (layers - 1) * GAP;
        let height = TITLE + MARGIN + rows * ROW;
        widest = widest.max(width);
        let dashed = if band.dashed { " dashed" } else { "" };
        let _ = write!(
            body,
            "<g transform=\"translate(0 {top})\"><rect class=\"band{dashed}\" x=\"1\" y=\"1\" width=\"{}\" height=\"{}\" rx=\"8\"/><text class=\"title\" x=\"{MARGIN}\" y=\"20\">{}</text>",
            width - 2,
            height - 6,
            escaped(&band.title)
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
        "<svg role=\"img\" aria-label=\"{}\" width=\"{widest}\" height=\"{top}\" viewBox=\"0 0 {widest} {top}\">{body}</svg>",
        escaped(label)
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

fn node(item: &Item, layer: usize, row: usize, name: String) -> Node {
    Node {
        path: item.path.clone(),
        name,
        below: item.below.clone(),
        class: item.class,
        dashed: item.dashed,
        layer,
        row,
        from: Vec::new(),
    }
}

fn layout(band: &Band) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    if band.in_turn {
        let mut row = 0;
        for item in &band.items {
            let mut chain = Chain {
                layer: 0,
                row,
                begun: false,
            };
            in_turn(&mut nodes, item, &mut chain, "", false);
            row = chain.row + 1;
        }
        return nodes;
    }
    let mut layers: HashMap<&str, (usize, usize)> = HashMap::new();
    let mut used: Vec<usize> = Vec::new();
    let mut waiting: Vec<&Item> = band.items.iter().collect();
    while !waiting.is_empty() {
        let names: Vec<&str> = waiting.iter().map(|item| item.path.as_str()).collect();
        let place = waiting
            .iter()
            .position(|item| {
                item.after
                    .iter()
                    .all(|path| *path == item.path || !names.contains(&path.as_str()))
            })
            .unwrap_or(0);
        let item = waiting.remove(place);
        let before: Vec<(usize, usize)> = item
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
        let mut made = node(item, layer, row, item.name.clone());
        made.from = before.iter().map(|(_, place)| *place).collect();
        layers.insert(&item.path, (layer, nodes.len()));
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
fn in_turn(nodes: &mut Vec<Node>, item: &Item, chain: &mut Chain, prefix: &str, dashed: bool) {
    let dashed = dashed || item.dashed;
    let name = format!("{prefix}{}", item.name);
    if !item.inner.is_empty() {
        let prefix = format!("{name}.");
        for inner in &item.inner {
            in_turn(nodes, inner, chain, &prefix, dashed);
        }
        return;
    }
    if chain.layer == ACROSS {
        chain.layer = 0;
        chain.row += 1;
    }
    let mut made = node(item, chain.layer, chain.row, name);
    made.dashed = dashed;
    if chain.begun {
        made.from = vec![nodes.len() - 1];
    }
    chain.begun = true;
    chain.layer += 1;
    nodes.push(made);
}
