//! The symptoms of many playbooks, read side by side.

mod asked;
mod pace;
mod reads;

pub use asked::{Asking, Candidate, candidates, standing, symptoms};
pub use pace::{Pace, Paced};
pub use reads::{OwnReads, SharedReads};
