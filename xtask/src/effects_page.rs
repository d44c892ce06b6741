//! `docs/effects.md`: how many operations do what, the reviewed rules, and what is unknown of permissions.

use runbook_playbook::catalog::Effect;
use runbook_registry::model::catalogue::catalogue;
use runbook_registry::model::service::{Auth, Operation, Service};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Pattern → why.
type Reasons = BTreeMap<String, String>;

/// What the page shows of `effects.toml`.
#[derive(Deserialize)]
struct Rules {
    reading_verbs: Vec<String>,
    role_members: Vec<String>,
    read: Reasons,
    write: Reasons,
    execute: Reasons,
    permission: Reasons,
    destroy: Reasons,
    by_member: BTreeMap<String, MemberRule>,
}

#[derive(Deserialize)]
struct MemberRule {
    effect: String,
    why: String,
}

/// Operations without a known permission.
#[derive(Default)]
struct Unknown {
    /// Not signed with IAM credentials, so that no policy applies.
    unsigned: BTreeMap<&'static str, usize>,
    /// Of services of which IAM's data knows other operations.
    newer: BTreeMap<&'static str, usize>,
    /// Of services of which it knows none.
    services: BTreeMap<&'static str, usize>,
}

/// The page, from the catalogue and the text of `effects.toml`.
///
/// # Errors
/// Why the table cannot be read, or a block of the catalogue is not there.
pub fn page(table: &str) -> Result<String, Box<dyn std::error::Error>> {
    let rules: Rules = toml::from_str(table)?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut unknown = Unknown::default();
    let mut operations = 0;
    for entry in catalogue().entries() {
        let service = catalogue().service(entry.name).ok_or("a service is gone")?;
        let permissions = catalogue()
            .permissions(entry.name)
            .ok_or("the permissions of a service are gone")?;
        for operation in &service.operations {
            operations += 1;
            *counts.entry(class(operation)).or_default() += 1;
            if !permissions.operations.contains_key(operation.name) {
                let category = if is_unsigned(service, operation) {
                    &mut unknown.unsigned
                } else if permissions.operations.is_empty() {
                    &mut unknown.services
                } else {
                    &mut unknown.newer
                };
                *category.entry(entry.name).or_default() += 1;
            }
        }
    }
    let mut page = String::from(INTRODUCTION);
    writeln!(page, "| effects | operations |\n| --- | --- |")?;
    for (class, count) in &counts {
        writeln!(page, "| {class} | {count} |")?;
    }
    writeln!(page, "| all | {operations} |\n")?;
    writeln!(
        page,
        "## Verbs that read\n\n{}.\n",
        rules.reading_verbs.join(", ")
    )?;
    write!(page, "{RULES}")?;
    for (title, reasons) in [
        ("read", &rules.read),
        ("write", &rules.write),
        ("execute", &rules.execute),
        ("permission", &rules.permission),
        ("destroy", &rules.destroy),
    ] {
        writeln!(
            page,
            "\n### {title}\n\n| operation | because |\n| --- | --- |"
        )?;
        for (pattern, why) in reasons {
            writeln!(page, "| `{pattern}` | {why} |")?;
        }
    }
    writeln!(
        page,
        "\n### Where a member is given\n\n| member | adds | because |\n| --- | --- | --- |"
    )?;
    for (pattern, rule) in &rules.by_member {
        writeln!(page, "| `{pattern}` | {} | {} |", rule.effect, rule.why)?;
    }
    let names: Vec<String> = rules
        .role_members
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    writeln!(
        page,
        "\nA member of one of these names passes a role, which adds `permission` to what is no read: {}.",
        names.join(", ")
    )?;
    write!(page, "{PERMISSIONS}")?;
    for (title, category) in [
        (
            "Not signed with IAM credentials, so that no policy applies",
            &unknown.unsigned,
        ),
        (
            "IAM's data knows the service, not yet these operations",
            &unknown.newer,
        ),
        ("IAM's data does not know the service", &unknown.services),
    ] {
        let listed: Vec<String> = category
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        let sum: usize = category.values().sum();
        writeln!(page, "\n{title} ({sum}): {}.", listed.join(", "))?;
    }
    Ok(page)
}

const INTRODUCTION: &str = "# What operations do

Written by `cargo xtask references --write` from the catalogue and from `crates/registry/catalogue/effects.toml`, which is reviewed by
hand. An operation is `read` if IAM calls its action Read or List and its name begins with one of the verbs below, or if the table names
it exactly. Everything else, what IAM's data does not know included, is a `write`, which the table raises. What is dangerous is not also listed as `read` or `write`.

";

const RULES: &str = "## Reviewed rules

A rule with `*` adds its effect to what the verbs and IAM give; one whose operation begins with `*` leaves reads alone. A rule without
`*` replaces them: the effects are exactly those under which the operation is listed.
";

const PERMISSIONS: &str = "
## Operations without a known permission

`runbook actions show` names the IAM actions that an operation needs, from IAM's own data and from `permissions.toml`. Nothing is named
for these, by service:
";

fn class(operation: &Operation) -> String {
    let mut effects: Vec<Effect> = operation
        .effects
        .iter()
        .filter(|effect| effect.member.is_none())
        .map(|effect| effect.effect())
        .collect();
    effects.sort_unstable();
    let names: Vec<&str> = effects.iter().map(|effect| effect.as_str()).collect();
    names.join(", ")
}

fn is_unsigned(service: &Service, operation: &Operation) -> bool {
    let auth = if operation.auth.is_empty() {
        &service.metadata.auth
    } else {
        &operation.auth
    };
    let bearer = auth.is_empty() && service.metadata.signature_version == "bearer";
    bearer || matches!(auth.first(), Some(Auth::None | Auth::Bearer))
}
