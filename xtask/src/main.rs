//! The project's own commands: `cargo xtask test`, and what generates committed files.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task talks to who ran it"
)]

mod bench;
mod catalogue;
mod conformance;
mod crash_matrix;
mod effects_page;
mod faults;
mod fleet_rate;
mod fuzz;
mod generated;
mod growth;
mod plans;
mod policy_proof;
mod test;

use std::path::Path;
use std::process::ExitCode;

/// What a task ends with.
type Outcome = Result<(), Box<dyn std::error::Error>>;

const USAGE: &str = "usage: cargo xtask TASK

  test [WORD…]                                 everything that must hold, or the checks named by these words
  catalogue --write|--check [--packages DIR]   the catalogue of AWS operations
  bench [--only WORD]… [--quick] [--write]     every speed and size that has a goal, measured in one run
  conformance DIR                              the client against botocore's protocol suites
  fleet-rate [--restate]                       what a target of a fleet costs, and the memory; on a Restate server
  instructions --write                         what the release binary executes becomes the budget of `test`
  crash-matrix [--playbook PATH]… [--sample N] [--results FILE]  every scenario killed at every point around its journal, and resumed
  policy-proof [WORD…]                         every permission of the least policies taken away in turn
  faults [--cases N] [--seed S]                what goes wrong between the client and a service: the verdict is right or `failed`
  fuzz [--minutes N] [--keep] [TARGET…]        what reads files, fed with what nobody would write
  schemas --write|--check                      the JSON Schemas of the language
  references --write|--check                   reference pages of the documentation
  plans --write|--check                        the plans of all playbooks and examples, below tests/plans";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("the project's folder is not where it was built")?;
    match arguments.split_first() {
        Some((task, rest)) => match task.as_str() {
            "test" => Ok(test::test(root, rest)?),
            "conformance" => Ok(conformance::run(rest)?),
            "crash-matrix" => crash_matrix::run(root, rest),
            "policy-proof" => Ok(policy_proof::run(root, rest)?),
            "faults" => faults::run(root, rest),
            "bench" => Ok(bench::run(root, rest)?),
            "measured" => Ok(bench::process::measured(rest)?),
            "catalogue" => catalogue::run(rest),
            "fleet-rate" => Ok(fleet_rate::run(root, rest)?),
            "instructions" => Ok(test::instructions::write(root, rest)?),
            "fuzz" => Ok(fuzz::run(root, rest)?),
            "schemas" => Ok(generated::schemas(root, rest)?),
            "plans" => Ok(plans::run(root, rest)?),
            "references" => Ok(generated::references(root, rest)?),
            _ => Err(USAGE.into()),
        },
        None => Err(USAGE.into()),
    }
}
