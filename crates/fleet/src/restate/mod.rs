//! Fleets on a [Restate](https://restate.dev) server: many workers, waits of hours, machines that die in between.
//!
//! The interpreter is the same as on one machine. Its [`Durability`](runbook_interpreter::journal::Durability) is [`Carrier`],
//! which asks for what it cannot do itself; [`carried`] turns that into durable commands, [`driven`] drives the
//! [`Rollout`](crate::rollout::Rollout), [`Worker`] serves both, and [`Client`] is how commands speak to them.

mod admin;
mod board;
mod carried;
mod carried_world;
mod carrier;
mod client;
mod directory;
mod driven;
mod fleet;
mod http;
mod people;
mod session;
mod shared;
mod target;
#[cfg(test)]
mod tests;
mod waits;
mod wire;
mod worker;

pub use admin::{Admin, AdminError};
pub use board::{Board, Command, FleetStart, Head};
pub use carried_world::CarriedWorld;
pub use carrier::Carrier;
pub use client::{Client, ClientError};
pub use directory::Entry;
pub use fleet::FLEETS;
pub use session::{Finished, Runs};
pub use target::{Package, TARGETS};
pub use wire::{Holder, MOST_BYTES, Vote, Waiting};
pub use worker::{Worker, WorkerError, WorkerSettings};
