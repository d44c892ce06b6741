//! Every call of a forecast, one after the other.

use super::forecast::{
    Certainty, Condition, Forecast, GraphKind, PlannedCall, PlannedStep, PlannedWork, Turn,
};

/// What a call is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// It is the step's `before`.
    Before,
    /// It is what the step does.
    Work,
    /// It takes something back.
    Undo,
}

/// A call where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'f> {
    /// The graph of the playbook that is run, also for calls of playbooks that it runs.
    pub graph: GraphKind,
    /// The step that makes it.
    pub step: &'f PlannedStep,
    /// What it is there for.
    pub purpose: Purpose,
    /// The call.
    pub call: &'f PlannedCall,
}

/// A step where it stands.
#[derive(Debug, Clone)]
pub struct StepVisit<'f> {
    /// The graph of the playbook that is run.
    pub graph: GraphKind,
    /// The step.
    pub step: &'f PlannedStep,
    /// It takes something back.
    pub undoing: bool,
    /// Everything that must be true for it to run, from the outermost.
    pub conditions: Vec<&'f Condition>,
}

/// All steps, those of blocks, of undo and of playbooks that the playbook runs too, in order.
#[must_use]
pub fn steps(forecast: &Forecast) -> Vec<StepVisit<'_>> {
    let mut found = Vec::new();
    of_forecast(forecast, None, false, &[], &mut found);
    found
}

/// All calls, in order.
#[must_use]
pub fn calls(forecast: &Forecast) -> Vec<Visit<'_>> {
    let mut found = Vec::new();
    for visit in steps(forecast) {
        for turn in &visit.step.turns {
            let undo = visit.undoing.then_some(Purpose::Undo);
            let mut add = |call, purpose| {
                found.push(Visit {
                    graph: visit.graph,
                    step: visit.step,
                    purpose: undo.unwrap_or(purpose),
                    call,
                });
            };
            if let Some(before) = &turn.before {
                add(before, Purpose::Before);
            }
            if let PlannedWork::Call(call) | PlannedWork::Playbook { call, .. } = &turn.work {
                add(call, Purpose::Work);
            }
        }
    }
    found
}

fn of_forecast<'f>(
    forecast: &'f Forecast,
    graph: Option<GraphKind>,
    undoing: bool,
    outside: &[&'f Condition],
    found: &mut Vec<StepVisit<'f>>,
) {
    for planned in &forecast.graphs {
        let conditions = with(outside, &planned.certainty);
        let graph = graph.unwrap_or(planned.kind);
        of_steps(&planned.steps, graph, undoing, &conditions, found);
    }
}

fn of_steps<'f>(
    steps: &'f [PlannedStep],
    graph: GraphKind,
    undoing: bool,
    outside: &[&'f Condition],
    found: &mut Vec<StepVisit<'f>>,
) {
    for step in steps {
        let conditions = with(outside, &step.certainty);
        found.push(StepVisit {
            graph,
            step,
            undoing,
            conditions: conditions.clone(),
        });
        for Turn { work, undo, .. } in &step.turns {
            match work {
                PlannedWork::Block { steps, finally } => {
                    of_steps(steps, graph, undoing, &conditions, found);
                    of_steps(finally, graph, undoing, &conditions, found);
                }
                PlannedWork::Playbook {
                    forecast: Ok(inner),
                    ..
                } => of_forecast(inner, Some(graph), undoing, &conditions, found),
                PlannedWork::Playbook { .. } | PlannedWork::Call(_) | PlannedWork::Reason => {}
            }
            of_steps(undo, graph, true, &conditions, found);
        }
    }
}

fn with<'f>(outside: &[&'f Condition], certainty: &'f Certainty) -> Vec<&'f Condition> {
    let own = match certainty {
        Certainty::Depends(conditions) => conditions.as_slice(),
        Certainty::Runs | Certainty::Never(_) => &[],
    };
    outside.iter().copied().chain(own).collect()
}
