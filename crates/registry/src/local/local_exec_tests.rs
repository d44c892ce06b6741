use super::super::test_server::{context, run};
use super::*;
use std::time::{Duration, Instant};

fn here() -> LocalContext {
    let mut here = context();
    here.runs = Some(vec!["sh".to_owned(), "cat".to_owned(), "env".to_owned()]);
    here.environment = vec![
        ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
        ("API_TOKEN".to_owned(), "secret".to_owned()),
    ];
    here.target_environment = std::sync::Arc::new(super::super::FixedEnvironment(vec![(
        "AWS_REGION".to_owned(),
        "us-east-1".to_owned(),
    )]));
    here
}

#[tokio::test]
async fn a_program_runs_with_its_arguments_as_given() {
    let arguments = json!({"command": ["cat", "-"], "input": "a; $(b)"});
    let result = run(&LocalExec, &here(), arguments).await.expect("runs");
    assert_eq!(
        result,
        json!({"exit": 0, "stdout": "a; $(b)", "stderr": ""})
    );
}

#[tokio::test]
async fn a_program_works_in_a_folder_outside_of_the_root_only_when_that_is_listed() {
    let repository = tempfile::tempdir().expect("a folder");
    let script = repository.path().join("status.sh");
    std::fs::write(&script, "#!/bin/sh\npwd; echo \"$1\"\n").expect("a script");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).expect("a mode");
    let arguments = json!({"command": ["./status.sh", "all"], "folder": "repository"});
    let mut here = here();
    here.runs = Some(vec!["./status.sh".to_owned()]);
    let error = run(&LocalExec, &here, arguments.clone()).await;
    assert_eq!(error.expect_err("not below the root").code, "not_found");
    let at = repository.path().canonicalize().expect("a path");
    here.folders = vec![("repository".to_owned(), at.clone())];
    let result = run(&LocalExec, &here, arguments).await.expect("runs");
    assert_eq!(result["stdout"], format!("{}\nall\n", at.display()));
    let out = json!({"command": ["./status.sh"], "folder": "repository/.."});
    let error = run(&LocalExec, &here, out).await.expect_err("outside");
    assert_eq!(error.code, "not_allowed");
}

#[tokio::test]
async fn a_shell_must_be_asked_for_and_be_listed() {
    let arguments = json!({"command": ["echo $1 | tr a-z A-Z", "loud"], "shell": true});
    let result = run(&LocalExec, &here(), arguments.clone())
        .await
        .expect("runs");
    assert_eq!(result["stdout"], "LOUD\n");
    let mut closed = here();
    closed.runs = Some(vec!["cat".to_owned()]);
    let error = run(&LocalExec, &closed, arguments)
        .await
        .expect_err("no shell");
    assert_eq!(error.code, "not_allowed");
}

#[tokio::test]
async fn the_environment_is_clean_but_for_the_target() {
    let arguments = json!({"command": ["env"], "environment": {"MODE": "dry"}});
    let result = run(&LocalExec, &here(), arguments).await.expect("runs");
    let mut lines: Vec<_> = result["stdout"].as_str().expect("text").lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["AWS_REGION=us-east-1", "MODE=dry", "PATH=/usr/bin:/bin"]
    );
    let mut call = Call::new("local:Exec", json!({"command": ["env"]}));
    call.target.region = Some("eu-west-1".to_owned());
    let answer = LocalExec.run(&here(), &call).await.expect("runs");
    let text = answer.result["stdout"].as_str().expect("text").to_owned();
    assert!(text.contains("AWS_REGION=eu-west-1"), "{text}");
    assert!(!text.contains("us-east-1"), "{text}");
}

#[tokio::test]
async fn exit_codes_are_answers_only_where_expected() {
    let command = ["sh", "-c", "echo cannot connect >&2; exit 3"];
    let error = run(&LocalExec, &here(), json!({"command": command}))
        .await
        .expect_err("3");
    assert_eq!(error.code, "exit");
    assert_eq!(error.message, "sh: exit status: 3: cannot connect");
    let result = run(
        &LocalExec,
        &here(),
        json!({"command": command, "exit": [0, 3]}),
    )
    .await
    .expect("3");
    assert_eq!(result["exit"], 3);
}

#[tokio::test]
async fn output_can_be_a_document() {
    let arguments = json!({"command": ["cat"], "input": "{\"a\": 1}", "as": "json"});
    let result = run(&LocalExec, &here(), arguments).await.expect("runs");
    assert_eq!(result["json"], json!({"a": 1}));
    let arguments = json!({"command": ["cat"], "input": "oops", "as": "json"});
    let error = run(&LocalExec, &here(), arguments)
        .await
        .expect_err("no JSON");
    assert_eq!(error.code, "syntax");
}

#[tokio::test]
async fn a_timeout_ends_the_program_and_all_that_it_started() {
    let folder = tempfile::tempdir().expect("folder");
    let mut here = here();
    here.root = folder.path().to_owned();
    here.folder = folder.path().to_owned();
    let command = ["sh", "-c", "(sleep 1; echo late > late) & sleep 60"];
    let started = Instant::now();
    let error = run(
        &LocalExec,
        &here,
        json!({"command": command, "timeout": "200ms"}),
    )
    .await
    .expect_err("too long");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("timeout", FailureKind::Unanswered)
    );
    assert!(started.elapsed() < Duration::from_secs(10));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(
        !folder.path().join("late").exists(),
        "the child's child lived on"
    );
}

#[tokio::test]
async fn a_cancelled_call_ends_the_program_and_all_that_it_started() {
    let folder = tempfile::tempdir().expect("folder");
    let mut here = here();
    here.root = folder.path().to_owned();
    here.folder = folder.path().to_owned();
    let script = "(sleep 1; echo late > late) & touch started; wait";
    let run = run(&LocalExec, &here, json!({"command": ["sh", "-c", script]}));
    let started = async {
        while !folder.path().join("started").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        result = run => panic!("still running, but got {result:?}"),
        () = started => {}
    }
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(!folder.path().join("late").exists(), "it lived on");
}

#[tokio::test]
async fn what_is_left_in_the_background_holds_nothing_up() {
    let started = Instant::now();
    let result = run(
        &LocalExec,
        &here(),
        json!({"command": ["sh", "-c", "sleep 30 & echo done"]}),
    )
    .await
    .expect("runs");
    assert_eq!(result["stdout"], "done\n");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn output_is_bounded() {
    let arguments =
        json!({"command": ["sh", "-c", "while :; do echo yes; done"], "max_bytes": 1000});
    let error = run(&LocalExec, &here(), arguments)
        .await
        .expect_err("endless");
    assert_eq!(error.code, "size");
}

#[tokio::test]
async fn a_program_that_is_not_there_was_not_started() {
    let mut here = here();
    here.runs = Some(vec!["no-such-program".to_owned()]);
    let error = run(&LocalExec, &here, json!({"command": ["no-such-program"]}))
        .await
        .expect_err("none");
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("start", FailureKind::NotSent)
    );
    let error = run(&LocalExec, &here, json!({"command": []}))
        .await
        .expect_err("none");
    assert_eq!(error.code, "arguments");
}
