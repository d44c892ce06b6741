//! A scenario's time, which moves only in waits.

use crate::world::Pending;
use crate::world::clock::Clock;
use jiff::{SignedDuration, Timestamp};
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// How many rounds in a row nothing may have happened before a sleeper wakes: those that are ready get one to go on,
/// those that these make ready get another, and so does whoever starts the next step.
const QUIET_ROUNDS: usize = 3;

/// A clock that stands still until everybody waits, and then moves to the earliest end of a wait.
#[derive(Debug)]
pub struct ScenarioClock {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    /// The ends of the waits under way, with the order in which they began.
    sleepers: Vec<(Timestamp, u64)>,
    begun: u64,
    /// Counts what happens: waits that begin or end, calls.
    happened: u64,
    /// How many calls are under way that take real time: reading a file, asking a person.
    busy: usize,
    /// Who waits for them to end.
    waiting: Vec<Waker>,
}

impl ScenarioClock {
    /// Starts at a time.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self {
            state: Mutex::new(State {
                now: start,
                sleepers: Vec::new(),
                begun: 0,
                happened: 0,
                busy: 0,
                waiting: Vec::new(),
            }),
        }
    }

    /// Goes on from a time that has been reached before.
    pub(super) fn start_at(&self, time: Timestamp) {
        self.state().now = time;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that something happened, so that whoever waits lets others go on first.
    pub(super) fn touch(&self) {
        self.state().happened += 1;
    }

    /// Lets time stand still until the guard is dropped.
    pub(super) fn hold(&self) -> Hold<'_> {
        self.state().busy += 1;
        Hold(self)
    }

    fn happened(&self) -> u64 {
        self.state().happened
    }

    /// Lets others run once, and waits for calls that take real time.
    async fn let_others_run(&self) {
        let mut ran = false;
        poll_fn(|context| {
            let mut state = self.state();
            if state.busy > 0 {
                state.waiting.push(context.waker().clone());
            } else if std::mem::replace(&mut ran, true) {
                return Poll::Ready(());
            } else {
                context.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await;
    }

    /// Moves to the end of a wait, if no other ends before it.
    fn wake(&self, sleeper: (Timestamp, u64)) -> bool {
        let mut state = self.state();
        if state.sleepers.iter().min() != Some(&sleeper) {
            return false;
        }
        state.now = state.now.max(sleeper.0);
        true
    }
}

impl Clock for ScenarioClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn sleep(&self, length: SignedDuration) -> Pending<'_, ()> {
        Box::pin(async move {
            let sleeper = {
                let mut state = self.state();
                let end = state
                    .now
                    .checked_add(length.max(SignedDuration::ZERO))
                    .unwrap_or(Timestamp::MAX);
                state.begun += 1;
                state.happened += 1;
                let sleeper = (end, state.begun);
                state.sleepers.push(sleeper);
                sleeper
            };
            let _bed = Bed {
                clock: self,
                sleeper,
            };
            let (mut seen, mut quiet) = (self.happened(), 0);
            while quiet < QUIET_ROUNDS || !self.wake(sleeper) {
                self.let_others_run().await;
                let happened = self.happened();
                quiet = if happened == seen { quiet + 1 } else { 0 };
                seen = happened;
            }
        })
    }
}

/// Keeps time from moving.
pub(super) struct Hold<'a>(&'a ScenarioClock);

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy = state.busy.saturating_sub(1);
        state.happened += 1;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for waker in waiting {
            waker.wake();
        }
    }
}

/// A wait under way; a wait that is cancelled holds nobody up.
struct Bed<'a> {
    clock: &'a ScenarioClock,
    sleeper: (Timestamp, u64),
}

impl Drop for Bed<'_> {
    fn drop(&mut self) {
        let sleeper = self.sleeper;
        let mut state = self.clock.state();
        state.sleepers.retain(|other| *other != sleeper);
        state.happened += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn minutes(count: i64) -> SignedDuration {
        SignedDuration::from_mins(count)
    }

    #[tokio::test]
    async fn waits_side_by_side_end_in_order_and_do_not_add_up() {
        let clock = ScenarioClock::new(Timestamp::UNIX_EPOCH);
        let ended = RefCell::new(Vec::new());
        let wait = |name: &'static str, lengths: &'static [i64]| {
            let (clock, ended) = (&clock, &ended);
            async move {
                for length in lengths {
                    clock.sleep(minutes(*length)).await;
                    let passed = clock.now().duration_since(Timestamp::UNIX_EPOCH).as_mins();
                    ended.borrow_mut().push((name, passed));
                }
            }
        };
        tokio::join!(
            wait("long", &[5]),
            wait("short", &[2, 2, 2]),
            wait("none", &[0])
        );
        assert_eq!(
            ended.into_inner(),
            [
                ("none", 0),
                ("short", 2),
                ("short", 4),
                ("long", 5),
                ("short", 6)
            ]
        );
    }

    #[tokio::test]
    async fn time_stands_still_while_a_call_takes_real_time() {
        let clock = ScenarioClock::new(Timestamp::UNIX_EPOCH);
        let reads = async {
            let _hold = clock.hold();
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            clock.now()
        };
        let ((), read_at) = tokio::join!(clock.sleep(minutes(1)), reads);
        assert_eq!(read_at, Timestamp::UNIX_EPOCH);
        assert_eq!(clock.now().as_second(), 60);
    }

    #[tokio::test]
    async fn a_cancelled_wait_holds_nobody_up() {
        let clock = ScenarioClock::new(Timestamp::UNIX_EPOCH);
        tokio::select! {
            () = clock.sleep(minutes(1)) => {}
            () = clock.sleep(minutes(9)) => panic!("the shorter wait ends first"),
        }
        clock.sleep(minutes(3)).await;
        assert_eq!(clock.now().as_second(), 240);
    }
}
