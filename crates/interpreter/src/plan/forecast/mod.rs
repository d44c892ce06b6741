//! What a run would do, before it does it: a typed symbolic execution of a [`Plan`](super::Plan).
//!
//! A [`Forecast`] lists every call that a run of the plan can make, with what is known of its arguments, the condition under
//! which it is made and the bounds on how often and how long. It never leaves out a call that a run could make, and never
//! states a value that a run could contradict.

mod build;
mod call;
mod condition;
mod contacts;
mod escalation;
mod evidence;
mod graphs;
mod live;
mod longest;
mod names;
mod nested;
mod secrets;
mod step;
mod terms;
mod totals;
mod value;

pub use evidence::Evidence;
pub use live::Readers;
pub use totals::gravest;
pub use value::{Origin, PlannedText, PlannedUnknown, PlannedValue};

use super::Options;
use indexmap::IndexMap;
use jiff::SignedDuration;
use runbook_playbook::catalog::{Effect, Effects};
use runbook_playbook::checked::StepPath;
use std::collections::BTreeMap;

/// What a run of a plan would do.
#[derive(Debug, Clone)]
pub struct Forecast {
    /// The playbook's id: its path below the playbook root without the ending.
    pub playbook: String,
    /// The name of its file, as messages show it.
    pub file: String,
    /// SHA-256 of its text, in hexadecimal.
    pub digest: String,
    /// What it is called, in the author's words.
    pub title: String,
    /// The problem in a sentence, in the author's words.
    pub summary: Option<String>,
    /// Its inputs, in declared order, defaults included.
    pub inputs: Vec<PlannedInput>,
    /// What was asked for: where to end, what to leave out.
    pub options: Options,
    /// Where calls go, and whether anything was read to make the forecast.
    pub reading: Reading,
    /// Hosts that it contacts besides AWS's, each once.
    pub reaches: Vec<Contact>,
    /// Programs that it starts, each once.
    pub runs: Vec<Contact>,
    /// Accounts, regions and roles that it may act on; empty lists allow any.
    pub targets: AllowedPlaces,
    /// Its causes, in order.
    pub causes: Vec<PlannedCause>,
    /// Its graphs, in the order in which they run; one that never runs is in [`Forecast::left_out`].
    pub graphs: Vec<PlannedGraph>,
    /// Steps that no run with these inputs reaches, with the reason.
    pub left_out: Vec<LeftOut>,
    /// How much it does.
    pub totals: Totals,
    /// What a reviewer should know besides, in sentences.
    pub notes: Vec<String>,
    /// Reads that guards make before writes: actions and arguments.
    pub guards: Vec<(&'static str, PlannedValue)>,
}

/// What was read to make a forecast.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Nothing: everything that a call would tell is unknown.
    Offline,
    /// Every read that can be made before a write was made; writes were held.
    Live {
        /// The account, region and role acted on, in one line.
        place: String,
        /// The scenario that answered instead of AWS.
        scenario: Option<String>,
        /// How many calls were made.
        calls: usize,
        /// Reads that failed: what they would have told stays unknown.
        failures: Vec<ReadFailure>,
    },
}

/// A read that was made for a forecast and failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFailure {
    /// The step.
    pub step: StepPath,
    /// The error code.
    pub code: String,
    /// What the service said.
    pub message: String,
}

/// An input with its value.
#[derive(Debug, Clone)]
pub struct PlannedInput {
    /// Its name.
    pub name: String,
    /// Its type, in words.
    pub ty: String,
    /// Its value; a secret is never shown.
    pub value: PlannedValue,
}

/// A host that is contacted or a program that is started.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Which.
    pub name: PlannedValue,
    /// The playbook declares it under `reaches` or `runs`; otherwise the call is refused when a list is declared.
    pub declared: bool,
    /// The steps that do it, as far as their arguments tell; empty for one that is only declared.
    pub steps: Vec<StepPath>,
}

/// Where a playbook may act.
#[derive(Debug, Clone, Default)]
pub struct AllowedPlaces {
    /// Account ids.
    pub accounts: Vec<PlannedValue>,
    /// Regions.
    pub regions: Vec<PlannedValue>,
    /// Roles.
    pub roles: Vec<PlannedValue>,
}

/// A cause and who finds and mends it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedCause {
    /// Its name.
    pub name: String,
    /// What it is called for people.
    pub title: String,
    /// The steps that may find it.
    pub finders: Vec<StepPath>,
    /// The steps of `resolve` that are for it.
    pub remedies: Vec<StepPath>,
    /// Whether it is there: `None` where a read must tell.
    pub found: Option<bool>,
}

/// Which part of a playbook a graph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GraphKind {
    /// Secrets that the run reads itself, before anything else.
    Inputs,
    /// The single graph of a health check.
    Check,
    /// How the problem shows.
    Symptom,
    /// How its cause is found.
    Diagnose,
    /// How it is mended.
    Resolve,
    /// Whether the symptom is gone.
    Verify,
    /// Reads that complete the evidence of a run that did not end well.
    Gather,
    /// Tells people of a run that did not end well.
    Notify,
}

impl GraphKind {
    /// Its name, as steps' full names begin.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Check => "check",
            Self::Symptom => "symptom",
            Self::Diagnose => "diagnose",
            Self::Resolve => "resolve",
            Self::Verify => "verify",
            Self::Gather => "gather",
            Self::Notify => "notify",
        }
    }

    /// Its steps run in written order; those of other graphs as soon as what they name is there.
    #[must_use]
    pub fn is_sequential(self) -> bool {
        matches!(self, Self::Resolve | Self::Notify)
    }
}

/// Steps that run together.
#[derive(Debug, Clone)]
pub struct PlannedGraph {
    /// Which part of the playbook it is.
    pub kind: GraphKind,
    /// Whether it runs.
    pub certainty: Certainty,
    /// Its steps, in written order.
    pub steps: Vec<PlannedStep>,
    /// How often it runs where it does: `verify` by reading, `notify` by level, any other once.
    pub times: Count,
    /// When `verify` reads.
    pub readings: Option<Readings>,
    /// How long it takes at most, all readings included.
    pub longest: Longest,
}

/// How often and when `verify` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readings {
    /// The wait before the first reading.
    pub after: SignedDuration,
    /// The wait between two readings.
    pub every: SignedDuration,
    /// The longest time from the end of `resolve`.
    pub within: SignedDuration,
    /// How many clear readings in a row are needed.
    pub times: u32,
    /// The least number of readings where it runs.
    pub at_least: u64,
    /// The greatest number of readings.
    pub at_most: u64,
    /// The problem is taken back where it is still there.
    pub undoes: bool,
}

/// Whether something happens.
#[derive(Debug, Clone, PartialEq)]
pub enum Certainty {
    /// Whenever what stands before it goes well.
    Runs,
    /// If all of these conditions are true.
    Depends(Vec<Condition>),
    /// Never with these inputs.
    Never(Reason),
}

/// A condition that a run will decide.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Where it comes from.
    pub kind: ConditionKind,
    /// What must be true, as the playbook would write it, with known values put in.
    pub text: String,
    /// What must come first.
    pub origins: Vec<Origin>,
}

/// Where a condition comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionKind {
    /// `when`
    When,
    /// `for`: one of the causes was found.
    For,
    /// A step whose value it needs is not skipped.
    Needs,
    /// An earlier graph ends so that this one runs: a symptom holds, something was changed, the run did not end well.
    Graph,
    /// `levels` of `escalate`.
    Level,
}

impl ConditionKind {
    /// The key, as playbooks and programs write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::When => "when",
            Self::For => "for",
            Self::Needs => "needs",
            Self::Graph => "graph",
            Self::Level => "level",
        }
    }
}

/// Why something never happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A word for programs: `when`, `for`, `needs`, `left_out`, `until`, `no_verify`, `blocked`, `each`.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

/// A step that is not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its full name; a graph's name stands for all its steps.
    pub step: StepPath,
    /// Its action, where it has one.
    pub action: Option<String>,
    /// Why.
    pub reason: Reason,
}

/// One step.
#[derive(Debug, Clone)]
pub struct PlannedStep {
    /// Its full name, as a run shows it: `resolve.restart.redeploy`, `diagnose.child/symptom.short`.
    pub path: StepPath,
    /// Its name in the playbook; differs in `verify` and in playbooks that playbooks run.
    pub checked: StepPath,
    /// Its id.
    pub id: String,
    /// What it is called for people, in the author's words.
    pub title: Option<String>,
    /// The line of its id in the playbook's file, from 1.
    pub line: usize,
    /// Whether it runs, given that its block and its graph do.
    pub certainty: Certainty,
    /// The steps of its graph or block that end before it starts, by full name.
    pub after: Vec<StepPath>,
    /// The loop that it is.
    pub each: Option<PlannedLoop>,
    /// What it does: once, or once for each element that is known, or once for all elements that are not.
    pub turns: Vec<Turn>,
    /// Who is asked before it.
    pub approval: Option<PlannedApproval>,
    /// It polls until this is true.
    pub until: Option<PlannedUntil>,
    /// It tries again.
    pub retry: Vec<PlannedRetry>,
    /// The most time over all attempts, waits included.
    pub timeout: Option<SignedDuration>,
    /// The most items of a paginated result, where the step says so.
    pub limit: Option<u32>,
    /// Error codes that are an answer.
    pub expect_error: Vec<String>,
    /// What a failure means: `stop`, `continue`, `undo`; only where the step acts.
    pub on_error: Option<&'static str>,
    /// What it keeps: names and types, in words.
    pub captures: IndexMap<String, String>,
    /// What must be true, is claimed, or finds a cause.
    pub assertions: Vec<PlannedAssertion>,
    /// How long it takes at most, all elements and attempts included.
    pub longest: Longest,
}

/// One time through a step.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The element of the loop, where it is known.
    pub element: Option<PlannedValue>,
    /// The read whose result stays as `before`.
    pub before: Option<PlannedCall>,
    /// What is done.
    pub work: PlannedWork,
    /// What takes it back.
    pub undo: Vec<PlannedStep>,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum PlannedWork {
    /// Calls an action.
    Call(Box<PlannedCall>),
    /// Runs steps in it.
    Block {
        /// The steps, in written order.
        steps: Vec<PlannedStep>,
        /// Run whatever happened.
        finally: Vec<PlannedStep>,
    },
    /// Runs another playbook.
    Playbook {
        /// The call of `playbook:Run`.
        call: Box<PlannedCall>,
        /// What that playbook would do; the reason where it cannot be told.
        forecast: Result<Box<Forecast>, String>,
    },
    /// Only reasons over what was read.
    Reason,
}

/// One call.
#[derive(Debug, Clone)]
pub struct PlannedCall {
    /// The action: `ecs:UpdateService`.
    pub action: String,
    /// What it does; `read` stands alone.
    pub effects: Effects,
    /// The author states that it only reads, and the registry cannot know.
    pub stated_read: bool,
    /// The author states that nothing in it is secret, although the model calls parts of it sensitive.
    pub stated_plain: bool,
    /// Its arguments: a mapping as `aws … --cli-input-json` takes it, service defaults included.
    pub arguments: PlannedValue,
    /// What the arguments begin from.
    pub base: Option<PlannedBase>,
    /// Where it goes, when not to the run's own target.
    pub target: PlannedTarget,
    /// The calls that reach a service: itself, what a waiter polls, what a composite is made of. Empty for local actions.
    pub operations: Vec<String>,
    /// The longest time that the action itself can take: a waiter's bound, a local action's `timeout`, the client's limits.
    pub longest: Longest,
    /// The result comes in pages.
    pub paginated: bool,
    /// What it changes from which value to which; `None` where that was not read.
    pub changes: Option<Vec<PlannedChange>>,
}

/// `base`: arguments that begin from a captured structure.
#[derive(Debug, Clone)]
pub struct PlannedBase {
    /// The captured structure, as the playbook names it with its full name.
    pub from: String,
    /// Its value as far as known, members that the input does not have left out.
    pub value: PlannedValue,
    /// Paths into it that are set, with their values.
    pub paths: Vec<(String, PlannedValue)>,
    /// Members that fall away, because the input does not have them; known only with the structure's type.
    pub dropped: Vec<String>,
}

/// Where a call goes when it differs from the run's own target.
#[derive(Debug, Clone, Default)]
pub struct PlannedTarget {
    /// Another region.
    pub region: Option<PlannedValue>,
    /// The account that must be the one acted on.
    pub account: Option<PlannedValue>,
    /// A role to assume.
    pub role: Option<PlannedValue>,
}

/// One value that changes.
#[derive(Debug, Clone)]
pub struct PlannedChange {
    /// The member, as a dotted path.
    pub path: String,
    /// What it is now.
    pub from: PlannedValue,
    /// What it will be.
    pub to: PlannedValue,
}

/// A loop.
#[derive(Debug, Clone)]
pub struct PlannedLoop {
    /// The element's name.
    pub name: String,
    /// The list.
    pub list: PlannedValue,
    /// How many elements.
    pub count: Count,
    /// How many at once.
    pub concurrency: u32,
    /// How many may fail: a number or a share.
    pub max_errors: String,
}

/// Who is asked before a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedApproval {
    /// Why: the effects that ask, or `always`.
    pub effects: Effects,
    /// Consent by `--yes` does not count: the author wants a person's answer.
    pub insists: bool,
    /// How many people.
    pub people: u32,
    /// Who may; empty for anyone.
    pub from: Vec<String>,
    /// How long the answer may take.
    pub within: Option<SignedDuration>,
    /// The word of `--yes=…` that answers it; `None` where only a person does.
    pub consent: Vec<Effect>,
}

/// `until`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedUntil {
    /// What must become true, as written.
    pub conditions: Vec<String>,
    /// The wait between two reads.
    pub every: SignedDuration,
    /// The longest wait.
    pub within: SignedDuration,
}

/// One rule of `retry`.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedRetry {
    /// The error codes that it is for.
    pub errors: Vec<String>,
    /// How many further attempts.
    pub times: u32,
    /// The wait before the first further attempt.
    pub delay: SignedDuration,
    /// What the wait is multiplied with each time.
    pub backoff: f64,
    /// All waits together, at most.
    pub longest: SignedDuration,
}

/// One assertion of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedAssertion {
    /// What it is for.
    pub kind: AssertionKind,
    /// The cause that it finds.
    pub cause: Option<String>,
    /// What is asked, as written.
    pub text: String,
}

/// What an assertion is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssertionKind {
    /// False fails the step: it cannot tell.
    Require,
    /// The step's claim.
    Claim,
    /// Must be true, else the step fails.
    Assert,
    /// Finds a cause.
    Cause,
    /// Shown, never counted.
    Warn,
}

impl AssertionKind {
    /// The word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Require => "require",
            Self::Claim => "claim",
            Self::Assert => "assert",
            Self::Cause => "cause",
            Self::Warn => "warn",
        }
    }
}

/// A number that may not be known exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// In every run that goes well.
    pub at_least: u64,
    /// In any run; `None` where there is no bound.
    pub at_most: Option<u64>,
}

/// How much a run does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Totals {
    /// Calls by their gravest effect; every effect is there. Attempts and pages of one call count once, verification counts
    /// by reading, undo does not count.
    pub calls: BTreeMap<Effect, Count>,
    /// Calls that take something back, at most.
    pub undo: Count,
    /// Steps that are left out.
    pub left_out: u64,
    /// Questions to people before calls.
    pub questions: Count,
    /// How long it takes at most.
    pub longest: Longest,
}

/// The longest possible duration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Longest {
    /// The sum of everything that has a bound.
    pub bounded: SignedDuration,
    /// What has none, each once.
    pub open: Vec<OpenEnd>,
}

/// Something without a bound in time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenEnd {
    /// The step.
    pub step: StepPath,
    /// Why: `a person must answer`.
    pub why: String,
}
