//! `docs/effects.md`: how many operations do what, the reviewed rules, and what is unknown of permissions.

use crate::catalogue::matches;
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

/// What the page shows of `permissions.toml`.
#[derive(Deserialize)]
struct Permissions {
    no_policy: Reasons,
}

/// Operations without a known permission.
#[derive(Default)]
struct Unknown {
    /// Not signed with IAM credentials, so that no policy applies.
    unsigned: BTreeMap<&'static str, usize>,
    /// Of which the table says that no policy applies.
    no_policy: BTreeMap<&'static str, usize>,
    /// Of services of which IAM's data knows other operations.
    newer: BTreeMap<&'static str, usize>,
    /// Of services of which it knows none.
    services: BTreeMap<&'static str, usize>,
}

/// The page, from the catalogue and the texts of `effects.toml` and `permissions.toml`.
///
/// # Errors
/// Why a table cannot be read, or a block of the catalogue is not there.
pub fn page(effects: &str, permissions: &str) -> Result<String, Box<dyn std::error::Error>> {
    let rules: Rules = toml::from_str(effects)?;
    let Permissions { no_policy } = toml::from_str(permissions)?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut unknown = Unknown::default();
    let mut operations = 0;
    for entry in catalogue().entries() {
        let service = catalogue().service(entry.name).ok_or("a service is gone")?;
        let permissions = catalogue()
            .permissions(entry.name)
            .ok_or("the permissions of a service are gone")?;
        for operation in service.operations.iter() {
            operations += 1;
            *counts.entry(class(operation)).or_default() += 1;
            if operation.permissions.is_empty() {
                let action = format!("{}:{}", entry.name, operation.name);
                let category = if is_unsigned(service, operation) {
                    &mut unknown.unsigned
                } else if no_policy.keys().any(|pattern| matches(pattern, &action)) {
                    &mut unknown.no_policy
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
    without_permission(&mut page, &unknown, &no_policy)?;
    Ok(page)
}

/// The section of operations for which no permission is named.
fn without_permission(
    page: &mut String,
    unknown: &Unknown,
    no_policy: &Reasons,
) -> Result<(), std::fmt::Error> {
    write!(page, "{PERMISSIONS}")?;
    for (title, category, why) in [
        (
            "Not signed with IAM credentials",
            &unknown.unsigned,
            UNSIGNED,
        ),
        (
            "Signed, and no policy applies",
            &unknown.no_policy,
            NO_POLICY,
        ),
        (
            "IAM's data knows the service, not yet these operations",
            &unknown.newer,
            NEWER,
        ),
        (
            "IAM's data does not know the service",
            &unknown.services,
            SERVICES,
        ),
    ] {
        let listed: Vec<String> = category
            .iter()
            .map(|(name, count)| format!("{name} {count}"))
            .collect();
        let sum: usize = category.values().sum();
        writeln!(page, "\n{title} ({sum}): {}. {why}", listed.join(", "))?;
    }
    writeln!(
        page,
        "\n| operation | why no policy applies |\n| --- | --- |"
    )?;
    for (pattern, why) in no_policy {
        writeln!(page, "| `{pattern}` | {why} |")?;
    }
    Ok(())
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

`runbook actions show` names the IAM actions that an operation needs: from IAM's own data, and from `permissions.toml`, which has what
AWS names differently, what the documentation of an operation says, and what earlier editions of the Service Authorization Reference list.
Nothing is named for these, by service:
";

const UNSIGNED: &str =
    "A policy has nothing to allow: whoever has the token or the secret of the call makes it.";

const NO_POLICY: &str = "The reasons stand below.";

const NEWER: &str = "AWS publishes the model of an operation before its reference has the IAM action. The action nearly always has the operation's \
name; but not always, so none is named until the reference does. An operation that passes a role is counted here even though `iam:PassRole` is named for it.";

const SERVICES: &str = "The models came before the services' pages in the reference.";

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
