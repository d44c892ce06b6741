//! Rows that a step has kept, as a table of text.

use crate::escape::escape;
use crate::line::{Line, Look, Tone, shorten};
use crate::step_line::one_line;
use crate::value_text::{counted, short};
use crate::walk::steps_of;
use runbook_playbook::checked::StepPath;
use runbook_playbook::expression::ExprKind;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::step::Show;
use runbook_playbook::value::Value;
use std::collections::HashMap;
use unicode_width::UnicodeWidthStr;

/// What a step's `show: {table: …}` draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The capture that has the rows.
    pub capture: String,
    /// The members shown; empty for all.
    pub columns: Vec<String>,
}

/// The tables of a playbook's steps, by the step's path. Rows that are more than a capture's name are left to reports.
#[must_use]
pub fn tables_of(playbook: &Playbook) -> HashMap<StepPath, Table> {
    let mut tables = HashMap::new();
    steps_of(playbook, &mut |path, step| {
        if let Some(Show::Table { rows, columns }) = &step.show
            && let ExprKind::Name(capture) = &rows.root.kind
        {
            let table = Table {
                capture: capture.clone(),
                columns: columns.iter().map(|column| column.value.clone()).collect(),
            };
            tables.insert(path.to_owned(), table);
        }
    });
    tables
}

/// The most rows; more are counted.
const ROWS: usize = 10;

/// The fewest columns of text that a column of a table is drawn in.
const NARROWEST: usize = 8;

/// Draws rows. Where they do not fit beside each other, each is a paragraph.
pub(crate) fn lines(rows: &Value, table: &Table, depth: usize, look: Look) -> Vec<String> {
    let Value::List(items) = rows else {
        return Vec::new();
    };
    let names = names(items, &table.columns);
    if names.is_empty() || items.is_empty() {
        return Vec::new();
    }
    let cells: Vec<Vec<String>> = items
        .iter()
        .take(ROWS)
        .map(|item| names.iter().map(|name| cell(item, name)).collect())
        .collect();
    let widths = look
        .width
        .map_or(Some(usize::MAX), |width| width.checked_sub(depth * 2))
        .and_then(|room| widths(&names, &cells, room));
    let mut lines = match widths {
        Some(widths) => grid(&names, &cells, &widths, depth, look),
        None => paragraphs(&names, &cells, depth, look),
    };
    if items.len() > ROWS {
        let more = counted(items.len() - ROWS, "more row");
        let line = Line::at(depth).with(Tone::Quiet, format!("and {more}"));
        lines.push(line.cut(look));
    }
    lines
}

/// The columns: those that are asked for, or all that there are.
fn names(items: &[Value], asked: &[String]) -> Vec<String> {
    if !asked.is_empty() {
        return asked.to_vec();
    }
    let mut names: Vec<String> = Vec::new();
    for item in items {
        let own: Vec<String> = match item {
            Value::Map(members) => members.keys().cloned().collect(),
            _ => vec!["value".to_owned()],
        };
        for name in own {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn cell(item: &Value, name: &str) -> String {
    let value = match item {
        Value::Map(members) => members.get(name),
        other => Some(other),
    };
    let text = match value {
        Some(Value::Absent) | None => String::new(),
        Some(Value::Text(text)) => one_line(text),
        Some(value) => one_line(&short(value)),
    };
    // What is shown of it is as wide as it is drawn.
    escape(&text).into_owned()
}

/// How wide each column is drawn, the widest giving way first; nothing where there is too little room for all.
fn widths(names: &[String], cells: &[Vec<String>], room: usize) -> Option<Vec<usize>> {
    let mut widths: Vec<usize> = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let cells = cells.iter().filter_map(|row| row.get(at));
            let widest = cells.map(|cell| cell.width()).max().unwrap_or(0);
            widest.max(name.width())
        })
        .collect();
    let between = 2 * names.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + between > room {
        let widest = widths.iter_mut().max()?;
        if *widest <= NARROWEST {
            return None;
        }
        *widest -= 1;
    }
    Some(widths)
}

fn grid(
    names: &[String],
    cells: &[Vec<String>],
    widths: &[usize],
    depth: usize,
    look: Look,
) -> Vec<String> {
    let padded = |texts: &[String]| -> String {
        let texts: Vec<String> = texts
            .iter()
            .zip(widths)
            .map(|(text, width)| {
                let text = shorten(text, *width);
                let missing = width.saturating_sub(text.width());
                format!("{text}{}", " ".repeat(missing))
            })
            .collect();
        texts.join("  ")
    };
    let mut lines = vec![Line::at(depth).with(Tone::Quiet, padded(names)).cut(look)];
    lines.extend(
        cells
            .iter()
            .map(|row| Line::at(depth).plain(padded(row)).cut(look)),
    );
    lines
}

fn paragraphs(names: &[String], cells: &[Vec<String>], depth: usize, look: Look) -> Vec<String> {
    let mut lines = Vec::new();
    for row in cells {
        let mut line = Line::at(depth).with(Tone::Quiet, "- ");
        let mut before = "";
        for (name, cell) in names.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            line = line
                .with(Tone::Quiet, format!("{before}{name} "))
                .plain(cell);
            before = ", ";
        }
        lines.extend(line.wrapped(look));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{Table, lines};
    use crate::line::Look;
    use indexmap::IndexMap;
    use runbook_playbook::value::Value;

    fn row(time: &str, who: &str, what: &str) -> Value {
        let members = [("time", time), ("who", who), ("what", what)];
        let members: IndexMap<String, Value> = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::text(value)))
            .collect();
        Value::map(members)
    }

    fn drawn(rows: Vec<Value>, width: usize) -> String {
        let table = Table {
            capture: "rows".to_owned(),
            columns: ["time", "who", "what"].map(str::to_owned).to_vec(),
        };
        let look = Look {
            width: Some(width),
            colour: false,
        };
        lines(&Value::list(rows), &table, 1, look).join("\n")
    }

    #[test]
    fn the_widest_column_gives_way() {
        let rows = vec![
            row(
                "12:01",
                "deployer",
                "UpdateService of the supervisor in the cluster",
            ),
            row("12:03", "jo", "a\u{1b}[31mb"),
        ];
        assert_eq!(
            drawn(rows, 50),
            "  time   who       what\n  12:01  deployer  UpdateService of the superviso…\n  12:03  jo        a\\u{1b}[31mb"
        );
    }

    #[test]
    fn where_there_is_no_room_each_row_is_a_paragraph() {
        let rows = vec![row("2026-01-15T12:00:00Z", "deployer", "UpdateService")];
        assert_eq!(
            drawn(rows, 28),
            "  - time\n      2026-01-15T12:00:00Z,\n      who deployer, what\n      UpdateService"
        );
    }

    #[test]
    fn many_rows_are_counted() {
        let rows = (0..13).map(|_| row("1", "2", "3")).collect();
        assert!(drawn(rows, 80).ends_with("and 3 more rows"));
    }
}
