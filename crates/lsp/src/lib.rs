//! A language server for playbooks: messages of the Language Server Protocol come in, answers and diagnostics go out.
//!
//! Everything that is said of a playbook comes from the checker; this crate finds the place in the text that is asked about,
//! also in text that is half typed.

mod analysis;
mod completion;
mod diagnostics;
mod documents;
mod due;
mod elsewhere;
mod fixes;
mod format;
mod hints;
mod hover;
mod layout;
mod navigate;
mod outline;
mod place;
mod rename;
mod scenarios;
mod server;
mod shown;
mod targets;
mod transport;
mod workspace;

pub use server::serve;
pub use workspace::{FileKind, Home, Workspace};
