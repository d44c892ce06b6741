//! `runbook fleet status --on restate=URL`: the fleets of a server.

use super::super::shown;
use super::{client, failed};
use crate::args::{Format, On};
use crate::commands::history::{shown as time, table};
use crate::commands::runtime;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use runbook_fleet::restate::ClientError;
use serde_json::json;

/// Lists the fleets that a server knows, newest first.
pub fn all(on: &On, format: Format, environment: &Environment) -> Result<u8, Failure> {
    let client = client(on, environment)?;
    let asked = async {
        let mut known = Vec::new();
        for entry in client.fleets("fleets").await?.into_iter().rev() {
            match client.board(&entry.fleet).await {
                Ok(board) => known.push((entry, board)),
                // Its time is over.
                Err(ClientError::NoFleet { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(known)
    };
    let known = runtime()?.block_on(asked);
    let known = known.map_err(|error: ClientError| failed(&error))?;
    let out = environment.console.out;
    if format == Format::Json {
        let documents: Vec<_> = known
            .iter()
            .map(|(entry, board)| {
                json!({
                    "fleet": entry.fleet, "playbook": entry.playbook, "status": shown::word(board.status),
                    "targets": entry.targets, "started": entry.started, "ended": board.over,
                })
            })
            .collect();
        out.line(format!("{:#}", json!({ "fleets": documents })));
        return Ok(exit::WELL);
    }
    if known.is_empty() {
        out.line("the server knows no fleet; `runbook fleet run … --on restate=URL` makes one");
        return Ok(exit::WELL);
    }
    let mut rows = vec![
        ["fleet", "playbook", "status", "targets", "started"]
            .map(str::to_owned)
            .to_vec(),
    ];
    rows.extend(known.iter().map(|(entry, board)| {
        vec![
            entry.fleet.clone(),
            entry.playbook.clone(),
            shown::word(board.status).to_owned(),
            entry.targets.to_string(),
            time(entry.started),
        ]
    }));
    out.lines(&table(&rows));
    Ok(exit::WELL)
}
