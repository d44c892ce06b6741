//! Fleets, by the program itself: many targets of a scenario's world, interrupted, answered and gone on with.
#![cfg(unix)]

mod aws;
mod crashes;
mod desk;
mod guards;
mod locks;
mod people;
mod places;
mod planning;
mod pruning;
mod rollout;
#[path = "../stub/mod.rs"]
mod stub;
