//! How fast calls follow each other: so many at a time, and so many a second for each service.

use jiff::{SignedDuration, Timestamp};
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::world::around::Around;
use runbook_registry::world::{Pending, World};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How long the time stands still for those who read side by side, so that "the last hour" is the same hour for all.
const TICK: SignedDuration = SignedDuration::from_secs(30);

/// What several worlds share.
#[derive(Debug)]
pub struct Pace {
    permits: Semaphore,
    /// The time between two calls of a service.
    gap: Duration,
    /// When a service may be called next.
    next: RefCell<HashMap<String, Instant>>,
}

impl Pace {
    /// So many calls at a time, and so many a second for each service.
    #[must_use]
    pub fn new(concurrency: u16, per_second: u16) -> Self {
        Self {
            permits: Semaphore::new(usize::from(concurrency.max(1))),
            gap: Duration::from_secs(1) / u32::from(per_second.max(1)),
            next: RefCell::default(),
        }
    }

    /// When the service may be called; the turn is taken.
    fn turn(&self, action: &str) -> Instant {
        let service = action.split(':').next().unwrap_or_default().to_owned();
        let mut next = self.next.borrow_mut();
        let at = next.entry(service).or_insert_with(Instant::now);
        let turn = (*at).max(Instant::now());
        *at = turn + self.gap;
        turn
    }
}

/// A world whose calls wait for their turn.
pub struct Paced<'a> {
    /// The world.
    pub inner: &'a dyn World,
    /// What it shares with others; nothing where calls cost nothing.
    pub pace: Option<&'a Pace>,
    /// When reading began.
    pub began: Timestamp,
}

impl Around for Paced<'_> {
    fn inner(&self) -> &dyn World {
        self.inner
    }

    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        let Some(pace) = self.pace else {
            return self.inner.send(call);
        };
        Box::pin(async move {
            tokio::time::sleep_until(pace.turn(&call.action)).await;
            // It is never closed.
            let _permit = pace.permits.acquire().await;
            self.inner.send(call).await
        })
    }

    fn now(&self) -> Timestamp {
        let now = self.inner.now();
        if self.pace.is_none() {
            return now;
        }
        let gone = now.duration_since(self.began).as_secs() / TICK.as_secs();
        let ticks = i32::try_from(gone).unwrap_or(i32::MAX);
        self.began
            .checked_add(TICK.saturating_mul(ticks))
            .unwrap_or(now)
    }
}

/// JSON with the members of its mappings sorted, so that equal arguments are equal text.
#[must_use]
pub fn canonical(json: &Json) -> String {
    match json {
        Json::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            let members: Vec<String> = sorted
                .iter()
                .map(|(name, value)| format!("{}:{}", Json::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Pace, Paced, canonical};
    use futures_util::future::join_all;
    use jiff::{SignedDuration, Timestamp};
    use runbook_registry::call::{Answer, Call, CallError};
    use runbook_registry::world::{Pending, Place, World};
    use serde_json::json;
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    /// A world that counts how many calls are on their way.
    #[derive(Default)]
    struct Counting {
        now: Cell<usize>,
        most: Cell<usize>,
    }

    impl World for Counting {
        fn send<'a>(&'a self, _: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
            Box::pin(async {
                self.now.set(self.now.get() + 1);
                self.most.set(self.most.get().max(self.now.get()));
                tokio::time::sleep(Duration::from_millis(15)).await;
                self.now.set(self.now.get() - 1);
                Ok(Answer::default())
            })
        }
        fn answers(&self, _: &str) -> bool {
            false
        }
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH + SignedDuration::from_secs(100)
        }
        fn sleep(&self, _: SignedDuration) -> Pending<'_, ()> {
            Box::pin(std::future::ready(()))
        }
        fn is_timed(&self) -> bool {
            true
        }

        fn fresh_id(&self) -> String {
            String::new()
        }
        fn place(&self) -> Place {
            Place::default()
        }
    }

    /// How long calls of these actions take, and how many were on their way at most.
    fn sent(pace: &Pace, actions: &[&str]) -> (Duration, usize) {
        let world = Counting::default();
        let paced = Paced {
            inner: &world,
            pace: Some(pace),
            began: Timestamp::UNIX_EPOCH,
        };
        let calls: Vec<Call> = actions
            .iter()
            .map(|action| Call::new(*action, json!({})))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let began = Instant::now();
        runtime.block_on(join_all(calls.iter().map(|call| paced.send(call))));
        (began.elapsed(), world.most.get())
    }

    #[test]
    fn a_service_is_called_so_often_a_second_and_others_meanwhile() {
        let (took, _) = sent(&Pace::new(8, 50), &["ecs:A", "ecs:B", "ecs:C", "ecs:D"]);
        assert!(took >= Duration::from_millis(60), "{took:?}");
        let (_, most) = sent(&Pace::new(8, 1), &["ecs:A", "logs:A", "sns:A", "sqs:A"]);
        assert_eq!(most, 4);
    }

    #[test]
    fn so_many_calls_are_on_their_way_at_most() {
        let actions = ["a:A", "b:A", "c:A", "d:A", "e:A"];
        assert_eq!(sent(&Pace::new(2, 1000), &actions).1, 2);
    }

    #[test]
    fn the_time_stands_still_for_a_while() {
        let world = Counting::default();
        let pace = Pace::new(1, 1);
        let paced = Paced {
            inner: &world,
            pace: Some(&pace),
            began: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(paced.now().as_second(), 90);
    }

    #[test]
    fn equal_arguments_are_equal_text() {
        assert_eq!(
            canonical(&json!({"b": [{"d": 1, "c": "x"}], "a": null})),
            r#"{"a":null,"b":[{"c":"x","d":1}]}"#
        );
    }
}
