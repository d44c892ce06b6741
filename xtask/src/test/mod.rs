//! `cargo xtask test`: everything that must hold, in one command.

mod browser;
pub(crate) mod debian;
mod deploy;
pub(crate) mod endpoint;
pub(crate) mod instructions;
mod npm;
mod pull_requests;
pub(crate) mod python;
pub(crate) mod restate;

use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Something that must hold.
struct Check {
    name: &'static str,
    run: fn(&Path) -> Result<(), String>,
}

/// The checks, cheap ones first. They share one target folder.
const CHECKS: &[Check] = &[
    Check {
        name: "formatting",
        run: |root| cargo(root, &["fmt", "--all", "--check"]),
    },
    Check {
        name: "lints",
        run: |root| {
            cargo(
                root,
                &[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--locked",
                    "--",
                    "-D",
                    "warnings",
                ],
            )
        },
    },
    Check {
        name: "dependencies",
        run: dependencies,
    },
    Check {
        name: "unit tests",
        run: |root| cargo(root, &["test", "--workspace", "--locked"]),
    },
    Check {
        name: "generated files",
        run: generated,
    },
    Check {
        name: "conformance",
        run: conformance,
    },
    Check {
        name: "release build",
        run: release,
    },
    Check {
        name: "instructions",
        run: instructions::check,
    },
    Check {
        name: "scenarios",
        run: scenarios,
    },
    Check {
        name: "endpoint",
        run: endpoint::check,
    },
    Check {
        name: "restate",
        run: restate::check,
    },
    Check {
        name: "without restate",
        run: |root| {
            cargo(
                root,
                &[
                    "test",
                    "--package",
                    "runbook-fleet",
                    "--package",
                    "runbook",
                    "--no-default-features",
                    "--locked",
                    "--no-run",
                ],
            )
        },
    },
    Check {
        name: "deployment",
        run: deploy::check,
    },
    Check {
        name: "pull requests",
        run: pull_requests::check,
    },
    Check {
        name: "browser",
        run: browser::check,
    },
];

/// Runs all checks, or those whose names hold one of the given words, and prints a line a check at the end.
///
/// # Errors
/// Names the first check that did not hold.
pub fn test(root: &Path, words: &[String]) -> Result<(), String> {
    let chosen = CHECKS.iter().filter(|check| {
        words.is_empty() || words.iter().any(|word| check.name.contains(word.as_str()))
    });
    let mut passed = 0;
    for check in chosen {
        println!("── {}", check.name);
        let start = Instant::now();
        (check.run)(root).map_err(|why| format!("{}: {why}", check.name))?;
        println!(
            "── {} ok in {:.1} s\n",
            check.name,
            start.elapsed().as_secs_f64()
        );
        passed += 1;
    }
    if passed == 0 {
        let names: Vec<_> = CHECKS.iter().map(|check| check.name).collect();
        return Err(format!(
            "no check is called so; there are: {}",
            names.join(", ")
        ));
    }
    println!("checks: {passed} passed, 0 failed");
    Ok(())
}

/// The most bytes that the release binary may have, catalogue included.
const BINARY: u64 = 25_000_000;

/// The release binary is built, and is not too large.
fn release(root: &Path) -> Result<(), String> {
    cargo(root, &["build", "--release", "--locked"])?;
    let program = binary(root);
    let size = std::fs::metadata(program.get_program())
        .map_err(|why| format!("no release binary: {why}"))?
        .len();
    println!("the release binary has {size} of at most {BINARY} bytes");
    if size <= BINARY {
        return Ok(());
    }
    Err(format!(
        "the release binary has {size} bytes; at most {BINARY} are allowed"
    ))
}

/// Licences and sources of dependencies, where cargo-deny is installed.
fn dependencies(root: &Path) -> Result<(), String> {
    if Command::new("cargo-deny")
        .arg("--version")
        .output()
        .is_err()
    {
        println!(
            "not reached: cargo-deny is not installed, so licences of dependencies were not checked"
        );
        return Ok(());
    }
    cargo(root, &["deny", "check", "bans", "licenses", "sources"])
}

/// What scenarios must reach of what is shipped, in percent.
const REACHED: &str = "steps=95,causes=100,undo=100";

/// What is shipped has nothing wrong with it, is laid out, and its scenarios come out as expected and reach what they must.
fn scenarios(root: &Path) -> Result<(), String> {
    let shipped = ["check", "playbooks", "examples", "--deny", "warnings"];
    run(binary(root).current_dir(root).args(shipped))?;
    let laid_out = ["fmt", "--check", "playbooks", "examples"];
    run(binary(root).current_dir(root).args(laid_out))?;
    let reached = ["test", "--coverage-min", REACHED];
    run(binary(root).current_dir(root).args(reached))
}

/// Files that are generated must be what their sources give.
fn generated(root: &Path) -> Result<(), String> {
    cargo(root, &["xtask", "catalogue", "--check"])?;
    cargo(root, &["xtask", "schemas", "--check"])?;
    cargo(root, &["xtask", "references", "--check"])?;
    cargo(root, &["xtask", "plans", "--check"])
}

/// The client against protocol suites that its authors did not write, where they stand beside the project.
fn conformance(root: &Path) -> Result<(), String> {
    let suites = root.join("../shared/conformance");
    if !suites.is_dir() {
        println!("not reached: no protocol suites beside the project");
        return Ok(());
    }
    crate::conformance::run(&[suites.display().to_string()])
}

/// The release binary.
fn binary(root: &Path) -> Command {
    Command::new(root.join("target/release/runbook"))
}

/// Runs cargo in the project.
fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    run(Command::new(env!("CARGO"))
        .current_dir(root)
        .args(arguments))
}

/// Runs a command that must succeed.
fn run(command: &mut Command) -> Result<(), String> {
    let status = command
        .status()
        .map_err(|why| format!("cannot start {command:?}: {why}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} ended with {status}"))
    }
}
