//! What must have ended before a step starts, and whether that is possible.

use super::index::{GroupId, Index, Part, StepId};
use super::names::{Meaning, Offer};
use super::problems::{Problems, helped, suggestion};
use super::uses::Moment;
use crate::diagnostic::Code;
use crate::span::Span;
use crate::syntax::step::Step;
use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use std::collections::{BTreeSet, HashMap, VecDeque};

/// One name that a step uses, and what it means.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    /// The step that names it.
    pub(super) from: StepId,
    /// When in its step it is looked at.
    pub(super) moment: Moment,
    pub(super) meaning: Meaning,
    pub(super) span: Span,
}

/// The order of all steps.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// For each step the steps beside it that must have ended before it starts.
    pub(super) after: Vec<BTreeSet<StepId>>,
    /// All steps, each after those that it names.
    pub(super) sequence: Vec<StepId>,
}

/// A step that waits for another one beside it, and why.
struct Wait {
    waiting: StepId,
    on: StepId,
    span: Span,
}

/// Finds the order, and says what cannot have run where it is named.
pub(super) fn order(index: &Index<'_>, problems: &mut Problems, resolved: &[Resolved]) -> Order {
    let mut waits: HashMap<GroupId, Vec<Wait>> = HashMap::new();
    for name in resolved {
        match &name.meaning {
            Meaning::Step(on, _) => {
                if let Some((group, wait)) = beside(index, problems, name, *on) {
                    waits.entry(group).or_default().push(wait);
                }
            }
            Meaning::Cause(cause) => {
                for finder in index.finders(cause) {
                    if let Some((group, wait)) = beside(index, problems, name, finder) {
                        waits.entry(group).or_default().push(wait);
                    }
                }
            }
            Meaning::Input(_) | Meaning::Local | Meaning::Builtin => {}
        }
    }
    let mut after = vec![BTreeSet::new(); index.steps.len()];
    for group in 0..index.groups.len() {
        let waits = waits.remove(&group).unwrap_or_default();
        in_group(index, problems, group, waits, &mut after);
    }
    Order {
        sequence: sequence(index, resolved),
        after,
    }
}

/// Where the ways of two steps part: which step beside which one has to wait. `None` where nothing is to be awaited.
fn beside(
    index: &Index<'_>,
    problems: &mut Problems,
    name: &Resolved,
    on: StepId,
) -> Option<(GroupId, Wait)> {
    let from = name.from;
    if index.group_of(on).stage != index.group_of(from).stage {
        return None;
    }
    let ours = index.chain(from);
    let theirs = index.chain(on);
    let (group, waiting, on_beside) = ours.iter().find_map(|(group, waiting)| {
        let (_, other) = theirs.iter().find(|(other, _)| other == group)?;
        Some((*group, *waiting, *other))
    })?;
    if waiting != on_beside {
        let wait = Wait {
            waiting,
            on: on_beside,
            span: name.span,
        };
        return Some((group, wait));
    }
    let id = &index.entry(on).step.id.value;
    let message = if on == from {
        if let Meaning::Cause(cause) = &name.meaning {
            return own_cause(index, problems, name, cause);
        }
        format!("the step `{id}` cannot name itself")
    } else if from == waiting {
        if matches!(
            name.moment,
            Moment::Capture(_) | Moment::Cause(_) | Moment::End
        ) {
            return None;
        }
        format!("the steps of this block have not run yet, so `{id}` has no value here")
    } else if on == waiting {
        if comes_through_undo(index, from, on) {
            return None;
        }
        format!("the block `{id}` has not ended while its own steps run")
    } else {
        // Both stand in the same block, in `steps`, `finally` or `undo` of it.
        let part = |step: StepId| {
            let chain = index.chain(step);
            let below = chain.iter().position(|(_, at)| *at == waiting)?;
            let (group, _) = chain.get(below.checked_sub(1)?)?;
            Some(index.group(*group).part)
        };
        if part(from) == Some(Part::Finally) && part(on) == Some(Part::Steps) {
            return None;
        }
        format!("`{id}` runs after this step")
    };
    let mut problem = problems.error(Code::ForwardReference, name.span, message);
    if on == from && matches!(name.meaning, Meaning::Step(_, Offer::Value(_))) {
        problem = problem.help("inside its step a capture is named without the step: `NAME`");
    }
    problems.push(problem);
    None
}

/// A cause may be told apart from those that its step looked for before it.
fn own_cause(
    index: &Index<'_>,
    problems: &mut Problems,
    name: &Resolved,
    cause: &str,
) -> Option<(GroupId, Wait)> {
    let step = index.entry(name.from).step;
    let found = step
        .causes
        .iter()
        .position(|finder| finder.name.value == cause);
    let (message, help) = match name.moment {
        Moment::Cause(_) if step.each.is_some() => (
            format!(
                "the elements of `each` cannot ask for `cause.{cause}`, which they find together"
            ),
            "ask for it in a step after this one",
        ),
        Moment::Cause(at) if found.is_some_and(|found| found < at) => return None,
        Moment::Cause(at) if found == Some(at) => (
            format!("`cause.{cause}` is what is looked for here, so it cannot be asked for"),
            "delete it here",
        ),
        Moment::Cause(_) => (
            format!("`cause.{cause}` is looked for only after this"),
            "causes are looked for in written order: move one of the two",
        ),
        _ => (
            format!(
                "the step `{}` finds `cause.{cause}` itself, so it cannot ask for it here",
                step.id.value
            ),
            "ask for it in a cause that is written after it, or in another step",
        ),
    };
    let problem = problems.error(Code::ForwardReference, name.span, message);
    problems.push(problem.help(help));
    None
}

fn comes_through_undo(index: &Index<'_>, from: StepId, owner: StepId) -> bool {
    index.chain(from).iter().any(|(group, _)| {
        let group = index.group(*group);
        group.part == Part::Undo && group.owner == Some(owner)
    })
}

/// `needs` of a step, resolved to the steps beside it.
fn needed(
    index: &Index<'_>,
    problems: &mut Problems,
    group: GroupId,
    id: StepId,
) -> Option<Vec<(StepId, Span)>> {
    let step: &Step = index.entry(id).step;
    let needs = step.needs.as_ref()?;
    let mut found = Vec::new();
    for need in needs {
        match index.member(group, &need.value) {
            Some(on) if on == id => problems.push(problems.error(
                Code::ForwardReference,
                need.span,
                format!("the step `{}` cannot need itself", need.value),
            )),
            Some(on) => found.push((on, need.span)),
            None => {
                let ids = index.group(group).members.iter().copied();
                let ids = ids
                    .filter(|other| *other != id)
                    .map(|other| index.entry(other).step.id.value.as_str());
                let mut problem = problems.error(
                    Code::UnknownName,
                    need.span,
                    format!("there is no step `{}` beside this one", need.value),
                );
                problem = helped(problem, suggestion(&need.value, ids));
                problems.push(problem);
            }
        }
    }
    Some(found)
}

fn in_group(
    index: &Index<'_>,
    problems: &mut Problems,
    group: GroupId,
    waits: Vec<Wait>,
    after: &mut [BTreeSet<StepId>],
) {
    let written = index.group(group).in_written_order();
    let members = &index.group(group).members;
    let mut edges: Vec<Wait> = Vec::new();
    let mut before: BTreeSet<StepId> = BTreeSet::new();
    // Those above that no other one above waits for: who waits for them waits for all.
    let mut last: BTreeSet<StepId> = BTreeSet::new();
    for id in members.iter().copied() {
        if let Some(needs) = needed(index, problems, group, id) {
            for (on, span) in needs {
                if written && !before.contains(&on) {
                    later(index, problems, on, span);
                    continue;
                }
                after[id].insert(on);
                edges.push(Wait {
                    waiting: id,
                    on,
                    span,
                });
            }
        } else if written {
            after[id].extend(&last);
        }
        last.retain(|earlier| !after[id].contains(earlier));
        last.insert(id);
        before.insert(id);
    }
    for wait in waits {
        let replaced = index.entry(wait.waiting).step.needs.is_some();
        if !written && !replaced {
            after[wait.waiting].insert(wait.on);
            edges.push(wait);
        } else if written && wait.on > wait.waiting {
            later(index, problems, wait.on, wait.span);
        } else if replaced && !reachable(after, wait.waiting).contains(&wait.on) {
            not_needed(index, problems, &wait);
        }
    }
    if !written {
        cycles(index, problems, &edges);
    }
}

fn later(index: &Index<'_>, problems: &mut Problems, on: StepId, span: Span) {
    let id = &index.entry(on).step.id;
    problems.push(
        problems
            .error(
                Code::ForwardReference,
                span,
                format!("`{}` runs only after this step", id.value),
            )
            .also(id.span, "it stands here")
            .help("steps run in written order here: move one of the two"),
    );
}

fn not_needed(index: &Index<'_>, problems: &mut Problems, wait: &Wait) {
    let on = &index.entry(wait.on).step.id.value;
    problems.push(
        problems
            .error(
                Code::ForwardReference,
                wait.span,
                format!("`{on}` may not have run: `needs` replaces the implied order"),
            )
            .also(
                index.entry(wait.waiting).step.id.span,
                "the step whose `needs` leaves it out",
            )
            .help(format!("add `{on}` to `needs`")),
    );
}

/// All steps that must have ended before a step, however far.
fn reachable(after: &[BTreeSet<StepId>], from: StepId) -> BTreeSet<StepId> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(step) = open.pop() {
        for on in after.get(step).into_iter().flatten() {
            if found.insert(*on) {
                open.push(*on);
            }
        }
    }
    found
}

fn cycles(index: &Index<'_>, problems: &mut Problems, edges: &[Wait]) {
    let graph = of_steps(index, edges.iter().map(|edge| (edge.waiting, edge.on)));
    // The other algorithm recurses, and a chain may be as long as the file.
    for component in kosaraju_scc(&graph) {
        // No step waits for itself: that is said where it names itself.
        if component.len() < 2 {
            continue;
        }
        let Some(first) = component.iter().map(|node| node.index()).min() else {
            continue;
        };
        let Some(way) = way_back(edges, first) else {
            continue;
        };
        let ids: Vec<String> = way
            .iter()
            .map(|id| format!("`{}`", index.entry(*id).step.id.value))
            .collect();
        let id = &index.entry(first).step.id;
        let mut problem = problems
            .error(
                Code::Cycle,
                id.span,
                format!("these steps wait for each other: {}", ids.join(" → ")),
            )
            .help("let one of them do without the other, or split it in two");
        for pair in way.windows(2) {
            let [waiting, on] = pair else { continue };
            let edge = edges
                .iter()
                .find(|edge| edge.waiting == *waiting && edge.on == *on);
            if let Some(edge) = edge {
                let waiting = &index.entry(*waiting).step.id.value;
                let on = &index.entry(*on).step.id.value;
                problem = problem.also(edge.span, format!("`{waiting}` waits for `{on}` here"));
            }
        }
        problems.push(problem);
    }
}

/// The shortest way from a step back to itself.
fn way_back(edges: &[Wait], first: StepId) -> Option<Vec<StepId>> {
    let mut came_from: HashMap<StepId, StepId> = HashMap::new();
    let mut open = VecDeque::from([first]);
    while let Some(at) = open.pop_front() {
        for next in edges
            .iter()
            .filter(|edge| edge.waiting == at)
            .map(|edge| edge.on)
        {
            if next == first {
                let mut way = vec![first, at];
                let mut back = at;
                while back != first {
                    back = *came_from.get(&back)?;
                    way.push(back);
                }
                way.reverse();
                return Some(way);
            }
            came_from.entry(next).or_insert_with(|| {
                open.push_back(next);
                at
            });
        }
    }
    None
}

/// A graph with every step as a node and the given edges.
fn of_steps(
    index: &Index<'_>,
    edges: impl Iterator<Item = (StepId, StepId)>,
) -> DiGraph<(), (), usize> {
    let mut graph = DiGraph::default();
    for _ in &index.steps {
        graph.add_node(());
    }
    for (from, to) in edges {
        graph.update_edge(NodeIndex::new(from), NodeIndex::new(to), ());
    }
    graph
}

/// All steps so that each comes after those that it names; as written where that is impossible.
fn sequence(index: &Index<'_>, resolved: &[Resolved]) -> Vec<StepId> {
    let undone = index.steps.iter().enumerate().filter_map(|(id, entry)| {
        let group = index.group(entry.group);
        let owner = group.owner.filter(|_| group.part == Part::Undo)?;
        Some((owner, id))
    });
    let named = resolved.iter().filter_map(|name| match name.meaning {
        Meaning::Step(on, _) => Some((on, name.from)),
        _ => None,
    });
    toposort(&of_steps(index, undone.chain(named)), None).map_or_else(
        |_| (0..index.steps.len()).collect(),
        |sorted| sorted.into_iter().map(NodeIndex::index).collect(),
    )
}
