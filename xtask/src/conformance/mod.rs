//! `cargo xtask conformance DIR`: botocore's protocol suites, requests written and responses read.

mod cbor;
mod suites;

use crate::catalogue::service_of;
use std::path::Path;

/// Runs the suites in a folder, prints a count a protocol, and names each case that differs.
///
/// # Errors
/// When the suites cannot be read, or a case differs.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let [folder] = arguments else {
        return Err("usage: cargo xtask conformance DIR".to_owned());
    };
    let folder = Path::new(folder);
    let below = folder.join("protocols");
    let report = suites::run(if below.is_dir() { &below } else { folder }, &service_of)?;
    for (protocol, counts) in &report.counts {
        println!("{protocol}: {} of {}", counts.passed, counts.run);
    }
    println!("{} of {} cases agree", report.passed(), report.run());
    if report.failures.is_empty() && report.run() > 0 {
        return Ok(());
    }
    Err(format!(
        "{} of {} cases differ:\n{}",
        report.failures.len(),
        report.run(),
        report.failures.join("\n")
    ))
}
