//! A fleet told in one report: how many targets came to which end, the causes, who is needed, what was slow and throttled, the
//! waves and why it stopped; on a terminal, as a page, as JSON, as the XML of `JUnit`.

mod gather;
pub mod html;
pub mod junit;
pub mod model;
mod said;
pub mod text;

pub use gather::{Told, tell};

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// As much of a target's name stands in the name of its page.
const READABLE: usize = 80;

/// The path of the page of a target's own report, from the folder of the fleet's: `runs/api-eu-west-1.html`. Two targets never
/// have the same one, also where file systems take capitals for small letters.
#[must_use]
pub fn page_of(target: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let is_itself = !target.is_empty()
        && target.len() <= READABLE
        && !target.starts_with('.')
        && target.chars().all(plain);
    let mut name: String = target
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if plain(c) { c } else { '-' })
        .take(READABLE)
        .collect();
    if !is_itself {
        name = name.trim_start_matches('.').to_owned();
        name.push_str("--");
        for byte in Sha256::digest(target).iter().take(5) {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
    }
    format!("runs/{name}.html")
}

#[cfg(test)]
mod tests;
