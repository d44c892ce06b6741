//! What a fleet would do: as text, as Markdown, and as a document for programs.

use crate::policy;
use crate::question::safe;
use runbook_fleet::plan::{Discovery, FleetPlan};
use runbook_fleet::rollout::RolloutPolicy;
use runbook_fleet::target::Target;
use runbook_interpreter::plan::forecast::Count;
use runbook_playbook::catalog::Effect;
use runbook_playbook::duration;
use serde_json::{Map, Value as Json, json};

/// The version of the document; it rises when a member changes its meaning or goes away.
pub const FORMAT_VERSION: u32 = 1;

/// The most targets of a wave that text and Markdown name.
const NAMED: usize = 25;

/// The plan as text.
#[must_use]
pub fn lines(plan: &FleetPlan) -> Vec<String> {
    let mut lines = vec![
        format!("{}: {}", plan.playbook, plan.title),
        head(plan),
        String::new(),
    ];
    lines.extend(
        plan.discoveries
            .iter()
            .map(|one| format!("  {}", discovery(one))),
    );
    for (number, wave) in plan.waves.iter().enumerate() {
        lines.push(format!(
            "wave {}: {}{}",
            number + 1,
            counted(wave.len(), "target"),
            before(number, &plan.policy)
        ));
        lines.extend(
            wave.iter()
                .take(NAMED)
                .map(|target| format!("  {}", line(target))),
        );
        if wave.len() > NAMED {
            lines.push(format!("  and {} more", wave.len() - NAMED));
        }
    }
    lines.push(String::new());
    lines.push(format!("all together: {}", totals(plan)));
    lines.push(format!("rollout: {}", rollout(&plan.policy)));
    if !plan.roles.is_empty() {
        lines.push("roles that are assumed:".to_owned());
        lines.extend(
            plan.roles
                .iter()
                .take(NAMED)
                .map(|role| format!("  {role}")),
        );
        if plan.roles.len() > NAMED {
            lines.push(format!("  and {} more", plan.roles.len() - NAMED));
        }
    }
    lines.push("permissions:".to_owned());
    for action in actions(plan) {
        lines.push(format!("  {action}"));
    }
    lines.extend(plan.notes.iter().map(|note| format!("note: {note}")));
    lines.iter().map(|line| safe(line)).collect()
}

/// The plan as a comment on a pull request.
#[must_use]
pub fn markdown(plan: &FleetPlan) -> String {
    let cell = |text: &str| safe(text).replace('|', "\\|").replace('`', "'");
    let mut page = vec![
        format!(
            "### `{}` on {}",
            cell(&plan.playbook),
            counted(plan.targets(), "target")
        ),
        String::new(),
        cell(&head(plan)),
        String::new(),
        "| wave | targets | begins |".to_owned(),
        "| --- | --- | --- |".to_owned(),
    ];
    for (number, wave) in plan.waves.iter().enumerate() {
        let mut names: Vec<String> = wave
            .iter()
            .take(NAMED)
            .map(|target| format!("`{}`", cell(&target.name)))
            .collect();
        if wave.len() > NAMED {
            names.push(format!("and {} more", wave.len() - NAMED));
        }
        let begins = before(number, &plan.policy);
        let begins = begins.trim_start_matches(", ");
        page.push(format!(
            "| {} ({}) | {} | {} |",
            number + 1,
            wave.len(),
            names.join(", "),
            if begins.is_empty() { "at once" } else { begins }
        ));
    }
    page.push(String::new());
    page.extend(
        plan.discoveries
            .iter()
            .map(|one| format!("- {}", cell(&discovery(one)))),
    );
    page.push(format!("- all together: {}", cell(&totals(plan))));
    page.push(format!("- rollout: {}", cell(&rollout(&plan.policy))));
    page.extend(
        plan.roles
            .iter()
            .map(|role| format!("- assumes `{}`", cell(role))),
    );
    page.extend(plan.notes.iter().map(|note| format!("- {}", cell(note))));
    page.push(String::new());
    page.push("<details><summary>Permissions</summary>\n".to_owned());
    page.extend(
        actions(plan)
            .iter()
            .map(|action| format!("- `{}`", cell(action))),
    );
    page.push("\n</details>".to_owned());
    page.join("\n")
}

/// The plan as a document.
#[must_use]
pub fn document(plan: &FleetPlan) -> Json {
    let calls: Map<String, Json> = plan
        .calls
        .iter()
        .map(|(effect, count)| (effect.as_str().to_owned(), bounds(*count)))
        .collect();
    let waves: Vec<Json> = plan
        .waves
        .iter()
        .enumerate()
        .map(|(number, targets)| json!({"wave": number + 1, "targets": targets}))
        .collect();
    let discoveries: Vec<Json> = plan
        .discoveries
        .iter()
        .map(|one| json!({"action": one.action, "place": one.place, "made": one.found.is_some(), "found": one.found}))
        .collect();
    json!({
        "format_version": FORMAT_VERSION,
        "playbook": plan.playbook,
        "title": plan.title,
        "policy": plan.policy,
        "discoveries": discoveries,
        "waves": waves,
        "calls": calls,
        "questions": bounds(plan.questions),
        "roles": plan.roles,
        "permissions": policy::document(&plan.playbook, &plan.permissions),
        "notes": plan.notes,
    })
}

fn bounds(count: Count) -> Json {
    json!({"at_least": count.at_least, "at_most": count.at_most})
}

fn head(plan: &FleetPlan) -> String {
    let known = plan.targets();
    let mut head = format!(
        "{} in {}",
        counted(known, "target"),
        counted(plan.waves.len(), "wave")
    );
    if plan.is_open() {
        head.push_str(", and those that reads find: they were not made, --live makes them");
    }
    head
}

fn discovery(one: &Discovery) -> String {
    match one.found {
        Some(found) => format!(
            "{} in {}: {}",
            one.action,
            one.place,
            counted(found, "target")
        ),
        None => format!("{} in {}: not made", one.action, one.place),
    }
}

fn line(target: &Target) -> String {
    let mut parts = vec![target.name.clone()];
    let place = [&target.account, &target.region];
    parts.extend(place.into_iter().flatten().cloned());
    parts.extend(target.inputs.iter().map(|(name, value)| match value {
        Json::String(text) => format!("{name}={text}"),
        other => format!("{name}={other}"),
    }));
    parts.join("  ")
}

/// What stands before a wave.
fn before(number: usize, policy: &RolloutPolicy) -> String {
    if number == 0 {
        return String::new();
    }
    let mut before = String::new();
    if let Some(pause) = policy.pause {
        before.push_str(", ");
        before.push_str(&duration::format(pause));
        before.push_str(" after the one before");
    }
    if policy.approve {
        before.push_str(", once a person says yes");
    }
    before
}

fn totals(plan: &FleetPlan) -> String {
    let mut parts: Vec<String> = Effect::ALL
        .iter()
        .filter_map(|effect| {
            let count = plan.calls.get(effect)?;
            (count.at_most != Some(0)).then(|| format!("{} {effect}", range(*count)))
        })
        .collect();
    if plan.questions.at_most != Some(0) {
        parts.push(format!("{} questions", range(plan.questions)));
    }
    if parts.is_empty() {
        return "no calls".to_owned();
    }
    parts.join(", ")
}

fn range(count: Count) -> String {
    match count.at_most {
        Some(most) if most == count.at_least => most.to_string(),
        Some(most) => format!("{} to {most}", count.at_least),
        None => format!("{} or more", count.at_least),
    }
}

fn rollout(policy: &RolloutPolicy) -> String {
    let mut parts = vec![format!("{} at a time", policy.concurrency)];
    if let Some(most) = policy.per_account {
        parts.push(format!("{most} of one account"));
    }
    if let Some(most) = policy.per_region {
        parts.push(format!("{most} of one region of one account"));
    }
    parts.push(format!("at most {} may end badly", policy.max_errors));
    if !policy.alarms.is_empty() {
        parts.push(format!("stops on the alarms {}", policy.alarms.join(", ")));
    }
    parts.join(", ")
}

/// The IAM actions that are needed, and on how many resources.
fn actions(plan: &FleetPlan) -> Vec<String> {
    let mut actions = Vec::new();
    for principal in &plan.permissions.principals {
        let who = match &principal.role {
            Some(role) => format!(" (as {role})"),
            None => String::new(),
        };
        for explained in &principal.statements {
            let statement = &explained.statement;
            let on = match statement.resources.iter().next() {
                Some(one) if statement.resources.len() == 1 => one.to_string(),
                _ => counted(statement.resources.len(), "resource"),
            };
            let named = statement.actions.iter();
            actions.extend(named.map(|action| format!("{action} on {on}{who}")));
        }
    }
    actions.sort();
    actions.dedup();
    actions
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        many => format!("{many} {what}s"),
    }
}
