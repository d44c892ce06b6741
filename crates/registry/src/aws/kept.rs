//! Credentials that are got once and again before they end.

use crate::call::CallError;
use aws_credential_types::Credentials;
use std::time::{Duration, SystemTime};
use tokio::sync::Mutex;

/// Credentials of a session, kept until shortly before its end.
#[derive(Debug)]
pub(super) struct Kept {
    credentials: Mutex<Option<Credentials>>,
    before_the_end: Duration,
}

impl Kept {
    /// Keeps credentials that are replaced so long before they end.
    pub(super) fn new(before_the_end: Duration) -> Self {
        Self {
            credentials: Mutex::default(),
            before_the_end,
        }
    }

    /// The credentials that are kept, or those that `make` gets. Whoever comes meanwhile waits for them.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) async fn get(
        &self,
        make: impl Future<Output = Result<Credentials, CallError>> + Send,
    ) -> Result<Credentials, CallError> {
        let mut kept = self.credentials.lock().await;
        let fresh = |credentials: &&Credentials| {
            credentials
                .expiry()
                .is_none_or(|end| end > SystemTime::now() + self.before_the_end)
        };
        if let Some(credentials) = kept.as_ref().filter(fresh) {
            return Ok(credentials.clone());
        }
        let credentials = make.await?;
        *kept = Some(credentials.clone());
        Ok(credentials)
    }
}
