//! The table of every step of a playbook: where it stands and what encloses it.

use crate::catalog::Action;
use crate::checked::StepPath;
use crate::syntax::playbook::{Graph, Playbook};
use crate::syntax::step::{Step, Work};
use std::sync::Arc;

/// A step's place in [`Index::steps`].
pub(super) type StepId = usize;
/// A group's place in [`Index::groups`].
pub(super) type GroupId = usize;

/// Which part of a run a step belongs to, in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Check,
    Symptom,
    Diagnose,
    Resolve,
    Verify,
    Gather,
    Notify,
}

impl Stage {
    pub(super) const ALL: [Self; 7] = [
        Self::Check,
        Self::Symptom,
        Self::Diagnose,
        Self::Resolve,
        Self::Verify,
        Self::Gather,
        Self::Notify,
    ];

    /// The word that expressions and messages use.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Symptom => "symptom",
            Self::Diagnose => "diagnose",
            Self::Resolve => "resolve",
            Self::Verify => "verify",
            Self::Gather => "gather",
            Self::Notify => "notify",
        }
    }

    /// Only reads may stand here, and they run as soon as what they name is there.
    pub(super) fn reads_only(self) -> bool {
        !matches!(self, Self::Resolve | Self::Notify)
    }
}

/// How a group of steps hangs below what owns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The graph itself.
    Graph,
    /// `steps` of a block.
    Steps,
    /// `finally` of a block.
    Finally,
    /// `undo` of a step.
    Undo,
}

/// Steps that stand side by side.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) stage: Stage,
    pub(super) part: Part,
    /// The block, or the step that is undone.
    pub(super) owner: Option<StepId>,
    pub(super) members: Vec<StepId>,
}

impl Group {
    /// Its steps run one after the other as written, not as soon as they can.
    pub(super) fn in_written_order(&self) -> bool {
        !self.reads_only() || self.part == Part::Finally
    }

    /// Only reads may stand here.
    pub(super) fn reads_only(&self) -> bool {
        self.stage.reads_only() && self.part != Part::Undo
    }
}

/// One step and what hangs below it.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) step: &'a Step,
    pub(super) path: StepPath,
    pub(super) group: GroupId,
    pub(super) action: Option<Arc<Action>>,
    pub(super) before: Option<Arc<Action>>,
    /// The group of its `steps`, when it is a block.
    pub(super) steps: Option<GroupId>,
}

impl Entry<'_> {
    /// It says whether something is so: it has a `.holds`.
    pub(super) fn claims(&self) -> bool {
        self.step.assert.iter().any(|assertion| !assertion.warn) || !self.step.causes.is_empty()
    }
}

/// Every step of a playbook, in written order, with the groups that they stand in.
#[derive(Debug)]
pub(super) struct Index<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) steps: Vec<Entry<'a>>,
    pub(super) groups: Vec<Group>,
    graphs: Vec<(Stage, GroupId)>,
}

impl<'a> Index<'a> {
    pub(super) fn new(playbook: &'a Playbook) -> Self {
        let mut index = Self {
            playbook,
            steps: Vec::new(),
            groups: Vec::new(),
            graphs: Vec::new(),
        };
        let graphs = [
            (Stage::Check, &playbook.check),
            (Stage::Symptom, &playbook.symptom),
            (Stage::Diagnose, &playbook.diagnose),
            (Stage::Resolve, &playbook.resolve),
        ];
        for (stage, graph) in graphs {
            if let Some(Graph { steps, .. }) = graph {
                index.add_graph(stage, stage.as_str(), steps);
            }
        }
        if let Some(verify) = &playbook.verify {
            index.add_graph(Stage::Verify, "verify", &verify.steps);
        }
        if let Some(escalate) = &playbook.escalate {
            index.add_graph(Stage::Gather, "gather", &escalate.gather);
            index.add_graph(Stage::Notify, "notify", &escalate.notify);
        }
        index
    }

    fn add_graph(&mut self, stage: Stage, prefix: &str, steps: &'a [Step]) {
        if steps.is_empty() {
            return;
        }
        let group = self.add_group(stage, Part::Graph, None, prefix, steps);
        self.graphs.push((stage, group));
    }

    fn add_group(
        &mut self,
        stage: Stage,
        part: Part,
        owner: Option<StepId>,
        prefix: &str,
        steps: &'a [Step],
    ) -> GroupId {
        let group = self.groups.len();
        self.groups.push(Group {
            stage,
            part,
            owner,
            members: Vec::new(),
        });
        for step in steps {
            let id = self.steps.len();
            let path = format!("{prefix}.{}", step.id.value);
            self.steps.push(Entry {
                step,
                path: path.clone(),
                group,
                action: None,
                before: None,
                steps: None,
            });
            if let Some(group) = self.groups.get_mut(group) {
                group.members.push(id);
            }
            if let Work::Block { steps, finally } = &step.work {
                let inner = self.add_group(stage, Part::Steps, Some(id), &path, steps);
                if let Some(entry) = self.steps.get_mut(id) {
                    entry.steps = Some(inner);
                }
                let prefix = format!("{path}.finally");
                self.add_group(stage, Part::Finally, Some(id), &prefix, finally);
            }
            if !step.undo.is_empty() {
                let prefix = format!("{path}.undo");
                self.add_group(stage, Part::Undo, Some(id), &prefix, &step.undo);
            }
        }
        group
    }

    /// The graph of a stage, when the playbook has it.
    pub(super) fn graph(&self, stage: Stage) -> Option<GroupId> {
        self.graphs
            .iter()
            .find(|(of, _)| *of == stage)
            .map(|(_, group)| *group)
    }

    pub(super) fn entry(&self, id: StepId) -> &Entry<'a> {
        &self.steps[id]
    }

    pub(super) fn group(&self, id: GroupId) -> &Group {
        &self.groups[id]
    }

    /// The group that a step stands in.
    pub(super) fn group_of(&self, id: StepId) -> &Group {
        self.group(self.entry(id).group)
    }

    /// The member of a group with the given id.
    pub(super) fn member(&self, group: GroupId, id: &str) -> Option<StepId> {
        self.group(group)
            .members
            .iter()
            .copied()
            .find(|member| self.entry(*member).step.id.value == id)
    }

    /// The step with its enclosing steps, innermost first, each with the group that it stands in.
    pub(super) fn chain(&self, id: StepId) -> Vec<(GroupId, StepId)> {
        let mut chain = Vec::new();
        let mut at = Some(id);
        while let Some(step) = at {
            let group = self.entry(step).group;
            chain.push((group, step));
            at = self.group(group).owner;
        }
        chain
    }

    /// The steps that may find a cause.
    pub(super) fn finders(&self, cause: &str) -> Vec<StepId> {
        (0..self.steps.len())
            .filter(|id| {
                let causes = &self.entry(*id).step.causes;
                causes.iter().any(|finder| finder.name.value == cause)
            })
            .collect()
    }

    /// The names of all causes, in the order in which finders name them.
    pub(super) fn causes(&self) -> indexmap::IndexSet<&'a str> {
        self.steps
            .iter()
            .flat_map(|entry| &entry.step.causes)
            .map(|finder| finder.name.value.as_str())
            .collect()
    }
}
