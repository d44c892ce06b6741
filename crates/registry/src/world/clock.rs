//! Time as a world has it.

use super::Pending;
use jiff::{SignedDuration, Timestamp};

/// A source of time that can be waited on: the system's, or a scenario's, which moves only in waits.
pub trait Clock: Send + Sync {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Waits for the length; a negative one is no wait.
    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()>;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        Box::pin(async move {
            if let Ok(length) = std::time::Duration::try_from(length) {
                tokio::time::sleep(length).await;
            }
        })
    }
}
