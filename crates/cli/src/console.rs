//! Standard output and standard error, as `main` found them.

use runbook_playbook::diagnostic::Style;
use runbook_report::terminal::Look;
use std::io::Write;

/// Where text goes.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    /// Opens it.
    pub open: fn() -> Box<dyn Write + Send>,
    /// It is a terminal.
    pub terminal: bool,
    /// Its width and whether it shows colours.
    pub look: Look,
}

impl Stream {
    /// Writes a line. What nobody reads any more (a closed pipe) is dropped.
    pub fn line(&self, text: impl AsRef<str>) {
        crate::stage::above(|| {
            let mut out = (self.open)();
            let _ = out.write_all(text.as_ref().as_bytes());
            let _ = out.write_all(b"\n");
            let _ = out.flush();
        });
    }

    /// Writes many lines at once.
    pub fn lines(&self, lines: &[String]) {
        if !lines.is_empty() {
            self.line(lines.join("\n"));
        }
    }

    /// How diagnostics are decorated.
    #[must_use]
    pub fn style(&self) -> Style {
        if self.look.colour {
            Style::Colour
        } else {
            Style::Plain
        }
    }
}

/// The three standard streams.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// Standard output.
    pub out: Stream,
    /// Standard error.
    pub err: Stream,
    /// Standard input is a terminal: somebody can answer.
    pub input: bool,
}

impl Console {
    /// Where questions are shown; `None` where nobody can see or answer them.
    #[must_use]
    pub fn questions(&self) -> Option<Stream> {
        [self.err, self.out]
            .into_iter()
            .find(|stream| stream.terminal)
            .filter(|_| self.input)
    }
}
