//! `runbook worker`: serves runs of fleets to a Restate server.

use super::play::interrupted;
use crate::args::WorkerArguments;
use crate::carried::{CarriedRuns, version};
use crate::environment::Environment;
use crate::exit::{self, Failure};
use runbook_fleet::restate::{Admin, AdminError, Worker, WorkerError, WorkerSettings};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the server is waited for when the worker starts.
const PATIENCE: Duration = Duration::from_mins(1);

/// The variable that holds the token of the admin address, where that asks for one.
const TOKEN: &str = "RESTATE_AUTH_TOKEN";

/// Serves until it is asked to end.
pub fn execute(arguments: &WorkerArguments, environment: &Environment) -> Result<u8, Failure> {
    let token = environment.variable(TOKEN).map(str::to_owned);
    let admin = Admin::new(&arguments.restate, token).map_err(|error| failed(&error))?;
    let current = &environment.places.current;
    let root = arguments.root.as_ref();
    let root = root.map_or_else(|| current.clone(), |root| current.join(root));
    let state = arguments.state_dir.as_ref();
    let state = state.map_or_else(|| environment.state.clone(), |dir| Some(current.join(dir)));
    let threads = arguments
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    let settings = WorkerSettings {
        listen: arguments.listen,
        version: version(),
        threads,
        at_a_time: arguments.runs,
        identity_keys: arguments.identity_key.clone(),
        drain: Duration::try_from(arguments.drain).unwrap_or_default(),
    };
    let runs = Arc::new(CarriedRuns::new(environment.clone(), root, state));
    super::runtime()?.block_on(async {
        let worker = Worker::bind(settings, runs).await;
        let worker = worker.map_err(|error| match error {
            WorkerError::Key { .. } => Failure::wrong(error.to_string()),
            error => Failure::environment(error.to_string()),
        })?;
        let listening = worker.address().map_err(|error| {
            Failure::environment(format!("the address cannot be told: {error}"))
        })?;
        let address = match &arguments.advertise {
            Some(url) => url.clone(),
            None => format!("http://{}", reachable(listening, environment)),
        };
        let err = environment.console.err;
        let registered = async {
            let server = known(&admin, &address).await?;
            err.line(format!(
                "runbook {} serves at {listening}, known to Restate {server} at {} as {address}",
                version(),
                arguments.restate
            ));
            std::future::pending::<Result<(), Failure>>().await
        };
        let end = async {
            interrupted().await;
            err.line("ending: runs under way may go on for a while; what is left is gone on with by others");
        };
        tokio::select! {
            failed = registered => failed.map(|()| exit::WELL),
            () = worker.serve(end) => Ok(exit::WELL),
        }
    })
}

/// Makes the worker known, as soon as the server is there.
async fn known(admin: &Admin, address: &str) -> Result<String, Failure> {
    let began = Instant::now();
    loop {
        match admin.register(address, &version()).await {
            Err(AdminError::Down { .. } | AdminError::Refused { .. })
                if began.elapsed() < PATIENCE =>
            {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            other => return other.map_err(|error| failed(&error)),
        }
    }
}

fn failed(error: &AdminError) -> Failure {
    match error {
        AdminError::Address { .. } => Failure::wrong(error.to_string()),
        error => Failure::environment(error.to_string()),
    }
}

/// The address by which others reach what listens on all addresses.
fn reachable(listening: SocketAddr, environment: &Environment) -> String {
    if !listening.ip().is_unspecified() {
        return listening.to_string();
    }
    match environment.variable("HOSTNAME") {
        Some(host) => format!("{host}:{}", listening.port()),
        None => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), listening.port()).to_string(),
    }
}
