//! What goes wrong between the client and a service: the verdict is right, or the run says that it failed. Nothing that could
//! not be read is taken for absent, nothing that was not mended for resolved.
//!
//! `cargo xtask faults` runs 10,000 seeded cases; ordinary tests a sample.
#![expect(clippy::print_stdout, reason = "the counts are shown")]

mod cases;
mod playbook;
mod service;
mod token;

use cases::Case;
use futures_util::{StreamExt as _, stream};
use service::Service;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::task::LocalSet;

/// Longer than every timeout of a run together, on a busy machine.
const HANG: Duration = Duration::from_mins(1);

/// How many cases go on side by side.
const AT_ONCE: usize = 24;

fn number(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok();
    given.map_or(default, |text| text.parse().expect("a number"))
}

/// Runs a case; the verdict, or what is wrong.
async fn judge(case: Case) -> Result<&'static str, String> {
    let service = Service::start(case).await;
    let outcome = tokio::time::timeout(HANG, playbook::run(&service)).await;
    let Ok(outcome) = outcome else {
        return Err(format!("{case:?} hangs; {:?}", service.log()));
    };
    let verdict = outcome.verdict.as_str();
    case.verdict(verdict, &service)
        .map(|()| verdict)
        .map_err(|why| {
            format!(
                "{case:?}: {verdict}, and {why}: {}\n  {:?}",
                outcome.explanation,
                service.log()
            )
        })
}

#[tokio::test]
async fn the_verdict_is_right_or_failed() {
    let (count, seed) = (number("FAULT_CASES", 200), number("FAULT_SEED", 1));
    let began = Instant::now();
    let local = LocalSet::new();
    let judged = local.run_until(async {
        stream::iter(0..count)
            .map(|number| {
                let case = Case::drawn(seed, number);
                async move {
                    let judged = tokio::task::spawn_local(judge(case)).await;
                    let judged =
                        judged.unwrap_or_else(|panic| Err(format!("{case:?} panics: {panic}")));
                    (case, judged)
                }
            })
            .buffer_unordered(AT_ONCE)
            .collect::<Vec<_>>()
            .await
    });
    let judged = judged.await;
    let mut verdicts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for (case, judged) in judged {
        match judged {
            Ok(verdict) => *verdicts.entry((case.fault.name(), verdict)).or_default() += 1,
            Err(why) => wrong.push(why),
        }
    }
    for ((fault, verdict), times) in &verdicts {
        println!("{fault:<12} {verdict:<10} {times}");
    }
    println!(
        "{count} cases from seed {seed} in {} s, {} wrong",
        began.elapsed().as_secs(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A busy machine times out by itself, though rarely.
    let calm = ("Nothing".to_owned(), "failed");
    let by_itself = verdicts.get(&calm).copied().unwrap_or_default();
    assert!(
        by_itself <= 1 + usize::try_from(count).expect("a count") / 500,
        "{by_itself} failed although nothing went wrong"
    );
    let failed = verdicts
        .iter()
        .filter(|((_, verdict), _)| *verdict == "failed");
    let failed: usize = failed.map(|(_, times)| times).sum();
    let right: usize = verdicts.values().sum::<usize>() - failed;
    assert!(
        right > 0 && failed > 0,
        "faults are survived, and are noticed"
    );
}
