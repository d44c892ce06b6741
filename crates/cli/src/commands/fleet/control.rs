//! `runbook fleet pause` and `cancel`: what is wanted of a fleet that another process rolls out.

use crate::args::FleetOfRecord;
use crate::environment::Environment;
use crate::exit::{self, Failure};
use crate::fleet::{held_as, kept as unkept, store};
use crate::record::Record;
use jiff::Timestamp;
use runbook_fleet::embedded::store::{Control, Wish};
use runbook_fleet::outcome::{Stop, StopCode};

/// Starts nothing more for now.
pub fn pause(of: &FleetOfRecord, environment: &Environment) -> Result<u8, Failure> {
    #[cfg(feature = "restate")]
    if let Some(on) = &of.on.on {
        return super::remote::pause(&of.fleet, on, environment);
    }
    wish(of, Wish::Pause, environment)
}

/// Starts nothing more.
pub fn cancel(of: &FleetOfRecord, environment: &Environment) -> Result<u8, Failure> {
    #[cfg(feature = "restate")]
    if let Some(on) = &of.on.on {
        return super::remote::cancel(&of.fleet, on, environment);
    }
    wish(of, Wish::Cancel, environment)
}

fn wish(of: &FleetOfRecord, wish: Wish, environment: &Environment) -> Result<u8, Failure> {
    let record = Record::open(of.state_dir.as_deref(), environment)?;
    let store = store(&record)?;
    let fleet = store.find(&of.fleet).map_err(unkept)?;
    if matches!(fleet.status.as_deref(), Some("ended" | "stopped")) {
        return Err(Failure::wrong(format!(
            "fleet {} is over; `runbook fleet report {0}` tells what came of it",
            fleet.id
        )));
    }
    let by = environment.user.clone();
    let control = Control {
        wish,
        by: by.clone(),
    };
    store.control(&fleet, Some(&control)).map_err(unkept)?;
    let out = environment.console.out;
    let held = record.is_held(&held_as(&fleet.id));
    match (wish, held) {
        (Wish::Pause, true) => out.line(format!(
            "nothing more of fleet {} starts; what runs comes to its end. To go on: {}",
            fleet.id,
            record.fleet("resume", &fleet.id)
        )),
        (Wish::Pause, false) => out.line(format!(
            "no process has fleet {}, so nothing of it starts; to go on: {}",
            fleet.id,
            record.fleet("resume", &fleet.id)
        )),
        (Wish::Cancel, true) => out.line(format!(
            "nothing more of fleet {} starts, and what runs is ended in order",
            fleet.id
        )),
        (Wish::Cancel, false) => {
            let stop = Stop {
                code: StopCode::Cancelled,
                message: format!("cancelled by {by}"),
            };
            let stopped = serde_json::to_string(&stop).ok();
            store
                .stand(
                    &fleet,
                    Some("stopped"),
                    stopped.as_deref(),
                    Some(Timestamp::now()),
                )
                .map_err(unkept)?;
            out.line(format!("fleet {} is cancelled", fleet.id));
        }
    }
    Ok(exit::WELL)
}
