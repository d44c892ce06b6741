//! The worlds that a run can happen in.

use crate::args::TargetArguments;
use crate::device::Device;
use crate::environment::Environment;
use crate::locate::Located;
use crate::person::Operator;
use crate::prompt::Prompt;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::plan::Plan;
use runbook_playbook::catalog::Catalog;
use runbook_playbook::expression::Scope;
use runbook_playbook::span::Spanned;
use runbook_playbook::template::{self, Data};
use runbook_playbook::types::Type;
use runbook_playbook::value::Value;
use runbook_registry::Registry;
use runbook_registry::aws::{AwsClient, Options, SecondFactor, SessionEnvironment};
use runbook_registry::local::{
    FixedEnvironment, LocalContext, NoPerson, Person, Problem, Validator,
};
use runbook_registry::model::validate::validate;
use runbook_registry::policy::SessionPolicies;
use runbook_registry::world::live::LiveWorld;
use std::path::Path;
use std::sync::Arc;

/// Who can be asked, if anybody.
#[must_use]
pub fn prompt(environment: &Environment) -> Option<Prompt> {
    environment.console.questions().map(|stream| Prompt {
        stream,
        user: environment.user.clone(),
    })
}

/// The person for instructions and questions of playbooks.
#[must_use]
pub fn person(environment: &Environment) -> Arc<dyn Person> {
    match prompt(environment) {
        Some(prompt) => Arc::new(Operator { prompt }),
        None => Arc::new(NoPerson),
    }
}

/// The real world.
#[must_use]
pub fn live(
    environment: &Environment,
    target: &TargetArguments,
    context: LocalContext,
) -> LiveWorld {
    limited(environment, target, context, None)
}

/// The real world, in which sessions of roles are limited to policies.
#[must_use]
pub fn limited(
    environment: &Environment,
    target: &TargetArguments,
    context: LocalContext,
    session_policies: Option<SessionPolicies>,
) -> LiveWorld {
    let client = client(environment, target, &context.root, session_policies);
    of_client(&client, context)
}

/// Whoever calls AWS for a target.
#[must_use]
pub fn client(
    environment: &Environment,
    target: &TargetArguments,
    root: &Path,
    session_policies: Option<SessionPolicies>,
) -> Arc<AwsClient> {
    let second_factor =
        prompt(environment).map(|prompt| Arc::new(Device { prompt }) as Arc<dyn SecondFactor>);
    Arc::new(AwsClient::new(Options {
        region: target.region.clone(),
        profile: target.profile.clone(),
        endpoint_url: target.endpoint_url.clone(),
        role: target.role.clone(),
        external_id: target.external_id.clone(),
        role_session_name: target.role_session_name.clone(),
        mfa_serial: target.mfa_serial.clone(),
        second_factor,
        session_policies,
        files: Some(root.to_path_buf()),
        ..Options::default()
    }))
}

/// The real world of a client.
#[must_use]
pub fn of_client(client: &Arc<AwsClient>, context: LocalContext) -> LiveWorld {
    let session = SessionEnvironment::new(client.clone(), context.target_environment.clone());
    let context = LocalContext {
        target_environment: Arc::new(session),
        ..context
    };
    LiveWorld::new(client.clone(), context)
}

/// What local actions see: the folder, the person, the variables, the judge of documents.
#[must_use]
pub fn context(
    environment: &Environment,
    target: &TargetArguments,
    registry: &Arc<Registry>,
    root: &Path,
    folder: &Path,
) -> LocalContext {
    let mut aws: Vec<(String, String)> = environment
        .variables
        .iter()
        .filter(|(name, _)| name.starts_with("AWS_"))
        .cloned()
        .collect();
    let given = [
        ("AWS_REGION", &target.region),
        ("AWS_DEFAULT_REGION", &target.region),
        ("AWS_PROFILE", &target.profile),
        ("AWS_ENDPOINT_URL", &target.endpoint_url),
    ];
    if target.profile.is_some() {
        // As the AWS CLI has it: a profile that is named stands before keys.
        let keys = [
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
        ];
        aws.retain(|(name, _)| !keys.contains(&name.as_str()));
    }
    for (name, value) in given {
        if let Some(value) = value {
            aws.retain(|(known, _)| known != name);
            aws.push((name.to_owned(), value.clone()));
        }
    }
    LocalContext {
        folder: folder.to_path_buf(),
        person: person(environment),
        environment: environment.variables.clone(),
        target_environment: Arc::new(FixedEnvironment(aws)),
        validator: Some(validator(Arc::clone(registry))),
        ..LocalContext::new(root)
    }
}

/// Judges documents by actions' arguments, for `data:Validate`.
fn validator(registry: Arc<Registry>) -> Validator {
    Arc::new(move |name, document| {
        let action = registry.action(name).map_err(|unknown| unknown.message)?;
        let problems = validate(&action.input, document).into_iter();
        Ok(problems
            .map(|problem| Problem {
                path: pointer(&problem.path),
                message: match problem.suggestion {
                    Some(suggestion) => format!("{}; {suggestion}", problem.message),
                    None => problem.message,
                },
            })
            .collect())
    })
}

/// `tags[0].key` as the JSON Pointer `/tags/0/key` (RFC 6901).
fn pointer(path: &str) -> String {
    let mut pointer = String::new();
    for part in path.split(['.', '[']) {
        let part = part.trim_end_matches(']');
        if !part.is_empty() {
            pointer.push('/');
            pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
        }
    }
    pointer
}

/// What local actions of a playbook see: also the hosts and programs that it declares.
///
/// # Errors
/// A host or a folder that cannot be told from the inputs.
pub fn playbook_context(
    environment: &Environment,
    target: &TargetArguments,
    registry: &Arc<Registry>,
    located: &Located,
    plan: &Plan,
    now: Timestamp,
) -> Result<LocalContext, String> {
    let folder = located.file.parent().unwrap_or(&located.root);
    let playbook = &plan.checked.playbook;
    let scope = Inputs {
        inputs: &plan.inputs,
        now,
    };
    let texts = |key: &str, written: &[Spanned<Data>]| {
        let mut rendered = Vec::new();
        for data in written {
            match template::read(data, &Type::text(), &scope) {
                Ok(Value::Text(text)) => rendered.push(text.to_string()),
                Ok(_) => return Err(format!("`{key}` must be text")),
                Err(error) => return Err(format!("`{key}` cannot be told: {error}")),
            }
        }
        Ok(rendered)
    };
    let reaches = playbook.reaches.as_deref();
    let reaches = reaches.map(|hosts| texts("reaches", hosts)).transpose()?;
    let folders = texts("folders", &playbook.folders)?
        .into_iter()
        .filter(|folder| !folder.is_empty())
        .map(|folder| (folder.clone(), environment.places.current.join(folder)))
        .collect();
    let runs = playbook
        .runs
        .as_ref()
        .map(|runs| runs.iter().map(|run| run.value.clone()).collect());
    Ok(LocalContext {
        reaches,
        runs,
        folders,
        ..context(environment, target, registry, &located.root, folder)
    })
}

/// The names that a playbook's head can use.
pub struct Inputs<'a> {
    /// The inputs.
    pub inputs: &'a IndexMap<String, Value>,
    /// The time.
    pub now: Timestamp,
}

impl Scope for Inputs<'_> {
    fn lookup(&self, name: &str) -> Option<Value> {
        (name == "inputs").then(|| Value::map(self.inputs.clone()))
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn since(&self, length: SignedDuration) -> Timestamp {
        self.now.checked_sub(length).unwrap_or(Timestamp::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::pointer;

    #[test]
    fn problems_of_documents_are_json_pointers() {
        assert_eq!(
            pointer("containerDefinitions[0].memory"),
            "/containerDefinitions/0/memory"
        );
        assert_eq!(pointer(""), "");
    }
}
