//! The tables that steps show: what they kept, and how pages draw it.

use super::collect::{Material, playbook_of};
use super::html::section;
use super::html_values::cut;
use super::journal_text::own;
use super::model::{Report, Table};
use super::said::counted;
use super::steps::Gathered;
use crate::plan_html::escaped;
use crate::table::{self, tables_of};
use runbook_playbook::checked::StepPath;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::fmt::Write as _;

/// The most rows of a table on a page; all of them are in the JSON report.
const MOST: usize = 100;

/// The most characters of a cell.
const WIDEST: usize = 300;

/// The tables of all steps that kept rows.
pub(super) fn tables(gathered: &Gathered, material: &Material<'_>) -> Vec<Table> {
    let mut known: HashMap<String, HashMap<StepPath, table::Table>> = HashMap::new();
    let mut tables = Vec::new();
    for step in &gathered.steps {
        let Some(checked) = playbook_of(material, gathered, step) else {
            continue;
        };
        let shown = known
            .entry(checked.id.clone())
            .or_insert_with(|| tables_of(&checked.playbook));
        let path = own(&step.path);
        let read_again = format!("symptom.{}", path.strip_prefix("verify.").unwrap_or(path));
        let Some(table) = shown.get(path).or_else(|| shown.get(&read_again)) else {
            continue;
        };
        let rows = step.captures.get(&table.capture).and_then(Json::as_array);
        let Some(rows) = rows.filter(|rows| !rows.is_empty()) else {
            continue;
        };
        let columns = columns(table, rows);
        tables.push(Table {
            step: step.path.clone(),
            title: step.title.clone().unwrap_or_else(|| step.path.clone()),
            capture: table.capture.clone(),
            rows: rows.iter().map(|row| cells(&columns, row)).collect(),
            columns,
        });
    }
    tables
}

/// What stands over rows that are no mappings.
const VALUE: &str = "value";

fn columns(table: &table::Table, rows: &[Json]) -> Vec<String> {
    if !table.columns.is_empty() {
        return table.columns.clone();
    }
    let mut columns: Vec<String> = Vec::new();
    for name in rows
        .iter()
        .filter_map(Json::as_object)
        .flat_map(|row| row.keys())
    {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    if columns.is_empty() {
        columns.push(VALUE.to_owned());
    }
    columns
}

fn cells(columns: &[String], row: &Json) -> Vec<Json> {
    let cell = |name: &String| match row.as_object() {
        Some(members) => members.get(name).cloned().unwrap_or_default(),
        None => row.clone(),
    };
    columns.iter().map(cell).collect()
}

fn text(cell: &Json) -> String {
    let text = match cell {
        Json::Null => String::new(),
        Json::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    cut(&text, WIDEST)
}

fn left_out(table: &Table) -> Option<String> {
    let more = table
        .rows
        .len()
        .checked_sub(MOST)
        .filter(|more| *more > 0)?;
    Some(format!("… and {}", counted(more, "more row")))
}

/// The tables on a page.
pub(super) fn html(page: &mut String, report: &Report) {
    if report.tables.is_empty() {
        return;
    }
    section(page, "tables", "Looked up");
    for table in &report.tables {
        let title = escaped(&table.title);
        let count = counted(table.rows.len(), "row");
        let _ = write!(
            page,
            "<h3>{title} <span class=\"soft\">{count}</span></h3><div class=\"scroll\" role=\"region\" aria-label=\"{title}\" tabindex=\"0\"><table class=\"rows\"><thead><tr>"
        );
        for column in &table.columns {
            let _ = write!(page, "<th scope=\"col\">{}</th>", escaped(column));
        }
        page.push_str("</tr></thead><tbody>");
        for row in table.rows.iter().take(MOST) {
            page.push_str("<tr>");
            for cell in row {
                let _ = write!(page, "<td>{}</td>", escaped(&text(cell)));
            }
            page.push_str("</tr>");
        }
        page.push_str("</tbody></table></div>\n");
        if let Some(more) = left_out(table) {
            let _ = writeln!(page, "<p class=\"soft\">{more}</p>");
        }
    }
    page.push_str("</section>\n");
}

/// The tables as GitHub's Markdown has them; `literal` shows text as it is.
pub(super) fn markdown(page: &mut String, report: &Report, literal: fn(&str) -> String) {
    for table in &report.tables {
        let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let head = table.columns.iter().map(|column| literal(column)).collect();
        let _ = writeln!(page, "\n**{}**\n\n{}", literal(&table.title), row(head));
        let _ = writeln!(page, "{}", row(vec!["---".to_owned(); table.columns.len()]));
        for cells in table.rows.iter().take(MOST) {
            let cells = cells.iter().map(|cell| literal(&text(cell))).collect();
            let _ = writeln!(page, "{}", row(cells));
        }
        if let Some(more) = left_out(table) {
            let _ = writeln!(page, "\n{more}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cells, columns};
    use crate::table::Table;
    use serde_json::json;

    #[test]
    fn rows_have_the_columns_that_are_asked_for_or_all() {
        let rows = [json!({"a": 1, "b": 2}), json!({"c": 3})];
        let table = |columns: &[&str]| Table {
            capture: "rows".to_owned(),
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
        };
        assert_eq!(columns(&table(&["c", "a"]), &rows), ["c", "a"]);
        let all = columns(&table(&[]), &rows);
        assert_eq!(all, ["a", "b", "c"]);
        assert_eq!(cells(&all, &rows[1]), [json!(null), json!(null), json!(3)]);
        let plain = [json!("x")];
        let one = columns(&table(&[]), &plain);
        assert_eq!(cells(&one, &plain[0]), [json!("x")]);
    }
}
