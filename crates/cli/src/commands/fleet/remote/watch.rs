//! `runbook fleet status`, and `watch` of a fleet on a Restate server.

use super::super::shown;
use super::{command, failed, reached, told};
use crate::args::{Format, On};
use crate::commands::history::table;
use crate::commands::runtime;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use runbook_fleet::outcome::{FleetOutcome, FleetStatus};
use runbook_fleet::restate::{Board, ClientError};
use runbook_report::question::safe;
use std::time::Duration;

/// How often a fleet is looked at.
const EVERY: Duration = Duration::from_millis(500);

/// Says where a fleet stands, with its targets.
pub fn status(
    fleet: Option<&str>,
    on: &On,
    format: Format,
    environment: &Environment,
) -> Result<u8, Failure> {
    let Some(fleet) = fleet else {
        return super::list::all(on, format, environment);
    };
    let told = outcome(fleet, on, environment)?;
    let out = environment.console.out;
    match format {
        Format::Json => out.line(shown::document(&told)),
        Format::Text => {
            out.lines(&table(&shown::targets(&told)));
            out.line("");
            out.lines(&end(&told, on));
        }
    }
    Ok(exit::WELL)
}

/// What a fleet leaves behind, as it stands.
fn outcome(asked: &str, on: &On, environment: &Environment) -> Result<FleetOutcome, Failure> {
    let (client, fleet) = reached(asked, on, environment)?;
    let asked = async {
        let told = told(&client, &fleet, on).await;
        told.map_err(|error| failed(&error))
    };
    runtime()?.block_on(asked)
}

fn end(told: &FleetOutcome, on: &On) -> Vec<String> {
    let mut lines = shown::counts(told);
    match told.status {
        FleetStatus::Waiting => {
            lines.push(format!(
                "to say yes or no: {}",
                command("approve", &told.fleet, on)
            ));
            lines.push(format!(
                "to begin anew what has paused: {}",
                command("resume", &told.fleet, on)
            ));
        }
        FleetStatus::Paused => {
            lines.push(format!("to go on: {}", command("resume", &told.fleet, on)));
        }
        _ => {}
    }
    lines.iter().map(|line| safe(line)).collect()
}

/// Follows a fleet until it is over. A server that is away for a while is waited for.
pub fn watch(
    fleet: &str,
    on: &On,
    format: Format,
    environment: &Environment,
) -> Result<u8, Failure> {
    let (client, fleet) = reached(fleet, on, environment)?;
    let fleet = fleet.as_str();
    let console = environment.console;
    let followed = async {
        let total = client
            .head(fleet)
            .await
            .map_err(|error| failed(&error))?
            .targets
            .len();
        let mut last: Option<String> = None;
        let mut away = false;
        loop {
            match client.board(fleet).await {
                Ok(board) => {
                    if std::mem::take(&mut away) {
                        console.err.line("the server answers again");
                    }
                    let line = line(&board, total);
                    if format == Format::Text && last.as_ref() != Some(&line) {
                        console.out.line(safe(&line));
                        last = Some(line);
                    }
                    let over = matches!(board.status, FleetStatus::Ended | FleetStatus::Stopped);
                    if over || board.is_at_rest() {
                        let told = told(&client, fleet, on).await;
                        return told.map_err(|error| failed(&error));
                    }
                }
                Err(error @ (ClientError::Down { .. } | ClientError::NoWorker { .. })) => {
                    if !std::mem::replace(&mut away, true) {
                        console.err.line(safe(&format!("{error}; waiting for it")));
                    }
                }
                Err(error) => return Err(failed(&error)),
            }
            tokio::time::sleep(EVERY).await;
        }
    };
    let told = runtime()?.block_on(followed)?;
    match format {
        Format::Json => console.out.line(shown::document(&told)),
        Format::Text => console.out.lines(&end(&told, on)),
    }
    Ok(match (told.needs_people(), told.is_well()) {
        (true, _) => exit::PAUSED,
        (false, true) => exit::WELL,
        (false, false) => exit::NOT_WELL,
    })
}

/// Where a fleet stands, in a line.
fn line(board: &Board, total: usize) -> String {
    let (ended, badly) = board.ended;
    let mut line = format!(
        "{}: {ended} of {total} ended, {badly} badly, {} running, {} waiting for people, wave {}",
        shown::word(board.status),
        board.running.len(),
        board.waits.len(),
        board.wave
    );
    if let Some(asks) = &board.asks {
        line.extend([
            "; may wave ".to_owned(),
            asks.wave.to_string(),
            " begin?".to_owned(),
        ]);
    }
    if let Some(stop) = &board.stopped {
        line.push_str("; stopped: ");
        line.push_str(&stop.message);
    }
    line
}
