//! A program and everything that it starts, as one group that can be ended.

use crate::call::{CallError, FailureKind};
use jiff::SignedDuration;
use runbook_playbook::duration;
#[cfg(unix)]
use std::cell::Cell;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// How long programs may take to end after they are asked to.
const GRACE: Duration = Duration::from_secs(2);

/// What a program did.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// What a program reads.
#[derive(Debug)]
pub(super) enum Input {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// Nothing, and never the end: some programs take the end of their input for a reason to leave.
    NeverEnds,
}

/// Runs a program to its end and reads what it writes, each stream up to a number of bytes. Whatever it started ends
/// with it, and all of it ends when the future is dropped.
///
/// # Errors
/// `start` where it cannot be started, `timeout`, and `size` for more output than allowed.
pub(super) async fn run(
    mut command: Command,
    input: Input,
    timeout: SignedDuration,
    most: usize,
) -> Result<Finished, CallError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command
        .spawn()
        .map_err(|error| CallError::new(FailureKind::NotSent, "start", error.to_string()))?;
    let group = Group::of(&child);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            match input {
                // A program may end without reading its input.
                Input::Bytes(bytes) => drop(stdin.write_all(&bytes).await),
                Input::NeverEnds => std::future::pending().await,
            }
        }
    };
    let ended = async {
        let status = child.wait().await;
        group.end(Signal::Kill);
        status.map_err(|error| unanswered("exit", error.to_string()))
    };
    let all = async {
        // Feeding must not outlast the program, so it is no part of what is waited for.
        let work = async { tokio::try_join!(ended, read(stdout, most), read(stderr, most)) };
        tokio::pin!(work, feed);
        tokio::select! {
            result = &mut work => result,
            () = &mut feed => work.await,
        }
    };
    if let Ok(result) = tokio::time::timeout(timeout.unsigned_abs(), all).await {
        return result.map(|(status, stdout, stderr)| Finished {
            status,
            stdout,
            stderr,
        });
    }
    group.end(Signal::Terminate);
    drop(tokio::time::timeout(GRACE, child.wait()).await);
    Err(unanswered(
        "timeout",
        format!(
            "the program ran longer than {} and was ended",
            duration::format(timeout)
        ),
    ))
}

async fn read(stream: Option<impl AsyncRead + Unpin>, most: usize) -> Result<Vec<u8>, CallError> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream
            .take(most as u64 + 1)
            .read_to_end(&mut bytes)
            .await
            .map_err(|error| unanswered("exit", error.to_string()))?;
    }
    if bytes.len() > most {
        return Err(unanswered(
            "size",
            format!("the program wrote more than {most} bytes and was ended; raise `max_bytes`"),
        ));
    }
    Ok(bytes)
}

/// A program that ran, with what it did unknown.
fn unanswered(code: &str, message: String) -> CallError {
    CallError::new(FailureKind::Unanswered, code, message)
}

#[derive(Debug, Clone, Copy)]
enum Signal {
    Terminate,
    Kill,
}

/// The group of a program; ended when dropped.
struct Group {
    #[cfg(unix)]
    leader: Cell<Option<rustix::process::Pid>>,
}

#[cfg(unix)]
impl Group {
    fn of(child: &Child) -> Self {
        Self {
            leader: Cell::new(
                child
                    .id()
                    .and_then(|id| i32::try_from(id).ok())
                    .and_then(rustix::process::Pid::from_raw),
            ),
        }
    }

    fn end(&self, signal: Signal) {
        if let Some(leader) = self.leader.get() {
            let signal = match signal {
                Signal::Terminate => rustix::process::Signal::TERM,
                Signal::Kill => {
                    // Once killed, its number may become another's.
                    self.leader.set(None);
                    rustix::process::Signal::KILL
                }
            };
            // A group that is gone already is what was wanted.
            let _ = rustix::process::kill_process_group(leader, signal);
        }
    }
}

#[cfg(not(unix))]
impl Group {
    fn of(_: &Child) -> Self {
        Self {}
    }

    fn end(&self, _: Signal) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end(Signal::Kill);
    }
}
