//! Targets whose places are not to be had: each is said with its name, and the others go on.

use crate::aws;
use crate::desk::{command, report, standing, state, stderr, stdout};

#[test]
fn what_cannot_be_reached_is_said_with_the_targets_name_and_the_others_go_on() {
    let (state, aws) = (state(), aws::Aws::start());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("places.yaml");
    let text = format!(
        "targets: v1\nlist:\n  \
         - {{name: denied, account: \"111111111111\", region: eu-west-1, role: \"{}\"}}\n  \
         - {{name: elsewhere, account: \"222222222222\", region: eu-west-1, role: \"arn:aws:iam::222222222222:role/runbook\"}}\n  \
         - {{name: off, account: \"111111111111\", region: {}}}\n  \
         - {{name: vanished, account: \"111111111111\", region: eu-west-1, inputs: {{service: {}}}}}\n  \
         - {{name: well, account: \"111111111111\", region: eu-west-1}}\n\
         rollout: {{concurrency: 1, max_errors: 4}}\n",
        aws::DENIED,
        aws::OFF,
        aws::GONE
    );
    std::fs::write(&file, text).expect("written");
    let words = [
        "fleet",
        "run",
        "counted.yaml",
        "--targets",
        &file.display().to_string(),
        "--endpoint-url",
        &aws.url,
    ];
    let mut program = aws::known(command(state.path(), &words));
    let output = program.output().expect("it runs");
    let said = format!("{}{}", stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(1), "{said}");
    let fleet = report(state.path());
    assert_eq!(fleet["status"], "ended", "{said}");
    for (number, due) in [
        ["denied", "role/denied", "you may not assume it"],
        [
            "elsewhere",
            "its account is 222222222222",
            "the credentials are of 999999999999",
        ],
        ["off", "me-south-1", "may be switched off in this account"],
    ]
    .into_iter()
    .enumerate()
    {
        let target = &fleet["targets"][number];
        assert_eq!(target["not_run"]["code"], "place", "{target}");
        assert!(target["run"].is_null(), "{target}");
        let [name, rest @ ..] = due;
        assert_eq!(target["name"], name);
        let why = target["not_run"]["message"].as_str().expect("why");
        let lines = said.lines();
        let line = lines
            .clone()
            .find(|line| line.contains(&format!("] {name} ")));
        for due in rest {
            assert!(why.contains(due), "{due}: {why}");
            assert!(
                line.is_some_and(|line| line.contains(due)),
                "{name}, {due}: {said}"
            );
        }
    }
    let gone = &fleet["targets"][3];
    assert!(gone["run"].is_string(), "it was looked at: {gone}");
    let standing = standing(&fleet);
    assert_eq!(standing["vanished"], "failed", "{gone}");
    assert_eq!(standing["well"], "healthy");
}
