//! What runs at this moment, as rows of a tree: who, how long, what it waits for, and how much of it is done.

use crate::ending::lasting;
use crate::line::{Line, Look, Tone, painted};
use crate::step_line::{StepPlace, one_line};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::checked::StepPath;
use unicode_width::UnicodeWidthStr;

/// The turns of a spinner.
const TURNS: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/// The columns of a bar.
const BAR: usize = 10;

/// The steps that run, in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct Running {
    entries: Vec<Entry>,
}

/// A step that runs, or a wait that is no step's.
#[derive(Debug)]
struct Entry {
    path: StepPath,
    called: Option<String>,
    began: Timestamp,
    progress: Option<Progress>,
    wait: Option<Wait>,
    /// It began with a wait: `verify` between readings.
    only_waits: bool,
}

#[derive(Debug, Clone, Copy)]
struct Progress {
    done: usize,
    of: usize,
    failed: usize,
}

#[derive(Debug)]
struct Wait {
    why: String,
    /// When the first of several began.
    since: Timestamp,
    at: Timestamp,
    length: SignedDuration,
    within: Option<SignedDuration>,
}

/// How rows are drawn.
pub(crate) struct Drawn<'d> {
    /// The time, as the run has it.
    pub now: Timestamp,
    /// How often they have been drawn.
    pub turn: usize,
    /// The blocks below which the last line that stays stands.
    pub open: &'d [StepPath],
    pub look: Look,
}

impl Running {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    pub(crate) fn start(&mut self, path: &str, called: Option<String>, at: Timestamp) {
        let inside = |entry: &Entry| path.starts_with(&format!("{}.", entry.path));
        self.entries
            .retain(|entry| entry.path != path && !(entry.only_waits && inside(entry)));
        self.entries.push(Entry {
            path: path.to_owned(),
            called,
            began: at,
            progress: None,
            wait: None,
            only_waits: false,
        });
    }

    /// Takes a step away, and what runs inside of it.
    pub(crate) fn end(&mut self, path: &str) {
        self.entries
            .retain(|entry| entry.path != path && !is_inside(&entry.path, path));
    }

    pub(crate) fn wait(
        &mut self,
        path: &str,
        why: &str,
        length: SignedDuration,
        within: Option<SignedDuration>,
        at: Timestamp,
    ) {
        if !self.entries.iter().any(|entry| entry.path == path) {
            self.start(path, None, at);
            if let Some(entry) = self.entries.last_mut() {
                entry.only_waits = true;
            }
        }
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.path == path) {
            let since = entry
                .wait
                .as_ref()
                .filter(|before| within.is_some() && before.within.is_some())
                .map_or(at, |before| before.since);
            entry.wait = Some(Wait {
                why: one_line(why),
                since,
                at,
                length,
                within,
            });
        }
    }

    /// Says that a step calls again: a wait of its own is over.
    pub(crate) fn call(&mut self, path: &str) {
        let entry = self.entries.iter_mut().find(|entry| entry.path == path);
        if let Some(entry) = entry
            && entry
                .wait
                .as_ref()
                .is_some_and(|wait| wait.within.is_none())
        {
            entry.wait = None;
        }
    }

    pub(crate) fn progress(&mut self, path: &str, done: usize, of: usize, failed: usize) {
        let entry = self.entries.iter_mut().find(|entry| entry.path == path);
        if let Some(entry) = entry {
            entry.progress = Some(Progress { done, of, failed });
        }
    }

    /// The rows, what runs inside of a step below it. Steps of a block whose line stands just above come first, without
    /// the block.
    pub(crate) fn rows(&self, drawn: &Drawn<'_>) -> Vec<String> {
        let mut roots: Vec<&Entry> = self
            .entries
            .iter()
            .filter(|entry| {
                !self
                    .entries
                    .iter()
                    .any(|other| is_inside(&entry.path, &other.path))
            })
            .collect();
        let is_open = |entry: &Entry| drawn.open.contains(&entry.path);
        roots.sort_by_key(|entry| !is_open(entry));
        let mut rows = Vec::new();
        for root in roots {
            self.tree(root, drawn, &mut rows);
        }
        rows
    }

    fn tree(&self, entry: &Entry, drawn: &Drawn<'_>, rows: &mut Vec<String>) {
        if !drawn.open.contains(&entry.path) {
            rows.push(entry.row(drawn));
        }
        let children = self.entries.iter().filter(|other| {
            is_inside(&other.path, &entry.path)
                && !self.entries.iter().any(|between| {
                    is_inside(&other.path, &between.path) && is_inside(&between.path, &entry.path)
                })
        });
        for child in children {
            self.tree(child, drawn, rows);
        }
    }
}

/// Whether a step belongs to another, or to a run inside of it.
fn is_inside(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.starts_with(['.', '/']))
}

impl Entry {
    /// Its row: as much of how far it is as there is room for beside what it is called.
    fn row(&self, drawn: &Drawn<'_>) -> String {
        let place = StepPlace::of(&self.path);
        let spinner = TURNS.get(drawn.turn % TURNS.len()).unwrap_or(&'·');
        let text = self.text();
        let line = Line::at(place.depth())
            .with(Tone::Good, spinner.to_string())
            .plain(" ")
            .with(Tone::Strong, &place.name)
            .maybe(Tone::Plain, "  ", text.as_ref());
        let width = drawn.look.width.unwrap_or(80);
        let said = self.said(drawn.now);
        let fits = said
            .iter()
            .find(|said| line.width() + 2 + said.width() <= width);
        let right = fits.or(said.last()).map_or("", String::as_str);
        let room = width.saturating_sub(right.width() + 2).max(8);
        let left = line.cut(Look {
            width: Some(room),
            ..drawn.look
        });
        let right = painted(Tone::Quiet, right, drawn.look.colour);
        format!("{left}  {right}")
    }

    /// What it is called, or what it waits for where that says more.
    fn text(&self) -> Option<String> {
        let Some(wait) = &self.wait else {
            return self.called.clone();
        };
        let says_little = wait.why.ends_with("has not come true yet")
            || wait.why == "the playbook asks for a pause";
        match &self.called {
            Some(called) if says_little => Some(called.clone()),
            _ => Some(wait.why.clone()),
        }
    }

    /// How far it is, the longest way to say it first.
    fn said(&self, now: Timestamp) -> Vec<String> {
        let ran = lasting(span(now, self.began));
        if let Some(Progress { done, of, failed }) = self.progress {
            let mut count = format!("{done} of {of}");
            if failed > 0 {
                count = format!("{count}, {failed} failed");
            }
            return vec![
                format!("{} {count}  {ran}", bar(done, of)),
                format!("{count}  {ran}"),
                count,
            ];
        }
        let Some(wait) = &self.wait else {
            return vec![ran];
        };
        let passed = span(now, wait.at).min(wait.length);
        let left = lasting(wait.length - passed);
        let Some(within) = wait.within else {
            let bar = bar(seconds(passed), seconds(wait.length));
            return vec![format!("{bar} {left} left"), format!("{left} left")];
        };
        let waited = span(now, wait.since);
        let bar = bar(seconds(waited), seconds(within));
        let (waited, most) = (lasting(waited), lasting(within));
        vec![
            format!("{bar} {waited} of at most {most}, next in {left}"),
            format!("{bar} {waited} of at most {most}"),
            format!("{waited} of at most {most}"),
            format!("{waited} of {most}"),
        ]
    }
}

/// The time between, to the second.
fn span(now: Timestamp, then: Timestamp) -> SignedDuration {
    SignedDuration::from_secs(now.duration_since(then).as_secs().max(0))
}

fn seconds(length: SignedDuration) -> usize {
    usize::try_from(length.as_secs()).unwrap_or(0)
}

/// How much of something is done, drawn.
fn bar(done: usize, of: usize) -> String {
    let full = done.min(of).saturating_mul(BAR) / of.max(1);
    format!("{}{}", "━".repeat(full), "┄".repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use super::{Drawn, Running};
    use crate::line::Look;
    use jiff::{SignedDuration, Timestamp};

    const START: Timestamp = Timestamp::constant(1_768_478_400, 0);

    fn later(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    fn rows(running: &Running, now: Timestamp, open: &[String], width: usize) -> String {
        let drawn = Drawn {
            now,
            turn: 0,
            open,
            look: Look {
                width: Some(width),
                colour: false,
            },
        };
        running.rows(&drawn).join("\n")
    }

    #[test]
    fn what_runs_inside_of_a_block_stands_below_it() {
        let mut running = Running::default();
        running.start(
            "resolve.restart",
            Some("Replace the tasks".to_owned()),
            START,
        );
        running.start("diagnose.other", Some("logs:Insights".to_owned()), START);
        running.start(
            "resolve.restart.deploy",
            Some("ecs:UpdateService".to_owned()),
            later(3),
        );
        assert_eq!(
            rows(&running, later(65), &[], 80),
            "  ⠋ restart  Replace the tasks  1m5s\n    ⠋ deploy  ecs:UpdateService  1m2s\n  ⠋ other  logs:Insights  1m5s"
        );
        let open = ["resolve.restart".to_owned()];
        assert_eq!(
            rows(&running, later(65), &open, 80),
            "    ⠋ deploy  ecs:UpdateService  1m2s\n  ⠋ other  logs:Insights  1m5s",
            "its line stands above"
        );
        running.end("resolve.restart");
        assert_eq!(
            rows(&running, later(65), &[], 80),
            "  ⠋ other  logs:Insights  1m5s"
        );
    }

    #[test]
    fn waits_say_their_bound_and_when_they_look_again() {
        let mut running = Running::default();
        let minutes = SignedDuration::from_mins;
        running.start(
            "resolve.settled",
            Some("Wait until it is stable".to_owned()),
            START,
        );
        let why = "ecs:WaitUntilServicesStable has not come true yet";
        let every = SignedDuration::from_secs(15);
        running.wait("resolve.settled", why, every, Some(minutes(10)), START);
        running.wait("resolve.settled", why, every, Some(minutes(10)), later(300));
        assert_eq!(
            rows(&running, later(305), &[], 100),
            "  ⠋ settled  Wait until it is stable  ━━━━━┄┄┄┄┄ 5m5s of at most 10m, next in 10s"
        );
        let narrow = rows(&running, later(305), &[], 40);
        assert_eq!(narrow, "  ⠋ settled  Wait until it…  5m5s of 10m");
    }

    #[test]
    fn a_pause_says_what_is_left_of_it() {
        let mut running = Running::default();
        running.start("resolve.pause", None, START);
        let why = "the playbook asks for a pause";
        running.wait(
            "resolve.pause",
            why,
            SignedDuration::from_mins(5),
            None,
            START,
        );
        assert_eq!(
            rows(&running, later(60), &[], 80),
            "  ⠋ pause  the playbook asks for a pause  ━━┄┄┄┄┄┄┄┄ 4m left"
        );
    }

    #[test]
    fn a_wait_between_readings_ends_where_the_next_begins() {
        let mut running = Running::default();
        let (every, within) = (SignedDuration::from_mins(5), SignedDuration::from_hours(1));
        running.wait(
            "verify",
            "before the next reading",
            every,
            Some(within),
            START,
        );
        assert!(rows(&running, START, &[], 40).contains("verify"));
        running.start("verify.memory", None, later(300));
        assert_eq!(rows(&running, later(300), &[], 40), "  ⠋ memory  0s");
    }

    #[test]
    fn a_list_says_how_many_are_done_and_how_many_failed() {
        let mut running = Running::default();
        running.start(
            "resolve.alarms",
            Some("Enable the alarms".to_owned()),
            START,
        );
        running.progress("resolve.alarms", 3, 12, 1);
        assert_eq!(
            rows(&running, later(4), &[], 80),
            "  ⠋ alarms  Enable the alarms  ━━┄┄┄┄┄┄┄┄ 3 of 12, 1 failed  4s"
        );
    }
}
