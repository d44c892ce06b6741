//! The live world: AWS, this machine, the system's clock.

use crate::call::{Answer, Call, CallError, FailureKind};
use crate::local::{self, LocalAction, LocalContext, Session, SessionOutput};
use crate::world::{Pending, Place, World};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::duration;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Who sends AWS operations: the client.
pub trait AwsSender: Send + Sync {
    /// Sends one operation with all its pages and retries.
    ///
    /// # Errors
    /// What the service answers, or why it could not be asked.
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>>;

    /// Where calls go by default, as far as it is known without asking.
    fn place(&self) -> Place;

    /// Finds out where calls go by default, so that it is the same from the beginning on; the account and the principal too
    /// where they are asked for, which takes a call.
    fn ready(&self, caller: bool) -> Pending<'_, ()> {
        let _ = caller;
        Box::pin(std::future::ready(()))
    }
}

/// The real world.
pub struct LiveWorld {
    aws: Arc<dyn AwsSender>,
    context: LocalContext,
    locals: HashMap<String, Box<dyn LocalAction>>,
}

impl LiveWorld {
    /// Makes the world of a client and the surroundings of local actions; time is that of the surroundings' clock.
    #[must_use]
    pub fn new(aws: Arc<dyn AwsSender>, context: LocalContext) -> Self {
        let locals = local::all()
            .into_iter()
            .map(|action| (action.signature().name, action))
            .collect();
        Self {
            aws,
            context,
            locals,
        }
    }

    /// The same world as another playbook sees it, with its own folder, `reaches` and `runs`.
    #[must_use]
    pub fn with_context(&self, context: LocalContext) -> Self {
        Self::new(Arc::clone(&self.aws), context)
    }

    /// Finds out where calls go by default, so that it is the same from the beginning of a run on; the account and the
    /// principal too where they are asked for, which takes a call.
    pub async fn ready(&self, caller: bool) {
        self.aws.ready(caller).await;
    }

    async fn carry_out(&self, action: &dyn LocalAction, call: &Call) -> Result<Answer, CallError> {
        let run = action.run(&self.context, call);
        let Some(bound) = call.timeout else {
            return run.await;
        };
        match tokio::time::timeout(bound.max(SignedDuration::ZERO).unsigned_abs(), run).await {
            Ok(result) => result,
            Err(_) => Err(CallError::new(
                FailureKind::Unanswered,
                "timeout",
                format!(
                    "{} took longer than {}",
                    call.action,
                    duration::format(bound)
                ),
            )),
        }
    }
}

impl World for LiveWorld {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        match self.locals.get(&call.action) {
            Some(action) => Box::pin(self.carry_out(action.as_ref(), call)),
            None => self.aws.send(call),
        }
    }

    fn answers(&self, _: &str) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        self.context.clock.sleep(length)
    }

    fn is_timed(&self) -> bool {
        true
    }

    fn fresh_id(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn place(&self) -> Place {
        self.aws.place()
    }

    fn session<'a>(
        &'a self,
        session: &'a Session,
    ) -> Pending<'a, Result<SessionOutput, CallError>> {
        local::follow_session(&self.context, session)
    }

    fn session_plugin(&self) -> Result<PathBuf, String> {
        local::session_plugin(&self.context)
    }
}

impl std::fmt::Debug for LiveWorld {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveWorld")
            .field("place", &self.aws.place())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};
    use std::time::Instant;

    /// Answers every operation with its name.
    struct Echo;

    impl AwsSender for Echo {
        fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
            Box::pin(async move {
                Ok(Answer {
                    result: Json::from(call.action.as_str()),
                    ..Answer::default()
                })
            })
        }

        fn place(&self) -> Place {
            Place {
                region: Some("us-east-1".to_owned()),
                ..Place::default()
            }
        }
    }

    #[tokio::test]
    async fn operations_go_to_the_client_and_local_actions_stay() {
        let world = LiveWorld::new(Arc::new(Echo), LocalContext::new("."));
        let call = Call::new("ecs:ListTasks", json!({}));
        assert_eq!(
            world.send(&call).await.expect("answers").result,
            "ecs:ListTasks"
        );
        let call = Call::new("data:Diff", json!({"expected": 1, "actual": 1}));
        let result = world.send(&call).await.expect("answers").result;
        assert_eq!(result["same"], true);
        assert_eq!(world.place().region.as_deref(), Some("us-east-1"));
        assert_ne!(world.fresh_id(), world.fresh_id());
    }

    #[tokio::test]
    async fn a_call_that_takes_too_long_fails_with_timeout() {
        let world = LiveWorld::new(Arc::new(Echo), LocalContext::new("."));
        let mut call = Call::new("time:Sleep", json!({"for": "1h"}));
        call.timeout = Some(SignedDuration::from_millis(20));
        let started = Instant::now();
        let error = world.send(&call).await.expect_err("too long");
        assert_eq!(error.code, "timeout");
        assert!(started.elapsed().as_secs() < 60);
    }
}
