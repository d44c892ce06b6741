//! Rows that steps show.

use crate::chart::each_step;
use runbook_playbook::checked::StepPath;
use runbook_playbook::expression::ExprKind;
use runbook_playbook::syntax::playbook::Playbook;
use runbook_playbook::syntax::step::Show;
use std::collections::HashMap;

/// What a step's `show: {table: …}` shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The capture that has the rows.
    pub capture: String,
    /// The members shown; empty for all.
    pub columns: Vec<String>,
}

/// The tables of a playbook's steps, by the step's path.
#[must_use]
pub fn tables_of(playbook: &Playbook) -> HashMap<StepPath, Table> {
    let mut tables = HashMap::new();
    each_step(playbook, &mut |path, step| {
        if let Some(Show::Table { rows, columns }) = &step.show
            && let ExprKind::Name(capture) = &rows.root.kind
        {
            let columns = columns.iter().map(|column| column.value.clone());
            let table = Table {
                capture: capture.clone(),
                columns: columns.collect(),
            };
            tables.insert(path, table);
        }
    });
    tables
}
