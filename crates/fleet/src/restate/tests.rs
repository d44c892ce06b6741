//! Runs without a server: what they ask for, and that they go the same way when they are handed what is on record.

use super::carrier::Carrier;
use super::session::{Finished, Rest, Runs, Session, Threads};
use super::shared::{Asked, Reply, What};
use super::wire::{Begun, Ended, How, MOST_BYTES};
use crate::engine::TargetRun;
use crate::outcome::TargetOutcome;
use crate::target::Target;
use futures_util::future::join;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::journal::{CallRecord, Durability as _, Repeat, Step, Worked};
use runbook_playbook::catalog::Effect;
use runbook_registry::call::{Answer, Call, CallError};
use runbook_registry::world::{Pending, Place, World};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A world in which nothing is called by itself.
struct Still;

impl World for Still {
    fn send<'a>(&'a self, call: &'a Call) -> Pending<'a, Result<Answer, CallError>> {
        let result = Ok(Answer {
            result: call.arguments.clone(),
            ..Answer::default()
        });
        Box::pin(std::future::ready(result))
    }

    fn answers(&self, _: &str) -> bool {
        false
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep(&self, _: SignedDuration) -> Pending<'_, ()> {
        Box::pin(std::future::pending())
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

fn call(key: &str, repeat: Repeat) -> CallRecord {
    let reads = repeat == Repeat::Free;
    CallRecord {
        key: key.to_owned(),
        step: key.to_owned(),
        element: None,
        action: "a:B".to_owned(),
        arguments: json!({}),
        target: runbook_registry::call::Target::default(),
        effect: if reads { Effect::Read } else { Effect::Write },
        before: None,
        token: None,
        attempt: 1,
        repeat,
    }
}

/// Two reads side by side of which the second is answered first; then a wait, and a write that must not be repeated.
#[derive(Default)]
struct Program {
    /// How many calls were made.
    made: AtomicUsize,
    /// The size of the first answer.
    bytes: usize,
}

impl Program {
    async fn answered(&self, carrier: &Carrier, record: CallRecord, after: u64) -> Json {
        let key = record.key.clone();
        let work: Pending<'_, Worked> = Box::pin(async {
            tokio::time::sleep(Duration::from_millis(after)).await;
            self.made.fetch_add(1, Ordering::SeqCst);
            let result = json!(format!("{key}{}", "x".repeat(self.bytes)));
            Worked {
                answer: Ok(Answer {
                    result: result.clone(),
                    ..Answer::default()
                }),
                shown: Ok(result.into()),
                masked: false,
                keep: true,
            }
        });
        match carrier.step(&Still, record, work).await.expect("a record") {
            Step::Done { answer, .. } => match answer {
                Ok(answer) => answer.result,
                Err(error) => json!(error.code),
            },
            Step::InFlight { .. } => json!("in flight"),
        }
    }
}

impl Runs for Program {
    fn carry<'a>(
        &'a self,
        _: &'a Json,
        run: &'a TargetRun,
        carrier: &'a Carrier,
    ) -> Pending<'a, Finished> {
        Box::pin(async move {
            carrier.begin(&Still, None, |_| {}).await;
            let slow = self.answered(carrier, call("slow", Repeat::Free), 60);
            let fast = self.answered(carrier, call("fast", Repeat::Free), 5);
            let (slow, fast) = join(slow, fast).await;
            let length = SignedDuration::from_hours(9);
            let woken = carrier.sleep(&Still, "night", length).await;
            let written = self
                .answered(carrier, call("write", Repeat::Never), 1)
                .await;
            Finished {
                outcome: TargetOutcome::waiting(&run.target, 1),
                report: json!([slow, fast, woken.expect("a record"), written]),
            }
        })
    }

    fn alarmed<'a>(
        &'a self,
        _: &'a Json,
        _: &'a [String],
    ) -> Pending<'a, Result<Option<String>, String>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

fn session(threads: &Threads, program: &Arc<Program>) -> Session {
    let run = TargetRun {
        fleet: "fleet".to_owned(),
        index: 0,
        wave: 1,
        run: "run".to_owned(),
        target: Target::default(),
    };
    let runs = Arc::clone(program) as Arc<dyn Runs>;
    Session::start(threads, runs, Arc::new(Json::Null), run, "v".to_owned())
}

/// What a record of a run holds: what was handed back, in the order of handing.
type Record = Vec<(u64, Reply)>;

fn names(rest: &Rest) -> Vec<String> {
    rest.asked.iter().map(|asked| asked.key.clone()).collect()
}

/// Carries a run on from a record, as the handler does; what it asked for, the whole record, and its end.
async fn carried(
    program: &Arc<Program>,
    record: Record,
    doubt: bool,
) -> (Vec<String>, Record, Json) {
    // Runs end with their thread.
    let threads = Threads::start(1).expect("a thread");
    let mut session = session(&threads, program);
    let (mut asked, mut whole) = (Vec::new(), Record::new());
    let mut rest = session.rest().await.expect("a thread");
    let mut left = record.into_iter();
    let mut open: Vec<Asked> = Vec::new();
    loop {
        asked.extend(names(&rest));
        open.append(&mut rest.asked);
        if let Some(finished) = rest.finished {
            return (asked, whole, finished.report);
        }
        let handed = match left.next() {
            Some(known) => vec![known],
            None => live(&mut session, &open, doubt).await,
        };
        open.retain(|one| handed.iter().all(|(number, _)| *number != one.number));
        whole.extend(handed.clone());
        rest = session.hand(handed).await.expect("a thread");
    }
}

async fn live(session: &mut Session, open: &[Asked], doubt: bool) -> Record {
    let first = open.first().expect("something is asked for");
    match &first.what {
        What::Begin(begun) => vec![(first.number, Reply::Begin(Begun::clone(begun)))],
        What::Sleep { until } => {
            vec![(first.number, Reply::Ended(How::Over { at: *until }))]
        }
        What::Gate { .. } => Record::new(),
        What::Call { once } => {
            let since = Timestamp::UNIX_EPOCH;
            let doubtful = if *once && doubt {
                vec![(first.number, since)]
            } else {
                Vec::new()
            };
            let batch = session.work(doubtful, Duration::from_secs(5)).await;
            let ended = batch.expect("a thread").ended.into_iter();
            ended
                .map(|Ended { number, how }| (number, Reply::Ended(how)))
                .collect()
        }
    }
}

#[tokio::test]
async fn a_run_goes_the_same_way_from_every_point_of_its_record() {
    let program = Arc::new(Program::default());
    let (asked, record, end) = carried(&program, Record::new(), false).await;
    assert_eq!(asked, ["begin", "slow", "fast", "night", "write"]);
    // What ends first is handed back first.
    let numbers: Vec<u64> = record.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [0, 2, 1, 3, 4]);
    assert_eq!(program.made.load(Ordering::SeqCst), 3);
    for kept in 0..=record.len() {
        let again = Arc::new(Program::default());
        let known: Record = record.iter().take(kept).cloned().collect();
        let calls = record.iter().skip(kept);
        let calls = calls
            .filter(|(number, _)| matches!(number, 1 | 2 | 4))
            .count();
        let (asked_again, _, end_again) = carried(&again, known, false).await;
        assert_eq!(asked_again, asked, "from {kept}");
        assert_eq!(again.made.load(Ordering::SeqCst), calls, "from {kept}");
        if kept == record.len() {
            assert_eq!(end_again, end);
        }
    }
}

#[tokio::test]
async fn a_write_that_a_dead_worker_may_have_sent_is_not_sent() {
    let program = Arc::new(Program::default());
    let (_, record, end) = carried(&program, Record::new(), true).await;
    assert_eq!(end.get(3), Some(&json!("in flight")));
    assert_eq!(program.made.load(Ordering::SeqCst), 2);
    // That it is in doubt is on record, whatever comes later.
    let again = Arc::new(Program::default());
    let (.., end) = carried(&again, record, false).await;
    assert_eq!(end.get(3), Some(&json!("in flight")));
    assert_eq!(again.made.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_an_error_of_a_read_and_none_of_a_write() {
    let program = Arc::new(Program {
        bytes: MOST_BYTES,
        ..Program::default()
    });
    let (_, record, _) = carried(&program, Record::new(), false).await;
    let again = Arc::new(Program::default());
    let (.., end) = carried(&again, record, false).await;
    assert_eq!(end.get(0), Some(&json!("too_large")));
    // It was made, and its answer is not known.
    assert_eq!(end.get(3), Some(&json!({})));
}
