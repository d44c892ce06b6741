//! Secrets that a run reads itself, as steps of a graph before all others.

use super::build::Build;
use super::{
    Certainty, Count, GraphKind, Longest, PlannedCall, PlannedGraph, PlannedStep, PlannedTarget,
    PlannedValue, PlannedWork, Turn,
};
use indexmap::IndexMap;
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::secret::SecretRead;
use runbook_playbook::syntax::input::Input;

/// The graph; nothing where no secret is read, and in playbooks that others run, which are given theirs.
pub(super) fn graph(build: &Build<'_>) -> Option<PlannedGraph> {
    if !build.prefix.is_empty() {
        return None;
    }
    let reads = build.plan.secrets_to_read();
    let steps: Vec<PlannedStep> = reads
        .filter_map(|(input, source)| Some(step(build, input, source.call()?)))
        .collect();
    let longest = steps.iter().fold(Longest::default(), |all, step| {
        all.then(step.longest.clone())
    });
    (!steps.is_empty()).then(|| PlannedGraph {
        kind: GraphKind::Inputs,
        certainty: Certainty::Runs,
        steps,
        times: Count::one(),
        readings: None,
        longest,
    })
}

fn step(build: &Build<'_>, input: &Input, read: SecretRead) -> PlannedStep {
    let path = format!("inputs.{}", input.name.value);
    let longest = Longest {
        bounded: super::call::REQUEST,
        open: Vec::new(),
    };
    let call = PlannedCall {
        action: read.action.to_owned(),
        effects: Effects::from([Effect::Read]),
        stated_read: false,
        stated_plain: false,
        arguments: PlannedValue::Known(read.arguments),
        base: None,
        target: PlannedTarget::default(),
        operations: vec![read.action.to_owned()],
        longest: longest.clone(),
        paginated: false,
        changes: None,
    };
    PlannedStep {
        checked: path.clone(),
        path,
        id: input.name.value.clone(),
        title: None,
        line: build.line(input.name.span.start),
        certainty: Certainty::Runs,
        after: Vec::new(),
        each: None,
        turns: vec![Turn {
            element: None,
            before: None,
            work: PlannedWork::Call(Box::new(call)),
            undo: Vec::new(),
        }],
        approval: None,
        until: None,
        retry: Vec::new(),
        timeout: None,
        limit: None,
        expect_error: Vec::new(),
        on_error: None,
        captures: IndexMap::new(),
        assertions: Vec::new(),
        longest,
    }
}
