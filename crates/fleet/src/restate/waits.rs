//! Several durable things that are waited for at once. What is given up is taken out, so that many of them stay cheap.

use restate_sdk::context::DurableFuture;
use restate_sdk::context::macro_support::SealedDurableFuture as _;
use restate_sdk::errors::TerminalError;
use std::pin::Pin;

/// Something durable that is waited for.
pub(super) type Waited<'c, T> =
    Pin<Box<dyn DurableFuture<Output = Result<T, TerminalError>> + Send + 'c>>;

/// What is waited for, by name.
pub(super) struct Waits<'c, N, T> {
    waited: Vec<(N, Waited<'c, T>)>,
}

impl<'c, N: PartialEq + Copy, T> Waits<'c, N, T> {
    pub fn new() -> Self {
        Self { waited: Vec::new() }
    }

    pub fn push(&mut self, name: N, waited: Waited<'c, T>) {
        self.waited.push((name, waited));
    }

    pub fn has(&self, name: N) -> bool {
        self.waited.iter().any(|(one, _)| *one == name)
    }

    pub fn remove(&mut self, name: N) {
        self.waited.retain(|(one, _)| *one != name);
    }

    /// The next that comes, and what came.
    ///
    /// # Errors
    /// The invocation was cancelled; what is waited for stays.
    pub async fn next(&mut self) -> Result<Option<(N, Result<T, TerminalError>)>, TerminalError> {
        let Some((_, first)) = self.waited.first() else {
            return Ok(None);
        };
        let context = first.inner_context();
        let handles = self.waited.iter().map(|(_, one)| one.handle()).collect();
        let position = context.select(handles).await?;
        // Which of several that have come is taken is the first in this order, which must stay the same.
        let (name, waited) = self.waited.remove(position);
        Ok(Some((name, waited.await)))
    }
}
