//! Questions to people, and their answers.

use jiff::Timestamp;
use runbook_playbook::catalog::Effects;
use runbook_playbook::checked::StepPath;
use serde_json::Value as Json;
use std::future::Future;
use std::pin::Pin;

/// A write about to be sent, as a person sees it. What is shown is what is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The step.
    pub step: StepPath,
    /// What the step is called for people.
    pub title: Option<String>,
    /// The calls: one, or one for each element.
    pub calls: Vec<QuestionCall>,
    /// What the calls do.
    pub effects: Effects,
    /// The author's own words.
    pub prompt: Option<String>,
    /// The account, region and role acted on, and as whom, in one line.
    pub place: String,
    /// How it would be taken back, rendered where possible.
    pub undo: Vec<QuestionCall>,
    /// What the author states of the step and nothing can check, a sentence each.
    pub stated: Vec<String>,
    /// The author wants a person's answer whatever the effect: consent to effects does not count.
    pub insists: bool,
    /// How many people must say yes.
    pub people: usize,
    /// Who may say yes; empty for anyone.
    pub from: Vec<String>,
    /// What speaks for it: the causes that were found, and what their finders saw.
    pub because: Vec<String>,
    /// Who has said yes so far, where more than one person must; an answer does not hold for this.
    pub agreed: Vec<String>,
}

/// One call in a question.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionCall {
    /// The action.
    pub action: String,
    /// Its arguments; secrets masked.
    pub arguments: Json,
    /// What changes from which value to which, where `before` was read.
    pub changes: Vec<ValueChange>,
}

/// One value that changes.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueChange {
    /// The member, as a dotted path.
    pub path: String,
    /// What it is now; null for nothing.
    pub from: Json,
    /// What it will be.
    pub to: Json,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Send it.
    Approved {
        /// Who said so: `--yes`, a user name, `scenario`.
        by: String,
    },
    /// Do not send it; its remedy ends.
    Declined {
        /// Who said so.
        by: String,
    },
    /// Nobody can be asked: the run pauses.
    Nobody,
    /// Stop the run (ctrl-C at the question).
    Abort,
    /// Nobody answered in the time that the author gives.
    Expired,
}

/// A call of which it is not known whether it was made: the process died before its answer was on record.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// The step.
    pub step: StepPath,
    /// The call; secrets masked.
    pub call: QuestionCall,
    /// The account, region and role acted on, in one line.
    pub place: String,
    /// When it was about to be sent.
    pub since: Timestamp,
    /// What was found out about it, a sentence each.
    pub known: Vec<String>,
}

/// What a person says about a call in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It was made: go on.
    Made {
        /// Who said so.
        by: String,
    },
    /// It was not made: make it.
    NotMade {
        /// Who said so.
        by: String,
    },
    /// Nobody can be asked: the run pauses.
    Nobody,
    /// Stop the run.
    Abort,
}

/// How a run that pauses can go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onward {
    /// Why nobody answered.
    pub why: String,
    /// A command that goes on; empty where none is known.
    pub command: String,
}

/// Whoever answers questions.
pub trait Approver {
    /// How to go on where a question was answered with [`Decision::Nobody`]; without a question, where a person was to
    /// do or to say something.
    fn onward(&self, _question: Option<&Question>) -> Onward {
        Onward {
            why: "nobody could be asked".to_owned(),
            command: String::new(),
        }
    }

    /// A command that goes on although a guard holds writes back; empty where none is known.
    fn overriding(&self, guard: crate::guard::Kind) -> String;

    /// Asks whether a call was made that was in flight when the process died.
    fn settle<'a>(&'a self, _doubt: &'a Doubt) -> Pin<Box<dyn Future<Output = Settlement> + 'a>> {
        Box::pin(std::future::ready(Settlement::Nobody))
    }

    /// Asks, when a run begins, whether people may be told if it does not end well. Consent to effects is none to this.
    fn allow_telling<'a>(
        &'a self,
        _question: &'a Question,
    ) -> Pin<Box<dyn Future<Output = Decision> + 'a>> {
        Box::pin(async { Decision::Nobody })
    }

    /// Asks. The step waits; the rest of the graph goes on.
    fn decide<'a>(&'a self, question: &'a Question)
    -> Pin<Box<dyn Future<Output = Decision> + 'a>>;
}
