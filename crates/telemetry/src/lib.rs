//! Readers of a run for other systems.
//!
//! The interpreter tells what happens by events ([`Telemetry`] observes them), and worlds make the calls ([`Traced`] stands
//! around one). From both come spans ([`trace`]), sent by OTLP ([`export`]) as the standard variables say
//! ([`settings`]), and counts ([`metrics`]). The client tells what happens within a call by `tracing`; [`notes`] adds that to the
//! call's span, and [`log`] writes it for people and programs. Where nothing is asked for, none of this is there.

pub mod export;
pub mod log;
pub mod metrics;
pub mod notes;
pub mod parent;
pub mod settings;
mod telemetry;
pub mod trace;
mod world;

pub use telemetry::{Telemetry, Wanted};
pub use world::Traced;
