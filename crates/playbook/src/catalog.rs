//! What the checker asks about an action. The registry answers; this crate knows no AWS.

use crate::types::Type;
use jiff::SignedDuration;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// What an action does to the world. Ordered from harmless to dangerous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something that can be changed back.
    Write,
    /// Runs code whose effect cannot be known.
    Execute,
    /// Changes who may do what.
    Permission,
    /// Deletes, or cannot be taken back.
    Destroy,
}

impl Effect {
    /// All effects, harmless first.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Execute,
        Self::Permission,
        Self::Destroy,
    ];

    /// The word that playbooks and the command line use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Execute => "execute",
            Self::Permission => "permission",
            Self::Destroy => "destroy",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of effects; never empty.
pub type Effects = BTreeSet<Effect>;

/// An action's signature.
#[derive(Debug, Clone)]
pub struct Action {
    /// The name as playbooks write it: `ecs:UpdateService`, `cloudwatch:Series`, `http:Request`.
    pub name: String,
    /// Which family it belongs to.
    pub kind: ActionKind,
    /// Its arguments: a [`Type::Structure`].
    pub input: Type,
    /// Its result.
    pub output: Type,
    /// What it does.
    pub effects: Effects,
    /// An effect that counts only when `with` sets the member at this dotted path: passing a role. In a path, a list
    /// stands for each of its elements.
    pub effects_by_member: Vec<(String, Effect)>,
    /// Error codes that the model names.
    pub errors: Vec<String>,
    /// Members of the result by which a success reports failures of its own (`failures`, `UnprocessedKeys`).
    pub failure_members: Vec<String>,
    /// The result comes in pages and `limit` applies.
    pub paginated: bool,
    /// IAM actions that it needs, by name; [`Catalog::permissions`] says more of them.
    pub permissions: Vec<String>,
    /// The member that carries an idempotency token.
    pub idempotency_token: Option<String>,
}

impl Action {
    /// The same, with nothing in its arguments and its result that the model calls sensitive.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self {
            input: self.input.plain(),
            output: self.output.plain(),
            ..self.clone()
        }
    }

    /// Its effects when these arguments are given.
    #[must_use]
    pub fn effects_given(&self, arguments: &serde_json::Value) -> Effects {
        let by_member = self.effects_by_member.iter();
        let raised = by_member
            .filter(|(path, _)| is_set(arguments, path))
            .map(|(_, effect)| *effect);
        self.effects.iter().copied().chain(raised).collect()
    }
}

/// A permission that an action needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The IAM action: `ecs:UpdateService`.
    pub action: String,
    /// When it is needed.
    pub need: Need,
    /// What it can be limited to in a policy's `Resource`; empty where only `*` fits, or nothing is known.
    pub resources: Vec<PermissionResource>,
    /// Keys that a policy's `Condition` can use with it.
    pub condition_keys: Vec<String>,
}

impl Permission {
    /// A permission of which only the name is known.
    #[must_use]
    pub fn named(action: &str) -> Self {
        Self {
            action: action.to_owned(),
            need: Need::Always,
            resources: Vec::new(),
            condition_keys: Vec::new(),
        }
    }
}

/// When a permission is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// By every call.
    Always,
    /// By some calls: it depends on the arguments or on what they name.
    Dependent,
    /// By calls that give one of these members, as dotted paths.
    WithMembers(Vec<String>),
}

/// A kind of resource that a permission can be limited to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionResource {
    /// IAM's name for it: `service`.
    pub name: String,
    /// Its ARN with IAM's variables: `arn:${Partition}:ecs:${Region}:${Account}:service/${ClusterName}/${ServiceName}`.
    pub arn: String,
    /// A policy that limits resources must name one of this kind.
    pub required: bool,
}

/// Families of actions.
#[derive(Debug, Clone, PartialEq)]
pub enum ActionKind {
    /// One AWS operation.
    Operation,
    /// Polls an operation until it is as named.
    Waiter {
        /// The operation that it polls, as an action name.
        polls: String,
        /// The model's own bound: delay times attempts.
        bound: SignedDuration,
    },
    /// Several operations behind one name.
    Composite,
    /// Not AWS.
    Local,
}

/// An action that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UnknownAction {
    /// What is wrong: the service or the operation, or that it cannot be supported and why.
    pub message: String,
    /// What may have been meant, best first.
    pub suggestions: Vec<String>,
}

/// The read that describes what a write changes: `ecs:DescribeServices` for `ecs:UpdateService`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The reading action.
    pub action: String,
    /// Which members of the write name the thing, and how the read calls them.
    pub members: Vec<DescribedMember>,
}

/// A member that names a thing in a write and in the read that describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribedMember {
    /// The write's member: `service`.
    pub write: String,
    /// The read's member: `services`.
    pub read: String,
    /// The read takes a list.
    pub in_list: bool,
    /// Without it the read describes nothing, or too much.
    pub required: bool,
}

/// The actions that playbooks can call.
pub trait Catalog: Send + Sync {
    /// Looks an action up by its exact name.
    ///
    /// # Errors
    /// [`UnknownAction`] says which part of the name is unknown and what may have been meant.
    fn action(&self, name: &str) -> Result<Arc<Action>, UnknownAction>;

    /// The permissions that an action needs, with the resources that they can be limited to.
    fn permissions(&self, action: &Action) -> Vec<Permission> {
        let names = action.permissions.iter();
        names.map(|name| Permission::named(name)).collect()
    }

    /// Error codes that any operation may answer with, modelled or not: throttling, permissions, and what the client itself
    /// says.
    fn common_errors(&self) -> &[&str] {
        &[]
    }

    /// Error codes that calls of an action may answer with beside its own.
    fn errors_beside(&self, action: &Action) -> &[&str] {
        match action.kind {
            // Every call is given up after its `timeout`.
            ActionKind::Local => &["timeout"],
            _ => self.common_errors(),
        }
    }

    /// The read that describes what a write of this action changes, where the names of both and of their members tell.
    fn described_by(&self, action: &Action) -> Option<Described> {
        let _ = action;
        None
    }

    /// What a call with these arguments does. A literal `method: GET` makes `http:Request` a read.
    fn effects(&self, action: &Action, arguments: &serde_json::Value) -> Effects {
        action.effects_given(arguments)
    }
}

/// Whether the member at a dotted path is given, in any element where the path leads through a list.
fn is_set(arguments: &serde_json::Value, path: &str) -> bool {
    if let Some(elements) = arguments.as_array() {
        return elements.iter().any(|element| is_set(element, path));
    }
    let (member, rest) = match path.split_once('.') {
        Some((member, rest)) => (member, Some(rest)),
        None => (path, None),
    };
    match (arguments.get(member), rest) {
        (None, _) => false,
        (Some(value), None) => !value.is_null(),
        (Some(value), Some(rest)) => is_set(value, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::is_set;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_structures_and_each_element_of_lists() {
        let arguments = json!({
            "Targets": [{"Id": "a"}, {"Id": "b", "RoleArn": "arn"}],
            "overrides": {"taskRoleArn": null},
        });
        assert!(is_set(&arguments, "Targets.RoleArn"));
        assert!(!is_set(&arguments, "Targets.Arn"));
        assert!(!is_set(&arguments, "overrides.taskRoleArn"));
        assert!(is_set(&arguments, "overrides"));
    }
}
