//! `runbook lsp` as an editor meets it.

mod completion;
mod editor;
mod layout;
mod names;
mod problems;
mod renames;
mod robust;
mod scenarios;
mod speed;
mod targets;
