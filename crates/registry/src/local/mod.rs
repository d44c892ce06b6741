//! Actions that are not AWS operations: HTTP, networks, files, programs, people and data.

mod allowed;
mod arguments;
#[cfg(test)]
pub(crate) mod conforms;
mod connection;
mod context;
mod data_diff;
mod data_validate;
mod dns_resolve;
mod file_read;
mod http_exchange;
mod http_request;
mod human_ask;
mod human_do;
mod local_exec;
mod net_connect;
mod path_pattern;
mod person;
mod playbook_run;
mod process;
mod session;
mod signature;
#[cfg(test)]
mod test_server;
mod time_sleep;
mod tls_inspect;
mod trust;
pub(crate) mod yaml;

pub(crate) use arguments::Arguments;
pub use context::{FixedEnvironment, LocalContext, TargetEnvironment, Validator};
pub use data_diff::DataDiff;
pub(crate) use data_diff::same_scalar;
pub use data_validate::{DataValidate, Problem};
pub use dns_resolve::DnsResolve;
pub use file_read::FileRead;
pub use http_request::HttpRequest;
pub use human_ask::HumanAsk;
pub use human_do::HumanDo;
pub use local_exec::LocalExec;
pub use net_connect::NetConnect;
pub use person::{Carried, Instruction, NoPerson, Person, Question, QuestionType, Reply};
pub use playbook_run::PlaybookRun;
pub use session::{Session, SessionOutput};
pub(crate) use session::{follow as follow_session, plugin as session_plugin};
pub(crate) use signature::some_text;
pub use time_sleep::TimeSleep;
pub use tls_inspect::TlsInspect;
pub use trust::Trust;

use crate::call::{Answer, Call, CallError};
use crate::world::Pending;
use runbook_playbook::catalog::{Action, Effects};
use serde_json::Value as Json;

/// An action that the program carries out itself.
pub trait LocalAction: Send + Sync {
    /// The action's name, inputs, outputs, effects and error codes.
    fn signature(&self) -> Action;

    /// What a call with these arguments does: `http:Request` only reads when its method is GET or HEAD.
    fn effects(&self, arguments: &Json) -> Effects {
        let _ = arguments;
        self.signature().effects
    }

    /// Whether the action depends on nothing but its arguments, the clock and the playbook's files, so that a scenario
    /// need not say what it answers.
    fn is_self_contained(&self) -> bool {
        false
    }

    /// Carries the action out.
    ///
    /// # Errors
    /// The codes that the signature lists, and `arguments` for arguments that do not fit it.
    fn run<'a>(
        &'a self,
        context: &'a LocalContext,
        call: &'a Call,
    ) -> Pending<'a, Result<Answer, CallError>>;
}

/// All local actions, by name.
#[must_use]
pub fn all() -> Vec<Box<dyn LocalAction>> {
    vec![
        Box::new(DataDiff),
        Box::new(DataValidate),
        Box::new(DnsResolve),
        Box::new(FileRead),
        Box::new(HttpRequest),
        Box::new(HumanAsk),
        Box::new(HumanDo),
        Box::new(LocalExec),
        Box::new(NetConnect),
        Box::new(PlaybookRun),
        Box::new(TimeSleep),
        Box::new(TlsInspect),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use runbook_playbook::types::Type;

    #[test]
    fn every_signature_is_complete_and_named_once() {
        let mut names: Vec<String> = Vec::new();
        for action in all() {
            let signature = action.signature();
            assert!(
                matches!(signature.input, Type::Structure(_)),
                "{}",
                signature.name
            );
            assert!(!signature.effects.is_empty(), "{}", signature.name);
            assert!(!signature.errors.is_empty(), "{}", signature.name);
            names.push(signature.name);
        }
        let mut sorted = names.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(names, sorted, "listed by name, each once");
    }
}
