//! What AWS's own classifiers retry and this client does not: what cannot get better within a call.

use super::error;
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority,
};
use aws_smithy_types::retry::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The wait before the one more try at an endpoint that is out of reach.
const SECOND_TRY: Duration = Duration::from_millis(100);

/// Gives up early on endpoints that are out of reach, after one more try, and on answers that are too large.
///
/// One for each call: it remembers what has been tried.
#[derive(Debug, Default)]
pub(super) struct GiveUp {
    tried_again: AtomicBool,
    pub(super) too_large: Arc<AtomicBool>,
}

impl ClassifyRetry for GiveUp {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(failure)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        if self.too_large.load(Ordering::Relaxed) {
            return RetryAction::RetryForbidden;
        }
        match failure.as_connector_error() {
            Some(connection) if error::is_out_of_reach(connection) => {
                if self.tried_again.swap(true, Ordering::Relaxed) {
                    RetryAction::RetryForbidden
                } else {
                    RetryAction::retryable_error_with_explicit_delay(
                        ErrorKind::TransientError,
                        SECOND_TRY,
                    )
                }
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "GiveUp"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::client::interceptors::context::Input;
    use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    fn after(message: &'static str) -> InterceptorContext {
        let mut context = InterceptorContext::new(Input::doesnt_matter());
        let error = ConnectorError::io(message.into());
        context.set_output_or_error(Err(OrchestratorError::connector(error)));
        context
    }

    #[test]
    fn a_host_without_an_address_is_looked_for_twice() {
        let missing = after("dns error: failed to lookup address information");
        let give_up = GiveUp::default();
        assert!(give_up.classify_retry(&missing).should_retry());
        assert_eq!(
            give_up.classify_retry(&missing),
            RetryAction::RetryForbidden
        );
    }

    #[test]
    fn broken_connections_are_left_to_others() {
        let give_up = GiveUp::default();
        for _ in 0..2 {
            let action = give_up.classify_retry(&after("connection reset by peer"));
            assert_eq!(action, RetryAction::NoActionIndicated);
        }
    }
}
