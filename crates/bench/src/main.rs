//! What `cargo xtask bench` starts beside the program that it measures: a stub server, a bare loop, the client in a loop.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a measurement says what it found"
)]

mod bare;
mod calls;
mod ending;
mod spent;
mod steps;
mod stub;

use std::process::ExitCode;
use std::time::Duration;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: runbook-bench stub [UPSTREAM | --delay MILLISECONDS] | bare URL COUNT CONCURRENCY | calls URL COUNT | steps

  stub    answers on loopback until its standard input ends; its URL is the first line. With HOST:PORT it forwards what it is
          asked and remembers the answers; after a request for /stub/keep it answers by itself; with --delay it takes its time
  bare    writes, signs, sends and reads COUNT calls, and prints the nanoseconds that they took by the clock, and of the processor
  calls   the same calls by the client, in turns with the bare loop: two such lines, the client's first
  steps   serves a handler of durable steps that do nothing to a Restate server, until its standard input ends; its URL is the
          first line";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match words {
        ["stub"] => runtime.block_on(stub::serve(None, Duration::ZERO)),
        ["stub", "--delay", delay] => {
            let delay = Duration::from_millis(delay.parse()?);
            runtime.block_on(stub::serve(None, delay))
        }
        ["stub", upstream] => {
            let upstream = Some((*upstream).to_owned());
            runtime.block_on(stub::serve(upstream, Duration::ZERO))
        }
        ["steps"] => runtime.block_on(steps::serve()),
        ["bare", url, count, concurrency] => {
            let (count, concurrency) = (count.parse()?, concurrency.parse()?);
            println!("{}", runtime.block_on(bare::run(url, count, concurrency))?);
            Ok(())
        }
        ["calls", url, count] => {
            let (ours, bare) = runtime.block_on(calls::compare(url, count.parse()?))?;
            println!("{ours}\n{bare}");
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}
