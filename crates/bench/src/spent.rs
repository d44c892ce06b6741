//! What a loop took.

use std::fmt;
use std::time::{Duration, Instant};

/// Time by the clock and of the processor.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    /// By the clock.
    pub wall: Duration,
    /// User and system time of the thread that calls, not of the server's.
    pub processor: Duration,
}

/// A moment.
#[derive(Debug, Clone, Copy)]
pub struct Since(Instant, Duration);

impl Since {
    /// This moment.
    pub fn now() -> Self {
        Self(Instant::now(), processor_time())
    }

    /// What was spent since.
    pub fn spent(self) -> Spent {
        Spent {
            wall: self.0.elapsed(),
            processor: processor_time().saturating_sub(self.1),
        }
    }
}

impl Spent {
    /// Adds what something else took.
    pub fn add(&mut self, more: Self) {
        self.wall += more.wall;
        self.processor += more.processor;
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.wall.as_nanos(), self.processor.as_nanos())
    }
}

/// Processor time of this thread, to the nanosecond; zero where the system does not tell.
fn processor_time() -> Duration {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .map_or(Duration::ZERO, Duration::from_nanos)
}
