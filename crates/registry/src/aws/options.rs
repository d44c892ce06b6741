//! What a client is told.

use super::role::SecondFactor;
use crate::policy::SessionPolicies;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What a client is told; everything else comes from the environment and profiles, as the AWS CLI reads them.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The region, before any other.
    pub region: Option<String>,
    /// The profile.
    pub profile: Option<String>,
    /// The URL of every service, before any other.
    pub endpoint_url: Option<String>,
    /// A role to assume for every call, with the credentials that are found otherwise.
    pub role: Option<String>,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<String>,
    /// The name of the role's sessions; `runbook` when not given.
    pub role_session_name: Option<String>,
    /// The device of the second factor that the role's trust policy asks for: an ARN or a serial number.
    pub mfa_serial: Option<String>,
    /// Who can be asked for the code of a second factor; nobody when not given.
    pub second_factor: Option<Arc<dyn SecondFactor>>,
    /// Policies that the sessions of assumed roles are limited to; they need a role.
    pub session_policies: Option<SessionPolicies>,
    /// The longest wait for a connection; 5 s when not given.
    pub connect_timeout: Option<Duration>,
    /// The longest wait for an answer to start or go on; 60 s when not given.
    pub read_timeout: Option<Duration>,
    /// The most attempts at one request, the first included; the environment's, else 3, when not given.
    pub max_attempts: Option<u32>,
    /// The most bytes of an answer that is kept in memory; [`DEFAULT_ANSWER_LIMIT`](super::DEFAULT_ANSWER_LIMIT) when not given.
    pub answer_limit: Option<u64>,
    /// The folder below which calls may read and write files; none when not given.
    pub files: Option<PathBuf>,
}
