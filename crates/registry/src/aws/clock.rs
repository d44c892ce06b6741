//! How far a service's clock is from ours, as AWS's interceptor measures it.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

/// A call that took longer says nothing of a clock.
const LONGEST: Duration = Duration::from_mins(15);

/// Answers tell the time in whole seconds, so that differences of less mean nothing.
const RESOLUTION: u64 = 1_000;

/// Stands for a difference that only the interceptor knows.
const UNKNOWN: i64 = i64::MIN;

/// The difference in milliseconds, of the last answer that told the time.
#[derive(Debug, Default)]
pub(super) struct Clock(AtomicI64);

impl Clock {
    /// The time of the service, if it is known here.
    pub(super) fn of_service(&self, now: SystemTime) -> Option<SystemTime> {
        let difference = self.0.load(Ordering::Relaxed);
        let span = Duration::from_millis(difference.unsigned_abs());
        match difference {
            UNKNOWN => None,
            0.. => now.checked_add(span),
            _ => now.checked_sub(span),
        }
    }

    /// The interceptor has seen other answers than this clock.
    pub(super) fn forget(&self) {
        self.0.store(UNKNOWN, Ordering::Relaxed);
    }

    /// Reads the time that an answer tells, if it does; whether it tells another than is known.
    pub(super) fn read(
        &self,
        response: &HttpResponse,
        sent: SystemTime,
        received: SystemTime,
    ) -> bool {
        let elapsed = received.duration_since(sent).unwrap_or_default();
        let headers = response.headers();
        if headers.get("age").is_some() || elapsed > LONGEST {
            return false;
        }
        let told = headers
            .get("date")
            .and_then(|date| DateTime::from_str(date, Format::HttpDate).ok())
            .and_then(|date| SystemTime::try_from(date).ok());
        let Some(told) = told else {
            return false;
        };
        let between = sent + elapsed / 2;
        let milliseconds = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
        let difference = match told.duration_since(between) {
            Ok(ahead) => milliseconds(ahead),
            Err(behind) => -milliseconds(behind.duration()),
        };
        let known = self.0.load(Ordering::Relaxed);
        let moved = known == UNKNOWN || known.abs_diff(difference) > RESOLUTION;
        if moved {
            self.0.store(difference, Ordering::Relaxed);
        }
        moved
    }
}
