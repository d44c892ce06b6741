//! Permissions of a service's operations, as one block of the catalogue holds them.

use runbook_playbook::catalog::{Need, Permission, PermissionResource};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a service's operations need. Names, ARN formats and condition keys stand once and are referred to by place.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct ServicePermissions {
    /// Kinds of resources.
    pub resources: Vec<ResourceType>,
    /// Condition keys.
    pub condition_keys: Vec<&'static str>,
    /// IAM actions.
    pub actions: Vec<IamAction>,
    /// Operation → what it needs, the main one first.
    pub operations: BTreeMap<&'static str, Vec<Needed>>,
}

/// A kind of resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceType {
    /// IAM's name for it.
    pub name: &'static str,
    /// Its ARN with IAM's variables.
    pub arn: &'static str,
}

/// An IAM action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IamAction {
    /// Its name with its prefix: `ecs:UpdateService`.
    pub name: &'static str,
    /// Places of resources, and whether a policy that limits resources must name one.
    pub resources: Vec<(u16, bool)>,
    /// Places of condition keys.
    pub condition_keys: Vec<u16>,
}

/// One thing that an operation needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub struct Needed {
    /// The place of the IAM action.
    pub action: u16,
    /// When it is needed.
    pub when: When,
}

/// When an operation needs something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "'de: 'static"))]
pub enum When {
    /// By every call.
    Always,
    /// It depends on the arguments or on what they name.
    Dependent,
    /// By calls that give one of these members.
    WithMembers(Vec<&'static str>),
}

impl ServicePermissions {
    /// The permissions of an operation; none where nothing is known.
    #[must_use]
    pub fn of(&self, operation: &str) -> Vec<Permission> {
        let needed = self.operations.get(operation).into_iter().flatten();
        needed
            .filter_map(|needed| self.permission(needed))
            .collect()
    }

    /// The operations that always need the IAM action: `ListBucket` → `ListObjectsV2`.
    #[must_use]
    pub fn operations_that_need(&self, iam_action: &str) -> Vec<&'static str> {
        let is_meant = |needed: &Needed| {
            needed.when == When::Always
                && self
                    .actions
                    .get(usize::from(needed.action))
                    .is_some_and(|action| action.name.eq_ignore_ascii_case(iam_action))
        };
        self.operations
            .iter()
            .filter(|(_, needed)| needed.iter().any(is_meant))
            .map(|(operation, _)| *operation)
            .collect()
    }

    fn permission(&self, needed: &Needed) -> Option<Permission> {
        let action = self.actions.get(usize::from(needed.action))?;
        Some(Permission {
            action: action.name.to_owned(),
            need: match &needed.when {
                When::Always => Need::Always,
                When::Dependent => Need::Dependent,
                When::WithMembers(members) => {
                    Need::WithMembers(members.iter().map(|one| (*one).to_owned()).collect())
                }
            },
            resources: action
                .resources
                .iter()
                .filter_map(|(place, required)| {
                    let resource = self.resources.get(usize::from(*place))?;
                    Some(PermissionResource {
                        name: resource.name.to_owned(),
                        arn: resource.arn.to_owned(),
                        required: *required,
                    })
                })
                .collect(),
            condition_keys: action
                .condition_keys
                .iter()
                .filter_map(|place| self.condition_keys.get(usize::from(*place)))
                .map(|key| (*key).to_owned())
                .collect(),
        })
    }
}
