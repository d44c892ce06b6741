//! Tables of what was measured.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- cargo xtask bench --write: begin -->";
const END: &str = "<!-- cargo xtask bench --write: end -->";

/// A table of measurements.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Row {
    what: String,
    goal: String,
    measured: String,
    missed: bool,
}

impl Table {
    /// Adds something that has no goal.
    pub fn row(&mut self, what: impl Into<String>, measured: impl Into<String>) {
        self.rows.push(Row {
            what: what.into(),
            goal: String::new(),
            measured: measured.into(),
            missed: false,
        });
    }

    /// Adds something that has a goal.
    pub fn goal(
        &mut self,
        what: impl Into<String>,
        goal: impl Into<String>,
        measured: impl Into<String>,
        met: bool,
    ) {
        self.rows.push(Row {
            what: what.into(),
            goal: goal.into(),
            measured: measured.into(),
            missed: !met,
        });
    }

    /// Adds a sentence below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The rows whose goals were missed.
    pub fn missed(&self) -> Vec<String> {
        let missed = self.rows.iter().filter(|row| row.missed);
        missed
            .map(|row| format!("{}: {} (goal: {})", row.what, row.measured, row.goal))
            .collect()
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let mut text = String::from("| what | goal | measured |\n| --- | --- | --- |\n");
        for row in &self.rows {
            let missed = if row.missed { "**missed**: " } else { "" };
            let _ = writeln!(
                text,
                "| {} | {} | {missed}{} |",
                row.what, row.goal, row.measured
            );
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}\n");
        }
        text
    }

    /// For a terminal.
    pub fn text(&self, name: &str) -> String {
        let mut text = format!("── {name}");
        for row in &self.rows {
            let goal = match (row.goal.as_str(), row.missed) {
                ("", _) => String::new(),
                (goal, true) => format!(" (MISSED: {goal})"),
                (goal, false) => format!(" ({goal})"),
            };
            let _ = write!(text, "\n{}: {}{goal}", row.what, row.measured);
        }
        for note in &self.notes {
            let _ = write!(text, "\n{note}");
        }
        text
    }
}

/// With its first letter large.
pub fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// Puts text between the markers of a page.
///
/// # Errors
/// The page cannot be read or written, or has no markers.
pub fn write(page: &Path, text: &str) -> Result<(), String> {
    let failed = |why: std::io::Error| format!("{}: {why}", page.display());
    let old = fs::read_to_string(page).map_err(failed)?;
    let (before, rest) = old
        .split_once(BEGIN)
        .ok_or_else(|| format!("{} has no line {BEGIN}", page.display()))?;
    let (_, after) = rest
        .split_once(END)
        .ok_or_else(|| format!("{} has no line {END}", page.display()))?;
    let text = text.trim_end();
    fs::write(page, format!("{before}{BEGIN}\n{text}\n\n{END}{after}")).map_err(failed)
}
