//! What people see of a run: by hand-made events, wide, narrow, and where there is no terminal.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::approval::{Decision, Question, QuestionCall, ValueChange};
use runbook_interpreter::event::{Event, EventKind, Observer};
use runbook_interpreter::outcome::{
    AssertionOutcome, CauseOutcome, Change, Evidence, Outcome, StepError, StepOutcome, StepStatus,
};
use runbook_interpreter::truth::Truth;
use runbook_interpreter::verdict::Verdict;
use runbook_playbook::catalog::Effect;
use runbook_playbook::value::Value;
use runbook_report::chart::Chart;
use runbook_report::json;
use runbook_report::terminal::{Detail, Look, Motion, Settings, Terminal};
use serde_json::json;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Mutex};

const START: Timestamp = Timestamp::constant(1_768_478_400, 0);

/// A writer whose text can be read afterwards.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("one thread").clone()).expect("text")
    }
}

fn step(status: StepStatus, action: &str) -> StepOutcome {
    StepOutcome {
        status,
        title: None,
        action: Some(action.to_owned()),
        holds: None,
        captures: IndexMap::new(),
        assertions: Vec::new(),
        error: None,
        truncated: false,
        calls: 1,
        started: START,
        ended: START,
    }
}

fn ended(path: &str, outcome: &StepOutcome) -> EventKind {
    EventKind::StepEnded {
        step: path.to_owned(),
        outcome: Box::new(outcome.clone()),
    }
}

fn graph(graph: &'static str, reading: Option<u32>) -> EventKind {
    EventKind::GraphStarted { graph, reading }
}

#[expect(clippy::too_many_lines, reason = "one run from its start to its end")]
/// A leak that is found, mended and seen to be gone; one read is denied on the way.
fn leaking() -> Vec<EventKind> {
    let mut rising = step(StepStatus::Done, "cloudwatch:Series");
    rising.title = Some("Memory utilization keeps rising".to_owned());
    rising.holds = Some(Truth::True);
    rising.assertions.push(AssertionOutcome {
        asked: "trend(points).per_hour > 0.5".to_owned(),
        truth: Truth::True,
        found: "2.21 > 0.5".to_owned(),
        message: Some("2.21 % an hour".to_owned()),
        warn: false,
        require: false,
    });
    let points = (0..8).map(|at| Value::Integer(40 + at * 7)).collect();
    rising
        .captures
        .insert("points".to_owned(), Value::list(points));
    let mut stopped = step(StepStatus::Done, "ecs:ListTasks");
    let arns = vec![Value::text("a\u{1b}[31m"), Value::text("b")];
    stopped
        .captures
        .insert("arns".to_owned(), Value::list(arns));
    let mut denied = step(StepStatus::Failed, "logs:FilterLogEvents");
    denied.error = Some(StepError {
        code: "AccessDeniedException".to_owned(),
        message: "User: arn:aws:sts::123456789012:assumed-role/oncall/jo is not authorized"
            .to_owned(),
    });
    let cause = CauseOutcome {
        name: "out_of_memory".to_owned(),
        title: "Tasks are killed for running out of memory".to_owned(),
        found: Truth::True,
        evidence: vec![Evidence {
            step: "diagnose.stop_reasons".to_owned(),
            truth: Truth::True,
            found: "$.tasks[*].containers[*].reason: any matches `OOM`, found \"OOM: killed\""
                .to_owned(),
        }],
    };
    let redeploy = step(StepStatus::Done, "ecs:UpdateService");
    let arguments = json!({"service": "acso-production-supervisor", "desiredCount": 3});
    let question = Question {
        step: "resolve.restart.redeploy".to_owned(),
        title: None,
        calls: vec![QuestionCall {
            action: "ecs:UpdateService".to_owned(),
            arguments: arguments.clone(),
            changes: vec![ValueChange {
                path: "desiredCount".to_owned(),
                from: json!(2),
                to: json!(3),
            }],
        }],
        effects: [Effect::Write].into(),
        prompt: None,
        place: "123456789012 us-east-1".to_owned(),
        undo: Vec::new(),
        stated: Vec::new(),
        insists: false,
        people: 1,
        from: Vec::new(),
        because: Vec::new(),
        agreed: Vec::new(),
    };
    let skipped = StepOutcome {
        error: Some(StepError {
            code: "when".to_owned(),
            message: "inputs.permanent is false".to_owned(),
        }),
        ..step(StepStatus::Skipped, "ecs:RegisterTaskDefinition")
    };
    let mut steps = IndexMap::new();
    steps.insert("symptom.memory_rising".to_owned(), rising.clone());
    steps.insert("diagnose.memory_errors".to_owned(), denied.clone());
    let outcome = Outcome {
        run: "0001".to_owned(),
        playbook: "acso/memory-leak".to_owned(),
        verdict: Verdict::Resolved,
        reason: None,
        explanation: "the symptom showed, was mended, and two readings in a row are clear"
            .to_owned(),
        environment: false,
        causes: vec![cause.clone()],
        steps,
        changes: vec![Change {
            step: "resolve.restart.redeploy".to_owned(),
            action: "ecs:UpdateService".to_owned(),
            arguments,
            values: question.calls[0].changes.clone(),
            effect: Effect::Write,
            confirmed: true,
            undoes: None,
            undone: false,
        }],
        outputs: IndexMap::new(),
        started: START,
        ended: START + SignedDuration::from_mins(47),
        escalated: None,
        waiting: None,
    };
    vec![
        EventKind::RunStarted {
            run: "0001".to_owned(),
            playbook: "acso/memory-leak".to_owned(),
            title: "Memory leak".to_owned(),
            inputs: json!({}),
            place: runbook_registry::world::Place::default(),
        },
        graph("symptom", None),
        ended("symptom.memory_rising", &rising),
        graph("diagnose", None),
        ended("diagnose.stopped", &stopped),
        ended("diagnose.memory_errors", &denied),
        EventKind::CauseJudged(Box::new(cause)),
        graph("resolve", None),
        EventKind::StepStarted {
            step: "resolve.restart".to_owned(),
            title: Some("Replace the tasks to clear their memory".to_owned()),
            action: None,
        },
        EventKind::Asked(Arc::new(question)),
        EventKind::Answered {
            step: "resolve.restart.redeploy".to_owned(),
            decision: Decision::Approved {
                by: "jo".to_owned(),
            },
        },
        ended("resolve.restart.redeploy", &redeploy),
        waiting("resolve.restart.settled", "until services are stable"),
        waiting("resolve.restart.settled", "until services are stable"),
        ended(
            "resolve.restart",
            &StepOutcome {
                action: None,
                ..step(StepStatus::Done, "")
            },
        ),
        ended("resolve.more_memory", &skipped),
        graph("verify", Some(1)),
        EventKind::RunEnded(Arc::new(outcome)),
    ]
}

fn waiting(step: &str, why: &str) -> EventKind {
    EventKind::Waiting {
        step: step.to_owned(),
        why: why.to_owned(),
        length: SignedDuration::from_secs(15),
        within: Some(SignedDuration::from_mins(10)),
    }
}

fn drawn(settings: Settings) -> String {
    let page = Page::default();
    let charts = HashMap::from([(
        "symptom.memory_rising".to_owned(),
        Chart {
            capture: "points".to_owned(),
            threshold: Some(80.0),
            percent: true,
        },
    )]);
    let terminal = Terminal::new(Box::new(page.clone()), Settings { charts, ..settings });
    for kind in leaking() {
        terminal.observe(&Event { at: START, kind });
    }
    page.text()
}

fn wide(width: usize) -> Settings {
    Settings {
        look: Look {
            width: Some(width),
            colour: false,
        },
        ..Settings::default()
    }
}

#[test]
fn plain_lines_where_there_is_no_terminal() {
    let text = drawn(Settings::default());
    assert!(!text.contains('\u{1b}'), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn eighty_columns() {
    insta::assert_snapshot!(drawn(wide(80)));
}

#[test]
fn forty_columns() {
    let text = drawn(wide(40));
    for line in text.lines() {
        assert!(unicode_width::UnicodeWidthStr::width(line) <= 40, "{line}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn quiet_shows_only_the_end() {
    let text = drawn(Settings {
        detail: Detail::Quiet,
        ..Settings::default()
    });
    assert!(text.starts_with("resolved after 47m: "), "{text}");
}

#[test]
fn spinners_leave_nothing_behind_and_keep_every_line() {
    let text = drawn(Settings {
        motion: Some(Motion {
            size: || Some((80, 24)),
            every: None,
            timed: false,
        }),
        ..wide(80)
    });
    assert!(text.contains("memory_rising"), "{text}");
    assert!(text.contains("resolved after 47m"), "{text}");
}

#[test]
fn the_document_has_what_programs_need() {
    let collector = json::Collector::default();
    for kind in leaking() {
        collector.observe(&Event { at: START, kind });
    }
    let document = collector.document().expect("the run has ended");
    let schema = include_str!("../../../schemas/run.schema.json");
    let schema = serde_json::from_str(schema).expect("the schema is JSON");
    let problems: Vec<String> = jsonschema::validator_for(&schema)
        .expect("the schema is one")
        .iter_errors(&document)
        .map(|problem| problem.to_string())
        .collect();
    assert!(problems.is_empty(), "{problems:?}");
    insta::assert_json_snapshot!(document);
}
