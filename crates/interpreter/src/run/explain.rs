//! One sentence that says why the verdict is what it is.

use super::state::{Run, Stop, Undone};
use crate::outcome::StepStatus;
use crate::truth::Truth;
use crate::verdict::{CheckFacts, Facts, Reason, Symptom, Verdict, Verification};

impl Run<'_> {
    /// Explains a verdict.
    pub(super) fn explain(
        &self,
        verdict: Verdict,
        reason: Option<Reason>,
        facts: &Facts,
    ) -> String {
        if !self.undo_prefix.get().is_empty() && self.state.borrow().stop.is_none() {
            return match &self.state.borrow().undone {
                Some(Undone::Partly(left)) => format!("not everything was taken back: {left}"),
                _ => self.taken_back(),
            };
        }
        match (verdict, reason) {
            (Verdict::Paused, _) => self.why_paused(),
            (Verdict::Undone, _) => format!("{}; {}", self.why_failed(facts), self.taken_back()),
            (Verdict::Aborted, _) => self.why_aborted(),
            (Verdict::Absent, _) => "no symptom holds".to_owned(),
            (Verdict::Diagnosed, _) if facts.until_symptom => "the symptom holds".to_owned(),
            (Verdict::Diagnosed, _) => format!("found: {}", self.found_causes()),
            (Verdict::Resolved, _) => "the symptom is gone".to_owned(),
            (Verdict::Unresolved, Some(Reason::Declined)) => "the remedy was declined".to_owned(),
            (Verdict::Unresolved, Some(Reason::ReadOnly)) => {
                "the remedy writes, and the run only reads (--read-only)".to_owned()
            }
            (Verdict::Unresolved, Some(Reason::Unexplained)) => {
                "the symptom holds, and no cause was found".to_owned()
            }
            (Verdict::Unresolved, Some(Reason::NoRemedy)) => match self.found_causes() {
                found if found.is_empty() => "the symptom holds, and no remedy applies".to_owned(),
                found => format!("no remedy applies to what was found: {found}"),
            },
            (Verdict::Unresolved, None | Some(Reason::Timeout)) => {
                format!("the remedy ran, but {}", self.still())
            }
            (Verdict::Done, _) => "all that was to be done is done".to_owned(),
            (Verdict::Healthy, _) => "all checks are true".to_owned(),
            (Verdict::Unhealthy, _) => format!("not true: {}", self.false_checks()),
            (Verdict::Failed, _) => self.why_failed(facts),
        }
    }

    /// What an undo that went well has taken back: everything, or one remedy beside what others did.
    fn taken_back(&self) -> String {
        let state = self.state.borrow();
        let mut stays: Vec<String> = Vec::new();
        for change in &state.changes {
            let stands = change.confirmed && !change.undone && change.undoes.is_none();
            let named = format!("{} of {}", change.action, change.step);
            if stands && !stays.contains(&named) {
                stays.push(named);
            }
        }
        if stays.is_empty() {
            return "everything that was done was taken back".to_owned();
        }
        format!(
            "its remedy was taken back; what stays: {}",
            stays.join(", ")
        )
    }

    fn why_aborted(&self) -> String {
        match &self.state.borrow().stop {
            Some(Stop::Expired(step)) => {
                format!("nobody answered {step} in the time that it gives")
            }
            Some(Stop::Alarm(why) | Stop::Inner(why)) => why.clone(),
            Some(Stop::TimedOut) => {
                let timeout = self.plan.checked.playbook.timeout.as_ref();
                let timeout = timeout.map_or_else(String::new, |timeout| {
                    format!(" of {}", runbook_playbook::duration::format(timeout.value))
                });
                format!("the time{timeout} that the playbook gives the whole run is over")
            }
            _ => "the run was stopped before its end".to_owned(),
        }
    }

    fn why_paused(&self) -> String {
        match &self.state.borrow().stop {
            Some(Stop::Held(waiting)) => {
                format!("{} is held back: {}", waiting.step, waiting.why)
            }
            Some(Stop::Paused(waiting)) => {
                format!("{} needs an answer: {}", waiting.step, waiting.why)
            }
            _ => "somebody must answer".to_owned(),
        }
    }

    fn found_causes(&self) -> String {
        let found: Vec<String> = self
            .plan
            .checked
            .causes
            .iter()
            .filter(|(name, _)| self.cause_truth(name) == Truth::True)
            .map(|(name, _)| name.clone())
            .collect();
        found.join(", ")
    }

    fn still(&self) -> String {
        let state = self.state.borrow();
        state
            .steps
            .iter()
            .filter(|(path, ended)| {
                path.starts_with("verify.") && ended.outcome.holds == Some(Truth::True)
            })
            .find_map(|(path, ended)| {
                // What `require` asks for lets the step tell; it is not what it tells.
                let mut claims = ended.outcome.assertions.iter();
                let one =
                    claims.find(|one| !one.warn && !one.require && one.truth == Truth::True)?;
                let found = one.message.as_ref().unwrap_or(&one.found);
                Some(format!("the problem still shows: {path}, {found}"))
            })
            .unwrap_or_else(|| "it was not clear often enough in time".to_owned())
    }

    fn false_checks(&self) -> String {
        let state = self.state.borrow();
        let names: Vec<&str> = state
            .steps
            .iter()
            .filter(|(_, ended)| ended.outcome.holds == Some(Truth::False))
            .filter(|(_, ended)| ended.outcome.status == StepStatus::Done)
            .map(|(path, _)| path.as_str())
            .collect();
        names.join(", ")
    }

    fn why_failed(&self, facts: &Facts) -> String {
        let undone = match &self.state.borrow().undone {
            Some(Undone::Partly(left)) => Some(left.clone()),
            _ => None,
        };
        let first = self.state.borrow().first_failure.clone();
        let blocked = self.state.borrow().blocked.clone();
        let why = if let Some(path) = first {
            self.step_failure(&path)
        } else if facts.verification == Verification::Unreadable && self.reads_clear() {
            "the remedy ran, and readings that could not be made kept it from being clear often enough in time".to_owned()
        } else if facts.verification == Verification::Unreadable {
            format!(
                "the symptom could not be read at the end: {}",
                self.first_bad("verify.")
            )
        } else if facts.verification == Verification::Still {
            format!("the remedy ran, but {}", self.still())
        } else if facts.check == Some(CheckFacts::Unknown) {
            format!("a check could not be read: {}", self.first_bad("check."))
        } else if facts.symptom == Symptom::Unknown {
            format!(
                "the symptom could not be read: {}",
                self.first_bad("symptom.")
            )
        } else if let Some(path) = blocked {
            format!(
                "{path} could not be decided: {}",
                self.first_bad("diagnose.")
            )
        } else if self.plan.checked.causes.is_empty() {
            self.first_bad("diagnose.")
        } else {
            format!(
                "the cause could not be told: {}",
                self.first_bad("diagnose.")
            )
        };
        match undone {
            Some(left) => format!("{why}; not everything was taken back: {left}"),
            None => why,
        }
    }

    /// A step's failure in words; the innermost of nested blocks is to blame.
    fn step_failure(&self, path: &str) -> String {
        let state = self.state.borrow();
        match state
            .steps
            .get(path)
            .and_then(|ended| ended.outcome.error.as_ref())
        {
            Some(error) => format!("{path} failed: {} ({})", error.message, error.code),
            None => format!("{path} failed"),
        }
    }

    /// The first step that failed in a graph, or that could not tell.
    /// The last reading of `verify` could be made.
    fn reads_clear(&self) -> bool {
        let state = self.state.borrow();
        let mut readings = state
            .steps
            .iter()
            .filter(|(path, _)| path.starts_with("verify."));
        readings.all(|(_, ended)| ended.outcome.holds != Some(Truth::Unknown))
    }

    fn first_bad(&self, prefix: &str) -> String {
        let state = self.state.borrow();
        let bad = |status: StepStatus| {
            state
                .steps
                .iter()
                .find(|(path, ended)| path.starts_with(prefix) && ended.outcome.status == status)
                .map(|(path, _)| path.clone())
        };
        let unknown = state
            .steps
            .iter()
            .find(|(path, ended)| {
                path.starts_with(prefix) && ended.outcome.holds == Some(Truth::Unknown)
            })
            .map(|(path, _)| path.clone());
        let failed = bad(StepStatus::Failed);
        let blocked = bad(StepStatus::Blocked);
        drop(state);
        match (failed, blocked, unknown) {
            (Some(path), _, _) => self.step_failure(&path),
            (None, Some(path), _) => {
                let state = self.state.borrow();
                let error = state
                    .steps
                    .get(&path)
                    .and_then(|ended| ended.outcome.error.as_ref());
                let why = error.map_or("", |error| error.message.as_str());
                format!("{path} is blocked: {why}")
            }
            (None, None, Some(path)) => format!("{path} cannot tell"),
            (None, None, None) => "nothing that was read tells".to_owned(),
        }
    }
}
