//! The part of a terminal that moves while a run goes on.

use crate::line::{Line, Look, Tone};
use crate::running::{Drawn, Running};
use crate::screen::{Out, Screen};
use jiff::{SignedDuration, Timestamp};
use runbook_playbook::checked::StepPath;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How a terminal moves.
#[derive(Debug, Clone, Copy)]
pub struct Motion {
    /// The columns and lines that the terminal has now.
    pub size: fn() -> Option<(usize, usize)>,
    /// How often what runs is drawn again; nothing where whoever shows the run says when.
    pub every: Option<Duration>,
    /// Time passes by itself between events; in a scenario it does not.
    pub timed: bool,
}

/// What moves, shared with whoever writes to the same terminal.
pub(crate) struct Region {
    screen: Screen,
    pub running: Running,
    /// Nothing where lines only follow each other.
    motion: Option<Motion>,
    look: Look,
    /// The graph that runs.
    pub graph: String,
    /// When the run began.
    pub began: Option<Timestamp>,
    /// The time of the last event, and when it came.
    seen: Option<(Timestamp, Instant)>,
    turn: usize,
    /// How many times over nothing may move: people are being asked.
    held: usize,
    /// What is to stay and was said meanwhile.
    kept: String,
    /// The blocks below which the last line that stays stands.
    pub open: Vec<StepPath>,
}

impl Region {
    fn size(&self) -> (usize, usize) {
        let size = self.motion.and_then(|motion| (motion.size)());
        size.unwrap_or((self.look.width.unwrap_or(80), 24))
    }

    fn now(&self) -> Option<Timestamp> {
        let (at, seen) = self.seen?;
        let passed = if self.motion.is_some_and(|motion| motion.timed) {
            SignedDuration::try_from(seen.elapsed()).unwrap_or_default()
        } else {
            SignedDuration::ZERO
        };
        Some(at.saturating_add(passed).unwrap_or(at))
    }

    /// Learns the time.
    pub fn see(&mut self, at: Timestamp) {
        if self.now().is_none_or(|now| now < at) {
            self.seen = Some((at, Instant::now()));
        }
    }

    /// Draws what runs.
    fn draw(&mut self, stays: &str) {
        let (columns, lines) = self.size();
        let rows = self.rows(columns, lines);
        self.screen.draw(stays, rows, columns);
    }

    fn rows(&self, columns: usize, lines: usize) -> Vec<String> {
        let Some(now) = self.now().filter(|_| !self.running.is_empty()) else {
            return Vec::new();
        };
        let look = Look {
            width: Some(columns),
            ..self.look
        };
        let mut rows = self.running.rows(&Drawn {
            now,
            turn: self.turn,
            open: &self.open,
            look,
        });
        // The cursor and the last line that stays need a line each, and so does the foot.
        let most = lines.saturating_sub(3).max(1);
        if rows.len() > most {
            let more = rows.len() - (most - 1);
            rows.truncate(most - 1);
            let line = Line::at(1).with(Tone::Quiet, format!("… and {more} more"));
            rows.push(line.cut(look));
        }
        let ran = self.began.map_or(SignedDuration::ZERO, |began| {
            SignedDuration::from_secs(now.duration_since(began).as_secs().max(0))
        });
        let foot = format!(
            "{}  {} in all, ctrl-C stops",
            self.graph,
            crate::ending::lasting(ran)
        );
        rows.push(Line::at(0).with(Tone::Quiet, foot).cut(look));
        rows
    }

    fn clear(&mut self) {
        let (columns, _) = self.size();
        self.screen.clear(columns);
    }

    fn print(&mut self, text: &str) {
        if self.held > 0 {
            self.kept.push_str(text);
        } else if self.screen.is_clear() {
            self.screen.write(text);
        } else {
            self.draw(text);
        }
    }

    fn hold(&mut self) {
        self.clear();
        self.held += 1;
    }

    fn go_on(&mut self) {
        self.held = self.held.saturating_sub(1);
        if self.held == 0 && !self.kept.is_empty() {
            let kept = std::mem::take(&mut self.kept);
            self.print(&kept);
        }
    }

    /// Draws the next turn.
    fn turn(&mut self) {
        if self.held == 0 && self.motion.is_some() {
            self.turn = self.turn.wrapping_add(1);
            self.draw("");
        }
    }
}

fn locked(region: &Mutex<Region>) -> MutexGuard<'_, Region> {
    region.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The moving part of a terminal, for those who write to the same terminal by themselves.
#[derive(Clone)]
pub struct Stage(Arc<Mutex<Region>>);

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").finish_non_exhaustive()
    }
}

impl Stage {
    /// Takes away what moves until [`Stage::go_on`] has been called as often.
    pub fn hold(&self) {
        locked(&self.0).hold();
    }

    /// Lets it move again; what was said meanwhile is said now.
    pub fn go_on(&self) {
        locked(&self.0).go_on();
    }

    /// Lets whole lines be written; what moves comes back below them.
    pub fn above(&self, write: impl FnOnce()) {
        let mut region = locked(&self.0);
        region.clear();
        write();
    }
}

/// Whoever moves it.
pub(crate) struct Live {
    region: Arc<Mutex<Region>>,
    ticker: Option<(Sender<()>, std::thread::JoinHandle<()>)>,
}

impl Live {
    pub(crate) fn new(out: Out, look: Look, motion: Option<Motion>) -> Self {
        let region = Arc::new(Mutex::new(Region {
            screen: Screen::new(out),
            running: Running::default(),
            motion,
            look,
            graph: String::new(),
            began: None,
            seen: None,
            turn: 0,
            held: 0,
            kept: String::new(),
            open: Vec::new(),
        }));
        let ticker = motion.and_then(|motion| motion.every).and_then(|every| {
            let (stop, stopped) = channel::<()>();
            let region = Arc::clone(&region);
            std::thread::Builder::new()
                .name("terminal".to_owned())
                .spawn(move || {
                    while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                        locked(&region).turn();
                    }
                })
                .ok()
                .map(|thread| (stop, thread))
        });
        Self { region, ticker }
    }

    pub(crate) fn stage(&self) -> Stage {
        Stage(Arc::clone(&self.region))
    }

    pub(crate) fn region(&self) -> MutexGuard<'_, Region> {
        locked(&self.region)
    }

    /// Whether what runs is shown.
    pub(crate) fn moves(&self) -> bool {
        self.region().motion.is_some()
    }

    /// The columns that a terminal has now on which something moves.
    pub(crate) fn columns(&self) -> Option<usize> {
        let region = self.region();
        region.motion.map(|_| region.size().0)
    }

    /// Puts lines that stay above what moves.
    pub(crate) fn print(&self, text: &str) {
        self.region().print(text);
    }

    /// Draws what runs at this moment.
    pub(crate) fn turn(&self) {
        self.region().turn();
    }

    pub(crate) fn hold(&self) {
        self.region().hold();
    }

    pub(crate) fn go_on(&self) {
        self.region().go_on();
    }

    /// Takes everything away that moves, for good.
    pub(crate) fn end(&self) {
        let mut region = self.region();
        region.running.clear();
        region.clear();
        region.held = usize::from(!region.kept.is_empty());
        region.go_on();
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.end();
        if let Some((stop, thread)) = self.ticker.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}
