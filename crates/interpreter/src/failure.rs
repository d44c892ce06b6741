//! Why a step did not do what it says.

use crate::outcome::StepError;
use runbook_playbook::expression::EvaluationError;

impl StepError {
    /// Makes an error of a code and a sentence.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

impl From<EvaluationError> for StepError {
    fn from(error: EvaluationError) -> Self {
        Self::new("expression", error.message)
    }
}
