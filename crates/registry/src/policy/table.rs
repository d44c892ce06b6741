//! What arguments tell of resources where the names differ: `catalogue/arns.toml`.

include!(concat!(env!("OUT_DIR"), "/arns.rs"));

/// The members that tell a variable of a service's ARNs; `None` where the general rule by name holds.
pub(super) fn members_of(prefix: &str, variable: &str) -> Option<&'static [&'static str]> {
    VARIABLES
        .iter()
        .find(|(service, name, _)| *service == prefix && *name == variable)
        .map(|(_, _, members)| *members)
}

/// The endings that the ARN of a kind of resource can also have.
pub(super) fn also(prefix: &str, kind: &str) -> &'static [&'static str] {
    ALSO.iter()
        .find(|(service, name, _)| *service == prefix && *name == kind)
        .map_or(&[], |(_, _, endings)| *endings)
}

/// The principal that a service's calls pass a role to.
pub(super) fn passed_to(prefix: &str) -> String {
    PASSED_TO
        .iter()
        .find(|(service, _)| *service == prefix)
        .map_or_else(
            || format!("{prefix}.amazonaws.com"),
            |(_, principal)| (*principal).to_owned(),
        )
}

/// The operator and the value of a condition that narrows.
pub(super) fn condition(key: &str) -> Option<(&'static str, &'static str)> {
    CONDITIONS
        .iter()
        .find(|(name, _, _)| *name == key)
        .map(|(_, operator, value)| (*operator, *value))
}
