//! Processes that are killed: each is a copy of this one that has everything loaded, and dies by SIGKILL.

use crate::exit::Failure;
use fork::Fork;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, waitpid};

/// How a process came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was killed.
    Killed,
    /// It ended by itself, with this code.
    Left(u8),
}

/// A process at work.
#[derive(Debug, Clone, Copy)]
pub struct Process(Pid);

impl Process {
    /// Copies this process; the copy does the work and leaves with its code. Nothing else of this process may run meanwhile
    /// that holds locks, which is why it must have one thread.
    ///
    /// # Errors
    /// There can be no more processes.
    pub fn start(work: impl FnOnce() -> u8) -> Result<Self, Failure> {
        let broken = |why: &dyn std::fmt::Display| {
            Failure::environment(format!("no process can be started: {why}"))
        };
        match fork::fork().map_err(|why| broken(&why))? {
            Fork::Child => crate::leave(work()),
            Fork::Parent(number) => Pid::from_raw(number)
                .map(Self)
                .ok_or_else(|| broken(&"it has no number")),
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It is not there, or ended in another way.
    pub fn end(self) -> Result<Ended, Failure> {
        let status = waitpid(Some(self.0), WaitOptions::empty())
            .map_err(|why| Failure::environment(format!("a process cannot be waited for: {why}")))?
            .map(|(_, status)| status);
        if status.and_then(WaitStatus::terminating_signal) == Some(Signal::KILL.as_raw()) {
            return Ok(Ended::Killed);
        }
        status
            .and_then(WaitStatus::exit_status)
            .and_then(|code| u8::try_from(code).ok())
            .map(Ended::Left)
            .ok_or_else(|| Failure::wrong(format!("a process ended as it must not: {status:?}")))
    }
}

/// Kills this process.
pub fn die() {
    let _ = kill_process(getpid(), Signal::KILL);
}
