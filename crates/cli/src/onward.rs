//! The command that goes on with a playbook that was found.

use crate::args::TargetArguments;
use crate::environment::quoted;
use crate::exit::Failure;
use runbook_playbook::inputs::Given;
use runbook_playbook::syntax::input::InputKind;
use runbook_playbook::syntax::playbook::Playbook;

/// The command that runs a playbook with what it was given. Values of secrets are left for the person to fill in.
#[must_use]
pub fn command(
    name: &str,
    playbook: &Playbook,
    own: &[(String, Given)],
    target: Option<&TargetArguments>,
) -> String {
    let mut words = vec!["runbook".to_owned(), "run".to_owned(), quoted(name)];
    for input in &playbook.inputs {
        let name = &input.name.value;
        let last = own.iter().rev().find(|(given, _)| given == name);
        let Some((_, given)) = last else { continue };
        let value = match given {
            _ if input.kind == InputKind::Secret => "…".to_owned(),
            Given::Text(text) | Given::Json(serde_json::Value::String(text)) => text.clone(),
            Given::Json(json) => json.to_string(),
        };
        words.push("-i".to_owned());
        words.push(quoted(&format!("{name}={value}")));
    }
    let Some(target) = target else {
        return words.join(" ");
    };
    for (option, value) in [
        ("--region", &target.region),
        ("--profile", &target.profile),
        ("--endpoint-url", &target.endpoint_url),
        ("--role", &target.role),
        ("--external-id", &target.external_id),
        ("--role-session-name", &target.role_session_name),
        ("--mfa-serial", &target.mfa_serial),
    ] {
        if let Some(value) = value {
            words.push(option.to_owned());
            words.push(quoted(value));
        }
    }
    words.join(" ")
}

/// Every input that is given is one that a playbook has.
///
/// # Errors
/// One is not; says which may have been meant.
pub fn all_known<'p>(
    given: &[(String, Given)],
    playbooks: impl Iterator<Item = &'p Playbook>,
) -> Result<(), Failure> {
    let declared: Vec<&str> = playbooks
        .flat_map(|playbook| &playbook.inputs)
        .map(|input| input.name.value.as_str())
        .collect();
    for (name, _) in given {
        if declared.contains(&name.as_str()) {
            continue;
        }
        let near = declared
            .iter()
            .map(|known| (strsim::damerau_levenshtein(known, name), known))
            .filter(|(distance, _)| *distance <= 1 + name.len() / 4)
            .min();
        let meant = match near {
            Some((_, known)) => format!("did you mean `{known}`?"),
            None => format!("they have {}", declared.join(", ")),
        };
        return Err(Failure::wrong(format!(
            "no playbook here has an input `{name}`; {meant}"
        )));
    }
    Ok(())
}
