//! What holds the writes of a run back, and what does not.

use clap::Args;
use runbook_interpreter::guard::Kind;

/// Guards, and who is waited for.
#[derive(Debug, Clone, Default, Args)]
pub struct GuardArguments {
    /// Hold writes back while this calendar is closed: an iCalendar file, or the ARN of an SSM change calendar
    #[arg(long, value_name = "FILE|ARN")]
    pub freeze: Vec<String>,
    /// Go on although this guard (freeze, alarms, lock) holds the run back; who and why is on record
    #[arg(long = "override", value_name = "GUARD=REASON", value_parser = reason)]
    pub overrides: Vec<(Kind, String)>,
    /// Wait for `runbook approve` from another terminal, instead of pausing, where nobody is at this one
    #[arg(long)]
    pub wait_for_approval: bool,
}

fn reason(text: &str) -> Result<(Kind, String), String> {
    let names = Kind::ALL.map(Kind::as_str).join(", ");
    let (name, reason) = text
        .split_once('=')
        .ok_or_else(|| format!("write GUARD=REASON; GUARD is one of {names}"))?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
    let Some(kind) = kind else {
        return Err(format!("there is no guard `{name}`; there are {names}"));
    };
    match reason.trim() {
        "" => Err("the reason is on record: write one".to_owned()),
        reason => Ok((kind, reason.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::reason;
    use runbook_interpreter::guard::Kind;

    #[test]
    fn an_override_names_a_guard_and_a_reason() {
        let due = (Kind::Freeze, "CHG-1: a=b".to_owned());
        assert_eq!(reason("freeze=CHG-1: a=b"), Ok(due));
        assert!(reason("freeze").is_err() && reason("freeze= ").is_err());
        assert!(reason("frost=x").expect_err("unknown").contains("alarms"));
    }
}
