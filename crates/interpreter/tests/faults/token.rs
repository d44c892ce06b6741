//! A write whose process died before its answer came is sent again with the token that the service knows it by.

use crate::cases::{Case, Fault, Truth};
use crate::playbook::{around, checked};
use crate::service::Service;
use runbook_interpreter::journal::{Mode, SqliteJournal};
use runbook_interpreter::verdict::Verdict;
use serde_json::{Value as Json, json};

const TEXT: &str = "
playbook: v1
title: One task
resolve:
  task:
    action: ecs:RunTask
    with: {cluster: c, taskDefinition: job}
";

#[tokio::test]
async fn a_token_in_flight_is_sent_again_after_a_death() {
    let service = Service::start(Case {
        seed: 0,
        number: 0,
        truth: Truth::Fine,
        fault: Fault::LostAnswer,
        first: 0,
        times: None,
        cut: 0,
    })
    .await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = SqliteJournal::open(&folder.path().join("journal.sqlite")).expect("a journal");
    let playbook = checked(TEXT);
    {
        let journal = file.start("run".to_owned(), json!({}));
        let run = around(&playbook, &service, &journal);
        let reached = async {
            while service.log().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        // The process dies as soon as the request has reached the service.
        tokio::select! {
            biased;
            () = reached => {}
            outcome = run => panic!("{}", outcome.explanation),
        }
    }
    let before = service.bodies().len();
    service.recover();
    let journal = file.again("run", Mode::Live).expect("again");
    let outcome = around(&playbook, &service, &journal).await;
    assert_eq!(outcome.verdict, Verdict::Done, "{}", outcome.explanation);
    let bodies = service.bodies();
    assert!(bodies.len() > before, "it was sent again");
    let tokens: Vec<Json> = bodies
        .iter()
        .map(|body| {
            let body: Json = serde_json::from_str(body).expect("JSON");
            body["clientToken"].clone()
        })
        .collect();
    assert!(tokens[0].is_string(), "{tokens:?}");
    assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
}
