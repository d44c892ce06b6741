//! The lines at the bottom of a terminal that show what is running.

use crate::line::{Line, Look};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use runbook_playbook::checked::StepPath;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Where output goes; shared between lines that stay and lines that move.
#[derive(Clone)]
pub(crate) struct Out(Arc<Mutex<Box<dyn Write + Send>>>);

impl Out {
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(out)))
    }

    /// Writes; what nobody reads any more (a closed pipe) is dropped.
    pub(crate) fn write(&self, text: &str) {
        if let Ok(mut out) = self.0.lock() {
            let _ = out.write_all(text.as_bytes());
        }
    }

    pub(crate) fn flush(&self) {
        if let Ok(mut out) = self.0.lock() {
            let _ = out.flush();
        }
    }
}

/// A terminal as indicatif drives it, by the control sequences of ECMA-48.
struct Screen {
    out: Out,
    width: u16,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen")
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

impl Screen {
    fn steer(&self, count: usize, command: char) {
        if count > 0 {
            self.out.write(&format!("\u{1b}[{count}{command}"));
        }
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.width
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.steer(n, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.steer(n, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.steer(n, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.steer(n, 'D');
        Ok(())
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        self.out.write(&format!("{s}\n"));
        Ok(())
    }

    fn write_str(&self, s: &str) -> io::Result<()> {
        self.out.write(s);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.out.write("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.out.flush();
        Ok(())
    }
}

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(120);

/// Spinners, one for each running step.
pub(crate) struct Live {
    out: Out,
    bars: MultiProgress,
    running: HashMap<StepPath, ProgressBar>,
    look: Look,
    /// A person is being asked; nothing may move.
    held: bool,
}

impl Live {
    pub(crate) fn new(out: Out, look: Look) -> Self {
        let width = look
            .width
            .and_then(|width| u16::try_from(width).ok())
            .unwrap_or(80);
        let screen = Screen {
            out: out.clone(),
            width,
        };
        let target = ProgressDrawTarget::term_like(Box::new(screen));
        Self {
            out,
            bars: MultiProgress::with_draw_target(target),
            running: HashMap::new(),
            look,
            held: false,
        }
    }

    /// Prints text above the spinners.
    pub(crate) fn print(&self, text: &str) {
        self.bars.suspend(|| self.out.write(text));
    }

    /// Shows that a step runs.
    pub(crate) fn start(&mut self, step: &StepPath, text: &str) {
        // Without a place of its own: it draws only through the screen, once it is added.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("  {spinner} {msg} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        bar.set_style(style);
        bar.set_message(self.fitted(text));
        let bar = self.bars.add(bar);
        if !self.held {
            bar.enable_steady_tick(TURN);
        }
        if let Some(old) = self.running.insert(step.clone(), bar) {
            old.finish_and_clear();
        }
    }

    /// Says what a running step waits for.
    pub(crate) fn say(&mut self, step: &StepPath, text: &str) {
        if !self.running.contains_key(step) {
            self.start(step, text);
        }
        if let Some(bar) = self.running.get(step) {
            bar.set_message(self.fitted(text));
        }
    }

    /// Takes a step's spinner away.
    pub(crate) fn end(&mut self, step: &str) {
        if let Some(bar) = self.running.remove(step) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
    }

    /// Takes all spinners away.
    pub(crate) fn end_all(&mut self) {
        for (_, bar) in self.running.drain() {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
    }

    /// Stops all movement while a person is asked.
    pub(crate) fn hold(&mut self) {
        self.held = true;
        for bar in self.running.values() {
            bar.disable_steady_tick();
        }
        let _ = self.bars.clear();
    }

    /// Moves again.
    pub(crate) fn go_on(&mut self) {
        self.held = false;
        for bar in self.running.values() {
            bar.enable_steady_tick(TURN);
        }
    }

    /// Leaves room for the spinner and the elapsed time.
    fn fitted(&self, text: &str) -> String {
        Line::at(0).plain(text).cut(Look {
            width: self.look.width.map(|width| width.saturating_sub(16).max(8)),
            colour: false,
        })
    }
}
