//! What is journalled and sent: JSON documents between commands, workers and the server.

use jiff::Timestamp;
use runbook_interpreter::journal::Worked;
use runbook_registry::call::{Answer, CallError, FailureKind};
use runbook_registry::world::Place;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// The most bytes that one call's answer may have on record. The server takes 31 MB and repeats 40 MB for ever.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;

/// How a run begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    /// When.
    pub now: Timestamp,
    /// The account, where it is known.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The partition.
    pub partition: Option<String>,
    /// The principal, where it is known.
    #[serde(default)]
    pub principal: Option<String>,
    /// Why calls do not get there: nothing is called.
    #[serde(default)]
    pub refused: Option<String>,
    /// The interpreter that began it.
    pub version: String,
    /// Time passes by itself.
    pub timed: bool,
    /// The time of the worker, whatever that of the world is.
    pub real: Timestamp,
}

impl Begun {
    /// Where calls go by default.
    pub fn place(&self) -> Place {
        Place {
            account: self.account.clone(),
            region: self.region.clone(),
            partition: self.partition.clone(),
            principal: self.principal.clone(),
        }
    }
}

/// Writes that are about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sending {
    /// Which life of which worker sends them.
    pub life: String,
    /// When.
    pub at: Timestamp,
}

/// What has ended since the last look.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Batch {
    /// The time.
    pub now: Timestamp,
    /// What ended, in that order.
    pub ended: Vec<Ended>,
}

/// One thing that ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    /// Its number in the order in which the run asked.
    pub number: u64,
    /// What came of it.
    pub how: How,
}

/// What came of a call or a wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub(super) enum How {
    /// A call was answered.
    Answered {
        /// When.
        at: Timestamp,
        /// The result; secrets masked.
        result: Json,
        /// `limit` cut it.
        #[serde(default, skip_serializing_if = "is_false")]
        truncated: bool,
        /// The service's id of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// Something in it is masked, or left out for its size.
        #[serde(default, skip_serializing_if = "is_false")]
        masked: bool,
    },
    /// A call failed.
    Failed {
        /// When.
        at: Timestamp,
        /// The error's code.
        code: String,
        /// A sentence.
        message: String,
        /// Where the failure lies, in a word.
        kind: Kind,
        /// The service's id of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// A wait is over.
    Over {
        /// When it ended.
        at: Timestamp,
    },
    /// It may have been sent by a worker that died.
    Doubtful {
        /// When it was about to be sent.
        since: Timestamp,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// A kind of failure as it travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Answered,
    Garbled,
    NotSent,
    Unanswered,
    Environment,
}

impl From<FailureKind> for Kind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Answered => Self::Answered,
            FailureKind::Garbled => Self::Garbled,
            FailureKind::NotSent => Self::NotSent,
            FailureKind::Unanswered => Self::Unanswered,
            FailureKind::Environment => Self::Environment,
        }
    }
}

impl From<Kind> for FailureKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Answered => Self::Answered,
            Kind::Garbled => Self::Garbled,
            Kind::NotSent => Self::NotSent,
            Kind::Unanswered => Self::Unanswered,
            Kind::Environment => Self::Environment,
        }
    }
}

impl How {
    /// What came of a call, as it may be recorded. An answer that is too large for the record is an error of a read; a write
    /// was made all the same, and its result is not known.
    pub fn of(worked: &Worked, reads: bool, at: Timestamp) -> Self {
        let request_id = match &worked.answer {
            Ok(answer) => answer.request_id.clone(),
            Err(error) => error.request_id.clone(),
        };
        match (&worked.shown, &worked.answer) {
            (Ok(shown), Ok(answer)) => {
                let size = size(shown);
                if size <= MOST_BYTES {
                    return Self::Answered {
                        at,
                        result: Json::clone(shown),
                        truncated: answer.truncated,
                        request_id,
                        masked: worked.masked,
                    };
                }
                if !reads {
                    return Self::Answered {
                        at,
                        result: json!({}),
                        truncated: true,
                        request_id,
                        masked: true,
                    };
                }
                Self::Failed {
                    at,
                    code: "too_large".to_owned(),
                    message: format!(
                        "its answer has {} MB, and on Restate one may have {}; ask for less: a `limit`, a filter",
                        size.div_ceil(1024 * 1024),
                        MOST_BYTES / 1024 / 1024
                    ),
                    kind: Kind::Answered,
                    request_id,
                }
            }
            (Err((code, message)), Err(error)) => Self::Failed {
                at,
                code: code.clone(),
                message: message.clone(),
                kind: error.kind.into(),
                request_id,
            },
            (_, Err(error)) => Self::Failed {
                at,
                code: error.code.clone(),
                message: error.message.clone(),
                kind: error.kind.into(),
                request_id,
            },
            (Err((code, message)), Ok(_)) => Self::Failed {
                at,
                code: code.clone(),
                message: message.clone(),
                kind: Kind::Answered,
                request_id,
            },
        }
    }

    /// When it ended.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Answered { at, .. } | Self::Failed { at, .. } | Self::Over { at } => *at,
            Self::Doubtful { since } => *since,
        }
    }

    /// The answer of a call, and whether secrets in it are masked; nothing where it is none.
    pub fn answer(&self) -> Option<(Result<Answer, CallError>, bool)> {
        match self {
            Self::Answered {
                result,
                truncated,
                request_id,
                masked,
                ..
            } => Some((
                Ok(Answer {
                    result: result.clone(),
                    truncated: *truncated,
                    request_id: request_id.clone(),
                }),
                *masked,
            )),
            Self::Failed {
                code,
                message,
                kind,
                request_id,
                ..
            } => Some((
                Err(CallError {
                    request_id: request_id.clone(),
                    ..CallError::new((*kind).into(), code.clone(), message.clone())
                }),
                false,
            )),
            Self::Over { .. } | Self::Doubtful { .. } => None,
        }
    }
}

/// The bytes of a document, counted without writing it.
fn size(json: &Json) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail.
    let _ = serde_json::to_writer(&mut count, json);
    count.0
}

/// What a person says to a question of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Yes.
    pub approves: bool,
    /// Who, as [`Voter`](runbook_interpreter::voter::Voter) writes it.
    pub by: String,
    /// From where: host, process, remote address.
    #[serde(default)]
    pub place: String,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// When, by the clock of whoever says so.
    pub at: Timestamp,
}

/// A question that a run waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The run that waits.
    pub run: String,
    /// The step.
    pub step: String,
    /// The name of the question in the run.
    pub key: String,
    /// What is asked, as [`Question::of_json`](runbook_interpreter::approval::Question::of_json) reads it.
    pub question: Json,
    /// Who has said yes so far.
    #[serde(default)]
    pub agreed: Vec<String>,
    /// What an answer is sent to.
    pub awakeable: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when an answer counts.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// The run that has a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its fleet.
    pub fleet: String,
    /// Its id.
    pub run: String,
    /// Its invocation, as the server calls it.
    pub invocation: String,
}
