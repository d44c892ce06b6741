//! What a playbook may contact and start: its `reaches` and `runs`.

use crate::call::{CallError, FailureKind};

/// Refuses a host that the playbook's `reaches` does not name.
///
/// An entry is a host (`api.example.com`), all hosts below one (`*.example.com`) or either with a port
/// (`api.example.com:8443`); an IPv6 address may stand in brackets. Without a list nothing may be contacted.
///
/// # Errors
/// `not_allowed`.
pub(super) fn host(
    reaches: Option<&[String]>,
    host: &str,
    port: Option<u16>,
) -> Result<(), CallError> {
    let host = bare(host);
    if reaches
        .unwrap_or_default()
        .iter()
        .any(|entry| covers(entry, &host, port))
    {
        return Ok(());
    }
    Err(CallError::new(
        FailureKind::NotSent,
        "not_allowed",
        format!(
            "the playbook does not say that it reaches {host}; add `{host}` to `reaches` at its top"
        ),
    ))
}

/// Refuses a program that the playbook's `runs` does not name exactly as it is called.
///
/// # Errors
/// `not_allowed`.
pub(super) fn program(runs: Option<&[String]>, program: &str) -> Result<(), CallError> {
    if runs
        .unwrap_or_default()
        .iter()
        .any(|entry| entry == program)
    {
        return Ok(());
    }
    Err(CallError::new(
        FailureKind::NotSent,
        "not_allowed",
        format!(
            "the playbook does not say that it runs {program}; add `{program}` to `runs` at its top"
        ),
    ))
}

/// A host in the form that is compared: lower case, without brackets and the root's dot.
fn bare(host: &str) -> String {
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .trim_end_matches('.')
        .to_ascii_lowercase()
}

fn covers(entry: &str, host: &str, port: Option<u16>) -> bool {
    let (name, wanted) = split_port(entry);
    if wanted.is_some() && wanted != port {
        return false;
    }
    let name = bare(name);
    match name.strip_prefix("*.") {
        Some(parent) => host
            .strip_suffix(parent)
            .is_some_and(|child| child.len() > 1 && child.ends_with('.')),
        None => name == host,
    }
}

/// Splits `host:port`; a bare IPv6 address has colons but no port.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reaches(entries: &[&str], name: &str, port: u16) -> bool {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        host(Some(&entries), name, Some(port)).is_ok()
    }

    #[test]
    fn a_host_must_be_named() {
        assert!(reaches(&["api.example.com"], "API.example.com.", 443));
        assert!(!reaches(&["api.example.com"], "example.com", 443));
        assert!(reaches(&["*.example.com"], "a.b.example.com", 443));
        assert!(!reaches(&["*.example.com"], "example.com", 443));
        assert!(!reaches(&["*.example.com"], "badexample.com", 443));
        assert!(!reaches(&["*.example.com"], ".example.com", 443));
        assert!(reaches(&["::1", "[fe80::1]:53"], "[::1]", 443));
        assert!(!reaches(&["[fe80::1]:53"], "fe80::1", 54));
    }

    #[test]
    fn a_port_narrows_an_entry() {
        assert!(reaches(&["db.internal:5432"], "db.internal", 5432));
        assert!(!reaches(&["db.internal:5432"], "db.internal", 22));
    }

    #[test]
    fn without_a_list_nothing_is_allowed() {
        let error = host(None, "127.0.0.1", Some(80)).expect_err("loopback is not special");
        assert_eq!(error.code, "not_allowed");
        assert_eq!(
            program(None, "true").expect_err("no list").code,
            "not_allowed"
        );
        assert!(program(Some(&["kubectl".to_owned()]), "./kubectl").is_err());
    }
}
