//! The rows at the bottom of a terminal that are drawn again and again, and the lines above them that stay.
//!
//! The few control sequences that it takes are those of ECMA-48 (cursor up and down, erase) and the two private modes
//! that every terminal of today knows or ignores: synchronised output (2026) and the cursor (25). The cursor is away only
//! within a write, so that no end of the process, however sudden, leaves it hidden.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};
use unicode_width::UnicodeWidthStr;

/// Where output goes.
#[derive(Clone)]
pub(crate) struct Out(Arc<Mutex<Box<dyn Write + Send>>>);

impl Out {
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        Self(Arc::new(Mutex::new(out)))
    }

    /// Writes at once; what nobody reads any more (a closed pipe) is dropped.
    pub(crate) fn write(&self, text: &str) {
        if let Ok(mut out) = self.0.lock() {
            let _ = out.write_all(text.as_bytes());
            let _ = out.flush();
        }
    }
}

const BEGIN: &str = "\u{1b}[?2026h\u{1b}[?25l";
const END: &str = "\u{1b}[?25h\u{1b}[?2026l";
const ERASE_LINE: &str = "\u{1b}[2K";
const ERASE_BELOW: &str = "\u{1b}[J";

/// A terminal with rows at its bottom that move. The cursor stands below the last of them.
pub(crate) struct Screen {
    out: Out,
    /// The rows that stand now, with their columns.
    shown: Vec<(String, usize)>,
}

impl Screen {
    pub(crate) fn new(out: Out) -> Self {
        Self {
            out,
            shown: Vec::new(),
        }
    }

    /// Whether nothing stands that moves.
    pub(crate) fn is_clear(&self) -> bool {
        self.shown.is_empty()
    }

    /// Puts lines that stay above rows that replace those that stand. Only rows that differ are written.
    ///
    /// `columns` is how wide the terminal is now: rows that it has broken since they were drawn take more lines.
    pub(crate) fn draw(&mut self, stays: &str, rows: Vec<String>, columns: usize) {
        let rows: Vec<(String, usize)> = rows
            .into_iter()
            .map(|row| {
                let width = plain(&row).width();
                (row, width)
            })
            .collect();
        let broken = self.shown.iter().any(|(_, width)| *width > columns);
        if stays.is_empty() && !broken && rows == self.shown {
            return;
        }
        let mut text = String::new();
        if stays.is_empty() && !broken && rows.len() == self.shown.len() {
            self.change(&mut text, &rows);
        } else {
            let alike = if stays.is_empty() && !broken {
                rows.iter()
                    .zip(&self.shown)
                    .take_while(|(new, old)| new == old)
                    .count()
            } else {
                0
            };
            self.go_up(&mut text, alike, columns);
            text.push_str(stays);
            for (row, _) in rows.iter().skip(alike) {
                text.push_str(row);
                text.push('\n');
            }
        }
        self.out.write(&format!("{BEGIN}{text}{END}"));
        self.shown = rows;
    }

    /// Writes where nothing stands that moves.
    pub(crate) fn write(&self, text: &str) {
        self.out.write(text);
    }

    /// Takes away what moves.
    pub(crate) fn clear(&mut self, columns: usize) {
        if !self.shown.is_empty() {
            self.draw("", Vec::new(), columns);
        }
    }

    /// Writes the rows that differ, where there are as many as before.
    fn change(&self, text: &mut String, rows: &[(String, usize)]) {
        for (at, (new, old)) in rows.iter().zip(&self.shown).enumerate() {
            if new != old {
                let up = rows.len() - at;
                let _ = write!(text, "\u{1b}[{up}A\r{ERASE_LINE}{}\r\u{1b}[{up}B", new.0);
            }
        }
    }

    /// Goes to the beginning of a row and erases everything from there on.
    fn go_up(&self, text: &mut String, row: usize, columns: usize) {
        let up: usize = self
            .shown
            .iter()
            .skip(row)
            .map(|(_, width)| width.div_ceil(columns.max(1)).max(1))
            .sum();
        text.push('\r');
        if up > 0 {
            let _ = write!(text, "\u{1b}[{up}A");
        }
        text.push_str(ERASE_BELOW);
    }
}

/// A row without its colours.
fn plain(row: &str) -> String {
    let mut text = String::with_capacity(row.len());
    let mut rest = row;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        rest = after.split_once('m').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::{Out, Screen};
    use std::io::Write;
    use std::sync::{Arc, Mutex};

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
        /// What has been written since the last time.
        fn take(&self) -> String {
            let bytes = std::mem::take(&mut *self.0.lock().expect("one thread"));
            String::from_utf8(bytes).expect("text")
        }
    }

    fn rows(rows: &[&str]) -> Vec<String> {
        rows.iter().map(|row| (*row).to_owned()).collect()
    }

    fn screen() -> (Screen, Page) {
        let page = Page::default();
        (Screen::new(Out::new(Box::new(page.clone()))), page)
    }

    #[test]
    fn only_rows_that_differ_are_written_again() {
        let (mut screen, page) = screen();
        screen.draw("", rows(&["one 1s", "two 1s", "three"]), 80);
        page.take();
        screen.draw("", rows(&["one 1s", "two 2s", "three"]), 80);
        let written = page.take();
        assert!(written.contains("two 2s"), "{written:?}");
        assert!(
            !written.contains("one") && !written.contains("three"),
            "{written:?}"
        );
        screen.draw("", rows(&["one 1s", "two 2s", "three"]), 80);
        assert_eq!(page.take(), "", "nothing has changed");
    }

    #[test]
    fn every_write_shows_the_cursor_again() {
        let (mut screen, page) = screen();
        screen.draw("stays\n", rows(&["moves"]), 80);
        screen.clear(80);
        let written = page.take();
        let last = |what: &str| written.rfind(what).expect("it is there");
        assert!(last("\u{1b}[?25h") > last("\u{1b}[?25l"), "{written:?}");
        assert!(screen.is_clear());
    }

    #[test]
    fn rows_that_a_narrower_terminal_has_broken_are_taken_away_whole() {
        let (mut screen, page) = screen();
        screen.draw(
            "",
            rows(&["\u{1b}[1mtwenty columns wide!\u{1b}[0m", "short"]),
            80,
        );
        page.take();
        screen.draw("", rows(&["new"]), 10);
        let written = page.take();
        assert!(written.contains("\u{1b}[3A"), "{written:?}");
    }
}
