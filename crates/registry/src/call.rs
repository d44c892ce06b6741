//! One call of an action, its answer and its failure: what passes between an interpreter and a world.

use jiff::SignedDuration;
use serde_json::Value as Json;
use std::fmt;

/// A call as it is about to be made: everything is concrete.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The action: `ecs:UpdateService`.
    pub action: String,
    /// Its arguments: a JSON object as `aws … --cli-input-json` takes it.
    pub arguments: Json,
    /// Where it goes, when not to the run's own target.
    pub target: Target,
    /// The most items of a paginated result.
    pub limit: usize,
    /// The most time that the call may take, retries, pages and waits included.
    pub timeout: Option<SignedDuration>,
    /// The id of the step that makes it, for the person who is asked and the scenario that answers.
    pub step: Option<String>,
    /// The attempt's own name in the record of its run, by which a world knows it again.
    pub key: Option<String>,
}

/// The most items of a paginated result where the step sets no `limit`.
pub const DEFAULT_LIMIT: usize = 10_000;

impl Call {
    /// Makes a call to the run's own target with the default bounds.
    pub fn new(action: impl Into<String>, arguments: Json) -> Self {
        Self {
            action: action.into(),
            arguments,
            target: Target::default(),
            limit: DEFAULT_LIMIT,
            timeout: None,
            step: None,
            key: None,
        }
    }
}

/// Where a call goes when it differs from the run's own target.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Target {
    /// Another region.
    pub region: Option<String>,
    /// A role to assume.
    pub role: Option<String>,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// The result as the AWS CLI's `--output json` shows it.
    pub result: Json,
    /// `limit` cut the result.
    pub truncated: bool,
    /// The service's id of the request, for support.
    pub request_id: Option<String>,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallError {
    /// The error code as the API names it (`AccessDeniedException`), or one of ours in lower case (`timeout`,
    /// `connect`, `dns`, `tls`, `exit`, `response`, `credentials`, `region`, `arguments`).
    pub code: String,
    /// What the service or the system said, in one or two sentences.
    pub message: String,
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// The service's id of the request, for support.
    pub request_id: Option<String>,
}

/// Kinds of failures, by what they mean for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The service answered with an error: the call was refused or could not be done.
    Answered,
    /// The service answered with something that is not of its protocol (HTML, garbage, a cut body).
    Garbled,
    /// Nothing was sent: no credentials, no region, endpoint out of reach, arguments that do not fit.
    NotSent,
    /// It may have been sent, and no answer came: timeout or reset after the request left.
    Unanswered,
    /// The environment is wrong (credentials, region, endpoint): no call can succeed. Nothing was sent.
    Environment,
}

impl CallError {
    /// Makes a failure without a request id.
    pub fn new(kind: FailureKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            kind,
            request_id: None,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for CallError {}
