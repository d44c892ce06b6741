//! What a terminal shows in the middle of a run: frames of a screen, as an emulator of a terminal draws them.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use runbook_interpreter::approval::{Decision, Question, QuestionCall};
use runbook_interpreter::event::{Event, EventKind, Observer};
use runbook_interpreter::outcome::{Outcome, StepError, StepOutcome, StepStatus};
use runbook_interpreter::verdict::Verdict;
use runbook_playbook::catalog::Effect;
use runbook_playbook::value::Value;
use runbook_report::terminal::{Commands, Look, Motion, Settings, Terminal};
use serde_json::json;
use std::io::Write;
use std::num::NonZero;
use std::sync::{Arc, Mutex};

const START: Timestamp = Timestamp::constant(1_768_478_400, 0);

/// A terminal that can be looked at.
#[derive(Clone)]
struct Glass(Arc<Mutex<vt100::Parser>>);

impl Write for Glass {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // A terminal's driver puts a carriage return before each line feed.
        let text = String::from_utf8_lossy(bytes).replace('\n', "\r\n");
        self.0.lock().expect("one thread").process(text.as_bytes());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Glass {
    fn new(columns: u16) -> Self {
        let size = |size: u16| NonZero::new(size).expect("it has a size");
        let parser = vt100::Parser::new(size(400), size(columns), 0);
        Self(Arc::new(Mutex::new(parser)))
    }

    fn shown(&self) -> String {
        let parser = self.0.lock().expect("one thread");
        let rows = parser.screen().contents();
        let rows: Vec<&str> = rows.lines().map(str::trim_end).collect();
        rows.join("\n").trim_end().to_owned()
    }
}

fn motion(columns: u16) -> Motion {
    Motion {
        size: if columns == 40 {
            || Some((40, 24))
        } else {
            || Some((80, 24))
        },
        every: None,
        timed: false,
    }
}

/// A run that is shown, and the seconds since it began.
struct Shown {
    terminal: Terminal,
    glass: Glass,
    frames: Vec<String>,
}

impl Shown {
    fn new(columns: u16, moves: bool) -> Self {
        let glass = Glass::new(columns);
        let settings = Settings {
            look: Look {
                width: Some(columns.into()),
                colour: true,
            },
            motion: moves.then(|| motion(columns)),
            commands: Commands {
                again: "runbook run acso/memory-leak".to_owned(),
                resume: Some("runbook resume 0001".to_owned()),
                undo: Some("runbook undo 0001".to_owned()),
                report: Some("runbook report 0001".to_owned()),
                ..Commands::default()
            },
            ..Settings::default()
        };
        let terminal = Terminal::new(Box::new(glass.clone()), settings);
        Self {
            terminal,
            glass,
            frames: Vec::new(),
        }
    }

    fn at(&self, seconds: i64, kind: EventKind) {
        let at = START + SignedDuration::from_secs(seconds);
        self.terminal.observe(&Event { at, kind });
    }

    fn frame(&mut self, of: &str) {
        self.terminal.turn();
        self.frames
            .push(format!("--- {of}\n{}", self.glass.shown()));
    }
}

fn started(step: &str, title: &str, action: Option<&str>) -> EventKind {
    EventKind::StepStarted {
        step: step.to_owned(),
        title: Some(title.to_owned()),
        action: action.map(str::to_owned),
    }
}

fn outcome(status: StepStatus, title: &str, seconds: (i64, i64)) -> StepOutcome {
    StepOutcome {
        status,
        title: Some(title.to_owned()),
        action: Some("ecs:DescribeTasks".to_owned()),
        holds: None,
        captures: IndexMap::new(),
        assertions: Vec::new(),
        error: None,
        truncated: false,
        calls: 1,
        started: START + SignedDuration::from_secs(seconds.0),
        ended: START + SignedDuration::from_secs(seconds.1),
    }
}

fn ended(step: &str, outcome: StepOutcome) -> EventKind {
    EventKind::StepEnded {
        step: step.to_owned(),
        outcome: Box::new(outcome),
    }
}

fn waits(step: &str, why: &str, seconds: i64, within: Option<i64>) -> EventKind {
    EventKind::Waiting {
        step: step.to_owned(),
        why: why.to_owned(),
        length: SignedDuration::from_secs(seconds),
        within: within.map(SignedDuration::from_secs),
    }
}

fn progress(step: &str, done: usize, failed: usize) -> EventKind {
    EventKind::Progress {
        step: step.to_owned(),
        done,
        of: 12,
        failed,
    }
}

fn graph(graph: &'static str, reading: Option<u32>) -> EventKind {
    EventKind::GraphStarted { graph, reading }
}

fn question(step: &str) -> Question {
    Question {
        step: step.to_owned(),
        title: Some("Enable the alarms".to_owned()),
        calls: vec![QuestionCall {
            action: "cloudwatch:EnableAlarmActions".to_owned(),
            arguments: json!({"AlarmNames": ["a"]}),
            changes: Vec::new(),
        }],
        effects: [Effect::Write].into(),
        prompt: None,
        place: String::new(),
        undo: Vec::new(),
        stated: Vec::new(),
        insists: false,
        people: 1,
        from: Vec::new(),
        because: Vec::new(),
        agreed: Vec::new(),
    }
}

/// Side-by-side reads, a block, a list, a waiter with a bound, a question, and readings of `verify`.
#[expect(clippy::too_many_lines, reason = "one run from its start to its end")]
fn run(shown: &mut Shown) {
    shown.at(
        0,
        EventKind::RunStarted {
            run: "0001".to_owned(),
            playbook: "acso/memory-leak".to_owned(),
            title: "Memory leak".to_owned(),
            inputs: json!({}),
            place: runbook_registry::world::Place::default(),
        },
    );
    shown.at(0, graph("diagnose", None));
    let (tasks, lines) = ("diagnose.tasks", "diagnose.stopped/diagnose.lines");
    shown.at(
        0,
        started(tasks, "Tasks that run", Some("ecs:DescribeTasks")),
    );
    shown.at(
        0,
        started(
            "diagnose.stopped",
            "Why tasks stopped",
            Some("playbook:Run"),
        ),
    );
    shown.at(1, started(lines, "Lines in the log", Some("logs:Insights")));
    shown.frame("side by side, one of them a playbook of its own");
    let mut found = outcome(StepStatus::Done, "Lines in the log", (1, 9));
    found
        .captures
        .insert("matches".to_owned(), Value::Integer(3));
    shown.at(9, ended(lines, found));
    shown.frame("a step inside has ended");
    let mut denied = outcome(StepStatus::Failed, "Tasks that run", (0, 10));
    denied.error = Some(StepError {
        code: "AccessDeniedException".to_owned(),
        message: "not authorized \u{1b}[2J to perform ecs:DescribeTasks".to_owned(),
    });
    shown.at(10, ended(tasks, denied));
    shown.at(
        12,
        ended(
            "diagnose.stopped",
            outcome(StepStatus::Done, "Why tasks stopped", (0, 12)),
        ),
    );
    shown.at(12, graph("resolve", None));
    shown.at(12, started("resolve.noise", "Quiet the alarms", None));
    let alarms = "resolve.noise.alarms";
    shown.at(
        12,
        started(
            alarms,
            "Enable the alarms",
            Some("cloudwatch:EnableAlarmActions"),
        ),
    );
    shown.frame("before the question");
    shown.at(13, EventKind::Asked(Arc::new(question(alarms))));
    shown.frame("a person is asked: nothing moves");
    shown.at(
        60,
        EventKind::Answered {
            step: alarms.to_owned(),
            decision: Decision::Approved {
                by: "jo".to_owned(),
            },
        },
    );
    shown.at(60, progress(alarms, 3, 0));
    shown.at(64, progress(alarms, 4, 1));
    shown.frame("a list");
    shown.at(
        70,
        ended(
            alarms,
            outcome(StepStatus::Done, "Enable the alarms", (60, 70)),
        ),
    );
    let settled = "resolve.noise.settled";
    shown.at(
        70,
        started(
            settled,
            "Wait until it is stable",
            Some("ecs:WaitUntilServicesStable"),
        ),
    );
    let why = "ecs:WaitUntilServicesStable has not come true yet";
    shown.at(70, waits(settled, why, 15, Some(600)));
    shown.at(220, waits(settled, why, 15, Some(600)));
    shown.frame("a wait with a bound");
    shown.at(
        235,
        ended(
            settled,
            outcome(StepStatus::Done, "Wait until it is stable", (70, 235)),
        ),
    );
    shown.at(
        235,
        ended(
            "resolve.noise",
            StepOutcome {
                action: None,
                ..outcome(StepStatus::Done, "Quiet the alarms", (12, 235))
            },
        ),
    );
    shown.at(
        235,
        waits("verify", "before the first reading", 1800, Some(7200)),
    );
    shown.at(
        235,
        started("resolve.pause", "Let it rest", Some("time:Sleep")),
    );
    shown.at(
        235,
        waits("resolve.pause", "the playbook asks for a pause", 300, None),
    );
    shown.frame("waits side by side");
    shown.at(2035, graph("verify", Some(1)));
    shown.frame("the reading has begun");
    shown.at(2040, EventKind::RunEnded(Arc::new(end())));
}

fn end() -> Outcome {
    Outcome {
        run: "0001".to_owned(),
        playbook: "acso/memory-leak".to_owned(),
        verdict: Verdict::Aborted,
        reason: None,
        explanation: "the run was stopped before its end".to_owned(),
        environment: false,
        causes: Vec::new(),
        steps: IndexMap::new(),
        changes: Vec::new(),
        outputs: IndexMap::new(),
        started: START,
        ended: START + SignedDuration::from_secs(2040),
        escalated: None,
        waiting: None,
    }
}

#[test]
fn eighty_columns() {
    let mut shown = Shown::new(80, true);
    run(&mut shown);
    insta::assert_snapshot!(shown.frames.join("\n\n"));
}

#[test]
fn forty_columns() {
    let mut shown = Shown::new(40, true);
    run(&mut shown);
    insta::assert_snapshot!(shown.frames.join("\n\n"));
}

#[test]
fn at_the_end_a_terminal_shows_what_stays_and_nothing_else() {
    for columns in [40, 80] {
        let mut moved = Shown::new(columns, true);
        run(&mut moved);
        let shown = moved.glass.shown();
        assert!(!shown.contains('⠙') && !shown.contains("ctrl-C"), "{shown}");
        let screen = moved.glass.0.lock().expect("one thread");
        assert!(!screen.screen().hide_cursor(), "the cursor is shown");
        drop(screen);
        let mut plain = Shown::new(columns, false);
        run(&mut plain);
        let without_waits: Vec<String> = plain
            .glass
            .shown()
            .lines()
            .filter(|line| !line.trim_start().starts_with('…'))
            .map(str::to_owned)
            .collect();
        let kept: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
        for line in kept {
            assert!(without_waits.iter().any(|one| one == line), "{line}");
        }
    }
}

#[test]
fn what_is_said_while_a_person_is_asked_waits_for_the_answer() {
    let shown = Shown::new(80, true);
    shown.at(0, graph("resolve", None));
    shown.at(0, EventKind::Asked(Arc::new(question("resolve.a"))));
    let other = outcome(StepStatus::Done, "Beside it", (0, 5));
    shown.at(5, ended("resolve.b", other));
    assert!(!shown.glass.shown().contains("Beside it"));
    shown.at(
        9,
        EventKind::Answered {
            step: "resolve.a".to_owned(),
            decision: Decision::Declined {
                by: "jo".to_owned(),
            },
        },
    );
    assert!(shown.glass.shown().contains("Beside it"));
}

#[test]
fn many_steps_side_by_side_never_outgrow_the_terminal() {
    let mut shown = Shown::new(80, true);
    shown.at(0, graph("diagnose", None));
    for step in 0..60 {
        shown.at(
            0,
            started(&format!("diagnose.step_{step}"), "One of many", None),
        );
    }
    shown.frame("sixty steps");
    let rows = shown.glass.shown().lines().count();
    assert!(rows <= 24, "{rows} rows");
    assert!(
        shown.glass.shown().contains("… and 40 more"),
        "{}",
        shown.glass.shown()
    );
}
