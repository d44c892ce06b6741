//! The symptoms of many playbooks, read side by side.

mod asked;
mod pace;
mod reading;
mod reads;
mod staging;

pub use asked::{Asking, Candidate, candidates, standing, symptoms};
pub use pace::{Pace, Paced};
pub use reading::{Prepared, Reading};
pub use reads::{OwnReads, SharedReads};
pub use staging::stage;
