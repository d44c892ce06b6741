//! The least IAM policy with which a forecast can come true.

use super::forecast::{Forecast, GraphKind, PlannedCall, PlannedText, PlannedValue};
use super::visit::calls;
use indexmap::{IndexMap, IndexSet};
use runbook_playbook::catalog::Catalog;
use runbook_registry::policy::{
    Condition, Given, Grants, Pattern, Policy, Requirement, SessionPolicies, SessionPolicy,
    Statement, assume_role, requirements,
};
use runbook_registry::world::Place;
use std::collections::{BTreeMap, BTreeSet};

/// The most characters of a managed policy, white space not counted (IAM User Guide, "IAM and AWS STS quotas").
pub const MOST_CHARACTERS: usize = 6144;

/// What a playbook needs, by who makes the calls.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeastPolicy {
    /// Of whoever runs it first, then of roles that steps assume.
    pub principals: Vec<PrincipalPolicy>,
    /// What else a reader must know, in sentences.
    pub notes: Vec<String>,
}

/// What one principal needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalPolicy {
    /// The ARN of the role; `None` for whoever runs the playbook.
    pub role: Option<Pattern>,
    /// What every run can come to need.
    pub statements: Vec<Explained>,
    /// What is needed only where what the calls name asks for it.
    pub dependent: Vec<Explained>,
}

/// A statement and who needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The statement.
    pub statement: Statement,
    /// The steps that need it, each once, in order.
    pub steps: Vec<String>,
    /// The steps that need each action of it.
    pub by_action: BTreeMap<String, Vec<String>>,
}

/// Which calls count.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Only calls of these graphs; empty for all.
    pub graphs: Vec<GraphKind>,
    /// Where calls go, as far as it is known.
    pub place: Place,
}

/// Finds the least policy of a forecast.
#[must_use]
pub fn least_policy(forecast: &Forecast, catalog: &dyn Catalog, scope: &Scope) -> LeastPolicy {
    let mut needs: IndexMap<Option<Pattern>, Needs> = IndexMap::new();
    needs.insert(None, Needs::default());
    let mut programs = IndexSet::new();
    for visit in calls(forecast) {
        if !scope.graphs.is_empty() && !scope.graphs.contains(&visit.graph) {
            continue;
        }
        if matches!(visit.call.action.as_str(), "local:Exec") {
            programs.insert(visit.step.path.clone());
        }
        let found = of_call(visit.call, catalog, &scope.place);
        if found.is_empty() {
            continue;
        }
        let role = visit.call.target.role.as_ref();
        let role = role.map(|role| pattern(role, &scope.place));
        if let Some(role) = &role {
            needs
                .entry(None)
                .or_default()
                .add(&assume_role(role), &visit.step.path);
        }
        let own = needs.entry(role).or_default();
        for requirement in &found {
            own.add(requirement, &visit.step.path);
        }
    }
    let acts = |kind: &GraphKind| matches!(kind, GraphKind::Resolve | GraphKind::Verify);
    if scope.graphs.is_empty() || scope.graphs.iter().any(acts) {
        let own = needs.entry(None).or_default();
        for (name, arguments) in &forecast.guards {
            if let Ok(action) = catalog.action(name) {
                let permissions = catalog.permissions(&action);
                let arguments = given(arguments, &scope.place);
                for needed in requirements(&action, &permissions, &arguments, &scope.place) {
                    own.add(&needed, "guards");
                }
            }
        }
    }
    let mut notes = Vec::new();
    if !programs.is_empty() {
        let steps: Vec<String> = programs.into_iter().collect();
        notes.push(format!(
            "programs that {} start may call AWS with the same credentials; what they need is not known",
            steps.join(", ")
        ));
    }
    let principals = needs
        .into_iter()
        .filter(|(role, needs)| role.is_none() || !needs.always.is_empty())
        .map(|(role, needs)| PrincipalPolicy {
            role,
            statements: needs.always.merged(),
            dependent: needs.dependent.merged(),
        })
        .collect();
    LeastPolicy { principals, notes }
}

/// What a planned call needs.
#[must_use]
pub fn of_call(call: &PlannedCall, catalog: &dyn Catalog, place: &Place) -> Vec<Requirement> {
    let Ok(action) = catalog.action(&call.action) else {
        return Vec::new();
    };
    let mut place = place.clone();
    if let Some(region) = &call.target.region {
        place.region = pattern(region, &place).known();
    }
    if let Some(role) = &call.target.role {
        // `arn:aws:iam::123456789012:role/name`
        place.account = pattern(role, &place)
            .split(':')
            .get(4)
            .and_then(Pattern::known)
            .filter(|account| !account.is_empty());
    }
    let mut arguments = given(&call.arguments, &place);
    let whole = call.base.as_ref().is_none_or(|base| base.value.is_known());
    if let Given::Map { open, .. } = &mut arguments {
        *open = !whole;
    }
    requirements(&action, &catalog.permissions(&action), &arguments, &place)
}

fn given(value: &PlannedValue, place: &Place) -> Given {
    match value {
        PlannedValue::Known(json) => Given::known(json),
        PlannedValue::Text(_) => Given::Text(pattern(value, place)),
        PlannedValue::List(items) => {
            Given::List(items.iter().map(|item| given(item, place)).collect())
        }
        PlannedValue::Map(entries) => Given::Map {
            members: entries
                .iter()
                .map(|(name, value)| (name.clone(), given(value, place)))
                .collect(),
            open: false,
        },
        PlannedValue::Unknown(_) | PlannedValue::Secret => Given::Unknown,
    }
}

/// A text with its gaps; those that name where the run is are filled in as far as that is known.
fn pattern(value: &PlannedValue, place: &Place) -> Pattern {
    match value {
        PlannedValue::Known(json) => Given::known(json).pattern(),
        PlannedValue::Text(parts) => {
            let mut pattern = Pattern::default();
            for part in parts {
                match part {
                    PlannedText::Known(text) => pattern.push_str(text),
                    PlannedText::Unknown(unknown) => match placed(&unknown.expression, place) {
                        Some(text) => pattern.push_str(text),
                        None => pattern.push(&Pattern::any()),
                    },
                    PlannedText::Secret => pattern.push(&Pattern::any()),
                }
            }
            pattern
        }
        _ => Pattern::any(),
    }
}

/// What an expression that names the place of the run is there.
fn placed<'p>(expression: &str, place: &'p Place) -> Option<&'p str> {
    match expression {
        "target.account" => place.account.as_deref(),
        "target.region" => place.region.as_deref(),
        "target.partition" => place.partition.as_deref(),
        _ => None,
    }
}

#[derive(Default)]
struct Needs {
    always: Gathered,
    dependent: Gathered,
}

impl Needs {
    fn add(&mut self, requirement: &Requirement, step: &str) {
        if requirement.dependent {
            self.dependent.add(requirement, step);
        } else {
            self.always.add(requirement, step);
        }
    }
}

/// An action, and the steps that need it.
type NeededAction = (String, IndexSet<String>);

/// Resources, and the steps that need them.
type Needed = (BTreeSet<Pattern>, IndexSet<String>);

/// Resources and steps by action and conditions.
#[derive(Default)]
struct Gathered(IndexMap<(String, Vec<Condition>), Needed>);

impl Gathered {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn add(&mut self, requirement: &Requirement, step: &str) {
        let key = (requirement.action.clone(), requirement.conditions.clone());
        let (resources, steps) = self.0.entry(key).or_default();
        resources.extend(requirement.resources.iter().cloned());
        steps.insert(step.to_owned());
    }

    /// Adds what a statement of another policy says.
    fn explained(&mut self, explained: &Explained) {
        for (action, by) in &explained.by_action {
            let key = (action.clone(), explained.statement.conditions.clone());
            let (resources, steps) = self.0.entry(key).or_default();
            resources.extend(explained.statement.resources.iter().cloned());
            steps.extend(by.iter().cloned());
        }
    }

    /// Statements: actions with the same resources and conditions stand together.
    fn merged(self) -> Vec<Explained> {
        let mut found: IndexMap<(BTreeSet<Pattern>, Vec<Condition>), Vec<NeededAction>> =
            IndexMap::new();
        for ((action, conditions), (resources, steps)) in self.0 {
            let key = (without_covered(&resources), conditions);
            found.entry(key).or_default().push((action, steps));
        }
        let mut taken = BTreeMap::new();
        found
            .into_iter()
            .map(|((resources, conditions), needs)| {
                let steps: IndexSet<String> =
                    needs.iter().flat_map(|(_, steps)| steps.clone()).collect();
                let actions = needs.iter().map(|(action, _)| Pattern::literal(action));
                Explained {
                    statement: Statement {
                        sid: Some(sid(&steps, &mut taken)),
                        denies: false,
                        actions: actions.collect(),
                        resources,
                        conditions,
                    },
                    steps: steps.into_iter().collect(),
                    by_action: needs
                        .into_iter()
                        .map(|(action, steps)| (action, steps.into_iter().collect()))
                        .collect(),
                }
            })
            .collect()
    }
}

/// Resources that no other of them covers.
fn without_covered(resources: &BTreeSet<Pattern>) -> BTreeSet<Pattern> {
    let covered = |one: &Pattern| {
        resources
            .iter()
            .any(|other| other != one && other.covers(one))
    };
    resources
        .iter()
        .filter(|one| !covered(one))
        .cloned()
        .collect()
}

/// A statement's name: the first step that needs it, and a number where that names another too. IAM takes letters and digits.
fn sid(steps: &IndexSet<String>, taken: &mut BTreeMap<String, u32>) -> String {
    let first = steps.first().map_or("", String::as_str);
    let mut name = String::new();
    let mut upper = true;
    for one in first.chars() {
        if !one.is_ascii_alphanumeric() {
            upper = true;
        } else if upper {
            name.push(one.to_ascii_uppercase());
            upper = false;
        } else {
            name.push(one);
        }
    }
    let count = taken.entry(name.clone()).or_default();
    *count += 1;
    if *count > 1 {
        name.push_str(&count.to_string());
    }
    name
}

impl LeastPolicy {
    /// What several runs need together, by who makes the calls.
    #[must_use]
    pub fn union<'p>(many: impl IntoIterator<Item = &'p Self>) -> Self {
        let mut needs: IndexMap<Option<Pattern>, Needs> = IndexMap::new();
        needs.insert(None, Needs::default());
        let mut notes = IndexSet::new();
        for one in many {
            for principal in &one.principals {
                let own = needs.entry(principal.role.clone()).or_default();
                for explained in &principal.statements {
                    own.always.explained(explained);
                }
                for explained in &principal.dependent {
                    own.dependent.explained(explained);
                }
            }
            notes.extend(one.notes.iter().cloned());
        }
        let principals = needs.into_iter().map(|(role, needs)| PrincipalPolicy {
            role,
            statements: needs.always.merged(),
            dependent: needs.dependent.merged(),
        });
        Self {
            principals: principals.collect(),
            notes: notes.into_iter().collect(),
        }
    }

    /// What it grants; permissions that depend are left out.
    #[must_use]
    pub fn grants(&self) -> Grants {
        let policy = |principal: &PrincipalPolicy| Policy {
            statements: principal
                .statements
                .iter()
                .map(|explained| explained.statement.clone())
                .collect(),
        };
        let mut grants = Grants::default();
        for principal in &self.principals {
            match &principal.role {
                None => grants.own = policy(principal),
                Some(role) => grants.roles.push((role.clone(), policy(principal))),
            }
        }
        grants
    }
}

/// What sessions of a run may do, by who makes the calls.
#[must_use]
pub fn sessions(least: &LeastPolicy) -> SessionPolicies {
    let statements = |explained: &[Explained]| {
        let all = explained.iter().map(|one| one.statement.clone());
        all.collect()
    };
    let mut policies = SessionPolicies::default();
    for principal in &least.principals {
        let policy = SessionPolicy {
            needed: statements(&principal.statements),
            dependent: statements(&principal.dependent),
        };
        match &principal.role {
            None => policies.own = policy,
            Some(role) => policies.roles.push((role.clone(), policy)),
        }
    }
    policies
}

/// Divides statements into documents that IAM takes as managed policies.
#[must_use]
pub fn documents(statements: &[Statement]) -> Vec<Policy> {
    let mut documents: Vec<Policy> = Vec::new();
    for statement in statements.iter().flat_map(|one| divided(one.clone())) {
        if let Some(last) = documents.last_mut() {
            last.statements.push(statement);
            if characters(last) <= MOST_CHARACTERS {
                continue;
            }
            if let Some(statement) = last.statements.pop() {
                documents.push(Policy {
                    statements: vec![statement],
                });
            }
        } else {
            documents.push(Policy {
                statements: vec![statement],
            });
        }
    }
    documents
}

/// A statement that is too long for one document, by halves of its resources.
fn divided(statement: Statement) -> Vec<Statement> {
    let alone = Policy {
        statements: vec![statement.clone()],
    };
    if characters(&alone) <= MOST_CHARACTERS || statement.resources.len() < 2 {
        return vec![statement];
    }
    let middle = statement.resources.len() / 2;
    let halves = [
        statement.resources.iter().take(middle).cloned().collect(),
        statement.resources.iter().skip(middle).cloned().collect(),
    ];
    halves
        .into_iter()
        .zip(["a", "b"])
        .flat_map(|(resources, ending)| {
            divided(Statement {
                sid: statement.sid.as_ref().map(|sid| format!("{sid}{ending}")),
                resources,
                ..statement.clone()
            })
        })
        .collect()
}

/// The characters that IAM counts.
#[must_use]
pub fn characters(policy: &Policy) -> usize {
    let text = policy.to_json().to_string();
    text.chars().filter(|one| !one.is_whitespace()).count()
}

#[cfg(test)]
mod tests {
    use super::{MOST_CHARACTERS, characters, documents};
    use runbook_registry::policy::{Pattern, Statement};
    use std::collections::BTreeSet;

    fn statement(sid: &str, resources: usize) -> Statement {
        Statement {
            sid: Some(sid.to_owned()),
            actions: BTreeSet::from([Pattern::literal("ecs:UpdateService")]),
            resources: (0..resources)
                .map(|at| {
                    Pattern::literal(&format!(
                        "arn:aws:ecs:us-east-1:123456789012:service/prod/{at:04}"
                    ))
                })
                .collect(),
            ..Statement::default()
        }
    }

    #[test]
    fn documents_stay_within_what_a_managed_policy_may_have() {
        let statements = [statement("A", 60), statement("B", 60), statement("C", 300)];
        let documents = documents(&statements);
        assert!(documents.len() > 2);
        assert!(
            documents
                .iter()
                .all(|one| characters(one) <= MOST_CHARACTERS)
        );
        let total: usize = documents
            .iter()
            .flat_map(|one| &one.statements)
            .map(|one| one.resources.len())
            .sum();
        assert_eq!(total, 420);
        let sids: BTreeSet<_> = documents
            .iter()
            .flat_map(|one| &one.statements)
            .map(|one| one.sid.clone())
            .collect();
        let count: usize = documents.iter().map(|one| one.statements.len()).sum();
        assert_eq!(sids.len(), count, "names are unique");
    }

    #[test]
    fn little_is_one_document_and_nothing_is_none() {
        assert_eq!(documents(&[statement("A", 1), statement("B", 2)]).len(), 1);
        assert!(documents(&[]).is_empty());
    }
}
