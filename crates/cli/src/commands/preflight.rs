//! `runbook preflight`: who one is, and what that principal may do of what a playbook does.

use crate::args::{Format, PreflightArguments};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::identity::{Caller, caller};
use crate::offline::Offline;
use crate::world;
use runbook_interpreter::plan::forecast::{Forecast, PlannedValue};
use runbook_interpreter::plan::policy::{Explained, Scope, least_policy};
use runbook_registry::Registry;
use runbook_registry::aws::principal::of_caller;
use runbook_registry::call::{Call, CallError, FailureKind};
use runbook_registry::world::scenario::{ActionFacts, ScenarioWorld};
use runbook_registry::world::{Place, World};
use runbook_report::question::safe;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// One permission and what IAM says of it.
#[derive(Debug)]
struct Row {
    action: String,
    resource: String,
    steps: Vec<String>,
    answer: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Allowed,
    Denied(String),
    /// IAM could not tell without knowing more of the request.
    NeedsContext(Vec<String>),
    Unknown,
}

impl Answer {
    fn word(&self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied(_) => "denied",
            Self::NeedsContext(_) => "needs context",
            Self::Unknown => "not known",
        }
    }
}

/// Says who one is and what is allowed.
pub fn execute(arguments: &PreflightArguments, environment: &Environment) -> Result<u8, Failure> {
    let scenario = arguments.scenario.as_deref();
    let Offline {
        located,
        registry,
        ready,
        forecast,
    } = Offline::read(&arguments.playbook, &arguments.given, scenario, environment)?;
    let folder = located.file.parent().unwrap_or(&located.root);
    let context = world::context(
        environment,
        &arguments.target,
        &registry,
        &located.root,
        folder,
    );
    let (scenario_world, live_world);
    let world: &dyn World = if let Some(staged) = ready.scenario {
        let facts: Arc<dyn ActionFacts> = Arc::clone(&registry) as Arc<dyn ActionFacts>;
        scenario_world = ScenarioWorld::new(staged.scenario, facts, context);
        &scenario_world
    } else {
        live_world = world::live(environment, &arguments.target, context);
        &live_world
    };
    let runtime = super::runtime()?;
    let (who, region, rows, mut problem) = runtime.block_on(async {
        let who = caller(world, &registry).await.map_err(|error| {
            Failure::environment(format!(
                "who one is cannot be told: {error}; `runbook doctor` looks for the reason"
            ))
        })?;
        let region = arguments.target.region.clone().or(world.place().region);
        let place = Place {
            account: who.account.clone(),
            region: region.clone(),
            partition: who
                .arn
                .as_deref()
                .and_then(|arn| arn.split(':').nth(1))
                .map(str::to_owned),
            principal: None,
        };
        let scope = Scope {
            graphs: Vec::new(),
            place,
        };
        let least = least_policy(&forecast, &*registry, &scope);
        let needed = least
            .principals
            .first()
            .map(|own| own.statements.clone())
            .unwrap_or_default();
        let (rows, problem) = simulate(world, &registry, &who, &needed).await;
        Ok::<_, Failure>((who, region, rows, problem))
    })?;
    if let Some(problem) = &mut problem {
        problem.push_str("; compare what one is granted with `runbook policy ");
        problem.push_str(&ready.checked.id);
        problem.push('`');
    }
    let wrong_place = not_allowed(&forecast, &who, region.as_deref());
    let out = environment.console.out;
    match arguments.format {
        Format::Json => out.line(format!(
            "{:#}",
            document(
                &ready.checked.id,
                &who,
                region.as_deref(),
                &wrong_place,
                &rows,
                problem.as_deref()
            )
        )),
        Format::Text => out.lines(&lines(
            &who,
            region.as_deref(),
            &wrong_place,
            &rows,
            problem.as_deref(),
        )),
    }
    let denied = rows
        .iter()
        .any(|row| matches!(row.answer, Answer::Denied(_)));
    Ok(if denied || !wrong_place.is_empty() {
        exit::NOT_WELL
    } else if problem.is_some() {
        exit::ENVIRONMENT
    } else {
        exit::WELL
    })
}

/// Why the playbook does not allow where one is.
fn not_allowed(forecast: &Forecast, who: &Caller, region: Option<&str>) -> Vec<String> {
    let known = |list: &[PlannedValue]| -> Option<Vec<String>> {
        list.iter()
            .map(|value| value.known().and_then(Json::as_str).map(str::to_owned))
            .collect()
    };
    let role = who.arn.as_deref().and_then(of_caller);
    let mut wrong = Vec::new();
    for (word, list, is) in [
        (
            "account",
            &forecast.targets.accounts,
            who.account.as_deref(),
        ),
        ("region", &forecast.targets.regions, region),
        ("role", &forecast.targets.roles, role.as_deref()),
    ] {
        let Some(allowed) = known(list).filter(|allowed| !allowed.is_empty()) else {
            continue;
        };
        let is = is.unwrap_or("none");
        // A role is written as its ARN or its name.
        let fits = |one: &String| one == is || (word == "role" && is.ends_with(&format!("/{one}")));
        if !allowed.iter().any(fits) {
            wrong.push(format!(
                "the playbook allows the {word} {}, and this is {is}",
                allowed.join(" or ")
            ));
        }
    }
    wrong
}

/// Asks IAM about every permission; the reason where it does not answer.
async fn simulate(
    world: &dyn World,
    registry: &Registry,
    who: &Caller,
    needed: &[Explained],
) -> (Vec<Row>, Option<String>) {
    let mut rows = Vec::new();
    let mut problem = None;
    let source = who.arn.as_deref().and_then(of_caller);
    if source.is_none() {
        problem = Some(unsimulated(who.arn.as_deref()));
    }
    for explained in needed {
        let statement = &explained.statement;
        let actions: Vec<String> = statement.actions.iter().map(ToString::to_string).collect();
        for resource in &statement.resources {
            let mut answers: Vec<(String, Answer)> = Vec::new();
            if let (Some(source), None) = (&source, &problem) {
                let context: Vec<Json> = statement
                    .conditions
                    .iter()
                    .map(|condition| {
                        json!({
                            "ContextKeyName": condition.key,
                            "ContextKeyType": "string",
                            "ContextKeyValues": condition.values.iter().map(ToString::to_string).collect::<Vec<_>>(),
                        })
                    })
                    .collect();
                let mut request = json!({
                    "PolicySourceArn": source,
                    "ActionNames": actions,
                    "ResourceArns": [resource.to_string()],
                });
                if !context.is_empty() {
                    request["ContextEntries"] = json!(context);
                }
                match registry
                    .perform(world, &Call::new("iam:SimulatePrincipalPolicy", request))
                    .await
                {
                    Ok(answer) => answers = read(&answer.result),
                    Err(error) => problem = Some(explained_problem(&error)),
                }
            }
            for action in &actions {
                let found = answers
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(action));
                rows.push(Row {
                    action: action.clone(),
                    resource: resource.to_string(),
                    steps: explained.by_action.get(action).cloned().unwrap_or_default(),
                    answer: found.map_or(Answer::Unknown, |(_, answer)| answer.clone()),
                });
            }
        }
    }
    (rows, problem)
}

fn read(result: &Json) -> Vec<(String, Answer)> {
    let results = result
        .get("EvaluationResults")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    results
        .filter_map(|one| {
            let action = one.get("EvalActionName")?.as_str()?.to_owned();
            let missing: Vec<String> = one
                .get("MissingContextValues")
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(|key| Some(key.as_str()?.to_owned()))
                .collect();
            let answer = match one.get("EvalDecision").and_then(Json::as_str) {
                Some("allowed") => Answer::Allowed,
                Some("explicitDeny") => Answer::Denied("a statement denies it".to_owned()),
                Some(_) if !missing.is_empty() => Answer::NeedsContext(missing),
                Some(_) => Answer::Denied("no statement allows it".to_owned()),
                None => Answer::Unknown,
            };
            Some((action, answer))
        })
        .collect()
}

/// Why there is nothing to simulate for a principal.
fn unsimulated(arn: Option<&str>) -> String {
    let name = arn.unwrap_or("this principal");
    let last = arn.and_then(|arn| arn.splitn(6, ':').nth(5));
    match last {
        Some("root") => format!(
            "what is allowed is not known: {name} is the root user, who may do everything that the organization does not deny, and IAM does not simulate it; work as a role instead"
        ),
        Some(last) if last.starts_with("federated-user/") => format!(
            "what is allowed is not known: {name} is a federated user, which IAM does not simulate"
        ),
        _ => format!(
            "what is allowed is not known: IAM simulates users and roles, and {name} is neither"
        ),
    }
}

/// What it means that IAM does not simulate.
fn explained_problem(error: &CallError) -> String {
    let why = match error.kind {
        FailureKind::Answered
            if error.code.contains("AccessDenied") || error.code == "NoSuchEntity" =>
        {
            "one may not ask IAM, or the role has a path; allow iam:SimulatePrincipalPolicy"
        }
        FailureKind::Garbled => "the endpoint does not offer the simulation",
        FailureKind::Answered => "IAM does not simulate it",
        _ => "IAM is out of reach",
    };
    format!("what is allowed is not known: {why} ({error})")
}

fn lines(
    who: &Caller,
    region: Option<&str>,
    wrong: &[String],
    rows: &[Row],
    problem: Option<&str>,
) -> Vec<String> {
    let mut lines = vec![
        format!("principal  {}", who.arn.as_deref().unwrap_or("not known")),
        format!(
            "account    {}",
            who.account.as_deref().unwrap_or("not known")
        ),
        format!("region     {}", region.unwrap_or("none")),
    ];
    match wrong {
        [] => lines.push("target     allowed by the playbook".to_owned()),
        wrong => lines.extend(
            wrong
                .iter()
                .map(|why| format!("target     NOT allowed: {why}")),
        ),
    }
    lines.push(String::new());
    let width = rows.iter().map(|row| row.action.len()).max().unwrap_or(0);
    for row in rows {
        let more = match &row.answer {
            Answer::Denied(why) => format!(": {why}"),
            Answer::NeedsContext(keys) => format!(": {}", keys.join(", ")),
            Answer::Allowed | Answer::Unknown => String::new(),
        };
        lines.push(format!(
            "{:<13}  {:<width$}  {}{more}  ({})",
            row.answer.word(),
            row.action,
            row.resource,
            row.steps.join(", ")
        ));
    }
    if let Some(problem) = problem {
        lines.push(String::new());
        lines.push(problem.to_owned());
    } else {
        let denied = rows
            .iter()
            .filter(|row| matches!(row.answer, Answer::Denied(_)))
            .count();
        lines.push(String::new());
        lines.push(format!("{} permissions, {denied} denied", rows.len()));
    }
    lines.iter().map(|line| safe(line)).collect()
}

fn document(
    playbook: &str,
    who: &Caller,
    region: Option<&str>,
    wrong: &[String],
    rows: &[Row],
    problem: Option<&str>,
) -> Json {
    json!({
        "format_version": 1,
        "playbook": playbook,
        "principal": who.arn,
        "account": who.account,
        "region": region,
        "target": {"allowed": wrong.is_empty(), "problems": wrong},
        "permissions": rows.iter().map(|row| json!({
            "action": row.action,
            "resource": row.resource,
            "steps": row.steps,
            "answer": row.answer.word().replace(' ', "_"),
            "missing_context": match &row.answer {
                Answer::NeedsContext(keys) => json!(keys),
                _ => json!([]),
            },
        })).collect::<Vec<_>>(),
        "problem": problem,
    })
}
