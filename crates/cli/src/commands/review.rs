//! Reads for a playbook that nobody has reviewed yet: only those that a reviewed version makes too.

use super::diff::forecast_of;
use crate::calls::Calls;
use crate::environment::Environment;
use crate::exit::Failure;
use runbook_interpreter::plan::saved::{allows, reads};
use runbook_interpreter::surroundings::Performer;
use runbook_playbook::catalog::{Action, ActionKind, Catalog, Effect};
use runbook_playbook::types::Type;
use runbook_registry::Registry;
use runbook_registry::call::{Answer, Call, CallError, FailureKind};
use runbook_registry::world::{Pending, World};
use serde_json::Value as Json;
use std::sync::Arc;

/// Reads whose results are secrets, although their types do not say so.
const DISCLOSING: [&str; 12] = [
    "cognito-identity:GetCredentialsForIdentity",
    "ecr-public:GetAuthorizationToken",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "lambda:GetFunction",
    "lambda:GetFunctionConfiguration",
    "redshift:GetClusterCredentials",
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
];
/// How deep a result is looked through for members that are secret.
const DEEPEST: usize = 6;

/// The reads that a version of a playbook makes.
pub fn reads_of(
    base: &str,
    environment: &Environment,
    registry: &Arc<Registry>,
) -> Result<Vec<Json>, Failure> {
    Ok(reads(&forecast_of(base, environment, registry)?))
}

/// Makes calls; where a base is given, only reads of AWS that it makes too and that disclose nothing secret.
pub struct OnlyAs<'a> {
    /// Makes calls.
    pub calls: Calls<'a>,
    /// The reads of the base.
    pub base: Option<Vec<Json>>,
}

impl OnlyAs<'_> {
    /// Why a call is not made; nothing where it may be.
    fn refusal(&self, call: &Call) -> Option<String> {
        let base = self.base.as_ref()?;
        let registry = self.calls.0;
        let Ok(action) = registry.action(&call.action) else {
            return Some("it is not known".to_owned());
        };
        let effects = registry.effects(&action, &call.arguments);
        if effects.iter().any(|effect| *effect != Effect::Read) {
            return Some("it is no read".to_owned());
        }
        if action.kind == ActionKind::Local {
            // What only calculates contacts nothing and reads nothing from outside.
            let calculates = matches!(
                call.action.as_str(),
                "data:Diff" | "data:Validate" | "time:Sleep" | "playbook:Run"
            );
            return (!calculates).then(|| "it reaches outside of AWS".to_owned());
        }
        if discloses(&action) {
            return Some("its result can be a secret".to_owned());
        }
        if call.target.role.is_some() {
            return Some("it is made as another role".to_owned());
        }
        (!allows(base, &call.action, &call.arguments))
            .then(|| "the base version does not make it".to_owned())
    }
}

impl Performer for OnlyAs<'_> {
    fn perform<'a>(
        &'a self,
        world: &'a dyn World,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>> {
        match self.refusal(call) {
            None => self.calls.perform(world, call),
            Some(why) => {
                let message = format!("{} was not made: {why}", call.action);
                let error = CallError::new(FailureKind::NotSent, "not_reviewed", message);
                Box::pin(std::future::ready(Err(error)))
            }
        }
    }
}

/// Whether an action's result can be a secret.
fn discloses(action: &Action) -> bool {
    DISCLOSING.contains(&action.name.as_str()) || has_secret(&action.output, DEEPEST)
}

fn has_secret(ty: &Type, depth: usize) -> bool {
    if depth == 0 {
        return false;
    }
    match ty.present() {
        Type::Secret => true,
        Type::Text(rule) => rule.sensitive,
        Type::List(list) => has_secret(&list.element, depth - 1),
        Type::Map(inner) => has_secret(inner, depth - 1),
        Type::Structure(structure) => structure.member_names().iter().any(|name| {
            structure
                .member(name)
                .is_some_and(|member| member.sensitive || has_secret(&member.ty, depth - 1))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{OnlyAs, discloses};
    use crate::calls::Calls;
    use runbook_playbook::catalog::Catalog;
    use runbook_registry::Registry;
    use runbook_registry::call::Call;
    use serde_json::json;

    #[test]
    fn only_reads_that_the_base_makes_are_made() {
        let registry = Registry::new();
        let only = OnlyAs {
            calls: Calls(&registry),
            base: Some(vec![
                json!({"action": "ecs:ListTasks", "arguments": {"map": {"cluster": {"known": "prod"}}}}),
                json!({"action": "secretsmanager:GetSecretValue", "arguments": {"map": {"SecretId": {"known": "s"}}}}),
                json!({"action": "ssm:GetParameter", "arguments": {"map": {"Name": {"known": "s"}}}}),
                json!({"action": "http:Request", "arguments": {"map": {"url": {"unknown": ""}}}}),
            ]),
        };
        let refusal = |action: &str, arguments: serde_json::Value| {
            only.refusal(&Call::new(action, arguments))
        };
        assert_eq!(refusal("ecs:ListTasks", json!({"cluster": "prod"})), None);
        for (action, arguments, due) in [
            (
                "ecs:ListTasks",
                json!({"cluster": "other"}),
                "the base version does not make it",
            ),
            (
                "ecs:ListServices",
                json!({"cluster": "prod"}),
                "the base version does not make it",
            ),
            (
                "ecs:UpdateService",
                json!({"service": "a"}),
                "it is no read",
            ),
            (
                "secretsmanager:GetSecretValue",
                json!({"SecretId": "s"}),
                "it is no read",
            ),
            (
                "ssm:GetParameter",
                json!({"Name": "s"}),
                "its result can be a secret",
            ),
            (
                "http:Request",
                json!({"url": "https://example.com", "method": "GET"}),
                "it reaches outside of AWS",
            ),
            ("local:Exec", json!({"run": ["id"]}), "it is no read"),
            (
                "file:Read",
                json!({"path": "a"}),
                "it reaches outside of AWS",
            ),
        ] {
            assert_eq!(refusal(action, arguments).as_deref(), Some(due), "{action}");
        }
    }

    #[test]
    fn secrets_are_told_by_the_types_of_results() {
        let registry = Registry::new();
        for (name, due) in [
            ("sts:GetSessionToken", true),
            ("kms:Decrypt", true),
            ("ssm:GetParameter", true),
            ("ecs:DescribeServices", false),
            ("logs:FilterLogEvents", false),
            ("sqs:GetQueueAttributes", false),
        ] {
            let action = registry.action(name).expect("an action");
            assert_eq!(discloses(&action), due, "{name}");
        }
    }
}
