//! The playbook as a whole.

use super::escalate::Escalate;
use super::input::Input;
use super::step::Step;
use super::target::AllowedTargets;
use super::verify::Verify;
use crate::expression::Expression;
use crate::source::Source;
use crate::span::{Span, Spanned};
use crate::template::Data;
use jiff::SignedDuration;

/// One playbook, as written.
#[derive(Debug, Clone)]
pub struct Playbook {
    /// The file.
    pub source: Source,
    /// What it is called.
    pub title: Spanned<String>,
    /// One sentence.
    pub summary: Option<Spanned<String>>,
    /// More than one sentence.
    pub description: Option<Spanned<String>>,
    /// `P0` to `P4`, or any word.
    pub severity: Option<Spanned<String>>,
    /// For finding it.
    pub tags: Vec<Spanned<String>>,
    /// Where its knowledge is from.
    pub origin: Option<Spanned<String>>,
    /// What a run is given, in written order.
    pub inputs: Vec<Input>,
    /// `defaults: {service: {member: value}}`
    pub defaults: Vec<ServiceDefaults>,
    /// How symptoms combine.
    pub match_symptoms: MatchSymptoms,
    /// How the problem shows.
    pub symptom: Option<Graph>,
    /// How its cause is found.
    pub diagnose: Option<Graph>,
    /// How it is mended.
    pub resolve: Option<Graph>,
    /// The single graph of a health check.
    pub check: Option<Graph>,
    /// Whether the symptom is gone; `None` means the defaults.
    pub verify: Option<Verify>,
    /// What happens when a run did not end well.
    pub escalate: Option<Escalate>,
    /// What `playbook:Run` gives its caller.
    pub outputs: Vec<(Spanned<String>, Expression)>,
    /// The longest run.
    pub timeout: Option<Spanned<SignedDuration>>,
    /// `limits: {writes: 10}`
    pub max_writes: Option<Spanned<u32>>,
    /// Where it may act.
    pub target: AllowedTargets,
    /// What must hold for a run to go on.
    pub guards: Guards,
    /// Hosts that it may contact; `None` when not said.
    pub reaches: Option<Vec<Spanned<Data>>>,
    /// Programs that it may start; `None` when not said.
    pub runs: Option<Vec<Spanned<String>>>,
}

/// Steps that run together.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    /// The steps, in written order.
    pub steps: Vec<Step>,
    /// The graph's key.
    pub span: Span,
}

/// What `with` leaves out for one service.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceDefaults {
    /// The service: `ecs`.
    pub service: Spanned<String>,
    /// Members and their values.
    pub members: Vec<(Spanned<String>, Spanned<Data>)>,
}

/// How symptoms combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchSymptoms {
    /// One that holds is enough.
    #[default]
    Any,
    /// All must hold.
    All,
}

/// `guards: {alarms: […], freeze: …}`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Guards {
    /// `CloudWatch` alarms that stop the run when they go off.
    pub alarms: Vec<Spanned<Data>>,
    /// A calendar of times in which nothing is changed.
    pub freeze: Option<Spanned<Data>>,
}
