//! Fleets on a [Restate](https://restate.dev) server: many workers, waits of hours, machines that die in between.
//!
//! The interpreter is the same as on one machine. Its [`Durability`](runbook_interpreter::journal::Durability) is [`Carrier`],
//! which asks for what it cannot do itself; [`target`] turns that into durable commands, [`fleet`] drives the
//! [`Rollout`](crate::rollout::Rollout), [`Worker`] serves both, and [`Client`] is how commands speak to them.

mod admin;
mod client;
mod durable;
mod fleet;
mod http;
mod session;
mod target;
#[cfg(test)]
mod tests;
mod waits;
mod wire;
mod worker;

pub use admin::{Admin, AdminError};
pub use client::{Client, ClientError};
pub use durable::{CarriedWorld, Carrier};
pub use fleet::{Board, Command, FLEETS, FleetStart, Head};
pub use session::{Finished, Runs};
pub use target::{Package, TARGETS};
pub use wire::{Holder, MOST_BYTES, Vote, Waiting};
pub use worker::{Worker, WorkerError, WorkerSettings};
