//! Runs that can be trusted: who may say yes and from where, what holds writes back, what a session of a role may do, and how
//! a run is stopped; each with the program itself, as processes beside each other.
#![cfg(unix)]

mod approvals;
mod aws;
mod desk;
mod guards;
mod locks;
mod scoped;
mod stopping;
#[path = "../stub/mod.rs"]
mod stub;
