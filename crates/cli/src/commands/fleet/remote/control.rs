//! `runbook fleet pause`, `resume` and `cancel` of a fleet on a Restate server.

use super::{command, failed, reached};
use crate::args::On;
use crate::commands::runtime;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use runbook_fleet::outcome::FleetStatus;
use runbook_fleet::restate::Command;

/// Starts nothing more for now.
pub fn pause(fleet: &str, on: &On, environment: &Environment) -> Result<u8, Failure> {
    let fleet = &tell(fleet, on, Command::Pause, environment)?;
    environment.console.out.line(format!(
        "nothing more of fleet {fleet} starts; what runs comes to its end. To go on: {}",
        command("resume", fleet, on)
    ));
    Ok(exit::WELL)
}

/// Goes on with what was paused.
pub fn resume(fleet: &str, on: &On, environment: &Environment) -> Result<u8, Failure> {
    let fleet = &tell(fleet, on, Command::Resume, environment)?;
    let line = format!("fleet {fleet} goes on");
    environment.console.out.line(line);
    Ok(exit::WELL)
}

/// Starts nothing more, and ends what runs in order.
pub fn cancel(fleet: &str, on: &On, environment: &Environment) -> Result<u8, Failure> {
    let fleet = &tell(fleet, on, Command::Cancel { now: true }, environment)?;
    environment.console.out.line(format!(
        "nothing more of fleet {fleet} starts, and what runs is ended in order"
    ));
    Ok(exit::WELL)
}

/// Tells the fleet that a person means; says which that is.
fn tell(asked: &str, on: &On, what: Command, environment: &Environment) -> Result<String, Failure> {
    let (client, fleet) = reached(asked, on, environment)?;
    runtime()?.block_on(async {
        let board = client.board(&fleet).await.map_err(|error| failed(&error))?;
        if matches!(board.status, FleetStatus::Ended | FleetStatus::Stopped) {
            return Err(Failure::wrong(format!(
                "fleet {fleet} is over; `{}` tells what came of it",
                command("report", &fleet, on)
            )));
        }
        let told = client.tell(&fleet, what, &environment.user).await;
        told.map_err(|error| failed(&error))?;
        Ok(fleet)
    })
}
