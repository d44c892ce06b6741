//! Coverage as people and programs read it.

use super::{Column, Coverage, Item, Kind};
use runbook_report::terminal::Look;
use serde_json::{Map, Value as Json, json};

/// The least columns of a file's name before the table is cut.
const LEAST_NAME: usize = 12;

/// A table of files, and what was not reached, by line.
#[must_use]
pub fn lines(coverage: &Coverage, look: Look) -> Vec<String> {
    let mut rows = vec![row(
        "PLAYBOOK",
        ["STEPS", "WHEN", "CAUSES", "UNDO"].map(str::to_owned),
    )];
    for (name, reached) in &coverage.files {
        let counts = Column::ALL.map(|column| reached.count(column).to_string());
        rows.push(row(name, counts));
    }
    let counts = Column::ALL.map(|column| coverage.count(column).to_string());
    rows.push(row("total", counts));
    let percent = Column::ALL.map(|column| {
        let count = coverage.count(column);
        if count.of == 0 {
            "-".to_owned()
        } else {
            format!("{:.1} %", count.percent())
        }
    });
    rows.push(row("", percent));
    let mut lines = drawn(&rows, look);
    let missing: Vec<String> = coverage
        .files
        .iter()
        .flat_map(|(name, reached)| {
            let missing = reached.items.iter().filter(|item| !item.reached);
            missing.map(move |item| format!("  {name}:{}  {}", item.line, said(item)))
        })
        .collect();
    if !missing.is_empty() {
        lines.push(String::new());
        lines.push("no scenario reaches:".to_owned());
        lines.extend(missing);
    }
    lines
}

/// One document for programs.
#[must_use]
pub fn document(coverage: &Coverage) -> Json {
    let files: Vec<Json> = coverage
        .files
        .iter()
        .map(|(name, reached)| {
            let mut document = counts(|column| reached.count(column));
            let missing: Vec<Json> = reached
                .items
                .iter()
                .filter(|item| !item.reached)
                .map(|item| json!({"kind": word(item.kind), "name": item.name, "line": item.line}))
                .collect();
            document.insert("file".to_owned(), json!(name));
            document.insert("missing".to_owned(), json!(missing));
            Json::Object(document)
        })
        .collect();
    let mut document = counts(|column| coverage.count(column));
    document.insert("files".to_owned(), json!(files));
    Json::Object(document)
}

fn counts(count: impl Fn(Column) -> super::Count) -> Map<String, Json> {
    let columns = Column::ALL.into_iter();
    columns
        .map(|column| {
            let count = count(column);
            let percent = (count.percent() * 10.0).round() / 10.0;
            let counted = json!({"reached": count.reached, "of": count.of, "percent": percent});
            (column.as_str().to_owned(), counted)
        })
        .collect()
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Step => "step",
        Kind::Arm(true) => "when_true",
        Kind::Arm(false) => "when_false",
        Kind::Cause => "cause",
        Kind::Undo => "undo",
    }
}

fn said(item: &Item) -> String {
    let name = &item.name;
    match item.kind {
        Kind::Step => format!("step {name}"),
        Kind::Arm(true) => format!("`when` of {name} being true"),
        Kind::Arm(false) => format!("`when` of {name} being false"),
        Kind::Cause => format!("cause {name}"),
        Kind::Undo => format!("undo step {name}"),
    }
}

fn row(name: &str, counts: [String; 4]) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    row.extend(counts);
    row
}

/// The rows, names to the left and numbers to the right; where there is little room, the beginnings of names go.
fn drawn(rows: &[Vec<String>], look: Look) -> Vec<String> {
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let numbers: Vec<usize> = (1..=4).map(widest).collect();
    let room = look.width.map_or(usize::MAX, |width| {
        let others = numbers.iter().map(|width| width + 2).sum();
        width.saturating_sub(others).max(LEAST_NAME)
    });
    let name_width = widest(0).min(room);
    rows.iter()
        .map(|row| {
            let mut cells = row.iter();
            let name = cells.next().map_or("", String::as_str);
            let long = name.chars().count();
            let name = if long > name_width {
                let rest = name.chars().skip(long + 1 - name_width);
                std::iter::once('…').chain(rest).collect()
            } else {
                name.to_owned()
            };
            let mut line = vec![format!("{name:name_width$}")];
            line.extend(
                cells
                    .zip(&numbers)
                    .map(|(cell, width)| format!("{cell:>width$}")),
            );
            runbook_report::question::safe(line.join("  ").trim_end())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{document, lines};
    use crate::coverage::{Coverage, Item, Kind, Reached};
    use runbook_report::terminal::Look;

    fn one() -> Coverage {
        let item = |kind, name: &str, line, reached| Item {
            kind,
            name: name.to_owned(),
            line,
            reached,
        };
        let items = vec![
            item(Kind::Step, "resolve.restart", 7, true),
            item(Kind::Arm(true), "resolve.restart", 8, true),
            item(Kind::Arm(false), "resolve.restart", 8, false),
        ];
        let files = [("playbooks/a/restart.yaml".to_owned(), Reached { items })];
        Coverage {
            files: files.into(),
        }
    }

    #[test]
    fn what_is_missing_is_named_by_line() {
        assert_eq!(
            lines(&one(), Look::default()),
            [
                "PLAYBOOK                    STEPS    WHEN  CAUSES  UNDO",
                "playbooks/a/restart.yaml      1/1     1/2       -     -",
                "total                         1/1     1/2       -     -",
                "                          100.0 %  50.0 %       -     -",
                "",
                "no scenario reaches:",
                "  playbooks/a/restart.yaml:8  `when` of resolve.restart being false",
            ]
        );
    }

    #[test]
    fn narrow_terminals_see_the_ends_of_names() {
        let look = Look {
            width: Some(45),
            ..Look::default()
        };
        let shown = lines(&one(), look);
        let row = shown.get(1).map_or("", String::as_str);
        assert!(
            row.starts_with('…') && row.contains("start.yaml  "),
            "{row}"
        );
        assert!(shown.iter().take(4).all(|line| line.chars().count() <= 45));
    }

    #[test]
    fn programs_get_numbers() {
        let document = document(&one());
        assert_eq!(document["arms"]["reached"], 1);
        assert_eq!(document["arms"]["percent"], 50.0);
        assert_eq!(document["files"][0]["missing"][0]["kind"], "when_false");
    }
}
