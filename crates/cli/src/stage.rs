//! What moves on the terminal while a run goes on, as everything else in this program that writes to it sees it.

use runbook_report::terminal::Stage;
use std::sync::{Mutex, PoisonError};

static STAGE: Mutex<Option<Stage>> = Mutex::new(None);

/// Says that from now on something moves on the terminal, or that nothing does any more.
pub fn set(stage: Option<Stage>) {
    *STAGE.lock().unwrap_or_else(PoisonError::into_inner) = stage;
}

fn current() -> Option<Stage> {
    let stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
    stage.clone()
}

/// Writes whole lines; what moves comes back below them.
pub fn above(write: impl FnOnce()) {
    match current() {
        Some(stage) => stage.above(write),
        None => write(),
    }
}

/// Nothing moves as long as this is there: a person is being asked.
#[derive(Debug)]
pub struct Held(Option<Stage>);

/// Keeps everything still.
#[must_use]
pub fn hold() -> Held {
    let stage = current();
    if let Some(stage) = &stage {
        stage.hold();
    }
    Held(stage)
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(stage) = &self.0 {
            stage.go_on();
        }
    }
}

/// The columns and lines of the terminal that standard output is.
pub fn size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(std::io::stdout())?;
    Some((usize::from(width.0).max(20), usize::from(height.0)))
}
