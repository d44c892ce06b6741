//! What happens when a run did not end well, or takes long.

use super::script::{script, status};
use crate::approval::Decision;
use crate::verdict::Verdict;
use runbook_playbook::catalog::Effect;
use serde_json::json;

/// A symptom that holds and stays, a remedy that does not help.
const STAYS: &str = "
symptom:
  low: {action: t:Read, assert: [{path: $.size, lt: 2}]}
diagnose:
  why: {causes: {small: {title: It is too small, that: 'true'}}}
resolve:
  grow: {for: small, action: t:Write, with: {size: 2}}
verify: {every: 10m, within: 40m}
";

const SHARED: &str = "escalation: v1
inputs: {team: {type: string}}
contacts: {lead: {mail: '${{ inputs.team }}@example.com'}}
levels:
  - {level: 1, at: start}
  - {level: 3, after: 30m}
  - {level: 4, when: run.verdict == 'failed'}
  - {level: 2, when: run.verdict == 'unresolved'}
gather:
  more: {action: t:ReadMore, capture: {items: '$.items[*]'}}
notify:
  tell:
    action: t:WriteMail
    with: {name: '${{ contacts.lead.mail }}', size: '${{ level }}'}
  page:
    when: level > 2
    action: t:WritePage
    with: {name: '${{ run.verdict }}: ${{ run.explanation }}, ${{ run.causes | join }}'}";

fn nobody() -> Decision {
    Decision::Nobody
}

#[test]
fn each_level_is_told_once_in_its_time() {
    let uses = "escalate: {use: e.yaml, with: {team: api}, level: 2}";
    let script = script()
        .holding("e.yaml", SHARED)
        .on("t:Read", json!({"size": 1}));
    let outcome = script.run(&format!("{STAYS}{uses}"));
    assert_eq!(outcome.verdict, Verdict::Unresolved);
    let mails = script.arguments("t:WriteMail");
    let told: Vec<_> = mails.iter().map(|mail| &mail["size"]).collect();
    assert_eq!(told, [1, 3, 2], "{mails:?}");
    assert_eq!(mails[0]["name"], "api@example.com");
    // Level 3 is told while the run goes on.
    assert_eq!(
        script.arguments("t:WritePage"),
        [json!({"name": "running: the run goes on, It is too small"})]
    );
    let escalated = outcome.escalated.expect("escalated");
    assert_eq!(escalated.levels, [1, 3, 2]);
    assert_eq!(escalated.gathered, ["escalation/gather.more"]);
    assert_eq!(
        script
            .called()
            .iter()
            .filter(|name| *name == "t:ReadMore")
            .count(),
        1
    );
    assert_eq!(escalated.not_told, None);
}

#[test]
fn telling_is_asked_about_at_the_start_and_never_again() {
    let own = "
escalate:
  notify:
    tell: {action: t:WriteMail, with: {name: '${{ run.verdict }}'}}
";
    let script = script().on("t:Read", json!({"size": 1}));
    script.run(&format!("{STAYS}{own}"));
    let questions = script.questions.borrow();
    let steps: Vec<&str> = questions.iter().map(|asked| asked.step.as_str()).collect();
    assert_eq!(steps, ["notify", "resolve.grow"]);
    assert_eq!(questions[0].calls[0].arguments, json!({"name": "running"}));
    assert_eq!(questions[0].effects, [Effect::Write].into());
    assert_eq!(
        script.arguments("t:WriteMail"),
        [json!({"name": "unresolved"})]
    );
}

#[test]
fn where_nobody_can_be_asked_the_evidence_is_gathered_and_nobody_is_told() {
    let own = "
escalate:
  level: 3
  gather: {more: {action: t:ReadMore}}
  notify: {tell: {action: t:WriteMail}}
";
    let script = script()
        .on("t:Read", json!({"size": 1}))
        .decide(&[nobody(), Decision::Approved { by: "me".into() }]);
    let outcome = script.run(&format!("{STAYS}{own}"));
    let escalated = outcome.escalated.expect("escalated");
    assert_eq!(escalated.levels, [3]);
    assert_eq!(escalated.gathered, ["gather.more"]);
    assert!(escalated.told.is_empty());
    assert!(
        escalated
            .not_told
            .expect("a reason")
            .contains("--yes=notify")
    );
    assert!(script.arguments("t:WriteMail").is_empty());
}

#[test]
fn escalation_changes_no_verdict_and_is_no_change_of_the_run() {
    let own = "
escalate:
  gather: {more: {action: t:ReadMore}}
  notify:
    mail: {action: t:WriteMail}
    page: {action: t:WritePage}
";
    let script = script()
        .on("t:Read", json!({"size": 1}))
        .fails("t:ReadMore", "Denied")
        .fails("t:WriteMail", "Denied");
    let outcome = script.run(&format!("{STAYS}{own}"));
    assert_eq!(outcome.verdict, Verdict::Unresolved);
    assert_eq!(outcome.changes.len(), 1);
    assert_eq!(status(&outcome, "notify.mail"), "failed Denied");
    let escalated = outcome.escalated.expect("escalated");
    assert_eq!(escalated.failed, ["notify.mail"]);
    assert_eq!(escalated.told, ["notify.page"]);
    assert!(escalated.gathered.is_empty());
}

#[test]
fn people_are_told_although_something_could_not_be_gathered() {
    let own = "
escalate:
  gather:
    more: {action: t:ReadMore, capture: {items: '$.items[*]'}}
  notify:
    mail:
      action: t:WriteMail
      with: {name: '${{ gather.more.items | length }} items: ${{ run.verdict }}', note: '${{ gather.more.items | join }}'}
";
    let script = script()
        .on("t:Read", json!({"size": 1}))
        .fails("t:ReadMore", "Denied");
    let outcome = script.run(&format!("{STAYS}{own}"));
    assert_eq!(
        script.arguments("t:WriteMail"),
        [json!({"name": "unknown items: unresolved", "note": "unknown"})]
    );
    assert_eq!(outcome.escalated.expect("escalated").told, ["notify.mail"]);
}

#[test]
fn who_ends_well_tells_nobody() {
    let own = "
escalate: {gather: {more: {action: t:ReadMore}}, notify: {tell: {action: t:WriteMail}}}
";
    let script = script().on("t:Read", json!({"size": 5}));
    let outcome = script.run(&format!("{STAYS}{own}"));
    assert_eq!(outcome.verdict, Verdict::Absent);
    assert_eq!(outcome.escalated, None);
    assert_eq!(script.called(), ["t:Read"]);
}

#[test]
fn the_time_of_the_run_does_not_bound_escalation() {
    let own = "
timeout: 5m
escalate: {notify: {tell: {action: t:WriteMail}}}
";
    let script = script().on("t:Read", json!({"size": 1}));
    let outcome = script.run(&format!("{STAYS}{own}"));
    assert_eq!(outcome.verdict, Verdict::Aborted, "{}", outcome.explanation);
    assert_eq!(script.arguments("t:WriteMail").len(), 1);
}

#[test]
fn a_level_with_a_time_and_a_condition_waits_for_both() {
    let own = "
escalate:
  levels:
    - {level: 1, when: run.verdict == 'unresolved'}
    - {level: 2, after: 30m, when: run.changed}
    - {level: 3, after: 30m, when: run.verdict == 'unresolved'}
    - {level: 4, after: 30m, when: run.verdict == 'failed'}
    - {level: 5, after: 20h, when: run.changed}
  notify:
    tell: {action: t:WriteMail, with: {size: '${{ level }}', name: '${{ run.verdict }}'}}
";
    let script = script().on("t:Read", json!({"size": 1}));
    let outcome = script.run(&format!("{STAYS}{own}"));
    assert_eq!(outcome.verdict, Verdict::Unresolved);
    let mails = script.arguments("t:WriteMail");
    let told: Vec<_> = mails
        .iter()
        .map(|mail| format!("{} {}", mail["size"], mail["name"]))
        .collect();
    assert_eq!(
        told,
        [r#"2 "running""#, r#"1 "unresolved""#, r#"3 "unresolved""#]
    );
}
