//! The reviewed tables: what neither package says, written down by hand.

use super::model::leak;
use runbook_registry::model::rows::Rows;
use runbook_registry::model::service::{Operation, Service};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Problem = Box<dyn std::error::Error>;
/// Pattern → why.
type Reasons = BTreeMap<String, String>;

/// All tables.
pub struct Tables {
    effects: EffectsFile,
    permissions: PermissionsFile,
    members: MembersFile,
    names: NamesFile,
    used: RefCell<BTreeSet<String>>,
}

/// `effects.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EffectsFile {
    reading_verbs: Vec<String>,
    read: Reasons,
    write: Reasons,
    execute: Reasons,
    permission: Reasons,
    destroy: Reasons,
    by_member: BTreeMap<String, MemberRule>,
    role_members: Vec<String>,
    role_exceptions: Reasons,
}

/// A member that adds an effect when it is set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberRule {
    effect: String,
    #[expect(dead_code, reason = "for the reader of the table")]
    why: String,
}

/// `permissions.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PermissionsFile {
    prefixes: BTreeMap<String, Vec<String>>,
    operations: BTreeMap<String, Vec<String>>,
    dependent: BTreeMap<String, Vec<String>>,
    documented: BTreeMap<String, Vec<String>>,
    earlier: BTreeMap<String, Vec<String>>,
    no_policy: Reasons,
}

/// `members.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MembersFile {
    seconds: Vec<String>,
    milliseconds: Vec<String>,
    json: Vec<String>,
    numeric: Vec<String>,
    failures: Vec<String>,
    not_failures: Reasons,
    not_patterns: Reasons,
}

/// `names.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamesFile {
    aliases: BTreeMap<String, Vec<String>>,
}

impl Tables {
    /// Reads the tables of the folder.
    pub fn read(folder: &Path) -> Result<Self, Problem> {
        Ok(Self {
            effects: file(folder, "effects.toml")?,
            permissions: file(folder, "permissions.toml")?,
            members: file(folder, "members.toml")?,
            names: file(folder, "names.toml")?,
            used: RefCell::default(),
        })
    }

    /// Whether the operation's name begins with a verb that reads.
    pub fn reads_by_verb(&self, operation: &str) -> bool {
        self.effects.reading_verbs.iter().any(|verb| {
            operation.strip_prefix(verb.as_str()).is_some_and(|rest| {
                rest.is_empty()
                    || rest.starts_with(|c: char| c.is_ascii_uppercase() || c.is_ascii_digit())
            })
        })
    }

    /// The effects that the table gives: of the operation itself (which replace all else), or of patterns (which add).
    ///
    /// A pattern whose operation begins with `*` leaves reads alone.
    pub fn effects(&self, action: &str, reads: bool) -> (Vec<&'static str>, Vec<&'static str>) {
        let mut exact = Vec::new();
        let mut added = Vec::new();
        for (effect, reasons) in [
            ("read", &self.effects.read),
            ("write", &self.effects.write),
            ("execute", &self.effects.execute),
            ("permission", &self.effects.permission),
            ("destroy", &self.effects.destroy),
        ] {
            for pattern in reasons.keys() {
                if pattern == action {
                    exact.push(effect);
                } else if !matches(pattern, action) || (reads && pattern.contains(":*")) {
                    continue;
                } else {
                    added.push(effect);
                }
                self.note(pattern);
            }
        }
        (exact, added)
    }

    /// Members of the action that add an effect when they are set.
    pub fn effects_by_member(&self, action: &str) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        for (pattern, rule) in &self.effects.by_member {
            if let Some((operation, member)) = pattern.split_once('.')
                && matches(operation, action)
            {
                self.note(pattern);
                found.push((member, rule.effect.as_str()));
            }
        }
        found
    }

    /// Whether a member of the action passes a role, by its name.
    pub fn passes_role(&self, action: &str, member: &str) -> bool {
        let listed = self
            .effects
            .role_members
            .iter()
            .any(|pattern| matches(pattern, member));
        listed
            && !self.any(
                self.effects.role_exceptions.keys(),
                &format!("{action}.{member}"),
            )
    }

    /// IAM prefixes of a service, by the table.
    pub fn prefixes(&self, service: &str) -> &[String] {
        self.permissions
            .prefixes
            .get(service)
            .map_or(&[], |prefixes| {
                self.note(service);
                prefixes.as_slice()
            })
    }

    /// IAM actions of an operation, by the table; the longest pattern that fits.
    pub fn permissions(&self, action: &str) -> Option<&[String]> {
        let (pattern, permissions) = self
            .permissions
            .operations
            .iter()
            .chain(&self.permissions.documented)
            .chain(&self.permissions.earlier)
            .filter(|(pattern, _)| matches(pattern, action))
            .max_by_key(|(pattern, _)| pattern.len())?;
        self.note(pattern);
        Some(permissions)
    }

    /// Marks what the table says of an operation that no IAM policy governs as used.
    pub fn note_without_policy(&self, action: &str) {
        self.any(self.permissions.no_policy.keys(), action);
    }

    /// IAM actions that some calls of an operation need beside its own, by the table.
    pub fn dependent(&self, action: &str) -> Vec<&String> {
        let mut found = Vec::new();
        for (pattern, permissions) in &self.permissions.dependent {
            if matches(pattern, action) {
                self.note(pattern);
                found.extend(permissions);
            }
        }
        found
    }

    /// Every IAM action that the tables name and IAM's data must know.
    pub fn named_permissions(&self) -> impl Iterator<Item = &str> {
        let files = [&self.permissions.operations, &self.permissions.dependent];
        files
            .into_iter()
            .flat_map(BTreeMap::values)
            .flatten()
            .map(|name| name.trim_end_matches('?'))
    }

    /// Milliseconds (`true`) or seconds for a member that is a time: `logs:FilterLogEventsRequest.startTime`.
    pub fn epoch_millis(&self, member: &str) -> Option<bool> {
        if self.any(&self.members.seconds, member) {
            Some(false)
        } else if self.any(&self.members.milliseconds, member) {
            Some(true)
        } else {
            None
        }
    }

    /// Whether a text member is a JSON document.
    pub fn is_json(&self, member: &str) -> bool {
        self.any(&self.members.json, member)
    }

    /// Whether a text member is a number.
    pub fn is_numeric(&self, member: &str) -> bool {
        self.any(&self.members.numeric, member)
    }

    /// Whether an output member reports failures of a success: `ecs:DescribeServices.failures`.
    pub fn is_failure(&self, member: &str) -> bool {
        self.any(&self.members.failures, member)
            && !self.any(self.members.not_failures.keys(), member)
    }

    /// Whether the pattern of a text shape refuses what the service takes: `osis:AwsAccountId`.
    pub fn is_wrong_pattern(&self, shape: &str) -> bool {
        self.any(self.members.not_patterns.keys(), shape)
    }

    /// Other words for a service.
    pub fn aliases_of(&self, service: &Service) -> Vec<&'static str> {
        let metadata = &service.metadata;
        let id = metadata.service_id.to_lowercase();
        let mut aliases: BTreeSet<String> = [
            metadata.endpoint_prefix.to_lowercase(),
            metadata.signing_name.to_lowercase(),
            id.replace(' ', "-"),
            id.replace(' ', ""),
        ]
        .into();
        for word in self.names.aliases.get(service.name).into_iter().flatten() {
            aliases.insert(word.clone());
        }
        aliases.extend(iam_prefixes(&service.operations));
        aliases.remove(service.name);
        aliases.iter().map(|alias| leak(alias)).collect()
    }

    /// An error that lists entries that fit nothing, so that the tables cannot rot.
    pub fn unused(&self) -> Result<(), Problem> {
        let used = self.used.borrow();
        let effects = &self.effects;
        let all = [
            &effects.read,
            &effects.write,
            &effects.execute,
            &effects.permission,
            &effects.destroy,
        ]
        .into_iter()
        .flat_map(BTreeMap::keys)
        .chain(effects.by_member.keys())
        .chain(effects.role_exceptions.keys())
        .chain(self.permissions.operations.keys())
        .chain(self.permissions.prefixes.keys())
        .chain(self.permissions.dependent.keys())
        .chain(self.permissions.documented.keys())
        .chain(self.permissions.earlier.keys())
        .chain(self.permissions.no_policy.keys())
        .chain(&self.members.seconds)
        .chain(&self.members.milliseconds)
        .chain(&self.members.json)
        .chain(&self.members.failures)
        .chain(self.members.not_failures.keys())
        .chain(self.members.not_patterns.keys());
        let unused: Vec<&String> = all.filter(|pattern| !used.contains(*pattern)).collect();
        if unused.is_empty() {
            Ok(())
        } else {
            Err(format!("entries of the tables that fit nothing: {unused:?}").into())
        }
    }

    fn any<'a>(&self, patterns: impl IntoIterator<Item = &'a String>, name: &str) -> bool {
        let mut found = false;
        for pattern in patterns {
            if matches(pattern, name) {
                self.note(pattern);
                found = true;
            }
        }
        found
    }

    fn note(&self, pattern: &str) {
        let mut used = self.used.borrow_mut();
        if !used.contains(pattern) {
            used.insert(pattern.to_owned());
        }
    }
}

fn iam_prefixes(operations: &Rows<Operation>) -> impl Iterator<Item = String> {
    operations
        .iter()
        .filter_map(|operation| operation.permissions.first()?.split_once(':'))
        .map(|(prefix, _)| prefix.to_owned())
        .filter(|prefix| prefix != "iam")
}

fn file<T: for<'de> Deserialize<'de>>(folder: &Path, name: &str) -> Result<T, Problem> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path)
        .map_err(|problem| format!("{}: {problem}", path.display()))?;
    toml::from_str(&text).map_err(|problem| format!("{}: {problem}", path.display()).into())
}

/// Whether a pattern, in which `*` stands for any text, fits the whole name.
pub fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.find(part) {
            Some(at) => left = left.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(matches("ecs:Delete*", "ecs:DeleteService"));
        assert!(matches("*:Delete*", "ecs:DeleteService"));
        assert!(matches("*.*failures", "ecs:DescribeServices.failures"));
        assert!(matches("*Role", "taskRole"));
        assert!(!matches("ecs:Delete*", "ecs:CreateService"));
        assert!(!matches("*:Delete*Job", "ecs:DeleteService"));
        assert!(!matches("ecs:Delete", "ecs:DeleteService"));
    }
}
