//! The targets of a wave whose turn has come: taken where the fewest run, so that no account and no region has them all.

use super::RolloutPolicy;
use crate::target::Target;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Targets by account and region.
#[derive(Debug, Clone)]
pub(super) struct Queue {
    per_account: usize,
    per_region: usize,
    /// The group of each target.
    group_of: Vec<usize>,
    groups: Vec<Group>,
    /// How many run in each account.
    accounts: Vec<usize>,
    /// Groups that have something, in the order in which they came up.
    waiting: BTreeMap<usize, VecDeque<usize>>,
}

/// A region of an account.
#[derive(Debug, Clone, Copy)]
struct Group {
    account: usize,
    running: usize,
    begun: usize,
}

impl Queue {
    pub(super) fn new<'t>(
        policy: &RolloutPolicy,
        targets: impl IntoIterator<Item = &'t Target>,
    ) -> Self {
        let mut accounts: HashMap<Option<&str>, usize> = HashMap::new();
        let mut places: HashMap<(usize, Option<&str>), usize> = HashMap::new();
        let mut groups = Vec::new();
        let mut group_of = Vec::new();
        for target in targets {
            let next = accounts.len();
            let account = *accounts.entry(target.account.as_deref()).or_insert(next);
            let place = (account, target.region.as_deref());
            let group = *places.entry(place).or_insert_with(|| {
                groups.push(Group {
                    account,
                    running: 0,
                    begun: 0,
                });
                groups.len() - 1
            });
            group_of.push(group);
        }
        Self {
            per_account: policy.per_account.unwrap_or(usize::MAX).max(1),
            per_region: policy.per_region.unwrap_or(usize::MAX).max(1),
            group_of,
            groups,
            accounts: vec![0; accounts.len()],
            waiting: BTreeMap::new(),
        }
    }

    /// How many targets there are at all.
    pub(super) fn len(&self) -> usize {
        self.group_of.len()
    }

    /// A target's turn has come.
    pub(super) fn push(&mut self, index: usize) {
        if let Some(group) = self.group_of.get(index) {
            self.waiting.entry(*group).or_default().push_back(index);
        }
    }

    /// The next target that may start; it is taken out.
    pub(super) fn next(&mut self) -> Option<usize> {
        let busy = |group: &Group| {
            self.accounts
                .get(group.account)
                .copied()
                .unwrap_or_default()
        };
        let free = self.waiting.keys().filter_map(|number| {
            let group = self.groups.get(*number)?;
            let free = group.running < self.per_region && busy(group) < self.per_account;
            free.then(|| (busy(group), group.running, group.begun, *number))
        });
        let (.., number) = free.min()?;
        let queue = self.waiting.get_mut(&number)?;
        let index = queue.pop_front();
        if queue.is_empty() {
            self.waiting.remove(&number);
        }
        index
    }

    /// Whether a target may start, as far as its account and region are concerned.
    pub(super) fn is_free(&self, index: usize) -> bool {
        let group = self.group_of.get(index).and_then(|at| self.groups.get(*at));
        group.is_some_and(|group| {
            let busy = self
                .accounts
                .get(group.account)
                .copied()
                .unwrap_or_default();
            group.running < self.per_region && busy < self.per_account
        })
    }

    /// Takes a target out.
    pub(super) fn remove(&mut self, index: usize) {
        let Some(number) = self.group_of.get(index) else {
            return;
        };
        if let Some(queue) = self.waiting.get_mut(number) {
            // Almost always the first or near it: targets are taken in their order.
            if let Some(at) = queue.iter().position(|queued| *queued == index) {
                queue.remove(at);
            }
            if queue.is_empty() {
                self.waiting.remove(number);
            }
        }
    }

    /// A target runs.
    pub(super) fn began(&mut self, index: usize) {
        if let Some(group) = self
            .group_of
            .get(index)
            .and_then(|at| self.groups.get_mut(*at))
        {
            group.running += 1;
            group.begun += 1;
            if let Some(account) = self.accounts.get_mut(group.account) {
                *account += 1;
            }
        }
    }

    /// A target runs no longer.
    pub(super) fn ended(&mut self, index: usize) {
        if let Some(group) = self
            .group_of
            .get(index)
            .and_then(|at| self.groups.get_mut(*at))
        {
            group.running = group.running.saturating_sub(1);
            if let Some(account) = self.accounts.get_mut(group.account) {
                *account = account.saturating_sub(1);
            }
        }
    }
}
